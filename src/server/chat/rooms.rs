//! Creating and changing rooms, joining and leaving them, and reading the directory and members.

use crate::{
    domain::{
        CommandId, ConversationId, CurrentUser, DirectoryPage, DirectoryRoom, MAX_NICKNAME_CHARACTERS, MemberPage,
        Nickname, Posting, RoomName, RoomTopic, UserId, UserKind, Visibility,
    },
    server::{
        chat::{command_context::CommandContext, service::ChatService},
        error::ChatError,
        rules::{AddMember, ChangeRoom, CreateRoom, JoinRoom, LeaveRoom, RoomAnswer, RoomSetting, UserRef},
        store::{DirectoryQuery, MemberSortKey, Receipt},
    },
};

/// A change of a room as a client asks for it.
#[derive(Clone, Debug, Default)]
pub(in crate::server) struct RoomChangeRequest {
    pub(in crate::server) name: Option<String>,
    pub(in crate::server) topic: Option<String>,
    pub(in crate::server) visibility: Option<Visibility>,
    pub(in crate::server) posting: Option<Posting>,
    pub(in crate::server) archived: Option<bool>,
}

impl RoomChangeRequest {
    /// The setting that is to be changed.
    ///
    /// # Errors
    /// [`ChatError::BadRequest`] unless there is exactly one; [`ChatError::InvalidRoomName`] and
    /// [`ChatError::TopicTooLong`].
    fn to_setting(&self) -> Result<RoomSetting, ChatError> {
        let mut settings = Vec::new();
        if let Some(name) = &self.name {
            settings.push(RoomSetting::Name(parse_name(name)?));
        }
        if let Some(topic) = &self.topic {
            settings.push(RoomSetting::Topic(RoomTopic::parse(topic)?));
        }
        settings.extend(self.visibility.map(RoomSetting::Visibility));
        settings.extend(self.posting.map(RoomSetting::Posting));
        settings.extend(self.archived.map(RoomSetting::Archived));
        match (settings.pop(), settings.is_empty()) {
            (Some(setting), true) => Ok(setting),
            _ => Err(ChatError::BadRequest("exactly one setting is changed at a time")),
        }
    }
}

fn parse_name(name: &str) -> Result<RoomName, ChatError> {
    RoomName::parse(name).map_err(ChatError::InvalidRoomName)
}

impl ChatService {
    /// Queues the creation of a room. Its creator's connections have been told of it once the receipt is delivered.
    pub(in crate::server) async fn create_room(
        &self,
        context: CommandContext,
        id: CommandId,
        name: &str,
        topic: &str,
        visibility: Visibility,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        let (name, topic) = (parse_name(name)?, RoomTopic::parse(topic)?);
        self.rate_limits.charge_room(context.user.id)?;
        let policy = self.room_creation;
        Ok(self.store.queue(CreateRoom { author: context.user, id, name, topic, visibility, policy }).await?)
    }

    /// Queues a change of a room.
    pub(in crate::server) async fn change_room(
        &self,
        context: CommandContext,
        id: CommandId,
        room: ConversationId,
        request: RoomChangeRequest,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        let setting = request.to_setting()?;
        Ok(self.store.queue(ChangeRoom { author: context.user, id, room, setting }).await?)
    }

    /// Queues joining a room.
    pub(in crate::server) async fn join(
        &self,
        context: CommandContext,
        id: CommandId,
        room: ConversationId,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        if room != self.lobby() {
            self.rate_limits.charge_join(context.user.id)?;
        }
        Ok(self.store.queue(JoinRoom { user: context.user, id, room }).await?)
    }

    /// Queues leaving a room.
    pub(in crate::server) async fn leave(
        &self,
        context: CommandContext,
        id: CommandId,
        room: ConversationId,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        Ok(self.store.queue(LeaveRoom { user: context.user, id, room }).await?)
    }

    /// Queues adding the user who has a nickname to a room.
    ///
    /// # Errors
    /// [`ChatError::UnknownNickname`]; [`ChatError::RateLimited`] if the user is added to too many rooms.
    pub(in crate::server) async fn add_member(
        &self,
        context: CommandContext,
        id: CommandId,
        room: ConversationId,
        nickname: &str,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        let unknown = || ChatError::UnknownNickname(nickname.chars().take(MAX_NICKNAME_CHARACTERS).collect());
        // A text that is not a valid nickname is nobody's.
        let Ok(name) = Nickname::parse_existing(nickname) else { return Err(unknown()) };
        self.add(context, id, room, UserRef::Nickname(name.key()), unknown()).await
    }

    /// The same for a user's id.
    pub(in crate::server) async fn add_member_with(
        &self,
        context: CommandContext,
        id: CommandId,
        room: ConversationId,
        user: UserId,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        self.add(context, id, room, UserRef::Id(user), ChatError::UnknownUser).await
    }

    async fn add(
        &self,
        context: CommandContext,
        id: CommandId,
        room: ConversationId,
        target: UserRef,
        unknown_user: ChatError,
    ) -> Result<Receipt<RoomAnswer>, ChatError> {
        let found = self.store.find_user(context.user.id, target).await?.ok_or(unknown_user)?;
        self.rate_limits.charge_addition(found.id)?;
        // By id from here on: another user may have the nickname by the time of the commit.
        let target = UserRef::Id(found.id);
        Ok(self.store.queue(AddMember { author: context.user, id, room, target }).await?)
    }

    /// Returns a part of the directory.
    ///
    /// # Errors
    /// [`ChatError::NotRegistered`] for guests, who are in the rooms that they were added to.
    pub(in crate::server) async fn directory(
        &self,
        me: &CurrentUser,
        query: DirectoryQuery,
    ) -> Result<DirectoryPage, ChatError> {
        if me.kind == UserKind::Guest {
            return Err(ChatError::NotRegistered);
        }
        Ok(self.store.directory(me.id, query).await?)
    }

    /// Returns a room that the user may know of.
    ///
    /// # Errors
    /// [`ChatError::UnknownConversation`].
    pub(in crate::server) async fn directory_room(
        &self,
        me: UserId,
        room: ConversationId,
    ) -> Result<DirectoryRoom, ChatError> {
        self.store.directory_room(me, room).await?.ok_or(ChatError::UnknownConversation)
    }

    /// Returns a part of the members of a room that the user is in.
    pub(in crate::server) async fn members(
        &self,
        me: UserId,
        room: ConversationId,
        after: Option<MemberSortKey>,
        limit: u32,
    ) -> Result<MemberPage, ChatError> {
        let mut page = self.store.members(me, room, after, limit).await?;
        for member in &mut page.members {
            member.online = self.presence.is_online(member.user.id);
        }
        Ok(page)
    }
}
