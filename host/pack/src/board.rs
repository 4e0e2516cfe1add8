//! What is not as it should be with the rules, for who asks how the host stands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Sentences, each about a path, a name or a registry. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Board(Arc<Mutex<BTreeMap<String, String>>>);

impl Board {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what is wrong with something; says whether that is new.
    pub fn set(&self, about: &str, what: &str) -> bool {
        self.lock().insert(about.to_owned(), what.to_owned()).as_deref() != Some(what)
    }

    /// Nothing is wrong with it any more; says whether something was.
    pub fn clear(&self, about: &str) -> bool {
        self.lock().remove(about).is_some()
    }

    /// All that is wrong.
    pub fn sentences(&self) -> Vec<String> {
        self.lock().values().cloned().collect()
    }
}
