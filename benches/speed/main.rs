//! What Teahouse costs, beside servers that are known to be fast and beside floors, which do nothing but pass bytes on:
//! the same work, the same clients, the same machine, in turns.
//!
//! | file | what it does |
//! | --- | --- |
//! | `contender`, `process` | the servers as processes, and what the kernel says of them |
//! | `rivals` | the others' few lines, and the floors |
//! | `wire`, `line`, `crowd` | WebSocket with nothing to spare; many clients on one thread |
//! | `talk` | how each kind of server is spoken to |
//! | `workloads` | what they are asked to do, one file each |
//! | `disk`, `million` | what the disk can do; a store with a million messages |
//! | `times`, `report` | the tables |
//!
//! `script/bench` starts it; `docs/performance.md` tells what it measures and what came of it. Whatever is lost, doubled
//! or out of order fails the run; nothing that is timed does.

mod clients;
mod connection;
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

use std::process::ExitCode;

use clap::Parser;

use self::{
    failure::Failure, report::Report, rivals::Role, servers::ServerKind, settings::Settings, workloads::Workload,
};

/// The core of the clients.
const CLIENT_CORE: usize = 1;

/// Measures what Teahouse costs, beside other servers.
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
    /// Passed by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = match options.be {
        Some(role) => rivals::serve(role).map(|()| true),
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

/// Whether everything could be measured.
fn measure(options: &Options) -> Result<bool, Failure> {
    // Ten thousand connections at both ends; servers inherit it.
    rlimit::increase_nofile_limit(u64::MAX)?;
    process::move_to_core(CLIENT_CORE)?;
    let servers = ServerKind::named(&options.servers)?;
    let workloads = if options.only.is_empty() { Workload::all() } else { &options.only };
    report::print_environment(&options.settings);

    let (mut report, mut is_well) = (Report::default(), true);
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
                            report.note(workload, round, row, figures);
                        }
                    }
                    Err(failure) => {
                        eprintln!("{} {}: {}: FAILED: {failure}", workload.name(), round + 1, server.name());
                        is_well = false;
                    }
                }
            }
        }
    }
    report.print();
    if !is_well {
        println!("\nSome measurements failed or messages were lost: see above.");
    }
    Ok(is_well)
}
