//! Measures what Teahouse costs, compared with fast servers and with floors, which only pass bytes on: the same work,
//! clients and machine, one after the other.
//!
//! | file | what it does |
//! | --- | --- |
//! | `servers`, `process` | the measured servers as processes, and their CPU time and memory |
//! | `database` | PostgreSQL for servers that use it |
//! | `rivals` | the other servers, and the floors |
//! | `frames`, `connection`, `clients` | minimal WebSocket; many clients on one thread |
//! | `protocols` | how clients talk to each kind of server |
//! | `workloads` | what the servers have to do, one file each |
//! | `disk`, `large_store` | how fast the disk syncs; a store with a million messages |
//! | `durations`, `report` | percentiles and tables |
//!
//! `script/bench` starts it; `docs/performance.md` explains the method and the results. A message that is lost,
//! duplicated or out of order fails the run; no measured time does.

mod clients;
mod connection;
mod database;
mod disk;
mod durations;
mod failure;
mod frames;
mod large_store;
mod process;
mod protocols;
mod report;
mod rivals;
mod servers;
mod settings;
mod workloads;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

use self::{
    failure::Failure, report::Report, rivals::Role, servers::ServerKind, settings::Settings, workloads::Workload,
};

/// The core of the clients.
const CLIENT_CORE: usize = 1;

/// Measures what Teahouse costs, compared with other servers.
#[derive(Debug, Parser)]
#[command(name = "speed")]
struct Options {
    #[command(flatten)]
    settings: Settings,
    /// Runs only these workloads; all by default.
    #[arg(long, value_delimiter = ',')]
    only: Vec<Workload>,
    /// Measures only servers whose names begin with one of these, such as `teahouse,bun,floor-gather`; all by default.
    #[arg(long, value_delimiter = ',')]
    servers: Vec<String>,
    /// Runs as one of the other servers.
    #[arg(long, hide = true)]
    be: Option<Role>,
    /// The folder for the files of that server.
    #[arg(long, hide = true)]
    data: Option<PathBuf>,
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.be {
        Some(role) => rivals::serve(role, options.data).map(|()| true),
        None => measure(&options),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("speed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether everything could be measured.
fn measure(options: &Options) -> Result<bool, Failure> {
    process::allow_many_files()?;
    process::move_to_core(CLIENT_CORE)?;
    let servers = ServerKind::named(&options.servers)?;
    let workloads = if options.only.is_empty() { Workload::all() } else { &options.only };
    report::print_environment(&options.settings)?;

    let (mut report, mut passed) = (Report::default(), true);
    for &workload in workloads {
        for round in 0..options.settings.rounds {
            let mut servers: Vec<_> = servers.iter().copied().filter(|server| workload.is_for(*server)).collect();
            if servers.is_empty() {
                break;
            }
            let offset = round % servers.len();
            servers.rotate_left(offset);
            for server in servers {
                match workload.run(&options.settings, server) {
                    Ok(rows) => {
                        for (row, figures) in rows {
                            eprintln!("{} {}: {row}: {figures:.3?}", workload.name(), round + 1);
                            report.record(workload, round, row, figures);
                        }
                    }
                    Err(failure) => {
                        eprintln!("{} {}: {}: FAILED: {failure}", workload.name(), round + 1, server.name());
                        passed = false;
                    }
                }
            }
        }
    }
    report.print();
    if !passed {
        println!("\nSome measurements failed or messages were lost: see above.");
    }
    Ok(passed)
}
