//! How long clients of a node were silent after a fault, and how long the database was away.

use std::{cmp::Reverse, time::Duration};

use tokio::time::Instant;

use super::fault_log::{FaultClass, FaultRecord};
use crate::{
    report::{Row, grouped},
    talk_log::TalkLog,
};

/// What was on its way when a link was cut still arrives within this time.
const ON_THE_WAY: Duration = Duration::from_millis(100);

/// A fault of a node that comes so shortly after a fault of the database is told apart: its clients wait for both.
const AFTER_DATABASE: Duration = Duration::from_secs(5);

/// What was measured in a run.
#[derive(Default)]
pub(super) struct Silences {
    faults: Vec<MeasuredFault>,
}

struct MeasuredFault {
    class: FaultClass,
    /// Of the database: from the fault until it took writes again.
    own_time: Option<Duration>,
    /// Of a node: from the fault to the next ack of each of its clients. Of the database: from its own end to the next ack of
    /// each client.
    silences: Vec<Duration>,
    /// The same, of clients that also waited for the database.
    with_database: Vec<Duration>,
    /// Of each silence of a client of a dead node: how long, and what else failed meanwhile.
    explained: Vec<(Duration, String)>,
}

impl Silences {
    pub(super) fn measure(records: &[FaultRecord], writers: &[TalkLog]) -> Self {
        let faults = records.iter().map(|record| MeasuredFault::new(record, records, writers)).collect();
        Self { faults }
    }

    /// How many faults there were of each class, and how long people waited.
    pub(super) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = FaultClass::ALL.iter().map(|class| (class.name(), self.row(*class))).collect();
        let clients = |has_class: fn(FaultClass) -> bool| summary(&self.silences(has_class));
        let with_database: Vec<_> = self.faults.iter().flat_map(|fault| &fault.with_database).copied().collect();
        rows.extend([
            ("clients of dead nodes talk again after", clients(FaultClass::is_death)),
            ("the same, during a fault of the database", summary(&with_database)),
            ("failovers of the database take", summary(&self.own_times(FaultClass::is_failover))),
            ("after that, commands are acked again within", summary(&self.first_acks(FaultClass::is_failover))),
            ("after that, each client talks again within", clients(FaultClass::is_failover)),
        ]);
        rows
    }

    fn row(&self, class: FaultClass) -> String {
        let is_class = |other| other == class;
        let number = grouped(self.faults.iter().filter(|fault| fault.class == class).count() as u64);
        let silences = self.silences(is_class);
        let own_times = self.own_times(is_class);
        if silences.is_empty() {
            number
        } else if own_times.is_empty() {
            format!("{number}; its clients talk again after {}", summary(&silences))
        } else {
            let (own, first) = (summary(&own_times), summary(&self.first_acks(is_class)));
            format!("{number}; takes {own}; then first ack after {first}; each client after {}", summary(&silences))
        }
    }

    /// The longest silences of clients of dead nodes, and what else failed meanwhile.
    pub(super) fn longest(&self, number: usize) -> Vec<String> {
        let mut all: Vec<_> = self
            .faults
            .iter()
            .flat_map(|fault| fault.explained.iter().map(move |found| (found, fault.class)))
            .collect();
        all.sort_by_key(|((silence, _), _)| Reverse(*silence));
        let line = |((silence, others), class): (&(Duration, String), FaultClass)| {
            format!("{:.2} s: {}; meanwhile: {others}", silence.as_secs_f64(), class.name())
        };
        all.into_iter().take(number).map(line).collect()
    }

    /// What took longer than it may.
    pub(super) fn excesses(&self, limit: Duration) -> Vec<String> {
        let groups = [
            ("a dead node", self.silences(FaultClass::is_death)),
            ("a database that failed over", self.silences(FaultClass::is_failover)),
        ];
        groups
            .into_iter()
            .filter_map(|(name, silences)| {
                let found = percentile(&silences, 99).filter(|found| *found > limit)?;
                Some(format!("clients of {name} were silent for {found:.1?} (99 %), more than {limit:?}"))
            })
            .collect()
    }

    fn of(&self, has_class: impl Fn(FaultClass) -> bool) -> impl Iterator<Item = &MeasuredFault> {
        self.faults.iter().filter(move |fault| has_class(fault.class))
    }

    fn silences(&self, has_class: impl Fn(FaultClass) -> bool) -> Vec<Duration> {
        self.of(has_class).flat_map(|fault| &fault.silences).copied().collect()
    }

    fn own_times(&self, has_class: impl Fn(FaultClass) -> bool) -> Vec<Duration> {
        self.of(has_class).filter_map(|fault| fault.own_time).collect()
    }

    fn first_acks(&self, has_class: impl Fn(FaultClass) -> bool) -> Vec<Duration> {
        self.of(has_class).filter_map(|fault| fault.silences.iter().min()).copied().collect()
    }
}

