//! The collection of what nothing refers to any more, while the registry serves. `gate.rs` says why it is safe.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use object_store::ObjectMeta;

use super::{Result, Store, layout};
use crate::oci::{Digest, Manifest, RepositoryName};

/// How many objects are taken away before requests that wait are let through.
const AT_ONCE: usize = 64;

/// What is kept although nothing refers to it.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// How long a blob may wait for the manifest that refers to it.
    pub unreferenced: Duration,
    /// How long an upload may rest.
    pub idle_upload: Duration,
    /// How long a manifest stays since no tag, index or subject leads to it any more; for ever without.
    pub untagged: Option<Duration>,
}

/// What was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Collected {
    /// Manifests.
    pub manifests: u64,
    /// Blobs of a repository that none of its manifests refers to.
    pub links: u64,
    /// Blobs that no repository has any more.
    pub blobs: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// Uploads that nobody goes on with.
    pub uploads: u64,
}

impl Store {
    /// Takes away what nothing refers to and what rests too long.
    ///
    /// # Errors
    /// The storage fails; what was taken away before is gone.
    pub async fn collect(&self, keep: Retention) -> Result<Collected> {
        let mut collected =
            Collected { uploads: self.expire_uploads(keep.idle_upload).await? as u64, ..Collected::default() };
        for name in self.repositories().await? {
            if let Some(age) = keep.untagged {
                collected.manifests += self.collect_untagged(&name, age).await?;
            }
            collected.links += self.collect_links(&name, keep.unreferenced).await?;
        }
        let (blobs, bytes) = self.collect_blobs(keep.unreferenced).await?;
        (collected.blobs, collected.bytes) = (blobs, bytes);
        self.count().await?;
        Ok(collected)
    }

