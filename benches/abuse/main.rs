//! Attacks a server with its usual limits while users talk. The users must lose nothing, the server must stay within
//! its memory limit and must still be running afterwards.
//!
//! | file | what it does |
//! | --- | --- |
//! | `server` | the server as a process, its memory and CPU time |
//! | `connection` | WebSockets from chosen source addresses |
//! | `new_users` | users who sign in during the run, and health checks |
//! | `users` | users who talk, and the deliveries that they wait for |
//! | `attack`, `attack_kind` | the attackers, in a process of their own, so that their work is not measured as the users' |
//! | `cost` | how much of the attack reached the server |
//! | `durations` | percentiles of measured times |
//! | `report` | the tables, and the problems found |
//!
//! `script/abuse` starts it; `docs/security.md` explains the results. No measured time decides whether it passes.

mod attack;
mod attack_kind;
mod connection;
mod cost;
mod durations;
mod failure;
mod new_users;
mod report;
mod server;
mod users;

use std::{
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitCode, Stdio},
    time::Duration,
};

use clap::Parser;
use futures_util::future::join;
use tokio::time::sleep;

use self::{
    attack_kind::AttackKind, cost::LedgerReader, failure::Failure, report::Phase, server::Server, users::Users,
};

/// How long an attack takes to reach full strength. This time is not measured.
const RAMP_UP: Duration = Duration::from_secs(3);

/// Attacks a server and shows what its users notice.
#[derive(Debug, Parser)]
#[command(name = "abuse")]
struct Options {
    /// How many seconds to measure without an attack, and again under attack.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How many users talk.
    #[arg(long = "people", default_value_t = 50)]
    users: usize,
    /// Only attacks of these kinds; all at once by default.
    #[arg(long, value_delimiter = ',')]
    only: Vec<AttackKind>,
    /// The memory that the server may use, in megabytes.
    #[arg(long, default_value_t = 256)]
    megabytes: u64,
    /// The server program to run.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_teahouse"))]
    server: PathBuf,
    /// The folder of the database: on a real disk, not in memory.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// Run as the attackers of the server at this address, until killed.
    #[arg(long, hide = true)]
    attack: Option<SocketAddr>,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // Both ends need a few thousand connections.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        eprintln!("abuse: could not raise the limit of open files: {error}");
    }
    if let Some(address) = options.attack {
        attack::run(address, &options.only).await;
        return ExitCode::SUCCESS;
    }
    match run(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("abuse: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether the server passed.
async fn run(options: &Options) -> Result<bool, Failure> {
    println!(
        "abuse: {} s of peace, {} s of attack, against {}",
        options.seconds,
        options.seconds,
        options.server.display()
    );
    let folder = tempfile::Builder::new().prefix("abuse-").tempdir_in(&options.folder)?;
    let mut server = Server::start(&options.server, folder.path()).await?;
    let users = Users::sign_in(server.address, options.users).await?;
    let duration = Duration::from_secs(options.seconds);

    let peace = measure_phase(&users, &server, duration, 1).await?;
    let attackers = Attackers::start(server.address, &options.only)?;
    sleep(RAMP_UP).await;
    let attack = measure_phase(&users, &server, duration, 2).await?;
    let cost = attackers.ledger.totals();
    drop(attackers);

    let survived = server.is_alive()?;
    report::print_attacks(&cost, &options.only);
    Ok(report::print_phases(&peace, &attack, options.megabytes, survived))
}

async fn measure_phase(users: &Users, server: &Server, duration: Duration, phase: usize) -> Result<Phase, Failure> {
    let before = server.cpu_time()?;
    let (users, new_users) = join(users.chat(duration), new_users::run(server.address, phase, duration)).await;
    Ok(Phase {
        users,
        new_users,
        duration,
        cpu_time: server.cpu_time()?.saturating_sub(before),
        peak_memory: server.peak_memory()?,
    })
}

/// The attackers: another process of this program, with the lowest priority, because real attackers would use machines
/// of their own.
struct Attackers {
    child: Child,
    ledger: LedgerReader,
}

impl Attackers {
    fn start(address: SocketAddr, only: &[AttackKind]) -> Result<Self, Failure> {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(std::env::current_exe()?).arg("--attack").arg(address.to_string());
        if !only.is_empty() {
            command.arg("--only").arg(only.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(","));
        }
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let ledger = LedgerReader::spawn(child.stdout.take().ok_or("the attackers have no standard output")?);
        Ok(Self { child, ledger })
    }
}

impl Drop for Attackers {
    fn drop(&mut self) {
        // `kill` fails if the process has already ended, which is fine.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
