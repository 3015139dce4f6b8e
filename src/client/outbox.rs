//! How what the user does comes into the log: kept in this browser first, then sent, one command after the other.
//!
//! All pages of a browser keep their commands in one place, and each sends its own. What a page leaves behind when it
//! ends, by a reload or a crash, is taken over by the next one that gets its lock. Should a command be sent twice all
//! the same, where a browser has no locks, it has one effect: its id is the same.

use std::{cell::RefCell, rc::Rc, time::Duration};

use futures_channel::mpsc;
use futures_util::StreamExt as _;
use leptos::{prelude::*, task::spawn_local};
use serde::Serialize;
use serde_json::Value;

use crate::{
    client::{
        ConnectionStatus, Store,
        browser::{
            indexed_db::{LocalFlag, Storage},
            session_storage, web_locks,
        },
        clock::now,
        socket::Signal,
    },
    domain::{CommandId, ConversationId, Seq, Timestamp, UserId},
    protocol::{ClientFrame, ErrorCode, ErrorFrame, FromJson, field},
    state::{OutboxCommand, Outgoing, OutgoingStatus},
};

/// What is to be done with what is kept in the browser.
pub(super) enum OutboxChange {
    /// Keep it, then send it when its turn comes.
    Put(Outgoing),
    /// Forget it: it is in the log, or given up.
    Remove(Outgoing),
    /// What was sent before the program was there has been put here, and need not be kept elsewhere any more.
    HasEarly,
    /// Other pages may have ended: take over what they left.
    TakeOver,
    /// The user leaves: forget everything of theirs.
    Clear,
}

/// How the sending of the outbox stands.
#[derive(Default)]
pub(super) struct Sending {
    /// When something was last put into the outbox.
    last_typed: Timestamp,
    /// The command that was sent on this connection and not answered yet.
    in_flight: Option<CommandId>,
    /// Whether what an earlier page left has been looked for: what is new comes after it.
    has_taken_over: bool,
    /// Takes what is to be kept in the browser.
    keeper: Option<mpsc::UnboundedSender<OutboxChange>>,
}

/// A command as it is kept.
struct Kept {
    user: UserId,
    /// The page that sends it.
    page: CommandId,
    outgoing: Outgoing,
}

/// The same as it is written.
#[derive(Serialize)]
struct Record {
    user: UserId,
    page: CommandId,
    typed_at: Timestamp,
    command: ClientFrame,
}

impl FromJson for Kept {
    fn read(value: &Value) -> Option<Self> {
        let outgoing = Outgoing::from_command(value.get("command")?, field(value, "typed_at")?)?;
        Some(Self { user: field(value, "user")?, page: field(value, "page")?, outgoing })
    }
}

impl Store {
    /// Does something: it is shown at once, and stands in the outbox until it is in the log, or has been given back.
    pub fn put(self, conversation: ConversationId, deed: OutboxCommand) {
        self.put_as(CommandId::new_at(now()), conversation, deed);
    }

    /// The same for a command that has its id already: it may have been sent before.
    pub fn put_as(self, id: CommandId, conversation: ConversationId, deed: OutboxCommand) {
        let typed_at = Timestamp(now().0.max(self.sending.with_value(|sending| sending.last_typed.0 + 1)));
        let outgoing = Outgoing::new(id, conversation, deed, typed_at);
        self.sending.update_value(|sending| sending.last_typed = typed_at);
        self.outbox.update(|outbox| outbox.put(outgoing.clone()));
        self.forget_typing();
        self.keep(OutboxChange::Put(outgoing));
    }

