//! Why a pack cannot be had.

use std::sync::Arc;

use semver::Version;

use crate::artifact::ArtifactError;
use crate::reference::Reference;
use crate::remote::RemoteError;
use crate::store::StoreError;
use crate::trust::TrustError;

/// Why a pack cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ObtainError {
    /// The registry.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is something else.
    #[error("{reference} cannot be used: {error}")]
    Artifact {
        /// Its name.
        reference: Box<Reference>,
        /// Why.
        error: ArtifactError,
    },
    /// It is not trusted.
    #[error("pack {reference} is refused: {error}")]
    Trust {
        /// Its name.
        reference: Box<Reference>,
        /// Why.
        error: Box<TrustError>,
    },
    /// An older version has taken the place of a newer one.
    #[error(
        "pack {reference} is refused: it is version {version} now, older than {accepted}, which was accepted before; somebody may bring back a version with holes: give --allow-downgrade if that is meant"
    )]
    Downgrade {
        /// Its name.
        reference: Box<Reference>,
        /// The version now.
        version: Version,
        /// The version before.
        accepted: Version,
    },
    /// Another pack has taken the place of the one that was accepted.
    #[error(
        "pack {reference} is refused: it is the pack {now} now, and {accepted} was accepted under that name before; somebody may have put another pack of the same signer in its place: give --allow-downgrade if that is meant"
    )]
    OtherPack {
        /// Its name.
        reference: Box<Reference>,
        /// What the pack calls itself now.
        now: String,
        /// What it called itself before.
        accepted: String,
    },
    /// The registry is down, and the store does not have it.
    #[error("{error}; the store has nothing that was accepted as {reference} either")]
    NotInStore {
        /// Its name.
        reference: Box<Reference>,
        /// What the registry did.
        error: Arc<RemoteError>,
    },
    /// Only the store is asked, and it does not have it, or not all of it.
    #[error("the store has nothing, or not all, that was accepted as {reference}")]
    NotKept {
        /// Its name.
        reference: Box<Reference>,
    },
}

impl ObtainError {
    /// Whether the registry is only down or busy.
    pub fn is_down(&self) -> bool {
        match self {
            Self::Remote(error) => error.is_down(),
            Self::NotInStore { error, .. } => error.is_down(),
            _ => false,
        }
    }

    /// Whether it would be trusted if the policy named whoever signed it.
    pub fn is_of_a_stranger(&self) -> bool {
        matches!(self, Self::Trust { error, .. } if error.is_of_a_stranger())
    }

    /// Whether a signature that comes later would help.
    pub fn is_trust(&self) -> bool {
        matches!(self, Self::Trust { .. })
    }
}
