//! The job that appends an event, for a connection or for an endpoint.

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

/// An event, and who is told the outcome. Most are messages, which take the fast path.
pub(crate) struct SubmittedEvent {
    event: NewEvent,
    reply: ReplyChannel,
    outcome: Option<Result<Applied<EventPosition>, StoreError>>,
}

/// How the outcome is reported.
enum ReplyChannel {
    /// Through the feed, after the event itself.
    Feed(ReplyTo),
    /// Through a [`Receipt`].
    Receipt(oneshot::Sender<Result<EventPosition, StoreError>>),
}

impl SubmittedEvent {
    pub(crate) fn with_reply_to(event: NewEvent, reply_to: ReplyTo) -> Box<dyn Job> {
        Box::new(Self { event, reply: ReplyChannel::Feed(reply_to), outcome: None })
    }

    pub(crate) fn with_receipt(event: NewEvent) -> (Box<dyn Job>, Receipt<EventPosition>) {
        let (sender, outcome) = oneshot::channel();
        let job = Self { event, reply: ReplyChannel::Receipt(sender), outcome: None };
        (Box::new(job), Receipt::new(outcome))
    }
}

impl Job for SubmittedEvent {
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
        match self.reply {
            ReplyChannel::Feed(reply_to) => news.push(Committed::Reply { to: reply_to, id: self.event.id, outcome }),
            // Dropping the receipt only means that nobody waits for the outcome.
            ReplyChannel::Receipt(sender) => drop(sender.send(outcome)),
        }
    }
}
