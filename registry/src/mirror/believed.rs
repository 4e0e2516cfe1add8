//! What was heard lately, and is believed for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

pub(super) struct Believed<K, V> {
    most: usize,
    entries: Mutex<HashMap<K, (Instant, V)>>,
}

impl<K: Eq + Hash, V: Clone> Believed<K, V> {
    /// For at most so many things.
    pub(super) fn new(most: usize) -> Self {
        Self { most, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<K, (Instant, V)>> {
        self.entries.lock().expect("nothing panics while it is held")
    }

    /// What is believed still.
    pub(super) fn get(&self, key: &K) -> Option<V> {
        let entries = self.entries();
        let (until, value) = entries.get(key)?;
        (Instant::now() < *until).then(|| value.clone())
    }

    /// Believes it for so long.
    pub(super) fn put(&self, key: K, value: V, how_long: Duration) {
        let now = Instant::now();
        let Some(until) = now.checked_add(how_long) else { return };
        let mut entries = self.entries();
        if entries.len() >= self.most && !entries.contains_key(&key) {
            entries.retain(|_, (until, _)| now < *until);
            // All still believed: forgetting costs a question each, remembering would have no bound.
            if entries.len() >= self.most {
                entries.clear();
            }
        }
        entries.insert(key, (until, value));
    }

    /// Believes it no more.
    pub(super) fn forget(&self, key: &K) {
        self.entries().remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than a test takes.
    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn is_bounded_and_ends() {
        let believed = Believed::new(2);
        believed.put(1, 'a', LONG);
        believed.put(2, 'b', Duration::ZERO);
        assert_eq!((believed.get(&1), believed.get(&2)), (Some('a'), None));
        believed.put(3, 'c', LONG);
        assert_eq!((believed.get(&1), believed.get(&3)), (Some('a'), Some('c')), "what had ended went first");
        believed.put(4, 'd', LONG);
        assert_eq!((believed.get(&1), believed.get(&4)), (None, Some('d')));
        assert!(believed.entries().len() <= 2);
        believed.forget(&4);
        assert_eq!(believed.get(&4), None);
    }
}
