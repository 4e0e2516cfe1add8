//! Since when nothing leads to a manifest: a mark beside it, whose time is that of the loss. One that is tagged again
//! keeps its mark until a collection sees that, which does no harm: whatever takes the last way to it away marks it anew.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use futures_util::TryStreamExt as _;
use object_store::ObjectMeta;

use super::{Result, Store, layout};
use crate::oci::{Digest, Manifest, RepositoryName};

impl Store {
    /// Marks manifests from now on when a way to them is lost. Without, a collection does so when it first finds them.
    pub fn mark_losses(&self) {
        self.0.marks_losses.store(true, Ordering::Relaxed);
    }

    /// A tag, or an index or subject that was deleted, no longer leads to a manifest: nor do they to what that leads to.
    pub(super) async fn lost(&self, name: &RepositoryName, digest: &Digest) -> Result<()> {
        if !self.0.marks_losses.load(Ordering::Relaxed) {
            return Ok(());
        }
        let (mut seen, mut left) = (HashSet::new(), vec![digest.clone()]);
        while let Some(digest) = left.pop() {
            if !seen.insert(digest.clone()) {
                continue;
            }
            let Some(stored) = self.read_manifest(name, &digest).await? else { continue };
            self.mark_unreachable(name, &digest).await?;
            if let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) {
                left.extend(manifest.children().map(|child| child.digest.clone()));
            }
            left.extend(self.referrers(name, &digest).await?.into_iter().map(|found| found.digest));
        }
        Ok(())
    }

    /// Nothing leads to it from now on.
    pub(super) async fn mark_unreachable(&self, name: &RepositoryName, digest: &Digest) -> Result<()> {
        self.write(&layout::unreachable_of(name, digest), [], false).await.map(drop)
    }

    /// Forgets that nothing led to it.
    pub(super) async fn unmark(&self, name: &RepositoryName, digest: &Digest) -> Result<()> {
        self.remove(&layout::unreachable_of(name, digest)).await.map(drop)
    }

    /// The marks of a repository.
    pub(super) async fn marks(&self, name: &RepositoryName) -> Result<HashMap<Digest, ObjectMeta>> {
        let listed = self.0.objects.list(Some(&layout::all_unreachable_of(name)));
        let marks = listed
            .try_filter_map(async |facts| Ok(layout::digest_at_end(&facts.location).map(|digest| (digest, facts))));
        Ok(marks.try_collect().await?)
    }
}
