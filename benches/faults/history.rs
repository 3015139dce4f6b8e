//! What a run leaves to be judged: what clients did and saw, and what the database holds afterwards.

use std::{collections::BTreeMap, sync::Arc};

use teahouse::{
    domain::{CommandId, ConversationId, Event, EventKind, Message, Seq, Timestamp, UserId},
    protocol::ErrorCode,
};

/// All that was observed from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Each author's commands stand in the order in which they were first sent.
    pub(crate) commands: Vec<Command>,
    pub(crate) readers: Vec<ReaderRecord>,
    /// All messages as the server gave them at the end, by HTTP.
    pub(crate) served: BTreeMap<ConversationId, Vec<Message>>,
    /// What a server that keeps the protocol never does.
    pub(crate) violations: Vec<String>,
}

/// A command that was sent at least once.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) author: UserId,
    pub(crate) id: CommandId,
    pub(crate) conversation: ConversationId,
    /// What was asked for.
    pub(crate) kind: EventKind,
    pub(crate) outcome: Outcome,
    /// Every ack that came for it; sending it again must bring the same one.
    pub(crate) acks: Vec<Ack>,
    /// It was refused for a while, or may have been without anybody hearing of it: those after it may come before it.
    pub(crate) may_be_late: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Option<Seq>,
    pub(crate) at: Timestamp,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Not answered yet.
    Unanswered,
    Acked,
    /// For good, as when the message to be changed was deleted.
    Refused(ErrorCode),
    /// The connection was lost before an answer came, and it was not sent again.
    Abandoned,
}

/// What somebody saw who listens all the time, as far as the faults let them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReaderRecord {
    pub(crate) name: String,
    pub(crate) connections: Vec<Vec<Observation>>,
    pub(crate) views: Vec<View>,
}

/// What one connection told of a conversation, in the order in which it came.
#[derive(Clone, Debug)]
pub(crate) enum Observation {
    /// What comes from here on is what follows this position.
    StartsAfter(ConversationId, Seq),
    Event(Arc<Event>),
    /// Nothing is missing up to here.
    CaughtUp(ConversationId, Seq),
}

/// A conversation as a client that folded all it heard has it at the end: a stretch up to the newest message.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) conversation: ConversationId,
    pub(crate) cursor: Seq,
    /// Whether the stretch begins with the conversation's first message.
    pub(crate) starts_at_first_message: bool,
    pub(crate) messages: Vec<Message>,
}

/// What the database holds: each conversation's events as they lie there, by seq.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) conversations: BTreeMap<ConversationId, Vec<Event>>,
}
