//! The rows of the reference store.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        Body, ClientAddr, CommandId, ConversationId, Emoji, EndReason, EventKind, InviteId, Mention, Message, Nickname,
        NicknameKey, Posting, Reason, Role, RoomName, RoomTopic, Seq, SessionId, Timestamp, User, UserId, Visibility,
    },
    server::rules::{InviteKey, ListKey, MessageListener, PasswordHash, RoomFacts, SessionKey},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserRow {
    pub(crate) nickname: Nickname,
    /// `None` after the nickname was released.
    pub(crate) key: Option<NicknameKey>,
    pub(crate) password: Option<PasswordHash>,
    pub(crate) role: Role,
    pub(crate) created_at: Timestamp,
    pub(crate) address: Option<ClientAddr>,
    pub(crate) invited: bool,
}

impl UserRow {
    pub(crate) fn is_gone(&self) -> bool {
        self.key.is_none()
    }

    /// The user as others see them.
    pub(crate) fn shown(&self, id: UserId) -> User {
        User { id, nickname: self.nickname.clone(), registered: self.password.is_some(), role: self.role }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionRow {
    pub(crate) key: SessionKey,
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) begun_at: Timestamp,
    pub(crate) seen_at: Timestamp,
    pub(crate) agent: String,
    pub(crate) used: bool,
    pub(crate) address: Option<ClientAddr>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndedSessionRow {
    pub(crate) user: UserId,
    pub(crate) reason: EndReason,
    pub(crate) at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConversationRow {
    /// `None` for a direct.
    pub(crate) room: Option<RoomRow>,
    /// The two users of a direct.
    pub(crate) users: Option<[UserId; 2]>,
    pub(crate) created_at: Timestamp,
    /// Retention has processed the events up to this one.
    pub(crate) retained: Seq,
    /// The event with seq 1 is the first.
    pub(crate) events: Vec<EventRow>,
    /// Messages that later events have changed.
    pub(crate) states: BTreeMap<Seq, MessageState>,
    /// The event that added each reaction.
    pub(crate) reactions: BTreeMap<(Seq, Emoji, UserId), Seq>,
    /// Who is told of each message.
    pub(crate) listeners: BTreeMap<Seq, BTreeSet<MessageListener>>,
    /// Who has muted which thread.
    pub(crate) muted_threads: BTreeSet<(Seq, UserId)>,
    /// The pinned messages, and the event that pinned each.
    pub(crate) pins: BTreeMap<Seq, Seq>,
}

/// What is set of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RoomRow {
    pub(crate) name: RoomName,
    pub(crate) topic: RoomTopic,
    pub(crate) visibility: Visibility,
    pub(crate) posting: Posting,
    pub(crate) is_archived: bool,
}

impl RoomRow {
    pub(crate) fn new(name: RoomName, topic: RoomTopic, visibility: Visibility) -> Self {
        Self { name, topic, visibility, posting: Posting::Everyone, is_archived: false }
    }

    pub(super) fn facts(&self) -> RoomFacts {
        RoomFacts { visibility: self.visibility, posting: self.posting, is_archived: self.is_archived }
    }
}

impl ConversationRow {
    pub(crate) fn new(room: Option<RoomRow>, users: Option<[UserId; 2]>, created_at: Timestamp) -> Self {
        Self {
            room,
            users,
            created_at,
            retained: Seq::ZERO,
            events: Vec::new(),
            states: BTreeMap::new(),
            reactions: BTreeMap::new(),
            listeners: BTreeMap::new(),
            muted_threads: BTreeSet::new(),
            pins: BTreeMap::new(),
        }
    }

    pub(crate) fn last_seq(&self) -> Seq {
        Seq(self.events.len() as u64)
    }

    pub(crate) fn event(&self, seq: Seq) -> Option<&EventRow> {
        self.events.get(usize::try_from(seq.0).ok()?.checked_sub(1)?)
    }

    /// All events, in ascending order.
    pub(crate) fn numbered(&self) -> impl DoubleEndedIterator<Item = (Seq, &EventRow)> {
        self.events.iter().enumerate().map(|(index, event)| (Seq(index as u64 + 1), event))
    }

    /// All messages and notices, in ascending order, deleted ones included.
    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = (Seq, &EventRow)> {
        self.numbered().filter(|(_, event)| event.is_message() || event.is_notice())
    }

    /// The replies of a thread, in ascending order.
    pub(crate) fn replies(&self, thread: Seq) -> impl DoubleEndedIterator<Item = (Seq, &EventRow)> {
        self.numbered().filter(move |(_, event)| event.kind.reply().is_some_and(|reply| reply.thread == thread))
    }

    /// The present mentions of a message.
    pub(crate) fn mentions(&self, seq: Seq) -> &[Mention] {
        match self.states.get(&seq) {
            Some(MessageState { body: Some(_), mentions, .. }) => mentions,
            _ => self.event(seq).map_or(&[], |event| event.kind.mentions()),
        }
    }

    pub(crate) fn is_deleted(&self, seq: Seq) -> bool {
        self.states.get(&seq).is_some_and(|state| state.is_deleted)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventRow {
    pub(crate) at: Timestamp,
    pub(crate) author: UserId,
    pub(crate) id: CommandId,
    /// The text of a deleted message is empty.
    pub(crate) kind: EventKind,
}

impl EventRow {
    pub(crate) fn is_message(&self) -> bool {
        matches!(self.kind, EventKind::Message { .. })
    }

    /// Whether it is a notice, of a moderation action or of a change of the room.
    pub(crate) fn is_notice(&self) -> bool {
        matches!(self.kind, EventKind::Notice(_) | EventKind::Room(_))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MessageState {
    /// The newest event that is folded in.
    pub(crate) revision: Seq,
    /// The present text; `None`: the original one.
    pub(crate) body: Option<Body>,
    /// The mentions in `body`.
    pub(crate) mentions: Vec<Mention>,
    pub(crate) edited_at: Option<Timestamp>,
    pub(crate) is_deleted: bool,
    /// How many messages are in the thread that it begins.
    pub(crate) replies: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberRow {
    pub(crate) read_seq: Seq,
    pub(crate) joined_at: Timestamp,
    pub(crate) listed: Option<ListKey>,
    /// The role in a room.
    pub(crate) role: Role,
    pub(crate) is_muted: bool,
    pub(crate) is_pinned: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SanctionRow {
    pub(crate) until: Option<Timestamp>,
    /// The guest from whom it was inherited.
    pub(crate) origin: Option<UserId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MarkRow {
    pub(crate) until: Option<Timestamp>,
    pub(crate) since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InviteRow {
    pub(crate) id: InviteId,
    pub(crate) key: InviteKey,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: Option<UserId>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) max_uses: Option<u32>,
    pub(crate) uses: u32,
    pub(crate) is_revoked: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredReport {
    pub(crate) at: Timestamp,
    pub(crate) reporter: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) seq: Seq,
    pub(crate) author: UserId,
    pub(crate) reason: Reason,
    pub(crate) messages: Vec<Message>,
}
