//! How much may be kept: in all, and below a prefix of repositories.
//!
//! What is kept is counted when the registry starts and after each collection. Between, what comes is added and what is
//! deleted taken off; where both happen at once the count may be too high until the next collection, never too low.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::TryStreamExt as _;
use serde::Deserialize;

use super::{Result, Store, StoreError, layout};
use crate::oci::{Digest, RepositoryName};

/// How much may be kept below a prefix.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Of which repositories: `team` for `team` and all below `team/`; empty for everything, with blobs that several
    /// repositories have counted once.
    pub prefix: String,
    /// How much, in bytes: blobs, manifests, and uploads under way.
    pub bytes: u64,
}

impl Quota {
    fn covers(&self, name: &RepositoryName) -> bool {
        let rest = name.as_str().strip_prefix(&self.prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// By how much more is kept, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Growth {
    /// Of everything.
    pub(super) all: u64,
    /// Of the repository.
    pub(super) own: u64,
}

impl Growth {
    /// What no other repository has.
    pub(super) fn new(bytes: u64) -> Self {
        Self { all: bytes, own: bytes }
    }

    /// What is kept for others already.
    pub(super) fn shared(bytes: u64) -> Self {
        Self { all: 0, own: bytes }
    }
}

/// What is used of the quotas.
#[derive(Default)]
pub(super) struct Usage {
    quotas: Vec<Quota>,
    /// In the same order.
    used: Mutex<Vec<u64>>,
}

impl Usage {
    pub(super) fn new(quotas: Vec<Quota>) -> Self {
        let used = Mutex::new(vec![0; quotas.len()]);
        Self { quotas, used }
    }

    /// Whether anything has to be counted.
    pub(super) fn is_limited(&self) -> bool {
        !self.quotas.is_empty()
    }

    fn used(&self) -> MutexGuard<'_, Vec<u64>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn parts<'a>(&'a self, name: &'a RepositoryName, growth: Growth) -> impl Iterator<Item = (usize, u64)> + 'a {
        self.quotas.iter().enumerate().filter_map(move |(place, quota)| match quota.prefix.is_empty() {
            true => Some((place, growth.all)),
            false => quota.covers(name).then_some((place, growth.own)),
        })
    }

    /// Counts what is about to be kept.
    ///
    /// # Errors
    /// A quota does not allow it, and nothing is counted.
    pub(super) fn grow(&self, name: &RepositoryName, growth: Growth) -> Result<()> {
        let mut used = self.used();
        for (place, bytes) in self.parts(name, growth) {
            let quota = &self.quotas[place];
            if bytes > 0 && used[place].saturating_add(bytes) > quota.bytes {
                return Err(StoreError::Quota(quota.clone()));
            }
        }
        for (place, bytes) in self.parts(name, growth) {
            used[place] += bytes;
        }
        Ok(())
    }

    /// Counts what is kept whatever the quotas say, as it was allowed before.
    pub(super) fn add(&self, name: &RepositoryName, growth: Growth) {
        let mut used = self.used();
        for (place, bytes) in self.parts(name, growth) {
            used[place] = used[place].saturating_add(bytes);
        }
    }

    /// Counts what is kept, whoever has it.
    fn add_to_all(&self, bytes: u64) {
        let mut used = self.used();
        let all = self.quotas.iter().zip(used.iter_mut()).filter(|(quota, _)| quota.prefix.is_empty());
        all.for_each(|(_, used)| *used += bytes);
    }

    /// Counts what is no longer kept.
    pub(super) fn shrink(&self, name: &RepositoryName, growth: Growth) {
        let mut used = self.used();
        for (place, bytes) in self.parts(name, growth) {
            used[place] = used[place].saturating_sub(bytes);
        }
    }

    /// Takes what was counted anew, with what came since that was begun.
    fn replace(&self, before: &[u64], counted: &Self) {
        let counted = counted.used();
        for (place, used) in self.used().iter_mut().enumerate() {
            *used = counted[place] + used.saturating_sub(before[place]);
        }
    }
}

impl Store {
    /// Keeps no more than these allow. What is there is counted first.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn limit(&self, quotas: Vec<Quota>) -> Result<()> {
        // Set once, before anything is answered.
        let _ = self.0.usage.set(Usage::new(quotas));
        self.count().await
    }

