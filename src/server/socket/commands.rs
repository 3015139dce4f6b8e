//! The commands of the full protocol.

use std::sync::Arc;

use crate::{
    domain::{CommandId, ConversationId},
    protocol::{ClientFrame, CloseCode, DecodeError, ErrorCode, ErrorFrame, ServerFrame},
    server::{
        chat::{
            CommandContext, ConversationSettingRequest, Direct, ModerationRequest, PendingCommand, PendingDirect,
            RoomChangeRequest,
        },
        error::ChatError,
        hub::{Connection, EncodedFrame},
        rules::{EventPosition, RoomAnswer},
        socket::session::{FrameHandler, HandlerOutcome},
        state::AppState,
        store::{Receipt, ReplyTo},
    },
};

/// Handles the frames of the full protocol after the hello.
pub(crate) struct ChatHandler {
    app: Arc<AppState>,
    connection: Arc<Connection>,
    /// The length of the frame that is being handled.
    frame_bytes: usize,
}

impl FrameHandler for ChatHandler {
    fn app(&self) -> &AppState {
        &self.app
    }

    async fn on_text(&mut self, text: &str) -> HandlerOutcome {
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            return HandlerOutcome::Close(refusal(&error, None), CloseCode::TooMany);
        }
        self.frame_bytes = text.len();
        let frame = match ClientFrame::decode(text) {
            Ok(frame) => frame,
            Err(DecodeError { code, id, detail }) => return self.refuse_frame(code, id, detail),
        };
        match frame {
            ClientFrame::Hello(_) => {
                self.refuse_frame(ErrorCode::AlreadyGreeted, None, "hello was sent already".into())
            }
            ClientFrame::Send { id, conversation, body, reply_to } => {
                self.execute(id, |context, command| self.app.chat.send(context, command, conversation, &body, reply_to))
                    .await
            }
            ClientFrame::Edit { id, conversation, seq, body } => {
                self.execute(id, |context, command| self.app.chat.edit(context, command, conversation, seq, &body))
                    .await
            }
            ClientFrame::Delete { id, conversation, seq } => {
                self.execute(id, |context, command| self.app.chat.delete(context, command, conversation, seq)).await
            }
            ClientFrame::React { id, conversation, seq, emoji, on } => {
                self.execute(id, |context, command| {
                    self.app.chat.react(context, command, conversation, seq, &emoji, on)
                })
                .await
            }
            ClientFrame::SetConversation { id, conversation, muted, pinned, unread_from } => {
                let request = ConversationSettingRequest { muted, pinned, unread_from };
                self.set_conversation(id, conversation, request).await
            }
            ClientFrame::Pin { id, conversation, seq, on } => {
                self.execute(id, |context, command| self.app.chat.pin(context, command, conversation, seq, on)).await
            }
            ClientFrame::MuteThread { id, conversation, thread, on } => {
                self.answer_room(id, |context| self.app.chat.mute_thread(context, conversation, thread, on)).await
            }
            ClientFrame::OpenDirect { id, nickname: Some(nickname), user: None } => {
                self.open_direct(id, |context| self.app.chat.open_direct(context, &nickname)).await
            }
            ClientFrame::OpenDirect { id, nickname: None, user: Some(user) } => {
                self.open_direct(id, |context| self.app.chat.open_direct_with(context, user)).await
            }
            ClientFrame::CreateRoom { id, name, topic, visibility } => {
                self.answer_room(id, |context| self.app.chat.create_room(context, id, &name, &topic, visibility)).await
            }
            ClientFrame::ChangeRoom { id, conversation, name, topic, visibility, posting, archived } => {
                let request = RoomChangeRequest { name, topic, visibility, posting, archived };
                self.answer_room(id, |context| self.app.chat.change_room(context, id, conversation, request)).await
            }
            ClientFrame::Join { id, conversation } => {
                self.answer_room(id, |context| self.app.chat.join(context, id, conversation)).await
            }
            ClientFrame::Leave { id, conversation } => {
                self.answer_room(id, |context| self.app.chat.leave(context, id, conversation)).await
            }
            ClientFrame::AddMember { id, conversation, nickname: Some(nickname), user: None } => {
                self.answer_room(id, |context| self.app.chat.add_member(context, id, conversation, &nickname)).await
            }
            ClientFrame::AddMember { id, conversation, nickname: None, user: Some(user) } => {
                self.answer_room(id, |context| self.app.chat.add_member_with(context, id, conversation, user)).await
            }
            ClientFrame::OpenDirect { id, .. } | ClientFrame::AddMember { id, .. } => {
                self.refuse_frame(ErrorCode::BadFrame, Some(id), "either a nickname or a user".into())
            }
            ClientFrame::Moderate { id, action, user, conversation, minutes, role, address } => {
                let request =
                    ModerationRequest { action, user, room: conversation, minutes, role, all_of_address: address };
                self.moderate(id, request).await
            }
            ClientFrame::Read { conversation, seq } => {
                match self.app.chat.mark_read(&self.connection.user, conversation, seq) {
                    Ok(()) => HandlerOutcome::Nothing,
                    Err(error) => HandlerOutcome::Reply(refusal(&error, None)),
                }
            }
            ClientFrame::Typing { conversation } => self.typing(conversation).await,
            ClientFrame::Ping {} => HandlerOutcome::Reply(EncodedFrame::encode(&ServerFrame::Pong {})),
        }
    }

    fn on_binary(&mut self) -> HandlerOutcome {
        let error = ErrorFrame {
            id: None,
            code: ErrorCode::BadFrame,
            message: "frames are text".into(),
            suggestion: None,
            retry_after_ms: None,
        };
        HandlerOutcome::Close(EncodedFrame::encode(&ServerFrame::Error(error)), CloseCode::ProtocolError)
    }

    fn on_ping_or_pong(&mut self) -> HandlerOutcome {
        match self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            Ok(()) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Close(refusal(&error, None), CloseCode::TooMany),
        }
    }

    /// Nothing to do: a guest keeps the nickname as long as the session lasts.
    async fn on_end(&mut self) {}
}

