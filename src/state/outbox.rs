//! The commands of this user that are not confirmed yet.

use super::{
    fold::apply_change,
    outgoing::{OutboxCommand, Outgoing, OutgoingStatus},
};
use crate::{
    domain::{CommandId, ConversationId, Message, Seq, User},
    protocol::ErrorCode,
};

/// The commands that are not confirmed yet, in the order in which the user gave them.
///
/// They are sent one at a time, so that none can overtake an earlier one, whatever happens to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outbox {
    outgoing: Vec<Outgoing>,
}

impl Outbox {
    /// Inserts a command in the order of [`Outgoing::typed_at`]. One that is there already stays as it is.
    pub fn put(&mut self, outgoing: Outgoing) {
        if self.get(outgoing.id).is_none() {
            let index = self.outgoing.partition_point(|other| other.typed_at <= outgoing.typed_at);
            self.outgoing.insert(index, outgoing);
        }
    }

    /// Removes a command, and returns it if it was there.
    pub fn remove(&mut self, id: CommandId) -> Option<Outgoing> {
        let index = self.outgoing.iter().position(|outgoing| outgoing.id == id)?;
        Some(self.outgoing.remove(index))
    }

    /// Sets the status of a command.
    pub fn set_status(&mut self, id: CommandId, status: OutgoingStatus) {
        if let Some(outgoing) = self.outgoing.iter_mut().find(|outgoing| outgoing.id == id) {
            outgoing.status = status;
        }
    }

    /// Removes the saved commands of a conversation whose events have arrived, up to `cursor`. Returns whether there were any.
    pub fn remove_saved(&mut self, conversation: ConversationId, cursor: Seq) -> bool {
        let before = self.outgoing.len();
        self.outgoing.retain(|outgoing| {
            let has_arrived = matches!(outgoing.status, OutgoingStatus::Saved(seq) if seq <= cursor);
            outgoing.conversation != conversation || !has_arrived
        });
        self.outgoing.len() < before
    }

    /// The commands that are meaningless after the server's history changed: those that refer to a message by its position,
    /// and those that wait for an event of the old history.
    pub fn bound_to_history(&self) -> Vec<CommandId> {
        let is_bound =
            |outgoing: &&Outgoing| outgoing.target().is_some() || matches!(outgoing.status, OutgoingStatus::Saved(_));
        self.outgoing.iter().filter(is_bound).map(|outgoing| outgoing.id).collect()
    }

    /// The server's history is another one, in which the messages that are replied to are others. Returns the replies, which
    /// are plain messages now.
    pub fn forget_originals(&mut self) -> Vec<Outgoing> {
        let mut changed = Vec::new();
        for outgoing in &mut self.outgoing {
            if let OutboxCommand::Send { reply_to, .. } = &mut outgoing.command
                && reply_to.take().is_some()
            {
                changed.push(outgoing.clone());
            }
        }
        changed
    }

    /// The command with this id.
    pub fn get(&self, id: CommandId) -> Option<&Outgoing> {
        self.outgoing.iter().find(|outgoing| outgoing.id == id)
    }

    /// The next command to send: the first without an answer. Failed commands wait for the user.
    pub fn next(&self) -> Option<&Outgoing> {
        self.outgoing
            .iter()
            .find(|outgoing| matches!(outgoing.status, OutgoingStatus::Pending | OutgoingStatus::Unknown))
    }

    /// The last command of this conversation, among those that a composer `takes`, that would be refused again, and why: the
    /// composer gets its text back.
    pub fn refused_in(
        &self,
        conversation: ConversationId,
        takes: impl Fn(&Outgoing) -> bool,
    ) -> Option<(CommandId, ErrorCode)> {
        let in_it =
            self.outgoing.iter().rev().filter(|outgoing| outgoing.conversation == conversation && takes(outgoing));
        in_it.filter_map(|outgoing| Some((outgoing.id, outgoing.failure()?))).find(|(_, code)| is_permanent(*code))
    }

    /// The first failed command of any other conversation.
    pub fn failed_outside(&self, conversation: ConversationId) -> Option<&Outgoing> {
        self.outgoing.iter().find(|outgoing| outgoing.conversation != conversation && outgoing.failure().is_some())
    }

