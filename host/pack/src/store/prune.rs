//! Making room in the store.

use std::collections::BTreeSet;
use std::fs::File;
use std::time::{Duration, SystemTime};

use super::{Store, StoreError};
use crate::digest::Digest;

/// Files that were never finished are removed after this time.
const ABANDONED: Duration = Duration::from_secs(24 * 3600);

/// What goes.
#[derive(Clone, Debug, Default)]
pub struct Pruning {
    /// Packs that were not used for so long.
    pub unused_for: Option<Duration>,
    /// The packs unused longest, until all take no more than this, bytes.
    pub down_to: Option<u64>,
    /// Manifests of packs that stay in any case.
    pub pinned: BTreeSet<Digest>,
    /// Only say what would go.
    pub dry_run: bool,
}

/// What went.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Pruned {
    /// Manifests of packs.
    pub packs: Vec<Digest>,
    /// Bytes.
    pub freed: u64,
    /// Bytes that stay.
    pub kept: u64,
}

impl Store {
    /// Removes packs. Never those that a running host uses, that are pinned, or that were used in the last day.
    ///
    /// # Errors
    /// The store cannot be locked, read or written.
    pub fn prune(&self, pruning: &Pruning) -> Result<Pruned, StoreError> {
        let lock = self.lock_file("pull.lock")?;
        lock.lock().map_err(|error| self.failed(&error))?;
        let mut pruned = Pruned::default();
        let reachable = self.change(|index| {
            let now = SystemTime::now();
            let age = |used: jiff::Timestamp| now.duration_since(used.into()).unwrap_or_default();
            let mut total: u64 = index.packs.values().map(|entry| entry.size).sum();
            let mut oldest: Vec<_> = index.packs.iter().map(|(key, entry)| (entry.used, key.clone())).collect();
            oldest.sort();
            for (used, key) in oldest {
                let (Some(entry), Ok(digest)) = (index.packs.get(&key), key.parse::<Digest>()) else { continue };
                let stale = pruning.unused_for.is_some_and(|limit| age(used) >= limit);
                let too_much = pruning.down_to.is_some_and(|limit| total > limit) && age(used) >= ABANDONED;
                if !(stale || too_much) || pruning.pinned.contains(&digest) || self.is_in_use(entry.component) {
                    continue;
                }
                total -= entry.size;
                pruned.freed += entry.size;
                pruned.packs.push(digest);
                if !pruning.dry_run {
                    index.packs.remove(&key);
                }
            }
            pruned.kept = total;
            // What was accepted under a name is remembered: it is what an older version is held against.
            let mut reachable: BTreeSet<Digest> =
                index.indexes.values().flat_map(|known| &known.blobs).copied().collect();
            for (key, entry) in &index.packs {
                let Ok(digest) = key.parse::<Digest>() else { continue };
                reachable.insert(digest);
                reachable.extend(&entry.blobs);
            }
            reachable
        })?;
        if !pruning.dry_run {
            self.sweep(&reachable)?;
        }
        Ok(pruned)
    }

    /// Whether a running host has it.
    fn is_in_use(&self, component: Digest) -> bool {
        match File::open(self.blob_path(component)) {
            Ok(file) => file.try_lock().is_err(),
            Err(_) => false,
        }
    }

    /// Removes what no pack needs.
    fn sweep(&self, reachable: &BTreeSet<Digest>) -> Result<(), StoreError> {
        for entry in std::fs::read_dir(self.blobs()).map_err(|error| self.failed(&error))? {
            let entry = entry.map_err(|error| self.failed(&error))?;
            let name = entry.file_name();
            let digest = format!("sha256:{}", name.to_string_lossy()).parse::<Digest>();
            let abandoned = || {
                let changed = entry.metadata().and_then(|facts| facts.modified());
                changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= ABANDONED))
            };
            let goes = match digest {
                Ok(digest) => !reachable.contains(&digest) && !self.is_in_use(digest),
                Err(_) => abandoned(),
            };
            if goes {
                match std::fs::remove_file(entry.path()) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(self.failed(&error)),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Entry;

    fn pack(store: &Store, bytes: &[u8], hours_ago: i64) -> Digest {
        let pulling = store.pulling().unwrap();
        let component = store.put(&pulling, bytes).unwrap();
        let manifest = store.put(&pulling, &[bytes, b" manifest"].concat()).unwrap();
        let used = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours_ago);
        let (size, blobs) = (bytes.len() as u64, [component].into());
        let entry = Entry { component, size, blobs, signatures: BTreeSet::new(), used };
        store.change(|index| index.packs.insert(manifest.to_string(), entry)).unwrap();
        manifest
    }

    #[test]
    fn what_is_needed_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(&folder.path().join("s"))).unwrap();
        let [old, pinned, running, new] = [(&b"old"[..], 100), (b"pinned", 100), (b"running", 100), (b"new", 1)]
            .map(|(bytes, hours)| pack(&store, bytes, hours));
        let _in_use = store.in_use(Digest::of(b"running")).unwrap().unwrap();
        let unused_for = Some(Duration::from_secs(50 * 3600));
        let mut pruning = Pruning { unused_for, pinned: [pinned].into(), dry_run: true, ..Pruning::default() };
        assert_eq!(store.prune(&pruning).unwrap().packs, [old]);
        assert!(store.has(old));
        pruning.dry_run = false;
        assert_eq!(store.prune(&pruning).unwrap().packs, [old]);
        assert!(!store.has(old) && !store.has(Digest::of(b"old")));
        for digest in [pinned, running, new] {
            assert!(store.has(digest));
        }
        assert!(store.has(Digest::of(b"running")) && store.has(Digest::of(b"new")));
    }

    #[test]
    fn the_size_is_kept_by_the_packs_used_last() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(&folder.path().join("s"))).unwrap();
        let [first, second, _] =
            [(&b"aaaa"[..], 90), (b"bbbb", 60), (b"cccc", 1)].map(|(b, hours)| pack(&store, b, hours));
        let pruned = store.prune(&Pruning { down_to: Some(9), ..Pruning::default() }).unwrap();
        assert_eq!((pruned.packs, pruned.freed, pruned.kept), (vec![first], 4, 8));
        // One used in the last day stays, even beyond the size.
        let pruned = store.prune(&Pruning { down_to: Some(0), ..Pruning::default() }).unwrap();
        assert_eq!((pruned.packs, pruned.kept), (vec![second], 4));
    }
}
