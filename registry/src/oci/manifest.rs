//! Manifests: what the registry has to know of them. They are kept and served byte for byte as they were pushed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Digest;

/// An OCI image manifest.
pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image index.
pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// What stands where nothing is to be said.
pub const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
/// How many descriptors a manifest may hold. Each is looked up before it is accepted.
const MAX_DESCRIPTORS: usize = 10_000;

/// A reference to content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What the content is.
    pub media_type: String,
    /// Its address.
    pub digest: Digest,
    /// How long it is, in bytes.
    pub size: u64,
    /// Of an artifact, what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Where else it may be had; such content need not be here.
    #[serde(default, deserialize_with = "or_none", skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
}

/// Go writes an empty list as `null`.
fn or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What was pushed is no manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or not of the right shape.
    #[error("the manifest cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Of another kind than the request said.
    #[error("the manifest calls itself {body}, and the request {header}")]
    MediaType {
        /// By the request.
        header: String,
        /// By itself.
        body: String,
    },
    /// Neither manifest nor index.
    #[error("a manifest of type {0} is not supported")]
    Unsupported(String),
    /// It says too little.
    #[error("the manifest has no {0}")]
    Missing(&'static str),
    /// One client could read it as a manifest, another as an index (CVE-2021-41190).
    #[error("a document of type {media_type} must have no {field}: remove it, or push a manifest and an index")]
    Ambiguous {
        /// What it was pushed as.
        media_type: String,
        /// What belongs to the other kind.
        field: &'static str,
    },
    /// Clients that do not tell cases apart would read this field instead of the right one, or not.
    #[error("the manifest has a field {0:?}, which some clients take for {1:?}: remove it")]
    Lookalike(String, &'static str),
    /// It says too much.
    #[error("the manifest refers to {0} things; at most {MAX_DESCRIPTORS} are allowed")]
    TooMany(usize),
}

/// What the registry reads in a manifest or an index.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    schema_version: u32,
    /// What it calls itself.
    #[serde(default)]
    pub media_type: Option<String>,
    /// Of an artifact, what it is for.
    #[serde(default)]
    pub artifact_type: Option<String>,
    /// Of an image manifest.
    #[serde(default)]
    pub config: Option<Descriptor>,
    /// Of an image manifest.
    #[serde(default)]
    pub layers: Option<Vec<Descriptor>>,
    /// Of an index.
    #[serde(default)]
    pub manifests: Option<Vec<Descriptor>>,
    /// What this says something about.
    #[serde(default)]
    pub subject: Option<Descriptor>,
    /// What was said about it.
    #[serde(default)]
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Manifest {
    /// Reads a manifest that is to be kept, as [`Manifest::parse`] does: it must mean the same to every client.
    ///
    /// # Errors
    /// It is none, none that is supported, or one that clients could read in two ways.
    pub fn parse_new(bytes: &[u8], media_type: &str) -> Result<(Self, String), ManifestError> {
        let (manifest, known) = Self::parse(bytes, media_type)?;
        super::unambiguous::check_fields(bytes)?;
        let of_others: &[_] = match known.as_str() {
            INDEX | DOCKER_INDEX => &[("config", manifest.config.is_some()), ("layers", manifest.layers.is_some())],
            _ => &[("manifests", manifest.manifests.is_some())],
        };
        match of_others.iter().find(|(_, there)| *there) {
            Some((field, _)) => Err(ManifestError::Ambiguous { media_type: known, field }),
            None => Ok((manifest, known)),
        }
    }

    /// Reads a manifest that a request calls `media_type` (without parameters; empty if it says nothing); the second is
    /// the media type to keep it by.
    ///
    /// # Errors
    /// It is none, or none that is supported.
    pub fn parse(bytes: &[u8], media_type: &str) -> Result<(Self, String), ManifestError> {
        let manifest: Self = serde_json::from_slice(bytes)?;
        let known = match (&manifest.media_type, media_type) {
            (Some(body), "") => body.clone(),
            (None, "") if manifest.manifests.is_some() => INDEX.into(),
            (None, "") => MANIFEST.into(),
            (None, header) => header.into(),
            (Some(body), header) if body == header => body.clone(),
            (Some(body), header) => {
                return Err(ManifestError::MediaType { header: header.into(), body: body.clone() });
            }
        };
        if manifest.schema_version != 2 {
            return Err(ManifestError::Missing("schemaVersion 2"));
        }
        match known.as_str() {
            MANIFEST | DOCKER_MANIFEST => {
                manifest.config.as_ref().ok_or(ManifestError::Missing("config"))?;
                manifest.layers.as_ref().ok_or(ManifestError::Missing("layers"))?;
            }
            INDEX | DOCKER_INDEX => {
                manifest.manifests.as_ref().ok_or(ManifestError::Missing("manifests"))?;
            }
            _ => return Err(ManifestError::Unsupported(known)),
        }
        let descriptors = manifest.blobs().count() + manifest.manifests.as_ref().map_or(0, Vec::len);
        match descriptors > MAX_DESCRIPTORS {
            true => Err(ManifestError::TooMany(descriptors)),
            false => Ok((manifest, known)),
        }
    }

    /// The blobs it is made of.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        self.config.iter().chain(self.layers.iter().flatten())
    }

    /// The manifests it is made of.
    pub fn children(&self) -> impl Iterator<Item = &Descriptor> {
        self.manifests.iter().flatten()
    }

    /// What it is for, as the list of referrers shows it.
    pub fn kind(&self) -> Option<&str> {
        let config = || self.config.as_ref().map(|config| config.media_type.as_str());
        self.artifact_type.as_deref().filter(|kind| !kind.is_empty()).or_else(config)
    }
}
