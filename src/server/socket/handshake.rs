//! The first frame of a connection: who is there.

use std::collections::HashMap;

use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{
    domain::{ConversationId, CurrentUser, Epoch, Seq, SessionId},
    protocol::{ClientFrame, CloseCode, ErrorCode, ErrorFrame, Hello, VERSION},
    server::{
        App,
        chat::{ChatError, StartedSession},
        socket::{
            UpgradeContext, close_code_for,
            transport::{CloseMessage, Transport},
        },
        store::Session,
    },
};

/// Who said hello, and what they know already.
pub(crate) struct AuthenticatedHello<'a> {
    pub(crate) me: CurrentUser,
    pub(crate) session: SessionId,
    /// To be told in the welcome.
    pub(crate) token: Option<String>,
    /// What the cursors belong to.
    pub(crate) epoch: Option<Epoch>,
    pub(crate) cursors: HashMap<ConversationId, Seq>,
    /// To be given back before anything is sent.
    pub(crate) turn: SemaphorePermit<'a>,
}

/// Waits for the hello and finds out whose it is.
pub(crate) async fn greet<'a>(
    app: &'a App,
    line: &mut Transport,
    bearings: UpgradeContext,
) -> Result<AuthenticatedHello<'a>, CloseMessage> {
    let first = timeout(line.patience(), first_frame(line));
    let hello = tokio::select! {
        hello = first => hello.map_err(|_elapsed| CloseMessage::wordless(Some(CloseCode::NoHello)))??,
        () = app.stopping.cancelled() => return Err(CloseMessage::wordless(Some(CloseCode::Restarting))),
    };
    let turn = app.turns.take(app.timing.turn).await?;
    let peer = bearings.peer;
    let refuse = |error: ChatError| CloseMessage::error(error.frame(None), close_code_for(&error));
    let (me, session, token) = identify(app, &hello, bearings).await.map_err(refuse)?;
    app.chat.charge_hello(me.id, peer).map_err(refuse)?;
    Ok(AuthenticatedHello { me, session, token, epoch: hello.epoch, cursors: hello.cursors, turn })
}

async fn first_frame(line: &mut Transport) -> Result<Hello, CloseMessage> {
    let Some(text) = line.first_text().await? else {
        return Err(refusal(ErrorCode::BadFrame, "frames are text"));
    };
    match ClientFrame::decode(&text) {
        Ok(ClientFrame::Hello(hello)) if hello.protocol == VERSION => Ok(hello),
        Ok(ClientFrame::Hello(_)) => {
            Err(refusal(ErrorCode::UnsupportedProtocol, "this server speaks version 1 of the protocol"))
        }
        Ok(_) => Err(refusal(ErrorCode::HelloFirst, "the first frame must be hello")),
        Err(error) => {
            let frame = ErrorFrame { id: error.id, ..words(error.code, &error.detail) };
            Err(CloseMessage::error(frame, CloseCode::ProtocolError))
        }
    }
}

fn refusal(code: ErrorCode, message: &str) -> CloseMessage {
    CloseMessage::error(words(code, message), CloseCode::ProtocolError)
}

fn words(code: ErrorCode, message: &str) -> ErrorFrame {
    ErrorFrame { id: None, code, message: message.to_owned(), suggestion: None, retry_after_ms: None }
}

async fn identify(
    app: &App,
    hello: &Hello,
    UpgradeContext { peer, token, agent, .. }: UpgradeContext,
) -> Result<(CurrentUser, SessionId, Option<String>), ChatError> {
    if let Some(token) = &hello.token {
        let Session { me, id, .. } = app.chat.authenticate(token).await?;
        return Ok((me, id, Some(token.clone())));
    }
    if let Some(nickname) = &hello.nickname {
        let StartedSession { me, session, token } =
            app.chat.create_guest(nickname, hello.invite.as_deref(), peer, &agent, true).await?;
        return Ok((me, session, Some(token)));
    }
    let token = token.ok_or(ChatError::Unauthenticated)?;
    let Session { me, id, .. } = app.chat.authenticate(&token).await?;
    Ok((me, id, None))
}
