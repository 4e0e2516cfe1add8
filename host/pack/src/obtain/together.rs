//! Several packs at once: registries beside each other, the packs of one after the other, and one verdict a registry.

use std::collections::BTreeMap;

use super::{ObtainError, Obtained, Obtainer};
use crate::reference::Reference;

impl Obtainer {
    /// As [`Obtainer::obtain`], of each; in that order. A registry that is found down is asked no more, so that all together
    /// take no longer than one that never answers.
    pub fn obtain_all(&self, references: &[Reference]) -> Vec<Result<Obtained, ObtainError>> {
        let mut registries: BTreeMap<&str, Vec<(usize, &Reference)>> = BTreeMap::new();
        for (place, reference) in references.iter().enumerate() {
            registries.entry(reference.repository().registry()).or_default().push((place, reference));
        }
        let of_registry = |packs: Vec<(usize, &Reference)>| {
            let mut down = None;
            let get = |(place, reference)| (place, self.get(reference, true, &mut down));
            packs.into_iter().map(get).collect::<Vec<_>>()
        };
        let mut obtained: Vec<_> = std::thread::scope(|scope| {
            let of_registry = &of_registry;
            let threads: Vec<_> =
                registries.into_values().map(|packs| scope.spawn(move || of_registry(packs))).collect();
            let joined = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
            joined.flat_map(|packs| packs.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        obtained.sort_by_key(|(place, _)| *place);
        obtained.into_iter().map(|(_, obtained)| obtained).collect()
    }
}
