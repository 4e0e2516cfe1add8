//! What of a condition a host can compare: a filter that holds for every event that the condition holds for, and for as few
//! others as can be said.
//!
//! What cannot be said is left out of what has to hold together, and makes everything pass where one of several has to hold.
//! What a condition says is *not* so is left out too, but for numbers, bits and what is known: for nearly all events a name
//! is none of a hundred others.

use lanner_abi::{FieldInfo, Kind, Reads, Type, field};
use lanner_contract::filter::{Literal, Test as FilterTest};
use lanner_contract::{FieldRef, Filter};

use crate::field::{Constant, Field, Get, Owner, Value, place, record_of};
use crate::glob;
use crate::memory::{KUBERNETES_VARIABLE, is_kubernetes};
use crate::names::{CREATED, Table};
use crate::rules::{Condition, FieldId, Rules, TestId};
use crate::test::{How, Op, Prepared, Test};
use crate::transform::Transform;

/// How deep a filter may lie; the contract has 16.
const MAX_DEPTH: usize = 12;
/// What a pack may have of values, and of values that texts are searched for: something is left to spare, for what is joined.
const MAX_VALUES: usize = 4000;
const MAX_PARTS: usize = 500;
/// Bytes of a value.
const MAX_VALUE: usize = 4096;
/// Bytes of a part that is worth searching for: shorter ones are in nearly every text, and slow the others down.
const MIN_PART: usize = 3;
/// Letters of a text whose case does not matter that are compared: each doubles the values.
const MAX_LETTERS: usize = 3;

/// The filter of a condition on events of a kind; nothing where any event may be meant.
#[must_use]
pub fn of(rules: &Rules, kind: Kind, condition: &Condition) -> Option<Filter> {
    let deriving = Deriving { rules, kind };
    match deriving.over(condition, true, 0) {
        May::Always => None,
        // The event itself is always known.
        May::Never => Some(Filter::Not(Box::new(Filter::Field("event.seq".to_owned(), FilterTest::Known)))),
        May::Where(filter) => Some(filter),
    }
}

/// Makes filters of one pack fit what a pack may have: what takes most is said less exactly, until they do. Those of kinds that are
/// frequent (`true`) come last, as they save most.
pub fn fit<'f>(filters: impl Iterator<Item = (bool, &'f mut Option<Filter>)>) {
    let mut filters: Vec<(bool, &mut Option<Filter>)> = filters.collect();
    let mut sizes: Vec<(usize, usize)> =
        filters.iter().map(|(_, filter)| filter.as_ref().map_or((0, 0), size)).collect();
    loop {
        let (values, parts) = sizes.iter().fold((0, 0), |(v, p), (values, parts)| (v + values, p + parts));
        let by_parts = parts > MAX_PARTS;
        if !by_parts && values <= MAX_VALUES {
            return;
        }
        let weight = |(place, (values, parts)): (usize, &(usize, usize))| {
            let weight = if by_parts { *parts } else { *values };
            let is_frequent = filters.get(place).is_some_and(|(is_frequent, _)| *is_frequent);
            (weight > 0, !is_frequent, weight, place)
        };
        let Some((_, _, _, largest)) = sizes.iter().enumerate().map(weight).max() else { return };
        let (Some((_, filter)), Some(size_of)) = (filters.get_mut(largest), sizes.get_mut(largest)) else { return };
        **filter = filter.take().and_then(|filter| weaker(filter, by_parts));
        *size_of = filter.as_ref().map_or((0, 0), size);
    }
}

/// Values as the contract counts them, and of those the ones that texts are searched for.
fn size(filter: &Filter) -> (usize, usize) {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters
            .iter()
            .map(size)
            .fold((1, 0), |(values, parts), (more, more_parts)| (values + more, parts + more_parts)),
        Filter::Not(filter) => {
            let (values, parts) = size(filter);
            (values + 1, parts)
        }
        Filter::Field(_, test) => {
            let values = test.len().max(1);
            (values, if matches!(test, FilterTest::Contains(_)) { values } else { 0 })
        }
        Filter::Listed(..) | Filter::Unknown(_) => (1, 0),
    }
}

