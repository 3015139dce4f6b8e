//! Requests: commands that bypass the outbox, and calls of the HTTP API that change or extend what the page knows.

use futures_channel::oneshot;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    client::{
        api::{self, RequestError},
        clock::now,
        connection_command::ConnectionCommand,
        connection_status::ConnectionStatus,
        small_map::SmallMap,
        store::{ClientStore, CommandAnswer},
    },
    domain::{CommandId, ConversationId, CurrentUser, UserId, UserKind},
    protocol::{ClientFrame, ErrorCode},
    state::Conversations,
};

/// How often a conversation is fetched at most if every answer is outdated when it arrives.
const MAX_REFRESH_ATTEMPTS: u32 = 3;

impl ClientStore {
    /// Finds or begins the direct with the user of this nickname.
    ///
    /// # Errors
    /// The server's reason, or `None` without a connection.
    pub async fn open_direct(self, nickname: String) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::new_at(now());
        self.request(id, ClientFrame::OpenDirect { id, nickname: Some(nickname), user: None }).await
    }

    /// Finds or begins the direct with this user, even if another user has the nickname by now.
    ///
    /// # Errors
    /// As for [`Self::open_direct`].
    pub async fn open_direct_with(self, user: UserId) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::new_at(now());
        self.request(id, ClientFrame::OpenDirect { id, nickname: None, user: Some(user) }).await
    }

    /// Rejoins a room.
    ///
    /// # Errors
    /// As for [`Self::open_direct`].
    pub async fn join_room(self, conversation: ConversationId) -> Result<ConversationId, Option<ErrorCode>> {
        let id = CommandId::new_at(now());
        self.request(id, ClientFrame::Join { id, conversation }).await
    }

    /// Sends a command that does not go through the outbox, and waits for its answer.
    pub(super) async fn request(self, id: CommandId, command: ClientFrame) -> CommandAnswer {
        let (sender, reply) = oneshot::channel();
        self.pending_requests.update_value(|requests| requests.insert(id, sender));
        if self.connection_status.get_untracked() != ConnectionStatus::Online
            || !self.send_to_connection(ConnectionCommand::Send(command))
        {
            self.answer_request(id, Err(None));
        }
        reply.await.unwrap_or(Err(None))
    }

    /// Passes an answer to the request that waits for it. Returns whether there is one.
    pub(super) fn answer_request(self, id: CommandId, reply: CommandAnswer) -> bool {
        let request = self.pending_requests.try_update_value(|requests| requests.remove(&id)).flatten();
        request.is_some_and(|request| request.send(reply).is_ok())
    }

    /// Ends all pending requests with an error, because the connection is lost.
    pub(super) fn cancel_requests(self) {
        self.pending_requests.update_value(SmallMap::clear);
    }

    /// Fetches the next part of the list of directs. Returns whether that worked.
    pub async fn load_more_conversations(self) -> bool {
        let Some(before) = self.conversations.with_untracked(|all| all.older().map(str::to_owned)) else { return true };
        let list = api::conversations(&before).await;
        let is_next = self.conversations.with_untracked(|all| all.older() == Some(&before));
        let is_loaded = list.is_some();
        if let Some(list) = list.filter(|_| is_next) {
            self.conversations.update(|conversations| conversations.extend(list));
        }
        is_loaded
    }

    /// Fetches a conversation that is not in the list yet, or whose unread count is unknown.
    pub(super) fn refresh_conversation(self, id: ConversationId) {
        spawn_local(async move {
            for _ in 0..MAX_REFRESH_ATTEMPTS {
                let generation = self.conversations.with_untracked(Conversations::generation);
                let Some(conversation) = api::conversation(id).await else { return };
                // What arrived since the server read it is missing in the answer.
                let mut is_up_to_date = false;
                self.conversations.update(|all| is_up_to_date = all.put_fetched(conversation, generation));
                if is_up_to_date {
                    return;
                }
            }
        });
    }

    /// Fetches a direct that may be in the part of the list that has not been fetched. Returns whether there is one; then it is
    /// in the list, or will be shortly.
    pub async fn fetch_older_direct(self, id: ConversationId) -> bool {
        if self.conversations.with_untracked(|all| all.older().is_none()) {
            return false;
        }
        let generation = self.conversations.with_untracked(Conversations::generation);
        let Some(direct) = api::conversation(id).await else { return false };
        if self.conversations.try_update(|all| all.put_fetched(direct, generation)) == Some(false) {
            self.refresh_conversation(id);
        }
        true
    }

    /// Removes a direct from the list. It returns with its next message.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn hide_direct(self, direct: ConversationId) -> Result<(), RequestError> {
        api::hide_direct(direct).await
    }

    /// Blocks or unblocks a user. A frame announces it to all connections of the current user.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn set_blocked(self, user: UserId, on: bool) -> Result<(), RequestError> {
        api::set_blocked(user, on).await
    }

    /// Sets or changes the password. A registered user has to give the `current` one.
    ///
    /// # Errors
    /// [`RequestError`] says what to tell the user.
    pub async fn set_password(self, password: String, current: Option<String>) -> Result<(), RequestError> {
        api::set_password(password, current).await?;
        // The next welcome will say so as well.
        if let Some(me) = self.me.get_untracked() {
            let me = CurrentUser { kind: UserKind::Registered, ..me };
            self.remember_users(&[me.user()]);
            self.me.set(Some(me));
        }
        Ok(())
    }
}
