//! A command on its way through a store's writer, with the channel to its caller.

use tokio::sync::oneshot;

use crate::{
    domain::CommandId,
    server::{
        rules::{Command, Context, EventPosition, Facts, FactsError, Mutation, SendEvent, Undecided},
        store::{
            error::StoreError,
            feed::{Delivery, ReplyTo},
            read_marks::ReadMarksHold,
            receipt::Receipt,
        },
    },
};

/// A command in the queue of a store. A store decides it, applies the mutations, and finishes it after the commit. If the
/// transaction fails, it may decide it again.
pub(crate) trait Job: Send {
    /// Decides the command. Returns the mutations; none if the command was refused.
    ///
    /// # Errors
    /// [`FactsError`] if a fact could not be read: the transaction must be rolled back.
    fn decide(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Vec<Mutation>, FactsError>;

    /// Decides the command to find out which facts it asks for. Nothing comes of it; it is decided again.
    ///
    /// # Errors
    /// [`FactsError`] if a fact is not known.
    fn rehearse(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<(), FactsError> {
        self.decide(facts, context).map(drop)
    }

    /// Whether it is refused while the disk quota is used up, if it has mutations.
    fn takes_room(&self) -> bool;

    /// Refuses a command that was decided.
    fn refuse(&mut self, error: StoreError);

    /// Replies to the caller after the commit or its failure. Adds to `deliveries` what must be delivered behind the
    /// command's own entries.
    fn finish(self: Box<Self>, is_committed: bool, deliveries: &mut Vec<Delivery>);
}

/// A command as a job, and the receipt for it.
pub(super) fn job_with_receipt<C: Command>(command: C) -> (Box<dyn Job>, Receipt<C::Output>) {
    let (reply, outcome) = oneshot::channel();
    let (delivered, on_delivery) = oneshot::channel();
    let job = ReceiptJob { command, outcome: None, reply, delivered };
    (Box::new(job), Receipt::new(outcome, on_delivery))
}

/// An event of a connection as a job. The reply goes through the feed.
pub(super) fn job_with_reply(event: SendEvent, reply_to: ReplyTo) -> Box<dyn Job> {
    Box::new(ReplyJob { event, outcome: None, reply_to })
}

/// A job that sets a read mark back. Later marks wait until it is done.
pub(super) struct HoldingJob {
    job: Box<dyn Job>,
    hold: ReadMarksHold,
}

impl HoldingJob {
    pub(super) fn new(job: Box<dyn Job>, hold: ReadMarksHold) -> Self {
        Self { job, hold }
    }
}

struct ReceiptJob<C: Command> {
    command: C,
    outcome: Option<Result<C::Output, StoreError>>,
    reply: oneshot::Sender<Result<C::Output, StoreError>>,
    delivered: oneshot::Sender<()>,
}

struct ReplyJob {
    event: SendEvent,
    outcome: Option<Result<EventPosition, StoreError>>,
    reply_to: ReplyTo,
}

/// Decides a command, and keeps its outcome.
fn decide<C: Command>(
    command: &C,
    outcome: &mut Option<Result<C::Output, StoreError>>,
    facts: &mut dyn Facts,
    context: &mut Context<'_>,
) -> Result<Vec<Mutation>, FactsError> {
    match command.decide(facts, context) {
        Ok(decision) => {
            *outcome = Some(Ok(decision.output));
            Ok(decision.mutations)
        }
        Err(Undecided::Refused(refusal)) => {
            *outcome = Some(Err(refusal.into()));
            Ok(Vec::new())
        }
        Err(Undecided::NoFacts(error)) => Err(error),
    }
}

impl<C: Command> Job for ReceiptJob<C> {
    fn decide(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Vec<Mutation>, FactsError> {
        decide(&self.command, &mut self.outcome, facts, context)
    }

    fn takes_room(&self) -> bool {
        self.command.takes_room()
    }

    fn refuse(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn finish(self: Box<Self>, is_committed: bool, deliveries: &mut Vec<Delivery>) {
        let outcome = self.outcome.filter(|_| is_committed).unwrap_or(Err(StoreError::Unavailable));
        if outcome.is_ok() && !self.reply.is_closed() {
            deliveries.push(Delivery::Delivered(self.delivered));
        }
        // The receiver is gone if the caller was cancelled; the change stands.
        let _ = self.reply.send(outcome);
    }
}

impl Job for ReplyJob {
    fn decide(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Vec<Mutation>, FactsError> {
        decide(&self.event, &mut self.outcome, facts, context)
    }

    fn takes_room(&self) -> bool {
        self.event.takes_room()
    }

    fn refuse(&mut self, error: StoreError) {
        self.outcome = Some(Err(error));
    }

    fn finish(self: Box<Self>, is_committed: bool, deliveries: &mut Vec<Delivery>) {
        let id: CommandId = self.event.id;
        let outcome = self.outcome.filter(|_| is_committed).unwrap_or(Err(StoreError::Unavailable));
        deliveries.push(Delivery::Reply { to: self.reply_to, id, outcome });
    }
}

impl Job for HoldingJob {
    fn decide(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<Vec<Mutation>, FactsError> {
        self.job.decide(facts, context)
    }

    fn rehearse(&mut self, facts: &mut dyn Facts, context: &mut Context<'_>) -> Result<(), FactsError> {
        self.job.rehearse(facts, context)
    }

    fn takes_room(&self) -> bool {
        self.job.takes_room()
    }

    fn refuse(&mut self, error: StoreError) {
        self.job.refuse(error);
    }

    fn finish(self: Box<Self>, is_committed: bool, deliveries: &mut Vec<Delivery>) {
        self.job.finish(is_committed, deliveries);
        drop(self.hold);
    }
}
