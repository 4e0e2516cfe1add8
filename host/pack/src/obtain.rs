//! From a name in a registry to the bytes of a trusted pack: resolve, verify, pull, keep.
//!
//! The signatures are those of a manifest's digest; the manifest names the component by its digest; and the bytes that are
//! given out are hashed once more. Where the registry is down, the store serves what was accepted before, verified anew.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lanner_trust::{BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES, Verdict};
use semver::Version;

use super::artifact::{ArtifactError, MAX_DOCUMENT, Manifest};
use super::digest::Digest;
use super::reference::{self, Reference, Repository};
use super::remote::{Access, Remote, RemoteError, Resolved};
use super::store::{Accepted, Entry, InUse, Pulling, Store, StoreError};
use super::trust::{Trust, TrustError};

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
    /// The registry is down, and the store does not have it.
    #[error("{error}; the store has nothing that was accepted as {reference} either")]
    NotInStore {
        /// Its name.
        reference: Box<Reference>,
        /// What the registry did.
        error: Box<RemoteError>,
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

    /// Whether a signature that comes later would help.
    pub fn is_trust(&self) -> bool {
        matches!(self, Self::Trust { .. })
    }
}

/// A pack that was obtained.
#[derive(Debug)]
pub struct Obtained {
    /// Its name.
    pub reference: Reference,
    /// What the name led to.
    pub resolved: Resolved,
    /// Its manifest.
    pub manifest: Manifest,
    /// The component.
    pub component: Vec<u8>,
    /// Who signed it, as far as the policy trusts them; why it is not trusted.
    pub trust: Result<Verdict, TrustError>,
    /// How many signatures there are.
    pub signatures: usize,
    /// Keeps it in the store.
    pub in_use: Option<InUse>,
}

/// Gets packs.
pub struct Obtainer {
    /// Where they are kept.
    pub store: Store,
    /// Whom to trust.
    pub trust: Trust,
    /// How registries are reached.
    pub access: Access,
    /// Whether older versions may take the place of newer ones.
    pub allow_downgrade: bool,
    remotes: Mutex<HashMap<String, Arc<Remote>>>,
}

impl Obtainer {
    /// Gets packs into this store.
    pub fn new(store: Store, trust: Trust, access: Access, allow_downgrade: bool) -> Self {
        Self { store, trust, access, allow_downgrade, remotes: Mutex::default() }
    }

    /// The client of a registry.
    ///
    /// # Errors
    /// The options for it cannot be used.
    pub fn remote(&self, registry: &str) -> Result<Arc<Remote>, RemoteError> {
        let mut remotes = self.remotes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(remote) = remotes.get(registry) {
            return Ok(remote.clone());
        }
        let remote = Arc::new(Remote::new(registry, &self.access)?);
        remotes.insert(registry.to_owned(), remote.clone());
        Ok(remote)
    }

    /// Gets a pack and demands that it is trusted. Where the registry is down, what was accepted before is taken.
    ///
    /// # Errors
    /// It is not trusted, or cannot be had.
    pub fn obtain(&self, reference: &Reference) -> Result<Obtained, ObtainError> {
        self.get(reference, true)
    }

    fn get(&self, reference: &Reference, demand: bool) -> Result<Obtained, ObtainError> {
        if demand {
            // Not even the name is asked for where nothing is trusted.
            let refused = |error| ObtainError::Trust { reference: Box::new(reference.clone()), error: Box::new(error) };
            self.trust.covers(reference.repository()).map_err(refused)?;
        }
        let resolved = self.resolve(reference, None);
        let outcome = resolved.and_then(|resolved| self.get_resolved(reference, resolved, demand));
        let error = match outcome {
            Err(ObtainError::Remote(error)) if error.is_down() => error,
            outcome => return outcome,
        };
        let index = self.store.index()?;
        let before = match reference.version() {
            reference::Version::Digest(digest) => index.pack(*digest).map(|_| *digest),
            reference::Version::Tag(_) => {
                index.known(reference).map(|known| known.accepted.as_ref().map_or(known.digest, |last| last.digest))
            }
        };
        let Some(digest) = before else {
            return Err(ObtainError::NotInStore { reference: Box::new(reference.clone()), error: Box::new(error) });
        };
        match self.get_resolved(reference, Resolved { digest, etag: None }, demand) {
            Err(ObtainError::Remote(error)) if error.is_down() => {
                Err(ObtainError::NotInStore { reference: Box::new(reference.clone()), error: Box::new(error) })
            }
            Ok(obtained) => {
                tracing::warn!("{error}; {reference} is taken from the store, as it was before");
                Ok(obtained)
            }
            outcome => outcome,
        }
    }

