//! Kills and stops servers, cuts and stalls connections, fills disks and steps clocks, while clients write and read. Then
//! checks the promises: nothing acknowledged is lost, nothing takes effect twice, everyone received everything in order, and
//! the clients' state equals the folded log.
//!
//! | file | what it does |
//! | --- | --- |
//! | `single_run`, `single_server`, `schedule` | a run with one server; injecting faults; which fault comes when |
//! | `cluster` | a run with many nodes, a database with a standby, and the network between them |
//! | `server` | a server as a process |
//! | `environment`, `entrance` | what clients need of either |
//! | `proxy` | an address that outlives the servers, and connections that can be cut |
//! | `clients`, `users`, `connection` | all clients; the participants; a client's WebSocket |
//! | `writer`, `writer_setup`, `planned_commands`, `texts`, `frames` | sends commands, and resends what was not answered |
//! | `storage_trouble`, `talk_log` | when servers could not store; when a writer got answers |
//! | `reader`, `http_api`, `shared_events` | receives events and folds them with the page's own `Timeline` |
//! | `rooms` | changes rooms and their members; listens as a visitor of a private room |
//! | `settings` | mutes and pins the Lobby and sets the read mark back; each welcome must show what was acknowledged |
//! | `history`, `log`, `log_contents`, `stored_entry` | what clients did and observed; what the database holds |
//! | `verification` | `teahouse verify` on the store, and on damaged copies of it |
//! | `checker` | compares the two; `tests/faults_checker` tests it |
//! | `consumer` | a process that follows the commit log, and is killed with the server |
//! | `counters`, `report` | the table |
//!
//! `script/faults` starts it; `docs/promises.md` says what it shows and what it does not.

mod checker;
mod clients;
mod cluster;
mod connection;
mod consumer;
mod counters;
mod entrance;
mod environment;
mod failure;
mod frames;
mod history;
mod http_api;
mod log;
mod log_contents;
mod options;
mod planned_commands;
mod proxy;
mod reader;
mod report;
mod rooms;
mod schedule;
mod server;
mod settings;
mod shared_events;
mod single_run;
mod single_server;
mod storage_trouble;
mod stored_entry;
mod talk_log;
mod texts;
mod users;
mod verification;
mod writer;
mod writer_setup;

use std::{path::Path, process::ExitCode};

use clap::Parser as _;

use self::{failure::Failure, options::Options};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
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
    if let (Some(source), Some(copy)) = (&options.consume, &options.copy) {
        let consumed = if source.starts_with(cluster::SCHEME) {
            cluster::consume(source, copy, options.until_end).await
        } else {
            consumer::consume(Path::new(source), copy, options.until_end).await
        };
        return consumed.map(|()| true).map_err(|failure| format!("the consumer of the commit log: {failure}").into());
    }
    let seed = options.seed.unwrap_or_else(|| u64::from(rand::random::<u32>()));
    println!("faults: {} s with seed {seed}, against {}", options.seconds, options.server.display());
    if options.cluster { cluster::run(&options, seed).await } else { single_run::run(&options, seed).await }
}