    /// The messages to one conversation, in order.
    pub fn messages_to(&self, conversation: ConversationId) -> impl Iterator<Item = &Outgoing> {
        self.outgoing.iter().filter(move |outgoing| {
            outgoing.conversation == conversation && matches!(outgoing.command, OutboxCommand::Send { .. })
        })
    }

    /// The commands that change the message at `seq`, in order.
    pub fn changes_to(&self, conversation: ConversationId, seq: Seq) -> impl Iterator<Item = &Outgoing> {
        self.outgoing
            .iter()
            .filter(move |outgoing| outgoing.conversation == conversation && outgoing.target() == Some(seq))
    }

    /// Applies to `message` the changes that the current user, `me`, has made and that were not refused.
    pub fn apply_changes(&self, conversation: ConversationId, message: &mut Message, me: &User) {
        let changes = self.changes_to(conversation, message.seq);
        for outgoing in changes.filter(|outgoing| outgoing.failure().is_none()) {
            apply_change(message, me, outgoing.typed_at, &outgoing.event_kind());
        }
    }
}

/// Whether a command that was refused with this code would be refused again, unchanged.
fn is_permanent(code: ErrorCode) -> bool {
    !matches!(code, ErrorCode::StorageUnavailable | ErrorCode::Internal)
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{Body, Emoji, Nickname, Reaction, Timestamp, UserId},
        protocol::MAX_FRAME_BYTES,
    };

    fn conversation() -> ConversationId {
        ConversationId::from_uuid(Uuid::nil())
    }

    fn outgoing(number: u64, command: OutboxCommand) -> Outgoing {
        let id = CommandId::from_uuid(Uuid::from_u128(number.into()));
        Outgoing::new(id, conversation(), command, Timestamp(number))
    }

    fn message(number: u64) -> Outgoing {
        outgoing(number, OutboxCommand::Send { body: number.to_string(), reply_to: None })
    }

    #[test]
    fn commands_are_sent_in_the_order_in_which_the_user_gave_them() {
        let mut outbox = Outbox::default();
        // Some are restored after a reload, when there are new ones already.
        [3, 1, 4, 2, 4].into_iter().for_each(|number| outbox.put(message(number)));
        let mut sent = Vec::new();
        while let Some(next) = outbox.next().map(|next| next.id) {
            // A command without an answer stays first.
            outbox.set_status(next, OutgoingStatus::Unknown);
            assert_eq!(outbox.next().map(|next| next.id), Some(next));
            sent.push(next);
            outbox.remove(next);
        }
        assert_eq!(sent, [1, 2, 3, 4].map(|number| message(number).id));
    }

    #[test]
    fn a_command_survives_being_stored() {
        let emoji = Emoji::parse("🍵").expect("an emoji");
        for command in [
            OutboxCommand::Send { body: " 你好\n".into(), reply_to: None },
            OutboxCommand::Send { body: "yes".into(), reply_to: Some(Seq(3)) },
            OutboxCommand::Edit { seq: Seq(5), body: "x".into() },
            OutboxCommand::Delete { seq: Seq(5) },
            OutboxCommand::React { seq: Seq(5), emoji, on: false },
        ] {
            let before = outgoing(7, command);
            let written = serde_json::to_value(before.frame()).expect("plain JSON");
            assert_eq!(Outgoing::from_frame(&written, before.typed_at), Some(before));
        }
    }

    #[test]
    fn failed_commands_wait_for_the_user_and_saved_ones_for_their_events() {
        let mut outbox = Outbox::default();
        (1..=3).for_each(|number| outbox.put(message(number)));
        outbox.set_status(message(1).id, OutgoingStatus::Failed(ErrorCode::StorageUnavailable));
        outbox.set_status(message(2).id, OutgoingStatus::Saved(Seq(7)));
        assert_eq!(outbox.next().map(|next| next.id), Some(message(3).id));
        outbox.remove_saved(conversation(), Seq(6));
        assert!(outbox.get(message(2).id).is_some());
        outbox.remove_saved(conversation(), Seq(7));
        assert!(outbox.get(message(2).id).is_none());
        assert_eq!(outbox.messages_to(conversation()).count(), 2);
    }

    #[test]
    fn permanently_refused_commands_are_returned_and_block_no_others() {
        let elsewhere = ConversationId::from_uuid(Uuid::max());
        let mut outbox = Outbox::default();
        (1..=4).for_each(|number| outbox.put(message(number)));
        outbox.set_status(message(1).id, OutgoingStatus::Failed(ErrorCode::Muted));
        outbox.set_status(message(2).id, OutgoingStatus::Failed(ErrorCode::Muted));
        outbox.set_status(message(3).id, OutgoingStatus::Failed(ErrorCode::StorageUnavailable));
        assert_eq!(outbox.next().map(|next| next.id), Some(message(4).id));
        assert_eq!(outbox.refused_in(elsewhere, |_| true), None);
        assert_eq!(outbox.failed_outside(conversation()), None);
        assert_eq!(outbox.failed_outside(elsewhere).map(|failed| failed.id), Some(message(1).id));
        // The last one first: each is put above the text in the composer.
        for number in [2, 1] {
            assert_eq!(outbox.refused_in(conversation(), |_| true), Some((message(number).id, ErrorCode::Muted)));
            outbox.remove(message(number).id);
        }
        assert_eq!(outbox.refused_in(conversation(), |_| true), None);
        assert_eq!(outbox.failed_outside(elsewhere).map(|failed| failed.id), Some(message(3).id));
    }

    #[test]
    fn in_another_history_a_reply_is_a_plain_message() {
        let reply = |reply_to| outgoing(1, OutboxCommand::Send { body: "yes".into(), reply_to });
        let mut outbox = Outbox::default();
        outbox.put(reply(Some(Seq(3))));
        outbox.put(message(2));
        assert_eq!(outbox.forget_originals(), [reply(None)]);
        assert_eq!(outbox.get(message(1).id), Some(&reply(None)));
        assert_eq!(outbox.forget_originals(), []);
    }

    #[test]
    fn a_command_longer_than_a_frame_is_never_sent_not_even_after_a_reload() {
        let long = outgoing(1, OutboxCommand::Send { body: "\u{1}".repeat(MAX_FRAME_BYTES / 6), reply_to: None });
        assert_eq!(long.failure(), Some(ErrorCode::MessageTooLong));
        let written = serde_json::to_value(long.frame()).expect("plain JSON");
        assert_eq!(Outgoing::from_frame(&written, long.typed_at), Some(long));
    }

    #[test]
    fn changes_to_a_message_show_at_once_unless_they_were_refused() {
        let me = User::guest(UserId::from_uuid(Uuid::from_u128(1)), Nickname::parse("Ada").expect("a nickname"));
        let before = Message {
            seq: Seq(5),
            id: message(1).id,
            at: Timestamp(0),
            author: me.clone(),
            body: Body::parse("before").expect("a body"),
            mentions: Vec::new(),
            reply: None,
            replies: 0,
            pinned: false,
            revision: Seq(5),
            edited_at: None,
            deleted: false,
            reactions: Vec::new(),
            notice: None,
            room: None,
        };
        let emoji = Emoji::parse("🍵").expect("an emoji");
        let mut outbox = Outbox::default();
        outbox.put(outgoing(2, OutboxCommand::Edit { seq: Seq(5), body: "\n  after \n".into() }));
        outbox.put(outgoing(3, OutboxCommand::React { seq: Seq(5), emoji: emoji.clone(), on: true }));
        outbox.put(outgoing(4, OutboxCommand::Delete { seq: Seq(6) }));
        outbox.put(outgoing(5, OutboxCommand::Delete { seq: Seq(5) }));
        outbox.set_status(message(5).id, OutgoingStatus::Failed(ErrorCode::Internal));
        let mut shown = before.clone();
        outbox.apply_changes(conversation(), &mut shown, &me);
        assert_eq!((shown.body.as_str(), shown.edited_at), ("  after", Some(Timestamp(2))));
        assert_eq!(shown.reactions, [Reaction { emoji, users: vec![me] }]);
        assert_eq!(shown.revision, before.revision, "it is not in the log yet");
    }
}
