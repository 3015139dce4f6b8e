//! The results of a measurement, and the meter of CPU time.

use std::time::{Duration, Instant};

use crate::{
    failure::Failure,
    process,
    servers::{SERVER_CORE, Server},
};

/// What was measured, under its name; the first is what it is about. Less is better, unless the name ends in `/s`.
pub(crate) type Figures = Vec<(&'static str, f64)>;

/// What was measured, and what came of it.
pub(crate) type Row = (String, Figures);

/// What work costs from now on.
pub(super) struct Meter {
    pub(super) start: Instant,
    pub(super) server: Duration,
    pub(super) clients: Duration,
    /// Of the server's core, whoever works there.
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
        // What others did there; more than little means that the machine was not ours alone.
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