    /// Sends a command that failed again, under its old id.
    pub fn retry(self, id: CommandId) {
        self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Pending));
        self.send_next();
    }

    /// Takes a command that failed out: it is given up, or back to its author.
    pub fn take_out(self, id: CommandId) -> Option<Outgoing> {
        self.keep_no_more(id);
        self.outbox.try_update(|outbox| outbox.remove(id)).flatten()
    }

    /// Sends the next command, if there is a connection and the one before has been answered.
    pub(super) fn send_next(self) {
        let may_send = self.link.get_untracked() == ConnectionStatus::Online
            && self.sending.with_value(|sending| sending.has_taken_over && sending.in_flight.is_none());
        let Some((id, command)) = self
            .outbox
            .with_untracked(|outbox| outbox.next().filter(|_| may_send).map(|next| (next.id, next.command())))
        else {
            return;
        };
        if self.signal(Signal::Frame(command)) {
            self.sending.update_value(|sending| sending.in_flight = Some(id));
            self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Unknown));
        }
    }

    /// A command is in the log.
    pub(super) fn saved(self, id: CommandId, conversation: ConversationId, seq: Seq) {
        self.keep_no_more(id);
        self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Saved(seq)));
        // Its event shows what it did; one that came before the ack has done so already.
        self.settle(conversation);
        self.answered(id);
    }

    /// An event of this command has come, or a page that holds it.
    pub(super) fn seen(self, id: CommandId) {
        if self.outbox.with_untracked(|outbox| outbox.get(id).is_some()) {
            self.take_out(id);
            self.answered(id);
        }
    }

    /// A command was refused. Nothing of it was done; it stays, for its author to try again, or to take it back.
    pub(super) fn refused(self, id: CommandId, error: &ErrorFrame) {
        let is_deletion = self
            .outbox
            .with_untracked(|outbox| outbox.get(id).is_some_and(|it| matches!(it.deed, OutboxCommand::Delete { .. })));
        match error.code {
            // Worth another try without asking; what is behind it waits, too.
            ErrorCode::RateLimited => {
                let wait = Duration::from_millis(error.retry_after_ms.unwrap_or(1_000));
                set_timeout(move || self.answered(id), wait);
                return;
            }
            // Gone is gone.
            ErrorCode::UnknownMessage if is_deletion => drop(self.take_out(id)),
            code => self.outbox.update(|outbox| outbox.set_status(id, OutgoingStatus::Failed(code))),
        }
        self.answered(id);
    }

    /// What was saved in a conversation and is to be seen there now leaves the outbox.
    pub(super) fn settle(self, conversation: ConversationId) {
        let cursor = self.talk(conversation).timeline.with_untracked(|timeline| timeline.cursor());
        self.outbox.maybe_update(|outbox| outbox.settle(conversation, cursor));
    }

    /// The log is another one: what was to be changed there is not what stands there now.
    pub(super) fn give_changes_up(self) {
        for id in self.outbox.with_untracked(|outbox| outbox.of_another_log()) {
            self.take_out(id);
        }
    }

    /// Begins to keep what `user` does, and takes over what was left by a page that has ended.
    pub(super) fn keep_outbox(self, user: UserId) {
        // Without a bound, because it holds no more than the outbox does: what one person has done on this page.
        let (sender, changes) = mpsc::unbounded();
        self.sending.update_value(|sending| sending.keeper = Some(sender));
        spawn_local(async move {
            let storage = Storage::open().await.map(Rc::new);
            if storage.is_none() {
                self.keeps_nothing();
            }
            let page = CommandId::new_at(now());
            let held = web_locks::hold(&lock(page));
            let keeper = OutboxStorage { store: self, storage, user, page, held, others: RefCell::default() };
            Rc::new(keeper).run(changes).await;
        });
    }

    /// Changes what is kept. Without a keeper there is nothing to change.
    pub(super) fn keep(self, change: OutboxChange) {
        self.sending
            .with_value(|sending| sending.keeper.as_ref().is_some_and(|keeper| keeper.unbounded_send(change).is_ok()));
    }

    /// Whether nothing is to be sent at present.
    fn is_idle(self) -> bool {
        self.outbox.with_untracked(|outbox| outbox.next().is_none())
    }

    /// Whatever became of it, the next one may be sent.
    fn answered(self, id: CommandId) {
        self.sending.update_value(|sending| sending.in_flight = sending.in_flight.filter(|&waiting| waiting != id));
        self.send_next();
    }

    /// The connection is lost, and with it the answer that was waited for.
    pub(super) fn lost(self) {
        self.sending.update_value(|sending| sending.in_flight = None);
    }

    fn keep_no_more(self, id: CommandId) {
        if let Some(outgoing) = self.outbox.with_untracked(|outbox| outbox.get(id).cloned()) {
            self.keep(OutboxChange::Remove(outgoing));
        }
    }
}

/// Keeps the outbox of one user's page.
struct OutboxStorage {
    store: Store,
    /// `None` where the browser keeps nothing.
    storage: Option<Rc<Storage>>,
    user: UserId,
    page: CommandId,
    /// Pages that still live: what they leave will be taken over when they end.
    others: RefCell<Vec<CommandId>>,
    /// The lock of this page, freed with its keeper; `None` where there are no locks.
    held: Option<web_locks::Held>,
}

