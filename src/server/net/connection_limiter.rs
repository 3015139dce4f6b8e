//! Limits on open TCP connections: in total, per address and per network.
//!
//! Anyone can open connections and send nothing. So capacity is reserved for addresses from which somebody was signed in
//! lately (*known* addresses). All unknown addresses together get half of the connections, and never the last tenth. While
//! the server is crowded, each unknown address gets an eighth of its limit, and idle connections are dropped sooner
//! ([`ConnectionTimeouts`](crate::server::net::connection_timeouts::ConnectionTimeouts)).
//!
//! Beyond the total, a few more connections are accepted for a short time: to answer that the server is full, and to
//! answer health checks.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    domain::{ClientAddr, ClientNetwork},
    server::net::{connection_counts::ConnectionCounts, known_addresses::KnownAddresses},
};

/// How many connections beyond the total limit are accepted to be refused with an answer.
const MAX_REFUSALS: usize = 64;

/// How many of these one address may have.
const MAX_REFUSALS_PER_ADDRESS: usize = 4;

/// How many more of these are reserved for this machine, from which the server is often monitored.
const EXTRA_REFUSALS_FOR_THIS_MACHINE: usize = 8;

/// How many connections may be open at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionLimits {
    pub(crate) total: usize,
    /// `None` is no limit.
    pub(crate) per_address: Option<usize>,
    /// `None` is no limit.
    pub(crate) per_network: Option<usize>,
}

/// Counts the open connections and decides whether one more is accepted.
#[derive(Debug)]
pub(crate) struct ConnectionLimiter {
    /// Locked for look-ups only, never across an `.await`.
    open: Mutex<OpenConnections>,
    limits: ConnectionLimits,
}

#[derive(Debug, Default)]
struct OpenConnections {
    total: usize,
    /// Connections that came from an unknown address and on which nobody has signed in yet.
    unknown: usize,
    /// Connections beyond the total limit. They are in none of the other counts.
    refused: ConnectionCounts<ClientAddr>,
    by_address: ConnectionCounts<ClientAddr>,
    by_network: ConnectionCounts<ClientNetwork>,
    known: KnownAddresses,
}

/// Which requests a connection may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PermitStatus {
    /// All.
    Granted,
    /// None: its address has more connections than its limit, and is told so.
    OverAddressLimit,
    /// Only health checks: the server has no capacity left, and says so to all other requests.
    ServerFull,
}

/// A permit for an open connection, which counts until the permit is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    limiter: Arc<ConnectionLimiter>,
    owner: Mutex<PermitOwner>,
    pub(crate) status: PermitStatus,
}

#[derive(Clone, Copy, Debug)]
struct PermitOwner {
    /// Whose connection it is. `None` while it is a proxy's, which carries requests of many clients.
    client: Option<ClientAddr>,
    /// Whether it counts in [`OpenConnections::unknown`].
    is_unknown: bool,
}

