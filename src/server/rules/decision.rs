//! What a command comes to: its output and its mutations.

use std::collections::{HashMap, HashSet};

use crate::{
    domain::{CommandId, ConversationId, Event, EventKind, Seq, Timestamp, User, UserId},
    server::rules::{
        context::Now,
        entry::Entry,
        facts::Facts,
        mutation::Mutation,
        refusal::Refusal,
        undecided::Undecided,
        values::{EventPosition, SessionKey},
    },
};

/// What a command changes, in order, and what its caller gets.
#[derive(Debug)]
pub(crate) struct Decision<T> {
    pub(crate) output: T,
    pub(crate) mutations: Vec<Mutation>,
}

impl<T> Decision<T> {
    /// Nothing changes.
    pub(crate) fn unchanged(output: T) -> Self {
        Self { output, mutations: Vec::new() }
    }
}

/// The mutations of a decision while it is made. It knows what facts do not see yet: the events that it appends, so that a
/// decision can append several to the same conversation, and who leaves.
#[derive(Debug, Default)]
pub(crate) struct DecisionDraft {
    mutations: Vec<Mutation>,
    /// The newest event of each conversation that the draft appends to.
    newest: HashMap<ConversationId, (Seq, Timestamp)>,
    /// The users whose nicknames it releases.
    pub(super) departed: HashSet<UserId>,
    /// The sessions that it ends.
    pub(super) ended_sessions: HashSet<SessionKey>,
}

impl DecisionDraft {
    pub(crate) fn push(&mut self, mutation: Mutation) {
        self.mutations.push(mutation);
    }

    /// Adds an entry of the commit log that is not an event.
    pub(crate) fn log(&mut self, entry: Entry) {
        self.mutations.push(Mutation::Log(entry));
    }

    /// Appends an event to its conversation's log, at the next seq. Times never go back within a conversation, even when the
    /// machine's clock does. The projections (message states, reactions, read marks) are mutations of their own.
    ///
    /// # Errors
    /// [`Refusal::NotMember`] if there is no such conversation.
    pub(crate) fn append(
        &mut self,
        facts: &mut dyn Facts,
        now: Now,
        conversation: ConversationId,
        author: User,
        id: CommandId,
        kind: EventKind,
    ) -> Result<EventPosition, Undecided> {
        let (newest, newest_at) = self.newest_event(facts, conversation)?;
        let (seq, at) = (newest.next(), now.machine.max(newest_at));
        self.newest.insert(conversation, (seq, at));
        self.mutations.push(Mutation::AppendEvent(Event { conversation, seq, at, author, id, kind }));
        Ok(EventPosition { conversation, seq, at })
    }

    /// The draft creates this conversation: its log is empty.
    pub(super) fn begin_log(&mut self, conversation: ConversationId) {
        self.newest.insert(conversation, (Seq::ZERO, Timestamp::default()));
    }

    /// The seq and the time of a conversation's newest event, zeros if there is none, as of this point of the draft.
    ///
    /// # Errors
    /// [`Refusal::NotMember`] if there is no such conversation.
    pub(super) fn newest_event(
        &self,
        facts: &mut dyn Facts,
        conversation: ConversationId,
    ) -> Result<(Seq, Timestamp), Undecided> {
        match self.newest.get(&conversation) {
            Some(newest) => Ok(*newest),
            None => Ok(facts.conversation(conversation)?.ok_or(Refusal::NotMember)?.newest),
        }
    }

    pub(crate) fn finish<T>(self, output: T) -> Decision<T> {
        Decision { output, mutations: self.mutations }
    }
}
