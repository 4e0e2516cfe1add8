//! What an immutable tag leads to: its manifest, the manifests of its index, and all their blobs. None of it may be taken
//! away, or the tag would stand for something else than was pushed.

use std::collections::HashSet;

use super::{Result, Store, StoreError};
use crate::oci::{Digest, Manifest, RepositoryName, Tag};

impl Store {
    /// Refuses to go on where an immutable tag leads to this manifest or blob. To be asked alone in the repository.
    pub(super) async fn refuse_immutable(
        &self,
        name: &RepositoryName,
        wanted: &Digest,
        immutable: impl Fn(&Tag) -> bool,
    ) -> Result<()> {
        let mut seen = HashSet::new();
        for tag in self.tags(name).await?.into_iter().filter(immutable) {
            let mut left: Vec<Digest> = self.tag(name, &tag).await?.into_iter().collect();
            while let Some(digest) = left.pop() {
                if digest == *wanted {
                    return Err(StoreError::HeldByTag { tag: tag.to_string(), digest });
                }
                if !seen.insert(digest.clone()) {
                    continue;
                }
                let Some(stored) = self.read_manifest(name, &digest).await? else { continue };
                let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) else { continue };
                if manifest.blobs().any(|blob| blob.digest == *wanted) {
                    return Err(StoreError::HeldByTag { tag: tag.to_string(), digest: wanted.clone() });
                }
                left.extend(manifest.children().map(|child| child.digest.clone()));
            }
        }
        Ok(())
    }
}
