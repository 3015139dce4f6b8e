//! The traits for reading of the reference store.

use async_trait::async_trait;

use crate::{
    domain::{
        AuditPage, Conversation, ConversationId, ConversationList, DirectoryPage, DirectoryRoom, Event, Invite,
        MemberPage, MessagesPage, NicknameKey, ReportList, Sanction, Seq, SessionEnd, SessionId, SessionInfo,
        Timestamp, User, UserId,
    },
    server::{
        rules::{BannedNetwork, InviteKey, SessionKey, UserRef, may_write},
        store::{
            accounts::{Account, Accounts, Session, Sessions},
            conversations::{ConnectionSnapshot, ConversationLists, FoundUser, ListSortKey},
            error::StoreError,
            history::{FoundMessage, History, HistoryWindow, MessageLookup},
            memory::{memory_store::MemoryStore, state::State},
            moderation::ModerationRecords,
            rooms::{DirectoryQuery, MemberSortKey, Rooms},
        },
    },
};

#[async_trait]
impl Accounts for MemoryStore {
    async fn account(&self, nickname: NicknameKey) -> Result<Option<Account>, StoreError> {
        self.read(|state| state.account(&nickname))
    }

    async fn user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.read(|state| state.shown_user(user).filter(|user| user.id != UserId::SYSTEM))
    }

    async fn is_gone(&self, user: UserId) -> Result<bool, StoreError> {
        self.read(|state| state.is_gone(user))
    }

    async fn find_users(&self, part: String, limit: u32) -> Result<Vec<User>, StoreError> {
        self.read(|state| state.find_users(&part, limit))
    }

    async fn users(&self) -> Result<Vec<User>, StoreError> {
        self.read(State::all_users)
    }

    async fn has_owner(&self) -> Result<bool, StoreError> {
        self.read(State::has_owner)
    }

    async fn uninvited_guests(&self) -> Result<u32, StoreError> {
        self.read(State::uninvited_guests)
    }

    async fn invite_is_valid(&self, invite: InviteKey) -> Result<bool, StoreError> {
        self.read(|state| state.invite_is_valid(invite, self.now()))
    }
}

#[async_trait]
impl Sessions for MemoryStore {
    async fn session(&self, session: SessionKey) -> Result<Option<Session>, StoreError> {
        self.read(|state| state.session(session))
    }

    async fn session_end(&self, session: SessionKey) -> Result<Option<SessionEnd>, StoreError> {
        self.read(|state| state.session_end(session))
    }

    async fn sessions(&self, user: UserId) -> Result<Vec<SessionInfo>, StoreError> {
        self.read(|state| state.sessions_by_use(user, self.now()))
    }
}

#[async_trait]
impl Rooms for MemoryStore {
    async fn directory(&self, reader: UserId, query: DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.read(|state| state.directory(reader, &query))
    }

    async fn directory_room(&self, reader: UserId, room: ConversationId) -> Result<Option<DirectoryRoom>, StoreError> {
        self.read(|state| state.directory_room(reader, room))
    }

    async fn members(
        &self,
        reader: UserId,
        room: ConversationId,
        after: Option<MemberSortKey>,
        limit: u32,
    ) -> Result<MemberPage, StoreError> {
        Ok(self.read(|state| state.room_members(reader, room, after.as_ref(), limit))??)
    }
}

#[async_trait]
impl ConversationLists for MemoryStore {
    async fn memberships(&self, user: UserId) -> Result<Vec<ConversationId>, StoreError> {
        self.read(|state| state.memberships_of(user))
    }

    async fn connection_snapshot(
        &self,
        user: UserId,
        session: SessionId,
        requested: Vec<ConversationId>,
    ) -> Result<Option<ConnectionSnapshot>, StoreError> {
        Ok(self.read(|state| state.connection_snapshot(user, session, &requested))??)
    }

    async fn conversations(
        &self,
        user: UserId,
        before: Option<ListSortKey>,
        limit: u32,
    ) -> Result<ConversationList, StoreError> {
        Ok(self.read(|state| state.conversation_page(user, before, limit))??)
    }

    async fn conversation(&self, user: UserId, id: ConversationId) -> Result<Conversation, StoreError> {
        Ok(self.read(|state| state.seen_conversation(user, id))??)
    }

    async fn find_user(&self, opener: UserId, target: UserRef) -> Result<Option<FoundUser>, StoreError> {
        self.read(|state| state.find_user(opener, &target))
    }

    async fn blocks(&self, user: UserId) -> Result<Vec<User>, StoreError> {
        self.read(|state| state.blocked_users(user))
    }

    async fn may_write(&self, user: UserId, conversation: ConversationId) -> Result<bool, StoreError> {
        self.read(|state| may_write(&state.sanctions_on(user), conversation, self.now().server))
    }
}

#[async_trait]
impl History for MemoryStore {
    async fn messages(
        &self,
        reader: UserId,
        conversation: ConversationId,
        window: HistoryWindow,
        limit: u32,
        bytes: usize,
    ) -> Result<MessagesPage, StoreError> {
        Ok(self.read(|state| state.messages_page(reader, conversation, window, limit, bytes))??)
    }

    async fn find_messages(&self, lookup: MessageLookup, limit: u32) -> Result<Vec<FoundMessage>, StoreError> {
        self.read(|state| state.find_messages(lookup, limit))
    }

    async fn events(
        &self,
        conversation: ConversationId,
        after: Seq,
        up_to: Seq,
        limit: u32,
        bytes: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(|state| state.events_between(conversation, after, up_to, limit, bytes))
    }

    async fn due_for_retention(&self, before: Timestamp, limit: u32) -> Result<Vec<ConversationId>, StoreError> {
        self.read(|state| state.due_for_retention(before, limit))
    }
}

#[async_trait]
impl ModerationRecords for MemoryStore {
    async fn sanctions(&self) -> Result<Vec<Sanction>, StoreError> {
        self.read(|state| state.sanctions_in_force(self.now()))
    }

    async fn banned_networks(&self) -> Result<Vec<BannedNetwork>, StoreError> {
        self.read(|state| state.networks_in_force(self.now()))
    }

    async fn invites(&self) -> Result<Vec<Invite>, StoreError> {
        self.read(|state| state.valid_invites(self.now()))
    }

    async fn reports(&self, reader: Option<UserId>, limit: u32) -> Result<ReportList, StoreError> {
        self.read(|state| state.report_list(reader, limit))
    }

    async fn count_reports(&self, reader: UserId) -> Result<u64, StoreError> {
        self.read(|state| state.count_reports(Some(reader)))
    }

    async fn audit_page(&self, before: Option<u64>, limit: u32) -> Result<AuditPage, StoreError> {
        self.read(|state| state.audit_entries(before, limit))
    }
}