/// A filter without its largest part; nothing where that is all of it.
fn weaker(filter: Filter, by_parts: bool) -> Option<Filter> {
    let weight = |filter: &Filter| if by_parts { size(filter).1 } else { size(filter).0 };
    let Filter::All(mut filters) = filter else { return None };
    let largest = (0..filters.len()).max_by_key(|place| weight(&filters[*place]))?;
    match weaker(filters.remove(largest), by_parts) {
        Some(rest) => filters.insert(largest, rest),
        None if filters.is_empty() => return None,
        None => {}
    }
    Some(if filters.len() == 1 { filters.remove(0) } else { Filter::All(filters) })
}

/// For which events something may hold.
#[derive(Clone, Debug, PartialEq)]
enum May {
    Always,
    Never,
    Where(Filter),
}

impl May {
    fn all(every: impl IntoIterator<Item = Self>) -> Self {
        let mut filters = Vec::new();
        for may in every {
            match may {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::Where(Filter::All(inner)) => filters.extend(inner),
                Self::Where(filter) => filters.push(filter),
            }
        }
        match filters.len() {
            0 => Self::Always,
            1 => Self::Where(filters.remove(0)),
            _ => Self::Where(Filter::All(filters)),
        }
    }

    fn any(some: impl IntoIterator<Item = Self>) -> Self {
        let mut filters: Vec<Filter> = Vec::new();
        for may in some {
            match may {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Where(Filter::Any(inner)) => inner.into_iter().for_each(|filter| join(&mut filters, filter)),
                Self::Where(filter) => join(&mut filters, filter),
            }
        }
        match filters.len() {
            0 => Self::Never,
            1 => Self::Where(filters.remove(0)),
            _ => Self::Where(Filter::Any(filters)),
        }
    }
}

/// Adds a filter to those of which one has to hold: the same test of the same field has the values of both.
fn join(filters: &mut Vec<Filter>, filter: Filter) {
    use FilterTest::{Between, Contains, EndsWith, Equals, StartsWith, Within};
    if filters.contains(&filter) {
        return;
    }
    if let Filter::Field(name, test) = &filter {
        for known in filters.iter_mut() {
            let Filter::Field(known, into) = known else { continue };
            match (into, test) {
                _ if known != name => {}
                (Equals(all), Equals(more)) => return add(all, more),
                (StartsWith(all), StartsWith(more))
                | (EndsWith(all), EndsWith(more))
                | (Contains(all), Contains(more)) => return add(all, more),
                (Between(all), Between(more)) => return add(all, more),
                (Within(all), Within(more)) => return add(all, more),
                _ => {}
            }
        }
    }
    filters.push(filter);
}

fn add<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

struct Deriving<'r> {
    rules: &'r Rules,
    kind: Kind,
}

/// A field as filters name it.
struct Named {
    name: String,
    info: &'static FieldInfo,
}

impl Named {
    fn test(&self, test: FilterTest) -> May {
        let fits = match &test {
            FilterTest::Equals(values) => values.iter().all(|value| match value {
                Literal::Bytes(bytes) => bytes.len() <= MAX_VALUE,
                _ => true,
            }),
            FilterTest::StartsWith(values) | FilterTest::EndsWith(values) | FilterTest::Contains(values) => {
                values.iter().all(|value| value.len() <= MAX_VALUE)
            }
            _ => true,
        };
        match fits {
            _ if test.is_empty() && test != FilterTest::Known => May::Never,
            true => May::Where(Filter::Field(self.name.clone(), test)),
            false => May::Always,
        }
    }

    fn is_text(&self) -> bool {
        self.info.ty == Type::Text
    }

