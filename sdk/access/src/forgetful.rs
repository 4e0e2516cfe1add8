//! A map that forgets: bounded in entries and in time, as strangers fill it.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// A map whose entries are forgotten some time after they were last written, and the oldest where there is no room.
pub(crate) struct Forgetful<K, V> {
    most: usize,
    kept_for: Duration,
    entries: HashMap<K, (Instant, V)>,
}

impl<K: Hash + Eq + Clone, V> Forgetful<K, V> {
    pub(crate) fn new(most: usize, kept_for: Duration) -> Self {
        Self { most, kept_for, entries: HashMap::new() }
    }

    pub(crate) fn get(&self, key: &K, now: Instant) -> Option<&V> {
        let (written, value) = self.entries.get(key)?;
        (now.saturating_duration_since(*written) < self.kept_for).then_some(value)
    }

    pub(crate) fn put(&mut self, key: K, value: V, now: Instant) {
        if self.entries.len() >= self.most && !self.entries.contains_key(&key) {
            self.make_room(now);
        }
        self.entries.insert(key, (now, value));
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    /// Walks through all of it: what fills it is slow, so that this is seldom.
    fn make_room(&mut self, now: Instant) {
        let kept_for = self.kept_for;
        self.entries.retain(|_, (written, _)| now.saturating_duration_since(*written) < kept_for);
        if self.entries.len() >= self.most
            && let Some(oldest) =
                self.entries.iter().min_by_key(|(_, (written, _))| *written).map(|(key, _)| key.clone())
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets() {
        let mut map = Forgetful::new(3, Duration::from_secs(10));
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        map.put("a", 1, after(0));
        map.put("b", 2, after(1));
        map.put("c", 3, after(2));
        assert_eq!(map.get(&"a", after(9)), Some(&1));
        assert_eq!(map.get(&"a", after(10)), None);
        map.put("a", 4, after(3));
        // b is the oldest now.
        map.put("d", 5, after(4));
        assert_eq!((map.get(&"a", after(4)), map.get(&"b", after(4))), (Some(&4), None));
        map.put("e", 6, after(13));
        assert_eq!(map.entries.len(), 2, "what is too old makes room first");
        map.remove(&"e");
        assert_eq!(map.get(&"e", after(13)), None);
    }
}
