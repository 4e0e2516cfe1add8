//! From a name in a registry to the bytes of a trusted pack: resolve, verify, pull, keep.
//!
//! The signatures are those of a manifest's digest; the manifest names the component by its digest; and the bytes that are
//! given out are hashed once more. Where the registry is down, the store serves what was accepted before, verified anew.

mod accept;
mod error;
mod together;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use lanner_engine::Description;
use lanner_trust::{BUNDLE_MEDIA_TYPE, MAX_BUNDLE_BYTES, Verdict};

use crate::artifact::{ArtifactError, Kind, MAX_DOCUMENT, Manifest};
use crate::digest::Digest;
use crate::reference::{self, Reference, Repository};
use crate::remote::{Access, Remote, RemoteError, Resolved, Signature};
use crate::store::{Entry, InUse, Pulling, Store, StoreError};
use crate::trust::{Trust, TrustError};

pub use error::ObtainError;

/// A pack that was obtained.
#[derive(Debug)]
pub struct Obtained {
    /// Its name.
    pub reference: Reference,
    /// What the name led to.
    pub resolved: Resolved,
    /// Its manifest.
    pub manifest: Manifest,
    /// The component; of a list its entries, as they are written.
    pub component: Vec<u8>,
    /// Who signed it, as far as the policy trusts them; why it is not trusted.
    pub trust: Result<Verdict, TrustError>,
    /// How many signatures there are.
    pub signatures: usize,
    /// Keeps it in the store.
    pub in_use: Option<InUse>,
}

/// Bytes of signatures of one pack that are fetched, about: anyone who may push can add some.
const MAX_SIGNATURES_BYTES: u64 = 16 << 20;

/// Where it may be looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// In the store, and nowhere else.
    Store,
    /// In the registry too.
    Anywhere,
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
    /// What it gets.
    kind: Kind,
    remotes: Mutex<HashMap<String, Arc<Remote>>>,
}

impl Obtainer {
    /// Gets packs into this store.
    pub fn new(store: Store, trust: Trust, access: Access, allow_downgrade: bool) -> Self {
        Self { store, trust, access, allow_downgrade, kind: Kind::Pack, remotes: Mutex::default() }
    }

    /// Gets lists, and no packs.
    #[must_use]
    pub fn of_lists(self) -> Self {
        Self { kind: Kind::List, ..self }
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
        self.get(reference, true, &mut None)
    }

