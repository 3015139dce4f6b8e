//! [`PostgresBus`] runs the exchange with the other nodes.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use tokio::{
    select,
    sync::{Mutex as AsyncMutex, Notify, mpsc},
    time::{MissedTickBehavior, interval, sleep, sleep_until, timeout},
};
use uuid::Uuid;

use crate::server::{
    bus::{
        bus_trait::{Bus, LocalNode, NodeId, TypingSignal},
        postgres::{
            connection::{BusConnection, BusError},
            lease::{LEASE, Rhythm},
            other_nodes::{NodeQueries, OtherNodes},
            publication::Publication,
            signals,
        },
    },
    store::Database,
};

/// The lock that the leader holds.
const LEADER_LOCK: i64 = 0x7465_6168_6c65;

/// How long an exchange may take. If the database is slower, a new connection is still in time to renew the lease.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(4);

/// How long announcing all users may take, of whom there may be a hundred thousand.
const BEGIN_TIMEOUT: Duration = Duration::from_secs(30);

/// The pause before a new connection.
const RECONNECT_PAUSE: Duration = Duration::from_millis(500);

/// How long signals are gathered before they are sent.
const SIGNAL_PAUSE: Duration = Duration::from_millis(200);

/// How many signals may be gathered. Further ones are lost.
const SIGNAL_CAPACITY: usize = 512;

/// Deletes the rows of nodes that died long ago.
const BURY: &str = "WITH dead AS (
        DELETE FROM nodes WHERE beat < clock_timestamp() - interval '1 minute' AND node <> $1 RETURNING node
    ) DELETE FROM online USING dead WHERE online.node = dead.node";

/// Notes that the tables are complete again after they were emptied.
const MARK_COMPLETE: &str = "INSERT INTO nodes (node, beat, version, complete_since, replaced)
    VALUES ($1, 'epoch', 0, 0, true) ON CONFLICT DO NOTHING";

/// The bus of nodes that share a PostgreSQL database.
pub(crate) struct PostgresBus {
    /// Tells this bus's own messages from those of others.
    own: Uuid,
    database: Database,
    rhythm: Rhythm,
    signals: mpsc::Sender<TypingSignal>,
    /// Held while the bus runs.
    to_send: AsyncMutex<mpsc::Receiver<TypingSignal>>,
    /// Until when this node surely leads, if it does.
    leads_until: Mutex<Option<Instant>>,
    death: Notify,
}

impl PostgresBus {
    /// A bus that exchanges with the other nodes every `interval`.
    pub(crate) fn new(database: Database, interval: Duration) -> Self {
        Self::with_rhythm(database, Rhythm { interval, lease: LEASE })
    }

    pub(super) fn with_rhythm(database: Database, rhythm: Rhythm) -> Self {
        let (signals, to_send) = mpsc::channel(SIGNAL_CAPACITY);
        Self {
            own: Uuid::new_v4(),
            database,
            rhythm,
            signals,
            to_send: AsyncMutex::new(to_send),
            leads_until: Mutex::default(),
            death: Notify::new(),
        }
    }

    fn leads_until(&self) -> MutexGuard<'_, Option<Instant>> {
        // The value is replaced as a whole.
        self.leads_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes or gives up the lead, and logs that.
    fn lead_until(&self, until: Option<Instant>) {
        let before = mem::replace(&mut *self.leads_until(), until);
        match (before, until) {
            (None, Some(_)) => {
                tracing::info!("this node does the periodic work of the cluster");
                self.death.notify_one();
            }
            (Some(_), None) => tracing::info!("this node does the periodic work of the cluster no longer"),
            _ => {}
        }
    }
}

#[async_trait]
impl Bus for PostgresBus {
    fn leads(&self) -> bool {
        self.leads_until().is_some_and(|until| Instant::now() < until)
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn tell_typing(&self, signal: &TypingSignal) {
        // Lost if there are too many, or if the database is away.
        let _ = self.signals.try_send(signal.clone());
    }

    async fn node_died(&self) {
        self.death.notified().await;
    }

    async fn run(&self, here: Arc<dyn LocalNode>) {
        let mut to_send = self.to_send.lock().await;
        let (mut others, mut node, mut is_failing) = (OtherNodes::default(), None, false);
        loop {
            let mut exchange = Exchange { bus: self, here: &*here, others: &mut others, node: &mut node };
            let error = exchange.run(&mut to_send, &mut is_failing).await;
            self.lead_until(None);
            if !mem::replace(&mut is_failing, true) {
                tracing::warn!(error = error.with_cause(), "the exchange with other nodes was interrupted");
            }
            here.confirm_departures(None);
            sleep(RECONNECT_PAUSE).await;
        }
    }
}

/// The exchange with the other nodes, over one connection.
struct Exchange<'a> {
    bus: &'a PostgresBus,
    here: &'a dyn LocalNode,
    others: &'a mut OtherNodes,
    /// The id under which this node was last announced.
    node: &'a mut Option<NodeId>,
}

