//! The table at the end.

use std::time::Duration;

use super::{checker::Findings, tally::Tally};

/// A run in numbers, and what is wrong with it.
pub(crate) struct Report<'a> {
    pub(crate) seed: u64,
    pub(crate) length: Duration,
    pub(crate) tally: &'a Tally,
    /// How many events the database holds.
    pub(crate) events: usize,
    pub(crate) findings: &'a Findings,
    pub(crate) has_quota: bool,
    pub(crate) has_clock: bool,
}

impl Report<'_> {
    pub(crate) fn print(&self) {
        let Self { tally, findings, .. } = self;
        let or_missing = |number: u64, is_there: bool, missing: &str| {
            if is_there { grouped(number) } else { format!("0 ({missing})") }
        };
        let mut rows = vec![
            ("seed", self.seed.to_string()),
            ("seconds", grouped(self.length.as_secs())),
            ("commands", grouped(tally.commands.get())),
            ("acked", grouped(tally.acked.get())),
            ("unknown when a connection was lost", grouped(tally.unknown.get())),
            ("of these abandoned", grouped(tally.abandoned.get())),
            ("refused for a while (full disk)", grouped(tally.refused.get())),
            ("refused for good (message deleted)", grouped(tally.declined.get())),
            ("acked, and sent again", grouped(tally.repeated.get())),
            ("events in the log", grouped(self.events as u64)),
            ("events told to readers", grouped(tally.told.get())),
            ("kills", grouped(tally.kills.get())),
            ("terminations", grouped(tally.terminations.get())),
            ("cuts", grouped(tally.cuts.get())),
            ("stalls", grouped(tally.stalls.get())),
            ("closed with 1013", grouped(tally.too_slow.get())),
            ("absences", grouped(tally.absences.get())),
            ("full disks", or_missing(tally.full_disks.get(), self.has_quota, "no prlimit")),
            ("clock steps", or_missing(tally.clock_steps.get(), self.has_clock, "no libfaketime")),
            ("resumes", grouped(tally.resumes.get())),
            ("resets", grouped(tally.resets.get())),
            ("peak memory of the server", format!("{} MB", tally.peak_memory.get() / 1_000_000)),
        ];
        rows.extend(findings.kinds().map(|(name, kind)| (name, grouped(kind.count))));
        println!("| | |\n| --- | ---: |");
        for (name, value) in rows {
            println!("| {name} | {value} |");
        }
        for (name, kind) in findings.kinds() {
            for example in &kind.examples {
                println!("{name}: {example}");
            }
        }
    }

    /// What kept the run from showing anything.
    pub(crate) fn shortcomings(&self) -> Vec<String> {
        let least_kills = (self.length.as_secs() / 6).max(1);
        let mut short = Vec::new();
        if self.tally.kills.get() < least_kills {
            short.push(format!("only {} kills, at least {least_kills} were due", self.tally.kills.get()));
        }
        if self.tally.acked.get() == 0 {
            short.push("nothing was acked".to_owned());
        }
        if self.tally.told.get() == 0 {
            short.push("no reader was told anything".to_owned());
        }
        short
    }
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
