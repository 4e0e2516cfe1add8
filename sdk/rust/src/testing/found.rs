//! What a pack raised, and what it says of its rules, as tests see it.

use std::cell::RefCell;

use lanner_contract::{Description, Fact, Finding, Rule, Severity};

use crate::finding::Sink;

/// What a rule raised.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFinding {
    /// The rule's id.
    pub rule: String,
    /// What happened.
    pub message: String,
    /// The finding's, or where it has none the rule's.
    pub severity: Severity,
    /// More facts.
    pub fields: Vec<(String, Fact)>,
    /// Sequence numbers of the events behind it; the first event that was fed has 1.
    pub events: Vec<u64>,
    /// Image id of the process it is about, where that was said.
    pub process: Option<u64>,
    /// What it is about, where that was said.
    pub key: Option<String>,
}

impl TestFinding {
    pub(super) fn of(finding: Finding, said: &Description) -> Self {
        let Finding { rule, message, severity, events, process, key, fields } = finding;
        let Some(rule) = said.rules.get(rule as usize) else { panic!("the pack has no rule {rule}") };
        let severity = severity.unwrap_or(rule.severity);
        Self { rule: rule.id.clone(), message, severity, fields, events, process, key }
    }

    /// The value of a fact that is a text.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        match self.fact(name)? {
            Fact::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a fact.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.fields.iter().find(|(there, _)| there == name).map(|(_, fact)| fact)
    }
}

/// What a rule says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRule {
    /// Its id.
    pub id: String,
    /// What a finding of it means.
    pub summary: String,
    /// How bad its findings are, where they do not say otherwise.
    pub severity: Severity,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
}

impl TestRule {
    pub(super) fn of(rule: &Rule) -> Self {
        let Rule { id, summary, severity, attack, .. } = rule.clone();
        Self { id, summary, severity, attack }
    }
}

/// Takes what is raised, as it travels.
#[derive(Default)]
pub(super) struct Collected(RefCell<Vec<Vec<u8>>>);

impl Collected {
    pub(super) fn take(self) -> Vec<Finding> {
        let read = |finding: Vec<u8>| match Finding::decode(&finding) {
            Ok(finding) => finding,
            Err(malformed) => panic!("a finding cannot be read: {malformed}"),
        };
        self.0.into_inner().into_iter().map(read).collect()
    }
}

impl Sink for Collected {
    fn emit(&self, finding: Finding) {
        self.0.borrow_mut().push(finding.encode());
    }
}
