//! How many connections are open: altogether, of each address, and of each network.
//!
//! Anybody can hold connections, and say nothing on them. So places are kept for those who were signed in lately: an
//! address that nobody was signed in from has to share half of the places with all others of its kind, and never gets the
//! last tenth. While they hold many, each of them may have a few only, and all have less time to say something
//! ([`Timing::crowded`](crate::server::config::Timing)). Whoever finds no place is told so, or that the server lives, if they ask
//! for that: a few connections more than there are places are held for it, briefly.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::server::net::client_addr::{ClientAddr, Network};

/// How many beyond the last place are told that there is none.
const TURNED_AWAY: usize = 64;

/// How many of these may be one address's.
const TURNED_AWAY_OF_ADDRESS: usize = 4;

/// How many more of them are kept for this machine, from which the server is often watched.
const TURNED_AWAY_OF_MACHINE: usize = 8;

/// So many addresses from which somebody was signed in are remembered, and as many from before that.
const KNOWN: usize = 32 * 1024;

/// How many connections there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) all: usize,
    /// `None` lets any address have as many as there are; so for networks.
    pub(crate) of_address: Option<usize>,
    pub(crate) of_network: Option<usize>,
}

/// Counts the connections. A plain mutex, held for a look-up.
#[derive(Debug)]
pub(crate) struct ConnectionLimiter {
    open: Mutex<Open>,
    places: Places,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    /// Those of addresses from which nobody was signed in lately, and on which nobody has signed in yet.
    unknown: usize,
    turned_away: ConnectionCount<ClientAddr>,
    of_address: ConnectionCount<ClientAddr>,
    of_network: ConnectionCount<Network>,
    known: Known,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occupancy {
    /// Whatever it asks for.
    Usual,
    /// One of more than its address may have: to be told so, and nothing else.
    Excess,
    /// There was no place for it: to be told so, or how the server is.
    TurnedAway,
}

/// An open connection, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    doors: Arc<ConnectionLimiter>,
    owner: Mutex<Owner>,
    pub(crate) standing: Occupancy,
}

#[derive(Clone, Copy, Debug)]
struct Owner {
    /// Whose it is; nobody's as long as it is a proxy's, and carries requests of whoever stands behind it.
    peer: Option<ClientAddr>,
    is_unknown: bool,
}