    /// Manifests that nothing leads to: no tag, no index that is kept, and no subject that is kept.
    async fn collect_untagged(&self, name: &RepositoryName, age: Duration) -> Result<u64> {
        let collection = self.0.gate.collect(age).await;
        let facts: Vec<ObjectMeta> = self.0.objects.list(Some(&layout::manifests_of(name))).try_collect().await?;
        let mut leads_to: HashMap<Digest, Vec<Digest>> = HashMap::new();
        let mut kept: Vec<Digest> = Vec::new();
        let mut candidates = Vec::new();
        for facts in &facts {
            let Some(digest) = layout::digest_at_end(&facts.location) else { continue };
            let Some(stored) = self.read_manifest(name, &digest).await? else { continue };
            let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) else {
                kept.push(digest);
                continue;
            };
            for child in manifest.children() {
                leads_to.entry(digest.clone()).or_default().push(child.digest.clone());
            }
            if let Some(subject) = manifest.subject {
                leads_to.entry(subject.digest).or_default().push(digest.clone());
            }
            match older(facts, age) {
                true => candidates.push(digest),
                false => kept.push(digest),
            }
        }
        for tag in self.tags(name).await? {
            kept.extend(self.tag(name, &tag).await?);
        }
        let marks = self.marks(name).await?;
        let touched = candidates.iter().filter(|digest| collection.is_touched(digest)).cloned();
        let reached = closure(kept.iter().cloned().chain(touched), &leads_to);
        let mut expired = Vec::new();
        for digest in candidates {
            match marks.get(&digest) {
                _ if age.is_zero() => expired.push(digest),
                // It is led to, again.
                Some(_) if reached.contains(&digest) => self.unmark(name, &digest).await?,
                None if reached.contains(&digest) => {}
                Some(mark) if older(mark, age) => expired.push(digest),
                // With all that it leads to, also what was lost before.
                Some(_) => kept.push(digest),
                None => {
                    self.mark_unreachable(name, &digest).await?;
                    kept.push(digest);
                }
            }
        }
        let mut count = 0;
        let doomed = Arc::new(expired.iter().cloned().collect());
        for some in expired.chunks(AT_ONCE) {
            let _closed = collection.close(&doomed).await;
            // Whatever was asked for or pushed again meanwhile is kept, with all that it leads to.
            let touched = expired.iter().filter(|digest| collection.is_touched(digest)).cloned();
            let reached = closure(kept.iter().cloned().chain(touched), &leads_to);
            for digest in some.iter().filter(|digest| !reached.contains(digest)) {
                // No tag stands for it: those of before were read, and whoever sets one touches it.
                let _alone = self.0.gate.alone(name).await;
                count += u64::from(self.remove_manifest(name, digest).await?);
            }
        }
        Ok(count)
    }

    /// Blobs of a repository that none of its manifests refers to.
    async fn collect_links(&self, name: &RepositoryName, age: Duration) -> Result<u64> {
        let collection = self.0.gate.collect(age).await;
        let mut referred = HashSet::new();
        for digest in self.manifests(name).await? {
            let Some(stored) = self.read_manifest(name, &digest).await? else { continue };
            match Manifest::parse(&stored.bytes, &stored.media_type) {
                Ok((manifest, _)) => referred.extend(manifest.blobs().map(|blob| blob.digest.clone())),
                // Who cannot say what is referred to takes nothing away.
                Err(error) => {
                    tracing::warn!(repository = %name, %digest, %error, "not collected: a manifest cannot be read");
                    return Ok(0);
                }
            }
        }
        let links = layout::blobs_of(name);
        let facts: Vec<ObjectMeta> = self.0.objects.list(Some(&links)).try_collect().await?;
        let doomed: Vec<_> = facts
            .into_iter()
            .filter(|facts| older(facts, age))
            .filter_map(|facts| Some((layout::digest_at_end(&facts.location)?, facts.location)))
            .filter(|(digest, _)| !referred.contains(digest))
            .collect();
        let mut count = 0;
        let digests = Arc::new(doomed.iter().map(|(digest, _)| digest.clone()).collect());
        for some in doomed.chunks(AT_ONCE) {
            let _closed = collection.close(&digests).await;
            for (digest, path) in some {
                if !collection.is_touched(digest) {
                    count += u64::from(self.remove(path).await?);
                }
            }
        }
        Ok(count)
    }

    /// Blobs that no repository has.
    pub(super) async fn collect_blobs(&self, age: Duration) -> Result<(u64, u64)> {
        let collection = self.0.gate.collect(age).await;
        let mut linked = HashSet::new();
        for name in self.repositories().await? {
            let links = layout::blobs_of(&name);
            let mut links = self.0.objects.list(Some(&links));
            while let Some(facts) = links.try_next().await? {
                linked.extend(layout::digest_at_end(&facts.location));
            }
        }
        let blobs = object_store::path::Path::from(layout::BLOBS);
        let facts: Vec<ObjectMeta> = self.0.objects.list(Some(&blobs)).try_collect().await?;
        let doomed: Vec<_> = facts
            .into_iter()
            .filter(|facts| older(facts, age))
            .filter_map(|facts| Some((layout::digest_at_end(&facts.location)?, facts)))
            .filter(|(digest, _)| !linked.contains(digest))
            .collect();
        let (mut count, mut bytes) = (0, 0);
        let digests = Arc::new(doomed.iter().map(|(digest, _)| digest.clone()).collect());
        for some in doomed.chunks(AT_ONCE) {
            let _closed = collection.close(&digests).await;
            for (digest, facts) in some {
                if !collection.is_touched(digest) && self.remove(&facts.location).await? {
                    count += 1;
                    bytes += facts.size;
                }
            }
        }
        Ok((count, bytes))
    }
}

/// All that these lead to, and these.
fn closure(roots: impl Iterator<Item = Digest>, leads_to: &HashMap<Digest, Vec<Digest>>) -> HashSet<Digest> {
    let (mut left, mut reached): (Vec<Digest>, _) = (roots.collect(), HashSet::new());
    while let Some(digest) = left.pop() {
        if reached.insert(digest.clone()) {
            left.extend(leads_to.get(&digest).into_iter().flatten().cloned());
        }
    }
    reached
}

/// Whether an object was written so long ago. One from the future is new.
fn older(facts: &ObjectMeta, age: Duration) -> bool {
    let written = facts.last_modified.timestamp_millis();
    let since = Timestamp::now().as_millisecond().saturating_sub(written);
    u64::try_from(since).is_ok_and(|since| u128::from(since) >= age.as_millis())
}
