//! The conversations that one is in, and what is unread there.

use crate::{
    domain::{Companion, Conversation, ConversationId, ConversationKind, Seq, User, UserId, lowercase},
    protocol::{Change, ConversationList, Event},
    state::Blocks,
};

/// The conversations that one is in: all rooms, and the directs with the latest events. Others may not be here yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    all: Vec<Conversation>,
    /// Where the list of directs goes on that are not here.
    older: Option<String>,
}

impl Conversations {
    /// Starts from a welcome's list.
    pub fn new(all: Vec<Conversation>) -> Self {
        Self { all, older: None }
    }

    /// Starts anew from a welcome's list. Of those that stand further down, the ones stay that the server tells of next,
    /// because `is_followed` holds of them.
    pub fn welcome(
        &mut self,
        list: Vec<Conversation>,
        older: Option<String>,
        is_followed: impl Fn(ConversationId) -> bool,
    ) {
        let before = std::mem::replace(&mut self.all, list);
        if older.is_some() {
            let further = before.into_iter().filter(|known| is_followed(known.id));
            let further: Vec<_> = further.filter(|known| self.get(known.id).is_none()).collect();
            self.all.extend(further);
        }
        self.older = older;
    }

    /// Adds the next stretch of the list. What is known already has been kept up to date.
    pub fn extend(&mut self, list: ConversationList) {
        for conversation in list.conversations {
            if self.get(conversation.id).is_none() {
                self.all.push(conversation);
            }
        }
        self.older = list.older;
    }

    /// Where the list goes on, if there is more of it.
    pub fn older(&self) -> Option<&str> {
        self.older.as_deref()
    }

    /// Adds a conversation, or replaces what was known of it.
    pub fn put(&mut self, conversation: Conversation) {
        match self.get_mut(conversation.id) {
            Some(known) => *known = conversation,
            None => self.all.push(conversation),
        }
    }

    /// Forgets a conversation that one is not in any more, or does not want to see.
    pub fn remove(&mut self, id: ConversationId) {
        self.all.retain(|conversation| conversation.id != id);
    }

    /// Counts an event, once. What a blocked user writes is not unread.
    pub fn apply(&mut self, event: &Event, me: UserId, blocks: &Blocks) {
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
            Change::AccountDeleted => match &mut conversation.kind {
                ConversationKind::Direct { with } if with.user.id == event.author.id => {
                    *with = Companion { user: event.author.clone(), gone: true };
                }
                _ => {}
            },
            _ if blocks.has(event.author.id) => {}
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
    pub fn directs(&self) -> Vec<(&Conversation, &Companion)> {
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

    /// Whether one talked with somebody of that name who has gone, so that this is another person than before.
    pub fn is_namesake(&self, user: &User) -> bool {
        let name = lowercase(user.nickname.as_str());
        let is_former = |with: &Companion| with.gone && with.user.id != user.id;
        self.directs().iter().any(|(_, with)| is_former(with) && lowercase(with.user.nickname.as_str()) == name)
    }

    /// Messages of others that are unread, in all of them that are here.
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
        conversations.apply(&event(1, 2), me, &Blocks::default());
        conversations.apply(&event(1, 2), me, &Blocks::default());
        assert_eq!(conversations.unread(), 1, "delivered twice");
        conversations.apply(&event(2, 2), me, &Blocks::default());
        assert_eq!(conversations.unread(), 2);
        conversations.read(event(1, 2).conversation, Seq(1));
        assert_eq!(conversations.unread(), 1);
        conversations.read(event(1, 2).conversation, Seq(2));
        assert_eq!(conversations.unread(), 0);
    }

    #[test]
    fn only_messages_are_unread_and_deleted_ones_no_more() {
        let (mut conversations, me) = (lobby(), user(1).id);
        conversations.apply(&event(1, 2), me, &Blocks::default());
        conversations.apply(&event(2, 2), me, &Blocks::default());
        let changed = |seq, change| Event { change, ..event(seq, 2) };
        let body = Body::parse("changed").expect("a body");
        conversations.apply(&changed(3, Change::Edit { seq: Seq(2), body }), me, &Blocks::default());
        assert_eq!(conversations.unread(), 2);
        conversations.apply(&changed(4, Change::Deletion { seq: Seq(2) }), me, &Blocks::default());
        assert_eq!(conversations.unread(), 1);
        conversations.read(event(1, 2).conversation, Seq(4));
        conversations.apply(&changed(5, Change::Deletion { seq: Seq(1) }), me, &Blocks::default());
        assert_eq!(conversations.unread(), 0);
    }

    #[test]
    fn who_writes_has_read() {
        let (mut conversations, me) = (lobby(), user(1).id);
        conversations.apply(&event(1, 2), me, &Blocks::default());
        conversations.apply(&event(2, 1), me, &Blocks::default());
        assert_eq!(conversations.unread(), 0);
    }

    #[test]
    fn what_a_blocked_user_writes_is_not_unread() {
        let (mut conversations, me) = (lobby(), user(1).id);
        let mut blocks = Blocks::default();
        blocks.apply(user(2), true);
        conversations.apply(&event(1, 2), me, &blocks);
        conversations.apply(&event(2, 3), me, &blocks);
        assert_eq!(conversations.unread(), 1);
        blocks.apply(user(2), false);
        conversations.apply(&event(3, 2), me, &blocks);
        assert_eq!(conversations.unread(), 2);
    }

    fn direct(number: u128, with: Companion) -> Conversation {
        let id = ConversationId::from_uuid(Uuid::from_u128(number));
        let kind = ConversationKind::Direct { with };
        Conversation { id, kind, last_seq: Seq(1), read_seq: Seq(0), unread: 1, mentions: 0 }
    }

    #[test]
    fn a_new_start_keeps_what_is_further_down_and_followed() {
        let [one, two, three] = [1, 2, 3].map(|number| direct(number, user(number).into()));
        let ids = |conversations: &Conversations| {
            let mut ids: Vec<u128> =
                conversations.directs().iter().map(|(talk, _)| talk.id.as_uuid().as_u128()).collect();
            ids.sort_unstable();
            ids
        };
        let mut conversations = Conversations::new(vec![three.clone()]);
        conversations.extend(ConversationList { conversations: vec![two.clone(), one], older: None });
        conversations.welcome(vec![three.clone()], Some("2".into()), |id| id == two.id);
        assert_eq!((ids(&conversations), conversations.older()), (vec![2, 3], Some("2")));
        conversations.welcome(vec![three], None, |_| true);
        assert_eq!(ids(&conversations), [3], "the whole list is here");
    }

    #[test]
    fn who_has_the_name_of_somebody_who_has_gone_is_another_person() {
        let gone = Companion { user: user(1), gone: true };
        let here = Conversations::new(vec![direct(1, user(1).into())]);
        let mut conversations = Conversations::new(vec![direct(1, gone)]);
        assert!(conversations.is_namesake(&user(2)) && !conversations.is_namesake(&user(1)));
        assert!(!here.is_namesake(&user(2)), "both are here");
        conversations.remove(ConversationId::from_uuid(Uuid::from_u128(1)));
        assert!(!conversations.is_namesake(&user(2)));
    }
}
