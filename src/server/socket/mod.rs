//! The sockets: how one comes to be, what is said on it, how it ends.

mod commands;
mod hello;
mod line;
mod plain;
mod resume;
mod scratch;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};

use crate::{
    domain::{ConversationId, User},
    protocol::ErrorCode,
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
    hub::{Connection, Entrance, Registered, ShardIndex, Speech},
    peer::Peer,
    session_token,
    sessions::user_agent,
    websocket::{NoUpgrade, Upgrade},
};

pub(super) use plain::{knocks, plain_door};

/// Where the whole protocol is spoken.
pub(super) const FULL_DOOR: &str = "/ws";

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
    Extension(scheme): Extension<Scheme>,
    Extension(shard): Extension<ShardIndex>,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    let headers = request.headers();
    let (token, agent) = (session_token(headers, scheme), user_agent(headers).to_owned());
    let bearings = Bearings { peer, shard, token, agent };
    accept(&app, upgrade, async move |app, line| serve_full(app, line, bearings).await)
}

/// `/echo`: what comes in goes out, through a socket as all are here; for tests of how that keeps to RFC 6455.
#[cfg(feature = "echo")]
pub(super) async fn echo_door(State(app): State<Arc<App>>, mut request: Request) -> Response {
    let upgrade = match Upgrade::of(&mut request) {
        Ok(upgrade) => upgrade,
        Err(none) => return refuse_upgrade(none),
    };
    accept(&app, upgrade, async move |_app, mut line| {
        let farewell = line.echo().await;
        line.bid(farewell).await;
        line.part().await;
    })
}

fn refuse_upgrade(none: NoUpgrade) -> Response {
    let (status, headers) = none.head();
    (headers, ApiError::new(status, ErrorCode::BadFrame, none.to_string())).into_response()
}

/// Upgrades. The socket's task is one of those that the server waits for when it stops.
fn accept<F>(app: &Arc<App>, upgrade: Upgrade, serve: impl FnOnce(Arc<App>, Line) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send,
{
    let (answer, stream) = upgrade.begin();
    let task = Arc::clone(app);
    app.tasks.spawn(async move {
        // What comes to an end before the talk begins takes no room in the task while that goes on.
        let Some((stream, ahead)) = Box::pin(stream).await else { return };
        let line = Line::new(stream, ahead, Arc::clone(&task.timing));
        serve(task, line).await;
    });
    answer
}

async fn serve_full(app: Arc<App>, mut line: Line, bearings: Bearings) {
    let farewell = talk_in_full(&app, &mut line, bearings).await.unwrap_or_else(|refused| refused);
    // The hub has forgotten the connection by now: nobody takes somebody who is slow in leaving for present.
    Box::pin(line.bid(farewell)).await;
    Box::pin(line.part()).await;
}

/// Talks until the end; `Err` if it never came to talking.
async fn talk_in_full(app: &Arc<App>, line: &mut Line, bearings: Bearings) -> Result<Farewell, Farewell> {
    let (peer, shard) = (bearings.peer, bearings.shard);
    let greeted = Box::pin(hello::greet(app, line, bearings)).await?;
    let entrance = Entrance { session: Some(greeted.session), peer, speech: Speech::Full, shard };
    let registered = register(app, &greeted.me.user(), entrance)?;
    let seen = Box::pin(resume::welcome(app, line, &registered.connection, greeted)).await?;
    let mut talk = FullTalk::new(Arc::clone(app), Arc::clone(&registered.connection));
    Ok(line.converse(&mut talk, &registered.connection, seen, app).await)
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
        connection.hear(*conversation);
    }
    Ok(conversations)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_util::{sync::CancellationToken, task::TaskTracker};

    use super::*;
    use crate::server::{Config, Server, doors::Doors, hub::Connection, websocket::Stream};

    /// What a connection holds while nothing happens: its task, and its place in the hub. Printed, so that whoever adds
    /// to it sees it; more than this was a mistake so far.
    #[tokio::test]
    async fn an_idle_connection_is_small() {
        const LARGEST_TASK: usize = 1_200;
        const LARGEST_PLACE: usize = 512;
        let folder = TempDir::new().expect("a folder");
        let Server { config, house, .. } =
            Server::open(Config { data: folder.path().to_owned(), ..Config::default() }).expect("a server");
        let (timing, stopping) = (Arc::new(config.timing), CancellationToken::new());
        let app = Arc::new(App { chat: house.chat, hub: house.hub, timing, stopping, tasks: TaskTracker::new() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let _client = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
        let (stream, address) = listener.accept().await.expect("a connection");
        let peer = Peer::from(address.ip());
        let entry = Arc::new(Doors::new(1, None).enter(peer).expect("room"));
        let line = Line::new(Stream::Tcp(stream, entry), Vec::new(), Arc::clone(&app.timing));
        let bearings = Bearings { peer, shard: ShardIndex::default(), token: None, agent: String::new() };

        let task = size_of_val(&serve_full(app, line, bearings));
        let place = size_of::<Connection>();
        println!("an idle connection: {task} bytes of task, {place} bytes of place");
        assert!(task <= LARGEST_TASK, "{task} bytes");
        assert!(place <= LARGEST_PLACE, "{place} bytes");
    }
}
