//! The conversations of the current user, and their unread messages.

use std::{collections::BinaryHeap, iter};

use crate::{
    domain::{
        Action, Companion, Conversation, ConversationId, ConversationKind, ConversationList, Event, EventKind,
        ModerationNotice, Room, Scope, Seq, Timestamp, User, UserId, lowercase,
    },
    state::{
        blocks::Blocks,
        unread::{self, UnreadCount},
    },
};

/// The conversations of the current user: all rooms, and the directs with the newest messages. Older directs may not be
/// loaded yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    all: Vec<Conversation>,
    /// The server's cursor for the directs that are not loaded; `None` if all are.
    older: Option<String>,
    /// Up to where there may be messages of the user after the read mark: the end of a conversation when it was loaded, or
    /// when the mark was set back. Later messages of the user have moved the mark.
    own_up_to: Vec<(ConversationId, Seq)>,
    generation: u64,
}

impl Conversations {
    /// Takes a complete list.
    pub fn new(all: Vec<Conversation>) -> Self {
        let mut conversations = Self::default();
        conversations.reset(all, None, |_| false);
        conversations
    }

    /// Replaces the list by that of a `welcome`. Conversations further down stay if `is_followed`: those for which the server
    /// replays missed events next.
    pub fn reset(
        &mut self,
        list: Vec<Conversation>,
        older: Option<String>,
        is_followed: impl Fn(ConversationId) -> bool,
    ) {
        self.generation += 1;
        let before = std::mem::replace(&mut self.all, list);
        self.own_up_to = self.all.iter().map(|loaded| (loaded.id, loaded.last_seq)).collect();
        if older.is_some() {
            let further = before.into_iter().filter(|known| is_followed(known.id));
            let further: Vec<_> = further.filter(|known| self.get(known.id).is_none()).collect();
            self.all.extend(further);
        }
        self.older = older;
    }

    /// Adds the next part of the list. Conversations that are known already have been kept up to date.
    pub fn extend(&mut self, list: ConversationList) {
        for conversation in list.conversations {
            if self.get(conversation.id).is_none() {
                self.insert(conversation);
            }
        }
        self.older = list.older;
    }

    /// The cursor for the next part of the list, if there is one.
    pub fn older(&self) -> Option<&str> {
        self.older.as_deref()
    }

    /// Adds or replaces a conversation as the server sends it.
    pub fn put(&mut self, conversation: Conversation) {
        // The user may have set something, and the read mark back.
        self.generation += 1;
        self.insert(conversation);
    }

    fn insert(&mut self, conversation: Conversation) {
        let (id, last_seq) = (conversation.id, conversation.last_seq);
        let was_set_back = self.get(id).is_none_or(|known| conversation.read_seq < known.read_seq);
        if was_set_back {
            self.own_up_to.retain(|(other, _)| *other != id);
            self.own_up_to.push((id, last_seq));
        }
        match self.get_mut(id) {
            Some(known) => *known = conversation,
            None => self.all.push(conversation),
        }
    }

    /// Counts what makes a conversation that is being fetched outdated, besides events and read marks.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The user has blocked or unblocked somebody: what is being fetched is outdated.
    pub fn outdate_fetches(&mut self) {
        self.generation += 1;
    }

    /// Adds or replaces a conversation by one that was fetched. `generation`: what [`Self::generation`] was when the client asked
    /// for it. Returns whether the fetched one was up to date; otherwise nothing is changed, and the client has to fetch it again.
    pub fn put_fetched(&mut self, fetched: Conversation, generation: u64) -> bool {
        let is_ahead = self.get(fetched.id).is_some_and(|known| known.is_ahead_of(&fetched));
        if self.generation != generation || is_ahead {
            return false;
        }
        self.insert(fetched);
        true
    }

    /// Removes a conversation that the user has left or hidden.
    pub fn remove(&mut self, id: ConversationId) {
        self.generation += 1;
        self.all.retain(|conversation| conversation.id != id);
        self.own_up_to.retain(|(other, _)| *other != id);
    }

    /// Applies an event; applying it again has no effect. Messages of blocked users do not count as unread.
    pub fn apply(&mut self, event: &Event, me: UserId, blocks: &Blocks) -> UnreadCount {
        let own_up_to = self.own_up_to.iter().find(|(id, _)| *id == event.conversation);
        let own_up_to = own_up_to.map_or(Seq(u64::MAX), |(_, seq)| *seq);
        let Some(conversation) = self.get_mut(event.conversation).filter(|known| known.last_seq < event.seq) else {
            return UnreadCount::Known;
        };
        let count = unread::count(conversation, event, me, blocks, own_up_to);
        conversation.last_seq = event.seq;
        if let EventKind::Message { .. } = event.kind {
            conversation.last_message_at = event.at;
        }
        match &mut conversation.kind {
            ConversationKind::Room(room) => apply_to_room(room, event, me),
            ConversationKind::Direct { with } => {
                if event.kind == EventKind::AccountDeleted && with.user.id == event.author.id {
                    *with = Companion { user: event.author.clone(), gone: true };
                }
            }
        }
        count
    }

    /// The user has read up to `seq`, on this connection or another one.
    pub fn mark_read(&mut self, id: ConversationId, seq: Seq) -> UnreadCount {
        match self.get_mut(id).filter(|known| known.read_seq < seq) {
            Some(conversation) => unread::mark_read(conversation, seq),
            None => UnreadCount::Known,
        }
    }

