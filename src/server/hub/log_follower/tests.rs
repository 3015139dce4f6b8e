use std::sync::Mutex;

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{
    domain::{CommandId, ConversationId, Seq, Timestamp, UserId},
    server::{
        hub::log_follower::*,
        rules::{Entry, EventPosition},
        store::{Change, CommitEntry, ReplyTo, StoreError},
    },
};

/// A commit log in memory that refuses the next reads if it is told to.
struct FakeLog {
    head: watch::Sender<Position>,
    /// What other nodes have committed.
    foreign_head: watch::Sender<Position>,
    failures: Mutex<u32>,
    reads: Mutex<Vec<Position>>,
}

#[async_trait]
impl CommitLog for FakeLog {
    async fn log_after(&self, after: Position, limit: u32, _bytes: usize) -> Result<Vec<CommitEntry>, StoreError> {
        self.reads.lock().expect("no panic").push(after);
        let mut failures = self.failures.lock().expect("no panic");
        if *failures > 0 {
            *failures -= 1;
            return Err(StoreError::Unavailable);
        }
        Ok((after.0 + 1..=self.head.borrow().0).take(limit as usize).map(entry).collect())
    }

    fn log_head(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    fn foreign_head(&self) -> Option<watch::Receiver<Position>> {
        Some(self.foreign_head.subscribe())
    }

    async fn consumer_position(&self, _name: &'static str) -> Result<Position, StoreError> {
        Ok(Position::START)
    }

    async fn save_consumer_position(&self, _name: &'static str, _position: Position) -> Result<(), StoreError> {
        Ok(())
    }
}

fn entry(position: u64) -> CommitEntry {
    let change = Change::Entry(Entry::NicknameReleased { user: UserId::SYSTEM });
    CommitEntry { position: Position(position), at: Timestamp(0), change }
}

fn new(position: u64) -> Delivery {
    Delivery::Entry(entry(position))
}

/// The reply to a command that made an event.
fn reply() -> Delivery {
    let made = EventPosition { conversation: ConversationId::generate(), seq: Seq(1), at: Timestamp(0) };
    Delivery::Reply { to: ReplyTo(1), id: CommandId::generate(), outcome: Ok(made) }
}

fn refusal() -> Delivery {
    Delivery::Reply { to: ReplyTo(1), id: CommandId::generate(), outcome: Err(StoreError::QuotaUsedUp) }
}

/// A store that has committed five entries before anybody follows its log.
struct FollowedLog {
    log: Arc<FakeLog>,
    feed: mpsc::Sender<Vec<Delivery>>,
    follower: LogFollower,
}

impl FollowedLog {
    fn new() -> Self {
        Self::with_pause(Duration::from_millis(20))
    }

    fn with_pause(pause: Duration) -> Self {
        let (head, foreign_head) = (watch::Sender::new(Position(5)), watch::Sender::default());
        let log = Arc::new(FakeLog { head, foreign_head, failures: Mutex::default(), reads: Mutex::default() });
        let (feed, receiver) = mpsc::channel(10);
        let follower = LogFollower::with_pause(receiver, Arc::<FakeLog>::clone(&log), pause);
        Self { log, feed, follower }
    }

    /// Commits entries up to this position. The feed brings only `brought`.
    fn commit(&self, head: u64, brought: Vec<Delivery>) {
        self.log.head.send_replace(Position(head));
        self.feed.try_send(brought).expect("capacity");
    }

    /// Another node commits entries up to this position.
    fn commit_elsewhere(&self, head: u64) {
        self.log.head.send_replace(Position(head));
        self.log.foreign_head.send_replace(Position(head));
    }

    fn fail_next_reads(&self, count: u32) {
        *self.log.failures.lock().expect("no panic") = count;
    }

    fn reads(&self) -> Vec<u64> {
        self.log.reads.lock().expect("no panic").iter().map(|after| after.0).collect()
    }

