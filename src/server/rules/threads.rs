//! Threads: who hears of a reply, and muting them.

use crate::{
    domain::{ConversationId, Mention, Reply, Seq, UserId},
    server::rules::{
        command::Command,
        context::Context,
        decision::{Decision, DecisionDraft},
        entry::Entry,
        facts::{Facts, MessageFacts},
        mutation::Mutation,
        refusal::Refusal,
        undecided::Undecided,
        values::{MessageListener, RoomAnswer},
    },
};

/// How many authors of a thread hear of a reply at most: those who wrote last.
const MAX_PARTICIPANTS: usize = 50;

/// A user wants to hear nothing of a thread without being mentioned (`on`), or to hear of it again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MuteThread {
    pub user: UserId,
    pub conversation: ConversationId,
    /// The first message of the thread.
    pub thread: Seq,
    pub on: bool,
}

impl Command for MuteThread {
    type Output = RoomAnswer;

    fn decide(&self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Decision<RoomAnswer>, Undecided> {
        let Self { user, conversation, thread, on } = *self;
        facts.membership(conversation, user)?.ok_or(Refusal::NotMember)?;
        let first = facts.message(conversation, thread)?;
        if first.is_none_or(|message| message.is_notice || message.reply.is_some()) {
            return Err(Refusal::UnknownMessage.into());
        }
        let mut draft = DecisionDraft::default();
        draft.push(Mutation::MuteThread { conversation, thread, user, on });
        draft.log(Entry::ThreadMuted { user, conversation, thread, on });
        Ok(draft.finish(RoomAnswer { room: conversation, seq: None, at: context.now.machine }))
    }

    fn takes_room(&self) -> bool {
        self.on
    }
}

/// What makes a message an answer to the one at `to`, which may be deleted.
///
/// # Errors
/// [`Refusal::UnknownMessage`] if there is no message.
pub(super) fn reply_to(facts: &mut dyn Facts, conversation: ConversationId, to: Seq) -> Result<Reply, Undecided> {
    match facts.message(conversation, to)? {
        Some(MessageFacts { is_notice: false, reply, .. }) => {
            Ok(Reply { to, thread: reply.map_or(to, |reply| reply.thread) })
        }
        _ => Err(Refusal::UnknownMessage.into()),
    }
}

/// The users who hear of a reply in a thread without being mentioned.
pub(super) fn participants(
    facts: &mut dyn Facts,
    conversation: ConversationId,
    thread: Seq,
    author: UserId,
    mentions: &[Mention],
) -> Result<Vec<UserId>, Undecided> {
    let mentioned: Vec<MessageListener> = mentions.iter().map(MessageListener::of).collect();
    if mentioned.contains(&MessageListener::Everyone) {
        return Ok(Vec::new());
    }
    let hears = |user: &UserId| *user != author && !mentioned.contains(&MessageListener::User(*user));
    Ok(facts.thread_listeners(conversation, thread)?.into_iter().filter(hears).take(MAX_PARTICIPANTS).collect())
}
