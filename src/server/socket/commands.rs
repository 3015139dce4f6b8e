//! What a client says after its hello.

use std::sync::Arc;

use crate::{
    domain::{CommandId, ConversationId, User},
    protocol::{ClientFrame, CloseCode, DecodeError, ErrorCode, ErrorFrame, ServerFrame},
    server::{
        App,
        chat::{ChatError, CommandContext, Direct, ModerationRequest, PendingDirect, TypingSignal},
        hub::{Connection, EncodedFrame},
        socket::session::{FrameHandler, HandlerOutcome},
        store::{EventPosition, Joined, ReplyTo},
    },
};

/// The whole protocol, on one connection.
pub(crate) struct ChatHandler {
    app: Arc<App>,
    connection: Arc<Connection>,
    /// How long the frame is that is being heard.
    bytes: usize,
}

impl FrameHandler for ChatHandler {
    fn app(&self) -> &App {
        &self.app
    }

    async fn hear(&mut self, text: &str) -> HandlerOutcome {
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            return HandlerOutcome::Close(refusal(&error, None), CloseCode::TooMany);
        }
        self.bytes = text.len();
        let frame = match ClientFrame::decode(text) {
            Ok(frame) => frame,
            Err(DecodeError { code, id, detail }) => return self.refuse_frame(code, id, detail),
        };
        match frame {
            ClientFrame::Hello(_) => {
                self.refuse_frame(ErrorCode::AlreadyGreeted, None, "hello has been said already".into())
            }
            ClientFrame::Send { id, conversation, body } => {
                self.carry_out(id, self.app.chat.send(self.speaker(), id, conversation, &body)).await
            }
            ClientFrame::Edit { id, conversation, seq, body } => {
                self.carry_out(id, self.app.chat.edit(self.speaker(), id, conversation, seq, &body)).await
            }
            ClientFrame::Delete { id, conversation, seq } => {
                self.carry_out(id, self.app.chat.delete(self.speaker(), id, conversation, seq)).await
            }
            ClientFrame::React { id, conversation, seq, emoji, on } => {
                self.carry_out(id, self.app.chat.react(self.speaker(), id, conversation, seq, &emoji, on)).await
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
                let measure =
                    ModerationRequest { action, user, room: conversation, minutes, role, all_of_address: address };
                self.moderate(id, measure).await
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

    fn hear_binary(&mut self) -> HandlerOutcome {
        let words = ErrorFrame {
            id: None,
            code: ErrorCode::BadFrame,
            message: "frames are text".into(),
            suggestion: None,
            retry_after_ms: None,
        };
        HandlerOutcome::Close(EncodedFrame::encode(&ServerFrame::Error(words)), CloseCode::ProtocolError)
    }

    fn hear_control(&mut self) -> HandlerOutcome {
        match self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            Ok(()) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Close(refusal(&error, None), CloseCode::TooMany),
        }
    }

    /// A guest's name is kept, for as long as the session lives.
    async fn leave(&mut self) {}
}

impl ChatHandler {
    pub(super) fn new(app: Arc<App>, connection: Arc<Connection>) -> Self {
        Self { app, connection, bytes: 0 }
    }

    fn charge(&self) -> Result<(), ChatError> {
        self.app.chat.charge_command(self.connection.user.id, Some(self.connection.client_addr), self.bytes)
    }

    fn speaker(&self) -> CommandContext {
        CommandContext { user: self.user(), asker: ReplyTo(self.connection.number) }
    }

    fn user(&self) -> User {
        self.connection.user.clone()
    }

    /// Charges for a command that makes an event, then queues it; the answer comes through the store's feed.
    async fn carry_out(&self, id: CommandId, queueing: impl Future<Output = Result<(), ChatError>>) -> HandlerOutcome {
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

    async fn moderate(&self, id: CommandId, measure: ModerationRequest) -> HandlerOutcome {
        let queued = match self.charge() {
            Ok(()) => self.app.chat.moderate(Some(self.user()), id, measure).await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(receipt) => HandlerOutcome::Later(Box::pin(async move {
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
            Ok(opening) => HandlerOutcome::Later(Box::pin(async move {
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
            Ok(receipt) => HandlerOutcome::Later(Box::pin(async move {
                match receipt.await {
                    Ok(Joined { at, announced }) => {
                        // An error means that delivery has ended, and with it everybody's connection.
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
                let typist = user.id;
                self.app.hub.broadcast_except(conversation, typist, &ServerFrame::Typing { conversation, user });
                HandlerOutcome::Nothing
            }
            Ok(None) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Reply(refusal(&error, None)),
        }
    }

    /// Answers a frame that is none. It costs as much as a command.
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
