//! A compiled pack as a file: what it was compiled from, for what, and a checksum over all of it. Native code is run as it
//! is, so a single changed byte must not get that far.
//!
//! Little-endian: 8 bytes of magic, which count the versions of this layout too; SHA-256 of the component; SHA-256 of what
//! the code was compiled for; SHA-256 of the code; the code.

use sha2::{Digest as _, Sha256};

const MAGIC: [u8; 8] = *b"LNRCODE1";
/// Bytes of a digest.
const DIGEST: usize = 32;
/// Bytes before the code.
const HEAD: usize = MAGIC.len() + 3 * DIGEST;

/// SHA-256.
pub(super) type Digest = [u8; DIGEST];

/// What an entry is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The component's bytes.
    pub(super) component: Digest,
    /// The runtime, the machine and the settings that it was compiled for.
    pub(super) target: Digest,
}

/// Why the bytes are no such entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("it is cut, or no compiled pack at all")]
    Foreign,
    #[error("it is of another pack, or for another version of lanner")]
    Other,
    #[error("its content is not what was written")]
    Damaged,
}

/// The bytes of an entry.
pub(super) fn encode(key: &Key, code: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + code.len());
    bytes.extend(MAGIC);
    bytes.extend(key.component);
    bytes.extend(key.target);
    bytes.extend(checksum(key, code));
    bytes.extend(code);
    bytes
}

/// The code in it.
pub(super) fn decode<'a>(key: &Key, bytes: &'a [u8]) -> Result<&'a [u8], Unusable> {
    let (head, code) = bytes.split_at_checked(HEAD).ok_or(Unusable::Foreign)?;
    let (magic, digests) = head.split_at(MAGIC.len());
    let (of, written) = digests.split_at(2 * DIGEST);
    if magic != MAGIC {
        return Err(Unusable::Foreign);
    }
    if of != [key.component, key.target].concat() {
        return Err(Unusable::Other);
    }
    if written != checksum(key, code) {
        return Err(Unusable::Damaged);
    }
    Ok(code)
}

fn checksum(key: &Key, code: &[u8]) -> Digest {
    let hash = Sha256::new().chain_update(MAGIC).chain_update(key.component).chain_update(key.target);
    hash.chain_update(code).finalize().into()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const KEY: Key = Key { component: [1; DIGEST], target: [2; DIGEST] };

    #[test]
    fn what_was_written_is_read_and_of_another_key_it_is_not() {
        let bytes = encode(&KEY, b"code");
        assert_eq!(decode(&KEY, &bytes), Ok(&b"code"[..]));
        for other in [Key { component: [3; DIGEST], ..KEY }, Key { target: [3; DIGEST], ..KEY }] {
            assert_eq!(decode(&other, &bytes), Err(Unusable::Other));
        }
        assert_eq!(decode(&KEY, b""), Err(Unusable::Foreign));
    }

    proptest! {
        #[test]
        fn every_change_is_noticed(code in vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), flip in 1..=255_u8) {
            let mut bytes = encode(&KEY, &code);
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(decode(&KEY, &bytes).is_err());
        }

        #[test]
        fn every_cut_is_noticed(code in vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
            let bytes = encode(&KEY, &code);
            prop_assert!(decode(&KEY, &bytes[..at.index(bytes.len())]).is_err());
        }
    }
}