    /// A text that is one of these, begins so, and so on.
    fn texts(&self, how: How, values: Vec<Vec<u8>>) -> May {
        if !self.is_text() {
            return May::Never;
        }
        self.test(match how {
            How::Equals => FilterTest::Equals(values.into_iter().map(Literal::Bytes).collect()),
            How::StartsWith => FilterTest::StartsWith(values),
            How::EndsWith => FilterTest::EndsWith(values),
            How::Contains if values.iter().any(|value| value.len() < MIN_PART) => return May::Always,
            How::Contains => FilterTest::Contains(values),
        })
    }
}

impl Deriving<'_> {
    /// Where a condition may hold, or, if `holds` is not so, where it may not.
    fn over(&self, condition: &Condition, holds: bool, depth: usize) -> May {
        if depth > MAX_DEPTH {
            return May::Always;
        }
        match (condition, holds) {
            (Condition::Always(always), holds) if *always == holds => May::Always,
            (Condition::Always(_), _) => May::Never,
            (Condition::All(conditions), true) | (Condition::Any(conditions), false) => {
                May::all(conditions.iter().map(|condition| self.over(condition, holds, depth + 1)))
            }
            (Condition::Any(conditions), true) | (Condition::All(conditions), false) => {
                May::any(conditions.iter().map(|condition| self.over(condition, holds, depth + 1)))
            }
            (Condition::Not(condition), holds) => self.over(condition, !holds, depth),
            (Condition::Test(TestId(test)), holds) => {
                let Some(Test { field: FieldId(field), op }) = self.rules.tests.get(*test as usize) else {
                    return May::Always;
                };
                let Some(field) = self.rules.fields.get(*field as usize) else { return May::Always };
                if holds { self.passes(field, op) } else { self.fails(field, op) }
            }
        }
    }

    /// Where a test may fail: only where it can be said exactly, and is worth it.
    fn fails(&self, field: &Field, op: &Op) -> May {
        let worth_it =
            matches!(op, Op::Known | Op::Is(_) | Op::Numbers(_) | Op::AnyBits(_) | Op::AllBits(_) | Op::NoBits(_));
        let is_exact = match &field.get {
            Get::Raw(at) => field.transforms.is_empty() && self.named(field.of, *at).is_some(),
            Get::OpenAccess => field.is_plain(),
            _ => false,
        };
        if !worth_it || !is_exact {
            return May::Always;
        }
        let raw = Field { otherwise: None, ..field.clone() };
        let fails = match self.passes(&raw, op) {
            // Nothing is said of where it passes.
            May::Always | May::Never => May::Always,
            May::Where(filter) => May::Where(Filter::Not(Box::new(filter))),
        };
        match passes_otherwise(field, op) {
            true => May::all([self.passes(&raw, &Op::Known), fails]),
            false => fails,
        }
    }

    /// A field of a record as filters name it, where they can compare it.
    fn named(&self, of: Owner, at: u16) -> Option<Named> {
        let info = record_of(of, self.kind).fields.get(usize::from(at))?;
        let facts = self.kind.info();
        let owner = match of {
            Owner::Event => "event".to_owned(),
            Owner::Payload => self.kind.name().to_owned(),
            Owner::Process if facts.has_image => format!("{}.image", self.kind.name()),
            Owner::Process => "process".to_owned(),
            // An exec has a process go on with the same parent.
            Owner::Ancestor(1) => "parent".to_owned(),
            // Of an exec that is where the process was before.
            Owner::Container if !facts.has_image => "container".to_owned(),
            Owner::Named(at) => {
                format!("{}.{}", self.kind.name(), self.kind.record().fields.get(usize::from(at))?.name)
            }
            _ => return None,
        };
        let name = format!("{owner}.{}", info.name);
        FieldRef::of(self.kind, &name).ok().map(|_| Named { name, info })
    }

    fn process(&self, of: Owner, info: &FieldInfo) -> Option<Named> {
        self.named(of, place(info))
    }

    /// Where a test may hold.
    fn passes(&self, field: &Field, op: &Op) -> May {
        let Field { of, get, transforms, .. } = field;
        if let Op::Field(..) = op {
            return May::Always;
        }
        if passes_otherwise(field, op) {
            let raw = Field { otherwise: None, ..field.clone() };
            let is_raw = matches!(get, Get::Raw(at) if self.named(*of, *at).is_some()) && transforms.is_empty();
            let May::Where(known) = self.passes(&raw, &Op::Known) else { return May::Always };
            return match is_raw {
                true => May::any([May::Where(Filter::Not(Box::new(known))), self.passes(&raw, op)]),
                false => May::Always,
            };
        }
        match get {
            Get::Each(fields) if transforms.is_empty() => May::any(fields.iter().map(|field| self.passes(field, op))),
            Get::First(fields) if transforms.is_empty() => May::any(fields.iter().map(|field| self.passes(field, op))),
            Get::Constant(constant) if transforms.is_empty() => {
                match Prepared::new(op).is_ok_and(|prepared| prepared.holds(Value::from(constant))) {
                    true => May::Always,
                    false => May::Never,
                }
            }
            Get::Raw(at) => match self.named(*of, *at) {
                Some(named) => raw(&named, transforms, op),
                None => May::Always,
            },
            Get::Joined(at, _) if transforms.is_empty() => match self.named(*of, *at) {
                Some(named) if *named.info == *field::process::ENVIRONMENT => environment(&named, op),
                Some(named) => joined(&[named], op),
                None => May::Always,
            },
            Get::Item(at, 0) if transforms.is_empty() => match (self.named(*of, *at), op) {
                (Some(named), Op::Texts { how: How::Equals | How::StartsWith, values, fold: false }) => {
                    named.texts(How::StartsWith, values.clone())
                }
                (Some(named), _) => joined(&[named], op),
                (None, _) => May::Always,
            },
            Get::CommandLine if transforms.is_empty() => self.command_line(*of, op),
            Get::User if transforms.is_empty() => self.user(*of, op),
            Get::Group if transforms.is_empty() => match self.process(*of, field::process::EGID) {
                Some(gid) => gid.test(FilterTest::Equals(vec![Literal::Number(0)])),
                None => May::Always,
            },
            Get::Bit(at, bit) if transforms.is_empty() => match (self.named(*of, *at), op) {
                (Some(named), Op::Is(true)) => named.test(FilterTest::AllBits(1 << bit)),
                (Some(named), Op::Is(false)) => named.test(FilterTest::NoBits(1 << bit)),
                _ => May::Always,
            },
            Get::Environment(name) if transforms.is_empty() => match self.process(*of, field::process::ENVIRONMENT) {
                Some(named) => named.texts(How::Contains, vec![[name.as_slice(), b"="].concat()]),
                None => May::Always,
            },
            Get::Choice(at, bits, yes, no) if transforms.is_empty() => match self.named(*of, *at) {
                Some(named) => {
                    let prepared = Prepared::new(op);
                    let holds = |constant: &Constant| {
                        prepared.as_ref().is_ok_and(|prepared| prepared.holds(Value::from(constant)))
                    };
                    let when = |holds: bool, test| if holds { named.test(test) } else { May::Never };
                    // Where none is set, or some.
                    let (yes, no) = (holds(yes), holds(no));
                    if yes && no {
                        return named.test(FilterTest::Known);
                    }
                    May::any([when(yes, FilterTest::AnyBits(*bits)), when(no, FilterTest::NoBits(*bits))])
                }
                None => May::Always,
            },
            Get::Hosts(_) if self.names_kubernetes(op) => {
                match self.process(Owner::Process, field::process::ENVIRONMENT) {
                    // It names the entry of the environment that has the address, and leaves nothing out.
                    Some(named) => May::Where(Filter::Any(vec![
                        Filter::Field("event.seq".to_owned(), FilterTest::Known),
                        Filter::Field(
                            named.name,
                            FilterTest::Contains(vec![[KUBERNETES_VARIABLE.as_bytes(), b"="].concat()]),
                        ),
                    ])),
                    None => May::Always,
                }
            }
            Get::OpenAccess if transforms.is_empty() => self.open_access(op),
            Get::OpenFlags if transforms.is_empty() => self.open_flags(op),
            Get::Names(at, table) if transforms.is_empty() => match self.named(*of, *at) {
                Some(named) => names(&named, *table, op),
                None => May::Always,
            },
            Get::NamespacePid if transforms.is_empty() => {
                let (own, pid) = (self.process(*of, field::process::NS_PID), self.process(*of, field::process::PID));
                match (own, pid, op) {
                    (Some(own), Some(pid), Op::Numbers(ranges)) => {
                        let known = Filter::Field(own.name.clone(), FilterTest::Known);
                        May::any([
                            own.test(FilterTest::Between(ranges.clone())),
                            May::all([
                                May::Where(Filter::Not(Box::new(known))),
                                pid.test(FilterTest::Between(ranges.clone())),
                            ]),
                        ])
                    }
                    _ => May::Always,
                }
            }
            _ => May::Always,
        }
    }

    /// The kernel's name of a process, which has no NUL in it, then its arguments.
    fn command_line(&self, of: Owner, op: &Op) -> May {
        let (comm, argv) = (self.process(of, field::process::COMM), self.process(of, field::process::ARGV));
        let (Some(comm), Some(argv)) = (comm, argv) else { return May::Always };
        match op {
            // The name is all of it, or is followed by a space.
            Op::Texts { how: how @ (How::Equals | How::StartsWith), values, fold: false } => {
                let names = |value: &Vec<u8>| {
                    let spaces = (0..value.len()).filter(|at| value.get(*at) == Some(&b' '));
                    spaces.filter_map(|end| value.get(..end).map(<[u8]>::to_vec)).collect::<Vec<_>>()
                };
                let mut equals: Vec<Vec<u8>> = values.iter().flat_map(names).collect();
                let mut begins = Vec::new();
                if *how == How::Equals {
                    equals.extend(values.iter().cloned());
                } else {
                    begins.clone_from(values);
                }
                // The kernel's names have 15 bytes at most.
                equals.retain(|name| name.len() < 16);
                begins.retain(|name| name.len() < 16);
                equals.sort();
                equals.dedup();
                May::any([comm.texts(How::Equals, equals), comm.texts(How::StartsWith, begins)])
            }
            op => joined(&[comm, argv], op),
        }
    }

    fn names_kubernetes(&self, op: &Op) -> bool {
        matches!(op, Op::Texts { values, .. } if values.iter().any(|host| is_kubernetes(host)))
    }

    fn user(&self, of: Owner, op: &Op) -> May {
        let Op::Texts { how: How::Equals, values, fold: false } = op else { return May::Always };
        let (user, euid) = (self.process(of, field::process::USER), self.process(of, field::process::EUID));
        let (Some(user), Some(euid)) = (user, euid) else { return May::Always };
        let root = match values.iter().any(|value| value == b"root") {
            true => euid.test(FilterTest::Equals(vec![Literal::Number(0)])),
            false => May::Never,
        };
        May::any([user.texts(How::Equals, values.clone()), root])
    }

    /// Bit 0 for reading, bit 1 for writing.
    fn open_access(&self, op: &Op) -> May {
        let Some(flags) = self.named(Owner::Payload, place(field::open::FLAGS)) else { return May::Always };
        match op {
            Op::AnyBits(1) | Op::AllBits(1) => flags.test(FilterTest::NoBits(1)),
            Op::AnyBits(2) | Op::AllBits(2) => flags.test(FilterTest::AnyBits(3)),
            Op::NoBits(1) => flags.test(FilterTest::AllBits(1)),
            Op::NoBits(2) => flags.test(FilterTest::NoBits(3)),
            _ => May::Always,
        }
    }

    fn open_flags(&self, op: &Op) -> May {
        let flags = self.named(Owner::Payload, place(field::open::FLAGS));
        let created = self.named(Owner::Payload, place(field::open::CREATED));
        let (Some(flags), Some(created)) = (flags, created) else { return May::Always };
        let Op::Texts { how: How::Contains, values, fold } = op else { return May::Always };
        let Some(bits) = Table::OpenFlags.bits_of(values, *fold) else { return May::Always };
        let by_creating = match bits & CREATED != 0 {
            true => created.test(FilterTest::Equals(vec![Literal::Bool(true)])),
            false => May::Never,
        };
        let by_flags = match bits & !CREATED {
            0 => May::Never,
            bits => flags.test(FilterTest::AnyBits(bits)),
        };
        May::any([by_flags, by_creating])
    }
}