    /// The conversation with this id.
    pub fn get(&self, id: ConversationId) -> Option<&Conversation> {
        self.all.iter().find(|conversation| conversation.id == id)
    }

    /// The Lobby: the room that everybody is in.
    pub fn lobby(&self) -> Option<&Conversation> {
        self.rooms().find(|(_, room)| room.lobby).map(|(conversation, _)| conversation)
    }

    /// The rooms.
    pub fn rooms(&self) -> impl Iterator<Item = (&Conversation, &Room)> {
        self.all.iter().filter_map(|conversation| match &conversation.kind {
            ConversationKind::Room(room) => Some((conversation, room)),
            ConversationKind::Direct { .. } => None,
        })
    }

    /// The rooms in the order of the list. A room that was created later counts as newer. Archived rooms are left out, but for
    /// the one that is `open`.
    pub fn listed_rooms(&self, open: Option<ConversationId>) -> Vec<(&Conversation, &Room)> {
        let rank = |conversation: &Conversation| match &conversation.kind {
            ConversationKind::Room(room) if !room.archived || Some(conversation.id) == open => {
                let newest = conversation.last_message_at.max(conversation.id.created_at());
                Some(list_rank(conversation, room.lobby, newest))
            }
            _ => None,
        };
        let rooms = self.in_order(&rank).into_iter().filter_map(|conversation| match &conversation.kind {
            ConversationKind::Room(room) => Some((conversation, room)),
            ConversationKind::Direct { .. } => None,
        });
        rooms.collect()
    }

    /// The directs and their other users, in the order of the list.
    pub fn directs(&self) -> Vec<(&Conversation, &Companion)> {
        let rank = |conversation: &Conversation| match conversation.kind {
            ConversationKind::Direct { .. } => Some(list_rank(conversation, false, conversation.last_message_at)),
            ConversationKind::Room(_) => None,
        };
        let directs = self.in_order(&rank).into_iter().filter_map(|conversation| match &conversation.kind {
            ConversationKind::Direct { with } => Some((conversation, with)),
            ConversationKind::Room(_) => None,
        });
        directs.collect()
    }

    /// The conversations with a rank, from the highest rank to the lowest.
    fn in_order(&self, rank: &dyn Fn(&Conversation) -> Option<ListRank>) -> Vec<&Conversation> {
        // A heap, because `sort` is much more code for the browser to load.
        let ranked = self.all.iter().enumerate();
        let mut highest: BinaryHeap<_> =
            ranked.filter_map(|(index, known)| Some((rank(known)?, known.id, index))).collect();
        iter::from_fn(|| highest.pop().map(|(_, _, index)| &self.all[index])).collect()
    }

    /// The directs with events whose other users have deleted their accounts, grouped by nickname. The direct with the newest
    /// message comes first, both among the groups and in each of them.
    pub fn former_directs(&self) -> Vec<Vec<(&Conversation, User)>> {
        let mut names: Vec<(String, Vec<(&Conversation, User)>)> = Vec::new();
        for (direct, with) in self.directs().into_iter().filter(|(it, with)| with.gone && it.last_seq > Seq::ZERO) {
            let (name, direct) = (lowercase(with.user.nickname.as_str()), (direct, with.user.clone()));
            match names.iter_mut().find(|(known, _)| *known == name) {
                Some((_, directs)) => directs.push(direct),
                None => names.push((name, vec![direct])),
            }
        }
        names.into_iter().map(|(_, directs)| directs).collect()
    }

    /// Whether there is a direct with an earlier user of the same nickname, who has gone: this user is another person.
    pub fn is_namesake(&self, user: &User) -> bool {
        let name = lowercase(user.nickname.as_str());
        let is_former = |with: &Companion| with.gone && with.user.id != user.id;
        self.directs().iter().any(|(_, with)| is_former(with) && lowercase(with.user.nickname.as_str()) == name)
    }

    /// The number of unread messages in all loaded conversations that call for the reader's attention.
    pub fn attention(&self) -> u32 {
        self.all.iter().map(Conversation::attention).sum()
    }

    /// The number of unread messages in all loaded conversations of which the reader was told.
    pub fn mentions(&self) -> u32 {
        self.all.iter().map(|conversation| conversation.mentions).sum()
    }

    fn get_mut(&mut self, id: ConversationId) -> Option<&mut Conversation> {
        self.all.iter_mut().find(|conversation| conversation.id == id)
    }
}

/// The place of a conversation in the list, the highest first: whether it is kept at the top, whether it calls for attention,
/// whether it is the Lobby, and when the newest message was sent. The Lobby comes before its equals, because everybody is there
/// and knows it: its place should not change with what is said elsewhere.
type ListRank = (bool, bool, bool, Timestamp);

fn list_rank(conversation: &Conversation, is_lobby: bool, newest: Timestamp) -> ListRank {
    (conversation.pinned, conversation.attention() > 0, is_lobby, newest)
}

/// Applies what an event changes of a room, for the member `me`.
fn apply_to_room(room: &mut Room, event: &Event, me: UserId) {
    match &event.kind {
        EventKind::Room(change) => room.apply(change),
        EventKind::Notice(ModerationNotice { action, user, scope: Scope::Room, role, not_member, .. }) => {
            match action {
                Action::Appoint if user.id == me => room.role = role.unwrap_or_default(),
                Action::Remove | Action::Ban if !not_member => room.member_count = room.member_count.saturating_sub(1),
                _ => {}
            }
        }
        _ => {}
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests;
