//! From accepted TCP connections to requests.
//!
//! `axum::serve` would be shorter, but it waits for a request's headers for ever.

use std::{io, sync::Arc, time::Duration};

use axum::{Extension, Router, http::StatusCode, response::IntoResponse as _};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    select,
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::protocol::ErrorCode;

use super::{
    doors::{Doors, Entry},
    http::ApiError,
    linger::LingeringStream,
    peer::Peer,
};

/// What to do when the system has no more sockets to give: wait for some to be closed.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// What serving needs to know.
pub(super) struct Serving {
    pub(super) router: Router,
    pub(super) doors: Arc<Doors>,
    /// For a request's headers.
    pub(super) header_timeout: Duration,
    /// For a request under way when the server stops.
    pub(super) stop_timeout: Duration,
    pub(super) stopping: CancellationToken,
    /// Owns a task for each connection.
    pub(super) tasks: TaskTracker,
}

impl Serving {
    /// Accepts and serves connections until the server stops.
    pub(super) async fn run(self, listener: TcpListener) {
        let serving = Arc::new(self);
        loop {
            let accepted = select! {
                accepted = listener.accept() => accepted,
                () = serving.stopping.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => {
                    let peer = Peer::from(address.ip());
                    // A full house just closes the door: to say more would need a connection.
                    if let Some(entry) = serving.doors.enter(peer) {
                        serving.tasks.spawn(Arc::clone(&serving).serve(stream, peer, entry));
                    } else {
                        tracing::warn!(address = %address.ip(), "no room for another connection");
                    }
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    sleep(OUT_OF_SOCKETS).await;
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, peer: Peer, entry: Entry) {
        // What is due is gathered here and written once; Nagle's algorithm would only add waiting.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection went at once");
            return;
        }
        let router = if entry.is_excess { refusal() } else { self.router.clone().layer(Extension(peer)) };
        let stream = LingeringStream::new(stream, entry, self.tasks.clone());
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.header_timeout)
                .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
                .with_upgrades()
        );
        let result = select! {
            result = connection.as_mut() => result,
            () = self.stopping.cancelled() => {
                connection.as_mut().graceful_shutdown();
                match timeout(self.stop_timeout, connection).await {
                    Ok(result) => result,
                    Err(_elapsed) => return tracing::warn!("a request took too long to be finished before the stop"),
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended badly");
        }
    }
}

/// Answers any request of an address with too many connections.
fn refusal() -> Router {
    Router::new().fallback(async || {
        let words = "too many connections from this address".to_owned();
        let answer = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, words);
        ([("connection", "close")], answer).into_response()
    })
}

/// Errors of a connection that ended before it was accepted say nothing about the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
