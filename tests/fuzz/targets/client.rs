//! What is read of registries and their token servers by those who ask them, of signatures, and of policies.

#![no_main]

use std::path::Path;

use lanner_oci::{Challenge, next_page};
use lanner_trust::{Policy, PublicKey, verify_with_key};
use libfuzzer_sys::fuzz_target;
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, LINK, WWW_AUTHENTICATE};

const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let text = std::str::from_utf8(rest).unwrap_or_default();
    match first % 5 {
        0 => {
            let Ok(value) = HeaderValue::from_bytes(rest) else { return };
            let of = Url::parse("https://registry.example.org/v2/a/tags/list?n=5").expect("a URL");
            if let Some(next) = next_page(&HeaderMap::from_iter([(LINK, value)]), &of) {
                assert_eq!((next.origin(), next.path()), (of.origin(), of.path()));
            }
        }
        1 => {
            let Ok(value) = HeaderValue::from_bytes(rest) else { return };
            let _ = Challenge::of(&HeaderMap::from_iter([(WWW_AUTHENTICATE, value)]));
        }
        2 => {
            if let Ok(policy) = Policy::parse(text, Path::new("/nonexistent")) {
                for entry in policy.entries() {
                    assert!(policy.entry(&format!("{}/x", entry.prefix())).is_ok(), "{}", entry.prefix());
                }
            }
        }
        3 => {
            let _ = PublicKey::from_pem(text);
        }
        _ => assert!(verify_with_key(rest, DIGEST, &[]).is_err(), "nobody is trusted"),
    }
});
