//! How much of what the checker looks at there is in the log.

use teahouse::domain::{Event, EventKind};

use super::history::Log;

/// How many of each there are.
pub(crate) struct LogContents {
    pub(crate) events: usize,
    mentions: usize,
    replies: usize,
    participants: usize,
    pins: usize,
    settings: usize,
}

impl LogContents {
    pub(crate) fn of(log: &Log) -> Self {
        let sum = |count: fn(&Event) -> usize| log.conversations.values().flatten().map(count).sum();
        Self {
            events: sum(|_| 1),
            mentions: sum(|event| event.kind.mentions().len()),
            replies: sum(|event| usize::from(event.kind.reply().is_some())),
            participants: sum(|event| event.kind.participants().len()),
            pins: sum(|event| usize::from(matches!(event.kind, EventKind::Pin { .. }))),
            settings: log.settings.len(),
        }
    }

    pub(crate) fn named(&self) -> [(&'static str, usize); 6] {
        [
            ("events in the log", self.events),
            ("mentions in it, without deleted messages", self.mentions),
            ("replies in it", self.replies),
            ("participants who are told of them", self.participants),
            ("changes of pins in it", self.pins),
            ("settings of users in the commit log", self.settings),
        ]
    }
}
