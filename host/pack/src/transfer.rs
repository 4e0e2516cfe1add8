//! Whole packs, with what refers to them, between registries, archives and the store.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::artifact::{Descriptor, MANIFEST_MEDIA_TYPE, MAX_DOCUMENT, Manifest};
use super::digest::Digest;
use super::layout::{Archive, LayoutError, Saved};
use super::load::MAX_SIZE;
use super::reference::{Reference, Repository};
use super::remote::{Remote, RemoteError};
use super::store::{Entry, Store, StoreError};

/// A pack cannot be carried.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The registry.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// The archive.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a pack with all that refers to it out of a registry.
///
/// # Errors
/// It cannot be had, or is no pack.
pub fn take(remote: &Remote, reference: &Reference) -> Result<Archive, TransferError> {
    let repository = reference.repository();
    let digest = remote.resolve(reference, None)?.digest;
    let mut blobs = BTreeMap::new();
    let artifact = |digest: Digest| move |error| RemoteError::Artifact { what: digest.to_string(), error };
    let bytes = remote.manifest(repository, digest)?;
    let manifest = Manifest::of_pack(&bytes).map_err(artifact(digest))?;
    take_blobs(remote, repository, &manifest, MAX_SIZE, &mut blobs)?;
    blobs.insert(digest, bytes);
    let mut signatures = BTreeSet::new();
    for referrer in remote.referrers(repository, digest)? {
        let bytes = remote.manifest(repository, referrer.digest)?;
        let Ok(manifest) = Manifest::read(&bytes) else { continue };
        // A signature is small; what else refers to a pack, such as a bill of materials, may be anything.
        if manifest.layers.iter().chain([&manifest.config]).any(|blob| blob.size > MAX_DOCUMENT) {
            let what = manifest.artifact_type.as_deref().unwrap_or("something");
            tracing::warn!("{what} that refers to {reference} is left out: it has more than {MAX_DOCUMENT} bytes");
            continue;
        }
        take_blobs(remote, repository, &manifest, MAX_DOCUMENT, &mut blobs)?;
        blobs.insert(referrer.digest, bytes);
        signatures.insert(referrer.digest);
    }
    Ok(Archive { packs: vec![Saved { reference: reference.clone(), digest, signatures }], blobs })
}

fn take_blobs(
    remote: &Remote,
    repository: &Repository,
    manifest: &Manifest,
    limit: u64,
    blobs: &mut BTreeMap<Digest, Vec<u8>>,
) -> Result<(), RemoteError> {
    for blob in manifest.layers.iter().chain([&manifest.config]) {
        if blob.size > limit {
            let (registry, what) = (remote.registry().to_owned(), blob.digest.to_string());
            return Err(RemoteError::TooLarge { registry, what, limit });
        }
        let mut bytes = Vec::new();
        remote.blob(repository, blob, &mut bytes)?;
        blobs.insert(blob.digest, bytes);
    }
    Ok(())
}

/// Gives a pack of an archive, with all that refers to it, to a registry: first the pack without a name, then what refers
/// to it, and the name last, so that who pulls by it finds the signatures.
///
/// # Errors
/// The registry does not take it.
pub fn give(
    archive: &Archive,
    pack: &Saved,
    remote: &Remote,
    repository: &Repository,
    tag: Option<&str>,
) -> Result<(), TransferError> {
    for digest in archive.belongings(pack)?.difference(&pack.signatures) {
        remote.push_blob(repository, archive.blob(*digest)?)?;
    }
    let manifest = archive.blob(pack.digest)?;
    remote.push_manifest(repository, &pack.digest.to_string(), MANIFEST_MEDIA_TYPE, manifest)?;
    for signature in &pack.signatures {
        remote.push_referrer(repository, archive.blob(*signature)?)?;
    }
    if let Some(tag) = tag {
        remote.push_manifest(repository, tag, MANIFEST_MEDIA_TYPE, manifest)?;
    }
    Ok(())
}

/// Puts a pack of an archive into the store, its signatures beside those that are there. Whether it is trusted is asked when it is run.
///
/// # Errors
/// The store cannot be written.
pub fn keep(archive: &Archive, pack: &Saved, store: &Store) -> Result<(), TransferError> {
    let pulling = store.pulling()?;
    let blobs = archive.belongings(pack)?;
    for digest in blobs.iter().chain([&pack.digest]) {
        store.put(&pulling, archive.blob(*digest)?)?;
    }
    let wrong = |error| LayoutError::Artifact { digest: pack.digest, error };
    let manifest = Manifest::of_pack(archive.blob(pack.digest)?).map_err(wrong)?;
    let component: &Descriptor = manifest.component();
    let size = archive.blob(pack.digest)?.len() as u64 + manifest.config.size + component.size;
    let (component, signatures, used) = (component.digest, pack.signatures.clone(), Timestamp::now());
    let mut entry = Entry { component, size, blobs, signatures, used };
    store.change(|index| {
        index.note(&pack.reference, pack.digest);
        if let Some(before) = index.pack(pack.digest) {
            entry.blobs.extend(&before.blobs);
            entry.signatures.extend(&before.signatures);
        }
        index.packs.insert(pack.digest.to_string(), entry);
    })?;
    Ok(())
}
