//! How a signature is stored in a registry: as a referrer of what it signs, in the form that cosign writes.

use jiff::Timestamp;
use serde_json::json;

use crate::bundle::Bundle;
use crate::digest;
use crate::{BUNDLE_MEDIA_TYPE, PREDICATE_TYPE};

const MANIFEST_MEDIA_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const EMPTY_MEDIA_TYPE: &str = "application/vnd.oci.empty.v1+json";
const EMPTY: &[u8] = b"{}";

/// The manifest that is signed, as a descriptor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Its media type, as the registry gave it.
    pub media_type: String,
    /// Its digest, `sha256:…`.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

/// A blob that a manifest refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Its media type.
    pub media_type: &'static str,
    /// Its digest, `sha256:…`.
    pub digest: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Blob {
    fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self { media_type, digest: digest::of(&bytes), bytes }
    }
}

/// What has to be pushed for a signature: the blobs, then the manifest, by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureManifest {
    /// The manifest, in JSON; its media type is [`SignatureManifest::MEDIA_TYPE`].
    pub manifest: Vec<u8>,
    /// The digest of the manifest, `sha256:…`.
    pub digest: String,
    /// The empty config, and the bundle.
    pub blobs: [Blob; 2],
}

impl SignatureManifest {
    /// The media type of the manifest.
    pub const MEDIA_TYPE: &'static str = MANIFEST_MEDIA_TYPE;
}

/// The referrer that stores this bundle beside `subject`. The same arguments give the same bytes; `created` counts in
/// full seconds.
pub fn signature_manifest(bundle: &Bundle, subject: &Subject, created: Timestamp) -> SignatureManifest {
    let config = Blob::new(EMPTY_MEDIA_TYPE, EMPTY.to_vec());
    let layer = Blob::new(BUNDLE_MEDIA_TYPE, bundle.as_bytes().to_vec());
    // The order of the fields is the one in which cosign writes them.
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_MEDIA_TYPE,
        "config": {
            "mediaType": config.media_type,
            "size": config.bytes.len(),
            "digest": config.digest,
            "artifactType": BUNDLE_MEDIA_TYPE,
        },
        "layers": [{
            "mediaType": layer.media_type,
            "size": layer.bytes.len(),
            "digest": layer.digest,
            "annotations": {
                "org.opencontainers.image.title": format!("{}.sigstore.json", layer.digest.replace(':', "-")),
            },
        }],
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": PREDICATE_TYPE,
            "org.opencontainers.image.created": created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        },
        "subject": {"mediaType": subject.media_type, "size": subject.size, "digest": subject.digest},
        "artifactType": BUNDLE_MEDIA_TYPE,
    });
    let manifest = manifest.to_string().into_bytes();
    SignatureManifest { digest: digest::of(&manifest), manifest, blobs: [config, layer] }
}
