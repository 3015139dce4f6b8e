//! The commands of the full protocol.

use std::sync::Arc;

use crate::{
    domain::{CommandId, ConversationId, User},
    protocol::{ClientFrame, CloseCode, DecodeError, ErrorCode, ErrorFrame, ServerFrame},
    server::{
        chat::{CommandContext, Direct, ModerationRequest, PendingDirect, TypingSignal},
        error::ChatError,
        hub::{Connection, EncodedFrame},
        socket::session::{FrameHandler, HandlerOutcome},
        state::AppState,
        store::{EventPosition, Joined, ReplyTo},
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
            ClientFrame::Send { id, conversation, body } => {
                self.execute(id, self.app.chat.send(self.command_context(), id, conversation, &body)).await
            }
            ClientFrame::Edit { id, conversation, seq, body } => {
                self.execute(id, self.app.chat.edit(self.command_context(), id, conversation, seq, &body)).await
            }
            ClientFrame::Delete { id, conversation, seq } => {
                self.execute(id, self.app.chat.delete(self.command_context(), id, conversation, seq)).await
            }
            ClientFrame::React { id, conversation, seq, emoji, on } => {
                self.execute(id, self.app.chat.react(self.command_context(), id, conversation, seq, &emoji, on)).await
            }
            ClientFrame::OpenDirect { id, nickname: Some(nickname), user: None } => {
                self.open_direct(id, self.app.chat.open_direct(self.user(), self.connection.client_addr, &nickname))
                    .await
            }
            ClientFrame::OpenDirect { id, nickname: None, user: Some(user) } => {
                self.open_direct(id, self.app.chat.open_direct_with(self.user(), self.connection.client_addr, user))
                    .await
            }
            ClientFrame::OpenDirect { id, .. } => {
                self.refuse_frame(ErrorCode::BadFrame, Some(id), "either a nickname or a user".into())
            }
            ClientFrame::Join { id, conversation } => self.join(id, conversation).await,
            ClientFrame::Moderate { id, action, user, conversation, minutes, role, address } => {
                let request =
                    ModerationRequest { action, user, room: conversation, minutes, role, all_of_address: address };
                self.moderate(id, request).await
            }
            ClientFrame::Read { conversation, seq } => {
                match self.app.chat.read(&self.connection.user, conversation, seq) {
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

    fn charge(&self) -> Result<(), ChatError> {
        self.app.chat.charge_command(self.connection.user.id, Some(self.connection.client_addr), self.frame_bytes)
    }

    fn command_context(&self) -> CommandContext {
        CommandContext { user: self.user(), asker: ReplyTo(self.connection.number) }
    }

    fn user(&self) -> User {
        self.connection.user.clone()
    }

    /// Charges and queues a command that makes an event. The ack comes through the store's feed.
    async fn execute(&self, id: CommandId, queueing: impl Future<Output = Result<(), ChatError>>) -> HandlerOutcome {
        self.connection.command_started();
        let queued = match self.charge() {
            Ok(()) => queueing.await,
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
        let queued = match self.charge() {
            Ok(()) => self.app.chat.moderate(Some(self.user()), id, request).await,
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

    async fn open_direct(
        &self,
        id: CommandId,
        opening: impl Future<Output = Result<PendingDirect, ChatError>>,
    ) -> HandlerOutcome {
        let opening = match self.charge() {
            Ok(()) => opening.await,
            Err(error) => Err(error),
        };
        match opening {
            Ok(opening) => HandlerOutcome::ReplyLater(Box::pin(async move {
                match opening.done().await {
                    Ok(Direct { id: conversation, at, .. }) => {
                        EncodedFrame::encode(&ServerFrame::Ack { id, conversation, seq: None, at })
                    }
                    Err(error) => refusal(&error, Some(id)),
                }
            })),
            Err(error) => HandlerOutcome::Reply(refusal(&error, Some(id))),
        }
    }

    async fn join(&self, id: CommandId, room: ConversationId) -> HandlerOutcome {
        let joining = match self.charge() {
            Ok(()) => self.app.chat.join(self.connection.user.id, room).await,
            Err(error) => Err(error),
        };
        match joining {
            Ok(receipt) => HandlerOutcome::ReplyLater(Box::pin(async move {
                match receipt.await {
                    Ok(Joined { at, announced }) => {
                        // An error means that delivery has ended, and all connections with it.
                        let _ = announced.await;
                        EncodedFrame::encode(&ServerFrame::Ack { id, conversation: room, seq: None, at })
                    }
                    Err(error) => refusal(&error.into(), Some(id)),
                }
            })),
            Err(error) => HandlerOutcome::Reply(refusal(&error, Some(id))),
        }
    }

    async fn typing(&self, conversation: ConversationId) -> HandlerOutcome {
        match self.app.chat.typing(&self.connection.user, conversation).await {
            Ok(Some(TypingSignal { conversation, user })) => {
                let typing_user = user.id;
                self.app.hub.broadcast_except(conversation, typing_user, &ServerFrame::Typing { conversation, user });
                HandlerOutcome::Nothing
            }
            Ok(None) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Reply(refusal(&error, None)),
        }
    }

    /// Answers an invalid frame, which is charged like a command.
    fn refuse_frame(&self, code: ErrorCode, id: Option<CommandId>, message: String) -> HandlerOutcome {
        HandlerOutcome::Reply(match self.charge() {
            Ok(()) => {
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
