//! A store that lies: it replies to a command before the commit. For testing the fault harness only.
//!
//! Compiled with the feature `early-ack` only. Everything else stays the same, so the harness in `benches/faults` can notice
//! the lie only by what gets lost.

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::server::store::{
    commits::Committed,
    error::StoreError,
    events::{EventPosition, NewEvent, ReplyTo},
    sqlite::writer::job::{Applied, Job, Write as _},
};

/// A job for `event` that replies before the commit.
pub(super) fn job(event: NewEvent, reply_to: ReplyTo, feed: mpsc::WeakSender<Vec<Committed>>) -> Box<dyn Job> {
    Box::new(LyingJob { event, reply_to: Some(reply_to), feed, change: None })
}

/// A job that replies as soon as the event has been applied.
struct LyingJob {
    event: NewEvent,
    /// `None` after the reply.
    reply_to: Option<ReplyTo>,
    feed: mpsc::WeakSender<Vec<Committed>>,
    change: Option<Committed>,
}

impl LyingJob {
    fn reply(&mut self, outcome: Result<EventPosition, StoreError>) {
        if let (Some(to), Some(feed)) = (self.reply_to.take(), self.feed.upgrade()) {
            // Without a receiver there are no connections.
            let _ = feed.blocking_send(vec![Committed::Reply { to, id: self.event.id, outcome }]);
        }
    }
}

impl Job for LyingJob {
    fn apply(&mut self, db: &Connection, _has_room: bool) -> bool {
        match self.event.apply(db) {
            Ok(Applied { output, change }) => {
                self.change = change;
                self.reply(Ok(output));
                true
            }
            Err(error) => {
                self.reply(Err(error));
                false
            }
        }
    }

    fn finish(mut self: Box<Self>, is_committed: bool, changes: &mut Vec<Committed>) {
        // There is no reply yet if an earlier job of the batch has ended the transaction.
        self.reply(Err(StoreError::Unavailable));
        changes.extend(self.change.take().filter(|_| is_committed));
    }
}
