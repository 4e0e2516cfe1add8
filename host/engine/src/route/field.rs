//! What is looked for in one field: all of it is found in one look.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use foldhash::fast::FixedState;
use lanner_abi::Value;
use lanner_lists::Snapshot;
use memchr::memmem::Finder;

use super::Term;
use super::cover::{Trait, each_bit};
use super::ranges::Ranges;
use super::trie::{Entry, Trie};

/// Who chooses what is looked up here cannot choose what is stored: that are the packs.
type Map<K, V> = HashMap<K, V, FixedState>;

#[derive(Default)]
pub(super) struct FieldIndex {
    /// What begins or is so, and what ends so, its bytes turned round.
    begins: Trie,
    ends: Trie,
    parts: Option<Parts>,
    /// Single numbers, and ranges.
    numbers: Map<i128, Vec<Term>>,
    ranges: Ranges,
    bits: Vec<(u8, Vec<Term>)>,
    /// By what counts of an address.
    networks: Vec<(u128, Map<u128, Vec<Term>>)>,
    known: Vec<Term>,
    /// By the numbers of lists.
    lists: Vec<(u32, Vec<Term>)>,
}

/// What a text may have in it.
struct Parts {
    /// For all at once; nothing where there are too many for a table.
    together: Option<AhoCorasick>,
    /// For one after the other.
    in_turn: Vec<Finder<'static>>,
    /// Of each part.
    found: Vec<Vec<Term>>,
}

/// Finds in one text beyond which each part is looked for by itself: parts that have each other in them, in a text that is full
/// of them, are found more often than there are bytes.
const MANY: usize = 512;

impl FieldIndex {
    pub(super) fn new(traits: Vec<(Trait, Term)>) -> Self {
        let mut index = Self::default();
        let (mut begins, mut ends, mut parts, mut ranges) =
            (Vec::new(), Vec::new(), Map::<Vec<u8>, Vec<Term>>::default(), Vec::new());
        for (is, term) in traits {
            match is {
                Trait::Equals(text) => begins.push(Entry { text, whole: true, term }),
                Trait::StartsWith(text) => begins.push(Entry { text, whole: false, term }),
                Trait::EndsWith(mut text) => {
                    text.reverse();
                    ends.push(Entry { text, whole: false, term });
                }
                // Every text has nothing in it; so it begins.
                Trait::Contains(text) if text.is_empty() => begins.push(Entry { text, whole: false, term }),
                Trait::Contains(text) => parts.entry(text).or_default().push(term),
                Trait::Between(from, to) if from == to => index.numbers.entry(from).or_default().push(term),
                Trait::Between(from, to) => ranges.push((from, to, term)),
                Trait::HasBit(bit) => match index.bits.iter_mut().find(|(known, _)| *known == bit) {
                    Some((_, terms)) => terms.push(term),
                    None => index.bits.push((bit, vec![term])),
                },
                Trait::Within(mask, network) => {
                    let known = index.networks.iter().position(|(known, _)| *known == mask);
                    let place = known.unwrap_or_else(|| {
                        index.networks.push((mask, Map::default()));
                        index.networks.len() - 1
                    });
                    index.networks[place].1.entry(network).or_default().push(term);
                }
                Trait::Known => index.known.push(term),
                Trait::Listed(list) => match index.lists.iter_mut().find(|(known, _)| *known == list) {
                    Some((_, terms)) => terms.push(term),
                    None => index.lists.push((list, vec![term])),
                },
            }
        }
        index.begins = Trie::new(begins);
        index.ends = Trie::new(ends);
        index.ranges = Ranges::new(ranges);
        index.parts = Parts::new(parts);
        index
    }

    /// All that the value is like.
    #[inline]
    pub(super) fn find(&self, value: Value<'_>, lists: &Snapshot, found: &mut impl FnMut(Term)) {
        self.known.iter().for_each(|term| found(*term));
        for (_, terms) in self.lists.iter().filter(|(list, _)| lists.has_value(*list, value)) {
            terms.iter().for_each(|term| found(*term));
        }
        match value {
            Value::Text(text) => {
                self.begins.find::<false>(text, found);
                self.ends.find::<true>(text, found);
                self.parts.iter().for_each(|parts| parts.find(text, found));
            }
            Value::Unsigned(number) => self.find_number(number.into(), number, found),
            Value::Signed(number) => self.find_number(number.into(), number as u64, found),
            Value::Bool(yes) => self.find_number(yes.into(), yes.into(), found),
            Value::Bytes16(bytes) => {
                let address = u128::from_be_bytes(bytes);
                let terms = self.networks.iter().filter_map(|(mask, networks)| networks.get(&(address & mask)));
                terms.flatten().for_each(|term| found(*term));
            }
        }
    }

    fn find_number(&self, number: i128, set: u64, found: &mut impl FnMut(Term)) {
        if !self.numbers.is_empty() {
            self.numbers.get(&number).into_iter().flatten().for_each(|term| found(*term));
        }
        self.ranges.find(number, found);
        if !self.bits.is_empty() {
            for bit in each_bit(set) {
                let terms = self.bits.iter().filter(|(known, _)| *known == bit).flat_map(|(_, terms)| terms);
                terms.for_each(|term| found(*term));
            }
        }
    }
}

impl Parts {
    /// Nothing where there are none.
    fn new(parts: Map<Vec<u8>, Vec<Term>>) -> Option<Self> {
        if parts.is_empty() {
            return None;
        }
        let (texts, found): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let together = AhoCorasick::builder().match_kind(MatchKind::Standard).build(&texts).ok();
        let in_turn = texts.iter().map(|text| Finder::new(text).into_owned()).collect();
        Some(Self { together, in_turn, found })
    }

    fn find(&self, text: &[u8], found: &mut impl FnMut(Term)) {
        let mut has = |part: usize| self.found.get(part).into_iter().flatten().for_each(|term| found(*term));
        if let Some(automaton) = &self.together {
            let mut parts = automaton.find_overlapping_iter(text);
            parts.by_ref().take(MANY).for_each(|part| has(part.pattern().as_usize()));
            if parts.next().is_none() {
                return;
            }
        }
        let there = self.in_turn.iter().enumerate().filter(|(_, part)| part.find(text).is_some());
        there.for_each(|(part, _)| has(part));
    }
}
