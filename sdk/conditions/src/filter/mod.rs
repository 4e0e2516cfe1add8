//! What of a condition a host can compare: a filter that holds for every event that the condition holds for, and for as few
//! others as can be said.
//!
//! What cannot be said is left out of what has to hold together, and makes everything pass where one of several has to hold.
//! What a condition says is *not* so is left out too, but for numbers, bits and what is known: for nearly all events a name
//! is none of a hundred others.

mod compared;
mod fit;
mod may;

use lanner_abi::{FieldInfo, Kind, field};
use lanner_contract::filter::{Literal, Test as FilterTest};
use lanner_contract::{FieldRef, Filter};

use crate::field::{Constant, Field, Get, Owner, Value, place, record_of};
use crate::memory::{KUBERNETES_VARIABLE, is_kubernetes};
use crate::names::{CREATED, Table};
use crate::rules::{Condition, FieldId, Rules, TestId};
use crate::test::{How, Op, Prepared, Test};

pub use fit::fit;

use compared::{Named, environment, joined, names, passes_otherwise, raw};
use may::May;

/// How deep a filter may lie; the contract has 16.
const MAX_DEPTH: usize = 12;

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

struct Deriving<'r> {
    rules: &'r Rules,
    kind: Kind,
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
