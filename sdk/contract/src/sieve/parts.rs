//! Texts to search for, all at once.

use alloc::boxed::Box;
use alloc::vec::Vec;

use memchr::memmem::Finder;

use super::sorted;

/// Bits of the hash of two bytes. With 4,096 hashes, a hundred texts leave most of them to what is in none.
const HASH_BITS: u32 = 12;
/// Bytes that may be compared at such places for each byte of a text, and for a text at all, before each is searched for by
/// itself.
const CLOSER: usize = 8;
const CLOSER_AT_ALL: usize = 256;
/// The skip of two bytes that are in no window: all but one of its bytes. A number of its own, so that the next place does
/// not wait for what is read here.
const NOWHERE: u8 = u8::MAX;

/// Texts that may be anywhere in a text.
///
/// They are searched for together, after Wu and Manber (1994): two bytes of the text say how far away the next place is where
/// one of them may end. Of the bytes between the two places none is looked at; they are the more, the longer the shortest of
/// the texts is. Where the places become too many, as they can in a text that was made to that end, each text is searched
/// for by itself, in a time that grows with the length and no faster.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    parts: Vec<Part>,
    /// The hash of each and its place in `parts`, in the order of the hashes.
    places: Vec<(u16, u32)>,
    /// Nothing where one text has less than two bytes.
    skips: Option<Skips>,
}

#[derive(Clone, Debug)]
struct Part {
    finder: Finder<'static>,
    /// What its owner calls it.
    number: u32,
}

#[derive(Clone, Debug)]
struct Skips {
    /// Of each text so many bytes, those that it begins with, are looked for: as many as the shortest has.
    window: usize,
    /// By the hash of two bytes: how much further the window may end, at least. 0 where it may end right after them, and
    /// [`NOWHERE`] where they are in no window.
    skips: Box<[u8; 1 << HASH_BITS]>,
}

impl Parts {
    /// Of these, each with the number that [`find`](Self::find) gives of it.
    #[must_use]
    pub fn new(parts: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Self {
        Self::of(&mut parts.into_iter())
    }

    /// Not generic, so that a pack carries its code once.
    #[inline(never)]
    fn of(parts: &mut dyn Iterator<Item = (u32, Vec<u8>)>) -> Self {
        let part = |(number, text): (u32, Vec<u8>)| Part { finder: Finder::new(&text).into_owned(), number };
        let parts: Vec<Part> = parts.map(part).collect();
        let shortest = parts.iter().map(|part| part.finder.needle().len()).min().unwrap_or_default();
        // A skip is a byte, and less than this.
        let window = shortest.min(usize::from(NOWHERE));
        let skips = (window >= 2).then(|| Skips::new(&parts, window));
        let hash = |part: &Part| match part.finder.needle().get(..window) {
            Some([.., one, other]) => hash(*one, *other) as u16,
            _ => 0,
        };
        let places = sorted(parts.iter().map(hash).zip(0..).collect());
        Self { parts, places, skips }
    }

    /// The number of one that is in the text: of one that comes first in it, or where that takes too long, of any.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<u32> {
        if self.parts.is_empty() {
            return None;
        }
        let Some(Skips { window, skips }) = &self.skips else { return self.find_each(text) };
        let mut closer = text.len() * CLOSER + CLOSER_AT_ALL;
        // Where the last two bytes of the window are.
        let mut last = window - 2;
        while let Some(&[one, other]) = text.get(last..last + 2) {
            let hash = hash(one, other);
            match skips.get(hash).copied().unwrap_or(NOWHERE) {
                NOWHERE => last += window - 1,
                0 => {
                    let begin = last + 2 - window;
                    if let Some(part) = self.at(text, begin, hash, &mut closer) {
                        return Some(part.number);
                    }
                    if closer == 0 {
                        return self.find_each(text.get(begin..).unwrap_or_default());
                    }
                    last += 1;
                }
                skip => last += usize::from(skip),
            }
        }
        None
    }

