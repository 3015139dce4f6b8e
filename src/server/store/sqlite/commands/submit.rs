//! The job of an event that a client has sent.

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, EventKind},
    server::store::{
        commits::Committed,
        error::StoreError,
        events::{EventPosition, NewEvent, ReplyTo},
        receipt::Receipt,
        sqlite::writer::job::{
            Applied, FastPathContext, FastPathOutcome, Job, Write as _, apply_within_quota, outcome_after_commit,
        },
    },
};

/// An event on its way through the writer. Most are messages, which have a fast path.
pub(crate) struct SubmittedEvent {
    event: NewEvent,
    reply: ReplyChannel,
    outcome: Option<Result<Applied<EventPosition>, StoreError>>,
}

/// Where the outcome of an event goes.
enum ReplyChannel {
    /// To the feed, behind the event itself.
    Feed(ReplyTo),
    Receipt(oneshot::Sender<Result<EventPosition, StoreError>>),
}

impl SubmittedEvent {
    #[cfg_attr(feature = "early-ack", expect(dead_code, reason = "the lying server replies by another job"))]
    pub(crate) fn with_reply_to(event: NewEvent, reply_to: ReplyTo) -> Box<dyn Job> {
        Box::new(Self { event, reply: ReplyChannel::Feed(reply_to), outcome: None })
    }

    pub(crate) fn with_receipt(event: NewEvent) -> (Box<dyn Job>, Receipt<EventPosition>) {
        let (reply, outcome) = oneshot::channel();
        let job = Self { event, reply: ReplyChannel::Receipt(reply), outcome: None };
        (Box::new(job), Receipt::new(outcome))
    }
}

impl Job for SubmittedEvent {
    fn apply(&mut self, db: &Connection, has_room: bool) -> bool {
        self.outcome.insert(apply_within_quota(&self.event, db, has_room)).is_ok()
    }

    fn try_fast_path(&mut self, context: &mut FastPathContext<'_>) -> FastPathOutcome {
        match self.event.try_fast_path(context) {
            None => FastPathOutcome::NotApplicable,
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

    fn message_conversation(&self) -> Option<ConversationId> {
        matches!(self.event.kind, EventKind::Message { .. }).then_some(self.event.conversation)
    }

    fn finish(self: Box<Self>, is_committed: bool, changes: &mut Vec<Committed>) {
        let outcome = outcome_after_commit(self.outcome, is_committed, changes);
        match self.reply {
            ReplyChannel::Feed(to) => changes.push(Committed::Reply { to, id: self.event.id, outcome }),
            // The receiver is gone if the caller was cancelled; the event stands.
            ReplyChannel::Receipt(reply) => drop(reply.send(outcome)),
        }
    }
}
