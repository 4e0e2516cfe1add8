//! Ranges, of which all are found that a number lies in.

use super::Term;

/// Ranges in the order of their beginnings; of each stretch that halving comes by, the last end is known.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    ranges: Vec<(i128, i128, Term)>,
    /// Of the stretch of which it is the middle.
    last_ends: Vec<i128>,
}

impl Ranges {
    pub(super) fn new(mut ranges: Vec<(i128, i128, Term)>) -> Self {
        ranges.sort_unstable();
        ranges.dedup();
        let mut last_ends = vec![i128::MIN; ranges.len()];
        fill(&ranges, &mut last_ends);
        Self { ranges, last_ends }
    }

    #[inline]
    pub(super) fn find(&self, number: i128, found: &mut impl FnMut(Term)) {
        if !self.ranges.is_empty() {
            within(&self.ranges, &self.last_ends, number, found);
        }
    }
}

/// Both recurse as often as the ranges can be halved.
fn fill(ranges: &[(i128, i128, Term)], ends: &mut [i128]) -> i128 {
    let middle = ranges.len() / 2;
    let Some((_, end, _)) = ranges.get(middle) else { return i128::MIN };
    let (left, right) = ends.split_at_mut(middle);
    let Some((own, right)) = right.split_first_mut() else { return i128::MIN };
    *own = (*end).max(fill(&ranges[..middle], left)).max(fill(&ranges[middle + 1..], right));
    *own
}

fn within(ranges: &[(i128, i128, Term)], ends: &[i128], number: i128, found: &mut impl FnMut(Term)) {
    let middle = ranges.len() / 2;
    let Some((from, to, term)) = ranges.get(middle) else { return };
    if ends.get(middle).is_none_or(|last| *last < number) {
        return;
    }
    within(&ranges[..middle], &ends[..middle], number, found);
    if *from <= number {
        if number <= *to {
            found(*term);
        }
        within(&ranges[middle + 1..], &ends[middle + 1..], number, found);
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_finds_what_comparing_with_each_would(values in vec((-9_i128..9, -9_i128..9), 0..40), number in -10_i128..10) {
            let ranges: Vec<_> = (0..).zip(&values).map(|(term, (from, to))| (*from, *to, term)).collect();
            let expected = ranges.iter().filter(|(from, to, _)| (*from..=*to).contains(&number)).map(|(.., term)| *term);
            let expected = expected.collect::<std::collections::BTreeSet<Term>>();
            let mut found = std::collections::BTreeSet::new();
            Ranges::new(ranges).find(number, &mut |term| {
                found.insert(term);
            });
            prop_assert_eq!(found, expected);
        }
    }
}
