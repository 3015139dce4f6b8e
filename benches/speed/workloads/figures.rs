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
    pub(super) deliveries: u64,
}

impl Meter {
    pub(super) fn start(server: &Server, deliveries: u64) -> Result<Self, Failure> {
        let clients = process::cpu_time(std::process::id())?;
        let core = process::busy_time(SERVER_CORE)?;
        Ok(Self { start: Instant::now(), server: server.cpu_time()?, clients, core, deliveries })
    }

    pub(super) fn read(&self, server: &Server, deliveries: u64) -> Result<Figures, Failure> {
        let elapsed = self.start.elapsed().as_secs_f64();
        let cpu = server.cpu_time()?.saturating_sub(self.server).as_secs_f64();
        let clients = process::cpu_time(std::process::id())?.saturating_sub(self.clients).as_secs_f64();
        // What other processes used. More than a few per cent means that the machine was not quiet.
        let others = process::busy_time(SERVER_CORE)?.saturating_sub(self.core).as_secs_f64() - cpu;
        let count = float(deliveries - self.deliveries);
        Ok(vec![
            ("CPU s per million", cpu / count * 1e6),
            ("deliveries/s", count / elapsed),
            ("server CPU %", cpu / elapsed * 100.0),
            ("clients' CPU %", clients / elapsed * 100.0),
            ("others' CPU %", others.max(0.0) / elapsed * 100.0),
        ])
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few minutes are far below 2⁵²")]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
