//! Filters, ready to be compared with events. Every event of the machine comes by here, so what is compared is put in order
//! beforehand: a test with a hundred values costs about as much as one with ten.

use alloc::boxed::Box;
use alloc::collections::BinaryHeap;
use alloc::vec::Vec;

use lanner_abi::{Kind, Value};

use crate::check::{Condition, Wanted};
use crate::field::{FieldRef, Glimpse, Glimpsed, Happening};
use crate::filter::{Literal, Test};

mod parts;
mod ranges;
mod sketch;
mod texts;

pub use parts::Parts;
pub use ranges::Ranges;
pub use texts::{Equals, Prefixes, Suffixes};

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
    Listed(FieldRef, u32),
}

#[derive(Debug)]
pub(crate) enum Values {
    Equals(Equals),
    Prefixes(Prefixes),
    Suffixes(Suffixes),
    Parts(Parts),
    Ranges(Ranges<i128>),
    /// Of these bits those that are set: at least one, all, or none.
    AnyBits(u64),
    AllBits(u64),
    NoBits(u64),
    Networks(Ranges<u128>),
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
            Glimpsed::Within(folder) => tests.iter().any(|test| test.hold_within(folder) != Verdict::Fails),
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
            Condition::Listed(field, list) => Self::Listed(*field, *list),
        }
    }

    pub(crate) fn holds(&self, event: &impl Happening) -> bool {
        match self {
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(event)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(event)),
            Self::Not(condition) => !condition.holds(event),
            Self::Field(field, values) => event.value(field).is_some_and(|value| values.hold(value)),
            Self::Listed(field, list) => event.value(field).is_some_and(|value| event.is_listed(*list, value)),
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
                Glimpsed::Within(folder) => values.hold_within(folder),
                Glimpsed::Known(value) if value.is_some_and(|value| values.hold(value)) => Verdict::Holds,
                Glimpsed::Known(_) => Verdict::Fails,
            },
            // What stands in a list changes, and what was left out for it would stay so.
            Self::Listed(field, _) => match event.value(field) {
                Glimpsed::Known(None) => Verdict::Fails,
                _ => Verdict::Open,
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
        // Which of them it is that a text has does not matter here.
        let numbered = |values: &[Vec<u8>]| (0..).zip(values.to_vec());
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
                    Self::Ranges(Ranges::new(literals.iter().filter_map(number).collect()))
                } else {
                    Self::Equals(Equals::new((0..).zip(texts)))
                }
            }
            Test::StartsWith(values) => Self::Prefixes(Prefixes::new(numbered(values))),
            Test::EndsWith(values) => Self::Suffixes(Suffixes::new(numbered(values))),
            Test::Contains(values) => Self::Parts(Parts::new(numbered(values))),
            Test::Between(between) => Self::Ranges(Ranges::new(between.clone())),
            Test::AnyBits(bits) => Self::AnyBits(*bits),
            Test::AllBits(bits) => Self::AllBits(*bits),
            Test::NoBits(bits) => Self::NoBits(*bits),
            Test::Within(networks) => Self::Networks(Ranges::of_networks(networks.iter().copied())),
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
                Self::Equals(values) => values.find(&bytes).is_some(),
                Self::Networks(networks) => networks.contains(u128::from_be_bytes(bytes)),
                _ => false,
            },
        }
    }

    /// What is known of a path of which the folder is known. The name that follows has no `/`, is not empty, and is none of
    /// [`names`](crate::named::names).
    fn hold_within(&self, folder: &[u8]) -> Verdict {
        let any = |some: bool| if some { Verdict::Open } else { Verdict::Fails };
        let holds_all =
            |value: &[u8]| folder.starts_with(value) || value.strip_prefix(folder).is_some_and(|rest| rest == b"/");
        let may_begin = |value: &[u8]| {
            let name = value.strip_prefix(folder).and_then(|rest| rest.strip_prefix(b"/"));
            name.is_some_and(|name| !name.contains(&b'/'))
        };
        match self {
            Self::Known => Verdict::Holds,
            Self::Prefixes(values) if values.texts().any(holds_all) => Verdict::Holds,
            Self::Prefixes(values) => any(values.texts().any(may_begin)),
            // Those with a `/` end with one of the names, or hold of no path.
            Self::Suffixes(values) => any(values.texts().any(|value| !value.contains(&b'/'))),
            Self::Parts(parts) => {
                if parts.find(&[folder, b"/"].concat()).is_some() {
                    return Verdict::Holds;
                }
                // It may be in the name, or begin at the end of the folder and end in the name.
                any(parts.texts().any(|part| match part.iter().rposition(|byte| *byte == b'/') {
                    None => true,
                    Some(last) => part.get(..last).is_some_and(|above| folder.ends_with(above)),
                }))
            }
            // It would have to be one of the names.
            Self::Equals(_) => Verdict::Fails,
            // What compares numbers fails of a text.
            Self::Ranges(_) | Self::AnyBits(_) | Self::AllBits(_) | Self::NoBits(_) | Self::Networks(_) => {
                Verdict::Fails
            }
        }
    }

    fn hold_number(&self, number: i128, set: u64) -> bool {
        match self {
            Self::Ranges(ranges) => ranges.contains(number),
            Self::AnyBits(bits) => set & bits != 0,
            Self::AllBits(bits) => set & bits == *bits,
            Self::NoBits(bits) => set & bits == 0,
            _ => false,
        }
    }

    fn hold_text(&self, text: &[u8]) -> bool {
        match self {
            Self::Equals(values) => values.find(text).is_some(),
            Self::Prefixes(values) => values.find(text).is_some(),
            Self::Suffixes(values) => values.find(text).is_some(),
            Self::Parts(parts) => parts.find(text).is_some(),
            _ => false,
        }
    }
}

