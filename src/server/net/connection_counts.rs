//! How many connections each key has.

use std::{collections::HashMap, hash::Hash};

/// Counts per key, and their sum. Keys without connections take no memory.
#[derive(Debug)]
pub(super) struct ConnectionCounts<K> {
    pub(super) total: usize,
    pub(super) by_key: HashMap<K, usize>,
}

impl<K> Default for ConnectionCounts<K> {
    fn default() -> Self {
        Self { total: 0, by_key: HashMap::new() }
    }
}

impl<K: Eq + Hash> ConnectionCounts<K> {
    pub(super) fn get(&self, key: &K) -> usize {
        self.by_key.get(key).copied().unwrap_or_default()
    }

    /// Counts one more connection of `key` and returns the new count.
    pub(super) fn add(&mut self, key: K) -> usize {
        self.total += 1;
        let count = self.by_key.entry(key).or_default();
        *count += 1;
        *count
    }

    pub(super) fn remove(&mut self, key: &K) {
        if let Some(count) = self.by_key.get_mut(key) {
            self.total -= 1;
            *count -= 1;
            if *count == 0 {
                self.by_key.remove(key);
            }
        }
    }
}
