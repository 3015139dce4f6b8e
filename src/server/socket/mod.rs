//! The sockets: how one comes to be, what is said on it, how it ends.

mod commands;
#[cfg(feature = "echo")]
pub(crate) mod echo;
mod handshake;
mod read_buffers;
mod resume;
mod session;
pub(crate) mod simple;
pub(crate) mod transport;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::future::BoxFuture;

use crate::{
    domain::{ConversationId, User},
    protocol::{CloseCode, ErrorCode},
    server::{
        App,
        chat::ChatError,
        edge::Site,
        http::ApiError,
        hub::{Connection, ConnectionOrigin, Dialect, Registered, ReplayedPositions},
        net::{
            client_addr::ClientAddr,
            session_cookie::{CookieAttributes, user_agent},
            shard_index::ShardIndex,
        },
        socket::{
            commands::ChatHandler,
            session::{ConnectionSession, FrameHandler},
            transport::{CloseMessage, Transport},
        },
        websocket::{Upgrade, UpgradeError},
    },
};

pub(super) use crate::server::sign_in_permits::SignInPermits;
pub(super) use crate::server::socket::simple::{simple_endpoint, simple_ws_nickname};

/// Where the whole protocol is spoken.
pub(super) const WS_PATH: &str = "/ws";

/// Paths of sockets that are no nickname's. Those that stay are no nicknames (`Nickname::parse`); all other paths are,
/// whatever else is found there: an upgrade to WebSocket is looked at before the routes.
const SOCKETS: &[&str] = &[
    WS_PATH,
    #[cfg(feature = "echo")]
    "/echo",
];

/// What an upgrade request tells of its sender.
pub(crate) struct UpgradeContext {
    pub(crate) peer: ClientAddr,
    pub(crate) shard: ShardIndex,
    /// The session's, from the cookie or as bearer.
    pub(crate) token: Option<String>,
    /// The program, as it calls itself.
    pub(crate) agent: String,
}