    /// One that is in the text right there, and whose window ends with bytes of that hash.
    #[cold]
    #[inline(never)]
    fn at(&self, text: &[u8], begin: usize, hash: usize, closer: &mut usize) -> Option<&Part> {
        let text = text.get(begin..)?;
        let first = self.places.partition_point(|(other, _)| usize::from(*other) < hash);
        let same = self.places.get(first..)?.iter().take_while(|(other, _)| usize::from(*other) == hash);
        for part in same.filter_map(|(_, place)| self.parts.get(*place as usize)) {
            let needle = part.finder.needle();
            *closer = closer.saturating_sub(needle.len());
            if text.starts_with(needle) {
                return Some(part);
            }
        }
        None
    }

    #[cold]
    fn find_each(&self, text: &[u8]) -> Option<u32> {
        self.parts.iter().find(|part| part.finder.find(text).is_some()).map(|part| part.number)
    }

    /// The texts.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.parts.iter().map(|part| part.finder.needle())
    }
}

impl Skips {
    fn new(parts: &[Part], window: usize) -> Self {
        let mut skips = Box::new([NOWHERE; 1 << HASH_BITS]);
        for part in parts {
            let needle = part.finder.needle().get(..window).unwrap_or_default();
            // As much as the window has after them.
            for (left, pair) in (0..NOWHERE).zip(needle.array_windows().rev()) {
                let [one, other] = *pair;
                if let Some(skip) = skips.get_mut(hash(one, other)) {
                    *skip = left.min(*skip);
                }
            }
        }
        Self { window, skips }
    }
}

/// Of two bytes; multiplied, so that its upper bits depend on all of theirs.
#[inline]
fn hash(one: u8, other: u8) -> usize {
    let both = u32::from(u16::from_le_bytes([one, other]));
    (both.wrapping_mul(0x9e37_79b1) >> (u32::BITS - HASH_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn numbered(texts: &[Vec<u8>]) -> impl Iterator<Item = (u32, Vec<u8>)> {
        (0..).zip(texts.iter().cloned())
    }

    fn is_in(part: &[u8], text: &[u8]) -> bool {
        part.is_empty() || text.windows(part.len()).any(|window| window == part)
    }

    fn text(lengths: core::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![3 => Just(b'a'), 1 => Just(b'b'), 1 => Just(0xff_u8)], lengths)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_found_is_in_the_text(
            text in text(0..40),
            short in vec(text(0..4), 0..3),
            parts in vec(text(2..9), 0..6),
        ) {
            for parts in [[short, parts.clone()].concat(), parts] {
                let found = Parts::new(numbered(&parts)).find(&text);
                let expected = parts.iter().any(|part| is_in(part, &text));
                prop_assert_eq!(found.is_some(), expected);
                prop_assert!(found.is_none_or(|number| is_in(&parts[number as usize], &text)));
            }
        }
    }

    /// Every byte is such a place; that is given up, and what is there is still found.
    #[test]
    fn a_text_that_was_made_to_take_long() {
        let needle = |last: u8| [b"b".as_slice(), &[b'a'; 60], &[last]].concat();
        let parts = [needle(b'c'), needle(b'd'), [b"x".as_slice(), &[b'a'; 61]].concat()];
        let mut text = b"a".repeat(4000);
        assert_eq!(Parts::new(numbered(&parts)).find(&text), None);
        text.extend(needle(b'd'));
        assert_eq!(Parts::new(numbered(&parts)).find(&text), Some(1));
    }

    #[test]
    fn more_texts_than_there_are_hashes() {
        let part = |number: u32| [b"/".as_slice(), &number.to_be_bytes(), b"/"].concat();
        let parts = Parts::new((0..5000).map(|number| (number, part(number))));
        for number in [0, 17, 4999] {
            assert_eq!(parts.find(&[b"/usr/lib".as_slice(), &part(number), b"x"].concat()), Some(number));
        }
        assert_eq!(parts.find(&part(5000)), None);
    }
}
