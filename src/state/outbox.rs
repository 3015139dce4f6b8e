//! What this user does, on its way into the log.

use serde_json::Value;

use super::fold::show;
use crate::{
    domain::{Body, CommandId, ConversationId, Emoji, EventKind, Message, Seq, Timestamp, User, trimmed},
    protocol::{ClientFrame, ErrorCode, MAX_FRAME_BYTES, field},
};

/// A command between the page and the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The command's id, the same at every try.
    pub id: CommandId,
    /// Where it is to take effect.
    pub conversation: ConversationId,
    /// What it does.
    pub deed: OutboxCommand,
    /// When it was typed, by this machine's clock. No two of one page have the same.
    pub typed_at: Timestamp,
    /// How far it has come.
    pub status: OutgoingStatus,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxCommand {
    /// Writes a message.
    Send {
        /// The text, as typed.
        body: String,
    },
    /// Changes what a message says.
    Edit {
        /// The message.
        seq: Seq,
        /// The text, as typed.
        body: String,
    },
    /// Takes a message back.
    Delete {
        /// The message.
        seq: Seq,
    },
    /// Puts an emoji to a message, or takes it away.
    React {
        /// The message.
        seq: Seq,
        /// Which emoji.
        emoji: Emoji,
        /// Whether it is to be there.
        on: bool,
    },
}

/// How far a command has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutgoingStatus {
    /// Waits for its turn, or for a connection.
    #[default]
    Pending,
    /// Sent; whether it was carried out is unknown until the answer comes.
    Unknown,
    /// In the log at this place; the event that says so is on its way.
    Saved(Seq),
    /// Refused; its author tries again, changes it, or gives it up.
    Failed(ErrorCode),
}

/// Commands on their way, in the order in which they were given.
///
/// They are sent one after the other: whatever becomes of one of them, those behind it cannot overtake it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    outgoing: Vec<Outgoing>,
}

impl Outbox {
    /// Puts a command in its place by time; nothing happens if it is here already.
    pub fn put(&mut self, outgoing: Outgoing) {
        if self.get(outgoing.id).is_none() {
            let place = self.outgoing.partition_point(|other| other.typed_at <= outgoing.typed_at);
            self.outgoing.insert(place, outgoing);
        }
    }

    /// The command is done with, or its author gave it up. Gives it back if it was here.
    pub fn remove(&mut self, id: CommandId) -> Option<Outgoing> {
        let place = self.outgoing.iter().position(|outgoing| outgoing.id == id)?;
        Some(self.outgoing.remove(place))
    }