/// Whether what a field is where it is not known passes a test.
fn passes_otherwise(field: &Field, op: &Op) -> bool {
    let holds = |otherwise| Prepared::new(op).is_ok_and(|prepared| prepared.holds(Value::from(otherwise)));
    field.otherwise.as_ref().is_some_and(holds)
}

/// A field as it is, and what was made of its text.
fn raw(named: &Named, transforms: &[Transform], op: &Op) -> May {
    match (transforms, op) {
        (_, Op::Known) => named.test(FilterTest::Known),
        ([], op) => plain(named, op),
        ([transform], Op::Texts { how, values, fold: false }) if named.is_text() => {
            of_transformed(named, *transform, *how, values)
        }
        ([Transform::AtLeast(least)], Op::Numbers(ranges)) => {
            let least = i128::from(*least);
            let all =
                |(from, to): (i128, i128)| (if (from..=to).contains(&least) { i64::MIN.into() } else { from }, to);
            plain(named, &Op::Numbers(ranges.iter().copied().filter(|(_, to)| *to >= least).map(all).collect()))
        }
        ([Transform::Text], Op::Texts { how: How::Equals, values, .. }) => {
            let number = |value: &Vec<u8>| std::str::from_utf8(value).ok()?.parse::<i128>().ok();
            match named.info.ty {
                Type::Text | Type::Bytes16 | Type::List => May::Always,
                _ if named.info.reads == Reads::Bool => May::Always,
                _ => named.test(FilterTest::Equals(values.iter().filter_map(number).map(Literal::Number).collect())),
            }
        }
        _ => May::Always,
    }
}

