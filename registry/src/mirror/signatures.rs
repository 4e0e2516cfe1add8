//! Signatures of the other registry, fetched before it is said that there are none.

use futures_util::StreamExt as _;

use super::Mirror;
use super::error::MirrorError;
use crate::oci::{Digest, Manifest, RepositoryName};

/// How many signatures of a manifest are fetched: as many as are looked at.
const MOST: usize = 128;
/// How many of them at once.
const AT_ONCE: usize = 4;
/// How long a bundle may be, in bytes; longer ones count for nothing.
const LONGEST: u64 = 1 << 20;

impl Mirror {
    /// Fetches what refers to a manifest and is a signature by its type, with its bundle. What cannot be had is left
    /// out: then the signature is not there.
    pub async fn fetch_signatures(
        &self,
        name: &RepositoryName,
        subject: &Digest,
        is_signature: impl Fn(Option<&str>) -> bool,
    ) {
        // Why they cannot be had was told to the administrator.
        let Ok(referrers) = self.referrers(name, subject).await else { return };
        let signatures = referrers.content.into_iter().filter(|found| is_signature(found.artifact_type.as_deref()));
        let digests: Vec<Digest> = signatures.map(|found| found.digest).take(MOST).collect();
        let fetch = futures_util::stream::iter(digests);
        fetch.for_each_concurrent(AT_ONCE, async |digest| drop(self.fetch_signature(name, &digest).await)).await;
    }

    async fn fetch_signature(&self, name: &RepositoryName, digest: &Digest) -> Result<(), MirrorError> {
        let stored = self.by_digest(name, digest).await?;
        let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) else { return Ok(()) };
        match manifest.layers.as_deref() {
            Some([bundle]) if bundle.size <= LONGEST => self.keep(name, &bundle.digest).await,
            _ => Ok(()),
        }
    }
}
