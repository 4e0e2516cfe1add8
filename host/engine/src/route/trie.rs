//! Texts, of which all are found that another begins with, in one walk along it.

use super::Term;

/// A tree in which texts that begin alike share their beginning. It lies flat, as events come by here all the time.
#[derive(Debug, Default)]
pub(super) struct Trie {
    /// The first is the root. The children of each lie beside each other, in the order of their first bytes.
    nodes: Vec<Node>,
    /// What leads from a node's parent to it.
    labels: Vec<u8>,
    /// The first bytes of the labels, by node.
    firsts: Vec<u8>,
    found: Vec<Term>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    /// Where its label ends in `labels`; it begins where the last one's ended.
    label: (u32, u32),
    children: (u32, u32),
    /// Where what ends here lies in `found`: first that which may go on, then that which may not.
    found: (u32, u32, u32),
}

/// A text, and what is found by it.
pub(super) struct Entry {
    pub(super) text: Vec<u8>,
    /// Whether the other text must end with it, too.
    pub(super) whole: bool,
    pub(super) term: Term,
}

impl Trie {
    pub(super) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by(|one, other| (&one.text, one.whole, one.term).cmp(&(&other.text, other.whole, other.term)));
        entries.dedup_by(|one, other| one.text == other.text && one.whole == other.whole && one.term == other.term);
        let mut trie = Self::default();
        if entries.is_empty() {
            return trie;
        }
        // Nodes whose children are still to be made: which of the entries lie below it, and how long their common beginning is.
        trie.nodes.push(Node { label: (0, 0), children: (0, 0), found: (0, 0, 0) });
        trie.firsts.push(0);
        let mut left = vec![(0_usize, 0..entries.len(), 0_usize)];
        while let Some((node, below, depth)) = left.pop() {
            let mut rest = below;
            // What ends here stands first.
            let begin = trie.found.len() as u32;
            let ends = |at: &usize| entries.get(*at).is_some_and(|entry| entry.text.len() == depth);
            let here = rest.clone().take_while(ends).collect::<Vec<_>>();
            let open = here.iter().take_while(|at| !entries[**at].whole).count();
            trie.found.extend(here.iter().map(|at| entries[*at].term));
            rest.start += here.len();
            let children = trie.nodes.len() as u32;
            while !rest.is_empty() {
                let first = &entries[rest.start].text;
                let alike = entries[rest.clone()].partition_point(|entry| entry.text[depth] == first[depth]);
                let group = rest.start..rest.start + alike;
                let last = &entries[group.end - 1].text;
                let common = first[depth..].iter().zip(&last[depth..]).take_while(|(one, other)| one == other).count();
                let label = trie.labels.len() as u32;
                trie.labels.extend(&first[depth..depth + common]);
                trie.firsts.push(first[depth]);
                left.push((trie.nodes.len(), group.clone(), depth + common));
                trie.nodes.push(Node { label: (label, trie.labels.len() as u32), children: (0, 0), found: (0, 0, 0) });
                rest.start = group.end;
            }
            let end = trie.nodes.len() as u32;
            trie.nodes[node].children = (children, end);
            trie.nodes[node].found = (begin, begin + open as u32, trie.found.len() as u32);
        }
        trie
    }

    /// All that is found of a text, given as its first bytes one after the other.
    #[inline]
    pub(super) fn find<const BACKWARDS: bool>(&self, text: &[u8], found: &mut impl FnMut(Term)) {
        let byte = |at: usize| if BACKWARDS { text.get(text.len().wrapping_sub(at + 1)) } else { text.get(at) };
        let (mut number, mut at) = (0, 0);
        while let Some(node) = self.nodes.get(number) {
            let (begin, open, end) = node.found;
            let end = if at == text.len() { end } else { open };
            self.found.get(begin as usize..end as usize).unwrap_or_default().iter().for_each(|term| found(*term));
            let Some(next) = byte(at) else { return };
            let children = node.children.0 as usize..node.children.1 as usize;
            let firsts = self.firsts.get(children.clone()).unwrap_or_default();
            let Some(child) = place(firsts, *next) else { return };
            number = children.start + child;
            let Some(child) = self.nodes.get(number) else { return };
            let label = self.labels.get(child.label.0 as usize..child.label.1 as usize).unwrap_or_default();
            let here = match BACKWARDS {
                true => label.iter().enumerate().all(|(step, letter)| byte(at + step) == Some(letter)),
                false => text.get(at..at + label.len()) == Some(label),
            };
            if !here {
                return;
            }
            at += label.len();
        }
    }
}

/// Where a byte stands among these, which are sorted.
#[inline]
fn place(firsts: &[u8], byte: u8) -> Option<usize> {
    if firsts.len() <= 8 { firsts.iter().position(|first| *first == byte) } else { firsts.binary_search(&byte).ok() }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Of few letters, so that texts often begin alike.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'a'), Just(b'b'), Just(0xff_u8)], 0..7)
    }

    proptest! {
        #[test]
        fn it_finds_what_comparing_with_each_would(values in vec((text(), any::<bool>()), 0..20), other in text()) {
            let entries = |turned: bool| {
                let entry = |(term, (text, whole)): (Term, &(Vec<u8>, bool))| {
                    let mut text = text.clone();
                    if turned {
                        text.reverse();
                    }
                    Entry { text, whole: *whole, term }
                };
                (0..).zip(&values).map(entry).collect::<Vec<_>>()
            };
            let expected = |holds: fn(&[u8], &[u8]) -> bool| {
                let holds = |(text, whole): &(Vec<u8>, bool)| if *whole { *text == other } else { holds(&other, text) };
                (0..).zip(&values).filter(|(_, value)| holds(value)).map(|(term, _)| term).collect::<Vec<Term>>()
            };
            let mut found = Vec::new();
            Trie::new(entries(false)).find::<false>(&other, &mut |term| found.push(term));
            found.sort_unstable();
            prop_assert_eq!(&found, &expected(<[u8]>::starts_with));
            found.clear();
            Trie::new(entries(true)).find::<true>(&other, &mut |term| found.push(term));
            found.sort_unstable();
            prop_assert_eq!(found, expected(<[u8]>::ends_with));
        }
    }

    #[test]
    fn each_text_longer_by_one_byte_than_the_last_takes_no_stack() {
        let entry = |length: usize| Entry { text: vec![b'a'; length], whole: false, term: length as Term };
        let trie = Trie::new((0..4096).map(entry).collect());
        let mut count = 0;
        trie.find::<false>(&[b'a'; 2000], &mut |_| count += 1);
        assert_eq!(count, 2001);
    }
}
