//! The packs from registries that run, for all who ask.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lanner_engine::Description;

use super::reference::Reference;
use super::remote::Resolved;
use super::store::InUse;

/// A pack that runs.
pub struct Running {
    /// What the name led to.
    pub resolved: Resolved,
    /// Keeps it in the store.
    pub in_use: Option<InUse>,
    /// What it is.
    pub description: Arc<Description>,
}

/// What runs, by the names it was loaded by. Cheap to clone.
#[derive(Clone, Default)]
pub struct Table {
    packs: Arc<Mutex<BTreeMap<Reference, Running>>>,
    turn: Arc<Mutex<()>>,
}

impl Table {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<Reference, Running>> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be held from where it is looked whether a pack is trusted until it runs, or does not any more, and the table says so: what
    /// one has just stopped, another must not have found trusted before.
    pub(crate) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what runs under a name.
    pub fn insert(&self, reference: Reference, running: Running) {
        self.lock().insert(reference, running);
    }

    /// What the name led to that runs under it.
    pub(crate) fn resolved(&self, reference: &Reference) -> Option<Resolved> {
        self.lock().get(reference).map(|running| running.resolved.clone())
    }
}
