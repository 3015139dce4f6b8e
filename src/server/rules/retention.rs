//! Retention: deleting messages that have reached their age limit.

use crate::{
    domain::{ConversationId, Seq, Timestamp},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        facts::{Facts, server_user},
        mutation::Mutation,
        undecided::Undecided,
    },
};

/// The most events that one command looks at. The store does nothing else in the meantime.
const EVENTS_PER_BATCH: u32 = 64;

/// Deletes guests' messages from before a time of the server's clock, a batch of one conversation, by events of the server's
/// own user. Returns whether there may be more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpireMessages {
    pub conversation: ConversationId,
    pub before: Timestamp,
}

impl Command for ExpireMessages {
    type Output = bool;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<bool>, Undecided> {
        let conversation = self.conversation;
        let before = facts.machine_cutoff(self.before)?;
        let batch = facts.old_events(conversation, before, EVENTS_PER_BATCH)?;
        let Some(last) = batch.last().map(|event| event.seq) else { return Ok(Decision::unchanged(false)) };
        let due: Vec<Seq> = batch.iter().filter(|event| event.is_due).map(|event| event.seq).collect();
        let mut draft = DecisionDraft::default();
        if !due.is_empty() {
            let server = server_user(facts)?;
            for seq in &due {
                draft.append_deletion(facts, context, server.clone(), conversation, *seq)?;
            }
            draft.unlist_if_empty(facts, conversation, &due)?;
        }
        draft.push(Mutation::SetRetained { conversation, seq: last });
        Ok(draft.finish(true))
    }
}
