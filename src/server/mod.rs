//! The server: config → store → bind → [`Server::run`].
//!
//! A message's way: `socket` (or `http`) → `chat` decides → `store` makes it durable and gives it its place → `hub`
//! delivers → `socket`. One direction: nothing but `chat` writes to the store, nothing but `hub` writes to connections.

mod admin;
mod byte_size;
mod chat;
mod clock;
mod config;
mod edge;
pub(crate) mod error;
mod http;
mod hub;
pub(crate) mod net;
mod pages_api;
pub(crate) mod problem;
mod sign_in;
pub(crate) mod sign_in_permits;
mod socket;
mod store;
pub mod websocket;

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Extension, Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
};
use futures_util::future::select_all;
use tokio::{
    net::TcpListener,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tower::ServiceExt as _;

use crate::{
    protocol::CloseCode,
    server::{
        admin::AdminSocket,
        chat::ChatService,
        edge::{Certificate, HttpServer, RequestGuard, exposure_warning},
        http::{ApiError, Readiness},
        hub::{Hub, announce_presence, deliver, serve_shard},
        net::{
            connection_limiter::{ConnectionLimiter, ConnectionLimits},
            connection_timeouts::ConnectionTimeouts,
            shard_index::ShardIndex,
            shard_runtimes::ShardRuntimes,
            urls,
        },
        sign_in_permits::SignInPermits,
        store::{Feed, SqliteStore, Store},
    },
};

pub(crate) use crate::server::net::client_addr::ClientAddr;
pub(crate) use crate::server::net::cookies::cookie_values;
pub(crate) use crate::server::pages_api::PageError;
pub(crate) use crate::server::sign_in::{SignInRequest, SignedIn};
pub(crate) use chat::{AllowedActions, ModerationRequest};
pub(crate) use store::ReportAction;

pub use crate::server::net::session_cookie::session_token;
pub use crate::server::net::{
    public_url::{PublicUrl, PublicUrlError},
    report_url::{ReportUrl, ReportUrlError},
    scheme::Scheme,
    security_contact::{SecurityContact, SecurityContactError},
    site::Site,
};
pub use crate::server::pages_api::PagesApi;
pub use admin::{AdminCommand, AdminError, ask};
pub use byte_size::{ByteSize, ByteSizeError};
pub use config::{Config, Limits, RetentionDays, Timing};
pub use edge::TlsError;
pub use store::{BackupError, OpenError};

/// Copies the data of a folder, on which a server may be running, to a file that is not there yet. Each time the copy is put
/// in the place of data, it begins another history: cursors are void.
///
/// # Errors
///
/// If there is no data, or the file cannot be written. Then no file is left.
pub fn back_up(data: &Path, file: &Path) -> Result<(), BackupError> {
    store::back_up(data, file)
}

/// How long the store may take to close.
const STORE_CLOSE: Duration = Duration::from_secs(2);

/// What requests and sockets work with.
struct App {
    chat: Arc<ChatService>,
    hub: Arc<Hub>,
    timing: Arc<Timing>,
    /// Cancelled when the server stops.
    stopping: CancellationToken,
    /// Owns the tasks of connections and sockets.
    tasks: TaskTracker,
    /// Bounds how many connections sign in at the same time.
    sign_in_permits: SignInPermits,
    readiness: Readiness,
}

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store can't be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// Its certificate can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
}

/// Why a server did not stop well.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store ended before it was told to: nothing can be saved any more.
    #[error("the store has ended by itself")]
    StoreEnded,
    /// Nothing accepts connections any more.
    #[error("serving has ended by itself")]
    ServingEnded,
    /// Nobody writes to a part of the connections.
    #[error("a shard has ended by itself")]
    ShardEnded,
    /// The store did not close in time. What was acked is durable all the same.
    #[error("the store did not close in time")]
    Unfinished,
}

