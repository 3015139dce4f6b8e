//! What is to be delivered, in the order of the commit log and without gaps.
//!
//! The store's feed brings each commit as it happens. The store does not wait for this side: when it is too slow, the feed
//! leaves out entries of the log. They are read from the log before anything behind them is delivered. So are the entries that
//! other nodes have committed.
//!
//! While the log cannot be read, refusals are delivered all the same: clients are told that the store is not available.

#[cfg(test)]
mod tests;

use std::{
    future::{Future, pending},
    mem,
    pin::{Pin, pin},
    sync::Arc,
    time::Duration,
};

use tokio::{
    select,
    sync::watch,
    time::{Interval, MissedTickBehavior, interval, sleep},
};

use crate::server::store::{CommitEntry, CommitFeed, CommitLog, Delivery, Position, StoreError};

/// How many entries are read from the log at a time, at most.
const PAGE_ENTRIES: u32 = 256;

/// About how many bytes of entries are read from the log at a time.
const PAGE_BYTES: usize = 256 * 1024;

/// How long to wait before reading the log again after a failure, and how often to look whether the feed has left something
/// out without bringing anything since.
const PAUSE: Duration = Duration::from_secs(1);

/// How long a read may take before refusals overtake it.
const READ_PATIENCE: Duration = Duration::from_millis(100);

/// A read of the log that is under way.
type Reading = Pin<Box<dyn Future<Output = Result<Vec<CommitEntry>, StoreError>> + Send>>;

/// Follows the commit log.
pub(super) struct LogFollower {
    feed: CommitFeed,
    log: Arc<dyn CommitLog>,
    /// The newest position of the log.
    head: watch::Receiver<Position>,
    /// The newest position that another node has committed, if there may be other nodes.
    foreign_head: Option<watch::Receiver<Position>>,
    /// Whether other nodes' entries come before the feed, the next time that both have something.
    prefers_foreign: bool,
    /// The position up to which all entries have been returned.
    delivered: Position,
    /// Entries up to this position are to be read from the log before anything else.
    missing_up_to: Position,
    /// What the feed has brought and what comes behind the missing entries.
    waiting: Option<Vec<Delivery>>,
    reading: Option<Reading>,
    check: Interval,
    /// What `delivered` was at the last check.
    delivered_at_check: Position,
    pause: Duration,
}

impl LogFollower {
    /// Begins behind the newest entry: nobody who connects later needs an earlier one.
    pub(super) fn new(feed: CommitFeed, log: Arc<dyn CommitLog>) -> Self {
        Self::with_pause(feed, log, PAUSE)
    }

    fn with_pause(feed: CommitFeed, log: Arc<dyn CommitLog>, pause: Duration) -> Self {
        let head = log.log_head();
        let delivered = *head.borrow();
        let mut check = interval(pause);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let foreign_head = log.foreign_head();
        Self {
            feed,
            log,
            head,
            foreign_head,
            prefers_foreign: false,
            delivered,
            missing_up_to: delivered,
            waiting: None,
            reading: None,
            check,
            delivered_at_check: delivered,
            pause,
        }
    }

    /// Whether the store has closed its feed. What the feed still holds may remain to be delivered.
    pub(super) fn has_closed(&self) -> bool {
        self.feed.is_closed()
    }

    /// Returns what is to be delivered next, or `None` if the store has closed and nothing is left.
    pub(super) async fn next(&mut self) -> Option<Vec<Delivery>> {
        loop {
            if self.delivered < self.missing_up_to {
                return self.read_page().await;
            }
            match self.waiting.take() {
                Some(deliveries) => return Some(self.take_in_order(deliveries)),
                None => self.receive().await?,
            }
        }
    }

    /// Waits until there is something to return, in `waiting` or in the log. Returns `None` if the store has closed.
    async fn receive(&mut self) -> Option<()> {
        loop {
            self.prefers_foreign = !self.prefers_foreign;
            if self.prefers_foreign && self.foreign_position() > self.delivered {
                self.missing_up_to = self.foreign_position();
                return Some(());
            }
            select! {
                biased;
                deliveries = self.feed.recv() => {
                    match deliveries {
                        Some(deliveries) => {
                            self.missing_up_to = self.missing_before(&deliveries);
                            self.waiting = Some(deliveries);
                        }
                        None if self.is_behind() => self.missing_up_to = self.newest(),
                        None => return None,
                    }
                    return Some(());
                }
                position = position_past(&mut self.foreign_head, self.delivered) => {
                    self.missing_up_to = position;
                    return Some(());
                }
                _ = self.check.tick() => {
                    // A commit that was just made is on its way through the feed. Only one that was not delivered since the
                    // last check is missing.
                    let has_moved = mem::replace(&mut self.delivered_at_check, self.delivered) != self.delivered;
                    if !has_moved && self.is_behind() {
                        self.missing_up_to = self.newest();
                        return Some(());
                    }
                }
            }
        }
    }

