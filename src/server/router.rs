//! Which endpoint answers which request.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Extension, Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tower::ServiceExt as _;

use crate::{
    domain::ClientAddr,
    server::{
        config::Config,
        http,
        net::shard_index::ShardIndex,
        problem::ApiError,
        socket::{self, simple_endpoint, simple_ws_nickname},
        state::AppState,
    },
};

/// Builds the router: the simple protocol's WebSockets first, then the full protocol and the HTTP API, then `pages`.
pub(super) fn router(app: Arc<AppState>, pages: Router, config: &Config) -> Router {
    let fallback = async move |request: Request| -> Response {
        if http::is_api(&request) {
            return ApiError::not_found().into_response();
        }
        pages.oneshot(request).await.into_response()
    };
    let sockets = Router::new().route(socket::WS_PATH, get(socket::ws_endpoint));
    #[cfg(feature = "echo")]
    let sockets = sockets.route("/echo", get(socket::echo_endpoint));
    let api = http::router(config.security_contact.clone(), config.public_url.clone());
    let routes = sockets.merge(api).fallback(fallback).with_state(Arc::clone(&app));
    // The simple protocol comes before the routes, so that no route can take a nickname away.
    let simple_or_route = async move |state: State<Arc<AppState>>,
                                      Extension(client_addr): Extension<ClientAddr>,
                                      Extension(shard): Extension<ShardIndex>,
                                      request: Request|
                -> Response {
        match simple_ws_nickname(&request) {
            Some(nickname) => simple_endpoint(state, client_addr, shard, &nickname, request),
            None => routes.oneshot(request).await.into_response(),
        }
    };
    Router::new().fallback(simple_or_route).with_state(app)
}
