//! Blobs of mirrors that were not used for long, taken away to make room: they can be had again.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::path::Path;

use super::{Result, Store, layout};
use crate::oci::{Digest, RepositoryName};

/// How many are taken away before requests that wait are let through.
const AT_ONCE: usize = 64;

impl Store {
    /// Takes blobs away from some repositories, the least recently used first, until those that are left have at most
    /// `least` bytes; nothing if they have no more than `most`. What a request made or found as lately as `recent` stays:
    /// it may be about to be read. How many bytes they had, and how many they have now.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn evict(
        &self,
        of: impl Fn(&RepositoryName) -> bool,
        most: u64,
        least: u64,
        recent: Duration,
    ) -> Result<(u64, u64)> {
        let mut sizes: HashMap<Digest, u64> = HashMap::new();
        let mut blobs = self.0.objects.list(Some(&Path::from(layout::BLOBS)));
        while let Some(facts) = blobs.try_next().await? {
            sizes.extend(layout::digest_at_end(&facts.location).map(|digest| (digest, facts.size)));
        }
        let mut kept = Vec::new();
        for name in self.repositories().await?.into_iter().filter(of) {
            let mut links = self.0.objects.list(Some(&layout::blobs_of(&name)));
            while let Some(facts) = links.try_next().await? {
                let Some(digest) = layout::digest_at_end(&facts.location) else { continue };
                let size = sizes.get(&digest).copied().unwrap_or(0);
                kept.push((facts.last_modified, facts.location, digest, size));
            }
        }
        let before: u64 = kept.iter().map(|(.., size)| size).sum();
        if before <= most {
            return Ok((before, before));
        }
        kept.sort_unstable();
        let collection = self.0.gate.collect(recent).await;
        let doomed: Arc<HashSet<Digest>> = Arc::new(kept.iter().map(|(_, _, digest, _)| digest.clone()).collect());
        let mut left = before;
        for some in kept.chunks(AT_ONCE) {
            let _closed = collection.close(&doomed).await;
            for (_, link, digest, size) in some {
                if left > least && !collection.is_touched(digest) && self.remove(link).await? {
                    left -= size;
                }
            }
            if left <= least {
                break;
            }
        }
        drop(collection);
        self.collect_blobs(recent).await?;
        self.count().await?;
        Ok((before, left))
    }

    /// Notes that a blob of a repository was used.
    ///
    /// # Errors
    /// The storage fails.
    pub async fn use_blob(&self, name: &RepositoryName, digest: &Digest) -> Result<()> {
        let passage = self.0.gate.pass().await;
        passage.keep(digest);
        let link = layout::blob_of(name, digest);
        // Not if it was taken away meanwhile.
        match self.facts(&link).await? {
            Some(_) => self.write(&link, [], false).await.map(drop),
            None => Ok(()),
        }
    }
}
