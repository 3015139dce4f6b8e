//! The conversations that one is in, and what is unread there.

use crate::{
    domain::{Conversation, ConversationId, ConversationKind, Seq, User, UserId},
    protocol::{Change, Event},
};

/// The conversations that one is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    all: Vec<Conversation>,
}

impl Conversations {
    /// Starts from a welcome's list.
    pub fn new(all: Vec<Conversation>) -> Self {
        Self { all }
    }

    /// Adds a conversation, or replaces what was known of it.
    pub fn put(&mut self, conversation: Conversation) {
        match self.get_mut(conversation.id) {
            Some(known) => *known = conversation,
            None => self.all.push(conversation),
        }
    }

    /// Forgets a room that one is not in any more.
    pub fn remove(&mut self, id: ConversationId) {
        self.all.retain(|conversation| conversation.id != id);
    }

    /// Counts an event, once.
    pub fn apply(&mut self, event: &Event, me: UserId) {
        let Some(conversation) = self.get_mut(event.conversation).filter(|known| known.last_seq < event.seq) else {
            return;
        };
        conversation.last_seq = event.seq;
        match event.change {
            // Who writes has read what stands above.
            Change::Message { .. } if event.author.id == me => {
                conversation.read_seq = event.seq;
                conversation.unread = 0;
            }
            Change::Message { .. } => conversation.unread += 1,
            // What is gone need not be read any more.
            Change::Deletion { seq } if event.author.id != me && seq > conversation.read_seq => {
                conversation.unread = conversation.unread.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// This user has read up to here, on this connection or another one.
    pub fn read(&mut self, id: ConversationId, seq: Seq) {
        if let Some(conversation) = self.get_mut(id) {
            conversation.read_seq = conversation.read_seq.max(seq);
            let left = conversation.last_seq.0.saturating_sub(conversation.read_seq.0);
            conversation.unread = conversation.unread.min(u32::try_from(left).unwrap_or(u32::MAX));
        }
    }

    /// One of them.
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.all.iter().find(|conversation| conversation.id == id)
    }

    /// The room that everyone is in.
    pub fn lobby(&self) -> Option<&Conversation> {
        self.rooms().next()
    }

    /// The rooms.
    pub fn rooms(&self) -> impl Iterator<Item = &Conversation> {
        self.all.iter().filter(|conversation| matches!(conversation.kind, ConversationKind::Room { .. }))
    }

    /// The directs and whom they are with, in order of their ids: those begun last come first.
    pub fn directs(&self) -> Vec<(&Conversation, &User)> {
        let mut directs: Vec<_> = self
            .all
            .iter()
            .filter_map(|conversation| match &conversation.kind {
                ConversationKind::Direct { with } => Some((conversation, with)),
                ConversationKind::Room { .. } => None,
            })
            .collect();
        directs.sort_by_key(|(conversation, _)| std::cmp::Reverse(conversation.id));
        directs
    }

    /// Messages of others that are unread, in all of them.
    pub fn unread(&self) -> u32 {
        self.all.iter().map(|conversation| conversation.unread).sum()
    }

    fn get_mut(&mut self, id: ConversationId) -> Option<&mut Conversation> {
        self.all.iter_mut().find(|conversation| conversation.id == id)
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Body, CommandId, Millis, Nickname};

    fn user(number: u128) -> User {
        User::guest(UserId::from_uuid(Uuid::from_u128(number)), Nickname::parse("Ada").expect("a nickname"))
    }

    fn event(seq: u64, author: u128) -> Event {
        Event {
            conversation: ConversationId::from_uuid(Uuid::nil()),
            seq: Seq(seq),
            at: Millis(seq),
            author: user(author),
            id: CommandId::from_uuid(Uuid::from_u128(seq.into())),
            change: Change::Message { body: Body::parse("hi").expect("a body") },
        }
    }

    fn lobby() -> Conversations {
        let kind = ConversationKind::Room { name: "Lobby".into(), member_count: 2 };
        let id = ConversationId::from_uuid(Uuid::nil());
        Conversations::new(vec![Conversation { id, kind, last_seq: Seq(0), read_seq: Seq(0), unread: 0, mentions: 0 }])
    }

    #[test]
    fn others_messages_count_once_until_they_are_read() {
        let (mut conversations, me) = (lobby(), user(1).id);
        conversations.apply(&event(1, 2), me);
        conversations.apply(&event(1, 2), me);
        assert_eq!(conversations.unread(), 1, "delivered twice");
        conversations.apply(&event(2, 2), me);
        assert_eq!(conversations.unread(), 2);
        conversations.read(event(1, 2).conversation, Seq(1));
        assert_eq!(conversations.unread(), 1);
        conversations.read(event(1, 2).conversation, Seq(2));
        assert_eq!(conversations.unread(), 0);
    }

    #[test]
    fn only_messages_are_unread_and_deleted_ones_no_more() {
        let (mut conversations, me) = (lobby(), user(1).id);
        conversations.apply(&event(1, 2), me);
        conversations.apply(&event(2, 2), me);
        let changed = |seq, change| Event { change, ..event(seq, 2) };
        let body = Body::parse("changed").expect("a body");
        conversations.apply(&changed(3, Change::Edit { seq: Seq(2), body }), me);
        assert_eq!(conversations.unread(), 2);
        conversations.apply(&changed(4, Change::Deletion { seq: Seq(2) }), me);
        assert_eq!(conversations.unread(), 1);
        conversations.read(event(1, 2).conversation, Seq(4));
        conversations.apply(&changed(5, Change::Deletion { seq: Seq(1) }), me);
        assert_eq!(conversations.unread(), 0);
    }

    #[test]
    fn who_writes_has_read() {
        let (mut conversations, me) = (lobby(), user(1).id);
        conversations.apply(&event(1, 2), me);
        conversations.apply(&event(2, 1), me);
        assert_eq!(conversations.unread(), 0);
    }
}
