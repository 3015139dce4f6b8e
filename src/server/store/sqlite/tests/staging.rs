//! Messages to many conversations at once, which are staged before they come into their tables.

use std::{collections::HashMap, fs, time::Duration};

use rusqlite::{Connection, params};
use tempfile::TempDir;

use crate::{
    domain::{Body, CommandId, ConversationId, EventKind, Seq, User},
    server::store::{
        commits::{CommitFeed, Committed},
        directs::{OpenDirect, UserRef},
        error::StoreError,
        events::{EventPosition, HistoryWindow, NewEvent, ReplyTo},
        sqlite::{
            open::{DATABASE, lock_folder, open_reader, open_writer},
            sqlite_store::SqliteStore,
            tables::staging::Staging,
            tests::support::{guest_without_session, open},
            writer::job::{Applied, Write},
        },
        store_trait::Store as _,
    },
};

/// The number of directs in which users write at the same time: enough for the writer to stage their messages.
const DIRECTS: usize = 20;

/// A store with busy directs. It moves staged messages to their tables only when somebody needs them there, not when it is
/// idle.
struct BusyStore {
    folder: TempDir,
    store: SqliteStore,
    feed: CommitFeed,
    /// The directs, each with the user who writes there.
    authors: Vec<(User, ConversationId)>,
    /// The other user of each direct.
    readers: Vec<User>,
}

impl BusyStore {
    async fn new() -> Self {
        Self::with_disk_pages(1_000_000).await
    }

    /// The database cannot grow beyond this many pages, as on a full disk.
    async fn with_disk_pages(pages: u32) -> Self {
        let folder = TempDir::new().expect("a folder");
        let lock = lock_folder(folder.path()).expect("the folder");
        let path = folder.path().join(DATABASE);
        let (db, identity) = open_writer(&path).expect("a database");
        db.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).expect("a limit");
        let (store, feed) =
            SqliteStore::start_with(lock, &path, db, identity, Duration::from_hours(1), None).expect("a store");
        let mut busy = Self { folder, store, feed, authors: Vec::new(), readers: Vec::new() };
        for number in 0..DIRECTS {
            let author = guest_without_session(&busy.store, &format!("Ming {number}")).await;
            let reader = guest_without_session(&busy.store, &format!("Ling {number}")).await;
            // Both users open it, so that it is in both lists and the first message can take the fast path.
            let opening = OpenDirect { opener: reader.clone(), target: UserRef::Id(author.id) };
            busy.store.open_direct(opening).await.expect("queued").await.expect("a direct");
            let opening = OpenDirect { opener: author.clone(), target: UserRef::Nickname(reader.nickname.key()) };
            let direct = busy.store.open_direct(opening).await.expect("queued").await.expect("a direct");
            busy.authors.push((author, direct.conversation));
            busy.readers.push(reader);
        }
        busy
    }

    /// Sends this message to every direct at once. Returns the ids of the commands.
    async fn send_to_all(&self, body: &str) -> Vec<CommandId> {
        let ids: Vec<_> = self.authors.iter().map(|_| CommandId::generate()).collect();
        self.send_commands(&ids, body).await;
        ids
    }

    /// Sends this message to every direct at once, as the commands with these ids.
    async fn send_commands(&self, ids: &[CommandId], body: &str) {
        for ((author, conversation), id) in self.authors.iter().zip(ids) {
            let kind = EventKind::Message { body: Body::from_trusted(body.to_owned()) };
            let event = NewEvent::new(author.clone(), *id, *conversation, kind);
            self.store.submit(event, ReplyTo(0)).await.expect("queued");
        }
    }

    /// Waits until all of these commands have their outcome.
    async fn outcomes(&mut self, ids: &[CommandId]) -> HashMap<CommandId, Result<EventPosition, StoreError>> {
        let mut outcomes = HashMap::new();
        while !ids.iter().all(|id| outcomes.contains_key(id)) {
            for change in self.feed.recv().await.expect("a commit") {
                if let Committed::Reply { id, outcome, .. } = change {
                    outcomes.insert(id, outcome);
                }
            }
        }
        outcomes
    }

    /// Waits until all of these commands are durable.
    async fn positions(&mut self, ids: &[CommandId]) -> HashMap<CommandId, EventPosition> {
        let outcomes = self.outcomes(ids).await;
        outcomes.into_iter().map(|(id, outcome)| (id, outcome.expect("a position"))).collect()
    }

    /// The number of rows of a table.
    fn count(&self, table: &str) -> usize {
        let db = open_reader(&self.folder.path().join(DATABASE)).expect("a connection");
        let count = db.query_row(&["SELECT count(*) FROM ", table].concat(), [], |row| row.get::<_, u32>(0));
        count.expect("a count") as usize
    }

    /// The number of messages that are staged and not in their tables.
    fn staged(&self) -> usize {
        let db = open_reader(&self.folder.path().join(DATABASE)).expect("a connection");
        Staging::load(&db).expect("the staging table").len()
    }

    /// The messages of a direct, as its author reads them.
    async fn bodies(&self, direct: usize) -> Vec<String> {
        let (author, conversation) = &self.authors[direct];
        let page = self.store.messages(author.id, *conversation, HistoryWindow::Newest, 100, usize::MAX).await;
        page.expect("a page").messages.iter().map(|message| message.body.as_str().to_owned()).collect()
    }
}

