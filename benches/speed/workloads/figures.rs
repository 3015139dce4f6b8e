//! The results of a measurement, and how CPU time is measured.

use std::time::{Duration, Instant};

use crate::{
    failure::Failure,
    process,
    servers::{SERVER_CORE, Server},
};

/// Results by name, the main one first. Less is better, unless the name ends in `/s`.
pub(crate) type Figures = Vec<(&'static str, f64)>;

/// What was measured, and its results.
pub(crate) type Row = (String, Figures);

/// Measures CPU time from its start on.
pub(super) struct Meter {
    pub(super) start: Instant,
    pub(super) server: Duration,
    pub(super) clients: Duration,
    /// Of the server's core, for any process.
    pub(super) core: Duration,
    /// Of PostgreSQL, if the server uses it.
    pub(super) database: Option<Duration>,
    pub(super) deliveries: u64,
}

impl Meter {
    /// `nodes` is the server, or the nodes that share a store and count as one.
    pub(super) fn start(nodes: &[Server], deliveries: u64) -> Result<Self, Failure> {
        let clients = process::cpu_time(std::process::id())?;
        let core = process::busy_time(SERVER_CORE)?;
        let database = database_time(nodes)?;
        Ok(Self { start: Instant::now(), server: cpu_time(nodes)?, clients, core, database, deliveries })
    }

    pub(super) fn read(&self, nodes: &[Server], deliveries: u64) -> Result<Figures, Failure> {
        let elapsed = self.start.elapsed().as_secs_f64();
        let cpu = cpu_time(nodes)?.saturating_sub(self.server).as_secs_f64();
        let database = database_time(nodes)?.zip(self.database);
        let database = database.map_or(f64::NAN, |(now, before)| now.saturating_sub(before).as_secs_f64());
        let clients = process::cpu_time(std::process::id())?.saturating_sub(self.clients).as_secs_f64();
        // What other processes used. More than a few per cent means that the machine was not quiet.
        let others = process::busy_time(SERVER_CORE)?.saturating_sub(self.core).as_secs_f64() - cpu;
        let count = float(deliveries - self.deliveries);
        Ok(vec![
            ("CPU s per million", cpu / count * 1e6),
            ("PostgreSQL's", database / count * 1e6),
            ("deliveries/s", count / elapsed),
            ("server CPU %", cpu / elapsed * 100.0),
            ("clients' CPU %", clients / elapsed * 100.0),
            ("PostgreSQL's CPU %", database / elapsed * 100.0),
            ("others' CPU %", others.max(0.0) / elapsed * 100.0),
        ])
    }
}

fn cpu_time(nodes: &[Server]) -> Result<Duration, Failure> {
    nodes.iter().map(|node| node.cpu_time()).sum()
}

fn database_time(nodes: &[Server]) -> Result<Option<Duration>, Failure> {
    nodes.first().and_then(|node| node.database.as_ref()).map(|database| database.cpu_time()).transpose()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few minutes are far below 2⁵²")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
