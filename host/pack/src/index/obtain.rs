//! From a name in a registry to an index that is trusted: resolve, verify, fetch, keep, and refuse what is older than what was
//! taken before.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanner_trust::Verdict;

use super::document::{DocumentError, PackIndex};
use crate::artifact::{ArtifactError, MAX_DOCUMENT, Manifest};
use crate::digest::Digest;
use crate::obtain::{From, ObtainError, Obtainer};
use crate::reference::Reference;
use crate::remote::Resolved;
use crate::store::{KnownIndex, StoreError};
use crate::trust::TrustError;

/// An index that was obtained.
#[derive(Clone, Debug)]
pub struct ObtainedIndex {
    /// Its name.
    pub reference: Reference,
    /// Its manifest.
    pub digest: Digest,
    /// What it says.
    pub index: PackIndex,
    /// Who signed it.
    pub verdict: Verdict,
    /// When the registry was asked last whether there is a newer one: now, where it was.
    pub asked: Timestamp,
}

/// Whom to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// The registry; where it is down, what was taken before.
    Registry,
    /// Nobody: what was taken before.
    Nobody,
}

/// All indexes that are known, as far as they can be used.
#[derive(Debug, Default)]
pub struct Obtaining {
    /// Those that can.
    pub indexes: Vec<ObtainedIndex>,
    /// Those that cannot, and why.
    pub refused: Vec<IndexError>,
}

/// An index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be had.
    #[error(transparent)]
    Obtain(#[from] ObtainError),
    /// It is not trusted.
    #[error("index {reference} is refused: {error}{remedy}")]
    Trust {
        /// Its name.
        reference: Box<Reference>,
        /// Why.
        error: Box<TrustError>,
        /// The command that would have it trusted, where one would.
        remedy: String,
    },
    /// It is none.
    #[error("index {reference} cannot be used: {error}")]
    Artifact {
        /// Its name.
        reference: Box<Reference>,
        /// Why.
        error: ArtifactError,
    },
    /// What it says makes no sense.
    #[error("index {reference} cannot be used: {error}; tell whoever publishes it")]
    Document {
        /// Its name.
        reference: Box<Reference>,
        /// Why.
        error: DocumentError,
    },
    /// An older one has taken the place of a newer one.
    #[error(
        "index {reference} is refused: it was published at {published}, and one of {accepted} was taken before; somebody may \
         bring back an index that leads to packs with holes: `lanner pack index add {reference} --allow-downgrade` takes it if that is meant"
    )]
    Older {
        /// Its name.
        reference: Box<Reference>,
        /// When it was published.
        published: Timestamp,
        /// When the one that was taken before was.
        accepted: Timestamp,
    },
    /// Nobody is to be asked, and it is not here.
    #[error("index {reference} is not in the store; ask its registry with `lanner pack index update`")]
    NotKept {
        /// Its name.
        reference: Box<Reference>,
    },
}

impl std::convert::From<StoreError> for IndexError {
    fn from(error: StoreError) -> Self {
        Self::Obtain(error.into())
    }
}

