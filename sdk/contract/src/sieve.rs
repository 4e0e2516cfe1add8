//! Filters, ready to be compared with events. Every event of the machine comes by here, so what is compared is put in order
//! beforehand: a test with a hundred values costs about as much as one with ten.

use alloc::boxed::Box;
use alloc::vec::Vec;

use lanner_abi::{Kind, Value};
use memchr::memmem::Finder;

use crate::check::{Condition, Wanted};
use crate::field::{FieldRef, Glimpse, Glimpsed, Happening};
use crate::filter::{Literal, Test};

/// Which events somebody wants.
#[derive(Debug, Default)]
pub struct Sieve {
    wanted: Vec<(Kind, OfKind)>,
}

/// Which events of a kind.
#[derive(Debug)]
enum OfKind {
    All,
    /// Those in which a field has one of its values, and those for which one of the conditions holds.
    Some(Vec<(FieldRef, Vec<Values>)>, Vec<Prepared>),
}

#[derive(Debug)]
pub(crate) enum Prepared {
    All(Vec<Prepared>),
    Any(Vec<Prepared>),
    Not(Box<Prepared>),
    Field(FieldRef, Values),
}

#[derive(Debug)]
pub(crate) enum Values {
    /// Sorted.
    Equals(Vec<Vec<u8>>),
    /// Sorted, and none begins with another.
    Prefixes(Vec<Vec<u8>>),
    /// Turned round, sorted, and none begins with another.
    Suffixes(Vec<Vec<u8>>),
    Parts(Vec<Finder<'static>>),
    /// Sorted, and none touches another.
    Ranges(Vec<(i128, i128)>),
    /// Of these bits those that are set: at least one, all, or none.
    AnyBits(u64),
    AllBits(u64),
    NoBits(u64),
    /// Networks: what counts of an address, and what that must be.
    Networks(Vec<(u128, u128)>),
    Known,
}

impl Sieve {
    /// Of what is wanted.
    #[must_use]
    pub fn new(wanted: &[Wanted]) -> Self {
        let mut kinds: Vec<Kind> = wanted.iter().map(|wanted| wanted.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of = |kind: Kind| {
            let conditions = wanted.iter().filter(|wanted| wanted.kind == kind).map(|wanted| wanted.condition.as_ref());
            (kind, conditions.collect::<Option<Vec<_>>>().map_or(OfKind::All, OfKind::new))
        };
        Self { wanted: kinds.into_iter().map(of).collect() }
    }

    /// Whether the event may be wanted, whatever is not known of it yet. Where this is false, [`wants`](Self::wants) is false
    /// of every event that is like it.
    pub fn may_want(&self, event: &impl Glimpse) -> bool {
        let of_kind = self.wanted.iter().find(|(wanted, _)| *wanted == event.kind());
        of_kind.is_some_and(|(_, of)| of.may_want(event))
    }

    /// Whether not all events of a kind are wanted.
    pub fn is_picky(&self, kind: Kind) -> bool {
        self.wanted.iter().any(|(wanted, of)| *wanted == kind && matches!(of, OfKind::Some(..)))
    }

    /// Whether the event is wanted.
    #[inline]
    pub fn wants(&self, event: &impl Happening) -> bool {
        let Some(kind) = event.kind() else { return false };
        self.wanted.iter().find(|(wanted, _)| *wanted == kind).is_some_and(|(_, of)| of.wants(event))
    }
}

impl OfKind {
    /// For one of several to hold, tests of one field are as good as one test with the values of all; and the field is read
    /// once.
    fn new(conditions: Vec<&Condition>) -> Self {
        let (mut fields, mut others) = (Vec::<(FieldRef, Vec<Test>)>::new(), Vec::new());
        let mut left = conditions;
        while let Some(condition) = left.pop() {
            match condition {
                Condition::Any(conditions) => left.extend(conditions),
                Condition::Field(field, test) => match fields.iter_mut().find(|(known, _)| known == field) {
                    Some((_, tests)) => join(tests, test),
                    None => fields.push((*field, [test.clone()].into())),
                },
                other => others.push(Prepared::new(other)),
            }
        }
        let prepare = |(field, tests): (FieldRef, Vec<Test>)| (field, tests.iter().map(Values::new).collect());
        Self::Some(fields.into_iter().map(prepare).collect(), others)
    }

