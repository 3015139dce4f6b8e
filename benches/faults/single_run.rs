//! A run with one server.

use std::{path::Path, sync::Arc, time::Duration};

use rand::{SeedableRng as _, rngs::StdRng};

use super::{
    checker::{self, Findings},
    clients::run_clients,
    counters::Counters,
    failure::Failure,
    history::{History, Log},
    log,
    log_contents::LogContents,
    options::Options,
    report::{Report, Row, grouped},
    server::ServerSetup,
    single_server::SingleServer,
    verification,
};

/// Returns whether all promises were kept.
pub(crate) async fn run(options: &Options, seed: u64) -> Result<bool, Failure> {
    let folder = tempfile::Builder::new().prefix("faults-").tempdir_in(&options.folder)?;
    let setup = ServerSetup::new(options.server.clone(), folder.path().to_owned(), options.send_queue_bytes)?;
    let (can_fill_disk, can_set_clock, database) = (setup.can_fill_disk(), setup.can_set_clock(), setup.database());

    let counters = Arc::new(Counters::default());
    let history = run_server_and_clients(options, seed, setup, &counters).await;
    let checked = history.and_then(|history| check_run(&history, folder.path(), &database));
    let checked = match checked {
        Ok(checked) => checked,
        Err(failure) => return Err(format!("{failure}; the data is in {}", folder.keep().display()).into()),
    };
    let duration = Duration::from_secs(options.seconds);
    let report = Report {
        seed,
        duration,
        counters: &counters,
        contents: checked.contents,
        copied: checked.copied,
        rows: rows(&counters, checked.damages, can_fill_disk, can_set_clock),
        shortfalls: shortfalls(&counters, checked.damages, duration),
        findings: &checked.findings,
    };
    let passed = report.conclude();
    if !passed {
        println!("faults: promises NOT kept; the data is in {}", folder.keep().display());
    }
    Ok(passed)
}

async fn run_server_and_clients(
    options: &Options,
    seed: u64,
    setup: ServerSetup,
    counters: &Arc<Counters>,
) -> Result<History, Failure> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = SingleServer::start(setup, Arc::clone(counters), StdRng::from_rng(&mut rng)).await?;
    Ok(run_clients(options, rng, &mut server, counters).await?.history)
}

/// What was found in the store at the end.
struct Checked {
    findings: Findings,
    contents: LogContents,
    copied: usize,
    /// How many damages of copies of the store were found, and how many there were.
    damages: (usize, usize),
}

/// Compares what clients and the consumer observed with the log, and the store with itself.
fn check_run(history: &History, folder: &Path, database: &Path) -> Result<Checked, Failure> {
    let log: Log = log::read(database)?;
    let mut findings = checker::check(history, &log);
    let damages = verification::verify(folder, database, &mut findings)?;
    Ok(Checked { findings, contents: LogContents::of(&log), copied: history.copied.len(), damages })
}

fn rows(counters: &Counters, damages: (usize, usize), can_fill_disk: bool, can_set_clock: bool) -> Vec<Row> {
    let or_missing = |number: u64, is_there: bool, missing: &str| {
        if is_there { grouped(number) } else { format!("0 ({missing})") }
    };
    vec![
        ("damages of copies that were found", format!("{} of {}", damages.0, damages.1)),
        ("kills", grouped(counters.kills.get())),
        ("terminations", grouped(counters.terminations.get())),
        ("full disks", or_missing(counters.full_disks.get(), can_fill_disk, "no prlimit")),
        ("clock steps", or_missing(counters.clock_steps.get(), can_set_clock, "no libfaketime")),
    ]
}

fn shortfalls(counters: &Counters, damages: (usize, usize), duration: Duration) -> Vec<String> {
    let min_kills = (duration.as_secs() / 6).max(1);
    let mut shortfalls = Vec::new();
    if counters.kills.get() < min_kills {
        shortfalls.push(format!("only {} kills, expected at least {min_kills}", counters.kills.get()));
    }
    if damages.0 < damages.1 {
        shortfalls.push("the verification did not find every damage".to_owned());
    }
    shortfalls
}