impl Obtainer {
    /// Gets an index, demands that it is trusted, and notes it as known.
    ///
    /// # Errors
    /// It is not trusted, older than the one taken before, none, or cannot be had.
    pub fn obtain_index(&self, reference: &Reference, asking: Asking) -> Result<ObtainedIndex, IndexError> {
        let distrusted = |error| self.distrusted(reference, error);
        // Not even the name is asked for where nothing is trusted.
        self.trust.covers(reference.repository()).map_err(distrusted)?;
        let known = self.store.index()?.indexes.get(&reference.to_string()).cloned();
        let (digest, from) = self.lead(reference, known.as_ref(), asking)?;
        let artifact = |error| IndexError::Artifact { reference: Box::new(reference.clone()), error };
        let pulling = self.store.pulling()?;
        let repository = reference.repository();
        let bytes = match self.store.read(digest, MAX_DOCUMENT)? {
            Some(bytes) => bytes,
            None => self.reach(from, reference)?.manifest(repository, digest).map_err(ObtainError::from)?,
        };
        let manifest = Manifest::of_index(&bytes).map_err(artifact)?;
        let (signatures, _, trust) = self.verify(&pulling, reference, digest, true, from)?;
        let verdict = trust.map_err(distrusted)?;
        if let Some(warning) = verdict.warning() {
            tracing::warn!("{warning}");
        }
        let mut document = Vec::new();
        for (blob, keep) in [(&manifest.config, false), (manifest.document(), true)] {
            let bytes = match self.store.read(blob.digest, blob.size)? {
                Some(bytes) => bytes,
                None => {
                    let mut bytes = Vec::new();
                    self.reach(from, reference)?.blob(repository, blob, &mut bytes).map_err(ObtainError::from)?;
                    bytes
                }
            };
            self.store.put(&pulling, &bytes)?;
            if keep {
                document = bytes;
            }
        }
        let wrong = |error| IndexError::Document { reference: Box::new(reference.clone()), error };
        let index = PackIndex::read(&document).map_err(wrong)?;
        self.check_newer(reference, known.as_ref(), digest, &index)?;
        self.store.put(&pulling, &bytes)?;
        let asked = match (from, &known) {
            (From::Store, Some(known)) => known.asked,
            _ => Timestamp::now(),
        };
        let mut blobs: BTreeSet<Digest> = [digest, manifest.config.digest, manifest.document().digest].into();
        blobs.extend(signatures.blobs);
        let noted = KnownIndex {
            name: index.name.clone(),
            digest,
            published: index.published,
            asked,
            blobs,
            signatures: signatures.manifests,
            removed: false,
        };
        if known.as_ref() != Some(&noted) {
            self.store.change(|store| store.indexes.insert(reference.to_string(), noted))?;
        }
        Ok(ObtainedIndex { reference: reference.clone(), digest, index, verdict, asked })
    }

    /// All that are known and not removed.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn obtain_indexes(&self, asking: Asking) -> Result<Obtaining, StoreError> {
        let mut obtaining = Obtaining::default();
        for (text, known) in &self.store.index()?.indexes {
            // Written by us; what another lanner wrote otherwise is not known.
            let Ok(reference) = text.parse::<Reference>() else { continue };
            if known.removed {
                continue;
            }
            match self.obtain_index(&reference, asking) {
                Ok(index) => obtaining.indexes.push(index),
                Err(error) => obtaining.refused.push(error),
            }
        }
        Ok(obtaining)
    }

    /// Which manifest to take, and where from.
    fn lead(
        &self,
        reference: &Reference,
        known: Option<&KnownIndex>,
        asking: Asking,
    ) -> Result<(Digest, From), IndexError> {
        let error = match asking {
            Asking::Nobody => None,
            Asking::Registry => match self.resolve(reference, None) {
                Ok(Resolved { digest, .. }) => return Ok((digest, From::Anywhere)),
                Err(error) if error.is_down() => Some(error),
                Err(error) => return Err(error.into()),
            },
        };
        match (known, error) {
            // What was removed is remembered, and not kept.
            (Some(known), error) if !known.removed => {
                if let Some(error) = error {
                    tracing::warn!("{error}; index {reference} is taken from the store, as it was {} ago", known.age());
                }
                Ok((known.digest, From::Store))
            }
            (_, Some(error)) => Err(error.into()),
            (_, None) => Err(IndexError::NotKept { reference: Box::new(reference.clone()) }),
        }
    }

    /// No index that is older than the one taken before takes its place, nor another of the same time.
    fn check_newer(
        &self,
        reference: &Reference,
        known: Option<&KnownIndex>,
        digest: Digest,
        index: &PackIndex,
    ) -> Result<(), IndexError> {
        match known.filter(|known| known.digest != digest && index.published <= known.published) {
            Some(known) if !self.allow_downgrade => Err(IndexError::Older {
                reference: Box::new(reference.clone()),
                published: index.published,
                accepted: known.published,
            }),
            _ => Ok(()),
        }
    }

    fn distrusted(&self, reference: &Reference, error: TrustError) -> IndexError {
        let command = || self.trust.remedy(&reference.repository().path(), &["--key", "FILE"]);
        let remedy = match error.is_of_a_stranger() {
            true => format!("; trust whom it is by with `{}`, FILE being their public key", command()),
            false => String::new(),
        };
        IndexError::Trust { reference: Box::new(reference.clone()), error: Box::new(error), remedy }
    }
}