/// A server whose store is open.
pub struct Server {
    config: Config,
    store: Arc<dyn Store>,
    feed: Feed,
    house: PagesApi,
    administration: Option<AdminSocket>,
    threads: ShardRuntimes,
    /// `None` speaks plain HTTP.
    certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Reads the certificate, if there is to be one, and opens the store in `config.data`.
    ///
    /// # Errors
    /// [`StartError`] if that can't be done, or if another server is using it.
    pub fn open(config: Config) -> Result<Self, StartError> {
        let certificate = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(Certificate::load(cert, key)?),
            _ => None,
        };
        let (store, feed) = SqliteStore::open(Path::new(&config.data), config.disk_quota)?;
        let store: Arc<dyn Store> = Arc::new(store);
        let per_user = (!config.unlimited).then_some(config.limits.max_connections_per_user);
        let hub = Arc::new(Hub::new(ShardRuntimes::default_count(), per_user, config.limits.send_queue_bytes));
        let chat = Arc::new(ChatService::new(Arc::clone(&store), Arc::<Hub>::clone(&hub), &config));
        let administration = admin::bind(&config.data);
        let threads = ShardRuntimes::start(ShardRuntimes::default_count()).map_err(StartError::Threads)?;
        let house = PagesApi::new(chat, hub, config.csp_report_to.clone());
        Ok(Self { config, store, feed, house, administration, threads, certificate })
    }

    /// The link by which somebody can own the server that listens there; `None` if it has an owner, or its configuration
    /// names one. It is a secret.
    pub async fn claim_link(&self, here: SocketAddr) -> Option<String> {
        let scheme = if self.certificate.is_some() { Scheme::Https } else { Scheme::Http };
        let base = urls::base_url_of_listener(self.config.public_url.as_ref(), here, scheme);
        let token = self.house.claim_token().await?;
        Some(urls::claim_url(&base, &token))
    }

    /// What rendering pages needs.
    pub fn house(&self) -> PagesApi {
        self.house.clone()
    }

    /// Serves `listener` until `shutdown`: first the server's own routes, then `pages`.
    ///
    /// Stops within five seconds: takes nothing new, finishes and answers what was taken, closes sockets with 1012.
    ///
    /// # Errors
    /// [`RunError`] if it stops without being told to, or its store did not close in time.
    pub async fn run(self, listener: TcpListener, pages: Router, shutdown: CancellationToken) -> Result<(), RunError> {
        let Self { config, store, feed, house, administration, threads, certificate } = self;
        // As it was asked for, if the system does not tell.
        let here = listener.local_addr().unwrap_or(config.listen);
        if let Some(warning) =
            exposure_warning(here, certificate.is_some(), !config.trusted_proxies.is_empty(), config.admission_policy)
        {
            tracing::warn!("{warning}");
        }
        let scheme = if certificate.is_some() { Scheme::Https } else { Scheme::Http };
        let address = urls::base_url_of_listener(config.public_url.as_ref(), here, scheme);
        let hub = Arc::clone(&house.hub);
        let stopping = CancellationToken::new();
        // Whoever drops this future instead of waiting for it ends the connections all the same.
        let _stop_when_dropped = stopping.clone().drop_guard();
        let tasks = TaskTracker::new();
        let app = Arc::new(App {
            chat: Arc::clone(&house.chat),
            hub: Arc::clone(&hub),
            timing: Arc::new(config.timing.clone()),
            stopping: stopping.clone(),
            tasks: tasks.clone(),
            sign_in_permits: SignInPermits::default(),
            readiness: Readiness::default(),
        });
        let unless_unlimited = |most| (!config.unlimited).then_some(most);
        let limits = ConnectionLimits {
            total: config.limits.max_connections,
            per_address: unless_unlimited(config.limits.max_connections_per_address),
            per_network: unless_unlimited(config.limits.max_connections_per_network),
        };
        let serving = HttpServer {
            guard: RequestGuard::new(
                router(Arc::clone(&app), pages, &config),
                Arc::clone(&house.chat),
                &config,
                here.ip(),
            ),
            tls: certificate.as_ref().map(|certificate| certificate.acceptor()),
            shards: threads.handles().to_vec(),
            limiter: ConnectionLimiter::new(limits),
            timeouts: ConnectionTimeouts {
                head: config.timing.header_timeout,
                idle: config.timing.idle_timeout,
                crowded: config.timing.crowded_timeout,
            },
            write_timeout: config.timing.write_timeout,
            stop_timeout: config.timing.stop_timeout,
            stopping: stopping.clone(),
            tasks: tasks.clone(),
        };

        // What was allowed before may not be any more: nobody is served who would not be let in, or kept, now.
        if let Err(error) = house.chat.enforce_entry().await {
            tracing::error!(%error, "those who are in could not be held to who may come in");
            return Err(RunError::StoreEnded);
        }

        let (shards, turns) = hub.shard_channels();
        let shards_at_work: Vec<_> = turns
            .into_iter()
            .zip(threads.handles())
            .map(|((shard, turns), thread)| {
                let (hub, timing) = (Arc::clone(&hub), Arc::clone(&app.timing));
                AbortOnDropHandle::new(thread.spawn(serve_shard(hub, shard, turns, timing)))
            })
            .collect();
        let delivery = deliver(feed, Arc::clone(&hub), shards.clone());
        let mut delivering = AbortOnDropHandle::new(match threads.handles() {
            // Where there is one core only, it costs less to stay with what comes next.
            [thread] => thread.spawn(delivery),
            _ => tokio::spawn(delivery),
        });
        let mut shards_at_work = select_all(shards_at_work);
        let mut serving = AbortOnDropHandle::new(tokio::spawn(serving.run(listener)));
        let working = async {
            let watching = async {
                if let Some(certificate) = &certificate {
                    certificate.watch(config.timing.certificate_interval).await;
                }
            };
            tokio::join!(
                announce_presence(&hub, &shards, config.timing.presence_interval),
                keep_house(&house, config.timing.housekeeping_interval),
                expire_messages(&house.chat, config.timing.retention_interval),
                house.chat.erase_deleted_accounts(),
                admin::serve(app, administration, address),
                watching
            );
        };
        let ended = tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(()),
            _ = &mut delivering => Err(RunError::StoreEnded),
            _ = &mut serving => Err(RunError::ServingEnded),
            // All of them live until delivery has ended.
            _ = &mut shards_at_work => Err(RunError::ShardEnded),
            () = working => Ok(()),
        };
        let delivery_ended = matches!(ended, Err(RunError::StoreEnded));
        // The door is closed before anybody is told to leave: who comes straight back finds no half-stopped server.
        if !serving.is_finished() {
            serving.abort();
            let _aborted = serving.await;
        }
        stopping.cancel();
        hub.wake_all();
        tasks.close();
        if timeout(config.timing.stop_timeout, tasks.wait()).await.is_err() {
            tracing::warn!("{} connections did not part in time", tasks.len());
        }
        // Delivery ends with the store: what was acked is told to those who are still here.
        let closing = async {
            store.close().await;
            // If it has ended already, it was seen to, and must not be asked again.
            if !delivery_ended {
                let _ended = delivering.await;
            }
        };
        match timeout(STORE_CLOSE, closing).await {
            Ok(()) => ended,
            Err(_elapsed) => ended.and(Err(RunError::Unfinished)),
        }
    }
}

