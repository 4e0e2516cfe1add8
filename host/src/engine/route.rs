//! Which events go to which pack.

use std::sync::Arc;

use super::PackId;
use super::description::{Description, Subscription};
use super::sieve::Sieve;
use crate::enrich::Event;
use crate::frame;

/// A frame for one pack.
pub(super) struct Routed {
    pub(super) pack: PackId,
    pub(super) frame: Arc<[u8]>,
    /// Events in it.
    pub(super) events: u64,
}

/// Packs that want the same events share one frame.
#[derive(Default)]
pub(super) struct Router {
    groups: Vec<Group>,
    encoder: frame::Encoder,
}

struct Group {
    subscriptions: Vec<Subscription>,
    sieve: Sieve,
    packs: Vec<PackId>,
}

impl Router {
    pub(super) fn add(&mut self, pack: PackId, description: &Description) {
        match self.groups.iter_mut().find(|group| group.subscriptions == description.subscriptions) {
            Some(group) => group.packs.push(pack),
            None => {
                let subscriptions = description.subscriptions.clone();
                let sieve = Sieve::new(&subscriptions);
                self.groups.push(Group { subscriptions, sieve, packs: vec![pack] });
            }
        }
    }

    pub(super) fn remove(&mut self, pack: PackId) {
        for group in &mut self.groups {
            group.packs.retain(|other| *other != pack);
        }
        self.groups.retain(|group| !group.packs.is_empty());
    }

    /// Encodes what each pack asked for. Packs for which there is nothing are left out.
    pub(super) fn route(&mut self, events: &[Event]) -> Vec<Routed> {
        let mut routed = Vec::new();
        for group in &self.groups {
            let chosen = events.iter().filter(|event| group.sieve.wants(event));
            for (frame, events) in self.encoder.encode(chosen) {
                routed.extend(group.packs.iter().map(|pack| Routed { pack: *pack, frame: frame.clone(), events }));
            }
        }
        routed
    }
}
