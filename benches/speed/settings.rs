//! How to measure: options of the command line.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Settings {
    /// How many rounds to measure; each round measures every server.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How many seconds one measurement takes, for workloads without an end of their own.
    #[arg(long, default_value_t = 3)]
    pub(crate) seconds: u64,
    /// In `idle`: how many clients connect. Each takes an open file at both ends: only root may raise the hard limit.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// In `idle`: how many clients come and go before memory is measured again, such as 50000.
    #[arg(long, default_value_t = 0)]
    pub(crate) come_and_go: usize,
    /// The cores of PostgreSQL, such as `1` or `0,1`. The nodes run on core 0, the clients on core 1.
    #[arg(long, default_value = "1")]
    pub(crate) postgres_cores: String,
    /// The Teahouse program to measure.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_teahouse"))]
    pub(crate) server: PathBuf,
    /// The folder of the databases: on a real disk, not in memory.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) folder: PathBuf,
    /// The folder where `script/bench` has installed Bun and ws.
    #[arg(long, default_value = "node_modules")]
    pub(crate) tools: PathBuf,
}
