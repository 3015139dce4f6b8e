//! A map for few entries, which is searched linearly: each type of `HashMap` is more code for the browser to load.

/// A map from keys to values.
pub(crate) struct SmallMap<K, V>(Vec<(K, V)>);

impl<K, V> Default for SmallMap<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V> SmallMap<K, V> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.iter().find(|(other, _)| other == key).map(|(_, value)| value)
    }

    /// Inserts or replaces a value.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.0.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let index = self.0.iter().position(|(other, _)| other == key)?;
        Some(self.0.swap_remove(index).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(K, V)> {
        self.0.iter()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::SmallMap;

    #[test]
    fn it_is_a_map() {
        let mut few = SmallMap::default();
        few.insert(1, "one");
        few.insert(2, "two");
        few.insert(1, "another");
        assert_eq!((few.get(&1), few.get(&2), few.get(&3)), (Some(&"another"), Some(&"two"), None));
        assert_eq!((few.remove(&1), few.remove(&1)), (Some("another"), None));
        assert_eq!(few.iter().collect::<Vec<_>>(), [&(2, "two")]);
        few.clear();
        assert_eq!(few.get(&2), None);
    }
}
