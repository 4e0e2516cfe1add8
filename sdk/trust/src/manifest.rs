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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KeyPair;
    use crate::sign;

    #[test]
    fn the_manifest_is_the_one_that_cosign_writes() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let bundle = sign(&KeyPair::generate(), &digest).unwrap();
        let subject = Subject { media_type: MANIFEST_MEDIA_TYPE.into(), digest: digest.clone(), size: 707 };
        let created = "2026-11-25T13:30:00.75Z".parse().unwrap();
        let stored = signature_manifest(&bundle, &subject, created);
        assert_eq!(stored, signature_manifest(&bundle, &subject, created));
        assert_eq!(stored.digest, digest::of(&stored.manifest));
        let [config, layer] = &stored.blobs;
        assert_eq!(config.bytes, b"{}");
        assert_eq!(config.digest, "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
        assert_eq!(layer.bytes, bundle.as_bytes());
        let hex = layer.digest.strip_prefix("sha256:").unwrap();
        let size = layer.bytes.len();
        // Fields in this order; no spaces.
        let expected = format!(
            r#"{{"schemaVersion":2,
            "mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{{"mediaType":"application/vnd.oci.empty.v1+json","size":2,
              "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
              "artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}},
            "layers":[{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":{size},
              "digest":"sha256:{hex}",
              "annotations":{{"org.opencontainers.image.title":"sha256-{hex}.sigstore.json"}}}}],
            "annotations":{{"dev.sigstore.bundle.content":"dsse-envelope",
              "dev.sigstore.bundle.predicateType":"https://sigstore.dev/cosign/sign/v1",
              "org.opencontainers.image.created":"2026-11-25T13:30:00Z"}},
            "subject":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":707,"digest":"{digest}"}},
            "artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}}"#
        );
        let expected: String = expected.lines().map(str::trim_start).collect();
        assert_eq!(String::from_utf8(stored.manifest).unwrap(), expected);
    }
}
