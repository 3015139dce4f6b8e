//! A primary and a synchronous standby, and what a manager of a database does when one of them fails.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use super::{postgres_server::PostgresServer, programs::Programs};
use crate::failure::Failure;

/// How long the database may take until it takes writes again.
const TIMEOUT: Duration = Duration::from_mins(1);

const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// After this time all connections use a new setting.
const SETTING_TIME: Duration = Duration::from_millis(300);

/// The nodes' user and database.
const CREATE: [&str; 3] = [
    "CREATE ROLE teahouse LOGIN",
    "CREATE DATABASE teahouse OWNER teahouse TEMPLATE template0 ENCODING 'UTF8'",
    // Shows whether the primary takes writes.
    "CREATE TABLE probe (at timestamptz NOT NULL)",
];

pub(super) struct DatabasePair {
    servers: [PostgresServer; 2],
    /// The number of the primary.
    primary: usize,
}

impl DatabasePair {
    /// Starts a primary and its standby in this folder.
    pub(super) async fn start(programs: &Programs, folder: &Path) -> Result<Self, Failure> {
        let new = |name| PostgresServer::new(programs, folder, name);
        let mut pair = Self { servers: [new("first")?, new("second")?], primary: 0 };
        pair.servers[0].create()?;
        pair.servers[0].start().await?;
        let client = pair.connect().await?;
        for statement in CREATE {
            client.batch_execute(statement).await?;
        }
        pair.rebuild_standby().await?;
        Ok(pair)
    }

    /// The addresses of both servers.
    pub(super) fn addresses(&self) -> [SocketAddr; 2] {
        self.ports().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    /// The ports of both servers.
    pub(super) fn ports(&self) -> [u16; 2] {
        [self.servers[0].port, self.servers[1].port]
    }

    /// The number of the primary.
    pub(super) fn primary(&self) -> usize {
        self.primary
    }

    /// Connects to the primary, as the superuser, to the database `postgres`.
    pub(super) async fn connect(&self) -> Result<Client, Failure> {
        self.servers[self.primary].connect().await
    }

    pub(super) fn primary_server(&mut self) -> &mut PostgresServer {
        &mut self.servers[self.primary]
    }

    fn standby_server(&mut self) -> &mut PostgresServer {
        &mut self.servers[1 - self.primary]
    }

    /// Waits until the primary takes writes.
    pub(super) async fn wait_until_writable(&self) -> Result<(), Failure> {
        let limit = Instant::now() + TIMEOUT;
        loop {
            let written = async {
                let client = self.connect().await?;
                client.batch_execute("INSERT INTO probe VALUES (now())").await?;
                Ok::<_, Failure>(())
            };
            match written.await {
                Ok(()) => return Ok(()),
                Err(failure) if Instant::now() > limit => {
                    return Err(format!("the database did not take writes in time: {failure}").into());
                }
                Err(_) => sleep(POLL_INTERVAL).await,
            }
        }
    }

    /// Makes the standby the primary, after the primary has ended for sure. Commits wait for no standby then.
    pub(super) async fn fail_over(&mut self) -> Result<(), Failure> {
        self.standby_server().promote()?;
        self.primary = 1 - self.primary;
        self.wait_until_writable().await
    }

    /// Kills the standby. Commits wait for it, until [`Self::continue_alone`].
    pub(super) async fn kill_standby(&mut self) -> Result<(), Failure> {
        self.standby_server().kill().await
    }

    /// Commits wait for no standby any more.
    pub(super) async fn continue_alone(&mut self) -> Result<(), Failure> {
        self.primary_server().set_synchronous(false)?;
        self.wait_until_writable().await
    }

    /// Starts the standby again, with the data that it has.
    pub(super) async fn start_standby(&mut self) -> Result<(), Failure> {
        self.standby_server().start().await?;
        self.make_synchronous().await
    }

    /// Copies the primary to a new standby. The other server must have ended.
    pub(super) async fn rebuild_standby(&mut self) -> Result<(), Failure> {
        let (first, second) = self.servers.split_at_mut(1);
        let (primary, standby) =
            if self.primary == 0 { (&first[0], &mut second[0]) } else { (&second[0], &mut first[0]) };
        standby.copy(primary).await?;
        standby.start().await?;
        self.make_synchronous().await
    }

    /// Lets commits wait for the standby, and waits until it has all earlier ones.
    async fn make_synchronous(&mut self) -> Result<(), Failure> {
        self.primary_server().set_synchronous(true)?;
        let limit = Instant::now() + TIMEOUT;
        self.wait_for("SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'", limit).await?;
        sleep(SETTING_TIME).await;
        let end: String = self.connect().await?.query_one("SELECT pg_current_wal_lsn()::text", &[]).await?.get(0);
        let has_all = format!("SELECT count(*) = 1 FROM pg_stat_replication WHERE flush_lsn >= '{end}'::pg_lsn");
        self.wait_for(&has_all, limit).await
    }

    async fn wait_for(&self, condition: &str, limit: Instant) -> Result<(), Failure> {
        let client = self.connect().await?;
        while !client.query_one(condition, &[]).await?.get::<_, bool>(0) {
            if Instant::now() > limit {
                return Err(format!("this did not become true in time: {condition}").into());
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Starts the primary again after it was killed.
    pub(super) async fn restart_primary(&mut self) -> Result<(), Failure> {
        self.primary_server().start().await?;
        self.wait_until_writable().await
    }

    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        self.primary_server().stop().await?;
        self.standby_server().stop().await
    }
}
