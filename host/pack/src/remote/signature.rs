//! Signatures that lie in a registry beside what they sign.

use lanner_trust::{BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES, PublicKey, verify_with_key};

use super::{Remote, RemoteError};
use crate::artifact::{MAX_DOCUMENT, Manifest};
use crate::digest::Digest;
use crate::reference::Repository;

/// A signature, as a registry has it; not verified.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its manifest.
    pub manifest: Manifest,
    /// The bytes of that.
    pub bytes: Vec<u8>,
    /// The bytes of its config.
    pub config: Vec<u8>,
    /// The bundle.
    pub bundle: Vec<u8>,
}

impl Remote {
    /// The signature with this manifest; nothing where that is something else.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn signature(&self, repository: &Repository, digest: Digest) -> Result<Option<Signature>, RemoteError> {
        let bytes = self.manifest(repository, digest)?;
        let Ok(manifest) = Manifest::read(&bytes) else { return Ok(None) };
        let Some(layer) = manifest.layers.iter().find(|layer| layer.media_type == BUNDLE_MEDIA_TYPE) else {
            return Ok(None);
        };
        if layer.size > MAX_BUNDLE_BYTES as u64 || manifest.config.size > MAX_DOCUMENT {
            return Ok(None);
        }
        let (mut bundle, mut config) = (Vec::new(), Vec::new());
        self.blob(repository, layer, &mut bundle)?;
        self.blob(repository, &manifest.config, &mut config)?;
        Ok(Some(Signature { manifest, bytes, config, bundle }))
    }

    /// Whether a signature by one of these keys lies beside a manifest.
    ///
    /// # Errors
    /// The registry cannot be asked.
    pub fn is_signed_by(
        &self,
        repository: &Repository,
        subject: Digest,
        keys: &[PublicKey],
    ) -> Result<bool, RemoteError> {
        let digest = subject.to_string();
        for referrer in self.referrers(repository, subject)? {
            if referrer.artifact_type.as_deref().is_some_and(|kind| kind != BUNDLE_MEDIA_TYPE) {
                continue;
            }
            match self.signature(repository, referrer.digest) {
                Ok(Some(found)) if verify_with_key(&found.bundle, &digest, keys).is_ok() => return Ok(true),
                Ok(_) => {}
                Err(error) if error.is_down() => return Err(error),
                // One that cannot be had is none.
                Err(_) => {}
            }
        }
        Ok(false)
    }
}