impl ConnectionLimiter {
    pub(crate) fn new(places: Places) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), places })
    }

    /// Counts the connection of a proxy in. `None` if not even that there is no place can be said.
    pub(crate) fn enter_for_others(self: &Arc<Self>) -> Option<ConnectionPermit> {
        let mut open = self.open();
        if open.all >= self.places.all {
            return open.turn_away(None).then(|| self.entry(None, false, Occupancy::TurnedAway));
        }
        open.all += 1;
        Some(self.entry(None, false, Occupancy::Usual))
    }

    /// Counts a connection in. `None` if its address has twice what it may have, or its network all: then even to say so
    /// would cost too much.
    pub(crate) fn enter(self: &Arc<Self>, peer: ClientAddr) -> Option<ConnectionPermit> {
        let Places { all, of_address, of_network } = self.places;
        let mut open = self.open();
        let (many, network) = (open.of_address.get(&peer), peer.network());
        let is_flood = of_address.is_some_and(|most| many >= most.saturating_mul(2))
            || of_network.is_some_and(|most| open.of_network.get(&network) >= most);
        if is_flood {
            return None;
        }
        let is_unknown = !open.known.contains(&peer);
        let has_place = open.all < all && (!is_unknown || self.has_place_for_unknown(&open, many));
        if !has_place {
            return open.turn_away(Some(peer)).then(|| self.entry(Some(peer), false, Occupancy::TurnedAway));
        }
        open.all += 1;
        open.unknown += usize::from(is_unknown);
        open.of_network.add(network);
        let many = open.of_address.add(peer);
        let is_excess = of_address.is_some_and(|most| many > most);
        Some(self.entry(Some(peer), is_unknown, if is_excess { Occupancy::Excess } else { Occupancy::Usual }))
    }

    /// Whether whoever says nothing should be given less time: while unknown addresses hold a quarter of the places, or
    /// all together three quarters.
    pub(crate) fn is_crowded(&self) -> bool {
        self.crowds(&self.open())
    }

    fn crowds(&self, open: &Open) -> bool {
        let all = self.places.all;
        open.unknown > all / 4 || open.all > all / 4 * 3
    }

    /// Whether an address that nobody was signed in from gets one more, which has `many`.
    fn has_place_for_unknown(&self, open: &Open, many: usize) -> bool {
        let Places { all, of_address, .. } = self.places;
        let is_one_of_many = of_address.is_some_and(|most| many > most / 8) && self.crowds(open);
        open.all < all - all / 10 && open.unknown < all.div_ceil(2) && !is_one_of_many
    }

    fn entry(self: &Arc<Self>, peer: Option<ClientAddr>, is_unknown: bool, standing: Occupancy) -> ConnectionPermit {
        ConnectionPermit { doors: Arc::clone(self), owner: Mutex::new(Owner { peer, is_unknown }), standing }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing under this lock panics half-way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionPermit {
    /// Counts the connection among those of `peer` from now on, because it is about to carry that client's WebSocket and
    /// nothing else. `false` if `peer` has as many as it may have.
    pub(crate) fn belongs_to(&self, peer: ClientAddr) -> bool {
        let mut owner = self.owner();
        let mut open = self.doors.open();
        if let Some(before) = owner.peer.take() {
            open.leave(before);
        }
        let has_room = self.doors.places.of_address.is_none_or(|most| open.of_address.get(&peer) < most);
        if has_room {
            open.of_address.add(peer);
            open.of_network.add(peer.network());
            owner.peer = Some(peer);
        }
        has_room
    }

    /// Somebody has signed in on it. From now on its address is known.
    pub(crate) fn is_signed_in(&self) {
        let mut owner = self.owner();
        let mut open = self.doors.open();
        if mem::take(&mut owner.is_unknown) {
            open.unknown -= 1;
        }
        if let Some(peer) = owner.peer {
            open.known.insert(peer);
        }
    }

    /// Whether it is a proxy's that carries requests of others.
    pub(crate) fn is_for_others(&self) -> bool {
        self.owner().peer.is_none()
    }

    /// As [`ConnectionLimiter::is_crowded`].
    pub(crate) fn is_crowded(&self) -> bool {
        self.standing == Occupancy::TurnedAway || self.doors.is_crowded()
    }

    fn owner(&self) -> MutexGuard<'_, Owner> {
        // Nothing under this lock panics half-way through a change.
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn leave(&mut self, peer: ClientAddr) {
        self.of_address.remove(&peer);
        self.of_network.remove(&peer.network());
    }

    /// Whether there is room to tell one more that there is no place.
    fn turn_away(&mut self, peer: Option<ClientAddr>) -> bool {
        let many = peer.map_or(0, |peer| self.turned_away.get(&peer));
        let most = TURNED_AWAY + if peer.is_some_and(ClientAddr::is_this_machine) { TURNED_AWAY_OF_MACHINE } else { 0 };
        let has_room = self.turned_away.all < most && many < TURNED_AWAY_OF_ADDRESS;
        if has_room {
            match peer {
                Some(peer) => drop(self.turned_away.add(peer)),
                None => self.turned_away.all += 1,
            }
        }
        has_room
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let Owner { peer, is_unknown } = *self.owner();
        let mut open = self.doors.open();
        if self.standing == Occupancy::TurnedAway {
            match peer {
                Some(peer) => open.turned_away.remove(&peer),
                None => open.turned_away.all -= 1,
            }
            return;
        }
        open.all -= 1;
        open.unknown -= usize::from(is_unknown);
        if let Some(peer) = peer {
            open.leave(peer);
        }
    }
}

/// How many there are of each, and of all.
#[derive(Debug)]
struct ConnectionCount<K> {
    all: usize,
    of: HashMap<K, usize>,
}

impl<K> Default for ConnectionCount<K> {
    fn default() -> Self {
        Self { all: 0, of: HashMap::new() }
    }
}

impl<K: Eq + Hash> ConnectionCount<K> {
    fn get(&self, key: &K) -> usize {
        self.of.get(key).copied().unwrap_or_default()
    }

    /// Gives how many they are with this one.
    fn add(&mut self, key: K) -> usize {
        self.all += 1;
        let many = self.of.entry(key).or_default();
        *many += 1;
        *many
    }

    fn remove(&mut self, key: &K) {
        if let Some(many) = self.of.get_mut(key) {
            self.all -= 1;
            *many -= 1;
            if *many == 0 {
                self.of.remove(key);
            }
        }
    }
}

/// The addresses from which somebody was signed in lately. Bounded: when there are many newer ones, the oldest are
/// forgotten together.
#[derive(Debug, Default)]
struct Known {
    newer: HashSet<ClientAddr>,
    older: HashSet<ClientAddr>,
}

impl Known {
    fn contains(&self, peer: &ClientAddr) -> bool {
        self.newer.contains(peer) || self.older.contains(peer)
    }

    fn insert(&mut self, peer: ClientAddr) {
        if self.newer.len() >= KNOWN && !self.newer.contains(&peer) {
            self.older = mem::take(&mut self.newer);
        }
        self.newer.insert(peer);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn peer(text: &str) -> ClientAddr {
        ClientAddr::from(text.parse::<IpAddr>().expect(text))
    }

    /// One of many, each in a network of its own.
    fn stranger(number: usize) -> ClientAddr {
        let [.., b, c] = number.to_be_bytes();
        ClientAddr::from(IpAddr::from([10, b, c, 1]))
    }

    fn doors(all: usize) -> Arc<ConnectionLimiter> {
        ConnectionLimiter::new(Places { all, of_address: Some(400), of_network: Some(2_000) })
    }

    fn standing(entry: Option<&ConnectionPermit>) -> Option<Occupancy> {
        entry.map(|entry| entry.standing)
    }

    #[test]
    fn idle_connections_of_many_addresses_leave_places_for_others() {
        let doors = doors(10_000);
        let friend = peer("192.0.2.1");
        let first = doors.enter(friend).expect("a place");
        first.is_signed_in();
        drop(first);
        // Thirteen addresses, with as many as each gets.
        let mut idle = Vec::new();
        for number in 0..13 * 400 {
            idle.extend(doors.enter(stranger(number % 13)));
        }
        assert!(doors.is_crowded());
        assert_eq!(standing(doors.enter(peer("198.51.100.7")).as_ref()), Some(Occupancy::Usual), "somebody new");
        // And from ever more addresses.
        for number in 0..5_000 {
            idle.extend(doors.enter(stranger(number)));
        }
        let usual = idle.iter().filter(|entry| entry.standing == Occupancy::Usual).count();
        assert_eq!(usual, 5_000, "half of the places");
        let back: Vec<_> = (0..400).map(|_| doors.enter(friend).expect("a place")).collect();
        assert!(back.iter().all(|entry| entry.standing == Occupancy::Usual));
    }

    #[test]
    fn who_finds_no_place_is_told_so_while_that_costs_little() {
        let doors = doors(10);
        let _held: Vec<_> = (0..10).map(|_| doors.enter_for_others().expect("a place")).collect();
        let mut told: Vec<_> = (0..6).filter_map(|_| doors.enter(peer("192.0.2.1"))).collect();
        assert_eq!(told.len(), TURNED_AWAY_OF_ADDRESS);
        for number in 0..1_000 {
            told.extend(doors.enter(stranger(number)));
        }
        assert!(told.iter().all(|entry| entry.standing == Occupancy::TurnedAway));
        assert_eq!(doors.open().turned_away.all, TURNED_AWAY);
        let watcher = doors.enter(peer("127.0.0.1")).expect("room for whoever watches the server from its machine");
        assert_eq!(watcher.standing, Occupancy::TurnedAway);
        drop((told, watcher));
        assert_eq!(doors.open().turned_away.all, 0);
    }

    #[test]
    fn a_network_has_so_many_connections_however_many_addresses_it_has() {
        let doors = ConnectionLimiter::new(Places { all: 100, of_address: Some(4), of_network: Some(6) });
        let mut held = Vec::new();
        for host in 1..=10 {
            held.extend(doors.enter(ClientAddr::from(IpAddr::from([192, 0, 2, host]))));
        }
        assert_eq!(held.len(), 6);
        assert!(doors.enter(peer("192.0.3.1")).is_some(), "the next network");
        let mut held = Vec::new();
        for network in 0..10 {
            held.extend(doors.enter(peer(&format!("2001:db8:1:{network}::1"))));
        }
        assert_eq!(held.len(), 6);
        assert!(doors.enter(peer("2001:db8:2::1")).is_some(), "the next network");
        held.clear();
        assert!(doors.enter(peer("2001:db8:1::1")).is_some(), "who has gone is not counted");
    }

    #[test]
    fn without_limits_an_address_has_all_that_a_stranger_may_have() {
        let doors = ConnectionLimiter::new(Places { all: 100, of_address: None, of_network: None });
        let held: Vec<_> = (0..100).filter_map(|_| doors.enter(peer("192.0.2.1"))).collect();
        assert_eq!(held.iter().filter(|entry| entry.standing == Occupancy::Usual).count(), 50);
        held.iter().for_each(ConnectionPermit::is_signed_in);
        assert_eq!(standing(doors.enter(peer("192.0.2.1")).as_ref()), Some(Occupancy::Usual));
    }

    #[test]
    fn everybody_is_counted_once_and_only_while_they_are_here() {
        let doors = doors(100);
        for number in 0..300 {
            let entry = doors.enter(stranger(number % 7)).expect("a place");
            if number % 2 == 0 {
                entry.is_signed_in();
                entry.is_signed_in();
            }
            let proxied = doors.enter_for_others().expect("a place");
            assert!(proxied.belongs_to(stranger(number)));
            proxied.is_signed_in();
        }
        let open = doors.open();
        assert_eq!((open.all, open.unknown, open.of_address.all, open.of_network.all), (0, 0, 0, 0));
        assert!(open.of_address.of.is_empty() && open.of_network.of.is_empty());
    }

    #[test]
    fn the_addresses_that_are_known_are_bounded() {
        let mut known = Known::default();
        for number in 0..3 * KNOWN {
            known.insert(stranger(number));
        }
        assert!(known.newer.len() + known.older.len() <= 2 * KNOWN);
        assert!(known.contains(&stranger(3 * KNOWN - 1)));
    }
}