    /// What was accepted under a name before, out of the store and verified anew; no registry is asked. Nothing where the
    /// store does not have it all.
    ///
    /// # Errors
    /// The store cannot be used, or nothing in that repository is trusted.
    pub fn obtain_kept(&self, reference: &Reference) -> Result<Option<Obtained>, ObtainError> {
        self.check_covered(reference)?;
        let index = self.store.index()?;
        let Some(accepted) = index.known(reference).and_then(|known| known.accepted.as_ref()) else { return Ok(None) };
        let resolved = Resolved { digest: accepted.digest, etag: None };
        match self.get_resolved(reference, resolved, true, From::Store) {
            Ok(obtained) => Ok(Some(obtained)),
            // The registry may have more signatures than the store.
            Err(ObtainError::NotKept { .. } | ObtainError::Trust { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gets a pack. A registry that was found down is not asked again, and one that is found down is noted.
    fn get(
        &self,
        reference: &Reference,
        demand: bool,
        down: &mut Option<Arc<RemoteError>>,
    ) -> Result<Obtained, ObtainError> {
        if demand {
            self.check_covered(reference)?;
        }
        let error = match down {
            Some(error) => error.clone(),
            None => {
                let resolved = self.resolve(reference, None);
                match resolved.and_then(|resolved| self.get_resolved(reference, resolved, demand, From::Anywhere)) {
                    Err(ObtainError::Remote(error)) if error.is_down() => down.insert(Arc::new(error)).clone(),
                    outcome => return outcome,
                }
            }
        };
        let index = self.store.index()?;
        let before = match reference.version() {
            reference::Version::Digest(digest) => index.pack(*digest).map(|_| *digest),
            reference::Version::Tag(_) => {
                index.known(reference).map(|known| known.accepted.as_ref().map_or(known.digest, |last| last.digest))
            }
        };
        let not_in_store = || ObtainError::NotInStore { reference: Box::new(reference.clone()), error: error.clone() };
        let digest = before.ok_or_else(not_in_store)?;
        match self.get_resolved(reference, Resolved { digest, etag: None }, demand, From::Store) {
            Err(ObtainError::NotKept { .. }) => Err(not_in_store()),
            Ok(obtained) => {
                tracing::warn!("{error}; {reference} is taken from the store, as it was before");
                Ok(obtained)
            }
            outcome => outcome,
        }
    }

    /// Not even the name is asked for where nothing is trusted.
    fn check_covered(&self, reference: &Reference) -> Result<(), ObtainError> {
        let refused = |error| ObtainError::Trust { reference: Box::new(reference.clone()), error: Box::new(error) };
        self.trust.covers(reference.repository()).map_err(refused)
    }

    /// As [`Obtainer::obtain`], of what the name is known to lead to.
    ///
    /// # Errors
    /// It is not trusted, or cannot be had.
    pub fn obtain_resolved(&self, reference: &Reference, resolved: Resolved) -> Result<Obtained, ObtainError> {
        self.get_resolved(reference, resolved, true, From::Anywhere)
    }

    /// Gets a pack, trusted or not. Where the registry is down, the store's is taken.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn pull(&self, reference: &Reference) -> Result<Obtained, ObtainError> {
        self.get(reference, false, &mut None)
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

    /// The registry's client, where it may be asked.
    pub(crate) fn reach(&self, from: From, reference: &Reference) -> Result<Arc<Remote>, ObtainError> {
        match from {
            From::Store => Err(ObtainError::NotKept { reference: Box::new(reference.clone()) }),
            From::Anywhere => Ok(self.remote(reference.repository().registry())?),
        }
    }

    fn get_resolved(
        &self,
        reference: &Reference,
        resolved: Resolved,
        demand: bool,
        from: From,
    ) -> Result<Obtained, ObtainError> {
        let repository = reference.repository();
        let pulling = self.store.pulling()?;
        let digest = resolved.digest;
        let bytes = match self.store.read(digest, MAX_DOCUMENT)? {
            Some(bytes) => bytes,
            None => self.reach(from, reference)?.manifest(repository, digest)?,
        };
        let wrong = |error| ObtainError::Artifact { reference: Box::new(reference.clone()), error };
        let manifest = Manifest::of_kind(&bytes, self.kind).map_err(wrong)?;
        // First who signed it: what is not trusted is not even fetched.
        let (signatures, bundles, trust) = self.verify(&pulling, reference, digest, demand, from)?;
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
                self.reach(from, reference)?.blob(repository, blob, &mut file)?;
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
    pub(crate) fn verify(
        &self,
        pulling: &Pulling,
        reference: &Reference,
        digest: Digest,
        demand: bool,
        from: From,
    ) -> Result<(Signatures, usize, Result<Verdict, TrustError>), ObtainError> {
        let repository = reference.repository();
        let index = self.store.index()?;
        let mut before = None;
        if let Some(signatures) = index.signatures(digest) {
            let kept = self.kept(signatures)?;
            let (count, trust) = (kept.bundles.len(), self.trust.check(repository, digest, &kept.bundles));
            match trust {
                Ok(verdict) => return Ok((kept, count, Ok(verdict))),
                Err(refusal) => before = Some((kept, count, Err(refusal))),
            }
        }
        // Who looks at a pack is shown all of them.
        let enough = |bundles: &[Vec<u8>]| demand && self.trust.check(repository, digest, bundles).is_ok();
        let fetched =
            self.reach(from, reference).and_then(|_| self.fetch_signatures(pulling, repository, digest, &enough));
        let found = match (fetched, before) {
            // The registry cannot add to what is here: then that decides.
            (Err(ObtainError::Remote(error)), Some(before)) if error.is_down() => return Ok(before),
            (Err(ObtainError::NotKept { .. }), Some(before)) => return Ok(before),
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
        Ok((digest, self.fetch_signatures(&pulling, reference.repository(), digest, &|_| false)?.bundles))
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
        enough: &dyn Fn(&[Vec<u8>]) -> bool,
    ) -> Result<Signatures, ObtainError> {
        let remote = self.remote(repository.registry())?;
        let mut found = Signatures::default();
        let mut bytes = 0;
        // Asked seldom where there are many, as all are looked at each time.
        let mut next_look = 1;
        for referrer in remote.referrers(repository, subject)? {
            if found.bundles.len() >= next_look {
                if enough(&found.bundles) {
                    break;
                }
                next_look = (next_look + 1).max(next_look * 5 / 4);
            }
            if bytes > MAX_SIGNATURES_BYTES {
                tracing::warn!(
                    "{repository}@{subject} has more signatures than are looked at: somebody may store junk there"
                );
                break;
            }
            if referrer.artifact_type.as_deref().is_some_and(|kind| kind != BUNDLE_MEDIA_TYPE) {
                continue;
            }
            // A signature that cannot be had is none: it does not keep the others from being looked at.
            match remote.signature(repository, referrer.digest) {
                Ok(Some(Signature { manifest, bytes: text, config, bundle })) => {
                    for bytes in [&text, &bundle, &config] {
                        self.store.put(pulling, bytes)?;
                    }
                    bytes += bundle.len() as u64;
                    found.add(referrer.digest, &manifest, bundle);
                }
                Ok(None) => {}
                Err(error) if !error.is_down() => {
                    tracing::warn!("a signature of {repository}@{subject} is left out: {error}");
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    /// Why what is in the store under this digest is not trusted, by its signatures there, or not admitted, by what it is;
    /// nothing where it is.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn check_kept(
        &self,
        reference: &Reference,
        digest: Digest,
        description: &Description,
    ) -> Result<Option<TrustError>, ObtainError> {
        let index = self.store.index()?;
        let signatures = index.pack(digest).map(|entry| entry.signatures.clone()).unwrap_or_default();
        let kept = self.kept(&signatures)?;
        let rules: Vec<&str> = description.rules.iter().map(|rule| rule.id.as_str()).collect();
        let trusted = self.trust.check(reference.repository(), digest, &kept.bundles).map(drop);
        Ok(trusted.and_then(|()| self.trust.admit(reference.repository(), &description.name, &rules)).err())
    }
}

/// Signatures that were found.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    pub(crate) manifests: BTreeSet<Digest>,
    pub(crate) blobs: BTreeSet<Digest>,
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

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;

    use super::*;

    /// An obtainer with a store in this folder, and a policy with one entry, for `h.example`.
    pub(crate) fn obtainer(folder: &Path, entry: &str) -> Obtainer {
        let policy = folder.join("trust.toml");
        let text = format!(
            "apiVersion = \"lanner.dev/v1\"\nkind = \"TrustPolicy\"\n[[trust]]\nprefix = \"h.example\"\n{entry}\n"
        );
        std::fs::write(&policy, text).expect("a policy");
        let store = Store::open(Some(&folder.join("store"))).expect("a store");
        Obtainer::new(store, Trust::load(Some(&policy)).expect("it is sound"), Access::default(), false)
    }
}
