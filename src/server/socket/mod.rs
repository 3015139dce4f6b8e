//! The sockets: how one comes to be, what is said on it, how it ends.

mod commands;
mod hello;
mod line;
mod plain;
mod resume;
mod scratch;
mod talking;
mod turns;

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
};

use self::{
    commands::FullTalk,
    line::{Farewell, Line},
    talking::{Talk, Talking},
};
use super::{
    App,
    chat::ChatError,
    edge::Site,
    http::ApiError,
    hub::{Connection, Entrance, Registered, Seen, ShardIndex, Speech},
    peer::Peer,
    sessions::{Shown, user_agent},
    websocket::{NoUpgrade, Upgrade},
};

pub(super) use plain::{knocks, plain_door};
pub(super) use turns::Turns;

/// Where the whole protocol is spoken.
pub(super) const FULL_DOOR: &str = "/ws";

/// Paths of sockets that are no nickname's. Those that stay are no nicknames (`Nickname::parse`); all other paths are,
/// whatever else is found there: an upgrade to WebSocket is looked at before the routes.
const SOCKETS: &[&str] = &[
    FULL_DOOR,
    #[cfg(feature = "echo")]
    "/echo",
];

/// What an upgrade request tells of its sender.
struct Bearings {
    peer: Peer,
    shard: ShardIndex,
    /// The session's, from the cookie or as bearer.
    token: Option<String>,
    /// The program, as it calls itself.
    agent: String,
}

/// `/ws`: the whole protocol.
pub(super) async fn full_door(
    State(app): State<Arc<App>>,
    Extension(peer): Extension<Peer>,
    Extension(site): Extension<Site>,
    Extension(shard): Extension<ShardIndex>,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    let headers = request.headers();
    let shown = Shown::by(headers, site);
    let (token, agent) = (shown.map(|shown| shown.token.to_owned()), user_agent(headers).to_owned());
    // A page can stay open for longer than a browser would keep the cookie.
    let cookie = shown.and_then(|shown| shown.keep(app.chat.longest_session(), site));
    let bearings = Bearings { peer, shard, token, agent };
    let mut answer = accept(&app, upgrade, move |app, line| enter(app, line, bearings));
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    answer
}

/// `/echo`: what comes in goes out, through a socket as all are here; for tests of how that keeps to RFC 6455.
#[cfg(feature = "echo")]
pub(super) async fn echo_door(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    accept(&app, upgrade, async move |_app, mut line: Line| {
        let farewell = line.echo().await;
        line.end(farewell).await;
        None::<Talking<FullTalk>>
    })
}

fn refuse_upgrade(none: NoUpgrade) -> Response {
    let (status, headers) = none.head();
    (headers, ApiError::new(status, ErrorCode::BadFrame, none.to_string())).into_response()
}

/// Upgrades. The socket's task is one of those that the server waits for when it stops.
///
/// `enter` does all that there is to do before the talk, or instead of it.
fn accept<T: Talk, F>(
    app: &Arc<App>,
    upgrade: Upgrade,
    enter: impl FnOnce(Arc<App>, Line) -> F + Send + 'static,
) -> Response
where
    F: Future<Output = Option<Talking<T>>> + Send,
{
    let (answer, stream) = upgrade.begin();
    let task = Arc::clone(app);
    let entering = async move {
        let (stream, ahead) = stream.await?;
        let line = Line::new(stream, ahead, Arc::clone(&task.timing));
        enter(task, line).await
    };
    app.tasks.spawn(serve(Box::pin(entering)));
    answer
}

/// What comes to an end before the talk begins, and what comes after it, takes no room in the task while that goes on.
async fn serve<T: Talk>(entering: BoxFuture<'static, Option<Talking<T>>>) {
    let Some(mut talking) = entering.await else { return };
    let farewell = talking.converse().await;
    Box::pin(talking.end(farewell)).await;
}

/// Lets somebody in who speaks the whole protocol; `None` if it never comes to talking.
async fn enter(app: Arc<App>, mut line: Line, bearings: Bearings) -> Option<Talking<FullTalk>> {
    match greet_and_welcome(&app, &mut line, bearings).await {
        Ok((registered, seen)) => {
            let talk = FullTalk::new(app, Arc::clone(&registered.connection));
            Some(Talking::begin(line, talk, registered, seen))
        }
        // The hub has forgotten the connection by now.
        Err(farewell) => {
            Box::pin(line.end(farewell)).await;
            None
        }
    }
}

async fn greet_and_welcome(app: &App, line: &mut Line, bearings: Bearings) -> Result<(Registered, Seen), Farewell> {
    let (peer, shard) = (bearings.peer, bearings.shard);
    let greeted = Box::pin(hello::greet(app, line, bearings)).await?;
    let entrance = Entrance { session: Some(greeted.session), peer, speech: Speech::Full, shard };
    let registered = register(app, &greeted.me.user(), entrance)?;
    line.is_signed_in();
    let seen = Box::pin(resume::welcome(app, line, &registered.connection, greeted)).await?;
    Ok((registered, seen))
}

fn register(app: &App, user: &User, entrance: Entrance) -> Result<Registered, Farewell> {
    app.hub.register(user.clone(), entrance).map_err(|error| Farewell::too_many(error.to_string()))
}

/// With which code somebody is turned away who could not be let in.
fn not_let_in(error: &ChatError) -> CloseCode {
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
async fn hear_all(app: &App, connection: &Arc<Connection>) -> Result<Vec<ConversationId>, ChatError> {
    let conversations = app.chat.memberships(connection.user.id).await?;
    connection.hear_all(&conversations);
    Ok(conversations)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::{plain::PlainTalk, *};
    use crate::server::{Config, Server, config::Timing, http::Readiness, store::Feed};

    /// What sockets need of a house, in a new folder, and what that commits.
    pub(super) fn open(timing: Timing) -> (Arc<App>, Feed, TempDir) {
        let folder = TempDir::new().expect("a folder");
        let config = Config { data: folder.path().to_owned(), ..Config::default() };
        let Server { feed, house, .. } = Server::open(config).expect("a server");
        let app = App {
            chat: house.chat,
            hub: house.hub,
            timing: Arc::new(timing),
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
            turns: Turns::default(),
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
        let full = size_of_val(&serve::<FullTalk>(Box::pin(async { None })));
        let plain = size_of_val(&serve::<PlainTalk>(Box::pin(async { None })));
        let place = size_of::<Connection>();
        println!("an idle connection: {full} bytes of task ({plain} at the plain door), {place} bytes of place");
        assert!(full.max(plain) <= LARGEST_TASK, "{full} and {plain} bytes");
        assert!(place <= LARGEST_PLACE, "{place} bytes");
    }
}
