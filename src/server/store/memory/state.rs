//! The content of the reference store.

use std::collections::BTreeMap;

use crate::{
    domain::{ConversationId, InviteId, Nickname, Role, RoomName, RoomTopic, Seq, Timestamp, User, UserId, Visibility},
    server::{
        rules::{AuditRow, BannedNetwork, Entry, Erasure, ListKey, PasswordHash, SanctionKind, SanctionScope},
        store::memory::rows::{
            ConversationRow, EndedSessionRow, InviteRow, MarkRow, MemberRow, RoomRow, SanctionRow, SessionRow,
            StoredReport, UserRow,
        },
    },
};

/// The content of a store. Mutations change it, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) users: BTreeMap<UserId, UserRow>,
    /// By the hash of the token.
    pub(crate) sessions: BTreeMap<[u8; 32], SessionRow>,
    pub(crate) ended_sessions: BTreeMap<[u8; 32], EndedSessionRow>,
    /// The room that everybody is in.
    pub(crate) lobby: ConversationId,
    pub(crate) conversations: BTreeMap<ConversationId, ConversationRow>,
    pub(crate) members: BTreeMap<(ConversationId, UserId), MemberRow>,
    /// Who has blocked whom, and when.
    pub(crate) blocks: BTreeMap<(UserId, UserId), Timestamp>,
    /// The entry with position 1 is the first.
    pub(crate) log: Vec<LogRow>,
    pub(crate) sanctions: BTreeMap<(UserId, SanctionScope, SanctionKind), SanctionRow>,
    /// By the mark as a text, and what it is a mark of.
    pub(super) marks: BTreeMap<(String, UserId, SanctionScope, SanctionKind), MarkRow>,
    /// By the network as a text.
    pub(super) networks: BTreeMap<String, BannedNetwork>,
    pub(crate) invites: BTreeMap<InviteId, InviteRow>,
    pub(crate) reports: BTreeMap<u64, StoredReport>,
    /// Ids are not used again.
    pub(super) last_report: u64,
    pub(super) audit: BTreeMap<u64, AuditRow>,
    pub(super) last_audit: u64,
    pub(super) erasures: BTreeMap<(UserId, ConversationId), Erasure>,
    /// By how much the machine's clock was ahead, since a time of the server's clock.
    pub(super) clock_offsets: BTreeMap<Timestamp, i64>,
    pub(super) ran_at: Option<Timestamp>,
}

/// An entry of the commit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub(crate) at: Timestamp,
    pub(crate) change: LoggedChange,
}

/// What an entry of the commit log tells. The event itself is in its conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LoggedChange {
    Event(ConversationId, Seq),
    Entry(Entry),
}

impl State {
    /// A new store: the server's own user and the Lobby.
    pub(crate) fn new(lobby: ConversationId, created_at: Timestamp) -> Self {
        let server = UserRow {
            nickname: Nickname::from_trusted("Teahouse".into()),
            key: None,
            password: Some(PasswordHash("!".into())),
            role: Role::Owner,
            created_at: Timestamp::default(),
            address: None,
            invited: false,
        };
        let room = RoomRow::new(RoomName::from_trusted("Lobby".into()), RoomTopic::none(), Visibility::Public);
        Self {
            users: BTreeMap::from([(UserId::SYSTEM, server)]),
            sessions: BTreeMap::new(),
            ended_sessions: BTreeMap::new(),
            lobby,
            conversations: BTreeMap::from([(lobby, ConversationRow::new(Some(room), None, created_at))]),
            members: BTreeMap::new(),
            blocks: BTreeMap::new(),
            log: Vec::new(),
            sanctions: BTreeMap::new(),
            marks: BTreeMap::new(),
            networks: BTreeMap::new(),
            invites: BTreeMap::new(),
            reports: BTreeMap::new(),
            last_report: 0,
            audit: BTreeMap::new(),
            last_audit: 0,
            erasures: BTreeMap::new(),
            clock_offsets: BTreeMap::from([(Timestamp::default(), 0)]),
            ran_at: None,
        }
    }

    /// A user as others see them, even one who is gone. Users are never deleted.
    pub(crate) fn shown_user(&self, id: UserId) -> Option<User> {
        self.users.get(&id).map(|user| user.shown(id))
    }

    /// A user who appears in a row, and so exists.
    pub(super) fn known_user(&self, id: UserId) -> User {
        self.shown_user(id).expect("rows name users who exist")
    }

    pub(super) fn has_session(&self, user: UserId) -> bool {
        self.sessions.values().any(|session| session.user == user)
    }

    /// Users with a nickname and without a password.
    pub(super) fn named_guests(&self) -> impl Iterator<Item = (UserId, &UserRow)> {
        let users = self.users.iter().map(|(id, user)| (*id, user));
        users.filter(|(_, user)| !user.is_gone() && user.password.is_none())
    }

    /// The conversations that a user is a member of.
    pub(crate) fn conversations_of(&self, user: UserId) -> impl Iterator<Item = (ConversationId, &MemberRow)> {
        self.members.iter().filter(move |((_, member), _)| *member == user).map(|((id, _), member)| (*id, member))
    }

    /// The other user of a direct.
    pub(crate) fn other_of(&self, direct: ConversationId, user: UserId) -> Option<UserId> {
        let users = self.conversations.get(&direct)?.users?;
        users.into_iter().find(|other| *other != user)
    }

    /// The conversation, if it is in the user's list.
    pub(super) fn listed(&self, user: UserId, id: ConversationId) -> Option<(&ConversationRow, &MemberRow, ListKey)> {
        let member = self.members.get(&(id, user))?;
        Some((self.conversations.get(&id)?, member, member.listed?))
    }

    /// Guests who hold a nickname without a session: clients of the simple protocol. They cannot come back after a restart.
    pub(crate) fn sessionless_guests(&self) -> Vec<UserId> {
        self.named_guests().map(|(id, _)| id).filter(|id| !self.has_session(*id)).collect()
    }
}