    /// Notes how far a command has come.
    pub fn set_status(&mut self, id: CommandId, status: OutgoingStatus) {
        if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.id == id) {
            outgoing.status = status;
        }
    }

    /// A conversation's events are known up to `cursor`: what was saved there leaves. Whether anything did.
    pub fn settle(&mut self, conversation: ConversationId, cursor: Seq) -> bool {
        let before = self.outgoing.len();
        self.outgoing.retain(|outgoing| {
            let is_seen = matches!(outgoing.status, OutgoingStatus::Saved(seq) if seq <= cursor);
            outgoing.conversation != conversation || !is_seen
        });
        self.outgoing.len() < before
    }

    /// What means nothing in another log: changes to messages by their places there, and what waits for an event.
    pub fn of_another_log(&self) -> Vec<CommandId> {
        let is_of_log =
            |outgoing: &&Outgoing| outgoing.target().is_some() || matches!(outgoing.status, OutgoingStatus::Saved(_));
        self.outgoing.iter().filter(is_of_log).map(|outgoing| outgoing.id).collect()
    }

    /// A command by its id.
    pub fn get(&self, id: CommandId) -> Option<&Outgoing> {
        self.outgoing.iter().find(|outgoing| outgoing.id == id)
    }

    /// The next command to send: the first whose fate is not known. Those that failed wait for their author.
    pub fn next(&self) -> Option<&Outgoing> {
        self.outgoing
            .iter()
            .find(|outgoing| matches!(outgoing.status, OutgoingStatus::Pending | OutgoingStatus::Unknown))
    }

    /// The last command for this conversation that was refused for good, and why: its text is to be given back.
    pub fn refused_in(&self, conversation: ConversationId) -> Option<(CommandId, ErrorCode)> {
        let of_it = self.outgoing.iter().rev().filter(|outgoing| outgoing.conversation == conversation);
        of_it.filter_map(|outgoing| Some((outgoing.id, outgoing.failure()?))).find(|(_, code)| is_for_good(*code))
    }

    /// The first command that failed in any other conversation than this one.
    pub fn failed_outside(&self, conversation: ConversationId) -> Option<&Outgoing> {
        self.outgoing.iter().find(|outgoing| outgoing.conversation != conversation && outgoing.failure().is_some())
    }

    /// Messages on their way to one conversation, in order.
    pub fn messages_to(&self, conversation: ConversationId) -> impl Iterator<Item = &Outgoing> {
        self.outgoing.iter().filter(move |outgoing| {
            outgoing.conversation == conversation && matches!(outgoing.deed, OutboxCommand::Send { .. })
        })
    }

    /// What is on its way to change the message at `seq`, in order.
    pub fn changes_to(&self, conversation: ConversationId, seq: Seq) -> impl Iterator<Item = &Outgoing> {
        self.outgoing
            .iter()
            .filter(move |outgoing| outgoing.conversation == conversation && outgoing.target() == Some(seq))
    }

    /// Shows in `message` what its reader, `me`, has done to it and what was not refused.
    pub fn show_changes(&self, conversation: ConversationId, message: &mut Message, me: &User) {
        let changes = self.changes_to(conversation, message.seq);
        for outgoing in changes.filter(|outgoing| outgoing.failure().is_none()) {
            show(message, me, outgoing.typed_at, &outgoing.change());
        }
    }
}

/// Whether a command that was refused so can't be right later as it is.
fn is_for_good(code: ErrorCode) -> bool {
    !matches!(code, ErrorCode::StorageUnavailable | ErrorCode::Internal)
}

