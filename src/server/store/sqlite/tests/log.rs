//! The commit log, read from two tables.

use tempfile::TempDir;

use crate::{
    domain::{Body, EventKind, KeptMessages, Seq},
    server::{
        rules::{DeleteAccount, DeletionAuthorization, Entry, EraseBatch, OpenDirect, SendEvent, UserRef},
        store::{
            commit_log::{Change, CommitEntry, Position},
            sqlite::tests::support::{event, guest, message, open},
            store_trait::Store,
        },
    },
};

async fn log(store: &dyn Store, after: u64) -> Vec<CommitEntry> {
    store.log_after(Position(after), 1_000, usize::MAX).await.expect("the log")
}

/// Texts of messages and edits, with the author's nickname, and the kinds of other changes.
fn shown(entry: &CommitEntry) -> String {
    match &entry.change {
        Change::Event { event, direct } => match &event.kind {
            EventKind::Message { body, .. } | EventKind::Edit { body, .. } => {
                let place = if *direct { "direct" } else { "room" };
                format!("{place}: {}: {}", event.author.nickname.as_str(), body.as_str())
            }
            kind => format!("{kind:?}"),
        },
        Change::Entry(Entry::SignedUp { .. }) => "signed up".into(),
        Change::Entry(_) => "entry".into(),
    }
}

#[tokio::test]
async fn events_and_other_entries_come_in_one_order_without_gaps() {
    let folder = TempDir::new().expect("a folder");
    let (store, mut feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    let ling = guest(&*store, "阿玲").await;
    store.execute(message(&*store, &ming, "to all")).await.expect("a message");
    let direct = OpenDirect { opener: ming.id, target: UserRef::Id(ling.id) };
    let conversation = store.execute(direct).await.expect("a direct").conversation;
    let secret = SendEvent { conversation, ..message(&*store, &ming, "to one") };
    store.execute(secret).await.expect("a message");
    store.close().await;
    let (store, _feed) = open(&folder);
    let entries = log(&*store, 0).await;
    let mut delivered = Vec::new();
    while let Some(commit) = feed.recv().await {
        use crate::server::store::feed::Delivery::{Entry, Listed};
        delivered.extend(commit.into_iter().filter_map(|delivery| match delivery {
            Entry(entry) | Listed(entry, _) => Some(entry),
            _ => None,
        }));
    }
    assert_eq!(entries, delivered, "the log is what the feed brought");
    let positions: Vec<_> = entries.iter().map(|entry| entry.position.0).collect();
    assert_eq!(positions, (1..=entries.len() as u64).collect::<Vec<_>>());
    assert_eq!(*store.log_head().borrow(), entries[entries.len() - 1].position);
    let texts: Vec<_> = entries.iter().map(shown).filter(|text| text.contains(": ")).collect();
    assert_eq!(texts, ["room: 小明: to all", "direct: 小明: to one"]);

    for after in 0..=positions.len() {
        assert_eq!(log(&*store, after as u64).await, entries[after..]);
        let one = store.log_after(Position(after as u64), 9, 0).await.expect("the log");
        assert_eq!(one, entries[after..].iter().take(1).cloned().collect::<Vec<_>>(), "at least one");
        let two = store.log_after(Position(after as u64), 2, usize::MAX).await.expect("the log");
        assert_eq!(two, entries[after..].iter().take(2).cloned().collect::<Vec<_>>());
    }
    store.close().await;
}

#[tokio::test]
async fn the_log_has_each_text_until_it_is_deleted_and_no_deleted_name() {
    let folder = TempDir::new().expect("a folder");
    let (store, _feed) = open(&folder);
    let ming = guest(&*store, "小明").await;
    for text in ["first", "second"] {
        store.execute(message(&*store, &ming, text)).await.expect("a message");
    }
    let edit = EventKind::edit(Seq(1), Body::from_trusted("edited".into()));
    store.execute(event(&*store, &ming, edit)).await.expect("an edit");
    store.execute(event(&*store, &ming, EventKind::Deletion { seq: Seq(2) })).await.expect("a deletion");
    let texts = async || log(&*store, 0).await.iter().map(shown).filter(|it| it.contains(": ")).collect::<Vec<_>>();
    let deletion = format!("{:?}", EventKind::Deletion { seq: Seq(2) });
    assert_eq!(texts().await, ["room: 小明: first", "room: 小明: ", "room: 小明: edited", &deletion]);

    let (authorization, messages) = (DeletionAuthorization::Guest, KeptMessages::Keep);
    store.execute(DeleteAccount { user: ming.id, authorization, messages }).await.expect("deleted");
    while store.execute(EraseBatch).await.expect("a batch") {}
    assert!(texts().await.iter().all(|text| !text.contains("小明")), "{:?}", texts().await);
    store.close().await;
}
