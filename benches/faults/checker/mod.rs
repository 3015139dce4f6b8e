//! Judges a run. Pure: what it is given is all that it knows, and it uses nothing of the server or of the browser's
//! half but the vocabulary. A mistake in their folding would otherwise agree with itself.

mod command_index;
mod commands;
mod findings;
mod log;
mod observations;
mod views;

use self::command_index::{CommandIndex, Edits};
pub(crate) use self::findings::Findings;
use super::history::{History, Log};

/// Holds what clients did and saw against what the database holds.
pub(crate) fn check(history: &History, log: &Log) -> Findings {
    let mut findings = Findings::default();
    let command_index = CommandIndex::new(&history.commands);
    for violation in &history.violations {
        findings.wrong.add(|| violation.clone());
    }
    log::check(log, &command_index, &mut findings);
    commands::check(&history.commands, log, &mut findings);
    let edits = Edits::new(log, &command_index);
    for reader in &history.readers {
        observations::check(reader, log, (&command_index, &edits), &mut findings);
    }
    views::check(history, log, &mut findings);
    findings
}
