//! How many connections each client has: no one has all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::client::Client;

/// The connections of all clients, as many entries as connections at most.
#[derive(Clone)]
pub struct Crowd {
    most: usize,
    open: Arc<Mutex<HashMap<Client, usize>>>,
}

/// A connection of a client, until it is dropped.
pub struct Place {
    crowd: Crowd,
    client: Client,
}

impl Crowd {
    /// With at most so many of each.
    pub fn new(most: usize) -> Self {
        Self { most, open: Arc::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<Client, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection of a client, if it has fewer than it may.
    pub fn enter(&self, client: Client) -> Option<Place> {
        let mut open = self.open();
        let count = open.entry(client).or_default();
        (*count < self.most).then(|| {
            *count += 1;
            Place { crowd: self.clone(), client }
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.open();
        if let Some(count) = open.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_few() {
        let crowd = Crowd::new(2);
        let client = |text: &str| Client::at(text.parse().unwrap());
        let first = crowd.enter(client("2001:db8::1")).unwrap();
        let _second = crowd.enter(client("2001:db8::2")).unwrap();
        assert!(crowd.enter(client("2001:db8::3")).is_none());
        let other = crowd.enter(client("192.0.2.1")).unwrap();
        drop(first);
        assert!(crowd.enter(client("2001:db8::3")).is_some());
        drop(other);
        assert_eq!(crowd.open().len(), 1, "who has none is forgotten");
    }
}
