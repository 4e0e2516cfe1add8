//! What a pack says of itself, checked: these types cannot hold nonsense.

use std::collections::HashSet;

use lanner_abi::{FilterField, Kind};

use super::contract::{self, Test};
use super::refusal::Refusal;
use crate::Severity;

/// Rules of one pack.
const MAX_RULES: usize = 4096;
/// Subscriptions of one pack, and values of all its filters: the host compares each event with them, on one thread.
const MAX_SUBSCRIPTIONS: usize = 512;
const MAX_FILTER_VALUES: usize = 4096;
/// Bytes of one such value; no path is longer.
const MAX_FILTER_VALUE: usize = 4096;
/// Properties of one rule, and bytes of a name or value.
const MAX_PROPERTIES: usize = 32;
const MAX_PROPERTY: usize = 1024;

/// A pack's description.
#[derive(Clone, Debug)]
pub struct Description {
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub summary: String,
    /// Its rules; findings name them by index.
    pub rules: Vec<Rule>,
    /// The events it wants, sorted, each once.
    pub subscriptions: Vec<Subscription>,
}

/// A detection.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What a finding of it means.
    pub summary: String,
    /// How bad a finding is, where the finding does not say otherwise.
    pub severity: Severity,
    /// ATT&CK technique ids.
    pub attack: Vec<String>,
    /// Anything else that it says of itself, as name and value; nobody has to know the names.
    pub properties: Vec<(String, String)>,
}

impl Rule {
    /// The value of a property, where it has one of the name.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Asks for the events of a kind that pass all filters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subscription {
    /// The kind's number.
    pub kind: u16,
    /// All must pass.
    pub filters: Vec<Filter>,
}

/// Passes where the field has one of the values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter {
    /// Which text.
    pub field: FilterField,
    /// How it is compared.
    pub test: Comparison,
    /// With what.
    pub values: Vec<Vec<u8>>,
}

/// How a text is compared, as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equals,
    StartsWith,
    EndsWith,
    Contains,
}

impl Comparison {
    /// Whether the text passes with this value.
    #[cfg(test)]
    pub(crate) fn holds(self, text: &[u8], value: &[u8]) -> bool {
        match self {
            Self::Equals => text == value,
            Self::StartsWith => text.starts_with(value),
            Self::EndsWith => text.ends_with(value),
            Self::Contains => value.is_empty() || text.windows(value.len()).any(|part| part == value),
        }
    }
}

impl Description {
    /// Checks what a pack said.
    pub(crate) fn check(said: contract::Description) -> Result<Self, Refusal> {
        let wrong = |what: String| Err(Refusal::Description(what));
        if !is_word(&said.name) {
            return wrong(format!("the name {:?} is not lower-case letters, digits and `-`", said.name));
        }
        if let Err(error) = semver::Version::parse(&said.version) {
            return wrong(format!("the version {:?} is not one such as 1.2.3: {error}", said.version));
        }
        if said.rules.is_empty() || said.rules.len() > MAX_RULES {
            return wrong(format!("it has {} rules; 1 to {MAX_RULES} are allowed", said.rules.len()));
        }
        let mut ids = HashSet::new();
        for rule in &said.rules {
            if !rule.id.split_once('/').is_some_and(|(group, name)| is_word(group) && is_word(name)) {
                return wrong(format!("the rule id {:?} is not of the form group/name in lower case", rule.id));
            }
            if !ids.insert(&rule.id) {
                return wrong(format!("the rule id {} stands twice", rule.id));
            }
            if let Some(id) = rule.attack.iter().find(|id| !is_technique(id)) {
                return wrong(format!("rule {}: {id:?} is not an ATT&CK technique id such as T1003.008", rule.id));
            }
            let too_long = |(name, value): &(String, String)| name.len().max(value.len()) > MAX_PROPERTY;
            if rule.properties.len() > MAX_PROPERTIES || rule.properties.iter().any(too_long) {
                return wrong(format!(
                    "rule {} may have {MAX_PROPERTIES} properties of {MAX_PROPERTY} bytes, and has more",
                    rule.id
                ));
            }
        }
        let mut subscriptions = Vec::new();
        for subscription in said.subscriptions {
            subscriptions.push(Subscription::check(subscription)?);
        }
        if subscriptions.is_empty() {
            return wrong("it subscribes to no events".to_owned());
        }
        if subscriptions.len() > MAX_SUBSCRIPTIONS {
            return wrong(format!("it has {} subscriptions; {MAX_SUBSCRIPTIONS} are allowed", subscriptions.len()));
        }
        let values = || subscriptions.iter().flat_map(|s| &s.filters).flat_map(|filter| &filter.values);
        if values().count() > MAX_FILTER_VALUES || values().any(|value| value.len() > MAX_FILTER_VALUE) {
            return wrong(format!(
                "its filters may have {MAX_FILTER_VALUES} values of {MAX_FILTER_VALUE} bytes, and have more"
            ));
        }
        subscriptions.sort();
        subscriptions.dedup();
        Ok(Self {
            name: said.name,
            version: said.version,
            summary: said.summary,
            rules: said.rules.into_iter().map(Rule::from).collect(),
            subscriptions,
        })
    }

