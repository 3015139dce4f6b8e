//! Deletions that no author sends: by the operator, by retention, with an account, and because of a report.

use crate::{
    domain::{CommandId, ConversationId, EventKind, Seq, User},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        facts::{Facts, server_user},
        messages::{SendEvent, find_message},
        refusal::Refusal,
        undecided::Undecided,
        values::EventPosition,
    },
};

/// The operator deletes a message of any conversation. Clients see the same event as for any other deletion.
#[derive(Clone, Debug)]
pub(crate) struct DeleteMessage {
    pub id: CommandId,
    pub conversation: ConversationId,
    pub seq: Seq,
}

impl Command for DeleteMessage {
    type Output = EventPosition;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<EventPosition>, Undecided> {
        let Self { id, conversation, seq } = *self;
        // The operator is a member of no conversation, so the check of the membership does not find an unknown one.
        facts.conversation(conversation)?.ok_or(Refusal::NotMember)?;
        let author = server_user(facts)?;
        SendEvent { author, id, conversation, kind: EventKind::Deletion { seq }, reply_to: None }.decide(facts, context)
    }
}

impl DecisionDraft {
    /// Deletes a message in the name of `author`, who was allowed to before. Adds nothing to the audit log. The caller goes
    /// on with [`Self::unlist_if_empty`], once for all that it deletes.
    ///
    /// # Errors
    /// [`Refusal::UnknownMessage`] if there is no such message, or if it was deleted before.
    pub(super) fn append_deletion(
        &mut self,
        facts: &mut dyn Facts,
        context: &mut Context<'_>,
        author: User,
        conversation: ConversationId,
        seq: Seq,
    ) -> Result<EventPosition, Undecided> {
        find_message(facts, conversation, seq)?;
        let id = context.ids.command();
        let position = self.append(facts, context.now, conversation, author, id, EventKind::Deletion { seq })?;
        self.delete_message(conversation, seq, position.seq);
        Ok(position)
    }
}
