//! What the store must never do, for the test of the tests: answering a command before the commit.
//!
//! Compiled with the feature `early-ack` only. Everything else stays as it is, so that the harness in `benches/faults`
//! has to find the lie by what gets lost.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    super::{Appended, Committed, NewEvent, Receipt, StoreError},
    SqliteStore, TURN,
    writer::{Applied, Job, Order, Write as _},
};

impl SqliteStore {
    /// Queues an event; the receipt tells when it is about to become durable, which is no promise at all.
    pub(super) async fn append_hastily(&self, event: NewEvent) -> Result<Receipt<Appended>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let order = Order::Change(Box::new(Hasty { event, answer: Some(answer), news: None }));
        self.orders.send_timeout(order, TURN).await.map_err(|_| StoreError::Unavailable)?;
        Ok(Receipt::new(answered))
    }
}

/// An event whose author is told that it is durable as soon as it has been applied.
struct Hasty {
    event: NewEvent,
    answer: Option<oneshot::Sender<Result<Appended, StoreError>>>,
    news: Option<Committed>,
}

impl Hasty {
    fn answer(&mut self, outcome: Result<Appended, StoreError>) {
        if let Some(answer) = self.answer.take() {
            // An asker that went away needs no answer.
            let _ = answer.send(outcome);
        }
    }
}

impl Job for Hasty {
    fn run(&mut self, db: &Connection) -> bool {
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

    fn settle(mut self: Box<Self>, committed: bool) -> Option<Committed> {
        // Not run at all: an earlier one of the batch has ended the transaction.
        self.answer(Err(StoreError::Unavailable));
        self.news.take().filter(|_| committed)
    }
}
