//! What is said of the host in all its findings.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Labels of a host, by name. Cheap to clone; all clones have the same ones.
#[derive(Clone, Debug, Default)]
pub struct Labels(Arc<RwLock<Arc<BTreeMap<String, String>>>>);

impl Labels {
    /// These.
    #[must_use]
    pub fn new(labels: BTreeMap<String, String>) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(labels))))
    }

    /// Those of now.
    #[must_use]
    pub fn now(&self) -> Arc<BTreeMap<String, String>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From here on these.
    pub fn replace(&self, labels: BTreeMap<String, String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(labels);
    }
}