fn of_transformed(named: &Named, transform: Transform, how: How, values: &[Vec<u8>]) -> May {
    let all = |change: &dyn Fn(&[u8]) -> Vec<u8>| values.iter().map(|value| change(value)).collect::<Vec<_>>();
    let without_slash = |value: &[u8]| value.strip_suffix(b"/").unwrap_or(value).to_vec();
    match (transform, how) {
        (Transform::Slashed, How::Equals) => {
            let mut both = values.to_vec();
            both.extend(all(&without_slash));
            named.texts(How::Equals, both)
        }
        (Transform::Slashed, How::StartsWith | How::Contains) => named.texts(how, all(&without_slash)),
        (Transform::Directory, How::Equals) => {
            let inside = |value: &[u8]| if value == b"/" { b"/".to_vec() } else { [value, b"/"].concat() };
            // What has no `/` at all has no folder.
            if values.iter().any(Vec::is_empty) {
                return May::Always;
            }
            named.texts(How::StartsWith, all(&inside))
        }
        (Transform::Directory, How::StartsWith | How::Contains) => named.texts(how, values.to_vec()),
        (Transform::Directory, How::EndsWith) => named.texts(How::Contains, values.to_vec()),
        (Transform::FileName, How::Equals) => May::any([
            named.texts(How::EndsWith, all(&|value| [b"/", value].concat())),
            named.texts(How::Equals, values.to_vec()),
        ]),
        (Transform::FileName, How::StartsWith) => May::any([
            named.texts(How::Contains, all(&|value| [b"/", value].concat())),
            named.texts(How::StartsWith, values.to_vec()),
        ]),
        (Transform::FileName, How::EndsWith | How::Contains) => named.texts(how, values.to_vec()),
        (Transform::Cut(_), How::Equals | How::StartsWith) => named.texts(How::StartsWith, values.to_vec()),
        (Transform::Text, how) => named.texts(how, values.to_vec()),
        _ => May::Always,
    }
}

