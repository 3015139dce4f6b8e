//! The first frame of the full protocol: `hello`.

use std::collections::HashMap;

use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{
    domain::{ClientAddr, ConversationId, CurrentUser, Epoch, Seq, SessionId},
    protocol::{ClientFrame, CloseCode, ErrorCode, ErrorFrame, Hello, VERSION},
    server::{
        chat::StartedSession,
        error::ChatError,
        net::shard_index::ShardIndex,
        socket::{
            admission::{acquire_permit, close_code_for},
            close_message::CloseMessage,
            transport::Transport,
        },
        state::AppState,
        store::Session,
    },
};

/// What the upgrade request says about the client.
pub(super) struct UpgradeContext {
    pub(super) client_addr: ClientAddr,
    pub(super) shard: ShardIndex,
    /// The session token, from the cookie or the `Authorization` header.
    pub(super) token: Option<String>,
    /// The `User-Agent` header.
    pub(super) user_agent: String,
}

/// A `hello` whose sender is known.
pub(super) struct AuthenticatedHello<'a> {
    pub(super) me: CurrentUser,
    pub(super) session: SessionId,
    /// The token to send in the welcome. `None` if it came with the upgrade request.
    pub(super) token: Option<String>,
    /// The epoch that the cursors belong to.
    pub(super) epoch: Option<Epoch>,
    pub(super) cursors: HashMap<ConversationId, Seq>,
    /// Must be dropped before anything is sent, so that no client is waited for with a permit held.
    pub(super) permit: SemaphorePermit<'a>,
}

/// Waits for the `hello`, then authenticates its sender or creates a guest.
pub(super) async fn handshake<'a>(
    app: &'a AppState,
    transport: &mut Transport,
    context: UpgradeContext,
) -> Result<AuthenticatedHello<'a>, CloseMessage> {
    let first = timeout(transport.hello_timeout(), read_hello(transport));
    let hello = tokio::select! {
        hello = first => hello.map_err(|_elapsed| CloseMessage::without_frame(CloseCode::NoHello))??,
        () = app.stopping.cancelled() => return Err(CloseMessage::without_frame(CloseCode::Restarting)),
    };
    let permit = acquire_permit(app).await?;
    let client_addr = context.client_addr;
    let close_message = |error: ChatError| CloseMessage::error(error.frame(None), close_code_for(&error));
    let (me, session, token) = authenticate(app, &hello, context).await.map_err(close_message)?;
    app.chat.charge_hello(me.id, client_addr).map_err(close_message)?;
    Ok(AuthenticatedHello { me, session, token, epoch: hello.epoch, cursors: hello.cursors, permit })
}

async fn read_hello(transport: &mut Transport) -> Result<Hello, CloseMessage> {
    let Some(text) = transport.first_text().await? else {
        return Err(refusal(ErrorCode::BadFrame, "frames are text"));
    };
    match ClientFrame::decode(&text) {
        Ok(ClientFrame::Hello(hello)) if hello.protocol == VERSION => Ok(hello),
        Ok(ClientFrame::Hello(_)) => {
            Err(refusal(ErrorCode::UnsupportedProtocol, "this server speaks version 1 of the protocol"))
        }
        Ok(_) => Err(refusal(ErrorCode::HelloFirst, "the first frame must be hello")),
        Err(error) => {
            let frame = ErrorFrame { id: error.id, ..error_frame(error.code, &error.detail) };
            Err(CloseMessage::error(frame, CloseCode::ProtocolError))
        }
    }
}

fn refusal(code: ErrorCode, message: &str) -> CloseMessage {
    CloseMessage::error(error_frame(code, message), CloseCode::ProtocolError)
}

fn error_frame(code: ErrorCode, message: &str) -> ErrorFrame {
    ErrorFrame { id: None, code, message: message.to_owned(), suggestion: None, retry_after_ms: None }
}

/// By the token in the hello, otherwise as a new guest with the nickname in the hello, otherwise by the token of the
/// upgrade request. Also returns the token that the client must be told.
async fn authenticate(
    app: &AppState,
    hello: &Hello,
    UpgradeContext { client_addr, token, user_agent, .. }: UpgradeContext,
) -> Result<(CurrentUser, SessionId, Option<String>), ChatError> {
    if let Some(token) = &hello.token {
        let Session { me, id, .. } = app.chat.authenticate(token).await?;
        return Ok((me, id, Some(token.clone())));
    }
    if let Some(nickname) = &hello.nickname {
        let StartedSession { me, session, token } =
            app.chat.create_guest(nickname, hello.invite.as_deref(), client_addr, &user_agent, true).await?;
        return Ok((me, session, Some(token)));
    }
    let token = token.ok_or(ChatError::Unauthenticated)?;
    let Session { me, id, .. } = app.chat.authenticate(&token).await?;
    Ok((me, id, None))
}
