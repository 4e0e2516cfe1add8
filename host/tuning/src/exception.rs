//! What is excepted from a rule.

use std::fmt::Write as _;

use serde_json::Value;

use crate::field::Field;
use crate::pattern::Pattern;

/// What is excepted from rules: findings of which all its conditions hold.
#[derive(Clone, Debug)]
pub struct Exception {
    /// What it is called; no other is called so.
    pub name: String,
    /// The rules that it is for.
    pub(crate) rules: Vec<Selector>,
    /// Why it is there.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// From when on it does not hold any more, ns since 1970 (UTC).
    pub expires_ns: Option<u64>,
    /// All of them hold for what is excepted.
    pub(crate) conditions: Vec<Condition>,
}

/// Rules by their ids.
#[derive(Clone, Debug)]
pub(crate) enum Selector {
    /// This one.
    Id(String),
    /// Those of this form.
    Glob(globset::GlobMatcher),
}

/// A field has one of some values.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) field: Field,
    pub(crate) any: Vec<Pattern>,
}

impl Exception {
    /// Whether it is for this rule.
    pub fn is_for(&self, rule: &str) -> bool {
        self.rules.iter().any(|selector| selector.selects(rule))
    }

    /// Whether it holds no more at this time.
    pub fn has_expired(&self, time_ns: u64) -> bool {
        self.expires_ns.is_some_and(|expires_ns| expires_ns <= time_ns)
    }

    /// Whether all its conditions hold for a finding.
    pub(crate) fn matches(&self, finding: &Value) -> bool {
        self.conditions.iter().all(|condition| condition.holds(finding))
    }

    /// Its rules, as they are written.
    pub(crate) fn selects(&self) -> String {
        let names: Vec<&str> = self.rules.iter().map(Selector::text).collect();
        names.join(", ")
    }

    /// Whether only what an attacker can choose says what is excepted.
    pub(crate) fn is_open_to_all(&self) -> bool {
        self.conditions.iter().all(|condition| condition.field.is_chosen())
    }
}

impl Selector {
    /// An id, or a glob over ids.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("a rule has an id such as credential-access/shadow-read; `*` is for all".to_owned()),
            // Over all groups.
            "*" => Ok(Self::Glob(crate::pattern::glob("**")?)),
            text if text.contains(['*', '?', '[', '{']) => Ok(Self::Glob(crate::pattern::glob(text)?)),
            text => Ok(Self::Id(text.to_owned())),
        }
    }

    pub(crate) fn selects(&self, rule: &str) -> bool {
        match self {
            Self::Id(id) => id == rule,
            Self::Glob(glob) => glob.is_match(rule),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Glob(glob) => glob.glob().glob(),
        }
    }
}

impl Condition {
    /// Whether some value of its field is as one of its patterns says.
    pub(crate) fn holds(&self, finding: &Value) -> bool {
        self.field.values(finding).into_iter().any(|value| self.any.iter().any(|pattern| pattern.matches(value)))
    }
}

/// As a sentence has it: `process.exe is "/usr/bin/tar"`.
impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let any: Vec<String> = self.any.iter().map(ToString::to_string).collect();
        write!(f, "{} is {}", self.field, any.join(" or "))
    }
}

/// What a field has in a finding, for people.
pub(crate) fn shown(field: &Field, finding: &Value) -> String {
    /// Values that are shown.
    const MOST: usize = 8;
    let values = field.values(finding);
    let mut text = String::new();
    for value in values.iter().take(MOST) {
        let separator = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{separator}{value}");
    }
    match values.len() {
        0 => "not known".to_owned(),
        count if count > MOST => format!("{text} and {} more", count - MOST),
        _ => text,
    }
}
