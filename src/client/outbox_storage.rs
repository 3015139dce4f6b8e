//! The outbox in the browser's storage, so that commands survive a reload and a crash.
//!
//! All pages of a browser store their commands in one place, and each sends its own. The commands of a page that has
//! closed are adopted by the next page that gets its lock. If a command is sent twice all the same, where a browser has no
//! locks, it takes effect once, because its id is the same.

use std::{cell::RefCell, rc::Rc};

use futures_channel::mpsc;
use futures_util::StreamExt as _;
use leptos::{prelude::*, task::spawn_local};
use serde::Serialize;
use serde_json::Value;

use crate::{
    client::{
        browser::{indexed_db::Storage, local_flag::LocalFlag, session_storage, web_locks},
        clock::now,
        outbox_state::OutboxChange,
        store::ClientStore,
    },
    domain::{CommandId, Timestamp, UserId},
    protocol::{ClientFrame, FromJson, field},
    state::Outgoing,
};

/// A stored command.
struct StoredCommand {
    user: UserId,
    /// The page that sends it.
    page: CommandId,
    outgoing: Outgoing,
}

/// The JSON of a stored command.
#[derive(Serialize)]
struct StoredCommandJson {
    user: UserId,
    page: CommandId,
    typed_at: Timestamp,
    command: ClientFrame,
}

impl FromJson for StoredCommand {
    fn from_value(value: &Value) -> Option<Self> {
        let outgoing = Outgoing::from_frame(value.get("command")?, field(value, "typed_at")?)?;
        Some(Self { user: field(value, "user")?, page: field(value, "page")?, outgoing })
    }
}

impl ClientStore {
    /// Begins to store the commands of `user`, and adopts those of closed pages.
    pub(super) fn start_outbox_storage(self, user: UserId) {
        // Unbounded, because it holds no more than the outbox does: the commands of one user on this page.
        let (sender, changes) = mpsc::unbounded();
        self.outbox_state.update_value(|state| state.storage = Some(sender));
        spawn_local(async move {
            let database = Storage::open().await.map(Rc::new);
            if database.is_none() {
                self.storage_failed();
            }
            let page = CommandId::new_at(now());
            let lock = web_locks::hold(&lock_name(page));
            let storage = OutboxStorage { store: self, database, user, page, lock, open_pages: RefCell::default() };
            Rc::new(storage).run(changes).await;
        });
    }
}

/// Stores the outbox of one page.
struct OutboxStorage {
    store: ClientStore,
    /// `None` if the browser forbids storage.
    database: Option<Rc<Storage>>,
    user: UserId,
    page: CommandId,
    /// Pages that are open. Their commands are adopted when they close.
    open_pages: RefCell<Vec<CommandId>>,
    /// The lock of this page, which is released with the storage; `None` in a browser without locks.
    lock: Option<web_locks::LockGuard>,
}

impl OutboxStorage {
    async fn run(self: Rc<Self>, mut changes: mpsc::UnboundedReceiver<OutboxChange>) {
        self.adopt_orphans().await;
        self.clear_flag_if_empty().await;
        self.store.outbox_state.update_value(|state| state.has_adopted_orphans = true);
        self.store.send_next();
        while let Some(change) = changes.next().await {
            match (change, &self.database) {
                // Storing those before this change has begun.
                (OutboxChange::PreBootMessagesAdded, _) => session_storage::remove_pre_boot_messages(self.user),
                (_, None) => self.store.send_next(),
                // Not awaited here: so the next change begins at once and happens even if the page closes now.
                (OutboxChange::Put(outgoing), Some(database)) => {
                    let (store, stored) = (self.store, put(database, self.user, self.page, &outgoing));
                    spawn_local(async move {
                        if stored.await == Some(false) {
                            store.storage_failed();
                        }
                        store.send_next();
                    });
                }
                (OutboxChange::Remove(outgoing), Some(database)) => {
                    let (removed, storage) = (database.delete(&storage_key(&outgoing)), Rc::clone(&self));
                    spawn_local(async move {
                        removed.await;
                        storage.clear_flag_if_empty().await;
                    });
                }
                (OutboxChange::AdoptOrphans, Some(_)) => {
                    let storage = Rc::clone(&self);
                    spawn_local(async move {
                        storage.adopt_orphans().await;
                        storage.store.send_next();
                    });
                }
                (OutboxChange::Clear, Some(database)) => {
                    for stored in stored_commands(database, self.user).await {
                        database.delete(&storage_key(&stored.outgoing)).await;
                    }
                    self.clear_flag_if_empty().await;
                }
            }
        }
    }

