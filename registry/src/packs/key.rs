//! The keys that signatures of packs are checked with.

use std::path::{Path, PathBuf};

use lanner_trust::PublicKey;

use crate::oci::Digest;

/// A key of the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read.
    #[error("the public key {path} (packs.require_signature) cannot be read: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It holds no public key.
    #[error("{path} (packs.require_signature) holds no public key that packs are signed with: {error}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why.
        error: lanner_trust::KeyError,
    },
    /// Nothing could ever meet the demand.
    #[error("packs.require_signature for {repositories} names no keys; nothing there could ever be pulled")]
    None {
        /// The repositories.
        repositories: String,
    },
}

/// Some keys; a signature by one of them will do.
pub(super) struct Keys(Vec<PublicKey>);

impl Keys {
    /// From files.
    pub(super) fn read(paths: &[PathBuf]) -> Result<Self, KeyFileError> {
        paths.iter().map(|path| read(path)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a bundle is a signature of the manifest by one of them.
    pub(super) fn verify(&self, bundle: &[u8], manifest: &Digest) -> bool {
        lanner_trust::verify_with_key(bundle, &manifest.to_string(), &self.0).is_ok()
    }
}

fn read(path: &Path) -> Result<PublicKey, KeyFileError> {
    let text = std::fs::read_to_string(path).map_err(|error| KeyFileError::Unreadable { path: path.into(), error })?;
    PublicKey::from_pem(&text).map_err(|error| KeyFileError::Invalid { path: path.into(), error })
}