fn plain(named: &Named, op: &Op) -> May {
    let folds = |values: &[Vec<u8>]| values.iter().flatten().any(u8::is_ascii_alphabetic);
    match op {
        Op::Known => named.test(FilterTest::Known),
        Op::Is(yes) if named.info.reads == Reads::Bool => named.test(FilterTest::Equals(vec![Literal::Bool(*yes)])),
        Op::Texts { how, values, fold } if !fold || !folds(values) => named.texts(*how, values.clone()),
        Op::Texts { how, values, .. } => in_both_cases(named, *how, values),
        Op::Differs(_) | Op::Regexes { .. } => May::Always,
        Op::Globs { globs, fold } => May::any(globs.iter().map(|glob| {
            let (begin, end) = glob::ends(glob);
            if begin.len().max(end.len()) == 0 {
                return May::Always;
            }
            let part = |how, part: Vec<u8>| match part.is_empty() {
                true => May::Always,
                false if *fold => in_both_cases(named, how, &[part]),
                false => named.texts(how, vec![part]),
            };
            May::all([part(How::StartsWith, begin), part(How::EndsWith, end)])
        })),
        Op::Below(paths) => {
            let plain: Vec<Vec<u8>> =
                paths.iter().map(|path| path.strip_suffix(b"/").unwrap_or(path).to_vec()).collect();
            let below = plain.iter().map(|path| [path.as_slice(), b"/"].concat()).collect();
            May::any([named.texts(How::StartsWith, below), named.texts(How::Equals, plain)])
        }
        Op::Numbers(ranges) => {
            let ranges: Vec<(i128, i128)> = ranges.iter().copied().filter(|(from, to)| from <= to).collect();
            match named.info.ty {
                Type::Text | Type::Bytes16 | Type::List => May::Never,
                _ if named.info.reads == Reads::Bool => May::Never,
                _ => named.test(FilterTest::Between(ranges)),
            }
        }
        Op::AnyBits(bits) => named.test(FilterTest::AnyBits(*bits)),
        Op::AllBits(bits) => named.test(FilterTest::AllBits(*bits)),
        Op::NoBits(bits) => named.test(FilterTest::NoBits(*bits)),
        Op::Within(networks) if named.info.ty == Type::Bytes16 => named.test(FilterTest::Within(networks.clone())),
        Op::Is(_) | Op::Within(_) => May::Never,
        Op::Field(..) => May::Always,
    }
}

