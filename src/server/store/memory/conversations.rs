//! Reading lists of conversations from the reference store.

use std::cmp::Reverse;

use crate::{
    domain::{
        Companion, Conversation, ConversationId, ConversationKind, ConversationList, MAX_UNREAD, Room, SessionId,
        Timestamp, User, UserId,
    },
    server::{
        rules::{ListKey, MessageListener, Refusal, UserRef},
        store::{
            conversations::{ConnectionSnapshot, FoundUser, LISTED_AT_ONCE, ListSortKey, direct_order},
            memory::{
                rows::{ConversationRow, MemberRow},
                state::State,
            },
        },
    },
};

/// The newest message is looked for among as many events.
const EVENTS_SEARCHED: u64 = 100;

impl ConversationRow {
    /// The time of the newest message among the last events, or else that of the last event; 0 without events.
    pub(super) fn last_message_at(&self) -> Timestamp {
        let first = self.last_seq().0.saturating_sub(EVENTS_SEARCHED);
        let message = self.messages().rev().map(|(seq, event)| (seq, event.at)).find(|(seq, _)| seq.0 > first);
        let last = self.events.last().map(|event| event.at);
        message.map(|(_, at)| at).or(last).unwrap_or_default()
    }
}

impl State {
    pub(super) fn member_count(&self, id: ConversationId) -> u64 {
        self.members.keys().filter(|(conversation, _)| *conversation == id).count() as u64
    }

    /// The conversations in the user's list, sorted by id.
    pub(crate) fn memberships_of(&self, user: UserId) -> Vec<ConversationId> {
        self.conversations_of(user).filter(|(_, member)| member.listed.is_some()).map(|(id, _)| id).collect()
    }

    pub(crate) fn seen_conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, Refusal> {
        let (row, member, _) = self.listed(user, id).ok_or(Refusal::NotMember)?;
        let kind = if let Some(other) = self.other_of(id, user) {
            let gone = self.users[&other].is_gone();
            ConversationKind::Direct { with: Companion { user: self.known_user(other), gone } }
        } else {
            let room = row.room.clone().ok_or(Refusal::NotMember)?;
            ConversationKind::Room(Room {
                name: room.name,
                topic: room.topic,
                visibility: room.visibility,
                posting: room.posting,
                archived: room.is_archived,
                lobby: id == self.lobby,
                role: member.role,
                member_count: self.member_count(id),
            })
        };
        Ok(Conversation {
            id,
            kind,
            last_seq: row.last_seq(),
            last_message_at: row.last_message_at(),
            read_seq: member.read_seq,
            unread: self.unread(user, row, member),
            mentions: self.unread_mentions(user, row, member),
            muted: member.is_muted,
            pinned: member.is_pinned,
        })
    }

    /// Counts the messages after the read mark that the member is told of, without what blocked users wrote.
    fn unread_mentions(&self, user: UserId, row: &ConversationRow, member: &MemberRow) -> u32 {
        let told = row.listeners.range(member.read_seq.next()..).filter(|(seq, listeners)| {
            let is_told =
                [MessageListener::User(user), MessageListener::Everyone].iter().any(|it| listeners.contains(it));
            let author = row.event(**seq).map(|event| event.author);
            is_told && author.is_some_and(|author| author != user && !self.blocks.contains_key(&(user, author)))
        });
        u32::try_from(told.take(MAX_UNREAD as usize).count()).unwrap_or(MAX_UNREAD)
    }

    /// Counts the messages of others after the read mark, without deleted ones, notices, and what blocked users wrote.
    fn unread(&self, user: UserId, row: &ConversationRow, member: &MemberRow) -> u32 {
        let unread = row.messages().filter(|(seq, event)| {
            let is_of_other = event.author != user && !self.blocks.contains_key(&(user, event.author));
            *seq > member.read_seq && event.is_message() && is_of_other && !row.is_deleted(*seq)
        });
        u32::try_from(unread.take(MAX_UNREAD as usize).count()).unwrap_or(MAX_UNREAD)
    }

    pub(super) fn conversation_page(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, Refusal> {
        let mut keys: Vec<(ListKey, ConversationId)> =
            self.conversations_of(user).filter_map(|(id, member)| Some((member.listed?, id))).collect();
        keys.sort_by_key(|key| Reverse(*key));
        let (mut rooms, mut directs): (Vec<_>, Vec<_>) = keys.into_iter().partition(|(key, _)| *key == ListKey::ROOM);
        rooms.reverse();
        if let Some(ListSortKey { minute, conversation }) = before {
            rooms.clear();
            directs.retain(|key| *key < (ListKey(minute), conversation));
        }
        let limit = limit as usize;
        let last = limit.checked_sub(1).and_then(|last| directs.get(last)).filter(|_| directs.len() > limit);
        let older =
            last.map(|(key, conversation)| ListSortKey { minute: key.0, conversation: *conversation }.to_string());
        directs.truncate(limit);
        let view = |(_, id)| self.seen_conversation(user, id);
        let mut conversations: Vec<_> = rooms.into_iter().map(view).collect::<Result<_, _>>()?;
        let mut directs: Vec<_> = directs.into_iter().map(view).collect::<Result<_, _>>()?;
        directs.sort_by_key(direct_order);
        conversations.extend(directs);
        Ok(ConversationList { conversations, older })
    }

    pub(super) fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        requested: &[ConversationId],
    ) -> Result<Option<ConnectionSnapshot>, Refusal> {
        if !self.sessions.values().any(|row| row.id == session && row.user == user) {
            return Ok(None);
        }
        let list = self.conversation_page(user, None, LISTED_AT_ONCE)?;
        let memberships = self.memberships_of(user);
        let is_further = |id: &&ConversationId| {
            memberships.contains(id) && list.conversations.iter().all(|listed| listed.id != **id)
        };
        let further = requested.iter().filter(is_further).map(|id| self.seen_conversation(user, *id));
        let requested_conversations = further.collect::<Result<_, _>>()?;
        let blocks = self.blocked_users(user);
        Ok(Some(ConnectionSnapshot { list, requested_conversations, memberships, blocks }))
    }

    pub(super) fn find_user(&self, opener: UserId, target: &UserRef) -> Option<FoundUser> {
        let id = match target {
            UserRef::Nickname(key) => self.holder_of(key)?,
            UserRef::Id(id) => Some(*id).filter(|id| *id != UserId::SYSTEM && self.users.contains_key(id))?,
        };
        Some(FoundUser { id, has_direct: self.direct_between(opener, id).is_some() })
    }

    pub(crate) fn blocked_users(&self, user: UserId) -> Vec<User> {
        let mut blocks: Vec<_> = self.blocks.iter().filter(|((blocker, _), _)| *blocker == user).collect();
        blocks.sort_by_key(|((_, other), at)| (**at, *other));
        blocks.into_iter().map(|((_, other), _)| self.known_user(*other)).collect()
    }
}
