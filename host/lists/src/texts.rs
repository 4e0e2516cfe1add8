//! Texts, one after the other in one place, found by their hashes.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::quality::RandomState;
use hashbrown::HashTable;
use lanner_contract::list::MAX_ENTRY;

/// Texts. Of each there are its bytes, two for its length, and some six for where it is to be found.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// Each with its length before it.
    bytes: Vec<u8>,
    /// Where each begins.
    places: HashTable<u32>,
    /// Other numbers at each start: who writes a list that others load cannot have its texts lie in one another's way.
    hasher: RandomState,
}

/// Bytes of a length.
const LENGTH: usize = size_of::<u16>();
// A length is one, whatever the text.
const _: () = assert!(MAX_ENTRY <= u16::MAX as usize);

impl Texts {
    /// Adds a text that is no longer than an entry may be. Says whether there was room for it.
    pub(crate) fn add(&mut self, text: &[u8]) -> bool {
        let Self { bytes, places, hasher } = self;
        let (Ok(place), Ok(length)) = (u32::try_from(bytes.len()), u16::try_from(text.len())) else { return false };
        let is_it = |other: &u32| at(bytes, *other) == text;
        let hash_of = |other: &u32| hash(hasher, at(bytes, *other));
        if let hashbrown::hash_table::Entry::Vacant(vacant) = places.entry(hash(hasher, text), is_it, hash_of) {
            vacant.insert(place);
            bytes.extend(length.to_le_bytes());
            bytes.extend(text);
        }
        true
    }

    /// Whether it is there.
    #[inline]
    pub(crate) fn has(&self, text: &[u8]) -> bool {
        self.places.find(hash(&self.hasher, text), |place| at(&self.bytes, *place) == text).is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Memory that they take, bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity() + self.places.allocation_size()
    }

    /// No more of them come.
    pub(crate) fn end(&mut self) {
        self.bytes.shrink_to_fit();
        let Self { bytes, places, hasher } = self;
        places.shrink_to_fit(|place| hash(hasher, at(bytes, *place)));
    }

    /// All, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut left = self.bytes.as_slice();
        std::iter::from_fn(move || {
            let text = at(left, 0);
            left = left.get(LENGTH + text.len()..)?;
            Some(text)
        })
    }
}

#[inline]
fn hash(hasher: &RandomState, text: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// The text that begins there.
#[inline]
fn at(bytes: &[u8], place: u32) -> &[u8] {
    let text = bytes.get(place as usize..).and_then(|from| {
        let (length, from) = from.split_first_chunk::<LENGTH>()?;
        from.get(..u16::from_le_bytes(*length).into())
    });
    text.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_there_once() {
        let mut texts = Texts::default();
        for text in ["a", "", "b", "a", "\0", ""] {
            assert!(texts.add(text.as_bytes()));
        }
        texts.end();
        assert_eq!(texts.iter().collect::<Vec<_>>(), [b"a".as_slice(), b"", b"b", b"\0"]);
        assert_eq!(texts.len(), 4);
        assert!(texts.has(b"") && texts.has(b"b") && !texts.has(b"ab") && !texts.has(b"\x01\0a"));
    }
}
