//! The frames of the simple protocol after signing in.

use std::sync::Arc;

use crate::{
    domain::CommandId,
    protocol::{CloseCode, ErrorCode, SimpleReply, SimpleRequest, SimpleToken, from_object},
    server::{
        chat::{CommandContext, Direct, PendingCommand},
        error::ChatError,
        hub::{Connection, EncodedFrame},
        socket::{
            admission::close_code_for,
            session::{FrameHandler, HandlerOutcome},
            simple::sign_in::{error_reply, release_nickname},
        },
        state::AppState,
        store::ReplyTo,
    },
};

/// Handles the frames of the simple protocol.
pub(in crate::server::socket) struct SimpleHandler {
    app: Arc<AppState>,
    connection: Arc<Connection>,
    /// The directs of the nicknames that were written to, the most recent last. On this connection a nickname goes on
    /// meaning the same user, even if another user has it by now. `None` until the first text frame has arrived.
    recipients: Option<Vec<(Box<str>, Direct)>>,
}

/// How many recipients are remembered.
const MAX_RECIPIENTS: usize = 32;

impl FrameHandler for SimpleHandler {
    fn app(&self) -> &AppState {
        &self.app
    }

    async fn on_text(&mut self, text: &str) -> HandlerOutcome {
        let user = self.connection.user.id;
        if let Err(error) = self.app.chat.charge_frame(user, self.connection.client_addr) {
            return HandlerOutcome::Close(refusal(&error), CloseCode::TooMany);
        }
        let context =
            match self.app.chat.begin_command(self.connection.user.clone(), self.connection.client_addr, text.len()) {
                Ok(context) => context,
                Err(error) => return HandlerOutcome::Reply(refusal(&error)),
            };
        let is_first = self.recipients.is_none();
        self.recipients.get_or_insert_default();
        match from_object::<SimpleRequest>(text.as_bytes()) {
            Err(_) if is_first && let Ok(SimpleToken { token }) = from_object(text.as_bytes()) => {
                self.check_token(&token).await
            }
            Ok(request) => {
                self.send(context, request).await.unwrap_or_else(|error| HandlerOutcome::Reply(refusal(&error)))
            }
            Err(error) => {
                let message = format!("not a valid request: line {} column {}", error.line(), error.column());
                HandlerOutcome::Reply(EncodedFrame::encode(&SimpleReply::Error { error: ErrorCode::BadFrame, message }))
            }
        }
    }

    fn on_binary(&mut self) -> HandlerOutcome {
        if let Err(error) = self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            return HandlerOutcome::Close(refusal(&error), CloseCode::TooMany);
        }
        let message = "frames are text".to_owned();
        HandlerOutcome::Reply(EncodedFrame::encode(&SimpleReply::Error { error: ErrorCode::BadFrame, message }))
    }

    fn on_ping_or_pong(&mut self) -> HandlerOutcome {
        match self.app.chat.charge_frame(self.connection.user.id, self.connection.client_addr) {
            Ok(()) => HandlerOutcome::Nothing,
            Err(error) => HandlerOutcome::Close(refusal(&error), CloseCode::TooMany),
        }
    }

    /// Frees the nickname before the hub forgets the connection: whoever sees the user go offline can take the nickname.
    async fn on_end(&mut self) {
        if self.connection.is_ephemeral_guest() {
            release_nickname(&self.app, self.connection.user.id).await;
        }
    }
}

impl SimpleHandler {
    pub(super) fn new(app: Arc<AppState>, connection: Arc<Connection>) -> Self {
        Self { app, connection, recipients: None }
    }

    /// Handles a token that arrives after the sign-in. It is ignored if it is this user's. Otherwise the connection is closed:
    /// a client whose session has ended must not go on as a new guest without noticing.
    async fn check_token(&self, token: &str) -> HandlerOutcome {
        let error = match self.app.chat.authenticate(token).await {
            Ok(session) if session.me.id == self.connection.user.id => return HandlerOutcome::Nothing,
            Ok(_) => ChatError::Unauthenticated,
            Err(error) => error,
        };
        HandlerOutcome::Close(refusal(&error), close_code_for(&error))
    }

    async fn send(
        &mut self,
        context: CommandContext,
        SimpleRequest { to_user, msg }: SimpleRequest,
    ) -> Result<HandlerOutcome, ChatError> {
        let command = PendingCommand { id: CommandId::generate(), reply_to: ReplyTo(self.connection.number) };
        self.connection.command_started();
        let queued = match to_user {
            Some(nickname) => self.send_to_user(context, command, &nickname, &msg).await,
            None => self.app.chat.send(context, command, self.app.chat.lobby(), &msg, None).await,
        };
        if queued.is_err() {
            self.connection.command_finished();
        }
        queued.map(|()| HandlerOutcome::Nothing)
    }

    async fn send_to_user(
        &mut self,
        context: CommandContext,
        command: PendingCommand,
        nickname: &str,
        msg: &str,
    ) -> Result<(), ChatError> {
        let recipients = self.recipients.get_or_insert_default();
        let index = recipients.iter().position(|(name, _)| **name == *nickname);
        let known = index.map(|index| recipients[index].1);
        let sent = self.app.chat.send_to_user(context, command, nickname, msg, known).await;
        match (&sent, index) {
            (Ok(direct), None) => {
                if recipients.len() == MAX_RECIPIENTS {
                    recipients.remove(0);
                }
                recipients.push((nickname.into(), *direct));
            }
            (Err(ChatError::UserGone), Some(index)) => {
                // The client is told now. From here on the nickname means whoever has it.
                recipients.remove(index);
            }
            _ => {}
        }
        sent.map(drop)
    }
}

fn refusal(error: &ChatError) -> Option<EncodedFrame> {
    EncodedFrame::encode(&error_reply(error))
}
