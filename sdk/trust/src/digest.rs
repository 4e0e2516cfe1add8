//! The digest of a manifest, the only thing that is ever signed.

use crate::quoted::Quoted;

/// What was given as the digest of a manifest is not one that can be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signatures are of `sha256:` and 64 hexadecimal digits in lower case, not of {}", Quoted(.0))]
pub struct DigestError(pub(crate) String);

/// The hexadecimal part of a sha256 digest.
pub(crate) fn sha256_hex(digest: &str) -> Result<&str, DigestError> {
    match digest.strip_prefix("sha256:") {
        Some(hex) if is_hex(hex) => Ok(hex),
        _ => Err(DigestError(digest.to_owned())),
    }
}

/// Whether it is 64 hexadecimal digits in lower case.
pub(crate) fn is_hex(hex: &str) -> bool {
    hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// The digest of these bytes, with its `sha256:`.
pub(crate) fn of(bytes: &[u8]) -> String {
    use sha2::Digest;
    format!("sha256:{}", hex::encode(sha2::Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sha256_in_lower_case() {
        let hex = "0123456789abcdef".repeat(4);
        assert_eq!(sha256_hex(&format!("sha256:{hex}")), Ok(hex.as_str()));
        let upper = format!("sha256:{}", hex.to_uppercase());
        let long = format!("sha512:{hex}{hex}");
        for wrong in ["", "sha256:", &hex, &upper, &long, &format!("sha256:{}", &hex[1..]), &format!("sha256:{hex}0")] {
            assert!(sha256_hex(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            sha256_hex("sha512:00").unwrap_err().to_string(),
            "signatures are of `sha256:` and 64 hexadecimal digits in lower case, not of \"sha512:00\""
        );
    }
}