impl Outgoing {
    /// A command that is to be sent; one that no frame can carry, however few characters it has, has failed already.
    pub fn new(id: CommandId, conversation: ConversationId, deed: OutboxCommand, typed_at: Timestamp) -> Self {
        let mut outgoing = Self { id, conversation, deed, typed_at, status: OutgoingStatus::Pending };
        let frame = serde_json::to_string(&outgoing.command());
        if frame.map_or(true, |frame| frame.len() > MAX_FRAME_BYTES) {
            outgoing.status = OutgoingStatus::Failed(ErrorCode::MessageTooLong);
        }
        outgoing
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<ErrorCode> {
        match self.status {
            OutgoingStatus::Failed(code) => Some(code),
            _ => None,
        }
    }

    /// The frame that asks for it.
    pub fn command(&self) -> ClientFrame {
        let (id, conversation) = (self.id, self.conversation);
        match self.deed.clone() {
            OutboxCommand::Send { body } => ClientFrame::Send { id, conversation, body },
            OutboxCommand::Edit { seq, body } => ClientFrame::Edit { id, conversation, seq, body },
            OutboxCommand::Delete { seq } => ClientFrame::Delete { id, conversation, seq },
            OutboxCommand::React { seq, emoji, on } => {
                ClientFrame::React { id, conversation, seq, emoji: emoji.to_string(), on }
            }
        }
    }

    /// What was sent, or was to be, by such a frame.
    pub fn from_command(command: &Value, typed_at: Timestamp) -> Option<Self> {
        let (id, conversation) = (field(command, "id")?, field(command, "conversation")?);
        let deed = match command.get("type")?.as_str()? {
            "send" => OutboxCommand::Send { body: field(command, "body")? },
            "edit" => OutboxCommand::Edit { seq: field(command, "seq")?, body: field(command, "body")? },
            "delete" => OutboxCommand::Delete { seq: field(command, "seq")? },
            "react" => OutboxCommand::React {
                seq: field(command, "seq")?,
                emoji: field(command, "emoji")?,
                on: field(command, "on")?,
            },
            _ => return None,
        };
        Some(Self::new(id, conversation, deed, typed_at))
    }

    /// The message that it changes; none for a message itself.
    pub fn target(&self) -> Option<Seq> {
        match &self.deed {
            OutboxCommand::Send { .. } => None,
            OutboxCommand::Edit { seq, .. } | OutboxCommand::Delete { seq } | OutboxCommand::React { seq, .. } => {
                Some(*seq)
            }
        }
    }

    /// The text that it carries.
    pub fn body(&self) -> Option<&str> {
        match &self.deed {
            OutboxCommand::Send { body } | OutboxCommand::Edit { body, .. } => Some(body),
            OutboxCommand::Delete { .. } | OutboxCommand::React { .. } => None,
        }
    }

    /// What it would change if it were in the log already.
    fn change(&self) -> EventKind {
        let body = |body: &str| Body::from_trusted(trimmed(body).to_owned());
        match &self.deed {
            OutboxCommand::Send { body: text } => EventKind::Message { body: body(text) },
            OutboxCommand::Edit { seq, body: text } => EventKind::Edit { seq: *seq, body: body(text) },
            OutboxCommand::Delete { seq } => EventKind::Deletion { seq: *seq },
            OutboxCommand::React { seq, emoji, on } => EventKind::Reaction { seq: *seq, emoji: emoji.clone(), on: *on },
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Nickname, Reaction, UserId};

    fn conversation() -> ConversationId {
        ConversationId::from_uuid(Uuid::nil())
    }

    fn outgoing(number: u64, deed: OutboxCommand) -> Outgoing {
        let id = CommandId::from_uuid(Uuid::from_u128(number.into()));
        Outgoing::new(id, conversation(), deed, Timestamp(number))
    }

    fn message(number: u64) -> Outgoing {
        outgoing(number, OutboxCommand::Send { body: number.to_string() })
    }

    #[test]
    fn commands_are_sent_in_the_order_in_which_they_were_given() {
        let mut outbox = Outbox::default();
        // Some were found after a reload, when there were new ones already.
        [3, 1, 4, 2, 4].into_iter().for_each(|number| outbox.put(message(number)));
        let mut sent = Vec::new();
        while let Some(next) = outbox.next().map(|next| next.id) {
            // An unknown fate keeps the place in the line.
            outbox.set_status(next, OutgoingStatus::Unknown);
            assert_eq!(outbox.next().map(|next| next.id), Some(next));
            sent.push(next);
            outbox.remove(next);
        }
        assert_eq!(sent, [1, 2, 3, 4].map(|number| message(number).id));
    }

    #[test]
    fn a_command_is_read_as_it_was_written() {
        let emoji = Emoji::parse("🍵").expect("an emoji");
        for deed in [
            OutboxCommand::Send { body: " 你好\n".into() },
            OutboxCommand::Edit { seq: Seq(5), body: "x".into() },
            OutboxCommand::Delete { seq: Seq(5) },
            OutboxCommand::React { seq: Seq(5), emoji, on: false },
        ] {
            let before = outgoing(7, deed);
            let written = serde_json::to_value(before.command()).expect("plain JSON");
            assert_eq!(Outgoing::from_command(&written, before.typed_at), Some(before));
        }
    }

    #[test]
    fn what_failed_waits_for_its_author_and_what_is_saved_for_its_event() {
        let mut outbox = Outbox::default();
        (1..=3).for_each(|number| outbox.put(message(number)));
        outbox.set_status(message(1).id, OutgoingStatus::Failed(ErrorCode::StorageUnavailable));
        outbox.set_status(message(2).id, OutgoingStatus::Saved(Seq(7)));
        assert_eq!(outbox.next().map(|next| next.id), Some(message(3).id));
        outbox.settle(conversation(), Seq(6));
        assert!(outbox.get(message(2).id).is_some());
        outbox.settle(conversation(), Seq(7));
        assert!(outbox.get(message(2).id).is_none());
        assert_eq!(outbox.messages_to(conversation()).count(), 2);
    }

    #[test]
    fn what_was_refused_for_good_is_given_back_and_holds_nothing_up() {
        let elsewhere = ConversationId::from_uuid(Uuid::max());
        let mut outbox = Outbox::default();
        (1..=4).for_each(|number| outbox.put(message(number)));
        outbox.set_status(message(1).id, OutgoingStatus::Failed(ErrorCode::Muted));
        outbox.set_status(message(2).id, OutgoingStatus::Failed(ErrorCode::Muted));
        outbox.set_status(message(3).id, OutgoingStatus::Failed(ErrorCode::StorageUnavailable));
        assert_eq!(outbox.next().map(|next| next.id), Some(message(4).id));
        assert_eq!(outbox.refused_in(elsewhere), None);
        assert_eq!(outbox.failed_outside(conversation()), None);
        assert_eq!(outbox.failed_outside(elsewhere).map(|failed| failed.id), Some(message(1).id));
        // The last one first: each is put above what stands in the composer.
        for number in [2, 1] {
            assert_eq!(outbox.refused_in(conversation()), Some((message(number).id, ErrorCode::Muted)));
            outbox.remove(message(number).id);
        }
        assert_eq!(outbox.refused_in(conversation()), None);
        assert_eq!(outbox.failed_outside(elsewhere).map(|failed| failed.id), Some(message(3).id));
    }

    #[test]
    fn what_no_frame_can_carry_is_never_sent_not_even_after_a_reload() {
        let long = outgoing(1, OutboxCommand::Send { body: "\u{1}".repeat(MAX_FRAME_BYTES / 6) });
        assert_eq!(long.failure(), Some(ErrorCode::MessageTooLong));
        let written = serde_json::to_value(long.command()).expect("plain JSON");
        assert_eq!(Outgoing::from_command(&written, long.typed_at), Some(long));
    }

    #[test]
    fn what_was_done_to_a_message_is_shown_at_once_unless_it_was_refused() {
        let me = User::guest(UserId::from_uuid(Uuid::from_u128(1)), Nickname::parse("Ada").expect("a nickname"));
        let before = Message {
            seq: Seq(5),
            id: message(1).id,
            at: Timestamp(0),
            author: me.clone(),
            body: Body::parse("before").expect("a body"),
            revision: Seq(5),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
        };
        let emoji = Emoji::parse("🍵").expect("an emoji");
        let mut outbox = Outbox::default();
        outbox.put(outgoing(2, OutboxCommand::Edit { seq: Seq(5), body: "\n  after \n".into() }));
        outbox.put(outgoing(3, OutboxCommand::React { seq: Seq(5), emoji: emoji.clone(), on: true }));
        outbox.put(outgoing(4, OutboxCommand::Delete { seq: Seq(6) }));
        outbox.put(outgoing(5, OutboxCommand::Delete { seq: Seq(5) }));
        outbox.set_status(message(5).id, OutgoingStatus::Failed(ErrorCode::Internal));
        let mut shown = before.clone();
        outbox.show_changes(conversation(), &mut shown, &me);
        assert_eq!((shown.body.as_str(), shown.edited_at), ("  after", Some(Timestamp(2))));
        assert_eq!(shown.reactions, [Reaction { emoji, users: vec![me] }]);
        assert_eq!(shown.revision, before.revision, "it is not in the log yet");
    }
}
