//! How many connections are open, altogether and of each address.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::peer::Peer;

/// Counts the connections. A plain mutex, held for a look-up.
#[derive(Debug)]
pub(super) struct Doors {
    open: Mutex<Open>,
    most: usize,
    /// `None` lets any address have as many as there are.
    most_per_address: Option<usize>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    by_address: HashMap<Peer, usize>,
}

/// An open connection, counted until this is dropped.
#[derive(Debug)]
pub(super) struct Entry {
    doors: Arc<Doors>,
    /// Whose it is; nobody's as long as it is a proxy's, and carries requests of whoever stands behind it.
    peer: Mutex<Option<Peer>>,
    /// One of more than its address may have: to be told so, and nothing else.
    pub(super) is_excess: bool,
}

impl Doors {
    pub(super) fn new(most: usize, most_per_address: Option<usize>) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), most, most_per_address })
    }

    /// Counts the connection of a proxy in; `None` if the house is full.
    pub(super) fn enter_for_others(self: &Arc<Self>) -> Option<Entry> {
        let mut open = self.open();
        if open.total >= self.most {
            return None;
        }
        open.total += 1;
        Some(Entry { doors: Arc::clone(self), peer: Mutex::new(None), is_excess: false })
    }

    /// Counts a connection in; `None` if the house is full, or if its address has twice what it may have: then even to
    /// say so would fill the house.
    pub(super) fn enter(self: &Arc<Self>, peer: Peer) -> Option<Entry> {
        let mut open = self.open();
        let of_address = open.by_address.get(&peer).copied().unwrap_or_default();
        let is_flood = self.most_per_address.is_some_and(|most| of_address >= most.saturating_mul(2));
        if open.total >= self.most || is_flood {
            return None;
        }
        open.total += 1;
        let of_address = open.by_address.entry(peer).or_default();
        *of_address += 1;
        let is_excess = self.most_per_address.is_some_and(|most| *of_address > most);
        Some(Entry { doors: Arc::clone(self), peer: Mutex::new(Some(peer)), is_excess })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing under this lock panics half-way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Counts the connection among those of `peer` from now on, because it is about to carry that client's WebSocket and
    /// nothing else. `false` if `peer` has as many as it may have.
    pub(super) fn belongs_to(&self, peer: Peer) -> bool {
        let mut owner = self.peer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = self.doors.open();
        if let Some(before) = owner.take() {
            open.leave(before);
        }
        let of_address = open.by_address.get(&peer).copied().unwrap_or_default();
        let has_room = self.doors.most_per_address.is_none_or(|most| of_address < most);
        if has_room {
            open.by_address.insert(peer, of_address + 1);
            *owner = Some(peer);
        }
        has_room
    }
}

impl Open {
    fn leave(&mut self, peer: Peer) {
        if let Some(of_address) = self.by_address.get_mut(&peer) {
            *of_address -= 1;
            if *of_address == 0 {
                self.by_address.remove(&peer);
            }
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let peer = self.peer.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        let mut open = self.doors.open();
        open.total -= 1;
        if let Some(peer) = peer {
            open.leave(peer);
        }
    }
}
