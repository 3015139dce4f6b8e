//! Everything that can be read from a store, as texts.

use std::fmt::Debug;

use crate::{
    domain::{ConversationId, NicknameKey, Seq, SessionId, UserId},
    server::{
        rules::{InviteKey, SessionKey, UserRef},
        store::{
            DirectoryQuery, HistoryWindow, ListSortKey, MessageLookup, Position, Store, StoreError, memory::State,
        },
    },
};

/// What to read about.
pub(super) struct Subjects {
    users: Vec<UserId>,
    conversations: Vec<ConversationId>,
    names: Vec<NicknameKey>,
    sessions: Vec<(UserId, SessionId)>,
    session_keys: Vec<SessionKey>,
    invites: Vec<InviteKey>,
}

impl Subjects {
    /// All that a state has.
    pub(super) fn of(state: &State) -> Self {
        let ended = state.ended_sessions.keys().map(|key| SessionKey(*key));
        Self {
            users: state.users.keys().copied().collect(),
            conversations: state.conversations.keys().copied().collect(),
            names: state.users.values().map(|user| user.nickname.key()).collect(),
            sessions: state.sessions.values().map(|session| (session.user, session.id)).collect(),
            session_keys: state.sessions.values().map(|session| session.key).chain(ended).collect(),
            invites: state.invites.values().map(|invite| invite.key).collect(),
        }
    }
}

/// Readings of a store: what was asked, and the answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dump(Vec<(String, String)>);

impl Dump {
    pub(super) async fn of(store: &dyn Store, subjects: &Subjects) -> Self {
        let mut dump = Self::default();
        dump.add("head", &*store.log_head().borrow());
        dump.read(store, subjects).await;
        dump
    }

    /// Without the head of the log, which a node learns of a moment later than another.
    pub(super) async fn without_head(store: &dyn Store, subjects: &Subjects) -> Self {
        let mut dump = Self::default();
        dump.read(store, subjects).await;
        dump
    }

    async fn read(&mut self, store: &dyn Store, subjects: &Subjects) {
        self.server(store).await;
        self.accounts(store, subjects).await;
        for user in &subjects.users {
            self.lists(store, *user, subjects).await;
        }
        for conversation in &subjects.conversations {
            self.conversation(store, *conversation, subjects).await;
        }
    }

    /// The first reading in which two dumps differ.
    pub(super) fn difference(&self, other: &Self) -> Option<String> {
        let differs = |(one, other): &(&(String, String), &(String, String))| one != other;
        let (one, other) = self.0.iter().zip(&other.0).find(differs)?;
        Some(format!("{}:\n  {}\nand {}:\n  {}", one.0, one.1, other.0, other.1))
    }

    fn add(&mut self, question: impl Debug, answer: &impl Debug) {
        self.0.push((format!("{question:?}"), format!("{answer:?}")));
    }

    async fn server(&mut self, store: &dyn Store) {
        self.add("users", &store.users().await);
        self.add("owner", &store.has_owner().await);
        self.add("uninvited", &store.uninvited_guests().await);
        for part in ["a", "B", "小", "x", "\u{200b}"] {
            self.add(("find", part), &store.find_users(part.into(), 3).await);
        }
        let mut sanctions = store.sanctions().await.expect("sanctions");
        let names: Vec<_> = sanctions.iter().map(|sanction| sanction.user.nickname.as_str().to_owned()).collect();
        assert!(names.is_sorted());
        sanctions.sort_by_key(|it| (it.user.id, it.action.name(), it.conversation));
        self.add("sanctions", &sanctions);
        self.add("networks", &store.banned_networks().await);
        self.add("invites", &store.invites().await);
        self.add("reports", &store.reports(None, 3).await);
        self.add("audit", &store.audit_page(None, 1_000).await);
        self.add("older audit", &store.audit_page(Some(5), 2).await);
        self.add("log", &whole_log(store, 7, 300).await);
    }

    async fn accounts(&mut self, store: &dyn Store, subjects: &Subjects) {
        for name in &subjects.names {
            self.add(("account", name), &store.account(name.clone()).await);
        }
        for key in &subjects.session_keys {
            self.add(("session", key), &(store.session(*key).await, store.session_end(*key).await));
        }
        for key in &subjects.invites {
            self.add(("invite", key), &store.invite_is_valid(*key).await);
        }
        for (user, session) in &subjects.sessions {
            let requested = subjects.conversations.clone();
            self.add(("snapshot", session), &store.connection_snapshot(*user, *session, requested).await);
        }
    }

    async fn lists(&mut self, store: &dyn Store, user: UserId, subjects: &Subjects) {
        self.add(("user", user), &(store.user(user).await, store.is_gone(user).await));
        self.add(("sessions", user), &store.sessions(user).await);
        self.add(("memberships", user), &store.memberships(user).await);
        self.add(("blocks", user), &store.blocks(user).await);
        self.add(("reports for", user), &(store.reports(Some(user), 2).await, store.count_reports(user).await));
        let mut found = store.find_messages(MessageLookup::ByAuthor(user), 1_000).await.expect("messages");
        assert!(found.is_sorted_by_key(|found| std::cmp::Reverse(found.message.at)));
        found.sort_by_key(|found| (found.conversation, found.message.seq));
        self.add(("written by", user), &found);
        for limit in [1, 2, 100] {
            self.add(("list", user, limit), &whole_list(store, user, limit).await);
        }
        for (limit, bytes) in [(1, 1_000_000), (3, 20), (50, 1_000_000)] {
            self.add(("told", user, limit, bytes), &all_mentions(store, user, limit, bytes).await);
        }
        for other in &subjects.users {
            self.add(("finds", user, other), &store.find_user(user, UserRef::Id(*other)).await);
        }
        for (search, archived, limit) in [("", false, 2), ("TE", false, 9), ("茶", true, 1)] {
            self.add(
                ("directory", user, search, archived),
                &whole_directory(store, user, search, archived, limit).await,
            );
        }
        for conversation in &subjects.conversations {
            self.add(("room", user, conversation), &store.directory_room(user, *conversation).await);
            self.add(("members", user, conversation), &whole_member_list(store, user, *conversation, 2).await);
            let view = (store.conversation(user, *conversation).await, store.may_write(user, *conversation).await);
            self.add(("view", user, conversation), &view);
            for prefix in [None, subjects.names.first().cloned()] {
                let found = store.completion_users(user, *conversation, prefix, 3).await;
                self.add(("completions", user, conversation), &found);
            }
        }
    }

