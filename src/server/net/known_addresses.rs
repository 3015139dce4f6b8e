//! The addresses from which somebody was signed in lately.

use std::{collections::HashSet, mem};

use crate::domain::ClientAddr;

/// The capacity of each of the two sets.
const MAX_ADDRESSES: usize = 32 * 1024;

/// A bounded set of addresses. When the newer set is full it becomes the older set, and the former older set is
/// forgotten.
#[derive(Debug, Default)]
pub(super) struct KnownAddresses {
    newer: HashSet<ClientAddr>,
    older: HashSet<ClientAddr>,
}

impl KnownAddresses {
    pub(super) fn contains(&self, client: &ClientAddr) -> bool {
        self.newer.contains(client) || self.older.contains(client)
    }

    pub(super) fn insert(&mut self, client: ClientAddr) {
        if self.newer.len() >= MAX_ADDRESSES && !self.newer.contains(&client) {
            self.older = mem::take(&mut self.newer);
        }
        self.newer.insert(client);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn known_addresses_are_bounded() {
        let address = |number: usize| {
            let [.., b, c] = number.to_be_bytes();
            ClientAddr::from(IpAddr::from([10, b, c, 1]))
        };
        let mut known = KnownAddresses::default();
        for number in 0..3 * MAX_ADDRESSES {
            known.insert(address(number));
        }
        assert!(known.newer.len() + known.older.len() <= 2 * MAX_ADDRESSES);
        assert!(known.contains(&address(3 * MAX_ADDRESSES - 1)));
    }
}
