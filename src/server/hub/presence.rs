//! Who was announced as online.
//!
//! Changes are announced to all clients, at most once per interval. `welcome` contains the announced state and each
//! presence frame contains the difference to the next one, so every client knows exactly what was announced. A page
//! that reloads disconnects and connects again within the interval, so nobody is told.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    domain::{User, UserId},
    protocol::ServerFrame,
};

/// The online users that all clients know of.
#[derive(Debug, Default)]
pub(super) struct AnnouncedPresence {
    /// Held for a look-up or, once per interval, for a comparison.
    snapshot: Mutex<PresenceSnapshot>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct PresenceSnapshot {
    /// The online users, by id. Empty if they were too many to be listed.
    listed: HashMap<UserId, User>,
    /// How many users were online.
    count: usize,
}

impl AnnouncedPresence {
    /// Notes that a user has come online, gone offline or changed their profile.
    pub(super) fn notify_change(&self) {
        self.changed.notify_one();
    }

    /// Waits until there is a change that [`Self::update`] has not seen.
    pub(super) async fn wait_for_change(&self) {
        self.changed.notified().await;
    }

    /// The users who were announced as online, unless they were too many to be listed, and how many they were.
    pub(super) fn announced(&self) -> (Vec<User>, u64) {
        let snapshot = self.lock();
        (snapshot.listed.values().cloned().collect(), snapshot.count as u64)
    }

    /// Replaces the announced state by the current one. Returns the frame that announces the difference, if there is
    /// any.
    ///
    /// `listed` is empty if there are too many users to be listed; `count` is how many there are.
    pub(super) fn update(&self, listed: HashMap<UserId, User>, count: usize) -> Option<ServerFrame> {
        let mut snapshot = self.lock();
        let before = mem::replace(&mut snapshot.listed, listed);
        let joined: Vec<User> =
            snapshot.listed.values().filter(|user| before.get(&user.id) != Some(user)).cloned().collect();
        let left: Vec<UserId> = before.into_keys().filter(|id| !snapshot.listed.contains_key(id)).collect();
        let unchanged = joined.is_empty() && left.is_empty() && count == snapshot.count;
        snapshot.count = count;
        (!unchanged).then_some(ServerFrame::Presence { joined, left, online_count: count as u64 })
    }

    fn lock(&self) -> MutexGuard<'_, PresenceSnapshot> {
        // No change under this lock leaves the snapshot half-changed when it panics.
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