    pub(super) fn usage(&self) -> &Usage {
        self.0.usage.get_or_init(Usage::default)
    }

    /// What a repository grows by if it gets a blob of this size.
    pub(super) async fn growth(&self, name: &RepositoryName, digest: &Digest, size: u64) -> Result<Growth> {
        if !self.usage().is_limited() {
            return Ok(Growth::default());
        }
        let own = match self.facts(&layout::blob_of(name, digest)).await? {
            Some(_) => 0,
            None => size,
        };
        let all = match self.blob_anywhere(digest).await? {
            Some(_) => 0,
            None => size,
        };
        Ok(Growth { all, own })
    }

    /// Counts what is kept.
    pub(super) async fn count(&self) -> Result<()> {
        let usage = self.usage();
        if !usage.is_limited() {
            return Ok(());
        }
        let before = usage.used().clone();
        let counted = Usage::new(usage.quotas.clone());
        let mut sizes: HashMap<Digest, u64> = HashMap::new();
        let mut blobs = self.0.objects.list(Some(&object_store::path::Path::from(layout::BLOBS)));
        let mut all = 0;
        while let Some(facts) = blobs.try_next().await? {
            all += facts.size;
            sizes.extend(layout::digest_at_end(&facts.location).map(|digest| (digest, facts.size)));
        }
        for name in self.repositories().await? {
            let mut own = 0;
            let mut links = self.0.objects.list(Some(&layout::blobs_of(&name)));
            while let Some(facts) = links.try_next().await? {
                own += layout::digest_at_end(&facts.location).and_then(|digest| sizes.get(&digest)).unwrap_or(&0);
            }
            let mut manifests = self.0.objects.list(Some(&layout::manifests_of(&name)));
            while let Some(facts) = manifests.try_next().await? {
                own += facts.size;
                all += facts.size;
            }
            counted.add(&name, Growth::shared(own));
        }
        counted.add_to_all(all);
        let store = self.clone();
        let uploads = super::writer::blocking(move || {
            let mut found = Vec::new();
            visit(&store.0.root.join(layout::UPLOADS), "", &mut found);
            Ok(found)
        });
        for (name, size) in uploads.await? {
            counted.add(&name, Growth::new(size));
        }
        usage.replace(&before, &counted);
        Ok(())
    }
}

/// The sizes of the uploads below a folder. What ends meanwhile counts for nothing.
fn visit(folder: &Path, name: &str, found: &mut Vec<(RepositoryName, u64)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(facts) = entry.metadata() else { continue };
        let part = entry.file_name();
        let part = part.to_string_lossy();
        match facts.is_dir() {
            // The folder of the uploads themselves.
            true if part == "_" => visit(&entry.path(), name, found),
            true if name.is_empty() => visit(&entry.path(), &part, found),
            true => visit(&entry.path(), &format!("{name}/{part}"), found),
            false => found.extend(name.parse().ok().map(|name| (name, facts.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits() {
        let quota = |prefix: &str, bytes| Quota { prefix: prefix.into(), bytes };
        let usage = Usage::new(vec![quota("", 100), quota("team", 50), quota("team/a", 20)]);
        let name = |text: &str| text.parse::<RepositoryName>().unwrap();
        let (a, b, other) = (name("team/a/x"), name("team/b"), name("teams"));
        usage.grow(&a, Growth::new(20)).unwrap();
        let refused = usage.grow(&a, Growth::new(1)).unwrap_err();
        assert!(matches!(refused, StoreError::Quota(ref quota) if quota.prefix == "team/a"), "{refused}");
        usage.grow(&b, Growth::new(30)).unwrap();
        assert!(usage.grow(&b, Growth::shared(1)).is_err());
        usage.grow(&other, Growth::shared(1000)).unwrap();
        usage.grow(&other, Growth::new(50)).unwrap();
        assert!(matches!(usage.grow(&other, Growth::new(1)), Err(StoreError::Quota(quota)) if quota.prefix.is_empty()));
        assert_eq!(*usage.used(), [100, 50, 20], "what is refused is not counted");
        // What takes nothing is never refused.
        usage.grow(&a, Growth::default()).unwrap();
        usage.shrink(&a, Growth::new(5));
        usage.grow(&a, Growth::new(5)).unwrap();
    }
}