    /// As [`Obtainer::obtain`], of what the name is known to lead to.
    ///
    /// # Errors
    /// It is not trusted, or cannot be had.
    pub fn obtain_resolved(&self, reference: &Reference, resolved: Resolved) -> Result<Obtained, ObtainError> {
        self.get_resolved(reference, resolved, true)
    }

    /// Gets a pack, trusted or not. Where the registry is down, the store's is taken.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn pull(&self, reference: &Reference) -> Result<Obtained, ObtainError> {
        self.get(reference, false)
    }

    /// What a name leads to.
    ///
    /// # Errors
    /// The registry does not say.
    pub fn resolve(&self, reference: &Reference, known: Option<&Resolved>) -> Result<Resolved, ObtainError> {
        Ok(match reference.version() {
            reference::Version::Digest(digest) => Resolved { digest: *digest, etag: None },
            reference::Version::Tag(_) => self.remote(reference.repository().registry())?.resolve(reference, known)?,
        })
    }

    fn get_resolved(&self, reference: &Reference, resolved: Resolved, demand: bool) -> Result<Obtained, ObtainError> {
        let repository = reference.repository();
        let pulling = self.store.pulling()?;
        let digest = resolved.digest;
        let bytes = match self.store.read(digest, MAX_DOCUMENT)? {
            Some(bytes) => bytes,
            None => self.remote(repository.registry())?.manifest(repository, digest)?,
        };
        let wrong = |error| ObtainError::Artifact { reference: Box::new(reference.clone()), error };
        let manifest = Manifest::of_pack(&bytes).map_err(wrong)?;
        // First who signed it: what is not trusted is not even fetched.
        let (signatures, bundles, trust) = self.verify(&pulling, repository, digest)?;
        if let (true, Err(error)) = (demand, &trust) {
            return Err(ObtainError::Trust { reference: Box::new(reference.clone()), error: Box::new(error.clone()) });
        }
        if let Some(warning) = trust.as_ref().ok().and_then(Verdict::warning).filter(|_| demand) {
            tracing::warn!("{warning}");
        }
        let mut blobs: BTreeSet<Digest> = [manifest.config.digest, manifest.component().digest].into();
        for blob in [&manifest.config, manifest.component()] {
            if self.store.read(blob.digest, blob.size)?.is_none() {
                let mut file = self.store.new_blob()?;
                self.remote(repository.registry())?.blob(repository, blob, &mut file)?;
                self.store.keep(&pulling, file, blob.digest)?;
            }
        }
        self.store.put(&pulling, &bytes)?;
        let in_use = self.store.in_use(manifest.component().digest)?;
        let component = self.store.read(manifest.component().digest, manifest.component().size)?;
        let component = component.ok_or_else(|| {
            let what = "the component, which the store does not keep; try again".to_owned();
            wrong(ArtifactError::Other(what))
        })?;
        blobs.extend(signatures.blobs);
        let entry = Entry {
            component: manifest.component().digest,
            size: bytes.len() as u64 + manifest.config.size + manifest.component().size,
            blobs,
            signatures: signatures.manifests,
            used: Timestamp::now(),
        };
        self.store.change(|index| {
            index.note(reference, digest);
            index.packs.insert(digest.to_string(), entry);
        })?;
        let reference = reference.clone();
        Ok(Obtained { reference, resolved, manifest, component, trust, signatures: bundles, in_use })
    }

    /// Whether the policy trusts it: by the signatures in the store, or else by those in the registry.
    fn verify(
        &self,
        pulling: &Pulling,
        repository: &Repository,
        digest: Digest,
    ) -> Result<(Signatures, usize, Result<Verdict, TrustError>), ObtainError> {
        let index = self.store.index()?;
        let mut before = None;
        if let Some(entry) = index.pack(digest) {
            let kept = self.kept(&entry.signatures)?;
            let (count, trust) = (kept.bundles.len(), self.trust.check(repository, digest, &kept.bundles));
            match trust {
                Ok(verdict) => return Ok((kept, count, Ok(verdict))),
                Err(refusal) => before = Some((kept, count, Err(refusal))),
            }
        }
        let found = match (self.fetch_signatures(pulling, repository, digest), before) {
            // The registry cannot add to what is here: then that decides.
            (Err(ObtainError::Remote(error)), Some(before)) if error.is_down() => return Ok(before),
            (found, _) => found?,
        };
        let trust = self.trust.check(repository, digest, &found.bundles);
        let count = found.bundles.len();
        Ok((found, count, trust))
    }

    /// The digest that a name leads to, and the signatures of it, whoever made them.
    ///
    /// # Errors
    /// The registry does not give them.
    pub fn signatures(&self, reference: &Reference) -> Result<(Digest, Vec<Vec<u8>>), ObtainError> {
        let digest = self.resolve(reference, None)?.digest;
        let pulling = self.store.pulling()?;
        Ok((digest, self.fetch_signatures(&pulling, reference.repository(), digest)?.bundles))
    }

    /// The signatures of a pack, out of the store.
    fn kept(&self, manifests: &BTreeSet<Digest>) -> Result<Signatures, StoreError> {
        let mut kept = Signatures::default();
        for digest in manifests {
            let Some(bytes) = self.store.read(*digest, MAX_DOCUMENT)? else { continue };
            let Ok(manifest) = Manifest::read(&bytes) else { continue };
            let Some(layer) = bundle_layer(&manifest) else { continue };
            let Some(bundle) = self.store.read(layer, MAX_BUNDLE_BYTES as u64)? else { continue };
            kept.add(*digest, &manifest, bundle);
        }
        Ok(kept)
    }

    /// The signatures of a pack, out of the registry; they are kept in the store.
    fn fetch_signatures(
        &self,
        pulling: &Pulling,
        repository: &Repository,
        subject: Digest,
    ) -> Result<Signatures, ObtainError> {
        let remote = self.remote(repository.registry())?;
        let mut found = Signatures::default();
        for referrer in remote.referrers(repository, subject)? {
            if referrer.artifact_type.as_deref().is_some_and(|kind| kind != BUNDLE_MEDIA_TYPE) {
                continue;
            }
            // A signature that cannot be had is none: it does not keep the others from being looked at.
            match self.fetch_signature(pulling, &remote, repository, referrer.digest) {
                Ok(Some((manifest, bundle))) => found.add(referrer.digest, &manifest, bundle),
                Ok(None) => {}
                Err(ObtainError::Remote(error)) if !error.is_down() => {
                    tracing::warn!("a signature of {repository}@{subject} is left out: {error}");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    fn fetch_signature(
        &self,
        pulling: &Pulling,
        remote: &Remote,
        repository: &Repository,
        digest: Digest,
    ) -> Result<Option<(Manifest, Vec<u8>)>, ObtainError> {
        let bytes = remote.manifest(repository, digest)?;
        let Ok(manifest) = Manifest::read(&bytes) else { return Ok(None) };
        let Some(layer) = manifest.layers.iter().find(|layer| layer.media_type == BUNDLE_MEDIA_TYPE) else {
            return Ok(None);
        };
        if layer.size > MAX_BUNDLE_BYTES as u64 || manifest.config.size > MAX_DOCUMENT {
            return Ok(None);
        }
        let mut bundle = Vec::new();
        remote.blob(repository, layer, &mut bundle)?;
        let mut config = Vec::new();
        remote.blob(repository, &manifest.config, &mut config)?;
        for bytes in [&bytes, &bundle, &config] {
            self.store.put(pulling, bytes)?;
        }
        Ok(Some((manifest, bundle)))
    }

    /// Refuses a version that is older than the one that was accepted under that name before.
    ///
    /// # Errors
    /// It is older, and that is not allowed.
    pub fn check_downgrade(&self, reference: &Reference, digest: Digest, version: &Version) -> Result<(), ObtainError> {
        let index = self.store.index()?;
        let Some(accepted) = index.known(reference).and_then(|known| known.accepted.as_ref()) else { return Ok(()) };
        let older = version.cmp_precedence(&accepted.version).is_lt() && digest != accepted.digest;
        if older && !self.allow_downgrade {
            let (reference, version, accepted) =
                (Box::new(reference.clone()), version.clone(), accepted.version.clone());
            return Err(ObtainError::Downgrade { reference, version, accepted });
        }
        Ok(())
    }

    /// Notes that a pack was accepted under a name.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn accept(&self, reference: &Reference, digest: Digest, version: &Version) -> Result<(), ObtainError> {
        let accepted = Accepted { digest, version: version.clone() };
        Ok(self.store.change(|index| {
            index.accept(reference, accepted);
            index.touch(digest);
        })?)
    }
}

/// Signatures that were found.
#[derive(Debug, Default)]
struct Signatures {
    manifests: BTreeSet<Digest>,
    blobs: BTreeSet<Digest>,
    bundles: Vec<Vec<u8>>,
}

impl Signatures {
    fn add(&mut self, digest: Digest, manifest: &Manifest, bundle: Vec<u8>) {
        self.manifests.insert(digest);
        self.blobs.extend([digest, manifest.config.digest, Digest::of(&bundle)]);
        self.bundles.push(bundle);
    }
}

fn bundle_layer(manifest: &Manifest) -> Option<Digest> {
    manifest.layers.iter().find(|layer| layer.media_type == BUNDLE_MEDIA_TYPE).map(|layer| layer.digest)
}
