//! Texts to compare with, in order: whether a text is one of them, or begins or ends with one, is a binary search.
//!
//! Their first bytes, or last ones, are kept as a number beside them. Most texts are told apart by that number alone, which
//! costs a comparison of integers where one of bytes would be a call; and most texts that are none of them by a look at a
//! [`Sketch`].

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::marker::PhantomData;

use super::sketch::Sketch;
use super::sorted;

/// Bytes of a text that are kept as a number.
const HEAD: usize = 8;

/// Texts to which a whole text is compared.
#[derive(Clone, Debug, Default)]
pub struct Equals(Ordered<Front>);

/// Texts that a text may begin with.
#[derive(Clone, Debug, Default)]
pub struct Prefixes(Ordered<Front>);

/// Texts that a text may end with.
#[derive(Clone, Debug, Default)]
pub struct Suffixes(Ordered<Back>);

/// Texts in order.
#[derive(Clone, Debug)]
struct Ordered<S> {
    entries: Vec<Entry<S>>,
    sketch: Sketch,
}

#[derive(Clone, Debug)]
struct Entry<S> {
    /// As [`Side::head`] gives it.
    head: u64,
    text: Vec<u8>,
    /// What its owner calls it.
    number: u32,
    side: PhantomData<S>,
}

/// From which side texts are read.
trait Side {
    /// The first bytes of a text as a number, as they lie in memory; 0 where there are none.
    fn near(text: &[u8]) -> u64;

    /// The same without so many bits of what is furthest.
    fn cut(near: u64, beyond: u32) -> u64;

    /// The same, the first of all highest. Where texts are in order, so are their heads.
    fn head(near: u64) -> u64;

    fn order(one: &[u8], other: &[u8]) -> Ordering;

    fn begins(text: &[u8], with: &[u8]) -> bool;
}

/// From the front.
#[derive(Clone, Copy, Debug, Default)]
struct Front;

/// From the back, so that a suffix is what a text begins with.
#[derive(Clone, Copy, Debug, Default)]
struct Back;

macro_rules! texts {
    ($texts:ident: $made:ident, $find:ident, $finds:literal) => {
        impl $texts {
            /// Of these, each with the number that [`find`](Self::find) gives of it.
            #[must_use]
            pub fn new(texts: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Self {
                Self(Ordered::new(&mut texts.into_iter(), Ordered::$made))
            }

            #[doc = $finds]
            #[inline]
            #[must_use]
            pub fn find(&self, text: &[u8]) -> Option<u32> {
                self.0.admitted(text).and_then(|near| self.0.$find(text, near)).map(|entry| entry.number)
            }

            /// The texts.
            pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
                self.0.entries.iter().map(|entry| entry.text.as_slice())
            }
        }
    };
}

texts!(Equals: each_once, equal, "The number of the one that is equal to the text.");
texts!(Prefixes: shortest, beginning, "The number of the shortest one that the text begins with.");
texts!(Suffixes: shortest, beginning, "The number of the shortest one that the text ends with.");

impl<S> Default for Ordered<S> {
    fn default() -> Self {
        Self { entries: Vec::new(), sketch: Sketch::default() }
    }
}

impl<S: Side> Ordered<S> {
    /// Of texts, in order, of which `leave_out` leaves some out. Not generic, so that a pack carries its code once.
    #[inline(never)]
    fn new(
        texts: &mut dyn Iterator<Item = (u32, Vec<u8>)>,
        leave_out: fn(&mut Entry<S>, &mut Entry<S>) -> bool,
    ) -> Self {
        let entry =
            |(number, text): (u32, Vec<u8>)| Entry { head: S::head(S::near(&text)), text, number, side: PhantomData };
        let mut entries = sorted(texts.map(entry).collect());
        entries.dedup_by(leave_out);
        let sketch = Sketch::new(entries.iter().map(|entry| (entry.text.len(), S::near(&entry.text))), S::cut);
        Self { entries, sketch }
    }

    /// Leaves each in once.
    fn each_once(later: &mut Entry<S>, kept: &mut Entry<S>) -> bool {
        later.text == kept.text
    }

    /// Leaves out those that begin with another: where they match, that one does.
    fn shortest(later: &mut Entry<S>, kept: &mut Entry<S>) -> bool {
        S::begins(&later.text, &kept.text)
    }

    /// The first bytes of a text that it is worth to look for.
    #[inline]
    fn admitted(&self, text: &[u8]) -> Option<u64> {
        let near = S::near(text);
        self.sketch.admits(text.len(), near, S::cut).then_some(near)
    }