/// In order. A heap takes a tenth of the code of the sort of slices, and every pack carries it.
fn sorted<T: Ord>(values: Vec<T>) -> Vec<T> {
    BinaryHeap::from(values).into_sorted_vec()
}

#[cfg(test)]
mod tests {
    use lanner_abi::field;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::field::Scope;
    use crate::named::{files, names};

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

    /// Paths of few letters, so that they often have a part in common.
    fn path() -> impl Strategy<Value = Vec<u8>> {
        vec(prop_oneof![Just(b'/'), Just(b'a'), Just(b'b')], 0..6)
    }

    fn test() -> impl Strategy<Value = Test> {
        let values = || vec(path(), 0..4);
        prop_oneof![
            values().prop_map(|values| Test::Equals(values.into_iter().map(Literal::Bytes).collect())),
            values().prop_map(Test::StartsWith),
            values().prop_map(Test::EndsWith),
            values().prop_map(Test::Contains),
            Just(Test::Known),
            vec((-9_i128..9, -9_i128..9), 1..3).prop_map(Test::Between),
        ]
    }

    fn condition() -> impl Strategy<Value = Condition> {
        let fields = prop_oneof![
            Just(FieldRef { scope: Scope::Payload, field: field::open::PATH }),
            Just(FieldRef { scope: Scope::Payload, field: field::open::FLAGS }),
            Just(FieldRef { scope: Scope::Process, field: field::process::EXE }),
        ];
        let leaf = (fields.clone(), test()).prop_map(|(field, test)| Condition::Field(field, test));
        let listed = (fields, 0_u32..4).prop_map(|(field, list)| Condition::Listed(field, list));
        let leaf = prop_oneof![6 => leaf, 1 => listed];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..3).prop_map(Condition::All),
                vec(inner.clone(), 0..3).prop_map(Condition::Any),
                inner.prop_map(|condition| Condition::Not(Box::new(condition))),
            ]
        })
    }

    /// An open, of which some is known.
    #[derive(Debug)]
    struct Seen {
        path: Vec<u8>,
        flags: u64,
        exe: Option<Vec<u8>>,
        /// Of the path the folder (1), all (2), or nothing; and whether the others are known.
        path_known: u8,
        known: [bool; 2],
    }

    impl Happening for Seen {
        fn kind(&self) -> Option<Kind> {
            Some(Kind::Open)
        }

        fn value(&self, of: &FieldRef) -> Option<Value<'_>> {
            match of.field {
                at if *at == *field::open::PATH => Some(Value::Text(&self.path)),
                at if *at == *field::open::FLAGS => Some(Value::Unsigned(self.flags)),
                _ => self.exe.as_deref().map(Value::Text),
            }
        }

        /// A list of a number has all texts of that length, and that number.
        fn is_listed(&self, list: u32, value: Value<'_>) -> bool {
            match value {
                Value::Text(text) => text.len() == list as usize,
                value => matches!(value, Value::Unsigned(number) if number == list.into()),
            }
        }
    }

    impl Glimpse for Seen {
        fn kind(&self) -> Kind {
            Kind::Open
        }

        fn value(&self, of: &FieldRef) -> Glimpsed<'_> {
            let slash = self.path.iter().rposition(|byte| *byte == b'/');
            let is_path = *of.field == *field::open::PATH;
            let known = match of.field {
                _ if is_path => self.path_known == 2,
                at if *at == *field::open::FLAGS => self.known[0],
                _ => self.known[1],
            };
            match (slash, known) {
                (_, true) => Glimpsed::Known(Happening::value(self, of)),
                // A name is not empty.
                (Some(slash), _) if is_path && self.path_known == 1 && slash + 1 < self.path.len() => {
                    Glimpsed::Within(&self.path[..slash])
                }
                _ => Glimpsed::Open,
            }
        }
    }

    fn has_lists(condition: &Condition) -> bool {
        match condition {
            Condition::All(conditions) | Condition::Any(conditions) => conditions.iter().any(has_lists),
            Condition::Not(condition) => has_lists(condition),
            Condition::Field(..) => false,
            Condition::Listed(..) => true,
        }
    }

    fn seen() -> impl Strategy<Value = Seen> {
        let facts = (path(), 0_u64..9, proptest::option::of(path()), 0_u8..3, any::<[bool; 2]>());
        facts.prop_map(|(path, flags, exe, path_known, known)| Seen { path, flags, exe, path_known, known })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn what_may_not_be_wanted_is_not(conditions in vec(condition(), 1..4), seen in seen()) {
            let wanted = |condition| Wanted { kind: Kind::Open, condition: Some(condition) };
            let wanted = conditions.into_iter().map(wanted).collect::<Vec<_>>();
            let sieve = Sieve::new(&wanted);
            // Verdicts on folders are not about these names.
            let named = names(&wanted).iter().any(|name| seen.path.rsplit(|byte| *byte == b'/').next() == Some(name));
            let seen = if named && seen.path_known == 1 { Seen { path_known: 0, ..seen } } else { seen };
            prop_assert!(sieve.may_want(&seen) || !sieve.wants(&seen), "{:?} {:?}", sieve, seen);
            // Once all is known there is nothing to be careful about.
            let all = Seen { path_known: 2, known: [true; 2], ..seen };
            if !wanted.iter().any(|wanted| wanted.condition.as_ref().is_some_and(has_lists)) {
                prop_assert_eq!(sieve.may_want(&all), sieve.wants(&all));
            }
        }
    }

    #[test]
    fn a_folder_in_which_nothing_is_wanted_is_known_as_such() {
        let values = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
        let path = |test| Condition::Field(FieldRef { scope: Scope::Payload, field: field::open::PATH }, test);
        let wanted = |condition| Wanted { kind: Kind::Open, condition: Some(condition) };
        let wanted = [
            wanted(path(Test::EndsWith(values(&["/.ssh/id_rsa", "/.bash_history"])))),
            wanted(path(Test::StartsWith(values(&["/etc/cron.d/", "/etc/sudoers"])))),
            wanted(path(Test::Equals(values(&["/var/log/x"]).into_iter().map(Literal::Bytes).collect()))),
        ];
        let found: Vec<Vec<u8>> = names(&wanted).into_iter().collect();
        assert_eq!(found, values(&[".bash_history", "id_rsa", "x"]));
        assert_eq!(files(&wanted).into_iter().collect::<Vec<_>>(), values(&["/var/log/x"]));
        let sieve = Sieve::new(&wanted);
        let of = |path: &str| {
            let path = path.as_bytes().to_vec();
            sieve.may_want(&Seen { path, flags: 0, exe: None, path_known: 1, known: [false; 2] })
        };
        assert!(!of("/usr/share/doc/a") && !of("/home/x/.ssh/a") && !of("/a") && !of("/var/log/a"));
        assert!(of("/etc/passwd") && of("/etc/cron.d/a") && of("/etc/sudoers.d/a"));
        // The end of a name may be any name's.
        let ends = Wanted { kind: Kind::Open, condition: Some(path(Test::EndsWith(values(&["_history"])))) };
        let seen = Seen { path: b"/a/b".to_vec(), flags: 0, exe: None, path_known: 1, known: [false; 2] };
        assert!(Sieve::new(&[ends]).may_want(&seen));
    }

    #[test]
    fn bits() {
        let hold = |test| Values::new(&test).hold(Value::Unsigned(0b110));
        assert!(hold(Test::AnyBits(0b011)) && hold(Test::AllBits(0b110)) && hold(Test::NoBits(0b001)));
        assert!(!hold(Test::AnyBits(0b001)) && !hold(Test::AllBits(0b111)) && !hold(Test::NoBits(0b100)));
    }
}
