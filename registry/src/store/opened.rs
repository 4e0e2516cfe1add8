//! Manifests as they are sent: piece by piece, so that a client that does not read holds a piece and not all of it.

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::path::Path;

use super::blobs::content;
use super::manifests::read_head;
use super::{Content, Result, Store, StoreError, Stored, layout};
use crate::oci::{Digest, Reference, RepositoryName};

/// How long the line before the bytes is at most, in bytes: a media type fits into the head of a request.
const LONGEST_HEAD: usize = 256 << 10;

/// A manifest that is about to be sent.
pub struct OpenedManifest {
    /// Its address.
    pub digest: Digest,
    /// What it was pushed as.
    pub media_type: String,
    /// How long it is, in bytes.
    pub size: u64,
    /// Its bytes.
    pub content: Content,
}

impl From<Stored> for OpenedManifest {
    fn from(stored: Stored) -> Self {
        let Stored { digest, media_type, bytes } = stored;
        let size = bytes.len() as u64;
        Self { digest, media_type, size, content: futures_util::stream::iter([Ok(bytes)]).boxed() }
    }
}

impl Store {
    /// A manifest of a repository, to be read as it is sent.
    ///
    /// # Errors
    /// The storage fails; also while the bytes are read.
    pub async fn open_manifest(&self, name: &RepositoryName, reference: &Reference) -> Result<Option<OpenedManifest>> {
        let Some(digest) = self.digest_of(name, reference).await? else { return Ok(None) };
        match self.try_open_manifest(name, &digest).await? {
            Some(_) if self.0.gate.show(&digest).await => self.try_open_manifest(name, &digest).await,
            found => Ok(found),
        }
    }

    async fn try_open_manifest(&self, name: &RepositoryName, digest: &Digest) -> Result<Option<OpenedManifest>> {
        let path = layout::manifest_of(name, digest);
        let found = match self.objects().get_opts(&path, object_store::GetOptions::default()).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let whole = found.meta.size;
        let mut content = content(found, 0, None);
        let (head, rest) = first_line(&path, &mut content).await?;
        let media_type = read_head(&path, &head)?;
        let size = whole.saturating_sub(head.len() as u64 + 1);
        let content = futures_util::stream::iter([Ok(rest)]).chain(content).boxed();
        Ok(Some(OpenedManifest { digest: digest.clone(), media_type, size, content }))
    }
}

/// The first line, and what else came with it.
async fn first_line(path: &Path, content: &mut Content) -> Result<(Bytes, Bytes)> {
    let mut begun = BytesMut::new();
    while begun.len() <= LONGEST_HEAD {
        let failed = super::at(std::path::Path::new(path.as_ref()));
        let Some(bytes) = content.try_next().await.map_err(failed)? else { break };
        let before = begun.len();
        begun.extend_from_slice(&bytes);
        if let Some(end) = bytes.iter().position(|b| *b == b'\n') {
            let head = begun.split_to(before + end).freeze();
            begun.advance(1);
            return Ok((head, begun.freeze()));
        }
    }
    Err(StoreError::Damaged { object: path.to_string(), reason: "it has no first line".into() })
}
