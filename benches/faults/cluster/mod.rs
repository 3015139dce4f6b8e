//! A run with many nodes on a PostgreSQL database that has a synchronous standby.
//!
//! | file | what it does |
//! | --- | --- |
//! | `programs`, `postgres_server`, `database_pair` | PostgreSQL: programs, a server, a primary and its standby |
//! | `database`, `node` | faults of the database, of a node |
//! | `link`, `namespace`, `node_links` | the network between nodes and the database |
//! | `balancer` | asks the nodes whether they are ready |
//! | `environment`, `schedule` | all of it; which fault comes when |
//! | `fault_log`, `silences` | which fault came when; how long clients were silent |
//! | `database_log` | the log, as the checker and the consumer read it |

mod balancer;
mod database;
mod database_log;
mod database_pair;
mod environment;
mod fault_log;
mod link;
mod namespace;
mod node;
mod node_links;
mod postgres_server;
mod programs;
mod schedule;
mod silences;
pub(crate) use node_links::SCHEME;

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::Duration,
};

use rand::{SeedableRng as _, rngs::StdRng};

use self::{
    environment::Cluster,
    fault_log::{FaultClass, FaultLog, FaultRecord},
    programs::Programs,
    silences::Silences,
};
use crate::{
    checker::{self, Findings},
    clients::{ClientRun, run_clients},
    counters::Counters,
    failure::Failure,
    log_contents::LogContents,
    options::Options,
    report::{Report, grouped},
};

/// How many silences are explained.
const LONGEST: usize = 8;

/// Is the consumer of the commit log, until the process is killed, or with `until_end` until nothing is left.
pub(crate) async fn consume(address: &str, copy: &Path, until_end: bool) -> Result<(), Failure> {
    database_log::consume(address, copy, until_end).await
}

/// Returns whether all promises were kept.
pub(crate) async fn run(options: &Options, seed: u64) -> Result<bool, Failure> {
    let folder = tempfile::Builder::new().prefix("faults-").tempdir_in(&options.folder)?;
    // PostgreSQL's user comes through here.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
    if !Programs::find()?.can_enter(folder.path()) {
        return Err(
            format!("PostgreSQL's user can't enter {}: choose another --folder", folder.path().display()).into()
        );
    }
    let counters = Arc::new(Counters::default());
    let log = Arc::new(FaultLog::default());
    let checked = match run_and_check(options, seed, folder.path(), &log, &counters).await {
        Ok(checked) => checked,
        Err(failure) => return Err(format!("{failure}; the data is in {}", folder.keep().display()).into()),
    };
    let records = log.records();
    let duration = Duration::from_secs(options.seconds);
    let silences = Silences::measure(&records, &checked.run.talk_logs);
    let mut rows = if options.upgrade {
        vec![("nodes replaced", grouped(count(&records, FaultClass::is_node_fault)))]
    } else {
        silences.rows()
    };
    let by_packets = if checked.can_lose_packets { grouped(counters.packet_cuts.get()) } else { "0 (not root)".into() };
    rows.push(("of the nodes cut off, by losing packets", by_packets));
    rows.push(("terminated nodes that could not finish, because of the database", grouped(counters.unfinished.get())));
    rows.push(("clients that came back to another node", grouped(counters.moves.get())));
    rows.push(("connections given up because nothing came", grouped(counters.given_up.get())));
    let talk_logs = &checked.run.talk_logs;
    rows.push(("longest time of a client without a connection", longest(talk_logs.iter().map(|log| log.longest_gap))));
    rows.push(("longest wait for an ack", longest(talk_logs.iter().map(|log| log.longest_wait))));
    let is_mixed = options.only.is_empty() && !options.upgrade;
    let mut shortfalls = if is_mixed { shortfalls(&records, duration) } else { Vec::new() };
    if let Some(seconds) = options.max_silence {
        shortfalls.extend(silences.excesses(Duration::from_secs_f64(seconds)));
    }
    let report = Report {
        seed,
        duration,
        counters: &counters,
        contents: checked.contents,
        copied: checked.run.history.copied.len(),
        rows,
        shortfalls,
        findings: &checked.findings,
    };
    let passed = report.conclude();
    if !options.upgrade {
        println!("\nthe longest silences of clients of dead nodes:");
        silences.longest(LONGEST).iter().for_each(|line| println!("{line}"));
    }
    if !passed {
        println!("faults: promises NOT kept; the data is in {}", folder.keep().display());
    }
    Ok(passed)
}

struct Checked {
    run: ClientRun,
    findings: Findings,
    contents: LogContents,
    can_lose_packets: bool,
}

async fn run_and_check(
    options: &Options,
    seed: u64,
    folder: &Path,
    log: &Arc<FaultLog>,
    counters: &Arc<Counters>,
) -> Result<Checked, Failure> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut cluster = Cluster::start(options, folder, log, counters, StdRng::from_rng(&mut rng)).await?;
    let run = run_clients(options, rng, &mut cluster, counters).await?;
    let stored = database_log::read(&cluster.address()).await?;
    cluster.stop_database().await?;
    let findings = checker::check(&run.history, &stored);
    let contents = LogContents::of(&stored);
    Ok(Checked { run, findings, contents, can_lose_packets: cluster.can_lose_packets() })
}

fn longest(durations: impl Iterator<Item = Duration>) -> String {
    format!("{:.2} s", durations.max().unwrap_or_default().as_secs_f64())
}

fn shortfalls(records: &[FaultRecord], duration: Duration) -> Vec<String> {
    let seconds = duration.as_secs();
    let groups = [
        ("faults of nodes", count(records, FaultClass::is_node_fault), seconds / 9),
        ("faults of the database", count(records, FaultClass::is_database_fault), seconds / 45),
        ("cuts between nodes and the database", count(records, FaultClass::is_cut), seconds / 30),
    ];
    groups
        .into_iter()
        .filter(|(_, number, expected)| number < expected)
        .map(|(name, number, expected)| format!("only {number} {name}, expected at least {expected}"))
        .collect()
}

fn count(records: &[FaultRecord], is_counted: impl Fn(FaultClass) -> bool) -> u64 {
    records.iter().filter(|record| is_counted(record.class)).count() as u64
}