    /// Its version, to be compared.
    pub fn semver(&self) -> semver::Version {
        // It was checked to be one.
        semver::Version::parse(&self.version).unwrap_or_else(|_| semver::Version::new(0, 0, 0))
    }

    /// The form that annotations of a manifest have it in.
    pub fn for_annotation(&self) -> lanner_artifact::Description {
        let rules = self.rules.iter().map(|rule| lanner_artifact::Rule {
            id: rule.id.clone(),
            summary: rule.summary.clone(),
            severity: rule.severity.name().to_owned(),
            attack: rule.attack.clone(),
        });
        let events = self.kinds().filter_map(Kind::from_number);
        let events = events.map(|kind| kind.name().to_owned()).collect();
        let (name, version, summary) = (self.name.clone(), self.version.clone(), self.summary.clone());
        lanner_artifact::Description::new(name, version, summary, rules.collect(), events)
    }

    /// The kinds it wants.
    pub fn kinds(&self) -> impl Iterator<Item = u16> + '_ {
        self.subscriptions.iter().map(|subscription| subscription.kind)
    }
}

impl From<contract::types::Rule> for Rule {
    fn from(rule: contract::types::Rule) -> Self {
        let contract::types::Rule { id, summary, severity, attack, properties } = rule;
        Self { id, summary, severity: severity.into(), attack, properties }
    }
}

impl Subscription {
    fn check(said: contract::types::Subscription) -> Result<Self, Refusal> {
        let Some(kind) = Kind::from_name(&said.kind) else {
            return Err(Refusal::Description(format!(
                "it subscribes to {:?}, a kind of event that this host does not know; it may need a newer lanner",
                said.kind
            )));
        };
        let mut filters = Vec::new();
        for filter in said.filters {
            let field =
                FilterField::from_name(&filter.field).filter(|field| applies(*field, kind)).ok_or_else(|| {
                    Refusal::Description(format!("{:?} cannot be filtered on for {}", filter.field, said.kind))
                })?;
            let test = match filter.test {
                Test::Equals => Comparison::Equals,
                Test::StartsWith => Comparison::StartsWith,
                Test::EndsWith => Comparison::EndsWith,
                Test::Contains => Comparison::Contains,
            };
            filters.push(Filter { field, test, values: filter.values.into_iter().map(String::into_bytes).collect() });
        }
        filters.sort();
        Ok(Self { kind: kind.number(), filters })
    }
}

/// Whether a field is there in events of the kind: those of the process are in all.
fn applies(field: FilterField, kind: Kind) -> bool {
    field.name().split('.').next().is_some_and(|owner| owner == "process" || owner == kind.name())
}

fn is_word(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 128 && text.chars().all(sound)
}

/// `T` and four digits, with three more after a dot for a sub-technique.
fn is_technique(text: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    text.strip_prefix('T').is_some_and(|rest| match rest.split_once('.') {
        None => digits(rest, 4),
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn technique_ids() {
        assert!(is_technique("T1059") && is_technique("T1003.008"));
        assert!(!is_technique("T105") && !is_technique("1059") && !is_technique("T1003.8") && !is_technique("T1003."));
    }

    #[test]
    fn comparisons_are_on_bytes() {
        assert!(Comparison::Equals.holds(b"/etc/shadow", b"/etc/shadow"));
        assert!(Comparison::StartsWith.holds(b"/etc/cron.d/x", b"/etc/cron"));
        assert!(Comparison::EndsWith.holds(b"/root/.ssh/id_rsa", b"/id_rsa"));
        assert!(Comparison::Contains.holds(b"a\xff/.ssh/b", b"/.ssh/"));
        assert!(!Comparison::Contains.holds(b"ab", b"abc"));
        assert!(Comparison::Contains.holds(b"ab", b""));
    }
}
