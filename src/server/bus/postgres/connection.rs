//! The connection of a bus.

use std::{error::Error as _, future::poll_fn, time::Duration};

use tokio::{
    sync::mpsc,
    time::{error::Elapsed, timeout},
};
use tokio_postgres::{AsyncMessage, Client};
use tokio_util::task::AbortOnDropHandle;

use crate::{
    domain::Timestamp,
    server::{
        clock,
        store::{Database, DatabaseDriver},
    },
};

/// How long connecting may take, to all hosts that the address names.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How many messages of other nodes may wait here. Further ones are lost.
const MESSAGE_CAPACITY: usize = 256;

/// Presence need not survive a crash, and must not wait for a standby. A database that is too slow counts as unreachable. The
/// lock of a leader that was frozen, or whose network was cut, must become free.
const SETTINGS: &str = "SET synchronous_commit = off;
    SET statement_timeout = '4s';
    SET lock_timeout = '2s';
    SET idle_in_transaction_session_timeout = '4s';
    SET idle_session_timeout = '8s';
    SET tcp_keepalives_idle = 4;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = 8000;
    LISTEN teahouse_typing";

/// Why the bus has lost its connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum BusError {
    #[error(transparent)]
    Database(#[from] tokio_postgres::Error),
    #[error("no answer in time")]
    Timeout(#[from] Elapsed),
    #[error("the connection was closed")]
    Closed,
}

impl BusError {
    /// The message with its cause.
    pub(super) fn with_cause(&self) -> String {
        let cause = self.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{self}{cause}")
    }
}

/// A connection that listens to the other nodes. Dropping it closes it.
pub(super) struct BusConnection {
    pub(super) client: Client,
    /// What other nodes tell at the moment.
    pub(super) messages: mpsc::Receiver<String>,
    _driving: AbortOnDropHandle<()>,
}

impl BusConnection {
    pub(super) async fn open(database: &Database) -> Result<Self, BusError> {
        timeout(CONNECT_TIMEOUT, async {
            let (client, driver) = database.connect().await?;
            let (sender, messages) = mpsc::channel(MESSAGE_CAPACITY);
            let driving = AbortOnDropHandle::new(tokio::spawn(drive(driver, sender)));
            client.batch_execute(SETTINGS).await?;
            Ok(Self { client, messages, _driving: driving })
        })
        .await?
    }

    /// Compares this node's clock with the database's.
    pub(super) async fn read_clock(&self) -> Result<(), BusError> {
        let asked = clock::uptime();
        let row = self.client.query_one("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", &[]).await?;
        if let Ok(at) = u64::try_from(row.try_get::<_, i64>(0)?) {
            clock::follow_database(Timestamp(at), asked);
        }
        Ok(())
    }
}

/// Keeps the connection going until it ends, and passes the messages of other nodes on.
async fn drive(mut driver: DatabaseDriver, messages: mpsc::Sender<String>) {
    // The client finds out itself why a connection has ended.
    while let Some(Ok(message)) = poll_fn(|context| driver.poll_message(context)).await {
        if let AsyncMessage::Notification(notification) = message
            && messages.try_send(notification.payload().to_owned()).is_err()
        {
            tracing::debug!("too many messages of other nodes; one was dropped");
        }
    }
}
