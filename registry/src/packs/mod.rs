//! What the registry knows of rule packs: it looks at them before it takes them (`component`, `description`), hands
//! them out only when they are signed where that is asked for, and shows what there is.
//!
//! For all of it a pack is an image manifest with a layer of a WebAssembly component.

mod component;
mod description;
mod index;
mod key;
mod search;
mod signatures;
mod validation;
mod web;

use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use lanner_artifact::{COMPONENT_MEDIA_TYPE, CONFIG_MEDIA_TYPE};
use serde::Deserialize;

use crate::oci::{Code, Digest, Manifest, OciError, Reference, RepositoryName};
use crate::store::{Store, Stored, TagChange};
use index::Index;
use signatures::Signatures;
use validation::Validation;

pub use key::KeyFileError;
pub(crate) use signatures::is_signature;
pub use web::routes;

/// What is asked of packs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PacksConfig {
    /// Whether a pack is only taken if its component is valid, speaks our contract and is described soundly.
    pub validate: bool,
    /// How long a component may be, in bytes, where packs are validated.
    pub component_bytes: u64,
    /// Where packs are only handed out with a signature.
    pub require_signature: Vec<SignatureDemand>,
}

impl Default for PacksConfig {
    fn default() -> Self {
        Self { validate: false, component_bytes: 64 << 20, require_signature: Vec::new() }
    }
}

/// Packs of some repositories are only handed out once they are signed. A repository that several demands name has to
/// meet all of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureDemand {
    /// Which repositories: names, where `*` stands for anything (`team/*`).
    pub repositories: Vec<String>,
    /// Files of public keys, in PEM; a signature by one of them will do.
    pub keys: Vec<PathBuf>,
}

/// What the registry knows of rule packs.
pub struct Packs {
    validation: Option<Validation>,
    signatures: Signatures,
    index: Index,
    /// How clients call this registry, if they were told: host and port.
    host: Option<String>,
}

impl Packs {
    /// By the configuration, and the URL that clients are told, if there is one.
    ///
    /// # Errors
    /// A key cannot be read.
    pub fn new(config: &PacksConfig, url: Option<&str>) -> Result<Self, KeyFileError> {
        let host = url.map(|url| url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/').to_owned());
        Ok(Self {
            validation: config.validate.then(|| Validation::new(config.component_bytes)),
            signatures: Signatures::new(&config.require_signature)?,
            index: Index::default(),
            host,
        })
    }

    /// Looks at a manifest before it is taken.
    ///
    /// # Errors
    /// It is a pack, and none that may be taken.
    pub async fn check(&self, store: &Store, name: &RepositoryName, manifest: &Manifest) -> Result<(), OciError> {
        match &self.validation {
            Some(validation) if has_component(manifest) => validation.check(store, name, manifest).await,
            _ => Ok(()),
        }
    }

    /// Whether [`Packs::release`] has to look at manifests of a repository.
    pub fn may_be_held_back(&self, name: &RepositoryName) -> bool {
        self.signatures.are_asked_for(name)
    }

    /// Whether a manifest may be handed out: to who may push where it lies, always; to all others, a pack only with the
    /// signatures that are asked for.
    ///
    /// # Errors
    /// It may not, or the storage fails.
    pub async fn release(
        &self,
        store: &Store,
        name: &RepositoryName,
        stored: &Stored,
        may_push: impl FnOnce() -> bool,
    ) -> Result<(), OciError> {
        if !self.signatures.are_asked_for(name) {
            return Ok(());
        }
        // What cannot be read any more is no pack that a client could read.
        let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) else { return Ok(()) };
        if !is_pack(&manifest) || may_push() {
            return Ok(());
        }
        let referrers = store.referrers_after(name, &stored.digest, None).await?;
        let signatures = referrers.try_filter_map(async |referrer| {
            Ok(is_signature(referrer.artifact_type.as_deref()).then_some(referrer.digest))
        });
        let referrers = signatures.try_collect().await?;
        match self.signatures.verified(store, name, &stored.digest, referrers).await? {
            Some(false) => {
                let reason = format!("the pack {} is not signed by a key this registry asks for", stored.digest);
                Err(OciError::new(Code::Denied, reason))
            }
            Some(true) | None => Ok(()),
        }
    }

    /// A manifest was pushed, with these tags.
    pub async fn pushed(
        &self,
        store: &Store,
        name: &RepositoryName,
        digest: &Digest,
        manifest: &Manifest,
        tags: &[TagChange],
    ) {
        if is_pack(manifest) || is_signature(manifest.kind()) {
            self.index.refresh(store, name, digest).await;
        }
        if let (true, Some(subject)) = (is_signature(manifest.kind()), &manifest.subject)
            && let Err(error) = self.signatures.signer(store, name, &subject.digest, digest).await
        {
            // It is read when it is shown.
            tracing::debug!(repository = %name, %digest, %error, "a signature that was pushed cannot be read");
        }
        for TagChange { tag, .. } in tags {
            if is_pack(manifest) || self.index.has_tag(name, tag) {
                self.index.refresh_tag(store, name, tag).await;
            }
        }
    }

    /// A manifest came from another registry and was asked for: what of it is not known yet is looked at.
    pub async fn fetched(&self, store: &Store, name: &RepositoryName, reference: &Reference, stored: &Stored) {
        let known = self.index.versions(name).unwrap_or_default().iter().any(|listed| {
            let named = match reference {
                Reference::Tag(tag) => listed.tags.contains(tag),
                Reference::Digest(_) => true,
            };
            named && listed.version.digest == stored.digest
        });
        if known {
            return;
        }
        if let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) {
            let tag = match reference {
                Reference::Tag(tag) => Some(TagChange { tag: tag.clone(), immutable: false }),
                Reference::Digest(_) => None,
            };
            self.pushed(store, name, &stored.digest, &manifest, tag.as_slice()).await;
        }
    }

    /// A manifest or a tag was taken away.
    pub async fn deleted(&self, store: &Store, name: &RepositoryName, reference: &Reference) {
        match reference {
            Reference::Digest(digest) => self.index.refresh(store, name, digest).await,
            Reference::Tag(tag) => self.index.refresh_tag(store, name, tag).await,
        }
    }

    /// Reads what the storage has: once when the registry starts, and when more has changed than was told. Until the
    /// first time is over, answers say that the index is still being built.
    pub async fn build(&self, store: &Store) {
        self.index.build(store).await;
    }
}

/// Whether a manifest has a layer of a WebAssembly component.
fn has_component(manifest: &Manifest) -> bool {
    manifest.layers.iter().flatten().any(|layer| layer.media_type == COMPONENT_MEDIA_TYPE)
}

/// Whether some client could take a manifest for a pack.
fn is_pack(manifest: &Manifest) -> bool {
    has_component(manifest) || manifest.config.as_ref().is_some_and(|config| config.media_type == CONFIG_MEDIA_TYPE)
}
