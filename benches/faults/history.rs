//! What a run leaves for the checker: what clients did and observed, and what the database holds afterwards.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use teahouse::{
    domain::{CommandId, Conversation, ConversationId, Event, EventKind, Message, Seq, Timestamp, User, UserId},
    protocol::ErrorCode,
};

/// Everything that was observed from outside the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Everybody.
    pub(crate) users: Vec<User>,
    /// The members of the Lobby and of directs, who never change. Those of other rooms are in the log.
    pub(crate) lasting_members: BTreeMap<ConversationId, Vec<UserId>>,
    /// Each author's commands, in the order in which they were first sent.
    pub(crate) commands: Vec<Command>,
    pub(crate) readers: Vec<ReaderRecord>,
    /// What those heard who are sometimes in a private room.
    pub(crate) visits: Vec<Visit>,
    /// All messages as the server returned them at the end, by HTTP.
    pub(crate) served: BTreeMap<ConversationId, Vec<Message>>,
    /// The list of conversations in a user's last welcome, when nothing happened any more.
    pub(crate) last_lists: BTreeMap<UserId, Vec<Conversation>>,
    /// What a consumer of the commit log has read, in order.
    pub(crate) copied: Vec<LogEntry>,
    /// Violations of the protocol, which a correct server never commits.
    pub(crate) violations: Vec<String>,
}

/// A command that was sent at least once.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) author: UserId,
    pub(crate) id: CommandId,
    pub(crate) conversation: ConversationId,
    pub(crate) kind: CommandKind,
    pub(crate) outcome: Outcome,
    /// Every ack of this command. When it is sent again, the same ack must come.
    pub(crate) acks: Vec<Ack>,
    /// It was refused for a while, or may have been without the client noticing. Later commands may then take effect
    /// first.
    pub(crate) may_be_late: bool,
}

/// What a command asks for.
#[derive(Clone, Debug)]
pub(crate) enum CommandKind {
    Event(EventKind),
    /// It makes no event. Sent again, it takes effect again.
    Setting(UserSetting),
}

/// What a user sets of a conversation for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UserSetting {
    Muted(bool),
    Pinned(bool),
    /// This message and all later ones are unread.
    UnreadFrom(Seq),
    /// Whether the user is told of replies in the thread that begins there.
    #[serde(skip)]
    ThreadMuted {
        thread: Seq,
        on: bool,
    },
}

impl CommandKind {
    /// The event that it asks for, if it does.
    pub(crate) fn event(&self) -> Option<&EventKind> {
        if let Self::Event(kind) = self { Some(kind) } else { None }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Option<Seq>,
    pub(crate) at: Timestamp,
}

/// The final answer to a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// No answer yet.
    Unanswered,
    Acked,
    /// Refused for good, for instance because the target message was deleted.
    Refused(ErrorCode),
    /// The connection was lost before an answer came, and the command was not sent again.
    Abandoned,
}

/// What a client observed that listens all the time, as far as the faults allow.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReaderRecord {
    pub(crate) name: String,
    pub(crate) connections: Vec<Vec<Observation>>,
    pub(crate) views: Vec<View>,
}

/// What somebody observed who was added to a private room and removed from it, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) room: ConversationId,
    pub(crate) visitor: UserId,
    pub(crate) record: ReaderRecord,
}

/// What one connection received, in order.
#[derive(Clone, Debug)]
pub(crate) enum Observation {
    /// The events of this conversation that follow this seq come next.
    StartsAfter(ConversationId, Seq),
    /// The conversation is in the user's list now. Its events come next, unless they came before: those since it was listed,
    /// the first of which has this seq, a lower one, or the next.
    Listed(ConversationId, Seq),
    /// The conversation has left the user's list.
    Unlisted(ConversationId),
    Event(Arc<Event>),
    /// Everything up to this seq has been delivered.
    CaughtUp(ConversationId, Seq),
}

/// A conversation at the end, as a client has it that folded all it received: the messages from some point to the
/// newest.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) conversation: ConversationId,
    pub(crate) cursor: Seq,
    /// Whether the messages begin with the first one of the conversation.
    pub(crate) starts_at_first_message: bool,
    pub(crate) messages: Vec<Message>,
}

/// An entry of the commit log, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogEntry {
    pub(crate) position: u64,
    /// The event that it is. `None` for other entries.
    pub(crate) event: Option<(ConversationId, Seq)>,
}

/// What the database holds: the events of each conversation, by seq, and the entries of the commit log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    pub(crate) conversations: BTreeMap<ConversationId, Vec<Event>>,
    /// By position: the event that the entry is, `None` for other entries.
    pub(crate) entries: BTreeMap<u64, Option<(ConversationId, Seq)>>,
    /// What users set for themselves, by position; `entries` has these positions, too.
    pub(crate) settings: BTreeMap<u64, LoggedSetting>,
}

/// An entry of the commit log that says what a user has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LoggedSetting {
    pub(crate) user: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) setting: UserSetting,
}
