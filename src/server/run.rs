//! Starting, running and stopping a server.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use futures_util::future::select_all;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

use crate::server::{
    admin::{self, AdminSocket},
    chat::ChatService,
    config::Config,
    edge::{Certificate, HttpServer, RequestGuard, TlsError, exposure_warning},
    housekeeping::{run_housekeeping, run_retention},
    hub::{Hub, announce_presence, deliver, serve_shard},
    net::{
        connection_limiter::{ConnectionLimiter, ConnectionLimits},
        connection_timeouts::ConnectionTimeouts,
        scheme::Scheme,
        shard_runtimes::ShardRuntimes,
        urls,
    },
    pages_api::PagesApi,
    readiness::Readiness,
    router::router,
    sign_in_permits::SignInPermits,
    state::AppState,
    store::{self, BackupError, CommitFeed, OpenError, SqliteStore, Store, SystemClock},
};

/// Copies the data of a folder to a new file, whether a server runs on the folder or not. A server that starts from the
/// copy begins a new epoch: clients' cursors are void.
///
/// # Errors
///
/// If there is no data, or the file cannot be written. Then no file is left behind.
pub fn back_up(data: &Path, file: &Path) -> Result<(), BackupError> {
    store::back_up(data, file)
}

/// How long the store may take to close.
const STORE_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The operating system provides no threads.
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
}

/// Why a server stopped without being told to, or did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The store ended unexpectedly: nothing can be saved any more.
    #[error("the store has ended by itself")]
    StoreEnded,
    /// The accept loop ended unexpectedly.
    #[error("serving has ended by itself")]
    ServingEnded,
    /// A shard ended unexpectedly: its connections receive nothing any more.
    #[error("a shard has ended by itself")]
    ShardEnded,
    /// The store did not close in time. Everything acknowledged is durable all the same.
    #[error("the store did not close in time")]
    Unfinished,
}

