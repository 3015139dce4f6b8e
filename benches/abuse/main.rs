//! Strangers do their worst to a server with its usual limits, while people talk. These must lose nothing, the server
//! must stay within its memory, and it must still be there afterwards.
//!
//! | file | what it does |
//! | --- | --- |
//! | `server` | the program as a process; what it takes of the machine |
//! | `line` | a WebSocket from an address of one's own; all of 127.0.0.0/8 is this machine |
//! | `newcomers` | those who come meanwhile, and who asks how the server is |
//! | `people` | those who talk, and what they wait for |
//! | `attack` | those who do not: a process of its own, so that its work is not measured as theirs |
//! | `toll` | how much of it came through |
//! | `times` | how long things took |
//! | `report` | the table, and what is wrong |
//!
//! `script/abuse` starts it; `docs/security.md` tells what it shows. Nothing that is timed decides whether it passes.

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

/// How long an attack takes to be in full swing; not measured.
const RAMP_UP: Duration = Duration::from_secs(3);

/// Lets strangers do their worst, and shows what people notice of it.
#[derive(Debug, Parser)]
#[command(name = "abuse")]
struct Options {
    /// How long people are watched, in peace and under attack.
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// How many people talk.
    #[arg(long = "people", default_value_t = 50)]
    users: usize,
    /// Only attacks of these kinds; all at once where not given.
    #[arg(long, value_delimiter = ',')]
    only: Vec<AttackKind>,
    /// The memory that the server may take, in megabytes.
    #[arg(long, default_value_t = 256)]
    megabytes: u64,
    /// The program to run.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_teahouse"))]
    server: PathBuf,
    /// Where the database lies: a real disk, not one in memory.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// Be the attackers of the server at this address, until killed.
    #[arg(long, hide = true)]
    attack: Option<SocketAddr>,
    /// What `cargo bench` says.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    // A few thousand connections at both ends.
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

/// Whether all is well.
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

/// Another process of this program. It gives way to the server and to people, as it would from machines of its own.
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
        // Fails if it has ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
