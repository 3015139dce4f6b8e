//! What the store must never do, for the tests of the tests: answering before the commit.
//!
//! Compiled with the feature `early-ack` only, in place of `writer::Pending`. Everything else stays as it is, so that
//! the harness in `benches/faults` has to find the lie by what gets lost.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{
    super::{Committed, StoreError},
    writer::{Applied, Job, Write},
};

/// A write whose asker is told that it is durable as soon as it has been applied.
pub(super) struct Hasty<W: Write> {
    write: W,
    answer: Option<oneshot::Sender<Result<W::Done, StoreError>>>,
    news: Option<Committed>,
}

impl<W: Write> Hasty<W> {
    pub(super) fn new(write: W, answer: oneshot::Sender<Result<W::Done, StoreError>>) -> Self {
        Self { write, answer: Some(answer), news: None }
    }

    fn answer(&mut self, outcome: Result<W::Done, StoreError>) {
        if let Some(answer) = self.answer.take() {
            // An asker that went away needs no answer.
            let _ = answer.send(outcome);
        }
    }
}

impl<W: Write> Job for Hasty<W> {
    fn run(&mut self, db: &Connection) -> bool {
        match self.write.apply(db) {
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
        self.news.filter(|_| committed)
    }
}
