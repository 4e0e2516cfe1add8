//! By which values an event that meets a condition can be found.

use lanner_abi::Kind;
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{Condition, FieldRef, Sieve, Wanted};

/// One thing that a field may be like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trait {
    /// Of a text.
    Equals(Vec<u8>),
    StartsWith(Vec<u8>),
    EndsWith(Vec<u8>),
    Contains(Vec<u8>),
    /// Of a number, both ends included.
    Between(i128, i128),
    /// Of bits.
    HasBit(u8),
    /// Of an address: what counts of it, and what that must be.
    Within(u128, u128),
    /// It has a value.
    Known,
    /// It stands in the list of this number.
    Listed(u32),
}

/// Of a condition that does not hold unless one of these does.
#[derive(Debug)]
pub(super) struct Cover {
    pub(super) traits: Vec<(FieldRef, Trait)>,
    /// Where one of them holds the condition does, too.
    exact: bool,
}

/// One of the alternatives that make a condition hold.
#[derive(Debug)]
pub(super) struct Term {
    /// Nothing where every event may meet it.
    pub(super) cover: Option<Cover>,
    /// What is still to be looked at; nothing where the cover says it all.
    pub(super) check: Option<Sieve>,
}

impl Term {
    pub(super) fn of(kind: Kind, condition: &Condition) -> Self {
        let cover = cover(condition);
        let exact = cover.as_ref().is_some_and(|cover| cover.exact);
        let check = (!exact).then(|| Sieve::new(&[Wanted { kind, condition: Some(condition.clone()) }]));
        Self { cover, check }
    }
}

/// The alternatives of a condition: it holds where one of them does. Negations stand only before tests.
pub(super) fn alternatives(condition: &Condition) -> Vec<Condition> {
    let (mut found, mut left) = (Vec::new(), vec![inwards(condition, false)]);
    while let Some(condition) = left.pop() {
        match condition {
            Condition::Any(conditions) => left.extend(conditions),
            other => found.push(other),
        }
    }
    found
}

/// The same condition, or its negation, with what was negated as a whole negated in its parts.
fn inwards(condition: &Condition, negated: bool) -> Condition {
    let each = |conditions: &[Condition]| conditions.iter().map(|part| inwards(part, negated)).collect();
    match (condition, negated) {
        (Condition::All(conditions), false) | (Condition::Any(conditions), true) => Condition::All(each(conditions)),
        (Condition::Any(conditions), false) | (Condition::All(conditions), true) => Condition::Any(each(conditions)),
        (Condition::Not(condition), _) => inwards(condition, !negated),
        (Condition::Field(..) | Condition::Listed(..), false) => condition.clone(),
        (Condition::Field(..) | Condition::Listed(..), true) => Condition::Not(Box::new(condition.clone())),
    }
}

fn cover(condition: &Condition) -> Option<Cover> {
    match condition {
        Condition::Field(field, test) => of_test(*field, test),
        Condition::Listed(field, list) => Some(Cover { traits: vec![(*field, Trait::Listed(*list))], exact: true }),
        // What is not so cannot be found.
        Condition::Not(_) => None,
        Condition::Any(conditions) => {
            let mut all = Cover { traits: Vec::new(), exact: true };
            for cover in conditions.iter().map(cover) {
                let cover = cover?;
                all.exact &= cover.exact;
                all.traits.extend(cover.traits);
            }
            Some(all)
        }
        Condition::All(conditions) => {
            let best = conditions.iter().filter_map(cover).min_by_key(|cover| {
                let worst = cover.traits.iter().map(|(_, is)| commonness(is)).max();
                (worst, cover.traits.len())
            })?;
            Some(Cover { exact: best.exact && conditions.len() == 1, ..best })
        }
    }
}

/// How many events are like that, in coarse steps: what is rare finds best.
fn commonness(is: &Trait) -> u8 {
    match is {
        Trait::Equals(_) => 0,
        Trait::StartsWith(text) | Trait::EndsWith(text) | Trait::Contains(text) => match text.len() {
            0 => 8,
            1..=2 => 4,
            _ => 1,
        },
        Trait::Between(from, to) if from == to && !(0..=1).contains(from) => 2,
        Trait::Within(mask, _) if mask.count_ones() > 64 => 2,
        // Whatever somebody puts in it.
        Trait::Within(..) | Trait::Listed(_) => 4,
        Trait::Between(..) => 5,
        Trait::HasBit(_) => 6,
        Trait::Known => 7,
    }
}

fn of_test(field: FieldRef, test: &Test) -> Option<Cover> {
    let texts = |values: &[Vec<u8>], is: fn(Vec<u8>) -> Trait| values.iter().cloned().map(is).collect::<Vec<_>>();
    let mut exact = true;
    let traits = match test {
        Test::Equals(literals) => literals.iter().flat_map(equal_to).collect(),
        Test::StartsWith(values) => texts(values, Trait::StartsWith),
        Test::EndsWith(values) => texts(values, Trait::EndsWith),
        Test::Contains(values) => texts(values, Trait::Contains),
        Test::Between(ranges) => ranges.iter().map(|(from, to)| Trait::Between(*from, *to)).collect(),
        Test::AnyBits(bits) => each_bit(*bits).map(Trait::HasBit).collect(),
        // All events have all of none.
        Test::AllBits(0) | Test::NoBits(_) => return None,
        Test::AllBits(bits) => {
            exact = bits.count_ones() == 1;
            each_bit(*bits).take(1).map(Trait::HasBit).collect()
        }
        Test::Within(networks) => networks.iter().map(|(address, bits)| network(address, *bits)).collect(),
        Test::Known => vec![Trait::Known],
    };
    Some(Cover { traits: traits.into_iter().map(|is| (field, is)).collect(), exact })
}

/// What a value is like that is equal to a literal. Sixteen bytes may be meant as a text or as an address.
fn equal_to(literal: &Literal) -> Vec<Trait> {
    match literal {
        Literal::Bytes(bytes) => {
            let address = <[u8; 16]>::try_from(bytes.as_slice()).ok();
            let address = address.map(|address| network(&address, 128));
            address.into_iter().chain([Trait::Equals(bytes.clone())]).collect()
        }
        Literal::Number(number) => vec![Trait::Between(*number, *number)],
        Literal::Bool(yes) => vec![Trait::Between((*yes).into(), (*yes).into())],
    }
}

fn network(address: &[u8; 16], bits: u8) -> Trait {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
    Trait::Within(mask, u128::from_be_bytes(*address) & mask)
}

/// The numbers of the bits that are set.
pub(super) fn each_bit(mut bits: u64) -> impl Iterator<Item = u8> {
    std::iter::from_fn(move || {
        let lowest = bits.trailing_zeros();
        bits &= bits.checked_sub(1)?;
        Some(lowest as u8)
    })
}