impl ChatHandler {
    pub(super) fn new(app: Arc<AppState>, connection: Arc<Connection>) -> Self {
        Self { app, connection, frame_bytes: 0 }
    }

    /// Charges for the current frame as a command.
    fn begin_command(&self) -> Result<CommandContext, ChatError> {
        let user = self.connection.user.clone();
        self.app.chat.begin_command(user, self.connection.client_addr, self.frame_bytes)
    }

    /// Charges and queues a command that makes an event. The ack comes through the store's feed.
    async fn execute<F: Future<Output = Result<(), ChatError>>>(
        &self,
        id: CommandId,
        queue: impl FnOnce(CommandContext, PendingCommand) -> F,
    ) -> HandlerOutcome {
        self.connection.command_started();
        let command = PendingCommand { id, reply_to: ReplyTo(self.connection.number) };
        let queued = match self.begin_command() {
            Ok(context) => queue(context, command).await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(()) => HandlerOutcome::Nothing,
            Err(error) => {
                self.connection.command_finished();
                HandlerOutcome::Reply(refusal(&error, Some(id)))
            }
        }
    }

    async fn moderate(&self, id: CommandId, request: ModerationRequest) -> HandlerOutcome {
        let queued = match self.begin_command() {
            Ok(context) => self.app.chat.moderate(context, id, request).await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(receipt) => HandlerOutcome::ReplyLater(Box::pin(async move {
                match receipt.await {
                    Ok(EventPosition { conversation, seq, at }) => {
                        EncodedFrame::encode(&ServerFrame::Ack { id, conversation, seq: Some(seq), at })
                    }
                    Err(error) => refusal(&error.into(), Some(id)),
                }
            })),
            Err(error) => HandlerOutcome::Reply(refusal(&error, Some(id))),
        }
    }

    async fn open_direct<F: Future<Output = Result<PendingDirect, ChatError>>>(
        &self,
        id: CommandId,
        open: impl FnOnce(CommandContext) -> F,
    ) -> HandlerOutcome {
        let opening = match self.begin_command() {
            Ok(context) => open(context).await,
            Err(error) => Err(error),
        };
        match opening {
            Ok(opening) => HandlerOutcome::ReplyLater(Box::pin(async move {
                match opening.opened().await {
                    Ok(Direct { id: conversation, at, .. }) => {
                        EncodedFrame::encode(&ServerFrame::Ack { id, conversation, seq: None, at })
                    }
                    Err(error) => refusal(&error, Some(id)),
                }
            })),
            Err(error) => HandlerOutcome::Reply(refusal(&error, Some(id))),
        }
    }

    /// Charges and queues a command about a room. The ack comes once the user's connections have been told what it changed.
    async fn answer_room<F: Future<Output = Result<Receipt<RoomAnswer>, ChatError>>>(
        &self,
        id: CommandId,
        queue: impl FnOnce(CommandContext) -> F,
    ) -> HandlerOutcome {
        let queued = match self.begin_command() {
            Ok(context) => queue(context).await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(receipt) => HandlerOutcome::ReplyLater(Box::pin(async move {
                match receipt.delivered().await {
                    Ok(RoomAnswer { room, seq, at }) => {
                        EncodedFrame::encode(&ServerFrame::Ack { id, conversation: room, seq, at })
                    }
                    Err(error) => refusal(&error.into(), Some(id)),
                }
            })),
            Err(error) => HandlerOutcome::Reply(refusal(&error, Some(id))),
        }
    }

    /// Charges and queues a setting of a conversation. The ack comes once the user's connections have been told.
    async fn set_conversation(
        &self,
        id: CommandId,
        conversation: ConversationId,
        request: ConversationSettingRequest,
    ) -> HandlerOutcome {
        let queued = match self.begin_command() {
            Ok(context) => self.app.chat.set_conversation(context, conversation, request).await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(receipt) => HandlerOutcome::ReplyLater(Box::pin(async move {
                match receipt.delivered().await {
                    Ok(at) => EncodedFrame::encode(&ServerFrame::Ack { id, conversation, seq: None, at }),
                    Err(error) => refusal(&error.into(), Some(id)),
                }
            })),
            Err(error) => HandlerOutcome::Reply(refusal(&error, Some(id))),
        }
    }

    async fn typing(&self, conversation: ConversationId) -> HandlerOutcome {
        match self.app.chat.typing(&self.connection.user, conversation).await {
            Ok(Some(signal)) => {
                self.app.hub.announce_typing(signal);
                HandlerOutcome::Nothing
            }
            Ok(None) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Reply(refusal(&error, None)),
        }
    }

    /// Answers an invalid frame, which is charged like a command.
    fn refuse_frame(&self, code: ErrorCode, id: Option<CommandId>, message: String) -> HandlerOutcome {
        HandlerOutcome::Reply(match self.begin_command() {
            Ok(_charged) => {
                let error = ErrorFrame { id, code, message, suggestion: None, retry_after_ms: None };
                EncodedFrame::encode(&ServerFrame::Error(error))
            }
            Err(error) => refusal(&error, id),
        })
    }
}

fn refusal(error: &ChatError, id: Option<CommandId>) -> Option<EncodedFrame> {
    EncodedFrame::encode(&ServerFrame::Error(error.frame(id)))
}