#[tokio::test]
async fn acknowledged_messages_that_were_only_staged_survive_a_kill() {
    let mut busy = BusyStore::new().await;
    for body in ["one", "two"] {
        let ids = busy.send_to_all(body).await;
        busy.positions(&ids).await;
    }
    assert_eq!((busy.staged(), busy.count("events")), (2 * DIRECTS, 0), "nothing is in the tables yet");
    // The files as they are now are what a killed process leaves.
    let after_kill = TempDir::new().expect("a folder");
    for file in [DATABASE.to_owned(), format!("{DATABASE}-wal")] {
        fs::copy(busy.folder.path().join(&file), after_kill.path().join(&file)).expect("a copy");
    }
    let (store, _feed) = open(&after_kill);
    for (author, conversation) in &busy.authors {
        let page = store.messages(author.id, *conversation, HistoryWindow::Newest, 100, usize::MAX).await;
        let messages = page.expect("a page").messages;
        let bodies: Vec<_> = messages.iter().map(|message| (message.seq.0, message.body.as_str())).collect();
        assert_eq!(bodies, [(1, "one"), (2, "two")]);
    }
    store.close().await;
    busy.store.close().await;
    assert_eq!((busy.staged(), busy.count("events")), (0, 2 * DIRECTS), "closing moves everything to the tables");
}

#[tokio::test]
async fn reads_see_acknowledged_messages_that_are_only_staged() {
    let mut busy = BusyStore::new().await;
    let ids = busy.send_to_all("hi").await;
    busy.positions(&ids).await;
    assert_eq!(busy.count("events"), 0);
    assert_eq!(busy.bodies(3).await, ["hi"]);

    let ids = busy.send_to_all("ho").await;
    busy.positions(&ids).await;
    let conversation = busy.authors[5].1;
    let events = busy.store.events(conversation, Seq::ZERO, Seq(9), 9, usize::MAX).await.expect("events");
    assert_eq!(events.len(), 2);
    busy.store.close().await;
}

#[tokio::test]
async fn a_repeated_command_whose_message_is_staged_is_not_carried_out_again() {
    let mut busy = BusyStore::new().await;
    let ids = busy.send_to_all("once").await;
    let first = busy.positions(&ids).await;
    assert_eq!(busy.staged(), DIRECTS);
    busy.send_commands(&ids, "twice").await;
    assert_eq!(busy.positions(&ids).await, first);
    // Nor is one whose message was staged and has come into its table since: reading has moved it there.
    assert_eq!(busy.bodies(0).await, ["once"]);
    busy.send_commands(&ids, "three times").await;
    assert_eq!(busy.positions(&ids).await, first);
    for direct in 0..DIRECTS {
        assert_eq!(busy.bodies(direct).await, ["once"]);
    }
    busy.store.close().await;
}

#[tokio::test]
async fn a_command_repeated_after_a_restart_is_not_carried_out_again() {
    let mut busy = BusyStore::new().await;
    let ids = busy.send_to_all("once").await;
    let first = busy.positions(&ids).await;
    busy.store.close().await;
    (busy.store, busy.feed) = open(&busy.folder);
    // The ids ascend: one is the greatest in the log, and the others are less.
    busy.send_commands(&ids, "twice").await;
    assert_eq!(busy.positions(&ids).await, first);
    busy.store.close().await;
}

