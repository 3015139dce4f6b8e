//! Commands that are refused, and commits that fail.

use std::sync::Arc;

use futures_util::future::join_all;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::{
    domain::{ConversationId, Seq, UserId},
    server::{
        rules::{Context, Facts, FactsError, Mutation, Refusal, SendEvent},
        store::{
            clock_source::SystemClock,
            commit_log::Change,
            error::StoreError,
            feed::Delivery,
            job::Job,
            sqlite::{
                open::{DATABASE, lock_folder, open_writer},
                sqlite_store::SqliteStore,
                tests::support::{guest, message, open, texts, user},
            },
            store_trait::Store,
        },
    },
};

/// A job whose mutation no table takes, so that its transaction fails, as it may on a full disk.
struct FailingJob(oneshot::Sender<bool>);

impl Job for FailingJob {
    fn decide(&mut self, _: &mut dyn Facts, _: &mut Context<'_>) -> Result<Vec<Mutation>, FactsError> {
        let (user, conversation) = (UserId::generate(), ConversationId::generate());
        Ok(vec![Mutation::AddErasure { user, conversation, last: Seq(1), messages: false }])
    }

    fn takes_room(&self) -> bool {
        false
    }

    fn refuse(&mut self, _: StoreError) {}

    fn finish(self: Box<Self>, is_committed: bool, _: &mut Vec<Delivery>) {
        self.0.send(is_committed).expect("a test that waits");
    }
}

#[tokio::test]
async fn a_full_disk_refuses_a_write_and_the_store_goes_on() {
    let folder = TempDir::new().expect("a folder");
    let lock = lock_folder(folder.path()).expect("the folder");
    let path = folder.path().join(DATABASE);
    let (db, identity) = open_writer(&path, &SystemClock).expect("a database");
    let pages: i64 = db.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
    // Enough for a few small rows.
    db.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).expect("a limit");
    let (store, _feed) = SqliteStore::start(lock, &path, db, identity, None, Arc::new(SystemClock)).expect("a store");
    let store: Box<dyn Store> = Box::new(store);

    let ming = guest(&*store, "小明").await;
    let too_big = message(&*store, &ming, &"x".repeat(1_000_000));
    assert_eq!(store.execute(too_big.clone()).await, Err(StoreError::Unavailable));
    assert_eq!(store.check_health().await, Ok(()));

    // Nothing was written, so the same command can be sent again.
    let retry = SendEvent { id: too_big.id, ..message(&*store, &ming, "small") };
    let position = store.execute(retry).await.expect("enough space for a small one");
    assert_eq!(position.seq, Seq(1));
    assert_eq!(texts(&*store, &ming).await, ["small"]);
    store.close().await;
}

#[tokio::test]
async fn a_refused_command_does_not_fail_the_others_of_its_commit() {
    let folder = TempDir::new().expect("a folder");
    let (store, mut feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    let stranger = user("stranger");
    let mut receipts = Vec::new();
    for number in 0..9 {
        let author = if number % 3 == 1 { &stranger } else { &ming };
        receipts.push(store.queue(message(&*store, author, &number.to_string())).await.expect("queued"));
    }
    let seqs: Vec<_> = join_all(receipts).await.into_iter().map(|result| result.map(|done| done.seq.0)).collect();
    let refused = || Err(StoreError::Refused(Refusal::NotMember));
    assert_eq!(seqs, [Ok(1), refused(), Ok(2), Ok(3), refused(), Ok(4), Ok(5), refused(), Ok(6)]);
    store.close().await;
    // The store is closed, so the feed ends. It has delivered everything that was committed, in order.
    let (mut delivered, mut positions) = (Vec::new(), Vec::new());
    while let Some(commit) = feed.recv().await {
        for delivery in commit {
            if let Delivery::Entry(entry) | Delivery::Listed(entry, _) = delivery {
                positions.push(entry.position.0);
                if let Change::Event { event, .. } = entry.change {
                    delivered.push(event.seq.0);
                }
            }
        }
    }
    assert_eq!(delivered, [1, 2, 3, 4, 5, 6]);
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_command_that_fails_does_not_fail_the_others_of_its_commit() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    // Nothing wakes the writer between them, so they share a commit.
    let before = store.queue(message(&*store, &ming, "before")).await.expect("queued");
    let (reply, is_committed) = oneshot::channel();
    store.enqueue(Box::new(FailingJob(reply))).await.expect("queued");
    let behind = store.queue(message(&*store, &ming, "behind")).await.expect("queued");
    assert_eq!(is_committed.await, Ok(false));
    let seqs = [before.await.expect("committed").seq, behind.await.expect("committed").seq];
    assert_eq!(seqs, [Seq(1), Seq(2)]);
    store.close().await;
}

#[tokio::test]
async fn acknowledged_messages_can_be_read_while_every_commit_fails() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    let receipt = store.queue(message(&*store, &ming, "hi")).await.expect("queued");
    receipt.await.expect("committed");
    for _ in 0..3 {
        let (reply, is_committed) = oneshot::channel();
        store.enqueue(Box::new(FailingJob(reply))).await.expect("queued");
        assert_eq!(texts(&*store, &ming).await, ["hi"]);
        assert_eq!(is_committed.await, Ok(false));
    }
    store.close().await;
}
