//! Starting, running and stopping a server.

use std::{fs::File, io, net::SocketAddr, path::Path, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use futures_util::{FutureExt as _, future::select_all};
use tokio::{
    net::TcpListener,
    time::{interval, timeout},
};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};

use crate::server::{
    admin::{self, AdminSocket},
    bus::{Alone, Bus, PostgresBus},
    chat::ChatService,
    config::{Config, Timing},
    edge::{Certificate, HttpServer, RequestGuard, TlsError, exposure_warning},
    housekeeping::{run_housekeeping, run_retention},
    hub::{Hub, ShardSenders, announce_presence, deliver, serve_shard},
    net::{
        connection_limiter::{ConnectionLimiter, ConnectionLimits},
        connection_timeouts::ConnectionTimeouts,
        scheme::Scheme,
        shard_runtimes::ShardRuntimes,
        urls,
    },
    open_store::{OpenStore, StoreOpenError, open_store},
    pages_api::PagesApi,
    readiness::Readiness,
    router::router,
    sign_in_permits::SignInPermits,
    state::AppState,
    store::{self, BackupError, CommitFeed, Store},
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

/// The shortest time between two exchanges with other nodes. Tests announce presence more often.
const MIN_EXCHANGE_INTERVAL: Duration = Duration::from_millis(250);

/// In how many batches a server closes its connections that shares its store with others.
const DRAIN_BATCHES: u32 = 20;

/// So few connections are closed at once.
const MIN_DRAIN_BATCH: usize = 50;

/// How long the store may take to close.
const STORE_CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreOpenError),
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
    bus: Arc<dyn Bus>,
    admin_socket: Option<AdminSocket>,
    /// Held as long as the server runs.
    folder_lock: Option<File>,
    /// Over how long connections are closed when the server stops.
    drain_time: Duration,
    shard_runtimes: ShardRuntimes,
    /// `None` serves plain HTTP.
    certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Reads the certificate, if one is configured, and opens the store.
    ///
    /// # Errors
    /// [`StartError`] if that fails, for example because another server uses the data folder.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let certificate = match (&config.tls_cert, &config.tls_key) {
            (Some(cert), Some(key)) => Some(Certificate::load(cert, key)?),
            _ => None,
        };
        let OpenStore { store, feed, shared, folder_lock } = open_store(&config).await?;
        // Without another server, clients that leave early would only be away for longer.
        let drain_time = if shared.is_some() { config.timing.drain_time } else { Duration::ZERO };
        let interval = config.timing.presence_interval.max(MIN_EXCHANGE_INTERVAL);
        let bus: Arc<dyn Bus> = match shared {
            Some(database) => Arc::new(PostgresBus::new(database, interval)),
            None => Arc::new(Alone),
        };
        #[cfg(feature = "early-ack")]
        let (store, feed) = store::acknowledge_early(store, feed);
        let per_user = (!config.unlimited).then_some(config.limits.max_connections_per_user);
        let hub = Hub::new(ShardRuntimes::default_count(), per_user, config.limits.send_queue_bytes);
        let hub = Arc::new(hub.on_bus(Arc::clone(&bus)));
        let chat = Arc::new(ChatService::new(Arc::clone(&store), Arc::<Hub>::clone(&hub), &config));
        let admin_socket = admin::bind(&config.data);
        let shard_runtimes = ShardRuntimes::start(ShardRuntimes::default_count()).map_err(StartError::Threads)?;
        Ok(Self {
            config,
            store,
            feed,
            chat,
            hub,
            bus,
            admin_socket,
            folder_lock,
            drain_time,
            shard_runtimes,
            certificate,
        })
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
    /// Stops within five seconds, or within seven if it shares its store: accepts no new work, finishes and answers accepted
    /// commands, and closes connections with code 1012, in batches if there are other servers to take the clients.
    ///
    /// # Errors
    /// [`RunError`] if it stops without `shutdown`, or if the store does not close in time.
    pub async fn run(self, listener: TcpListener, pages: Router, shutdown: CancellationToken) -> Result<(), RunError> {
        // The operating system knows the port if the configured one is 0.
        let listen_address = listener.local_addr().unwrap_or(self.config.listen);
        let base_url = self.base_url(listen_address);
        let Self {
            config,
            store,
            feed,
            chat,
            hub,
            bus,
            admin_socket,
            folder_lock,
            drain_time,
            shard_runtimes,
            certificate,
        } = self;
        // Dropped behind everything that is declared later.
        let _folder_lock = folder_lock;
        warn_of_exposure(&config, listen_address, certificate.is_some());
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
        let routes = router(Arc::clone(&app), pages, &config);
        let guard = RequestGuard::new(routes, Arc::clone(&chat), &config, listen_address.ip());
        let http_server = HttpServer {
            guard,
            tls: certificate.as_ref().map(|certificate| certificate.acceptor()),
            shards: shard_runtimes.handles().to_vec(),
            limiter: ConnectionLimiter::new(connection_limits(&config)),
            timeouts: connection_timeouts(&config),
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

        let (shards, shard_loops) = start_shards(&hub, &shard_runtimes, &app.timing);
        let delivery = deliver(feed, Arc::clone(&store), Arc::clone(&hub), shards.clone());
        let mut delivery = AbortOnDropHandle::new(match shard_runtimes.handles() {
            // With a single core, staying on the shard's thread saves switching threads for each batch.
            [runtime] => runtime.spawn(delivery),
            _ => tokio::spawn(delivery),
        });
        let mut any_shard_loop = select_all(shard_loops);
        let mut serving = AbortOnDropHandle::new(tokio::spawn(http_server.run(listener)));
        // A task of its own, so that nothing delays what other nodes take as the sign that this one is alive.
        let exchange = {
            let (bus, hub) = (Arc::clone(&bus), Arc::clone(&hub));
            AbortOnDropHandle::new(tokio::spawn(async move { bus.run(hub).await }))
        };
        let watching_certificate = async {
            if let Some(certificate) = &certificate {
                certificate.watch(config.timing.certificate_interval).await;
            }
        };
        let mut background_work = pin!(
            async {
                tokio::join!(
                    announce_presence(&hub, &shards, config.timing.presence_interval),
                    run_housekeeping(&chat, &*bus, config.timing.housekeeping_interval),
                    run_retention(&chat, &*bus, config.timing.retention_interval),
                    chat.erase_deleted_accounts(),
                    admin::serve(app, admin_socket, base_url),
                    watching_certificate
                );
            }
            .fuse()
        );
        let result = tokio::select! {
            biased;
            () = shutdown.cancelled() => Ok(()),
            _ = &mut delivery => Err(RunError::StoreEnded),
            _ = &mut serving => Err(RunError::ServingEnded),
            // No shard loop ends before delivery does.
            _ = &mut any_shard_loop => Err(RunError::ShardEnded),
            () = &mut background_work => Ok(()),
        };
        let delivery_ended = matches!(result, Err(RunError::StoreEnded));
        // Stop accepting before closing connections, so that a client that reconnects at once does not reach this server.
        if !serving.is_finished() {
            serving.abort();
            let _aborted = serving.await;
        }
        stopping.cancel();
        let draining = async {
            dismiss_connections(&hub, drain_time).await;
            tasks.close();
            if timeout(config.timing.stop_timeout, tasks.wait()).await.is_err() {
                tracing::warn!("{} connections did not close in time", tasks.len());
            }
        };
        // Meanwhile, those who are still connected are told who comes and goes, and other nodes that this one is alive.
        tokio::select! {
            () = draining => {}
            () = background_work => {}
        }
        drop(exchange);
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

/// Tells all connections that the server stops, in batches over `drain_time`.
async fn dismiss_connections(hub: &Hub, drain_time: Duration) {
    if drain_time.is_zero() {
        hub.dismiss_connections(usize::MAX);
        return;
    }
    let mut ticks = interval(drain_time / DRAIN_BATCHES);
    let batch = hub.connection_count().div_ceil(DRAIN_BATCHES as usize).max(MIN_DRAIN_BATCH);
    loop {
        ticks.tick().await;
        if hub.dismiss_connections(batch) < batch {
            return;
        }
    }
}

fn warn_of_exposure(config: &Config, listen_address: SocketAddr, has_certificate: bool) {
    let is_behind_proxy = !config.trusted_proxies.is_empty();
    let warning = exposure_warning(listen_address, has_certificate, is_behind_proxy, config.admission_policy);
    if let Some(warning) = warning {
        tracing::warn!("{warning}");
    }
}

fn connection_timeouts(config: &Config) -> ConnectionTimeouts {
    ConnectionTimeouts {
        head: config.timing.header_timeout,
        idle: config.timing.idle_timeout,
        crowded: config.timing.crowded_timeout,
    }
}

/// Starts the shards' tasks. Each ends when it is dropped.
fn start_shards(
    hub: &Arc<Hub>,
    runtimes: &ShardRuntimes,
    timing: &Arc<Timing>,
) -> (ShardSenders, Vec<AbortOnDropHandle<()>>) {
    let (shards, batches) = hub.shard_channels();
    let loops = batches.into_iter().zip(runtimes.handles()).map(|((shard, batches), runtime)| {
        let (hub, timing) = (Arc::clone(hub), Arc::clone(timing));
        AbortOnDropHandle::new(runtime.spawn(serve_shard(hub, shard, batches, timing)))
    });
    (shards, loops.collect())
}

fn connection_limits(config: &Config) -> ConnectionLimits {
    let unless_unlimited = |limit| (!config.unlimited).then_some(limit);
    ConnectionLimits {
        total: config.limits.max_connections,
        per_address: unless_unlimited(config.limits.max_connections_per_address),
        per_network: unless_unlimited(config.limits.max_connections_per_network),
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
            Server::open(Config { data: folder.path().to_owned(), ..Config::default() }).await.expect("a server");
        // A feed whose writer is gone.
        server.feed = mpsc::channel(1).1;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let ended = server.run(listener, Router::new(), CancellationToken::new()).await;
        assert!(matches!(ended, Err(RunError::StoreEnded)), "{ended:?}");
    }
}