    /// The last one that is not after the text.
    #[inline]
    fn last_not_after(&self, text: &[u8], head: u64) -> Option<&Entry<S>> {
        let not_after = |entry: &Entry<S>| match entry.head.cmp(&head) {
            Ordering::Equal => S::order(&entry.text, text).is_le(),
            heads => heads.is_lt(),
        };
        self.entries.partition_point(not_after).checked_sub(1).and_then(|last| self.entries.get(last))
    }

    #[inline(never)]
    fn equal(&self, text: &[u8], near: u64) -> Option<&Entry<S>> {
        let head = S::head(near);
        self.last_not_after(text, head).filter(|entry| entry.head == head && entry.text == text)
    }

    /// Of texts of which none begins with another. What the text begins with is not after it, and what lies between the two
    /// begins with that too, so it is not among them: only the last one that is not after the text can be it.
    #[inline(never)]
    fn beginning(&self, text: &[u8], near: u64) -> Option<&Entry<S>> {
        let head = S::head(near);
        self.last_not_after(text, head).filter(|entry| {
            let length = entry.text.len();
            if length > HEAD {
                return entry.head == head && S::begins(text, &entry.text);
            }
            // All of it is in its head.
            let beyond = 8 * (HEAD - length) as u32;
            length <= text.len() && (entry.head ^ head).checked_shr(beyond).unwrap_or(0) == 0
        })
    }
}

impl<S: Side> Ord for Entry<S> {
    fn cmp(&self, other: &Self) -> Ordering {
        S::order(&self.text, &other.text).then(self.number.cmp(&other.number))
    }
}

impl<S: Side> PartialOrd for Entry<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<S: Side> PartialEq for Entry<S> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<S: Side> Eq for Entry<S> {}

impl Side for Front {
    #[inline]
    fn near(text: &[u8]) -> u64 {
        text.first_chunk().map_or_else(|| short(text), |near| u64::from_le_bytes(*near))
    }

    #[inline]
    fn cut(near: u64, beyond: u32) -> u64 {
        near.wrapping_shl(beyond)
    }

    #[inline]
    fn head(near: u64) -> u64 {
        near.swap_bytes()
    }

    #[inline]
    fn order(one: &[u8], other: &[u8]) -> Ordering {
        one.cmp(other)
    }

    #[inline]
    fn begins(text: &[u8], with: &[u8]) -> bool {
        text.starts_with(with)
    }
}

impl Side for Back {
    #[inline]
    fn near(text: &[u8]) -> u64 {
        let near = text.last_chunk().map(|near| u64::from_le_bytes(*near));
        near.unwrap_or_else(|| short(text).checked_shl(8 * (HEAD - text.len().min(HEAD)) as u32).unwrap_or(0))
    }

    #[inline]
    fn cut(near: u64, beyond: u32) -> u64 {
        near.wrapping_shr(beyond)
    }

    #[inline]
    fn head(near: u64) -> u64 {
        near
    }

    #[inline]
    fn order(one: &[u8], other: &[u8]) -> Ordering {
        one.iter().rev().cmp(other.iter().rev())
    }

    #[inline]
    fn begins(text: &[u8], with: &[u8]) -> bool {
        text.ends_with(with)
    }
}

/// All of a text that has fewer bytes than a head. Two loads that overlap take any number of bytes.
#[inline]
fn short(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        let last = u64::from(u32::from_le_bytes(*last));
        return u64::from(u32::from_le_bytes(*first)) | last << (8 * (text.len() - 4));
    }
    (0..).zip(text).fold(0, |near, (at, byte)| near | u64::from(*byte) << (8 * at))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Of few letters, so that texts often begin and end alike, and of lengths around that of a head.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![4 => Just(b'a'), 1 => Just(b'b'), 1 => Just(0), 1 => Just(0xff_u8)], 0..13)
    }

    fn numbered(texts: &[Vec<u8>]) -> impl Iterator<Item = (u32, Vec<u8>)> {
        (0..).zip(texts.iter().cloned())
    }

    /// The first of the shortest texts that match.
    fn expected(texts: &[Vec<u8>], matches: impl Fn(&[u8]) -> bool) -> Option<u32> {
        let matching = (0..).zip(texts).filter(|(_, text)| matches(text));
        matching.min_by_key(|(number, text)| (text.len(), *number)).map(|(number, _)| number)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_is_found_is_what_comparing_with_each_finds(text in text(), texts in vec(text(), 0..8)) {
            let equal = Equals::new(numbered(&texts)).find(&text);
            prop_assert_eq!(equal, expected(&texts, |other| text == other));
            let prefix = Prefixes::new(numbered(&texts)).find(&text);
            prop_assert_eq!(prefix, expected(&texts, |prefix| text.starts_with(prefix)));
            let suffix = Suffixes::new(numbered(&texts)).find(&text);
            prop_assert_eq!(suffix, expected(&texts, |suffix| text.ends_with(suffix)));
        }
    }
}
