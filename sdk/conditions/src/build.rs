//! From conditions to rules: fields and tests that are the same are one, and each rule asks the host for no more than it may
//! find something in.

use std::collections::{BTreeSet, HashMap};

use lanner_abi::Kind;
use lanner_contract::filter::{Literal, Test as FilterTest};
use lanner_contract::{Description, Filter, Subscription};

use crate::correlate::{Correlation, Counted};
use crate::field::{Constant, Field, Get, Value};
use crate::filter;
use crate::rules::{Arm, Condition, FieldId, Part, Rule, Rules, TestId};
use crate::test::{How, Op, Prepared, Test};

/// What a rule says of a kind of event, in the making.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The kind.
    pub kind: Kind,
    /// When it raises a finding, or counts.
    pub condition: Condition,
    /// What the finding says.
    pub message: Vec<Part>,
    /// What else it has.
    pub facts: Vec<(String, FieldId)>,
    /// How it counts for the rule's correlation.
    pub counted: Option<Counted>,
}

/// Rules in the making.
#[derive(Debug, Default)]
pub struct Builder {
    rules: Rules,
    fields: HashMap<Field, FieldId>,
    tests: HashMap<(FieldId, String), TestId>,
}

impl Builder {
    /// The number of a field.
    pub fn field(&mut self, field: Field) -> FieldId {
        if let Some(known) = self.fields.get(&field) {
            return *known;
        }
        // A pack of 4 MiB has no more of them.
        let id = FieldId(self.rules.fields.len() as u32);
        self.rules.fields.push(field.clone());
        self.fields.insert(field, id);
        id
    }

    /// A test of a field, as a condition. What is known without an event is said at once.
    pub fn test(&mut self, field: Field, op: Op) -> Condition {
        if op.is_empty() {
            return Condition::Always(false);
        }
        if let (true, Get::Constant(constant)) = (field.transforms.is_empty(), &field.get) {
            return self.constant(constant, &op);
        }
        if op == Op::Known && field.otherwise.is_some() {
            return Condition::Always(true);
        }
        self.note_hosts(&field, &op);
        let field = self.field(field);
        // Operations are compared as they are written: there are no two ways to write one.
        let key = (field, format!("{op:?}"));
        if let Some(known) = self.tests.get(&key) {
            return Condition::Test(*known);
        }
        let id = TestId(self.rules.tests.len() as u32);
        self.rules.tests.push(Test { field, op });
        self.tests.insert(key, id);
        Condition::Test(id)
    }

    fn constant(&mut self, constant: &Constant, op: &Op) -> Condition {
        match (op, Prepared::new(op)) {
            (Op::Field(..), _) | (_, Err(_)) => Condition::Always(false),
            (_, Ok(prepared)) => Condition::Always(prepared.holds(Value::from(constant))),
        }
    }

    /// The addresses of hosts that a rule names have to be known.
    fn note_hosts(&mut self, field: &Field, op: &Op) {
        if let (Get::Hosts(_), Op::Texts { how, values, .. }) = (&field.get, op) {
            for value in values {
                let host = (*how, value.to_ascii_lowercase());
                if !self.rules.hosts.contains(&host) {
                    self.rules.hosts.push(host);
                }
            }
        }
    }

    /// What a number stands for.
    #[must_use]
    pub fn get(&self, FieldId(field): FieldId) -> Option<&Field> {
        self.rules.fields.get(field as usize)
    }

    /// Adds a rule: for each kind what it says of it, and what events have to be together, where one by itself is not found. What can
    /// never hold is left out. Says for how many kinds it may.
    pub fn rule(&mut self, arms: Vec<Made>, correlation: Option<Correlation>) -> usize {
        let arms: Vec<Arm> = arms
            .into_iter()
            .filter(|made| made.condition != Condition::Always(false))
            .map(|Made { kind, condition, message, facts, counted }| Arm {
                kind: kind.number(),
                subscription: 0,
                condition,
                counted,
                message,
                facts,
            })
            .collect();
        let count = arms.len();
        self.rules.rules.push(Rule { arms, correlation });
        count
    }

