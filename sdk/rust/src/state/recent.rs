//! A map that forgets.

use std::borrow::Borrow;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A map of what happened lately: at most `capacity` entries, none older than `keep` in event time. What goes first is
/// what was put in longest ago. So a rule that remembers stays within its memory, whatever events it is given.
///
/// Ordered, not hashed: there is no randomness in a pack, and a fixed hash can be flooded by who names files.
///
/// ```
/// use std::time::Duration;
/// use lanner_sdk::state::Recent;
///
/// let second = 1_000_000_000;
/// let mut logins = Recent::new(1000, Duration::from_secs(60));
/// logins.insert(10 * second, "ada", 1);
/// assert_eq!(logins.get(60 * second, "ada"), Some(&1));
/// assert_eq!(logins.get(71 * second, "ada"), None);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(
    from = "Saved<K, V>",
    into = "Saved<K, V>",
    bound(serialize = "K: Serialize + Ord + Clone, V: Serialize + Clone"),
    bound(deserialize = "K: Deserialize<'de> + Ord + Clone, V: Deserialize<'de>")
)]
pub struct Recent<K, V> {
    capacity: usize,
    keep_ns: u64,
    entries: BTreeMap<K, Entry<V>>,
    /// Keys in the order they were put in. One that was put in again, or removed, is there with a number that its
    /// entry does not have.
    order: VecDeque<(u64, K)>,
    next: u64,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    value: V,
    time: u64,
    number: u64,
}

/// As it is saved: entries oldest first.
#[derive(Serialize, Deserialize)]
struct Saved<K, V> {
    capacity: usize,
    keep_ns: u64,
    entries: Vec<(K, V, u64)>,
}

impl<K: Ord + Clone, V> Recent<K, V> {
    /// An empty one.
    #[must_use]
    pub fn new(capacity: usize, keep: Duration) -> Self {
        let keep_ns = u64::try_from(keep.as_nanos()).unwrap_or(u64::MAX);
        Self { capacity, keep_ns, entries: BTreeMap::new(), order: VecDeque::new(), next: 0 }
    }

    /// Changes the limits: those of what was restored are those of the version that saved it.
    #[must_use]
    pub fn with_limits(mut self, capacity: usize, keep: Duration) -> Self {
        self.capacity = capacity;
        self.keep_ns = u64::try_from(keep.as_nanos()).unwrap_or(u64::MAX);
        self.shrink();
        self
    }

    /// Puts an entry in, at the time `now` (ns, as [`Event::time`](lanner_abi::Event::time)); gives what was there.
    pub fn insert(&mut self, now: u64, key: K, value: V) -> Option<V> {
        self.expire(now);
        let number = self.next;
        self.next += 1;
        self.order.push_back((number, key.clone()));
        let before = self.entries.insert(key, Entry { value, time: now, number });
        self.shrink();
        before.filter(|entry| now.saturating_sub(entry.time) <= self.keep_ns).map(|entry| entry.value)
    }

    /// The entry of this key, where it is not too old.
    pub fn get<Q: Ord + ?Sized>(&self, now: u64, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get(key)?;
        (now.saturating_sub(entry.time) <= self.keep_ns).then_some(&entry.value)
    }

    /// The entry of this key, to change it. It does not become younger by that.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, now: u64, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.get_mut(key)?;
        (now.saturating_sub(entry.time) <= self.keep_ns).then_some(&mut entry.value)
    }

    /// Takes the entry of this key out, where it is not too old.
    pub fn take<Q: Ord + ?Sized>(&mut self, now: u64, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let entry = self.entries.remove(key)?;
        (now.saturating_sub(entry.time) <= self.keep_ns).then_some(entry.value)
    }

    /// Takes the entry of this key out, however old.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.entries.remove(key).map(|entry| entry.value)
    }

    /// Forgets what is too old. [`Recent::insert`] does so by itself.
    pub fn expire(&mut self, now: u64) {
        while let Some((number, key)) = self.order.front() {
            match self.entries.get(key) {
                Some(entry) if entry.number == *number => {
                    if now.saturating_sub(entry.time) <= self.keep_ns {
                        return;
                    }
                    self.entries.remove(key);
                }
                _ => {}
            }
            self.order.pop_front();
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Down to the capacity, and the order down to what is proportional to it.
    fn shrink(&mut self) {
        while self.entries.len() > self.capacity {
            let Some((number, key)) = self.order.pop_front() else { break };
            if self.entries.get(&key).is_some_and(|entry| entry.number == number) {
                self.entries.remove(&key);
            }
        }
        if self.order.len() > 2 * self.entries.len() + 16 {
            let entries = &self.entries;
            self.order.retain(|(number, key)| entries.get(key).is_some_and(|entry| entry.number == *number));
        }
    }
}

impl<K: Ord + Clone, V> From<Saved<K, V>> for Recent<K, V> {
    fn from(saved: Saved<K, V>) -> Self {
        let mut recent = Self::new(saved.capacity, Duration::from_nanos(saved.keep_ns));
        for (key, value, time) in saved.entries {
            recent.insert(time, key, value);
        }
        recent
    }
}

impl<K: Ord + Clone, V> From<Recent<K, V>> for Saved<K, V> {
    fn from(recent: Recent<K, V>) -> Self {
        let Recent { capacity, keep_ns, mut entries, order, .. } = recent;
        let mut live = Vec::with_capacity(entries.len());
        for (number, key) in order {
            if entries.get(&key).is_some_and(|entry| entry.number == number)
                && let Some(entry) = entries.remove(&key)
            {
                live.push((key, entry.value, entry.time));
            }
        }
        Self { capacity, keep_ns, entries: live }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(recent: &Recent<u32, u32>) -> Vec<u32> {
        recent.entries.keys().copied().collect()
    }

    #[test]
    fn the_oldest_goes_first() {
        let mut recent = Recent::new(2, Duration::from_nanos(10));
        recent.insert(0, 1, 1);
        recent.insert(1, 2, 2);
        // Put in again, it is young again.
        assert_eq!(recent.insert(2, 1, 11), Some(1));
        recent.insert(3, 3, 3);
        assert_eq!(keys(&recent), [1, 3]);
        recent.insert(13, 4, 4);
        assert_eq!(keys(&recent), [3, 4]);
        assert_eq!(recent.get(14, &3), None);
        assert_eq!((recent.take(13, &4), recent.take(13, &4)), (Some(4), None));
        recent.insert(20, 5, 5);
        assert_eq!(recent.take(31, &5), None, "too old");
    }

    #[test]
    fn stays_small_however_often_one_key_is_put_in() {
        let mut recent = Recent::new(4, Duration::from_secs(1));
        for number in 0..10_000_u32 {
            recent.insert(number.into(), number % 3, 0);
            if number % 7 == 0 {
                recent.remove(&(number % 3));
            }
        }
        assert!(recent.len() <= 4 && recent.order.len() <= 24);
        assert_eq!(Recent::new(0, Duration::MAX).insert(0, 1, 1), None);
    }

    #[test]
    fn is_saved_and_restored() {
        let mut recent = Recent::new(8, Duration::from_nanos(100));
        for number in 0..5_u32 {
            recent.insert(number.into(), number, number);
        }
        recent.remove(&2);
        let restored: Recent<u32, u32> = crate::state::from_bytes(&crate::state::to_bytes(&recent)).expect("a map");
        assert_eq!(keys(&restored), [0, 1, 3, 4]);
        assert_eq!(restored.get(101, &1), Some(&1));
        assert_eq!(restored.get(102, &1), None);
        assert_eq!(keys(&restored.with_limits(2, Duration::from_nanos(100))), [3, 4]);
    }
}
