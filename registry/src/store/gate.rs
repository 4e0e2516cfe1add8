//! What keeps the collection of garbage from taking what a push is about to refer to.
//!
//! A collection first marks: it reads every manifest that there is. Meanwhile, whatever a request finds, makes or refers
//! to is *touched*. Then it sweeps what is neither marked nor touched, a little at a time, while no request is between
//! finding content and referring to it.

use std::collections::HashSet;
use std::sync::Mutex;

use tokio::sync::{MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::oci::{Digest, RepositoryName};

/// How many repositories may be changed at the same time. Two that share a lock only wait for each other.
const LOCKS: usize = 256;

pub(super) struct Gate {
    /// For changes of a repository's manifests and tags, by a hash of its name.
    repositories: [tokio::sync::Mutex<()>; LOCKS],
    passage: RwLock<()>,
    /// `None` while nothing is being collected.
    touched: Mutex<Option<HashSet<Digest>>>,
    /// One collection at a time.
    collecting: tokio::sync::Mutex<()>,
}

/// Whoever holds it finds what it found before.
pub(super) struct Passage<'a> {
    gate: &'a Gate,
    _held: RwLockReadGuard<'a, ()>,
}

impl Passage<'_> {
    /// This one is needed.
    pub(super) fn touch(&self, digest: &Digest) {
        self.gate.touch(digest);
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            repositories: std::array::from_fn(|_| tokio::sync::Mutex::default()),
            passage: RwLock::default(),
            touched: Mutex::default(),
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

    /// This one was shown to a client, which may rely on it.
    pub(super) fn touch(&self, digest: &Digest) {
        if let Some(touched) = &mut *self.touched.lock().expect("nothing panics while it is held") {
            touched.insert(digest.clone());
        }
    }

    /// Begins to remember what is touched.
    pub(super) async fn collect(&self) -> Collection<'_> {
        let one = self.collecting.lock().await;
        // Who is inside has touched without being remembered: wait for them.
        let alone = self.passage.write().await;
        *self.touched.lock().expect("nothing panics while it is held") = Some(HashSet::new());
        drop(alone);
        Collection { gate: self, _one: one }
    }
}

/// A collection under way; what is touched is remembered until it is dropped.
pub(super) struct Collection<'a> {
    gate: &'a Gate,
    _one: MutexGuard<'a, ()>,
}

impl Collection<'_> {
    /// Nobody is between finding and referring while this is held.
    pub(super) async fn close(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.passage.write().await
    }

    pub(super) fn is_touched(&self, digest: &Digest) -> bool {
        let touched = self.gate.touched.lock().expect("nothing panics while it is held");
        touched.as_ref().is_some_and(|touched| touched.contains(digest))
    }
}

impl Drop for Collection<'_> {
    fn drop(&mut self) {
        *self.gate.touched.lock().expect("nothing panics while it is held") = None;
    }
}