/// A server whose store is open.
pub struct Server {
    config: Config,
    pub(super) store: Arc<dyn Store>,
    pub(super) feed: CommitFeed,
    pub(super) chat: Arc<ChatService>,
    pub(super) hub: Arc<Hub>,
    admin_socket: Option<AdminSocket>,
    shard_runtimes: ShardRuntimes,
    /// `None` serves plain HTTP.
    certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Reads the certificate, if one is configured, and opens the store in `config.data`.
    ///
    /// # Errors
    /// [`StartError`] if that fails, for example because another server uses the folder.
    pub fn open(config: Config) -> Result<Self, StartError> {
        let certificate = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(Certificate::load(cert, key)?),
            _ => None,
        };
        let (store, feed) = SqliteStore::open(Path::new(&config.data), config.disk_quota, Arc::new(SystemClock))?;
        let store: Arc<dyn Store> = Arc::new(store);
        #[cfg(feature = "early-ack")]
        let (store, feed) = store::acknowledge_early(store, feed);
        let per_user = (!config.unlimited).then_some(config.limits.max_connections_per_user);
        let hub = Arc::new(Hub::new(ShardRuntimes::default_count(), per_user, config.limits.send_queue_bytes));
        let chat = Arc::new(ChatService::new(Arc::clone(&store), Arc::<Hub>::clone(&hub), &config));
        let admin_socket = admin::bind(&config.data);
        let shard_runtimes = ShardRuntimes::start(ShardRuntimes::default_count()).map_err(StartError::Threads)?;
        Ok(Self { config, store, feed, chat, hub, admin_socket, shard_runtimes, certificate })
    }

    /// Returns the link by which somebody becomes the owner of the server that listens at `listen_address`, which is a
    /// secret. Returns `None` if the server has an owner or its configuration names one.
    pub async fn claim_link(&self, listen_address: SocketAddr) -> Option<String> {
        let token = self.chat.claim_token().await.ok().flatten()?;
        Some(urls::claim_url(&self.base_url(listen_address), &token))
    }

    /// Returns a handle for rendering pages.
    pub fn pages_api(&self) -> PagesApi {
        let Config { csp_report_to, public_url, .. } = &self.config;
        PagesApi::new(Arc::clone(&self.chat), Arc::clone(&self.hub), csp_report_to.clone(), public_url.clone())
    }

    /// Serves `listener` until `shutdown`: the server's own routes first, then `pages`.
    ///
    /// Stops within five seconds: accepts no new work, finishes and answers accepted commands, and closes connections
    /// with code 1012.
    ///
    /// # Errors
    /// [`RunError`] if it stops without `shutdown`, or if the store does not close in time.
    pub async fn run(self, listener: TcpListener, pages: Router, shutdown: CancellationToken) -> Result<(), RunError> {
        // The operating system knows the port if the configured one is 0.
        let listen_address = listener.local_addr().unwrap_or(self.config.listen);
        let base_url = self.base_url(listen_address);
        let Self { config, store, feed, chat, hub, admin_socket, shard_runtimes, certificate } = self;
        let is_behind_proxy = !config.trusted_proxies.is_empty();
        if let Some(warning) =
            exposure_warning(listen_address, certificate.is_some(), is_behind_proxy, config.admission_policy)
        {
            tracing::warn!("{warning}");
        }
        let stopping = CancellationToken::new();
        // Dropping this future ends the connections as well.
        let _stop_when_dropped = stopping.clone().drop_guard();
        let tasks = TaskTracker::new();
        let app = Arc::new(AppState {
            chat: Arc::clone(&chat),
            hub: Arc::clone(&hub),
            timing: Arc::new(config.timing.clone()),
            public_url: config.public_url.clone(),
            stopping: stopping.clone(),
            tasks: tasks.clone(),
            sign_in_permits: SignInPermits::default(),
            readiness: Readiness::default(),
        });
        let unless_unlimited = |limit| (!config.unlimited).then_some(limit);
        let limits = ConnectionLimits {
            total: config.limits.max_connections,
            per_address: unless_unlimited(config.limits.max_connections_per_address),
            per_network: unless_unlimited(config.limits.max_connections_per_network),
        };
        let http_server = HttpServer {
            guard: RequestGuard::new(
                router(Arc::clone(&app), pages, &config),
                Arc::clone(&chat),
                &config,
                listen_address.ip(),
            ),
            tls: certificate.as_ref().map(|certificate| certificate.acceptor()),
            shards: shard_runtimes.handles().to_vec(),
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

        // Before serving anybody, because the sign-up policy may have become stricter since the last run.
        if let Err(error) = chat.apply_admission_policy().await {
            tracing::error!(%error, "the sign-up policy could not be applied to existing guests");
            return Err(RunError::StoreEnded);
        }

        let (shards, batches) = hub.shard_channels();
        let shard_loops: Vec<_> = batches
            .into_iter()
            .zip(shard_runtimes.handles())
            .map(|((shard, batches), runtime)| {
                let (hub, timing) = (Arc::clone(&hub), Arc::clone(&app.timing));
                AbortOnDropHandle::new(runtime.spawn(serve_shard(hub, shard, batches, timing)))
            })
            .collect();
        let delivery = deliver(feed, Arc::clone(&store), Arc::clone(&hub), shards.clone());
        let mut delivery = AbortOnDropHandle::new(match shard_runtimes.handles() {
            // With a single core, staying on the shard's thread saves switching threads for each batch.
            [runtime] => runtime.spawn(delivery),
            _ => tokio::spawn(delivery),
        });
        let mut any_shard_loop = select_all(shard_loops);
        let mut serving = AbortOnDropHandle::new(tokio::spawn(http_server.run(listener)));
        let background_work = async {
            let watching_certificate = async {
                if let Some(certificate) = &certificate {
                    certificate.watch(config.timing.certificate_interval).await;
                }
            };
            tokio::join!(
                announce_presence(&hub, &shards, config.timing.presence_interval),
                run_housekeeping(&chat, config.timing.housekeeping_interval),
                run_retention(&chat, config.timing.retention_interval),
                chat.erase_deleted_accounts(),
                admin::serve(app, admin_socket, base_url),
                watching_certificate
            );
        };
        let result = tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(()),
            _ = &mut delivery => Err(RunError::StoreEnded),
            _ = &mut serving => Err(RunError::ServingEnded),
            // No shard loop ends before delivery does.
            _ = &mut any_shard_loop => Err(RunError::ShardEnded),
            () = background_work => Ok(()),
        };
        let delivery_ended = matches!(result, Err(RunError::StoreEnded));
        // Stop accepting before closing connections, so that a client that reconnects at once does not reach this server.
        if !serving.is_finished() {
            serving.abort();
            let _aborted = serving.await;
        }
        stopping.cancel();
        hub.wake_all();
        tasks.close();
        if timeout(config.timing.stop_timeout, tasks.wait()).await.is_err() {
            tracing::warn!("{} connections did not close in time", tasks.len());
        }
        // Closing the store ends delivery, after it has told the connections that are left of all commits.
        let closing = async {
            store.close().await;
            // A finished handle must not be polled again.
            if !delivery_ended {
                let _ended = delivery.await;
            }
        };
        match timeout(STORE_CLOSE_TIMEOUT, closing).await {
            Ok(()) => result,
            Err(_elapsed) => result.and(Err(RunError::Unfinished)),
        }
    }

    /// The URL that links to this server begin with.
    fn base_url(&self, listen_address: SocketAddr) -> String {
        let scheme = if self.certificate.is_some() { Scheme::Https } else { Scheme::Http };
        urls::base_url_of_listener(self.config.public_url.as_ref(), listen_address, scheme)
    }
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