#[tokio::test]
async fn other_commands_find_staged_messages_in_the_tables() {
    let mut busy = BusyStore::new().await;
    let ids = busy.send_to_all("hi").await;
    busy.positions(&ids).await;
    let (author, conversation) = busy.authors[7].clone();
    let edit = EventKind::Edit { seq: Seq(1), body: Body::from_trusted("hello".to_owned()) };
    let edit = NewEvent::new(author.clone(), CommandId::generate(), conversation, edit);
    busy.store.append(edit).await.expect("queued").await.expect("a position");
    assert_eq!(busy.bodies(7).await, ["hello"]);

    let ids = busy.send_to_all("ho").await;
    busy.positions(&ids).await;
    // A single message is not staged. It follows the staged messages of its direct, which move to the tables first.
    let kind = EventKind::Message { body: Body::from_trusted("single".to_owned()) };
    let single = NewEvent::new(author, CommandId::generate(), conversation, kind);
    let id = single.id;
    busy.store.submit(single, ReplyTo(0)).await.expect("queued");
    assert_eq!(busy.positions(&[id]).await[&id].seq, Seq(4));
    assert_eq!(busy.count("events"), DIRECTS + 3, "no other direct's messages have moved");
    assert_eq!(busy.bodies(7).await, ["hello", "ho", "single"]);
    busy.store.close().await;
}

#[tokio::test]
async fn a_full_disk_loses_no_staged_message() {
    let mut busy = BusyStore::with_disk_pages(120).await;
    let before = busy.send_to_all("before").await;
    let first = busy.positions(&before).await;
    let ids = busy.send_to_all(&"x".repeat(50_000)).await;
    let outcomes = busy.outcomes(&ids).await;
    assert!(outcomes.values().all(|outcome| *outcome == Err(StoreError::Unavailable)), "{outcomes:?}");
    assert_eq!(busy.staged(), DIRECTS);
    // Commands whose messages are staged are still recognised.
    busy.send_commands(&before, "again").await;
    assert_eq!(busy.positions(&before).await, first);
    // The refused commands can be sent again, with shorter messages.
    busy.send_commands(&ids, "after").await;
    let positions = busy.positions(&ids).await;
    assert!(positions.values().all(|position| position.seq == Seq(2)), "{positions:?}");
    for direct in 0..DIRECTS {
        assert_eq!(busy.bodies(direct).await, ["before", "after"]);
    }
    busy.store.close().await;
}

/// A change that fails at the commit, as it may on a full disk.
struct FailingCommit;

impl Write for FailingCommit {
    type Output = ();

    fn apply(&self, db: &Connection) -> Result<Applied<()>, StoreError> {
        db.execute_batch(
            "PRAGMA defer_foreign_keys = ON;
             INSERT INTO members (conversation, user, read_seq, joined_at) VALUES (x'00', x'00', 0, 0);",
        )?;
        Ok(Applied { output: (), change: None })
    }
}

#[tokio::test]
async fn acknowledged_messages_can_be_read_while_every_commit_fails() {
    let mut busy = BusyStore::new().await;
    let ids = busy.send_to_all("hi").await;
    busy.positions(&ids).await;
    // Both are queued before the writer takes either, so they share a commit.
    let failing = async { busy.store.write(FailingCommit).await.expect("queued").await };
    let (refused, bodies) = tokio::join!(failing, busy.bodies(4));
    assert_eq!((refused, bodies), (Err(StoreError::Unavailable), vec!["hi".to_owned()]));
    assert_eq!((busy.staged(), busy.count("events")), (DIRECTS, 0), "that commit has failed");
    busy.store.close().await;
}

#[tokio::test]
async fn a_read_mark_can_be_on_a_staged_message() {
    let mut busy = BusyStore::new().await;
    let ids = busy.send_to_all("hi").await;
    busy.positions(&ids).await;
    let (author, conversation) = busy.authors[2].clone();
    let reader = busy.readers[2].id;
    busy.store.mark_read(reader, conversation, Seq(1));
    let marked = loop {
        let commit = busy.feed.recv().await.expect("a commit");
        if let Some(Committed::MarkedRead { user, seq, .. }) =
            commit.into_iter().find(|change| matches!(change, Committed::MarkedRead { .. }))
        {
            break (user, seq);
        }
    };
    assert_eq!(marked, (reader, Seq(1)));
    let db = open_reader(&busy.folder.path().join(DATABASE)).expect("a connection");
    let mark = "SELECT read_seq FROM members WHERE conversation = ?1 AND user = ?2";
    let seq: Seq = db.query_row(mark, params![conversation, author.id], |row| row.get(0)).expect("a mark");
    assert_eq!(seq, Seq(1), "authors have read their own messages");
    busy.store.close().await;
}