async fn keep_house(PagesApi { chat, hub, .. }: &PagesApi, every: Duration) {
    match chat.install_owner().await {
        Ok(true) => {}
        Ok(false) => {
            tracing::info!(
                "nobody owns this server: whoever opens the link of 'teahouse admin claim-token' can; 'teahouse admin promote NAME owner' settles it as well"
            );
        }
        Err(error) => tracing::warn!(%error, "who owns the house could not be settled"),
    }
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        chat.keep_clock().await;
        match chat.expire().await {
            Ok(over) => over.iter().for_each(|one| hub.close_session(one.user, one.session, CloseCode::SessionExpired)),
            Err(error) => tracing::warn!(%error, "what is over was not looked for"),
        }
        chat.forget_idle();
    }
}

async fn expire_messages(chat: &ChatService, every: Duration) {
    let mut tick = interval(every);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = chat.expire_messages().await {
            tracing::warn!(%error, "messages that are too old were not deleted");
        }
    }
}

fn router(app: Arc<App>, pages: Router, config: &Config) -> Router {
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
    // Before the routes, so that no nickname is one of them, whatever routes there will be.
    let first = async move |state: State<Arc<App>>,
                            Extension(peer): Extension<ClientAddr>,
                            Extension(shard): Extension<ShardIndex>,
                            request: Request|
                -> Response {
        match socket::simple_ws_nickname(&request) {
            Some(nickname) => socket::simple_endpoint(state, peer, shard, &nickname, request),
            None => routes.oneshot(request).await.into_response(),
        }
    };
    Router::new().fallback(first).with_state(app)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;
    use tokio::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_store_that_ends_by_itself_is_reported() {
        let folder = TempDir::new().expect("a folder");
        let mut server =
            Server::open(Config { data: folder.path().to_owned(), ..Config::default() }).expect("a server");
        // A feed whose writer is gone.
        server.feed = mpsc::channel(1).1;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let ended = server.run(listener, Router::new(), CancellationToken::new()).await;
        assert!(matches!(ended, Err(RunError::StoreEnded)), "{ended:?}");
    }
}
