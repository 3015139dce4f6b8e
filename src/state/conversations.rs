//! The conversations that one is in, and what is unread there.

use std::{collections::BinaryHeap, iter};

use crate::{
    domain::{
        Companion, Conversation, ConversationId, ConversationKind, ConversationList, Event, EventKind, Seq, User,
        UserId, lowercase,
    },
    state::Blocks,
};

/// Whether it is known what is unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Count {
    /// The count is right.
    Sure,
    /// What was heard does not tell; the server has to be asked.
    Unsure,
}

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
    pub fn apply(&mut self, event: &Event, me: UserId, blocks: &Blocks) -> Count {
        let Some(conversation) = self.get_mut(event.conversation).filter(|known| known.last_seq < event.seq) else {
            return Count::Sure;
        };
        conversation.last_seq = event.seq;
        if let EventKind::Message { .. } = event.kind {
            conversation.last_message_at = event.at;
        }
        match event.kind {
            // Who writes has read what stands above.
            EventKind::Message { .. } if event.author.id == me => {
                conversation.read_seq = event.seq;
                conversation.unread = 0;
            }
            EventKind::AccountDeleted => match &mut conversation.kind {
                ConversationKind::Direct { with } if with.user.id == event.author.id => {
                    *with = Companion { user: event.author.clone(), gone: true };
                }
                _ => {}
            },
            // What is gone need not be read any more, whoever took it away.
            EventKind::Deletion { seq } if seq > conversation.read_seq && conversation.unread > 0 => {
                // It may have been a blocked user's, and so not counted. Directs with those stand in no list.
                if !blocks.is_empty() && matches!(conversation.kind, ConversationKind::Room { .. }) {
                    return Count::Unsure;
                }
                conversation.unread -= 1;
            }
            EventKind::Message { .. } if !blocks.has(event.author.id) => conversation.unread += 1,
            _ => {}
        }
        Count::Sure
    }

    /// This user has read up to here, on this connection or another one.
    pub fn read(&mut self, id: ConversationId, seq: Seq) -> Count {
        let Some(conversation) = self.get_mut(id).filter(|known| known.read_seq < seq) else { return Count::Sure };
        conversation.read_seq = seq;
        let left = conversation.last_seq.0.saturating_sub(seq.0);
        conversation.unread = conversation.unread.min(u32::try_from(left).unwrap_or(u32::MAX));
        // How many of the events behind it are messages of others was not kept.
        if conversation.unread > 0 { Count::Unsure } else { Count::Sure }
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

    /// The directs and whom they are with: the one with the newest message comes first.
    pub fn directs(&self) -> Vec<(&Conversation, &Companion)> {
        // A heap, since sorting is much more code for a browser to load.
        let mut newest: BinaryHeap<_> = self
            .all
            .iter()
            .enumerate()
            .filter(|(_, conversation)| matches!(conversation.kind, ConversationKind::Direct { .. }))
            .map(|(index, conversation)| (conversation.last_message_at, conversation.id, index))
            .collect();
        let next = || newest.pop().map(|(_, _, index)| &self.all[index]);
        let directs = iter::from_fn(next).filter_map(|conversation| match &conversation.kind {
            ConversationKind::Direct { with } => Some((conversation, with)),
            ConversationKind::Room { .. } => None,
        });
        directs.collect()
    }

    /// The directs whose other users have gone for good and in which something happened, those of one name together: the one
    /// with the newest message comes first, among names and in each.
    pub fn gone(&self) -> Vec<Vec<(&Conversation, User)>> {
        let mut names: Vec<(String, Vec<(&Conversation, User)>)> = Vec::new();
        for (talk, with) in self.directs().into_iter().filter(|(talk, with)| with.gone && talk.last_seq > Seq::ZERO) {
            let (name, direct) = (lowercase(with.user.nickname.as_str()), (talk, with.user.clone()));
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, directs)) => directs.push(direct),
                None => names.push((name, vec![direct])),
            }
        }
        names.into_iter().map(|(_, directs)| directs).collect()
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
    use crate::domain::{Body, CommandId, Nickname, Timestamp};

    fn user(number: u128) -> User {
        User::guest(UserId::from_uuid(Uuid::from_u128(number)), Nickname::parse("Ada").expect("a nickname"))
    }

    fn event(seq: u64, author: u128) -> Event {
        Event {
            conversation: ConversationId::from_uuid(Uuid::nil()),
            seq: Seq(seq),
            at: Timestamp(seq),
            author: user(author),
            id: CommandId::from_uuid(Uuid::from_u128(seq.into())),
            kind: EventKind::Message { body: Body::parse("hi").expect("a body") },
        }
    }

    fn lobby() -> Conversations {
        let kind = ConversationKind::Room { name: "Lobby".into(), member_count: 2 };
        Conversations::new(vec![Conversation { kind, last_seq: Seq(0), unread: 0, ..direct(0, user(2).into()) }])
    }

    /// Tells events that leave no doubt.
    fn tell(conversations: &mut Conversations, blocks: &Blocks, events: &[Event]) {
        for event in events {
            assert_eq!(conversations.apply(event, user(1).id, blocks), Count::Sure, "{event:?}");
        }
    }

    #[test]
    fn others_messages_count_once_until_they_are_read() {
        let mut conversations = lobby();
        tell(&mut conversations, &Blocks::default(), &[event(1, 2), event(1, 2)]);
        assert_eq!(conversations.unread(), 1, "delivered twice");
        tell(&mut conversations, &Blocks::default(), &[event(2, 2)]);
        assert_eq!(conversations.unread(), 2);
        let lobby = event(1, 2).conversation;
        assert_eq!(conversations.read(lobby, Seq(1)), Count::Unsure, "the second event might have been a reaction");
        assert_eq!(conversations.unread(), 1);
        assert_eq!(conversations.read(lobby, Seq(1)), Count::Sure, "known already");
        assert_eq!(conversations.read(lobby, Seq(2)), Count::Sure);
        assert_eq!(conversations.unread(), 0);
    }

    #[test]
    fn every_change_to_what_is_unread_counts_again() {
        let changed = |seq, author, kind| Event { kind, ..event(seq, author) };
        let deleted = |seq, author, target| changed(seq, author, EventKind::Deletion { seq: Seq(target) });
        let edited = |seq, author, target| {
            changed(seq, author, EventKind::Edit { seq: Seq(target), body: Body::parse("changed").expect("a body") })
        };
        let reacted = |seq, author, target| {
            let emoji = crate::domain::Emoji::parse("🍵").expect("an emoji");
            changed(seq, author, EventKind::Reaction { seq: Seq(target), emoji, on: true })
        };
        let house = UserId::SYSTEM.as_uuid().as_u128();
        // User 1 reads. What happens, in order, and how much is unread then.
        for (what, events, unread) in [
            ("its author deletes it", vec![event(1, 2), deleted(2, 2, 1)], 0),
            ("a moderator deletes it", vec![event(1, 2), deleted(2, 3, 1)], 0),
            ("the reader deletes it, as a moderator", vec![event(1, 2), deleted(2, 1, 1)], 0),
            ("it is deleted for its age", vec![event(1, 2), deleted(2, house, 1)], 0),
            ("one of two is deleted", vec![event(1, 2), event(2, 3), deleted(3, 2, 1)], 1),
            ("both are deleted", vec![event(1, 2), event(2, 2), deleted(3, 2, 2), deleted(4, 2, 1)], 0),
            ("it is edited", vec![event(1, 2), edited(2, 2, 1)], 1),
            ("it is edited, then deleted", vec![event(1, 2), edited(2, 2, 1), deleted(3, 2, 1)], 0),
            ("somebody reacts to it", vec![event(1, 2), reacted(2, 3, 1)], 1),
            ("the reader reacts to it", vec![event(1, 2), reacted(2, 1, 1)], 1),
            ("the reader answers", vec![event(1, 2), event(2, 1)], 0),
            ("the reader answers, and then it is deleted", vec![event(1, 2), event(2, 1), deleted(3, 2, 1)], 0),
            ("what was read is deleted", vec![event(1, 2), event(2, 1), event(3, 2), deleted(4, 2, 1)], 1),
            ("the reader's own message is deleted", vec![event(1, 1), event(2, 2), deleted(3, 3, 1)], 1),
            ("a deletion comes twice", vec![event(1, 2), event(2, 2), deleted(3, 2, 1), deleted(3, 2, 1)], 1),
            ("the author leaves for good", vec![event(1, 2), changed(2, 2, EventKind::AccountDeleted)], 1),
        ] {
            let mut conversations = lobby();
            tell(&mut conversations, &Blocks::default(), &events);
            assert_eq!(conversations.unread(), unread, "{what}");
        }
    }

    #[test]
    fn what_a_blocked_user_writes_is_not_unread() {
        let mut conversations = lobby();
        let mut blocks = Blocks::default();
        blocks.apply(user(2), true);
        tell(&mut conversations, &blocks, &[event(1, 2), event(2, 3)]);
        assert_eq!(conversations.unread(), 1);
        blocks.apply(user(2), false);
        tell(&mut conversations, &blocks, &[event(3, 2)]);
        assert_eq!(conversations.unread(), 2);
    }

    #[test]
    fn where_a_blocked_user_s_message_may_have_been_deleted_the_server_is_asked() {
        let mut conversations = lobby();
        let mut blocks = Blocks::default();
        blocks.apply(user(2), true);
        tell(&mut conversations, &blocks, &[event(1, 2), event(2, 3)]);
        let deletion = Event { kind: EventKind::Deletion { seq: Seq(1) }, ..event(3, 4) };
        assert_eq!(conversations.apply(&deletion, user(1).id, &blocks), Count::Unsure);
        assert_eq!(conversations.unread(), 1, "as before, until the server has answered");
    }

    #[test]
    fn the_direct_with_the_newest_message_comes_first() {
        let with = |number: u128| direct(number, user(number + 100).into());
        let to = |number: u128, seq, author, kind: Option<EventKind>| {
            let conversation = ConversationId::from_uuid(Uuid::from_u128(number));
            let message = event(seq, author);
            Event { conversation, kind: kind.unwrap_or_else(|| message.kind.clone()), ..message }
        };
        let order = |conversations: &Conversations| -> Vec<u128> {
            conversations.directs().iter().map(|(talk, _)| talk.id.as_uuid().as_u128()).collect()
        };
        let mut conversations = Conversations::new(vec![with(1), with(2), with(3)]);
        assert_eq!(order(&conversations), [3, 2, 1], "of those in which as much has happened, the one begun last");
        for (what, event, expected) in [
            ("a message of the other user", to(1, 2, 101, None), [1, 3, 2]),
            ("a message of one's own", to(2, 3, 1, None), [2, 1, 3]),
            ("a reaction", to(3, 4, 103, Some(EventKind::Other)), [2, 1, 3]),
            ("a deletion", to(3, 5, 103, Some(EventKind::Deletion { seq: Seq(1) })), [2, 1, 3]),
            ("a message that came before", to(1, 2, 101, None), [2, 1, 3]),
            ("a message in the last one", to(3, 6, 103, None), [3, 2, 1]),
        ] {
            tell(&mut conversations, &Blocks::default(), &[event]);
            assert_eq!(order(&conversations), expected, "{what}");
        }
        conversations.put(Conversation { last_message_at: Timestamp(7), ..with(4) });
        assert_eq!(order(&conversations), [4, 3, 2, 1], "one that has just come into the list");
        let conversation = Conversation { last_message_at: Timestamp(1), ..with(5) };
        conversations.extend(ConversationList { conversations: vec![conversation], older: None });
        assert_eq!(order(&conversations), [4, 3, 2, 1, 5], "one from further down");
        conversations.put(with(4));
        assert_eq!(order(&conversations), [3, 2, 1, 5, 4], "as the server has it");
    }

    fn direct(number: u128, with: Companion) -> Conversation {
        let id = ConversationId::from_uuid(Uuid::from_u128(number));
        let kind = ConversationKind::Direct { with };
        let (last_seq, last_message_at, read_seq) = (Seq(1), Timestamp(0), Seq(0));
        Conversation { id, kind, last_seq, last_message_at, read_seq, unread: 1, mentions: 0 }
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
    fn those_who_have_gone_stand_together_by_their_names() {
        let named = |number: u128, name: &str, at: u64, gone: bool| {
            let nickname = Nickname::parse(name).expect("a nickname");
            let with = Companion { user: User::guest(UserId::from_uuid(Uuid::from_u128(number)), nickname), gone };
            Conversation { last_message_at: Timestamp(at), ..direct(number, with) }
        };
        let unused = Conversation { last_seq: Seq(0), ..named(7, "Carol", 0, true) };
        let conversations = Conversations::new(vec![
            named(1, "script", 10, true),
            named(2, "Bob", 20, true),
            named(3, "Script", 30, true),
            named(4, "小明", 40, false),
            named(5, "小明", 15, true),
            named(6, "script", 40, false),
            unused,
        ]);
        let id = |(talk, _): &(&Conversation, User)| talk.id.as_uuid().as_u128();
        let gone: Vec<Vec<u128>> = conversations.gone().iter().map(|group| group.iter().map(id).collect()).collect();
        assert_eq!(gone, [vec![3, 1], vec![2], vec![5]]);
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
