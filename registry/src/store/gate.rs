//! What keeps the collection of garbage from taking what a push is about to refer to.
//!
//! A collection first marks: it reads every manifest that there is. Whatever a request finds, makes or refers to is
//! *touched*; what a client was told to be there counts as touched for a while, as it may push the manifest next. Then
//! the collection sweeps what is neither marked nor touched, a little at a time, while no request is between finding
//! content and referring to it, nor is told that what is just taken away is there.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard as Locked};
use std::time::{Duration, Instant};

use tokio::sync::{MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::oci::{Digest, RepositoryName};

/// How many repositories may be changed at the same time. Two that share a lock only wait for each other.
const LOCKS: usize = 256;
/// How long a client may rely on what it was told to be there. What is kept for less anyway is not kept for longer.
const RELIED_ON: Duration = Duration::from_secs(3600);
/// How many touches are remembered before it is looked which are over.
const LEAST_ROOM: usize = 1024;

pub(super) struct Gate {
    /// For changes of a repository's manifests and tags, by a hash of its name.
    repositories: [tokio::sync::Mutex<()>; LOCKS],
    passage: RwLock<()>,
    marks: Mutex<Marks>,
    /// One collection at a time.
    collecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Marks {
    /// Whether a collection is under way: nothing is forgotten then.
    collecting: bool,
    touched: HashMap<Digest, Instant>,
    /// How many there may be before those that are over are forgotten.
    room: usize,
    /// Some of these are just being taken away.
    doomed: Option<Arc<HashSet<Digest>>>,
}

impl Marks {
    fn touch(&mut self, digest: &Digest) {
        let now = Instant::now();
        if !self.collecting && self.touched.len() >= self.room {
            self.touched.retain(|_, at| now.duration_since(*at) < RELIED_ON);
            self.room = LEAST_ROOM.max(2 * self.touched.len());
        }
        self.touched.insert(digest.clone(), now);
    }
}

/// Whoever holds it finds what it found before.
pub(super) struct Passage<'a> {
    gate: &'a Gate,
    _held: RwLockReadGuard<'a, ()>,
}

impl Passage<'_> {
    /// This one is about to be referred to.
    pub(super) fn touch(&self, digest: &Digest) {
        let mut marks = self.gate.marks();
        // Afterwards what refers to it is found, and there may be many that are not there at all.
        if marks.collecting {
            marks.touch(digest);
        }
    }

    /// This one will be there, and the client may rely on it.
    pub(super) fn keep(&self, digest: &Digest) {
        self.gate.marks().touch(digest);
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            repositories: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            passage: RwLock::default(),
            marks: Mutex::default(),
            collecting: tokio::sync::Mutex::default(),
        }
    }
}

impl Gate {
    /// Alone among those who change manifests and tags of this repository.
    pub(super) async fn alone(&self, name: &RepositoryName) -> MutexGuard<'_, ()> {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(name);
        self.repositories[hash as usize % LOCKS].lock().await
    }

    /// For a request that finds content and then refers to it.
    pub(super) async fn pass(&self) -> Passage<'_> {
        Passage { gate: self, _held: self.passage.read().await }
    }

    fn marks(&self) -> Locked<'_, Marks> {
        self.marks.lock().expect("nothing panics while it is held")
    }

    /// This one will be there in a while. A collection that begins before may still take it away.
    pub(super) fn expect(&self, digest: &Digest) {
        self.marks().touch(digest);
    }

    /// This one was found and will be shown to a client, which may rely on it. Whether it must be looked for again, as
    /// it may have been taken away meanwhile.
    pub(super) async fn show(&self, digest: &Digest) -> bool {
        let (collecting, is_doomed) = {
            let mut marks = self.marks();
            marks.touch(digest);
            (marks.collecting, marks.doomed.as_ref().is_some_and(|doomed| doomed.contains(digest)))
        };
        if is_doomed {
            drop(self.passage.read().await);
        }
        collecting
    }

    /// Begins a collection of what nobody relied on for so long.
    pub(super) async fn collect(&self, age: Duration) -> Collection<'_> {
        let one = self.collecting.lock().await;
        // Who is inside has touched without being remembered: wait for them.
        let alone = self.passage.write().await;
        // Taken while nobody is inside: whoever comes next touches later than that.
        let since = Instant::now().checked_sub(age.min(RELIED_ON));
        self.marks().collecting = true;
        drop(alone);
        Collection { gate: self, since, _one: one }
    }
}