    /// Everything that is returned until `count` deliveries are there: positions, and 0 for what is no entry.
    async fn receive(&mut self, count: usize) -> Vec<u64> {
        let mut received = Vec::new();
        while received.len() < count {
            let next = timeout(Duration::from_secs(10), self.follower.next()).await.expect("deliveries in time");
            let deliveries = next.expect("the store is open");
            received.extend(deliveries.iter().map(|delivery| position(delivery).map_or(0, |position| position.0)));
        }
        received
    }
}

#[tokio::test]
async fn commits_of_the_feed_are_delivered_without_reading_the_log() {
    let mut world = FollowedLog::new();
    world.commit(7, vec![new(6), reply(), new(7), reply()]);
    world.commit(8, vec![refusal(), new(8)]);
    assert_eq!(world.receive(6).await, [6, 0, 7, 0, 0, 8]);
    assert!(world.reads().is_empty());
}

#[tokio::test]
async fn entries_that_were_there_before_are_not_delivered() {
    let mut world = FollowedLog::new();
    world.commit(6, vec![new(4), new(5), reply(), new(6)]);
    assert_eq!(world.receive(2).await, [0, 6]);
}

#[tokio::test]
async fn entries_that_the_feed_left_out_are_delivered_first_and_once() {
    let mut world = FollowedLog::new();
    world.commit(9, vec![new(9), reply()]);
    world.commit(10, vec![new(7), new(9), new(10)]);
    world.commit(13, vec![new(11), new(13)]);
    assert_eq!(world.receive(9).await, [6, 7, 8, 9, 0, 10, 11, 12, 13]);
    assert_eq!(world.reads(), [5, 11]);
}

#[tokio::test]
async fn a_reply_whose_event_was_left_out_comes_behind_it() {
    let mut world = FollowedLog::new();
    world.commit(7, vec![reply()]);
    assert_eq!(world.receive(3).await, [6, 7, 0]);
    world.commit(9, vec![reply(), new(9), reply()]);
    assert_eq!(world.receive(4).await, [8, 0, 9, 0]);
    let (delivered, waiting) = oneshot::channel();
    world.commit(10, vec![Delivery::Delivered(delivered)]);
    assert_eq!(world.receive(2).await, [10, 0]);
    drop(waiting);
}

#[tokio::test]
async fn many_missing_entries_are_read_in_pages() {
    let mut world = FollowedLog::new();
    let last = 5 + 2 * u64::from(PAGE_ENTRIES) + 10;
    world.commit(last, vec![new(last)]);
    assert_eq!(world.receive(usize::try_from(last - 5).expect("a count")).await, (6..=last).collect::<Vec<_>>());
    let page = u64::from(PAGE_ENTRIES);
    assert_eq!(world.reads(), [5, 5 + page, 5 + 2 * page]);
}

#[tokio::test]
async fn what_was_left_out_is_delivered_even_if_the_feed_brings_nothing_more() {
    let mut world = FollowedLog::new();
    world.log.head.send_replace(Position(7));
    assert_eq!(world.receive(2).await, [6, 7]);
    world.commit(9, Vec::new());
    assert_eq!(world.receive(2).await, [8, 9]);
}

#[tokio::test]
async fn nothing_is_delivered_out_of_order_while_the_log_cannot_be_read() {
    let mut world = FollowedLog::new();
    world.fail_next_reads(3);
    world.commit(8, vec![new(8), reply()]);
    world.commit(9, vec![new(9)]);
    assert_eq!(world.receive(5).await, [6, 7, 8, 0, 9]);
    assert_eq!(world.reads(), [5, 5, 5, 5]);
}

#[tokio::test]
async fn following_ends_with_the_feed() {
    let FollowedLog { log, feed, mut follower } = FollowedLog::new();
    feed.try_send(vec![new(6)]).expect("capacity");
    log.head.send_replace(Position(7));
    drop(feed);
    let mut all = Vec::new();
    while let Some(deliveries) = follower.next().await {
        all.extend(deliveries.iter().filter_map(position));
    }
    assert_eq!(all, [Position(6), Position(7)], "what the feed left out at the end is read");
}

#[tokio::test]
async fn following_ends_with_the_feed_although_entries_cannot_be_read() {
    let FollowedLog { log, feed, mut follower } = FollowedLog::new();
    *log.failures.lock().expect("no panic") = u32::MAX;
    feed.try_send(vec![new(8)]).expect("capacity");
    drop(feed);
    assert!(follower.next().await.is_none());
}

#[tokio::test]
async fn entries_of_other_nodes_are_read_at_once_and_in_order_with_those_of_this_one() {
    let mut world = FollowedLog::with_pause(Duration::from_hours(1));
    world.commit_elsewhere(7);
    assert_eq!(world.receive(2).await, [6, 7]);
    world.commit(8, vec![new(8), reply()]);
    world.commit_elsewhere(9);
    world.commit(11, vec![new(10), new(11), reply()]);
    assert_eq!(world.receive(6).await.into_iter().filter(|position| *position > 0).collect::<Vec<_>>(), [8, 9, 10, 11]);
    world.commit_elsewhere(12);
    assert_eq!(world.receive(1).await, [12]);
}

#[tokio::test]
async fn a_busy_feed_does_not_keep_entries_of_other_nodes_back() {
    let mut world = FollowedLog::with_pause(Duration::from_hours(1));
    world.commit_elsewhere(6);
    (0..8).for_each(|_| world.commit(6, vec![refusal()]));
    assert!(world.receive(3).await.contains(&6));
}

#[tokio::test]
async fn refusals_are_delivered_although_the_log_cannot_be_read() {
    let mut world = FollowedLog::new();
    world.fail_next_reads(u32::MAX);
    world.commit_elsewhere(7);
    world.commit(8, vec![new(8), reply(), refusal()]);
    assert_eq!(world.receive(1).await, [0], "the refusal");
    world.commit(8, vec![refusal()]);
    assert_eq!(world.receive(1).await, [0], "another one");
    world.fail_next_reads(0);
    assert_eq!(world.receive(4).await, [6, 7, 8, 0]);
    world.commit(9, vec![new(9)]);
    assert_eq!(world.receive(1).await, [9]);
}
