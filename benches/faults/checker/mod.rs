//! Judges a run. A pure function of its arguments that shares only the domain types with the server and the page: if it
//! used their fold, an error there would go unnoticed.

mod command_index;
mod commands;
mod consumer;
mod findings;
mod lists;
mod log;
mod members;
mod membership;
mod mentions;
mod observations;
mod settings;
mod threads;
mod views;

pub(crate) use self::findings::Findings;
use self::{command_index::CommandIndex, members::Members, mentions::MentionRules};
use super::history::{History, Log};

/// Compares what clients did and observed with the log.
pub(crate) fn check(history: &History, log: &Log) -> Findings {
    let mut findings = Findings::default();
    let command_index = CommandIndex::new(&history.commands);
    for violation in &history.violations {
        findings.wrong.add(|| violation.clone());
    }
    let members = Members::new(history, log);
    let mention_rules = MentionRules::new(&members, &command_index, log);
    log::check(log, &command_index, &mut findings);
    commands::check(&history.commands, log, &mut findings);
    settings::check(&history.commands, log, &mut findings);
    for event in log.conversations.values().flatten() {
        mention_rules.check(event, || format!("the log of {}", event.conversation), &mut findings);
    }
    threads::check(log, &members, &mention_rules, &mut findings);
    let visitors = history.visits.iter().map(|visit| &visit.record);
    for reader in history.readers.iter().chain(visitors) {
        observations::check(reader, log, &command_index, &mention_rules, &mut findings);
    }
    for visit in &history.visits {
        membership::check(visit, &members, &mut findings);
    }
    lists::check(history, log, &members, &mut findings);
    views::check(history, log, &mut findings);
    consumer::check(history, log, &mut findings);
    findings
}