    /// Clears the user's flag if no commands are stored, unless another page has set it again meanwhile.
    async fn clear_flag_if_empty(&self) {
        let Some(database) = self.database.as_ref().filter(|_| self.store.has_nothing_to_send()) else { return };
        let flag = LocalFlag::outbox_not_empty(self.user);
        let before = flag.get();
        if stored_commands(database, self.user).await.is_empty() && flag.get() == before {
            flag.clear();
        }
    }

    /// Adopts the commands of all other pages, now or when they close.
    async fn adopt_orphans(&self) {
        let Some(database) = self.database.clone() else { return };
        let mut pages = vec![self.page];
        for StoredCommand { page, .. } in stored_commands(&database, self.user).await {
            if pages.contains(&page) {
                continue;
            }
            pages.push(page);
            if self.lock.is_none() {
                adopt(self.store, &database, self.user, page, self.page).await;
            } else if let Some(_guard) = web_locks::acquire(&lock_name(page), true).await {
                adopt(self.store, &database, self.user, page, self.page).await;
            } else if !self.open_pages.borrow().contains(&page) {
                self.open_pages.borrow_mut().push(page);
                let (store, database, user, new_page) = (self.store, Rc::clone(&database), self.user, self.page);
                spawn_local(async move {
                    if let Some(_guard) = web_locks::acquire(&lock_name(page), false).await {
                        adopt(store, &database, user, page, new_page).await;
                        store.send_next();
                    }
                });
            }
        }
    }
}

/// Makes the commands of `page` those of `new_page`, under the lock of `page`, so that only one page does.
async fn adopt(store: ClientStore, database: &Storage, user: UserId, page: CommandId, new_page: CommandId) {
    let is_signed_in = move || store.current_user_id() == Some(user);
    for stored in stored_commands(database, user).await {
        if stored.page != page {
            continue;
        }
        if !is_signed_in() {
            return;
        }
        put(database, user, new_page, &stored.outgoing).await;
        // The user may have signed out meanwhile.
        if is_signed_in() {
            let outgoing = stored.outgoing;
            // New commands come after it, even if the clock was set back.
            store.outbox_state.update_value(|state| state.last_typed_at = state.last_typed_at.max(outgoing.typed_at));
            store.outbox.update(|outbox| outbox.put(outgoing));
        }
    }
}

/// Begins to store a command. A command that cannot be stored is sent all the same.
fn put(
    database: &Storage,
    user: UserId,
    page: CommandId,
    outgoing: &Outgoing,
) -> impl Future<Output = Option<bool>> + use<> {
    let record = StoredCommandJson { user, page, typed_at: outgoing.typed_at, command: outgoing.frame() };
    let text = serde_json::to_string(&record).expect("a record has only strings for keys, so it is JSON");
    // The value is never the same twice, so that a page that clears the flag can tell whether it was set again.
    LocalFlag::outbox_not_empty(user).set(&outgoing.id.to_string());
    database.put(&storage_key(outgoing), &text)
}

/// Deletes the stored commands of a user whose session is over.
pub(super) fn delete_stored_commands(user: UserId) {
    spawn_local(async move {
        let Some(database) = Storage::open().await else { return };
        for stored in stored_commands(&database, user).await {
            database.delete(&storage_key(&stored.outgoing)).await;
        }
        LocalFlag::outbox_not_empty(user).clear();
    });
}

async fn stored_commands(database: &Storage, user: UserId) -> Vec<StoredCommand> {
    // Records that this version cannot read stay where they are.
    let stored = database.all().await.into_iter().filter_map(|text| StoredCommand::from_json(&text));
    stored.filter(|stored| stored.user == user).collect()
}

/// The key of a command. Keys sort in the order in which the commands were given.
fn storage_key(outgoing: &Outgoing) -> String {
    format!("{:015}.{}", outgoing.typed_at.0, outgoing.id)
}

fn lock_name(page: CommandId) -> String {
    format!("teahouse page {page}")
}