/// A collection under way; what is touched is remembered until it is dropped.
pub(super) struct Collection<'a> {
    gate: &'a Gate,
    /// From when on touches count; all do without.
    since: Option<Instant>,
    _one: MutexGuard<'a, ()>,
}

impl Collection<'_> {
    /// Nobody is between finding and referring while this is held, and nobody is told that one of `doomed` is there.
    pub(super) async fn close(&self, doomed: &Arc<HashSet<Digest>>) -> Closed<'_> {
        let alone = self.gate.passage.write().await;
        self.gate.marks().doomed = Some(doomed.clone());
        Closed { gate: self.gate, _alone: alone }
    }

    pub(super) fn is_touched(&self, digest: &Digest) -> bool {
        let at = self.gate.marks().touched.get(digest).copied();
        at.is_some_and(|at| self.since.is_none_or(|since| at >= since))
    }
}

impl Drop for Collection<'_> {
    fn drop(&mut self) {
        self.gate.marks().collecting = false;
    }
}

/// While it is held, something is taken away.
pub(super) struct Closed<'a> {
    gate: &'a Gate,
    _alone: RwLockWriteGuard<'a, ()>,
}

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.gate.marks().doomed = None;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::oci::Algorithm;

    fn digest(text: &str) -> Digest {
        Digest::of(Algorithm::Sha256, text.as_bytes())
    }

    #[tokio::test]
    async fn nobody_is_shown_what_is_just_taken_away() {
        let gate = Gate::default();
        let doomed = digest("doomed");
        assert!(!gate.show(&digest("other")).await, "nothing is collected");
        let collection = gate.collect(Duration::ZERO).await;
        assert!(!collection.is_touched(&doomed));
        let closed = collection.close(&Arc::new(HashSet::from([doomed.clone()]))).await;
        assert!(gate.show(&doomed).now_or_never().is_none(), "it may be gone in a moment");
        assert_eq!(gate.show(&digest("other")).now_or_never(), Some(true), "another one need not wait");
        drop(closed);
        assert!(gate.show(&doomed).await, "it must be looked for again");
        assert!(collection.is_touched(&doomed));
        drop(collection);
        assert!(!gate.show(&doomed).await);
    }

    #[tokio::test]
    async fn what_was_shown_is_relied_on_for_a_while() {
        let gate = Gate::default();
        gate.show(&digest("shown")).await;
        gate.pass().await.keep(&digest("kept"));
        gate.pass().await.touch(&digest("referred to"));
        let collection = gate.collect(RELIED_ON).await;
        assert!(collection.is_touched(&digest("shown")) && collection.is_touched(&digest("kept")));
        assert!(!collection.is_touched(&digest("referred to")), "what refers to it is found");
        gate.pass().await.touch(&digest("referred to"));
        assert!(collection.is_touched(&digest("referred to")));
        drop(collection);
        assert!(!gate.collect(Duration::ZERO).await.is_touched(&digest("shown")));
    }

    #[test]
    fn old_touches_are_forgotten() {
        let mut marks = Marks::default();
        let digests: Vec<_> = (0..=LEAST_ROOM).map(|n| digest(&n.to_string())).collect();
        digests[..LEAST_ROOM].iter().for_each(|digest| marks.touch(digest));
        assert_eq!(marks.touched.len(), LEAST_ROOM);
        // A machine that has just started knows of no time so long ago.
        let Some(old) = Instant::now().checked_sub(RELIED_ON) else { return };
        marks.touched.values_mut().skip(1).for_each(|at| *at = old);
        marks.touch(&digests[LEAST_ROOM]);
        assert_eq!(marks.touched.len(), 2);
    }
}
