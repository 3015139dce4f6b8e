//! What the store must never do, for the test of the tests: answering a command before the commit.
//!
//! Compiled with the feature `early-ack` only. Everything else stays as it is, so that the harness in `benches/faults`
//! has to find the lie by what gets lost.

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::server::store::{
    commits::Committed,
    error::StoreError,
    events::{EventPosition, NewEvent, ReplyTo},
    sqlite::writer::job::{Applied, Job, Write as _},
};

/// A job for `event` that is answered before the commit.
pub(super) fn job(event: NewEvent, reply_to: ReplyTo, feed: mpsc::WeakSender<Vec<Committed>>) -> Box<dyn Job> {
    Box::new(Hasty { event, reply_to: Some(reply_to), feed, news: None })
}

/// An event whose author is told that it is durable as soon as it has been applied.
struct Hasty {
    event: NewEvent,
    /// `None` once answered.
    reply_to: Option<ReplyTo>,
    feed: mpsc::WeakSender<Vec<Committed>>,
    news: Option<Committed>,
}

impl Hasty {
    fn answer(&mut self, outcome: Result<EventPosition, StoreError>) {
        if let (Some(reply_to), Some(feed)) = (self.reply_to.take(), self.feed.upgrade()) {
            // Without a listener nobody is connected.
            let _ = feed.blocking_send(vec![Committed::Reply { to: reply_to, id: self.event.id, outcome }]);
        }
    }
}

impl Job for Hasty {
    fn run(&mut self, db: &Connection, _has_room: bool) -> bool {
        match self.event.apply(db) {
            Ok(Applied { done, news }) => {
                self.news = news;
                self.answer(Ok(done));
                true
            }
            Err(error) => {
                self.answer(Err(error));
                false
            }
        }
    }

    fn settle(mut self: Box<Self>, committed: bool, news: &mut Vec<Committed>) {
        // Not run at all: an earlier one of the batch has ended the transaction.
        self.answer(Err(StoreError::Unavailable));
        news.extend(self.news.take().filter(|_| committed));
    }
}
