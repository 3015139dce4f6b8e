//! Kills and stops a server, cuts and stalls its connections, fills its disk and steps its clock, while clients write
//! and read. Then checks the promises: nothing acknowledged is lost, nothing takes effect twice, everyone received
//! everything in order, and the clients' state equals the folded log.
//!
//! | file | what it does |
//! | --- | --- |
//! | `server`, `environment`, `schedule` | the server as a process; injecting faults; which fault comes when |
//! | `proxy` | an address that outlives the server, and connections that can be cut |
//! | `writer`, `planned_commands`, `texts`, `frames` | sends commands, and resends what was not answered |
//! | `users`, `connection` | the participants; a client's WebSocket |
//! | `reader`, `http_api`, `shared_events` | receives events and folds them with the page's own `Timeline` |
//! | `history`, `log` | what clients did and observed; what the database holds |
//! | `verification` | `teahouse verify` on the store, and on damaged copies of it |
//! | `checker` | compares the two; `tests/faults_checker` tests it |
//! | `consumer` | a process that follows the commit log, and is killed with the server |
//! | `counters`, `report` | the table |
//!
//! `script/faults` starts it; `docs/promises.md` says what it shows and what it does not.

mod checker;
mod connection;
mod consumer;
mod counters;
mod environment;
mod failure;
mod frames;
mod history;
mod http_api;
mod log;
mod planned_commands;
mod proxy;
mod reader;
mod report;
mod schedule;
mod server;
mod shared_events;
mod texts;
mod users;
mod verification;
mod writer;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::{
    select,
    sync::{mpsc, watch},
    task::JoinSet,
    time::interval,
};

use self::{
    counters::Counters,
    environment::Environment,
    failure::Failure,
    history::{History, Log},
    http_api::HttpApi,
    reader::{LastSeqs, Reader, ReaderFault},
    report::{Figures, Report},
    schedule::{FaultKind, schedule},
    server::ServerSetup,
    shared_events::SharedEvents,
    users::Users,
    writer::Writer,
};

/// How long clients may take to finish after the last fault.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(2);

