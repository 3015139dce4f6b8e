//! Rooms: the commands that create and change them, the directory, and who is in them.

use crate::{
    client::{
        api::{RequestError, encoded, get},
        clock::now,
        store::{ClientStore, CommandAnswer},
    },
    domain::{
        Action, CommandId, ConversationId, DirectoryPage, DirectoryRoom, MemberPage, Posting, Role, UserId, Visibility,
    },
    protocol::{ClientFrame, ErrorCode},
};

/// How many rooms or members are fetched at once.
const PAGE_SIZE: usize = 50;

/// A setting of a room, with its new value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingChange {
    /// The name, as typed.
    Name(String),
    /// The topic, as typed; empty to remove it.
    Topic(String),
    /// Who can see it.
    Visibility(Visibility),
    /// Who may write.
    Posting(Posting),
    /// Whether it can only be read.
    Archived(bool),
}

/// The rooms whose names contain `search`: a part of the directory after the cursor `after`, or its beginning.
///
/// # Errors
/// [`RequestError`] says what to tell the user.
pub async fn directory(search: &str, archived: bool, after: Option<&str>) -> Result<DirectoryPage, RequestError> {
    let path = format!("/api/rooms?limit={PAGE_SIZE}&archived={archived}&q={}", encoded(search));
    get(path + &after_query(after)).await
}

/// A room that the user may know of, member or not.
///
/// # Errors
/// As for [`directory`].
pub async fn directory_room(id: ConversationId) -> Result<DirectoryRoom, RequestError> {
    get(format!("/api/rooms/{id}")).await
}

/// The members of a conversation: a part after the cursor `after`, or the beginning.
///
/// # Errors
/// As for [`directory`].
pub async fn members(conversation: ConversationId, after: Option<&str>) -> Result<MemberPage, RequestError> {
    let path = format!("/api/conversations/{conversation}/members?limit={PAGE_SIZE}");
    get(path + &after_query(after)).await
}

fn after_query(after: Option<&str>) -> String {
    after.map(|after| format!("&after={}", encoded(after))).unwrap_or_default()
}

impl ClientStore {
    /// Creates a room, and returns its id.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn create_room(
        self,
        name: String,
        topic: String,
        visibility: Visibility,
    ) -> Result<ConversationId, RequestError> {
        let id = CommandId::new_at(now());
        answer(self.request(id, ClientFrame::CreateRoom { id, name, topic, visibility }).await)
    }

    /// Changes a setting of a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn change_room(self, conversation: ConversationId, setting: SettingChange) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        let (mut name, mut topic, mut visibility, mut posting, mut archived) = (None, None, None, None, None);
        match setting {
            SettingChange::Name(new) => name = Some(new),
            SettingChange::Topic(new) => topic = Some(new),
            SettingChange::Visibility(new) => visibility = Some(new),
            SettingChange::Posting(new) => posting = Some(new),
            SettingChange::Archived(new) => archived = Some(new),
        }
        let frame = ClientFrame::ChangeRoom { id, conversation, name, topic, visibility, posting, archived };
        answer(self.request(id, frame).await).map(drop)
    }

    /// Joins a public room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn join_public_room(self, conversation: ConversationId) -> Result<(), RequestError> {
        answer(self.join_room(conversation).await).map(drop)
    }

    /// Leaves a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn leave_room(self, conversation: ConversationId) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        answer(self.request(id, ClientFrame::Leave { id, conversation }).await).map(drop)
    }

    /// Adds the user of this nickname to a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn add_member(self, conversation: ConversationId, nickname: String) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        let frame = ClientFrame::AddMember { id, conversation, nickname: Some(nickname), user: None };
        answer(self.request(id, frame).await).map(drop)
    }

    /// Gives a user another role in a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn appoint(self, conversation: ConversationId, user: UserId, role: Role) -> Result<(), RequestError> {
        self.moderate_in_room(conversation, user, Action::Appoint, Some(role)).await
    }

    /// Removes a user from a room.
    ///
    /// # Errors
    /// As for [`Self::create_room`].
    pub async fn remove_member(self, conversation: ConversationId, user: UserId) -> Result<(), RequestError> {
        self.moderate_in_room(conversation, user, Action::Remove, None).await
    }

    async fn moderate_in_room(
        self,
        room: ConversationId,
        user: UserId,
        action: Action,
        role: Option<Role>,
    ) -> Result<(), RequestError> {
        let id = CommandId::new_at(now());
        let conversation = Some(room);
        let frame = ClientFrame::Moderate { id, action, user, conversation, minutes: None, role, address: false };
        answer(self.request(id, frame).await).map(drop)
    }
}

fn answer(reply: CommandAnswer) -> Result<ConversationId, RequestError> {
    reply.map_err(refused)
}

/// The error of a command that was refused with this code, or that had no connection.
pub fn refused(code: Option<ErrorCode>) -> RequestError {
    code.map_or(RequestError::Unreachable, |code| RequestError::Refused {
        code,
        suggestion: None,
        retry_after_ms: None,
    })
}