    #[inline]
    fn wants(&self, event: &impl Happening) -> bool {
        let Self::Some(fields, others) = self else { return true };
        let passes = |(field, tests): &(FieldRef, Vec<Values>)| {
            event.value(field).is_some_and(|value| tests.iter().any(|test| test.hold(value)))
        };
        fields.iter().any(passes) || others.iter().any(|other| other.holds(event))
    }
}

/// What is known of a condition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Holds,
    Fails,
    Open,
}

impl OfKind {
    fn may_want(&self, event: &impl Glimpse) -> bool {
        let Self::Some(fields, others) = self else { return true };
        let may_pass = |(field, tests): &(FieldRef, Vec<Values>)| match event.value(field) {
            Glimpsed::Open => true,
            Glimpsed::Known(value) => value.is_some_and(|value| tests.iter().any(|test| test.hold(value))),
        };
        fields.iter().any(may_pass) || others.iter().any(|other| other.glimpse(event) != Verdict::Fails)
    }
}

/// Adds a test to those of which one has to hold.
fn join(tests: &mut Vec<Test>, test: &Test) {
    for known in tests.iter_mut() {
        match (known, test) {
            (Test::Equals(all), Test::Equals(more)) => return all.extend(more.iter().cloned()),
            (Test::StartsWith(all), Test::StartsWith(more))
            | (Test::EndsWith(all), Test::EndsWith(more))
            | (Test::Contains(all), Test::Contains(more)) => return all.extend(more.iter().cloned()),
            (Test::Between(all), Test::Between(more)) => return all.extend(more),
            (Test::Within(all), Test::Within(more)) => return all.extend(more),
            _ => {}
        }
    }
    tests.push(test.clone());
}

impl Prepared {
    pub(crate) fn new(condition: &Condition) -> Self {
        let all = |conditions: &[Condition]| conditions.iter().map(Self::new).collect();
        match condition {
            Condition::All(conditions) => Self::All(all(conditions)),
            Condition::Any(conditions) => Self::Any(all(conditions)),
            Condition::Not(condition) => Self::Not(Box::new(Self::new(condition))),
            Condition::Field(field, test) => Self::Field(*field, Values::new(test)),
        }
    }

    pub(crate) fn holds(&self, event: &impl Happening) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(event)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(event)),
            Self::Not(condition) => !condition.holds(event),
            Self::Field(field, values) => event.value(field).is_some_and(|value| values.hold(value)),
        }
    }
}

impl Prepared {
    /// As [`holds`](Self::holds), where not all is known.
    fn glimpse(&self, event: &impl Glimpse) -> Verdict {
        match self {
            Self::All(conditions) => together(conditions, event, Verdict::Holds, Verdict::Fails),
            Self::Any(conditions) => together(conditions, event, Verdict::Fails, Verdict::Holds),
            Self::Not(condition) => match condition.glimpse(event) {
                Verdict::Holds => Verdict::Fails,
                Verdict::Fails => Verdict::Holds,
                Verdict::Open => Verdict::Open,
            },
            Self::Field(field, values) => match event.value(field) {
                Glimpsed::Open => Verdict::Open,
                Glimpsed::Known(value) if value.is_some_and(|value| values.hold(value)) => Verdict::Holds,
                Glimpsed::Known(_) => Verdict::Fails,
            },
        }
    }
}

/// Of several conditions: what one decides by itself, `of_none` where there is none, open as long as one is.
fn together(conditions: &[Prepared], event: &impl Glimpse, of_none: Verdict, decides: Verdict) -> Verdict {
    let mut verdict = of_none;
    for condition in conditions {
        match condition.glimpse(event) {
            decided if decided == decides => return decides,
            Verdict::Open => verdict = Verdict::Open,
            _ => {}
        }
    }
    verdict
}

impl Values {
    fn new(test: &Test) -> Self {
        let turned = |values: &[Vec<u8>]| values.iter().map(|value| value.iter().rev().copied().collect()).collect();
        match test {
            Test::Equals(literals) => {
                let texts = literals.iter().filter_map(|literal| match literal {
                    Literal::Bytes(bytes) => Some(bytes.clone()),
                    _ => None,
                });
                let texts: Vec<_> = texts.collect();
                if texts.is_empty() {
                    let number = |literal: &Literal| match literal {
                        Literal::Number(number) => Some((*number, *number)),
                        Literal::Bool(yes) => Some((i128::from(*yes), i128::from(*yes))),
                        Literal::Bytes(_) => None,
                    };
                    Self::Ranges(ranges(literals.iter().filter_map(number).collect()))
                } else {
                    Self::Equals(sorted(texts))
                }
            }
            Test::StartsWith(values) => Self::Prefixes(shortest(values.clone())),
            Test::EndsWith(values) => Self::Suffixes(shortest(turned(values))),
            Test::Contains(values) => Self::Parts(values.iter().map(|value| Finder::new(value).into_owned()).collect()),
            Test::Between(between) => Self::Ranges(ranges(between.clone())),
            Test::AnyBits(bits) => Self::AnyBits(*bits),
            Test::AllBits(bits) => Self::AllBits(*bits),
            Test::NoBits(bits) => Self::NoBits(*bits),
            Test::Within(networks) => {
                let network = |(address, bits): &([u8; 16], u8)| {
                    let mask = u128::MAX.checked_shl(128 - u32::from((*bits).min(128))).unwrap_or(0);
                    (mask, u128::from_be_bytes(*address) & mask)
                };
                Self::Networks(networks.iter().map(network).collect())
            }
            Test::Known => Self::Known,
        }
    }