    fn newest(&self) -> Position {
        *self.head.borrow()
    }

    /// The newest position that another node has committed.
    fn foreign_position(&self) -> Position {
        self.foreign_head.as_ref().map_or(Position::START, |head| *head.borrow())
    }

    fn is_behind(&self) -> bool {
        self.delivered < self.newest()
    }

    /// The position up to which entries must have been delivered before these.
    fn missing_before(&self, deliveries: &[Delivery]) -> Position {
        match deliveries.iter().find_map(position) {
            Some(first) => Position(first.0.saturating_sub(1)),
            // Perhaps the entries that these come behind were left out.
            None if deliveries.is_empty() || deliveries.iter().any(comes_behind_entries) => self.newest(),
            None => Position::START,
        }
    }

    /// Drops the entries that have been delivered. If others are missing in between, what comes behind them waits.
    fn take_in_order(&mut self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let mut in_order = Vec::with_capacity(deliveries.len());
        let mut deliveries = deliveries.into_iter();
        while let Some(delivery) = deliveries.next() {
            match position(&delivery) {
                Some(position) if position <= self.delivered => {}
                Some(position) if position > self.delivered.next() => {
                    self.missing_up_to = Position(position.0 - 1);
                    self.waiting = Some([delivery].into_iter().chain(deliveries).collect());
                    break;
                }
                Some(position) => {
                    self.delivered = position;
                    in_order.push(delivery);
                }
                None => in_order.push(delivery),
            }
        }
        in_order
    }

    /// Reads the next missing entries, again and again until it succeeds. While that takes long, returns refusals. Returns
    /// `None` if the store closes before that.
    async fn read_page(&mut self) -> Option<Vec<Delivery>> {
        let mut patience = pin!(sleep(READ_PATIENCE));
        loop {
            let mut reading = self.reading.take().unwrap_or_else(|| self.read(Duration::ZERO));
            let can_be_overtaken = !self.has_closed();
            let overtaking = async {
                patience.as_mut().await;
                self.feed.recv().await
            };
            let result = select! {
                biased;
                result = &mut reading => result,
                Some(deliveries) = overtaking, if can_be_overtaken => {
                    self.reading = Some(reading);
                    let refusals = self.take_refusals(deliveries);
                    if refusals.is_empty() {
                        continue;
                    }
                    return Some(refusals);
                }
            };
            match result {
                Ok(entries) => {
                    if let Some(last) = entries.last() {
                        self.delivered = last.position;
                        return Some(entries.into_iter().map(Delivery::Entry).collect());
                    }
                    tracing::error!(position = %self.delivered.next(), "the commit log has no such entry");
                }
                Err(error) => {
                    tracing::warn!(%error, "the commit log could not be read; delivery waits");
                }
            }
            if self.has_closed() {
                return None;
            }
            self.reading = Some(self.read(self.pause));
        }
    }

    /// Reads the next missing entries after a pause.
    fn read(&self, pause: Duration) -> Reading {
        let (log, delivered) = (Arc::clone(&self.log), self.delivered);
        let missing = self.missing_up_to.0 - delivered.0;
        let limit = u32::try_from(missing).unwrap_or(u32::MAX).min(PAGE_ENTRIES);
        Box::pin(async move {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            log.log_after(delivered, limit, PAGE_BYTES).await
        })
    }

    /// Takes what need not wait for missing entries. Entries will be read from the log, and the rest waits.
    fn take_refusals(&mut self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        let waiting = self.waiting.get_or_insert_default();
        let mut refusals = Vec::new();
        for delivery in deliveries {
            if let Some(position) = position(&delivery) {
                self.missing_up_to = self.missing_up_to.max(position);
            } else if comes_behind_entries(&delivery) {
                waiting.push(delivery);
            } else {
                refusals.push(delivery);
            }
        }
        refusals
    }
}

/// Waits until another node has committed more than what was delivered. Returns up to which position.
async fn position_past(foreign_head: &mut Option<watch::Receiver<Position>>, delivered: Position) -> Position {
    if let Some(head) = foreign_head
        && let Ok(position) = head.wait_for(|position| *position > delivered).await
    {
        return *position;
    }
    pending().await
}

/// The position of an entry of the commit log.
fn position(delivery: &Delivery) -> Option<Position> {
    match delivery {
        Delivery::Entry(entry) | Delivery::Listed(entry, _) => Some(entry.position),
        Delivery::Reply { .. } | Delivery::MarkedRead { .. } | Delivery::Delivered(_) => None,
    }
}

/// Whether somebody who receives this has received certain entries before.
fn comes_behind_entries(delivery: &Delivery) -> bool {
    match delivery {
        Delivery::Entry(_) | Delivery::Listed(..) | Delivery::Reply { outcome: Ok(_), .. } => true,
        Delivery::Delivered(waiting) => !waiting.is_closed(),
        Delivery::Reply { outcome: Err(_), .. } | Delivery::MarkedRead { .. } => false,
    }
}
