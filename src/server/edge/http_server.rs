//! From accepted TCP connections to requests.
//!
//! `axum::serve` would be shorter, but it waits for a request's headers for ever.

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

use crate::server::{
    edge::{ConnectionInfo, Edge},
    net::{
        client_addr::ClientAddr,
        connection_limiter::{ConnectionLimiter, ConnectionPermit},
        connection_timeouts::{Patience, Verdict, Waits},
        lingering_stream::{ConnectionStream, LingeringStream},
        shard_index::ShardIndex,
    },
};

/// What to do when the system has no more sockets to give: wait for some to be closed.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// How large a request's head may be, and how much of a body is read ahead. Hyper's own 400 KiB would let everybody who
/// connects fill them.
const HEAD_BYTES: usize = 16 * 1024;

/// What serving needs to know.
pub(crate) struct HttpServer {
    /// The threads that connections are served on, in the order of the hub's shards.
    pub(crate) shards: Vec<Handle>,
    pub(crate) edge: Edge,
    /// `None` speaks plain HTTP.
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) doors: Arc<ConnectionLimiter>,
    /// How long a connection may say nothing.
    pub(crate) waits: Waits,
    /// For a peer to take anything of what is being sent.
    pub(crate) write_timeout: Duration,
    /// For a request under way when the server stops.
    pub(crate) stop_timeout: Duration,
    pub(crate) stopping: CancellationToken,
    /// Owns a task for each connection.
    pub(crate) tasks: TaskTracker,
}

impl HttpServer {
    /// Accepts and serves connections until the server stops.
    pub(crate) async fn run(self, listener: TcpListener) {
        let serving = Arc::new(self);
        let mut turns = (0..serving.shards.len()).cycle();
        loop {
            let accepted = select! {
                // The poll of this thread watches it no longer.
                accepted = listener.accept() => accepted.and_then(|(stream, address)| Ok((stream.into_std()?, address))),
                () = serving.stopping.cancelled() => return,
            };
            match accepted {
                Ok((stream, address)) => {
                    let address = address.ip();
                    // Many clients stand behind a proxy; they are counted one by one when their requests have come.
                    let entry = if serving.edge.trusts(address) {
                        serving.doors.enter_for_others()
                    } else {
                        serving.doors.enter(ClientAddr::from(address))
                    };
                    // Whoever floods is closed without a word: to say more would need a connection.
                    if let Some(entry) = entry {
                        let shard = turns.next().unwrap_or_default();
                        let welcome = Arc::clone(&serving).welcome(stream, address, entry, ShardIndex(shard));
                        match serving.shards.get(shard) {
                            Some(thread) => serving.tasks.spawn_on(welcome, thread),
                            None => serving.tasks.spawn(welcome),
                        };
                    } else {
                        serving.edge.note_no_room(ClientAddr::from(address));
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

    async fn welcome(
        self: Arc<Self>,
        stream: std::net::TcpStream,
        address: IpAddr,
        entry: ConnectionPermit,
        shard: ShardIndex,
    ) {
        // This thread's own poll watches it from now on.
        let stream = match TcpStream::from_std(stream) {
            Ok(stream) => stream,
            Err(error) => return tracing::error!(%error, "a connection cannot be served"),
        };
        // What is due is gathered here and written once; Nagle's algorithm would only add waiting.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection went at once");
            return;
        }
        let entry = Arc::new(entry);
        let wire = ConnectionInfo { address, is_tls: self.tls.is_some(), entry: Arc::clone(&entry), shard };
        let patience = Arc::new(Patience::new(Instant::now()));
        let stream = LingeringStream::new(stream, entry, Arc::clone(&patience), self.tasks.clone());
        let mut stream = TimeoutStream::new(stream);
        // Whoever takes nothing of an answer does not keep a connection by it.
        stream.set_write_timeout(Some(self.write_timeout));
        let stream: ConnectionStream = Box::pin(stream);
        let Some(tls) = self.tls.clone() else { return self.serve(stream, wire, patience).await };
        let shaken = select! {
            shaken = timeout(self.handshake_timeout(&wire), tls.accept(stream)) => shaken,
            () = self.stopping.cancelled() => return,
        };
        match shaken {
            Ok(Ok(stream)) => self.serve(stream, wire, patience).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_elapsed) => tracing::debug!("a TLS handshake took too long"),
        }
    }

    fn handshake_timeout(&self, wire: &ConnectionInfo) -> Duration {
        let Waits { head, crowded, .. } = self.waits;
        if wire.entry.is_crowded() { crowded.min(head) } else { head }
    }

    /// Waits until a connection has said nothing for too long; to be asked again whenever something has happened.
    fn wait(
        &self,
        wire: &ConnectionInfo,
        patience: &Patience,
        mut timer: Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> Poll<Verdict> {
        loop {
            match self.verdict(wire, patience) {
                Verdict::Wait(end) => {
                    if timer.deadline() != end {
                        timer.as_mut().reset(end);
                    }
                    ready!(timer.as_mut().poll(context));
                }
                Verdict::Answering => return Poll::Pending,
                over => return Poll::Ready(over),
            }
        }
    }

    /// What to do about a connection. That of a proxy is not crowded out while it is idle: there are few, and the next
    /// request on it may be anybody's.
    fn verdict(&self, wire: &ConnectionInfo, patience: &Patience) -> Verdict {
        let is_crowded = wire.entry.is_crowded() && !wire.entry.is_for_others();
        patience.verdict(self.waits, is_crowded, Instant::now())
    }

    async fn serve(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        wire: ConnectionInfo,
        patience: Arc<Patience>,
    ) {
        patience.begin(Instant::now());
        let wire = Arc::new(wire);
        let answer = |request: hyper::Request<Incoming>| {
            patience.asked();
            let (serving, wire, patience) = (Arc::clone(&self), Arc::clone(&wire), Arc::clone(&patience));
            async move {
                let answer = serving.edge.pass(&wire, request.map(Body::new)).await;
                patience.answered(Instant::now());
                Ok::<_, Infallible>(answer)
            }
        };
        let mut connection = pin!(
            http1::Builder::new()
                .header_read_timeout(None)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(stream), service_fn(answer))
                .with_upgrades()
        );
        let (mut timer, mut stopping) = (pin!(sleep(Duration::ZERO)), pin!(self.stopping.cancelled()));
        let mut is_last = false;
        let end = poll_fn(|context| {
            if stopping.as_mut().poll(context).is_ready() {
                return Poll::Ready(End::Stopping);
            }
            loop {
                if let Poll::Ready(result) = connection.as_mut().poll(context) {
                    return Poll::Ready(End::Over(result));
                }
                if is_last {
                    return Poll::Pending;
                }
                if let Verdict::Drop = ready!(self.wait(&wire, &patience, timer.as_mut(), context)) {
                    return Poll::Ready(End::Silent);
                }
                // One that is idle is closed, and what is still being sent comes to its end first.
                connection.as_mut().graceful_shutdown();
                is_last = true;
            }
        });
        let result = match end.await {
            End::Over(result) => result,
            End::Silent => return tracing::debug!("a request did not come"),
            End::Stopping => {
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

/// How the serving of a connection comes to an end.
enum End {
    Over(hyper::Result<()>),
    /// Nothing came for too long.
    Silent,
    /// The server stops.
    Stopping,
}

/// Errors of a connection that ended before it was accepted say nothing about the listener.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