    /// Whether a value passes.
    fn hold(&self, value: Value<'_>) -> bool {
        match value {
            _ if matches!(self, Self::Known) => true,
            Value::Text(text) => self.hold_text(text),
            Value::Unsigned(number) => self.hold_number(number.into(), number),
            Value::Signed(number) => self.hold_number(number.into(), number as u64),
            Value::Bool(yes) => self.hold_number(yes.into(), yes.into()),
            Value::Bytes16(bytes) => match self {
                Self::Equals(values) => values.binary_search_by(|value| value.as_slice().cmp(&bytes)).is_ok(),
                Self::Networks(networks) => {
                    let address = u128::from_be_bytes(bytes);
                    networks.iter().any(|(mask, network)| address & mask == *network)
                }
                _ => false,
            },
        }
    }

    fn hold_number(&self, number: i128, set: u64) -> bool {
        match self {
            Self::Ranges(ranges) => {
                let after = ranges.partition_point(|(from, _)| *from <= number);
                after.checked_sub(1).and_then(|last| ranges.get(last)).is_some_and(|(_, to)| number <= *to)
            }
            Self::AnyBits(bits) => set & bits != 0,
            Self::AllBits(bits) => set & bits == *bits,
            Self::NoBits(bits) => set & bits == 0,
            _ => false,
        }
    }

    fn hold_text(&self, text: &[u8]) -> bool {
        match self {
            Self::Equals(values) => values.binary_search_by(|value| value.as_slice().cmp(text)).is_ok(),
            // A prefix of the text is not after it, and what lies between the two begins with that prefix too, so it is
            // not in the list: only the last one that is not after the text can be one.
            Self::Prefixes(values) => {
                let after = values.partition_point(|value| value.as_slice() <= text);
                let last = after.checked_sub(1).and_then(|last| values.get(last));
                last.is_some_and(|value| text.starts_with(value))
            }
            Self::Suffixes(values) => {
                let after = values.partition_point(|value| value.iter().le(text.iter().rev()));
                let last = after.checked_sub(1).and_then(|last| values.get(last));
                last.is_some_and(|value| {
                    value.len() <= text.len() && value.iter().eq(text.iter().rev().take(value.len()))
                })
            }
            Self::Parts(parts) => parts.iter().any(|part| part.find(text).is_some()),
            _ => false,
        }
    }
}

fn sorted(mut values: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    values.sort();
    values.dedup();
    values
}

/// Sorted, without those that begin with another: where they match, that one does.
fn shortest(values: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut shortest: Vec<Vec<u8>> = Vec::new();
    for value in sorted(values) {
        if !shortest.last().is_some_and(|last| value.starts_with(last)) {
            shortest.push(value);
        }
    }
    shortest
}

/// Sorted, those that touch made one; those that end before they begin hold nothing.
fn ranges(mut ranges: Vec<(i128, i128)>) -> Vec<(i128, i128)> {
    ranges.retain(|(from, to)| from <= to);
    ranges.sort_unstable();
    let mut merged: Vec<(i128, i128)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some((_, last)) if from <= last.saturating_add(1) => *last = (*last).max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Of few letters, so that texts often begin, end and are alike.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'a'), Just(b'b'), Just(0xff_u8)], 0..6)
    }

    proptest! {
        #[test]
        fn texts_hold_as_comparing_with_each_would(text in text(), values in vec(text(), 0..8)) {
            let literals = values.iter().cloned().map(Literal::Bytes).collect();
            type Compare = fn(&[u8], &[u8]) -> bool;
            let all: [(Test, Compare); 4] = [
                (Test::Equals(literals), |text, value| text == value),
                (Test::StartsWith(values.clone()), |text, value| text.starts_with(value)),
                (Test::EndsWith(values.clone()), |text, value| text.ends_with(value)),
                (Test::Contains(values.clone()), |text, value| {
                    value.is_empty() || text.windows(value.len()).any(|part| part == value)
                }),
            ];
            for (test, compare) in all {
                let expected = values.iter().any(|value| compare(&text, value));
                prop_assert_eq!(Values::new(&test).hold(Value::Text(&text)), expected, "{:?}", test);
            }
        }

        #[test]
        fn numbers_hold_as_comparing_with_each_would(number in -9_i64..9, between in vec((-9_i128..9, -9_i128..9), 0..5)) {
            let expected = between.iter().any(|(from, to)| (*from..=*to).contains(&i128::from(number)));
            prop_assert_eq!(Values::new(&Test::Between(between)).hold(Value::Signed(number)), expected);
        }

        #[test]
        fn networks_hold_what_their_bits_say(address: [u8; 16], network: [u8; 16], bits in 0_u8..=128) {
            let same = |bit: usize| address[bit / 8] >> (7 - bit % 8) & 1 == network[bit / 8] >> (7 - bit % 8) & 1;
            let expected = (0..usize::from(bits)).all(same);
            prop_assert_eq!(Values::new(&Test::Within(alloc::vec![(network, bits)])).hold(Value::Bytes16(address)), expected);
        }
    }

    #[test]
    fn bits() {
        let hold = |test| Values::new(&test).hold(Value::Unsigned(0b110));
        assert!(hold(Test::AnyBits(0b011)) && hold(Test::AllBits(0b110)) && hold(Test::NoBits(0b001)));
        assert!(!hold(Test::AnyBits(0b001)) && !hold(Test::AllBits(0b111)) && !hold(Test::NoBits(0b100)));
    }
}
