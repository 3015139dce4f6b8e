//! The WebSocket endpoint of the simple protocol.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    response::Response,
};
use percent_encoding::percent_decode_str;

use crate::{
    domain::ClientAddr,
    server::{
        hub::{ConnectionOrigin, Dialect, ReplayedPositions},
        net::{session_cookie::bearer_token, shard_index::ShardIndex},
        socket::{
            endpoints::RESERVED_PATHS,
            session::ConnectionSession,
            simple::{
                handler::SimpleHandler,
                sign_in::{SimpleSignIn, sign_in},
            },
            transport::Transport,
            upgrade::{accept, refuse_upgrade},
        },
        state::AppState,
        websocket::Upgrade,
    },
};

/// The nickname in the path, still percent-encoded, if this is a WebSocket upgrade at `/{nickname}`.
pub(in crate::server) fn simple_ws_nickname(request: &Request) -> Option<String> {
    let path = request.uri().path();
    let segment = path.strip_prefix('/')?;
    let is_nickname = !segment.is_empty() && !segment.contains('/') && !RESERVED_PATHS.contains(&path);
    (is_nickname && request.method() == Method::GET && is_upgrade(request.headers())).then(|| segment.to_owned())
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// `GET /{nickname}`: the simple protocol. `segment` is the nickname as [`simple_ws_nickname`] returns it.
pub(in crate::server) fn simple_endpoint(
    State(app): State<Arc<AppState>>,
    client_addr: ClientAddr,
    shard: ShardIndex,
    segment: &str,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade,
        Err(error) => return refuse_upgrade(error),
    };
    // If it is not UTF-8, the nickname is empty, and so invalid.
    let nickname = percent_decode_str(segment).decode_utf8().unwrap_or_default().into_owned();
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let invite = form_urlencoded::parse(query).find(|(name, _)| name == "invite").map(|(_, token)| token.into_owned());
    // The cookie is not read, because pages of other programs on this machine may open this WebSocket.
    let token = bearer_token(request.headers()).map(str::to_owned);
    let origin = ConnectionOrigin { session: None, client_addr, dialect: Dialect::Simple, shard };
    let request = SimpleSignIn { origin, nickname, invite, token };
    accept(&app, upgrade, move |app, transport| open_session(app, transport, request))
}

/// Signs a client in over the simple protocol. Returns `None` if that failed and the connection was closed.
pub(in crate::server::socket) async fn open_session(
    app: Arc<AppState>,
    mut transport: Transport,
    request: SimpleSignIn,
) -> Option<ConnectionSession<SimpleHandler>> {
    match Box::pin(sign_in(&app, &mut transport, &request)).await {
        Ok(registered) => {
            let handler = SimpleHandler::new(app, Arc::clone(&registered.connection));
            Some(ConnectionSession::begin(transport, handler, registered, ReplayedPositions::default()))
        }
        // `sign_in` has dropped `Registered`, so the hub no longer knows the connection.
        Err(message) => {
            Box::pin(transport.close(message)).await;
            None
        }
    }
}