/// Texts that may be written in both cases: each way to write so much of their begin, their end or their middle as has few ways.
fn in_both_cases(named: &Named, how: How, values: &[Vec<u8>]) -> May {
    May::any(values.iter().map(|value| {
        let begin = || named.texts(How::StartsWith, both_cases(&few_letters(value.iter())));
        let end = || {
            let mut end = few_letters(value.iter().rev());
            end.reverse();
            named.texts(How::EndsWith, both_cases(&end))
        };
        match how {
            How::Equals if value.iter().filter(|byte| byte.is_ascii_alphabetic()).count() <= MAX_LETTERS => {
                named.texts(How::Equals, both_cases(value))
            }
            How::Equals => May::all([begin(), end()]),
            How::StartsWith => begin(),
            How::EndsWith => end(),
            How::Contains => {
                let from = |at: usize| few_letters(value.get(at..).unwrap_or_default().iter());
                let longest = (0..value.len()).map(from).max_by_key(Vec::len);
                named.texts(How::Contains, both_cases(&longest.unwrap_or_default()))
            }
        }
    }))
}

/// As much as has few letters.
fn few_letters<'b>(bytes: impl Iterator<Item = &'b u8>) -> Vec<u8> {
    let mut letters = 0;
    let fits = |byte: &&u8| {
        letters += usize::from(byte.is_ascii_alphabetic());
        letters <= MAX_LETTERS
    };
    bytes.take_while(fits).copied().collect()
}

