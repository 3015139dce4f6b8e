//! Judges a run. A pure function of its arguments that shares only the domain types with the server and the page: if it
//! used their fold, an error there would go unnoticed.

mod command_index;
mod commands;
mod consumer;
mod findings;
mod log;
mod membership;
mod observations;
mod views;

use self::command_index::CommandIndex;
pub(crate) use self::findings::Findings;
use super::history::{History, Log};

/// Compares what clients did and observed with the log.
pub(crate) fn check(history: &History, log: &Log) -> Findings {
    let mut findings = Findings::default();
    let command_index = CommandIndex::new(&history.commands);
    for violation in &history.violations {
        findings.wrong.add(|| violation.clone());
    }
    log::check(log, &command_index, &mut findings);
    commands::check(&history.commands, log, &mut findings);
    for reader in &history.readers {
        observations::check(reader, log, &command_index, &mut findings);
    }
    for visit in &history.visits {
        observations::check(&visit.record, log, &command_index, &mut findings);
        membership::check(visit, log, &mut findings);
    }
    views::check(history, log, &mut findings);
    consumer::check(history, log, &mut findings);
    findings
}