impl Exchange<'_> {
    /// Exchanges until something fails. Returns what.
    async fn run(&mut self, to_send: &mut mpsc::Receiver<TypingSignal>, is_failing: &mut bool) -> BusError {
        match self.exchange(to_send, is_failing).await {
            Ok(never) => match never {},
            Err(error) => error,
        }
    }

    async fn exchange(
        &mut self,
        to_send: &mut mpsc::Receiver<TypingSignal>,
        is_failing: &mut bool,
    ) -> Result<std::convert::Infallible, BusError> {
        let mut connection = BusConnection::open(&self.bus.database).await?;
        let connected = Instant::now();
        timeout(EXCHANGE_TIMEOUT, connection.read_clock()).await??;
        let mut publication = self.begin(&mut connection).await?;
        let queries = timeout(EXCHANGE_TIMEOUT, NodeQueries::prepare(&connection.client)).await??;
        let mut ticks = interval(self.bus.rhythm.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut gathered, mut send_at) = (Vec::new(), tokio::time::Instant::now());
        let mut has_lock = false;
        loop {
            select! {
                _ = ticks.tick() => {
                    self.look_around(&mut connection, &queries, &mut publication, connected, &mut has_lock).await?;
                    if mem::take(is_failing) {
                        tracing::info!("this node exchanges with other nodes again");
                    }
                }
                message = connection.messages.recv() => {
                    let message = message.ok_or(BusError::Closed)?;
                    for signal in signals::decode(self.bus.own, &message) {
                        self.here.receive_typing(signal);
                    }
                }
                Some(signal) = to_send.recv(), if gathered.len() < SIGNAL_CAPACITY => {
                    if gathered.is_empty() {
                        send_at = tokio::time::Instant::now() + SIGNAL_PAUSE;
                    }
                    gathered.push(signal);
                }
                () = sleep_until(send_at), if !gathered.is_empty() => {
                    let sending = signals::send(&connection.client, self.bus.own, &gathered);
                    timeout(EXCHANGE_TIMEOUT, sending).await??;
                    gathered.clear();
                }
            }
        }
    }

    /// Announces all users of this node.
    async fn begin(&mut self, connection: &mut BusConnection) -> Result<Publication, BusError> {
        let beginning = Publication::begin(&mut connection.client, *self.node, self.here);
        let publication = timeout(BEGIN_TIMEOUT, beginning).await??;
        *self.node = Some(publication.node);
        Ok(publication)
    }

    /// One round of the exchange: tells what is new here, and reads what is new elsewhere.
    async fn look_around(
        &mut self,
        connection: &mut BusConnection,
        queries: &NodeQueries,
        publication: &mut Publication,
        connected: Instant,
        has_lock: &mut bool,
    ) -> Result<(), BusError> {
        let Rhythm { lease, .. } = self.bus.rhythm;
        let lease_seconds = self.bus.rhythm.lease_seconds();
        let begun = Instant::now();
        let renewing = publication.renew(&connection.client, lease_seconds, self.here);
        if !timeout(EXCHANGE_TIMEOUT, renewing).await?? {
            // This process was frozen, or the database was. The others have to know again who is here.
            tracing::warn!("other nodes counted this one as dead; its users are announced again");
            self.bus.lead_until(None);
            *publication = self.begin(connection).await?;
        }
        timeout(EXCHANGE_TIMEOUT, connection.read_clock()).await??;
        let own = publication.node;
        let looking = self.others.look(&mut connection.client, queries, own, connected, self.bus.rhythm, self.here);
        let seen = timeout(BEGIN_TIMEOUT, looking).await??;
        if seen.deaths > 0 {
            tracing::info!(nodes = seen.deaths, "other nodes are gone");
            self.bus.death.notify_one();
        }
        let leading = async {
            if !*has_lock {
                let row = connection.client.query_one("SELECT pg_try_advisory_lock($1)", &[&LEADER_LOCK]).await?;
                *has_lock = row.try_get(0)?;
            }
            if *has_lock && connected.elapsed() >= lease {
                connection.client.execute(BURY, &[&NodeId::HERE.0]).await?;
                if seen.was_emptied {
                    connection.client.execute(MARK_COMPLETE, &[&NodeId::HERE.0]).await?;
                }
            }
            Ok::<_, BusError>(())
        };
        timeout(EXCHANGE_TIMEOUT, leading).await??;
        self.bus.lead_until((*has_lock && seen.is_complete).then_some(begun + lease));
        Ok(())
    }
}