/// `/ws`: the whole protocol.
pub(super) async fn ws_endpoint(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    Extension(shard): Extension<ShardIndex>,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    let headers = request.headers();
    let shown = CookieAttributes::by(headers, site);
    let (token, agent) = (shown.map(|shown| shown.token.to_owned()), user_agent(headers).to_owned());
    // A page can stay open for longer than a browser would keep the cookie.
    let cookie = shown.and_then(|shown| shown.keep(app.chat.session_cookie_max_age(), site));
    let bearings = UpgradeContext { peer, shard, token, agent };
    let mut answer = accept(&app, upgrade, move |app, line| enter(app, line, bearings));
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// `/echo`: what comes in goes out, through a socket as all are here; for tests of how that keeps to RFC 6455.
#[cfg(feature = "echo")]
pub(super) async fn echo_door(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let upgrade = match Upgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    accept(&app, upgrade, async move |_app, mut line: Transport| {
        let farewell = line.echo().await;
        line.end(farewell).await;
        None::<ConnectionSession<ChatHandler>>
    })
}

fn refuse_upgrade(none: UpgradeError) -> Response {
    let (status, headers) = none.status_and_headers();
    (headers, ApiError::new(status, ErrorCode::BadFrame, none.to_string())).into_response()
}

/// Upgrades. The socket's task is one of those that the server waits for when it stops.
///
/// `enter` does all that there is to do before the talk, or instead of it.
fn accept<T: FrameHandler, F>(
    app: &Arc<App>,
    upgrade: Upgrade,
    enter: impl FnOnce(Arc<App>, Transport) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = Option<ConnectionSession<T>>> + Send,
{
    let (answer, stream) = upgrade.accept();
    let task = Arc::clone(app);
    let entering = async move {
        let (stream, ahead) = stream.await?;
        let line = Transport::new(stream, ahead, Arc::clone(&task.timing));
        enter(task, line).await
    };
    app.tasks.spawn(serve(Box::pin(entering)));
    answer
}

/// What comes to an end before the talk begins, and what comes after it, takes no room in the task while that goes on.
async fn serve<T: FrameHandler>(entering: BoxFuture<'static, Option<ConnectionSession<T>>>) {
    let Some(mut talking) = entering.await else { return };
    let farewell = talking.converse().await;
    Box::pin(talking.end(farewell)).await;
}

/// Lets somebody in who speaks the whole protocol; `None` if it never comes to talking.
pub(crate) async fn enter(
    app: Arc<App>,
    mut line: Transport,
    bearings: UpgradeContext,
) -> Option<ConnectionSession<ChatHandler>> {
    match greet_and_welcome(&app, &mut line, bearings).await {
        Ok((registered, seen)) => {
            let talk = ChatHandler::new(app, Arc::clone(&registered.connection));
            Some(ConnectionSession::begin(line, talk, registered, seen))
        }
        // The hub has forgotten the connection by now.
        Err(farewell) => {
            Box::pin(line.end(farewell)).await;
            None
        }
    }
}

async fn greet_and_welcome(
    app: &App,
    line: &mut Transport,
    bearings: UpgradeContext,
) -> Result<(Registered, ReplayedPositions), CloseMessage> {
    let (peer, shard) = (bearings.peer, bearings.shard);
    let greeted = Box::pin(handshake::greet(app, line, bearings)).await?;
    let entrance =
        ConnectionOrigin { session: Some(greeted.session), client_addr: peer, dialect: Dialect::Full, shard };
    let registered = register(app, &greeted.me.user(), entrance)?;
    line.is_signed_in();
    let seen = Box::pin(resume::welcome(app, line, &registered.connection, greeted)).await?;
    Ok((registered, seen))
}

fn register(app: &App, user: &User, entrance: ConnectionOrigin) -> Result<Registered, CloseMessage> {
    app.hub.register(user.clone(), entrance).map_err(|error| CloseMessage::too_many(error.to_string()))
}

/// With which code somebody is turned away who could not be let in.
fn close_code_for(error: &ChatError) -> CloseCode {
    match error {
        ChatError::NicknameTaken { .. } => CloseCode::NicknameTaken,
        ChatError::Unauthenticated => CloseCode::SessionEnded,
        ChatError::SessionEnded(reason) => (*reason).into(),
        ChatError::RateLimited { .. } | ChatError::TooManyGuests => CloseCode::TooMany,
        ChatError::Banned { .. }
        | ChatError::InviteRequired
        | ChatError::InvalidInvite
        | ChatError::AccountRequired => CloseCode::Removed,
        ChatError::StorageUnavailable | ChatError::QuotaUsedUp | ChatError::Internal => CloseCode::Restarting,
        _ => CloseCode::ProtocolError,
    }
}

/// From now on a registered connection hears all that its user is in. Directs that are opened later come by themselves,
/// because it is registered; so nothing lies between.
///
/// Gives what that is, in the order of ids.
async fn subscribe_to_memberships(app: &App, connection: &Arc<Connection>) -> Result<Vec<ConversationId>, ChatError> {
    let conversations = app.chat.memberships(connection.user.id).await?;
    connection.subscribe_to_memberships(&conversations);
    Ok(conversations)
}

#[cfg(test)]
pub(crate) mod tests {
    use tempfile::TempDir;
    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::{simple::SimpleHandler, *};
    use crate::server::{Config, Server, config::Timing, http::Readiness, store::Feed};

    /// What sockets need of a house, in a new folder, and what that commits.
    pub(crate) fn open(timing: Timing) -> (Arc<App>, Feed, TempDir) {
        let folder = TempDir::new().expect("a folder");
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let Server { feed, house, .. } = Server::open(config).expect("a server");
        let app = App {
            chat: house.chat,
            hub: house.hub,
            timing: Arc::new(timing),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            turns: SignInPermits::default(),
            readiness: Readiness::default(),
        };
        (Arc::new(app), feed, folder)
    }

    /// What a connection holds while nothing happens: its task, and its place in the hub. Printed, so that whoever adds
    /// to it sees it; more than this was a mistake so far. Tokio adds 112 bytes to a task, and rounds up to 128.
    #[test]
    fn an_idle_connection_is_small() {
        const LARGEST_TASK: usize = 3 * 128 - 112;
        const LARGEST_PLACE: usize = 320;
        let full = size_of_val(&serve::<ChatHandler>(Box::pin(async { None })));
        let plain = size_of_val(&serve::<SimpleHandler>(Box::pin(async { None })));
        let place = size_of::<Connection>();
        println!("an idle connection: {full} bytes of task ({plain} at the simple protocol), {place} bytes of place");
        assert!(full.max(plain) <= LARGEST_TASK, "{full} and {plain} bytes");
        assert!(place <= LARGEST_PLACE, "{place} bytes");
    }
}
