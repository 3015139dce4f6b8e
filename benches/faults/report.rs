//! The table at the end of a run.

use std::time::Duration;

use super::{checker::Findings, counters::Counters};

/// The numbers and findings of a run.
pub(crate) struct Report<'a> {
    pub(crate) seed: u64,
    pub(crate) duration: Duration,
    pub(crate) counters: &'a Counters,
    pub(crate) figures: Figures,
    pub(crate) findings: &'a Findings,
    pub(crate) can_fill_disk: bool,
    pub(crate) can_set_clock: bool,
}

/// What was found in the store at the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    /// How many events the log holds.
    pub(crate) events: usize,
    /// How many entries of the commit log its consumer has read.
    pub(crate) copied: usize,
    /// How many damages of copies of the store were found, and how many there were.
    pub(crate) damages: (usize, usize),
}

impl Report<'_> {
    pub(crate) fn print(&self) {
        let Self { counters, findings, .. } = self;
        let or_missing = |number: u64, is_there: bool, missing: &str| {
            if is_there { grouped(number) } else { format!("0 ({missing})") }
        };
        let mut rows = vec![
            ("seed", self.seed.to_string()),
            ("seconds", grouped(self.duration.as_secs())),
            ("commands", grouped(counters.commands.get())),
            ("acked", grouped(counters.acked.get())),
            ("unanswered when a connection was lost", grouped(counters.unanswered.get())),
            ("of these abandoned", grouped(counters.abandoned.get())),
            ("refused for a while (full disk)", grouped(counters.refused_for_now.get())),
            ("refused for good (message deleted)", grouped(counters.refused_for_good.get())),
            ("acked, and sent again", grouped(counters.resent_after_ack.get())),
            ("events in the log", grouped(self.figures.events as u64)),
            ("entries read by the consumer of the commit log", grouped(self.figures.copied as u64)),
            ("damages of copies that were found", format!("{} of {}", self.figures.damages.0, self.figures.damages.1)),
            ("events delivered to readers", grouped(counters.delivered.get())),
            ("kills", grouped(counters.kills.get())),
            ("terminations", grouped(counters.terminations.get())),
            ("connections cut", grouped(counters.cuts.get())),
            ("stalls", grouped(counters.stalls.get())),
            ("closed with 1013", grouped(counters.closed_as_too_slow.get())),
            ("absences", grouped(counters.absences.get())),
            ("full disks", or_missing(counters.full_disks.get(), self.can_fill_disk, "no prlimit")),
            ("clock steps", or_missing(counters.clock_steps.get(), self.can_set_clock, "no libfaketime")),
            ("resumes", grouped(counters.resumes.get())),
            ("resets", grouped(counters.resets.get())),
            ("peak memory of the server", format!("{} MB", counters.peak_memory.get() / 1_000_000)),
        ];
        rows.extend(findings.groups().map(|(name, group)| (name, grouped(group.count))));
        println!("| | |\n| --- | ---: |");
        for (name, value) in rows {
            println!("| {name} | {value} |");
        }
        for (name, group) in findings.groups() {
            for example in &group.examples {
                println!("{name}: {example}");
            }
        }
    }

    /// Why the run proves nothing, if that is so.
    pub(crate) fn shortfalls(&self) -> Vec<String> {
        let min_kills = (self.duration.as_secs() / 6).max(1);
        let mut shortfalls = Vec::new();
        if self.counters.kills.get() < min_kills {
            shortfalls.push(format!("only {} kills, expected at least {min_kills}", self.counters.kills.get()));
        }
        if self.figures.damages.0 < self.figures.damages.1 {
            shortfalls.push("the verification did not find every damage".to_owned());
        }
        if self.figures.copied < self.figures.events {
            shortfalls.push("the consumer of the commit log has not read everything".to_owned());
        }
        if self.counters.acked.get() == 0 {
            shortfalls.push("no command was acked".to_owned());
        }
        if self.counters.delivered.get() == 0 {
            shortfalls.push("no event was delivered to a reader".to_owned());
        }
        shortfalls
    }
}

/// Formats 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