    /// All of it, with what the pack says of itself: its rules are those that were added, in their order, and are told here what
    /// they ask the host for.
    #[must_use]
    pub fn finish(mut self, mut description: Description) -> (Rules, Description) {
        let mut subscriptions: Vec<Vec<Subscription>> = Vec::new();
        for rule in &self.rules.rules {
            let wants = |arm: &Arm| {
                let kind = Kind::from_number(arm.kind)?;
                let filter = filter::of(&self.rules, kind, &arm.condition);
                Some(Subscription { kind: kind.name().to_owned(), filter })
            };
            let mut wanted: Vec<Subscription> = rule.arms.iter().filter_map(wants).collect();
            wanted.extend(self.answers(rule));
            subscriptions.push(wanted);
        }
        let open = Kind::Open.name();
        filter::fit(subscriptions.iter_mut().flatten().map(|wanted| (wanted.kind == open, &mut wanted.filter)));
        let mut number = 0;
        for ((rule, wanted), said) in self.rules.rules.iter_mut().zip(subscriptions).zip(&mut description.rules) {
            for (place, arm) in (0..).zip(&mut rule.arms) {
                arm.subscription = number + place;
            }
            number += wanted.len() as u32;
            said.events = wanted;
        }
        self.rules.description = description.encode();
        (self.rules, description)
    }

    /// The answers of DNS that a rule needs to know.
    fn answers(&self, rule: &Rule) -> Option<Subscription> {
        let mut tests = BTreeSet::new();
        rule.arms.iter().for_each(|arm| tests_in(&arm.condition, &mut tests));
        let mut hosts = BTreeSet::new();
        for TestId(test) in tests {
            let Some(Test { field: FieldId(field), op }) = self.rules.tests.get(test as usize) else { continue };
            let field = self.rules.fields.get(*field as usize);
            if let (Some(Get::Hosts(_)), Op::Texts { how, values, .. }) = (field.map(|field| &field.get), op) {
                hosts.extend(values.iter().map(|host| (*how, host.to_ascii_lowercase())));
            }
        }
        if hosts.is_empty() {
            return None;
        }
        let field = |name: &str, test| Filter::Field(name.to_owned(), test);
        let name = |of: How| {
            let values: Vec<Vec<u8>> =
                hosts.iter().filter(|(how, _)| *how == of).map(|(_, host)| host.clone()).collect();
            let test = match of {
                How::Equals => FilterTest::Equals(values.iter().cloned().map(Literal::Bytes).collect()),
                // Names of hosts are written in small letters by nearly all, and not by all: they are compared where
                // they arrive.
                How::StartsWith | How::EndsWith | How::Contains => FilterTest::Known,
            };
            (!values.is_empty()).then(|| field("dns.name", test))
        };
        let names = [How::Equals, How::StartsWith, How::EndsWith, How::Contains].into_iter().filter_map(name).collect();
        let response = field("dns.response", FilterTest::Equals(vec![Literal::Bool(true)]));
        let filter = Filter::All(vec![response, Filter::Any(names)]);
        Some(Subscription { kind: Kind::Dns.name().to_owned(), filter: Some(filter) })
    }
}

fn tests_in(condition: &Condition, tests: &mut BTreeSet<TestId>) {
    match condition {
        Condition::Always(_) => {}
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().for_each(|condition| tests_in(condition, tests));
        }
        Condition::Not(condition) => tests_in(condition, tests),
        Condition::Test(test) => {
            tests.insert(*test);
        }
    }
}

impl Op {
    /// Whether nothing can pass it.
    fn is_empty(&self) -> bool {
        match self {
            Self::Texts { values, .. } => values.is_empty(),
            Self::Globs { globs, .. } => globs.is_empty(),
            Self::Regexes { expressions, .. } => expressions.is_empty(),
            Self::Below(paths) => paths.is_empty(),
            Self::Numbers(ranges) => ranges.iter().all(|(from, to)| from > to),
            Self::Within(networks) => networks.is_empty(),
            _ => false,
        }
    }
}
