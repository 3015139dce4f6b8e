//! The first frame of a connection: who is there.

use std::collections::HashMap;

use tokio::{sync::SemaphorePermit, time::timeout};

use crate::{
    domain::{ConversationId, Epoch, Me, Seq, SessionId},
    protocol::{ClientFrame, CloseCode, ErrorCode, ErrorFrame, Hello, VERSION},
};

use super::{
    super::{
        App,
        chat::{Arrival, ChatError},
        store::Session,
    },
    Bearings,
    line::{Farewell, Line},
    not_let_in,
};

/// Who said hello, and what they know already.
pub(super) struct Greeted<'a> {
    pub(super) me: Me,
    pub(super) session: SessionId,
    /// To be told in the welcome.
    pub(super) token: Option<String>,
    /// What the cursors belong to.
    pub(super) epoch: Option<Epoch>,
    pub(super) cursors: HashMap<ConversationId, Seq>,
    /// To be given back before anything is sent.
    pub(super) turn: SemaphorePermit<'a>,
}

/// Waits for the hello and finds out whose it is.
pub(super) async fn greet<'a>(app: &'a App, line: &mut Line, bearings: Bearings) -> Result<Greeted<'a>, Farewell> {
    let first = timeout(line.patience(), first_frame(line));
    let hello = tokio::select! {
        hello = first => hello.map_err(|_elapsed| Farewell::wordless(Some(CloseCode::NoHello)))??,
        () = app.stopping.cancelled() => return Err(Farewell::wordless(Some(CloseCode::Restarting))),
    };
    let turn = app.turns.take(app.timing.turn).await?;
    let peer = bearings.peer;
    let refuse = |error: ChatError| Farewell::error(error.frame(None), not_let_in(&error));
    let (me, session, token) = identify(app, &hello, bearings).await.map_err(refuse)?;
    app.chat.charge_hello(me.id, peer).map_err(refuse)?;
    Ok(Greeted { me, session, token, epoch: hello.epoch, cursors: hello.cursors, turn })
}

async fn first_frame(line: &mut Line) -> Result<Hello, Farewell> {
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
            Err(Farewell::error(frame, CloseCode::ProtocolError))
        }
    }
}

fn refusal(code: ErrorCode, message: &str) -> Farewell {
    Farewell::error(words(code, message), CloseCode::ProtocolError)
}

fn words(code: ErrorCode, message: &str) -> ErrorFrame {
    ErrorFrame { id: None, code, message: message.to_owned(), suggestion: None, retry_after_ms: None }
}

async fn identify(
    app: &App,
    hello: &Hello,
    Bearings { peer, token, agent, .. }: Bearings,
) -> Result<(Me, SessionId, Option<String>), ChatError> {
    if let Some(token) = &hello.token {
        let Session { me, id, .. } = app.chat.authenticate(token).await?;
        return Ok((me, id, Some(token.clone())));
    }
    if let Some(nickname) = &hello.nickname {
        let Arrival { me, session, token } =
            app.chat.create_guest(nickname, hello.invite.as_deref(), peer, &agent, true).await?;
        return Ok((me, session, Some(token)));
    }
    let token = token.ok_or(ChatError::Unauthenticated)?;
    let Session { me, id, .. } = app.chat.authenticate(&token).await?;
    Ok((me, id, None))
}