/// Kills a server again and again, and checks that it keeps its promises.
#[derive(Debug, Parser)]
#[command(name = "faults")]
struct Options {
    /// How many seconds to inject faults.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Determines the faults and the commands; random by default, and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients write.
    #[arg(long, default_value_t = 16)]
    writers: usize,
    /// How many unanswered commands each writer may have.
    #[arg(long, default_value_t = 8)]
    window: usize,
    /// How many clients read, each with the account of one writer.
    #[arg(long, default_value_t = 6)]
    readers: usize,
    /// How many directs there are between neighbouring writers.
    #[arg(long, default_value_t = 6)]
    directs: usize,
    /// The server's limit of unsent bytes for each connection.
    #[arg(long, default_value_t = 48 * 1024)]
    send_queue_bytes: usize,
    /// Only faults of these kinds; all by default.
    #[arg(long, value_delimiter = ',')]
    only: Vec<FaultKind>,
    /// The server program to run.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_teahouse"))]
    server: PathBuf,
    /// The folder of the database: on a real disk, not in memory.
    #[arg(long, default_value = env!("CARGO_TARGET_TMPDIR"))]
    folder: PathBuf,
    /// Is the consumer of the commit log of this data folder.
    #[arg(long, hide = true, requires = "copy")]
    consume: Option<PathBuf>,
    /// The consumer's own database.
    #[arg(long, hide = true)]
    copy: Option<PathBuf>,
    /// The consumer ends when nothing is left.
    #[arg(long, hide = true)]
    until_end: bool,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    if let (Some(data), Some(copy)) = (&options.consume, &options.copy) {
        return match consumer::consume(data, copy, options.until_end) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("faults: the consumer of the commit log: {failure}");
                ExitCode::FAILURE
            }
        };
    }
    match run(options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("faults: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all promises were kept.
async fn run(options: Options) -> Result<bool, Failure> {
    let seed = options.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let duration = Duration::from_secs(options.seconds);
    println!("faults: {} s with seed {seed}, against {}", options.seconds, options.server.display());
    let folder = tempfile::Builder::new().prefix("faults-").tempdir_in(&options.folder)?;
    let setup = ServerSetup::new(options.server.clone(), folder.path().to_owned(), options.send_queue_bytes)?;
    let (can_fill_disk, can_set_clock, database) = (setup.can_fill_disk(), setup.can_set_clock(), setup.database());

    let counters = Arc::new(Counters::default());
    let history = run_clients(&options, seed, setup, &counters).await;
    let checked = history.and_then(|history| check_run(&history, folder.path(), &database));
    let (figures, findings) = match checked {
        Ok(checked) => checked,
        Err(failure) => return Err(format!("{failure}; the data is in {}", folder.keep().display()).into()),
    };
    let report =
        Report { seed, duration, counters: &counters, figures, findings: &findings, can_fill_disk, can_set_clock };
    report.print();
    let shortfalls = report.shortfalls();
    for shortfall in &shortfalls {
        println!("this run proves nothing: {shortfall}");
    }
    let passed = findings.is_empty() && shortfalls.is_empty();
    if !passed {
        println!("faults: promises NOT kept; the data is in {}", folder.keep().display());
    }
    Ok(passed)
}

/// Runs clients and faults. Returns what the clients did and observed.
async fn run_clients(
    options: &Options,
    seed: u64,
    setup: ServerSetup,
    counters: &Arc<Counters>,
) -> Result<History, Failure> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut environment = Environment::start(setup, Arc::clone(counters), StdRng::from_rng(&mut rng)).await?;
    let address = environment.proxy.address;
    let http_api = HttpApi::new(address)?;
    let users = Users::sign_in(address, options.writers, options.directs).await?;

    let (stop, stopped) = watch::channel(false);
    let mut writers = JoinSet::new();
    for setup in users.writer_setups() {
        let writer = Writer::new(setup, StdRng::from_rng(&mut rng), address, options.window, Arc::clone(counters));
        writers.spawn(writer.run(stopped.clone(), SETTLE_TIMEOUT));
    }
    let (publish_last_seqs, last_seqs_published) = watch::channel(None);
    let shared_events = Arc::new(SharedEvents::default());
    let mut readers = JoinSet::new();
    let mut fault_senders = Vec::new();
    for number in 0..options.readers.min(options.writers) {
        let (fault_sender, fault_receiver) = mpsc::channel::<ReaderFault>(1);
        fault_senders.push(fault_sender);
        let reader_setup = users.reader_setup(number, address, &http_api, &shared_events, counters);
        readers.spawn(Reader::new(reader_setup, StdRng::from_rng(&mut rng)).run(
            fault_receiver,
            last_seqs_published.clone(),
            SETTLE_TIMEOUT,
        ));
    }

    let mut faults = schedule(&mut rng, Duration::from_secs(options.seconds), fault_senders.len());
    faults.retain(|(_, fault)| options.only.is_empty() || options.only.contains(&fault.kind()));
    select! {
        injected = environment.inject_faults(faults, &fault_senders) => injected?,
        () = print_progress(counters) => {}
    }
    environment.recover()?;

    let mut history = History::default();
    stop.send(true)?;
    while let Some(record) = writers.join_next().await {
        let record = record?;
        history.commands.extend(record.commands);
        history.violations.extend(record.violations);
    }
    let last_seqs = last_seqs(&users, &http_api).await?;
    publish_last_seqs.send(Some(Arc::clone(&last_seqs)))?;
    while let Some(read) = readers.join_next().await {
        let (reader, violations) = read?;
        history.readers.push(reader);
        history.violations.extend(violations);
    }
    for conversation in last_seqs.keys() {
        history
            .served
            .insert(*conversation, http_api.all_messages(users.token_for(*conversation)?, *conversation).await?);
    }
    history.copied = environment.stop().await?;
    Ok(history)
}

async fn last_seqs(users: &Users, http_api: &HttpApi) -> Result<LastSeqs, Failure> {
    let mut last_seqs = BTreeMap::new();
    for token in users.tokens() {
        last_seqs.extend(http_api.last_seqs(token).await?);
    }
    Ok(Arc::new(last_seqs))
}

/// Compares what clients and the consumer observed with the log, and the store with itself.
fn check_run(history: &History, folder: &Path, database: &Path) -> Result<(Figures, checker::Findings), Failure> {
    let log: Log = log::read(database)?;
    let mut findings = checker::check(history, &log);
    let damages = verification::verify(folder, database, &mut findings)?;
    let events = log.conversations.values().map(Vec::len).sum();
    Ok((Figures { events, copied: history.copied.len(), damages }, findings))
}

/// Shows that the run is making progress.
async fn print_progress(counters: &Counters) {
    let start = Instant::now();
    let mut ticks = interval(Duration::from_secs(10));
    loop {
        ticks.tick().await;
        let seconds = start.elapsed().as_secs();
        eprintln!("{seconds:>5} s: {} acked, {} kills", counters.acked.get(), counters.kills.get());
    }
}
