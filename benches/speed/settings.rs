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
    /// In `idle`: how many clients come and go before memory is measured again, such as 50000.
    #[arg(long, default_value_t = 0)]
    pub(crate) come_and_go: usize,
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
