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
pub struct Table(Arc<Mutex<BTreeMap<Reference, Running>>>);

impl Table {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<Reference, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