impl MeasuredFault {
    fn new(record: &FaultRecord, records: &[FaultRecord], writers: &[TalkLog]) -> Self {
        let class = record.class;
        let mut fault =
            Self { class, own_time: None, silences: Vec::new(), with_database: Vec::new(), explained: Vec::new() };
        if class.is_database_fault() {
            if let Some(ended) = record.ended {
                fault.own_time = Some(ended - record.began);
                fault.silences.extend(writers.iter().filter_map(|writer| Some(writer.ack_after(ended)? - ended)));
            }
        } else if class.is_node_fault() || class.is_cut() {
            let clients = writers.iter().filter(|writer| writer.server_at(record.began) == record.node);
            for client in clients {
                let silence = if class.is_cut() {
                    client.ack_after(record.began + ON_THE_WAY).map(|next| (record.began, next))
                } else {
                    client.silence_between_connections(record.began)
                };
                let Some((last, next)) = silence else { continue };
                let is_with_database = is_with_database_fault(record.began, next, records);
                if class.is_death() && !is_with_database {
                    fault.explained.push((next - last, other_faults(record, next, records)));
                }
                let group = if is_with_database { &mut fault.with_database } else { &mut fault.silences };
                group.push(next - last);
            }
        }
        fault
    }
}

impl TalkLog {
    /// The server of the connection that a client had at this time.
    fn server_at(&self, at: Instant) -> Option<usize> {
        self.connections.iter().rfind(|connection| connection.opened_at <= at)?.server
    }

    fn ack_after(&self, at: Instant) -> Option<Instant> {
        self.acks.get(self.acks.partition_point(|ack| *ack < at)).copied()
    }

    /// The silence between the connection at this time, or its last ack after it, and the first ack on a later one.
    fn silence_between_connections(&self, at: Instant) -> Option<(Instant, Instant)> {
        let later = self.connections.iter().find(|connection| connection.opened_at > at)?;
        // A later connection may bring no ack before it is lost, too.
        let next = self.ack_after(later.opened_at)?;
        let before = self.acks.partition_point(|ack| *ack < later.opened_at);
        let last = before.checked_sub(1).map_or(at, |index| self.acks[index]);
        Some((last.max(at), next))
    }
}

/// Whether the database had a fault between these times, or shortly before.
fn is_with_database_fault(from: Instant, to: Instant, records: &[FaultRecord]) -> bool {
    let mut faults = records.iter().filter(|record| record.class.is_database_fault());
    faults.any(|record| record.began <= to && record.ended.is_none_or(|ended| ended + AFTER_DATABASE >= from))
}

/// The other faults between the beginning of this one and a time, each with its node and its times since then.
fn other_faults(fault: &FaultRecord, to: Instant, records: &[FaultRecord]) -> String {
    let since = |at: Instant| {
        let later = at.saturating_duration_since(fault.began).as_secs_f64();
        later - fault.began.saturating_duration_since(at).as_secs_f64()
    };
    let others = records.iter().filter(|other| {
        (other.began, other.node) != (fault.began, fault.node)
            && other.class != FaultClass::ClockStepped
            && other.began <= to
            && other.ended.is_none_or(|ended| ended >= fault.began)
            // What has no end is over at once.
            && (other.ended.is_some() || other.began >= fault.began)
    });
    let line = |other: &FaultRecord| {
        let node = other.node.map_or_else(String::new, |node| format!(" {node}"));
        let ended = other.ended.map_or_else(String::new, |ended| format!(" to {:.1}", since(ended)));
        format!("{}{node} ({:.1}{ended})", other.class.name(), since(other.began))
    };
    others.map(line).collect::<Vec<_>>().join(", ")
}

fn percentile(durations: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = durations.to_vec();
    sorted.sort();
    sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied()
}

fn summary(durations: &[Duration]) -> String {
    let seconds = |percent| percentile(durations, percent).unwrap_or_default().as_secs_f64();
    match durations {
        [] => "–".to_owned(),
        [one] => format!("{:.2} s", one.as_secs_f64()),
        all => format!("{:.2}/{:.2}/{:.2} s (p50/p99/max of {})", seconds(50), seconds(99), seconds(100), all.len()),
    }
}
