//! Rules, as they travel from who compiles them to who evaluates them.

use serde::{Deserialize, Serialize};

use crate::correlate::{Correlation, Counted};
use crate::field::Field;
use crate::test::{How, Test};

/// A field, by its place among [`Rules::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FieldId(pub u32);

/// A test, by its place among [`Rules::tests`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TestId(pub u32);

/// Rules, with the fields and tests that they share.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// Each once.
    pub fields: Vec<Field>,
    /// Each once.
    pub tests: Vec<Test>,
    /// In the order of the description.
    pub rules: Vec<Rule>,
    /// Names of hosts, or parts of them, whose addresses are kept as answers of DNS come by; in lower case.
    pub hosts: Vec<(How, Vec<u8>)>,
    /// What the pack says of itself, as it travels (docs/contract.md).
    pub description: Vec<u8>,
}

/// A rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// For each kind of event that it can hold for.
    pub arms: Vec<Arm>,
    /// What events have to be together; without it, each by itself is found.
    pub correlation: Option<Correlation>,
}

/// What a rule says of events of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// The kind's number.
    pub kind: u16,
    /// The number of the subscription that asks for it: they are counted from 0 through all rules.
    pub subscription: u32,
    /// When it raises a finding, or counts.
    pub condition: Condition,
    /// How its events count for the rule's correlation, where that has one.
    pub counted: Option<Counted>,
    /// What the finding says.
    pub message: Vec<Part>,
    /// What else it has, by name.
    pub facts: Vec<(String, FieldId)>,
}

/// What an event must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Anything, or nothing at all.
    Always(bool),
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// It passes the test.
    Test(TestId),
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// The value of a field; `<NA>` where it has none.
    Field(FieldId),
}

impl Rules {
    /// As it travels.
    ///
    /// # Panics
    /// Never: it is written to memory.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("memory takes it")
    }
}

impl Condition {
    /// All of these, as short as it can be said.
    #[must_use]
    pub fn all(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for condition in conditions {
            match condition {
                Self::Always(true) => {}
                Self::Always(false) => return Self::Always(false),
                Self::All(inner) => all.extend(inner),
                other => all.push(other),
            }
        }
        match all.len() {
            0 => Self::Always(true),
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    /// At least one of these, likewise.
    #[must_use]
    pub fn any(conditions: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for condition in conditions {
            match condition {
                Self::Always(false) => {}
                Self::Always(true) => return Self::Always(true),
                Self::Any(inner) => any.extend(inner),
                other => any.push(other),
            }
        }
        match any.len() {
            0 => Self::Always(false),
            1 => any.remove(0),
            _ => Self::Any(any),
        }
    }

    /// Not this, likewise.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "it is named as the others are")]
    pub fn not(condition: Self) -> Self {
        match condition {
            Self::Always(holds) => Self::Always(!holds),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }
}