    async fn conversation(&mut self, store: &dyn Store, id: ConversationId, subjects: &Subjects) {
        for user in &subjects.users {
            for (limit, bytes) in [(1, 1_000_000), (3, 1_000_000), (1_000, 100), (1_000, 0)] {
                for window in [HistoryWindow::Newest, HistoryWindow::Before(Seq(5)), HistoryWindow::After(Seq(2))] {
                    let page = store.messages(*user, id, window, limit, bytes).await;
                    self.add(("page", id, user, window, limit, bytes), &page);
                }
            }
            for (after, limit, bytes) in [(3, 100, 1_000_000), (6, 2, 1_000_000), (4, 100, 100)] {
                let changes = store.changes(*user, id, Seq(after), limit, bytes).await;
                self.add(("changes", id, user, after, limit, bytes), &changes);
            }
            self.add(("pins", id, user), &store.pinned_messages(*user, id).await);
            self.add(("history", id, user), &store.messages(*user, id, HistoryWindow::Newest, 1_000, 1_000_000).await);
        }
        for user in subjects.users.iter().take(3) {
            for bytes in [0, 100, 1_000_000] {
                let seqs = (1..9).map(Seq).collect();
                self.add(("at", id, user, bytes), &store.messages_at(*user, id, seqs, bytes).await);
            }
            for (thread, window, limit) in [1, 2, 3, 4, 5, 6, 7]
                .into_iter()
                .flat_map(|seq| [(seq, HistoryWindow::Newest, 2), (seq, HistoryWindow::After(Seq(seq)), 1)])
                .chain([(1, HistoryWindow::Before(Seq(9)), 1), (999, HistoryWindow::Newest, 1)])
            {
                let page = store.thread(*user, id, Seq(thread), window, limit, 1_000).await;
                self.add(("thread", id, user, thread, window, limit), &page);
            }
        }
        for (seq, user) in (0..10).zip(subjects.users.iter().cycle()) {
            self.add(("texts", id, user, seq), &store.message_history(*user, id, Seq(seq)).await);
        }
        self.add(("found in", id), &store.find_messages(MessageLookup::InConversation(id), 5).await);
        for (after, up_to, limit, bytes) in
            [(0, u64::MAX, 1_000, 1_000_000), (2, 9, 3, 1_000), (1, 20, 9, 90), (3, 3, 9, 9)]
        {
            let events = store.events(id, Seq(after), Seq(up_to), limit, bytes).await;
            self.add(("events", id, after, up_to, limit, bytes), &events);
        }
    }
}

/// All entries of the log, read in pages.
pub(super) async fn whole_log(store: &dyn Store, limit: u32, bytes: usize) -> Vec<String> {
    let (mut log, mut after) = (Vec::new(), Position::START);
    loop {
        let page = store.log_after(after, limit, bytes).await.expect("a log");
        let Some(last) = page.last() else { return log };
        after = last.position;
        log.extend(page.iter().map(|entry| serde_json::to_string(entry).expect("entries are JSON")));
    }
}

/// What a user was told of, read in pages.
async fn all_mentions(store: &dyn Store, user: UserId, limit: u32, bytes: usize) -> Result<Vec<String>, StoreError> {
    let (mut pages, mut before) = (Vec::new(), None);
    loop {
        let page = store.mentions(user, before, limit, bytes).await?;
        pages.push(format!("{page:?}"));
        let Some(older) = page.older else { return Ok(pages) };
        before = Some(older.parse().expect("a cursor"));
    }
}

/// A part of the directory, read in pages.
async fn whole_directory(
    store: &dyn Store,
    reader: UserId,
    search: &str,
    archived: bool,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.directory(reader, DirectoryQuery { search: search.into(), archived, after, limit }).await?;
        pages.push(format!("{page:?}"));
        let Some(next) = page.after else { return Ok(pages) };
        after = Some(next.parse().expect("a cursor"));
    }
}

/// The members of a room, read in pages.
async fn whole_member_list(
    store: &dyn Store,
    reader: UserId,
    room: ConversationId,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.members(reader, room, after, limit).await?;
        pages.push(format!("{page:?}"));
        let Some(next) = page.after else { return Ok(pages) };
        after = Some(next.parse().expect("a cursor"));
    }
}

/// A user's list, read in pages.
async fn whole_list(store: &dyn Store, user: UserId, limit: u32) -> Result<Vec<String>, StoreError> {
    let (mut pages, mut before) = (Vec::new(), None::<ListSortKey>);
    loop {
        let page = store.conversations(user, before, limit).await?;
        pages.push(format!("{page:?}"));
        let Some(older) = page.older else { return Ok(pages) };
        before = Some(older.parse().expect("a cursor"));
    }
}
