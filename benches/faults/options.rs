//! The options of a run.

use std::path::PathBuf;

use clap::Parser;

use super::schedule::FaultKind;

/// Kills servers again and again, and checks that they keep their promises.
#[derive(Debug, Parser)]
#[command(name = "faults")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    /// How many seconds to inject faults.
    #[arg(long, default_value_t = 60)]
    pub(crate) seconds: u64,
    /// Determines the faults and the commands; random by default, and printed.
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Many nodes on a PostgreSQL database with a synchronous standby, instead of one server.
    #[arg(long)]
    pub(crate) cluster: bool,
    /// How many nodes the cluster has.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=9))]
    pub(crate) nodes: u8,
    /// The program of the cluster's first node, if it is another one.
    #[arg(long, requires = "cluster")]
    pub(crate) first_node: Option<PathBuf>,
    /// The run fails if clients of a dead node, or of nodes whose database has come back, need more seconds until they talk
    /// again (99 %).
    #[arg(long, requires = "cluster")]
    pub(crate) max_silence: Option<f64>,
    /// Replaces the nodes one after the other, as an upgrade does, instead of injecting faults.
    #[arg(long, requires = "cluster")]
    pub(crate) upgrade: bool,
    /// How many clients write.
    #[arg(long, default_value_t = 16)]
    pub(crate) writers: usize,
    /// How many unanswered commands each writer may have.
    #[arg(long, default_value_t = 8)]
    pub(crate) window: usize,
    /// How many milliseconds each writer pauses between two commands; without a pause, it sends as fast as answers come.
    #[arg(long, default_value_t = 0)]
    pub(crate) pause: u64,
    /// Of 100 commands of a writer who has directs, how many go to the Lobby.
    #[arg(long, default_value_t = 70, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(crate) lobby_share: u32,
    /// How many clients read, each with the account of one writer.
    #[arg(long, default_value_t = 6)]
    pub(crate) readers: usize,
    /// How many directs there are between neighbouring writers.
    #[arg(long, default_value_t = 6)]
    pub(crate) directs: usize,
    /// The server's limit of unsent bytes for each connection.
    #[arg(long, default_value_t = 48 * 1024)]
    pub(crate) send_queue_bytes: usize,
    /// Only faults of these kinds; all by default.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<FaultKind>,
    /// The server program to run.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_teahouse"))]
    pub(crate) server: PathBuf,
    /// The folder of the database: on a real disk, not in memory.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    pub(crate) folder: PathBuf,
    /// Is the consumer of the commit log of this data folder or database.
    #[arg(long, hide = true, requires = "copy")]
    pub(crate) consume: Option<String>,
    /// The consumer's own database.
    #[arg(long, hide = true)]
    pub(crate) copy: Option<PathBuf>,
    /// The consumer ends when nothing is left.
    #[arg(long, hide = true)]
    pub(crate) until_end: bool,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}
