//! Reading the commit log of the reference store.

use crate::server::store::{
    commit_log::{Change, CommitEntry, Position},
    memory::{
        history::{EVENT_BYTES, event_size, take_while_fitting},
        state::{LoggedChange, State},
    },
};

impl State {
    pub(super) fn head(&self) -> Position {
        Position(self.log.len() as u64)
    }

    /// An entry as it reads now.
    fn commit_entry(&self, position: Position) -> Option<CommitEntry> {
        let row = self.log.get(usize::try_from(position.0).ok()?.checked_sub(1)?)?;
        let change = match &row.change {
            LoggedChange::Entry(entry) => Change::Entry(entry.clone()),
            LoggedChange::Event(conversation, seq) => {
                let content = self.conversations.get(conversation)?;
                let event = self.present_event(*conversation, *seq, content.event(*seq)?);
                Change::Event { event, direct: content.users.is_some() }
            }
        };
        Some(CommitEntry { position, at: row.at, change })
    }

    pub(crate) fn log_entries(&self, after: Position, limit: u32, bytes: usize) -> Vec<CommitEntry> {
        let positions = (after.0.saturating_add(1)..=self.head().0).map(Position);
        let entries = positions.filter_map(|position| self.commit_entry(position));
        let size_of = |entry: &CommitEntry| match &entry.change {
            Change::Event { event, .. } => event_size(event),
            Change::Entry(_) => EVENT_BYTES,
        };
        take_while_fitting(entries, limit, bytes, size_of).0
    }
}
