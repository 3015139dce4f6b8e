//! What a client says after its hello.

use std::sync::Arc;

use crate::{
    domain::{CommandId, ConversationId, User},
    protocol::{ClientFrame, CloseCode, DecodeError, ErrorCode, ErrorFrame, ServerFrame},
};

use super::{
    super::{
        App,
        chat::{ChatError, Direct, Measure, Opening, Speaker, Typing},
        hub::{Connection, Item},
        store::{Appended, Asker, Joined},
    },
    talking::{Heard, Talk},
};

/// The whole protocol, on one connection.
pub(super) struct FullTalk {
    app: Arc<App>,
    connection: Arc<Connection>,
    /// How long the frame is that is being heard.
    bytes: usize,
}

impl Talk for FullTalk {
    fn app(&self) -> &App {
        &self.app
    }

    async fn hear(&mut self, text: &str) -> Heard {
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id, self.connection.peer) {
            return Heard::Close(refusal(&error, None), CloseCode::TooMany);
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
                self.open_direct(id, self.app.chat.open_direct(self.user(), self.connection.peer, &nickname)).await
            }
            ClientFrame::OpenDirect { id, nickname: None, user: Some(user) } => {
                self.open_direct(id, self.app.chat.open_direct_with(self.user(), self.connection.peer, user)).await
            }
            ClientFrame::OpenDirect { id, .. } => {
                self.refuse_frame(ErrorCode::BadFrame, Some(id), "either a nickname or a user".into())
            }
            ClientFrame::Join { id, conversation } => self.join(id, conversation).await,
            ClientFrame::Moderate { id, action, user, conversation, minutes, role, address } => {
                let measure = Measure { action, user, room: conversation, minutes, role, all_of_address: address };
                self.moderate(id, measure).await
            }
            ClientFrame::Read { conversation, seq } => {
                match self.app.chat.read(&self.connection.user, conversation, seq) {
                    Ok(()) => Heard::Nothing,
                    Err(error) => Heard::Reply(refusal(&error, None)),
                }
            }
            ClientFrame::Typing { conversation } => self.typing(conversation).await,
            ClientFrame::Ping {} => Heard::Reply(Item::encode(&ServerFrame::Pong {})),
        }
    }

    fn hear_binary(&mut self) -> Heard {
        let words = ErrorFrame {
            id: None,
            code: ErrorCode::BadFrame,
            message: "frames are text".into(),
            suggestion: None,
            retry_after_ms: None,
        };
        Heard::Close(Item::encode(&ServerFrame::Error(words)), CloseCode::ProtocolError)
    }

    fn hear_control(&mut self) -> Heard {
        match self.app.chat.charge_frame(self.connection.user.id, self.connection.peer) {
            Ok(()) => Heard::Nothing,
            Err(error) => Heard::Close(refusal(&error, None), CloseCode::TooMany),
        }
    }

    /// A guest's name is kept, for as long as the session lives.
    async fn leave(&mut self) {}
}

impl FullTalk {
    pub(super) fn new(app: Arc<App>, connection: Arc<Connection>) -> Self {
        Self { app, connection, bytes: 0 }
    }

    fn charge(&self) -> Result<(), ChatError> {
        self.app.chat.charge_command(self.connection.user.id, Some(self.connection.peer), self.bytes)
    }

    fn speaker(&self) -> Speaker {
        Speaker { user: self.user(), asker: Asker(self.connection.number) }
    }

    fn user(&self) -> User {
        self.connection.user.clone()
    }

    /// Charges for a command that makes an event, then queues it; the answer comes through the store's feed.
    async fn carry_out(&self, id: CommandId, queueing: impl Future<Output = Result<(), ChatError>>) -> Heard {
        self.connection.asked();
        let queued = match self.charge() {
            Ok(()) => queueing.await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(()) => Heard::Nothing,
            Err(error) => {
                self.connection.answered();
                Heard::Reply(refusal(&error, Some(id)))
            }
        }
    }

    async fn moderate(&self, id: CommandId, measure: Measure) -> Heard {
        let queued = match self.charge() {
            Ok(()) => self.app.chat.moderate(Some(self.user()), id, measure).await,
            Err(error) => Err(error),
        };
        match queued {
            Ok(receipt) => Heard::Later(Box::pin(async move {
                match receipt.await {
                    Ok(Appended { conversation, seq, at }) => {
                        Item::encode(&ServerFrame::Ack { id, conversation, seq: Some(seq), at })
                    }
                    Err(error) => refusal(&error.into(), Some(id)),
                }
            })),
            Err(error) => Heard::Reply(refusal(&error, Some(id))),
        }
    }

    async fn open_direct(&self, id: CommandId, opening: impl Future<Output = Result<Opening, ChatError>>) -> Heard {
        let opening = match self.charge() {
            Ok(()) => opening.await,
            Err(error) => Err(error),
        };
        match opening {
            Ok(opening) => Heard::Later(Box::pin(async move {
                match opening.done().await {
                    Ok(Direct { id: conversation, at, .. }) => {
                        Item::encode(&ServerFrame::Ack { id, conversation, seq: None, at })
                    }
                    Err(error) => refusal(&error, Some(id)),
                }
            })),
            Err(error) => Heard::Reply(refusal(&error, Some(id))),
        }
    }

    async fn join(&self, id: CommandId, room: ConversationId) -> Heard {
        let joining = match self.charge() {
            Ok(()) => self.app.chat.join(self.connection.user.id, room).await,
            Err(error) => Err(error),
        };
        match joining {
            Ok(receipt) => Heard::Later(Box::pin(async move {
                match receipt.await {
                    Ok(Joined { at, announced }) => {
                        // An error means that delivery has ended, and with it everybody's connection.
                        let _ = announced.await;
                        Item::encode(&ServerFrame::Ack { id, conversation: room, seq: None, at })
                    }
                    Err(error) => refusal(&error.into(), Some(id)),
                }
            })),
            Err(error) => Heard::Reply(refusal(&error, Some(id))),
        }
    }

    async fn typing(&self, conversation: ConversationId) -> Heard {
        match self.app.chat.typing(&self.connection.user, conversation).await {
            Ok(Some(Typing { conversation, user })) => {
                let typist = user.id;
                self.app.hub.tell_others(conversation, typist, &ServerFrame::Typing { conversation, user });
                Heard::Nothing
            }
            Ok(None) => Heard::Nothing,
            Err(error) => Heard::Reply(refusal(&error, None)),
        }
    }

    /// Answers a frame that is none. It costs as much as a command.
    fn refuse_frame(&self, code: ErrorCode, id: Option<CommandId>, message: String) -> Heard {
        Heard::Reply(match self.charge() {
            Ok(()) => {
                let error = ErrorFrame { id, code, message, suggestion: None, retry_after_ms: None };
                Item::encode(&ServerFrame::Error(error))
            }
            Err(error) => refusal(&error, id),
        })
    }
}

fn refusal(error: &ChatError, id: Option<CommandId>) -> Option<Item> {
    Item::encode(&ServerFrame::Error(error.frame(id)))
}
