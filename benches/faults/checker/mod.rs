//! Judges a run. Pure: what it is given is all that it knows, and it uses nothing of the server or of the browser's
//! half but the vocabulary. A mistake in their folding would otherwise agree with itself.

mod asked;
mod commands;
mod findings;
mod log;
mod sights;
mod views;

use self::asked::{Asked, Edits};
pub(crate) use self::findings::Findings;
use super::history::{History, Log};

/// Holds what clients did and saw against what the database holds.
pub(crate) fn check(history: &History, log: &Log) -> Findings {
    let mut findings = Findings::default();
    let asked = Asked::new(&history.commands);
    for surprise in &history.surprises {
        findings.wrong.add(|| surprise.clone());
    }
    log::check(log, &asked, &mut findings);
    commands::check(&history.commands, log, &mut findings);
    let edits = Edits::new(log, &asked);
    for reader in &history.readers {
        sights::check(reader, log, (&asked, &edits), &mut findings);
    }
    views::check(history, log, &mut findings);
    findings
}
