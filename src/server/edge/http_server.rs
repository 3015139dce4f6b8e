//! Accepts TCP connections and serves HTTP/1.1 on them.
//!
//! `axum::serve` would be shorter, but it waits for the head of a request without a time limit.

use std::{
    convert::Infallible,
    future::poll_fn,
    io,
    net::IpAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::Body;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    runtime::Handle,
    select,
    time::{Instant, Sleep, sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    domain::ClientAddr,
    server::{
        edge::request_guard::{ConnectionInfo, RequestGuard},
        net::{
            connection_limiter::{ConnectionLimiter, ConnectionPermit},
            connection_timeouts::{ConnectionTimeouts, RequestTimer, TimerAction},
            lingering_stream::{ConnectionStream, LingeringStream},
            shard_index::ShardIndex,
        },
    },
};

/// How long to wait after a failed `accept`, usually because the process has no file descriptors left.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// The size of a connection's buffer: the longest head of a request, and how much of a body is read ahead. Hyper's default
/// of 400 KiB would let each connection occupy that much memory.
const MAX_BUFFER_BYTES: usize = 16 * 1024;

/// Accepts connections and serves them.
pub(in crate::server) struct HttpServer {
    /// The runtimes that serve connections, in the order of the hub's shards.
    pub(in crate::server) shards: Vec<Handle>,
    pub(in crate::server) guard: RequestGuard,
    /// `None` serves plain HTTP.
    pub(in crate::server) tls: Option<TlsAcceptor>,
    pub(in crate::server) limiter: Arc<ConnectionLimiter>,
    pub(in crate::server) timeouts: ConnectionTimeouts,
    /// How long a write may make no progress.
    pub(in crate::server) write_timeout: Duration,
    /// How long a request under way may take when the server stops.
    pub(in crate::server) stop_timeout: Duration,
    pub(in crate::server) stopping: CancellationToken,
    /// Tracks one task per connection.
    pub(in crate::server) tasks: TaskTracker,
}

impl HttpServer {
    /// Accepts and serves connections until the server stops.
    pub(in crate::server) async fn run(self, listener: TcpListener) {
        let server = Arc::new(self);
        let mut shard_indices = (0..server.shards.len()).cycle();
        loop {
            let accepted = select! {
                // `into_std` deregisters the stream from this runtime, so that the shard's runtime can register it.
                accepted = listener.accept() => accepted.and_then(|(stream, address)| Ok((stream.into_std()?, address))),
                () = server.stopping.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => {
                    let remote_ip = address.ip();
                    // A proxy's connection carries requests of many clients, who are counted when they open a WebSocket.
                    let permit = if server.guard.is_trusted_proxy(remote_ip) {
                        server.limiter.acquire_for_proxy()
                    } else {
                        server.limiter.acquire(ClientAddr::from(remote_ip))
                    };
                    let Some(permit) = permit else {
                        server.guard.log_dropped_connection(ClientAddr::from(remote_ip));
                        continue;
                    };
                    let shard = shard_indices.next().unwrap_or_default();
                    let connection =
                        Arc::clone(&server).handle_connection(stream, remote_ip, permit, ShardIndex(shard));
                    match server.shards.get(shard) {
                        Some(runtime) => server.tasks.spawn_on(connection, runtime),
                        None => server.tasks.spawn(connection),
                    };
                }
                Err(error) if is_connection_error(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "cannot accept connections");
                    sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }

    async fn handle_connection(
        self: Arc<Self>,
        stream: std::net::TcpStream,
        remote_ip: IpAddr,
        permit: ConnectionPermit,
        shard: ShardIndex,
    ) {
        // Registers the stream with the shard's runtime.
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::error!(%error, "a connection cannot be served"),
        };
        // The server gathers frames and writes them at once, so Nagle's algorithm would only add delay.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was closed at once");
            return;
        }
        let permit = Arc::new(permit);
        let connection = ConnectionInfo { remote_ip, is_tls: self.tls.is_some(), permit: Arc::clone(&permit), shard };
        let timer = Arc::new(RequestTimer::new(Instant::now()));
        let stream = LingeringStream::new(stream, permit, Arc::clone(&timer), self.tasks.clone());
        let mut stream = TimeoutStream::new(stream);
        // Otherwise a client could hold a connection by not reading its response.
        stream.set_write_timeout(Some(self.write_timeout));
        let stream: ConnectionStream = Box::pin(stream);
        let Some(tls) = self.tls.clone() else { return self.serve(stream, connection, timer).await };
        let handshake = select! {
            handshake = timeout(self.handshake_timeout(&connection), tls.accept(stream)) => handshake,
            () = self.stopping.cancelled() => return,
        };
        match handshake {
            Ok(Ok(stream)) => self.serve(stream, connection, timer).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("a TLS handshake timed out"),
        }
    }

    fn handshake_timeout(&self, connection: &ConnectionInfo) -> Duration {
        let ConnectionTimeouts { head, crowded, .. } = self.timeouts;
        if connection.permit.is_crowded() { crowded.min(head) } else { head }
    }

    /// Waits until the connection is to be dropped or finished. Must be polled again when something has happened on it.
    fn poll_timeout(
        &self,
        connection: &ConnectionInfo,
        timer: &RequestTimer,
        mut sleep: Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> Poll<TimerAction> {
        loop {
            match self.timer_action(connection, timer) {
                TimerAction::CheckAt(time) => {
                    if sleep.deadline() != time {
                        sleep.as_mut().reset(time);
                    }
                    ready!(sleep.as_mut().poll(context));
                }
                TimerAction::AwaitResponse => return Poll::Pending,
                action @ (TimerAction::Drop | TimerAction::Finish) => return Poll::Ready(action),
            }
        }
    }

    /// What to do with the connection now. A proxy's connections keep their usual time-outs while the server is crowded:
    /// there are few of them, and the next request may be any client's.
    fn timer_action(&self, connection: &ConnectionInfo, timer: &RequestTimer) -> TimerAction {
        let is_crowded = connection.permit.is_crowded() && !connection.permit.is_proxy();
        timer.action(self.timeouts, is_crowded, Instant::now())
    }

    async fn serve(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        connection: ConnectionInfo,
        timer: Arc<RequestTimer>,
    ) {
        timer.restart(Instant::now());
        let connection = Arc::new(connection);
        let respond = |request: hyper::Request<Incoming>| {
            timer.request_received();
            let (server, connection, timer) = (Arc::clone(&self), Arc::clone(&connection), Arc::clone(&timer));
            async move {
                let response = server.guard.handle(&connection, request.map(Body::new)).await;
                timer.response_made(Instant::now());
                Ok::<_, Infallible>(response)
            }
        };
        let mut http = pin!(
            http1::Builder::new()
                .header_read_timeout(None)
                .max_buf_size(MAX_BUFFER_BYTES)
                .serve_connection(TokioIo::new(stream), service_fn(respond))
                .with_upgrades()
        );
        let (mut sleep, mut stopping) = (pin!(sleep(Duration::ZERO)), pin!(self.stopping.cancelled()));
        let mut is_finishing = false;
        let end = poll_fn(|context| {
            if stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(ServeEnd::Stopping);
            }
            loop {
                if let Poll::Ready(result) = http.as_mut().poll(context) {
                    return Poll::Ready(ServeEnd::Closed(result));
                }
                if is_finishing {
                    return Poll::Pending;
                }
                let action = ready!(self.poll_timeout(&connection, &timer, sleep.as_mut(), context));
                if action == TimerAction::Drop {
                    return Poll::Ready(ServeEnd::TimedOut);
                }
                // Sends the rest of the last response, then closes.
                http.as_mut().graceful_shutdown();
                is_finishing = true;
            }
        });
        let result = match end.await {
            ServeEnd::Closed(result) => result,
            ServeEnd::TimedOut => return tracing::debug!("a request did not arrive in time"),
            ServeEnd::Stopping => {
                http.as_mut().graceful_shutdown();
                match timeout(self.stop_timeout, http).await {
                    Ok(result) => result,
                    Err(_elapsed) => return tracing::warn!("a request was not finished before the server stopped"),
                }
            }
        };
        if let Err(error) = result {
            tracing::debug!(%error, "a connection ended with an error");
        }
    }
}

/// Why a connection is no longer served.
enum ServeEnd {
    /// Hyper is done with it.
    Closed(hyper::Result<()>),
    /// No request arrived in time.
    TimedOut,
    /// The server stops.
    Stopping,
}

/// Whether `accept` failed because of the connection, which was closed before it was accepted, and not of the listener.
fn is_connection_error(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
