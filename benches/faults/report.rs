//! The table at the end of a run.

use std::time::Duration;

use super::{checker::Findings, counters::Counters, log_contents::LogContents};

/// A name and a value of the table.
pub(crate) type Row = (&'static str, String);

/// The numbers and findings of a run.
pub(crate) struct Report<'a> {
    pub(crate) seed: u64,
    pub(crate) duration: Duration,
    pub(crate) counters: &'a Counters,
    pub(crate) contents: LogContents,
    /// How many entries of the commit log its consumer has read.
    pub(crate) copied: usize,
    /// The faults, and what else is special of the environment.
    pub(crate) rows: Vec<Row>,
    /// Why the environment proves nothing, if that is so.
    pub(crate) shortfalls: Vec<String>,
    pub(crate) findings: &'a Findings,
}

impl Report<'_> {
    /// Prints the table and the findings. Returns whether all promises were kept, and the run proves it.
    pub(crate) fn conclude(self) -> bool {
        self.print();
        let shortfalls = self.shortfalls();
        for shortfall in &shortfalls {
            println!("this run proves nothing: {shortfall}");
        }
        self.findings.is_empty() && shortfalls.is_empty()
    }

    fn print(&self) {
        let Self { counters, findings, .. } = self;
        let mut rows = vec![
            ("seed", self.seed.to_string()),
            ("seconds", grouped(self.duration.as_secs())),
            ("commands", grouped(counters.commands.get())),
            ("acked", grouped(counters.acked.get())),
            ("unanswered when a connection was lost", grouped(counters.unanswered.get())),
            ("of these abandoned", grouped(counters.abandoned.get())),
            ("refused for a while (storage unavailable)", grouped(counters.refused_for_now.get())),
            ("refused for good (message deleted)", grouped(counters.refused_for_good.get())),
            ("acked, and sent again", grouped(counters.resent_after_ack.get())),
            ("entries read by the consumer of the commit log", grouped(self.copied as u64)),
            ("events delivered to readers", grouped(counters.delivered.get())),
        ];
        rows.extend(self.contents.named().map(|(name, number)| (name, grouped(number as u64))));
        rows.extend(self.rows.iter().cloned());
        rows.extend([
            ("changes of rooms and their members", grouped(counters.room_changes.get())),
            ("connections cut", grouped(counters.cuts.get())),
            ("stalls", grouped(counters.stalls.get())),
            ("closed with 1013", grouped(counters.closed_as_too_slow.get())),
            ("absences", grouped(counters.absences.get())),
            ("resumes", grouped(counters.resumes.get())),
            ("resets", grouped(counters.resets.get())),
            ("peak memory of a server", format!("{} MB", counters.peak_memory.get() / 1_000_000)),
        ]);
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

    fn shortfalls(&self) -> Vec<String> {
        let mut shortfalls = self.shortfalls.clone();
        let missing = self.contents.named().into_iter().filter(|(_, number)| *number == 0);
        shortfalls.extend(missing.map(|(name, _)| format!("no {name}")));
        if self.copied < self.contents.events {
            shortfalls.push("the consumer of the commit log has not read everything".to_owned());
        }
        if self.counters.acked.get() == 0 {
            shortfalls.push("no command was acked".to_owned());
        }
        if self.counters.room_changes.get() == 0 {
            shortfalls.push("no room was changed".to_owned());
        }
        if self.counters.delivered.get() == 0 {
            shortfalls.push("no event was delivered to a reader".to_owned());
        }
        shortfalls
    }
}

/// Formats 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
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
