//! What a registry reads of strangers: manifests, ranges, names, digests.

#![no_main]

use lanner_registry::oci::{Algorithm, Digest, Manifest, RepositoryName, Tag, content_range, requested};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let text = std::str::from_utf8(rest).unwrap_or_default();
    match first % 5 {
        0 => {
            if let Ok((manifest, media_type)) = Manifest::parse(rest, "") {
                assert!(!media_type.is_empty());
                assert!(manifest.blobs().count() + manifest.children().count() <= 10_000);
                // What was taken under one name is taken under that name.
                assert!(Manifest::parse(rest, &media_type).is_ok());
            }
        }
        1 => {
            let len = u64::from(*first) << 3;
            if let Ok(Some(range)) = requested(text, len) {
                assert!(range.start < range.end && range.end <= len, "{range:?} of {len}");
            }
        }
        2 => {
            if let Some(range) = content_range(text) {
                assert!(range.start < range.end);
            }
        }
        3 => {
            if let Ok(digest) = text.parse::<Digest>() {
                assert_eq!(digest.to_string(), text);
                assert!(matches!(digest.algorithm(), Algorithm::Sha256 | Algorithm::Sha512));
            }
        }
        _ => {
            // Either may become a part of a path.
            if let Ok(name) = text.parse::<RepositoryName>() {
                assert!(name.as_str().split('/').all(|part| !part.is_empty() && !part.starts_with(['.', '_'])));
            }
            if let Ok(tag) = text.parse::<Tag>() {
                assert!(!tag.as_str().contains('/') && !tag.as_str().starts_with('.'));
            }
        }
    }
});