/// Each way to write a text.
fn both_cases(text: &[u8]) -> Vec<Vec<u8>> {
    let mut ways = vec![text.to_ascii_lowercase()];
    for (at, _) in text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphabetic()) {
        let upper = |mut way: Vec<u8>| {
            if let Some(byte) = way.get_mut(at) {
                byte.make_ascii_uppercase();
            }
            way
        };
        ways.extend(ways.clone().into_iter().map(upper));
    }
    ways
}

/// A text that is made of others with spaces between them: where it has something in it, one of them has the longest piece of
/// that which has no space.
fn joined(of: &[Named], op: &Op) -> May {
    let pieces = |values: &[Vec<u8>]| {
        let piece =
            |value: &Vec<u8>| value.split(|byte| *byte == b' ').max_by_key(|piece| piece.len()).map(<[u8]>::to_vec);
        values.iter().filter_map(piece).collect::<Vec<_>>()
    };
    match op {
        Op::Texts { values, fold: true, .. } => {
            May::any(of.iter().map(|named| in_both_cases(named, How::Contains, &pieces(values))))
        }
        Op::Texts { values, fold: false, .. } => {
            let mut pieces = pieces(values);
            pieces.sort();
            pieces.dedup();
            // What has another in it is found by that.
            let all = pieces.clone();
            pieces.retain(|piece| !all.iter().any(|other| other != piece && How::Contains.holds(piece, other)));
            May::any(of.iter().map(|named| named.texts(How::Contains, pieces.clone())))
        }
        _ => May::Always,
    }
}

/// The host looks only for entries that a filter names.
fn environment(named: &Named, op: &Op) -> May {
    let known = named.test(FilterTest::Known);
    let (Op::Texts { values, .. } | Op::Globs { globs: values, .. }) = op else { return known };
    let mut names = Vec::new();
    for value in values {
        let end = value.iter().position(|byte| *byte == b'=').unwrap_or(value.len());
        let name = value.get(..end).unwrap_or_default();
        let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if is_name {
            for name in [name.to_vec(), name.to_ascii_uppercase(), name.to_ascii_lowercase()] {
                names.push([name.as_slice(), b"="].concat());
            }
        }
    }
    names.sort();
    names.dedup();
    May::any([named.texts(How::Contains, names), known])
}

fn names(named: &Named, table: Table, op: &Op) -> May {
    let Op::Texts { how, values, fold } = op else { return May::Always };
    let holds = |text: &[u8]| {
        let fold = |text: &[u8]| if *fold { text.to_ascii_lowercase() } else { text.to_vec() };
        values.iter().any(|value| how.holds(&fold(text), &fold(value)))
    };
    let bare = values.iter().any(|value| Table::may_be_bare(value));
    if table == Table::Outcome {
        let succeeded = match holds(b"SUCCESS") {
            true => named.test(FilterTest::Between(vec![(0, i64::MAX.into())])),
            false => May::Never,
        };
        let exact = *how == How::Equals && !fold && !bare;
        let failed = match exact {
            true => {
                let number = |value: &Vec<u8>| {
                    let number = Table::error(std::str::from_utf8(value).ok()?)?;
                    Some(Literal::Number(-i128::from(number)))
                };
                named.test(FilterTest::Equals(values.iter().filter_map(number).collect()))
            }
            false => named.test(FilterTest::Between(vec![(i64::MIN.into(), -1)])),
        };
        return May::any([succeeded, failed]);
    }
    if let Some(numbers) = table.numbers(holds) {
        return match bare {
            true => May::Always,
            false => named
                .test(FilterTest::Equals(numbers.into_iter().map(|number| Literal::Number(number.into())).collect())),
        };
    }
    match (how, table.bits_of(values, *fold)) {
        (_, None) => May::Always,
        (_, Some(0)) => May::Never,
        (_, Some(bits)) => named.test(FilterTest::AnyBits(bits)),
    }
}

impl Constant {
    /// As it is compared.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }
}
