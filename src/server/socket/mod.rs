//! The sockets: how one comes to be, what is said on it, how it ends.

mod commands;
mod hello;
mod line;
mod plain;
mod resume;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};

use crate::{
    domain::{ConversationId, User},
    protocol::{ErrorCode, MAX_FRAME_BYTES},
};

use self::{
    commands::FullTalk,
    line::{Farewell, Line},
};
use super::{
    App,
    chat::ChatError,
    edge::Scheme,
    http::ApiError,
    hub::{Connection, Entrance, Registered, Speech},
    peer::Peer,
    session_token,
    sessions::user_agent,
};

pub(super) use plain::{knocks, plain_door};

/// Where the whole protocol is spoken.
pub(super) const FULL_DOOR: &str = "/ws";

/// Per connection, and nearly all that an idle one costs; the default of 128 KiB would be.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// What gathers before it is written; what is due is flushed anyway.
const WRITE_BUFFER_BYTES: usize = 16 * 1024;

/// Room for the largest frame of ours, a welcome to somebody in very many conversations, behind a full write buffer.
const MAX_WRITE_BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// What an upgrade request tells of its sender.
struct Bearings {
    peer: Peer,
    /// The session's, from the cookie or as bearer.
    token: Option<String>,
    /// The program, as it calls itself.
    agent: String,
}

/// `/ws`: the whole protocol.
pub(super) async fn full_door(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Extension(scheme): Extension<Scheme>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return refuse_upgrade(&rejection),
    };
    let bearings = Bearings { peer, token: session_token(&headers, scheme), agent: user_agent(&headers).to_owned() };
    accept(&app, upgrade, async move |app, line| serve_full(app, line, bearings).await)
}

/// `/echo`: what comes in goes out, through a socket as all are here; for tests of how that keeps to RFC 6455.
#[cfg(feature = "echo")]
pub(super) async fn echo_door(State(app): State<Arc<App>>, upgrade: WebSocketUpgrade) -> Response {
    accept(&app, upgrade, async move |_app, mut line| {
        let farewell = line.echo().await;
        line.bid(farewell).await;
        line.part().await;
    })
}

fn refuse_upgrade(rejection: &WebSocketUpgradeRejection) -> Response {
    ApiError::new(rejection.status(), ErrorCode::BadFrame, rejection.body_text()).into_response()
}

/// Upgrades within the limits; the socket's task counts among those that the server waits for when it stops.
fn accept<F>(
    app: &Arc<App>,
    upgrade: WebSocketUpgrade,
    serve: impl FnOnce(Arc<App>, Line) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = ()> + Send,
{
    let app = Arc::clone(app);
    let running = app.tasks.token();
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(MAX_WRITE_BUFFER_BYTES)
        .max_message_size(MAX_FRAME_BYTES)
        .max_frame_size(MAX_FRAME_BYTES)
        .on_failed_upgrade(|error| tracing::debug!(%error, "an upgrade failed"))
        .on_upgrade(async move |socket| {
            let line = Line::new(socket, app.timing.clone());
            serve(app, line).await;
            drop(running);
        })
}

async fn serve_full(app: Arc<App>, mut line: Line, bearings: Bearings) {
    let farewell = talk_in_full(&app, &mut line, bearings).await.unwrap_or_else(|refused| refused);
    // The hub has forgotten the connection by now: nobody takes somebody who is slow in leaving for present.
    line.bid(farewell).await;
    line.part().await;
}

/// Talks until the end; `Err` if it never came to talking.
async fn talk_in_full(app: &Arc<App>, line: &mut Line, bearings: Bearings) -> Result<Farewell, Farewell> {
    let peer = bearings.peer;
    let greeted = hello::greet(app, line, bearings).await?;
    let entrance = Entrance { session: Some(greeted.session), peer, speech: Speech::Full };
    let registered = register(app, &greeted.me.user(), entrance)?;
    let seen = resume::welcome(app, line, &registered.connection, greeted).await?;
    let mut talk = FullTalk::new(Arc::clone(app), Arc::clone(&registered.connection));
    Ok(line.converse(&mut talk, &registered.connection, seen, &app.stopping).await)
}

fn register(app: &App, user: &User, entrance: Entrance) -> Result<Registered, Farewell> {
    app.hub.register(user.clone(), entrance).map_err(|error| Farewell::too_many(error.to_string()))
}

/// From now on a registered connection hears all that its user is in. Directs that are opened later come by themselves,
/// because it is registered; so nothing lies between.
///
/// Gives what that is.
async fn hear_all(app: &App, connection: &Arc<Connection>) -> Result<Vec<ConversationId>, ChatError> {
    let conversations = app.chat.memberships(connection.user.id).await?;
    for conversation in &conversations {
        app.hub.subscribe(connection, *conversation);
    }
    Ok(conversations)
}
