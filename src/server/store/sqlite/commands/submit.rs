//! The job of an event that a client or an endpoint has submitted.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, EventKind},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::{EventPosition, NewEvent, ReplyTo},
        receipt::Receipt,
        sqlite::writer::job::{Applied, FastPathContext, FastPathOutcome, Job, Write as _, make, settled},
    },
};

/// An event, with whoever waits for it. Most are messages, which have a quicker way than other changes.
pub(crate) struct Submitted {
    event: NewEvent,
    answer: Answer,
    outcome: Option<Result<Applied<EventPosition>, StoreError>>,
}

/// How an asker learns what became of an event.
enum Answer {
    /// Through the feed, behind the event itself.
    Told(ReplyTo),
    /// By a receipt.
    Receipt(oneshot::Sender<Result<EventPosition, StoreError>>),
}

impl Submitted {
    pub(crate) fn of(event: NewEvent, reply_to: ReplyTo) -> Box<dyn Job> {
        Box::new(Self { event, answer: Answer::Told(reply_to), outcome: None })
    }

    pub(crate) fn with_receipt(event: NewEvent) -> (Box<dyn Job>, Receipt<EventPosition>) {
        let (answer, answered) = oneshot::channel();
        let job = Self { event, answer: Answer::Receipt(answer), outcome: None };
        (Box::new(job), Receipt::new(answered))
    }
}

impl Job for Submitted {
    fn run(&mut self, db: &Connection, has_room: bool) -> bool {
        self.outcome.insert(make(&self.event, db, has_room)).is_ok()
    }

    fn try_fast_path(&mut self, desk: &mut FastPathContext<'_>) -> FastPathOutcome {
        match self.event.apply_quickly(desk) {
            None => FastPathOutcome::NotThisOne,
            Some(Err(StoreError::Unavailable)) => FastPathOutcome::Failed,
            Some(outcome) => {
                self.outcome = Some(outcome);
                FastPathOutcome::Done
            }
        }
    }

    fn erases(&self) -> bool {
        self.event.erases()
    }

    fn conversation(&self) -> Option<ConversationId> {
        matches!(self.event.kind, EventKind::Message { .. }).then_some(self.event.conversation)
    }

    fn settle(self: Box<Self>, committed: bool, news: &mut Vec<Committed>) {
        let outcome = settled(self.outcome, committed, news);
        match self.answer {
            Answer::Told(reply_to) => news.push(Committed::Reply { to: reply_to, id: self.event.id, outcome }),
            // An asker that went away needs no answer; the event stands.
            Answer::Receipt(answer) => drop(answer.send(outcome)),
        }
    }
}