impl OutboxStorage {
    async fn run(self: Rc<Self>, mut changes: mpsc::UnboundedReceiver<OutboxChange>) {
        self.take_over().await;
        self.unmark().await;
        self.store.sending.update_value(|sending| sending.has_taken_over = true);
        self.store.send_next();
        while let Some(change) = changes.next().await {
            match (change, &self.storage) {
                // Those before it have begun to be kept.
                (OutboxChange::HasEarly, _) => session_storage::forget_early(self.user),
                (_, None) => self.store.send_next(),
                // Not waited for here: the next one begins at once, too, and so is kept even if the page ends now.
                (OutboxChange::Put(outgoing), Some(storage)) => {
                    let (store, kept) = (self.store, put(storage, self.user, self.page, &outgoing));
                    spawn_local(async move {
                        if kept.await == Some(false) {
                            store.keeps_nothing();
                        }
                        store.send_next();
                    });
                }
                (OutboxChange::Remove(outgoing), Some(storage)) => {
                    let (removed, keeper) = (storage.delete(&key(&outgoing)), Rc::clone(&self));
                    spawn_local(async move {
                        removed.await;
                        keeper.unmark().await;
                    });
                }
                (OutboxChange::TakeOver, Some(_)) => {
                    let keeper = Rc::clone(&self);
                    spawn_local(async move {
                        keeper.take_over().await;
                        keeper.store.send_next();
                    });
                }
                (OutboxChange::Clear, Some(storage)) => {
                    for kept in kept_of(storage, self.user).await {
                        storage.delete(&key(&kept.outgoing)).await;
                    }
                    self.unmark().await;
                }
            }
        }
    }

    /// Takes the mark away when nothing is kept any more. Another page may put something there meanwhile.
    async fn unmark(&self) {
        let Some(storage) = self.storage.as_ref().filter(|_| self.store.is_idle()) else { return };
        let mark = LocalFlag::of_outbox(self.user);
        let before = mark.get();
        if kept_of(storage, self.user).await.is_empty() && mark.get() == before {
            mark.remove();
        }
    }

    /// Takes over what pages left that have ended, now or when they do.
    async fn take_over(&self) {
        let Some(storage) = self.storage.clone() else { return };
        let mut pages = vec![self.page];
        for Kept { page, .. } in kept_of(&storage, self.user).await {
            if pages.contains(&page) {
                continue;
            }
            pages.push(page);
            if self.held.is_none() {
                adopt(self.store, &storage, self.user, page, self.page).await;
            } else if let Some(_held) = web_locks::take(&lock(page), true).await {
                adopt(self.store, &storage, self.user, page, self.page).await;
            } else if !self.others.borrow().contains(&page) {
                self.others.borrow_mut().push(page);
                let (store, storage, user, heir) = (self.store, Rc::clone(&storage), self.user, self.page);
                spawn_local(async move {
                    if let Some(_held) = web_locks::take(&lock(page), false).await {
                        adopt(store, &storage, user, page, heir).await;
                        store.send_next();
                    }
                });
            }
        }
    }
}

/// Makes what `page` left this page's own. Under the lock of `page`, so that one page alone does so.
async fn adopt(store: Store, storage: &Storage, user: UserId, page: CommandId, heir: CommandId) {
    let is_here = move || store.me.with_untracked(|me| me.as_ref().is_some_and(|me| me.id == user));
    for Kept { outgoing, .. } in kept_of(storage, user).await.into_iter().filter(|kept| kept.page == page) {
        if !is_here() {
            return;
        }
        put(storage, user, heir, &outgoing).await;
        // The user may have left meanwhile.
        if is_here() {
            // What is typed from now on comes after it, even if the clock was set back.
            store.sending.update_value(|sending| sending.last_typed = sending.last_typed.max(outgoing.typed_at));
            store.outbox.update(|outbox| outbox.put(outgoing));
        }
    }
}

/// Begins to keep a command. What can't be kept is sent all the same.
fn put(
    storage: &Storage,
    user: UserId,
    page: CommandId,
    outgoing: &Outgoing,
) -> impl Future<Output = Option<bool>> + use<> {
    let record = Record { user, page, typed_at: outgoing.typed_at, command: outgoing.command() };
    let text = serde_json::to_string(&record).expect("a record has only strings for keys, so it is JSON");
    // Never the same twice, so that whoever takes it away can tell that it was set again.
    LocalFlag::of_outbox(user).set(&outgoing.id.to_string());
    storage.put(&key(outgoing), &text)
}

/// Forgets what a user left here whose session is over.
pub(super) fn forget_kept(user: UserId) {
    spawn_local(async move {
        let Some(storage) = Storage::open().await else { return };
        for kept in kept_of(&storage, user).await {
            storage.delete(&key(&kept.outgoing)).await;
        }
        LocalFlag::of_outbox(user).remove();
    });
}

async fn kept_of(storage: &Storage, user: UserId) -> Vec<Kept> {
    // What an older version of this page kept, and this one can't read, stays where it is.
    let kept = storage.all().await.into_iter().filter_map(|text| Kept::from_json(&text));
    kept.filter(|kept| kept.user == user).collect()
}

/// Keys stand in the order in which things were typed.
fn key(outgoing: &Outgoing) -> String {
    format!("{:015}.{}", outgoing.typed_at.0, outgoing.id)
}

fn lock(page: CommandId) -> String {
    format!("teahouse page {page}")
}