impl ConnectionLimiter {
    pub(crate) fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Self { open: Mutex::default(), limits })
    }

    /// Counts a new connection of a trusted proxy. Only the total limit applies. Returns `None` if the connection is to be
    /// dropped without an answer.
    pub(crate) fn acquire_for_proxy(self: &Arc<Self>) -> Option<ConnectionPermit> {
        let mut open = self.open();
        if open.total >= self.limits.total {
            return open.add_refusal(None).then(|| self.permit(None, false, PermitStatus::ServerFull));
        }
        open.total += 1;
        Some(self.permit(None, false, PermitStatus::Granted))
    }

    /// Counts a new connection of a client. Returns `None` if the connection is to be dropped without an answer: at twice
    /// the limit of the address, at the limit of the network, and when too many others are being refused. Then even an
    /// answer would cost too much.
    pub(crate) fn acquire(self: &Arc<Self>, client: ClientAddr) -> Option<ConnectionPermit> {
        let ConnectionLimits { total, per_address, per_network } = self.limits;
        let mut open = self.open();
        let (count, network) = (open.by_address.get(&client), client.network());
        let is_flood = per_address.is_some_and(|limit| count >= limit.saturating_mul(2))
            || per_network.is_some_and(|limit| open.by_network.get(&network) >= limit);
        if is_flood {
            return None;
        }
        let is_unknown = !open.known.contains(&client);
        let has_capacity = open.total < total && (!is_unknown || self.has_capacity_for_unknown(&open, count));
        if !has_capacity {
            return open.add_refusal(Some(client)).then(|| self.permit(Some(client), false, PermitStatus::ServerFull));
        }
        open.total += 1;
        open.unknown += usize::from(is_unknown);
        open.by_network.add(network);
        let count = open.by_address.add(client);
        let is_over_limit = per_address.is_some_and(|limit| count > limit);
        let status = if is_over_limit { PermitStatus::OverAddressLimit } else { PermitStatus::Granted };
        Some(self.permit(Some(client), is_unknown, status))
    }

    /// Whether idle connections should be dropped sooner: unknown addresses have a quarter of all connections, or three
    /// quarters are in use.
    pub(crate) fn is_crowded(&self) -> bool {
        self.is_crowded_by(&self.open())
    }

    fn is_crowded_by(&self, open: &OpenConnections) -> bool {
        let total = self.limits.total;
        open.unknown > total / 4 || open.total > total / 4 * 3
    }

    /// Whether an unknown address that has `count` connections may have one more.
    fn has_capacity_for_unknown(&self, open: &OpenConnections, count: usize) -> bool {
        let ConnectionLimits { total, per_address, .. } = self.limits;
        let has_its_share = per_address.is_some_and(|limit| count > limit / 8) && self.is_crowded_by(open);
        open.total < total - total / 10 && open.unknown < total.div_ceil(2) && !has_its_share
    }

    fn permit(
        self: &Arc<Self>,
        client: Option<ClientAddr>,
        is_unknown: bool,
        status: PermitStatus,
    ) -> ConnectionPermit {
        ConnectionPermit { limiter: Arc::clone(self), owner: Mutex::new(PermitOwner { client, is_unknown }), status }
    }

    fn open(&self) -> MutexGuard<'_, OpenConnections> {
        // Nothing under this lock panics half-way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionPermit {
    /// Counts a proxy's connection as one of `client`, whose WebSocket it carries from now on. Returns `false`, and
    /// counts nothing, if `client` is at its limit.
    pub(crate) fn assign_client(&self, client: ClientAddr) -> bool {
        let mut owner = self.owner();
        let mut open = self.limiter.open();
        if let Some(previous) = owner.client.take() {
            open.remove(previous);
        }
        let has_room = self.limiter.limits.per_address.is_none_or(|limit| open.by_address.get(&client) < limit);
        if has_room {
            open.by_address.add(client);
            open.by_network.add(client.network());
            owner.client = Some(client);
        }
        has_room
    }

    /// Marks that somebody has signed in on this connection, which makes its address a known one.
    pub(crate) fn mark_signed_in(&self) {
        let mut owner = self.owner();
        let mut open = self.limiter.open();
        if mem::take(&mut owner.is_unknown) {
            open.unknown -= 1;
        }
        if let Some(client) = owner.client {
            open.known.insert(client);
        }
    }

    /// Whether this is a proxy's connection that carries requests of many clients.
    pub(crate) fn is_proxy(&self) -> bool {
        self.owner().client.is_none()
    }

    /// As [`ConnectionLimiter::is_crowded`]. Always true for a connection that is being refused.
    pub(crate) fn is_crowded(&self) -> bool {
        self.status == PermitStatus::ServerFull || self.limiter.is_crowded()
    }

    fn owner(&self) -> MutexGuard<'_, PermitOwner> {
        // Nothing under this lock panics half-way through a change.
        self.owner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn remove(&mut self, client: ClientAddr) {
        self.by_address.remove(&client);
        self.by_network.remove(&client.network());
    }

    /// Counts a connection that is to be refused with an answer, or returns `false` if there are too many of those.
    fn add_refusal(&mut self, client: Option<ClientAddr>) -> bool {
        let count = client.map_or(0, |client| self.refused.get(&client));
        let is_this_machine = client.is_some_and(ClientAddr::is_this_machine);
        let limit = MAX_REFUSALS + if is_this_machine { EXTRA_REFUSALS_FOR_THIS_MACHINE } else { 0 };
        let has_room = self.refused.total < limit && count < MAX_REFUSALS_PER_ADDRESS;
        if has_room {
            match client {
                Some(client) => drop(self.refused.add(client)),
                None => self.refused.total += 1,
            }
        }
        has_room
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let PermitOwner { client, is_unknown } = *self.owner();
        let mut open = self.limiter.open();
        if self.status == PermitStatus::ServerFull {
            match client {
                Some(client) => open.refused.remove(&client),
                None => open.refused.total -= 1,
            }
            return;
        }
        open.total -= 1;
        open.unknown -= usize::from(is_unknown);
        if let Some(client) = client {
            open.remove(client);
        }
    }
}

#[cfg(test)]
mod tests;
