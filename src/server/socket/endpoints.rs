//! The WebSocket endpoint of the full protocol, and the echo endpoint.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Request, State},
    http::header,
    response::Response,
};

#[cfg(feature = "echo")]
use crate::server::socket::echo::echo;
use crate::{
    domain::ClientAddr,
    server::{
        hub::{ConnectionOrigin, Dialect, Registered, ReplayedPositions},
        net::{
            session_cookie::{RequestToken, user_agent},
            shard_index::ShardIndex,
            site::Site,
        },
        socket::{
            admission::register,
            close_message::CloseMessage,
            commands::ChatHandler,
            handshake::{UpgradeContext, handshake},
            resume,
            session::ConnectionSession,
            transport::Transport,
            upgrade::{accept, refuse_upgrade},
        },
        state::AppState,
        websocket::Upgrade,
    },
};

/// The path of the full protocol.
pub(in crate::server) const WS_PATH: &str = "/ws";

/// The WebSocket paths that do not belong to the simple protocol. `Nickname::parse` refuses the permanent ones as
/// nicknames. Every other path with one segment is a nickname when a WebSocket is requested, even if it is also the path of
/// a page.
pub(super) const RESERVED_PATHS: &[&str] = &[
    WS_PATH,
    #[cfg(feature = "echo")]
    "/echo",
];

/// `GET /ws`: the full protocol.
pub(in crate::server) async fn ws_endpoint(
    State(app): State<Arc<AppState>>,
    Extension(client_addr): Extension<ClientAddr>,
    Extension(site): Extension<Site>,
    Extension(shard): Extension<ShardIndex>,
    mut request: Request,
) -> Response {
    let upgrade = match Upgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade,
        Err(error) => return refuse_upgrade(error),
    };
    let headers = request.headers();
    let token = RequestToken::from_headers(headers, site);
    let context = UpgradeContext {
        client_addr,
        shard,
        token: token.map(|token| token.value.to_owned()),
        user_agent: user_agent(headers).to_owned(),
    };
    // A page can stay open for longer than the browser would keep the cookie.
    let cookie = token.and_then(|token| token.renewed_cookie(app.chat.session_cookie_max_age(), site));
    let mut response = accept(&app, upgrade, move |app, transport| open_session(app, transport, context));
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// `GET /echo`: sends back what it receives, over the same transport as all WebSockets, to test its conformance with
/// RFC 6455.
#[cfg(feature = "echo")]
pub(in crate::server) async fn echo_endpoint(State(app): State<Arc<AppState>>, mut request: Request) -> Response {
    let upgrade = match Upgrade::from_request(&mut request) {
        Ok(upgrade) => upgrade,
        Err(error) => return refuse_upgrade(error),
    };
    accept(&app, upgrade, async move |_app, mut transport: Transport| {
        let message = echo(&mut transport).await;
        transport.close(message).await;
        None::<ConnectionSession<ChatHandler>>
    })
}

/// Signs a client in over the full protocol. Returns `None` if that failed and the connection was closed.
pub(super) async fn open_session(
    app: Arc<AppState>,
    mut transport: Transport,
    context: UpgradeContext,
) -> Option<ConnectionSession<ChatHandler>> {
    match sign_in(&app, &mut transport, context).await {
        Ok((registered, replayed)) => {
            let handler = ChatHandler::new(app, Arc::clone(&registered.connection));
            Some(ConnectionSession::begin(transport, handler, registered, replayed))
        }
        // `sign_in` has dropped `Registered`, so the hub no longer knows the connection.
        Err(message) => {
            Box::pin(transport.close(message)).await;
            None
        }
    }
}

async fn sign_in(
    app: &AppState,
    transport: &mut Transport,
    context: UpgradeContext,
) -> Result<(Registered, ReplayedPositions), CloseMessage> {
    let (client_addr, shard) = (context.client_addr, context.shard);
    let hello = Box::pin(handshake(app, transport, context)).await?;
    let origin = ConnectionOrigin { session: Some(hello.session), client_addr, dialect: Dialect::Full, shard };
    let registered = register(app, &hello.me.user(), origin)?;
    transport.mark_signed_in();
    let replayed = Box::pin(resume::welcome(app, transport, &registered.connection, hello)).await?;
    Ok((registered, replayed))
}
