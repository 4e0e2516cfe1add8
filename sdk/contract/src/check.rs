//! What a pack says of itself, checked: what comes out cannot hold nonsense.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

mod lists;

use lanner_abi::{Kind, Reads, Type};

use crate::field::{FieldRef, Missing};
use crate::filter::{Filter, Literal, MAX_DEPTH, Test};
use crate::{Configuration, Description, List, Rule, Setting, SettingType, Subscription};

/// Rules of one pack.
const MAX_RULES: usize = 4096;
/// Subscriptions of one pack, and values of all its filters: the host compares each event with them, on one thread.
const MAX_SUBSCRIPTIONS: usize = 4096;
const MAX_VALUES: usize = 4096;
/// Of them those that a text is searched for, which cost the most: some 20 ns each for every event of the kind.
const MAX_PARTS: usize = 512;
/// Bytes of one such value; no path is longer.
const MAX_VALUE: usize = 4096;
/// Settings of one pack.
const MAX_SETTINGS: usize = 256;
/// Properties of a pack or of one rule, and bytes of a name or value.
const MAX_PROPERTIES: usize = 32;
const MAX_PROPERTY: usize = 1024;
/// Characters of a name.
const MAX_NAME: usize = 128;

/// A description that a host can work with.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What the pack said.
    pub said: Description,
    /// The events that its rules want, sorted, each once.
    pub wanted: Vec<Wanted>,
    /// For each of them the numbers of the subscriptions that ask for it. They are counted from 0 through all rules, in their
    /// order, those that are left out too.
    pub asked_by: Vec<Vec<u32>>,
    /// Rules that cannot run here.
    pub left_out: Vec<LeftOut>,
}

/// Events of a kind, and what they must be like.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// The kind.
    pub kind: Kind,
    /// All of them where there is none.
    pub condition: Option<Condition>,
}

/// A filter whose fields are known, and whose tests go with them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// All of these.
    All(Vec<Condition>),
    /// At least one of these.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The field passes the test.
    Field(FieldRef, Test),
    /// The field's value stands in a list, by its number: as the pack says it its place in the description. A host gives it
    /// another, by which it knows the lists of all packs.
    Listed(FieldRef, u32),
}

/// A rule that cannot run here, as it needs what this version does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its index.
    pub rule: u32,
    /// What it needs, such as `events of the kind "mount"`.
    pub needs: String,
}

/// What a pack says of itself makes no sense: the rest of a sentence about the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonsense(pub String);

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Nonsense {}

/// Why a subscription is not taken.
enum Refused {
    /// The rule is left out.
    Needs(String),
    /// The pack is refused; what is wrong with the rule.
    Wrong(String),
}

impl Description {
    /// Checks it.
    ///
    /// # Errors
    /// It makes no sense, on whatever host. What only this host cannot do leaves the rule out that needs it.
    pub fn check(self) -> Result<Checked, Nonsense> {
        let wrong = |what: String| Err(Nonsense(what));
        if !is_word(&self.name) {
            return wrong(format!("the name {:?} is not lower-case letters, digits and `-`", self.name));
        }
        if self.rules.is_empty() || self.rules.len() > MAX_RULES {
            return wrong(format!("it has {} rules; 1 to {MAX_RULES} are allowed", self.rules.len()));
        }
        let mut ids = BTreeSet::new();
        for rule in &self.rules {
            rule.check()?;
            let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
            if let Some(event) = rule.events.iter().find(|event| !event.kind.chars().all(named)) {
                return wrong(format!("rule {}: {:?} is no name of a kind of event", rule.id, event.kind));
            }
            if !ids.insert(&rule.id) {
                return wrong(format!("the rule id {} stands twice", rule.id));
            }
        }
        if has_too_many(&self.properties) {
            return wrong(format!("it may have {MAX_PROPERTIES} properties of {MAX_PROPERTY} bytes, and has more"));
        }
        check_settings(&self.settings)?;
        lists::check(&self.lists)?;
        let count = self.rules.iter().map(|rule| rule.events.len()).sum::<usize>();
        if count == 0 {
            return wrong("it subscribes to no events".to_string());
        }
        if count > MAX_SUBSCRIPTIONS {
            return wrong(format!("it has {count} subscriptions; {MAX_SUBSCRIPTIONS} are allowed"));
        }
        let filters = || self.rules.iter().flat_map(|rule| &rule.events).filter_map(|event| event.filter.as_ref());
        let (values, longest) =
            filters().map(size).fold((0, 0), |(sum, most), (count, size)| (sum + count, most.max(size)));
        let parts: usize = filters().map(parts).sum();
        if parts > MAX_PARTS {
            return wrong(format!("its filters search texts for {parts} values (contains); {MAX_PARTS} are allowed"));
        }
        if values > MAX_VALUES || longest > MAX_VALUE {
            return wrong(format!("its filters may have {MAX_VALUES} values of {MAX_VALUE} bytes, and have more"));
        }

        let (mut asked, mut left_out, mut number) = (BTreeMap::<Wanted, Vec<u32>>::new(), Vec::new(), 0);
        for (index, rule) in (0..).zip(&self.rules) {
            match rule.wants(&self.lists) {
                Ok(wants) => {
                    (number..).zip(wants).for_each(|(number, wanted)| asked.entry(wanted).or_default().push(number));
                }
                Err(Refused::Needs(needs)) => left_out.push(LeftOut { rule: index, needs }),
                Err(Refused::Wrong(what)) => return wrong(format!("rule {}: {what}", rule.id)),
            }
            // There are no more than `MAX_SUBSCRIPTIONS`.
            number += rule.events.len() as u32;
        }
        // Where all events of a kind are wanted, what else is said of the kind stays: it names files and entries of
        // environments, which are looked for.
        let (wanted, asked_by) = asked.into_iter().unzip();
        Ok(Checked { said: self, wanted, asked_by, left_out })
    }
}

impl Checked {
    /// What the pack is told of it.
    ///
    /// # Errors
    /// One of the settings is not one of the pack's: a sentence.
    pub fn configuration(&self, settings: &[(String, String)]) -> Result<Configuration, Nonsense> {
        let off = self.left_out.iter().map(|left_out| left_out.rule).collect();
        let mut configuration = Configuration { settings: Vec::new(), off };
        for (name, written) in settings {
            let Some(setting) = self.said.settings.iter().find(|setting| setting.name == *name) else {
                let known: Vec<&str> = self.said.settings.iter().map(|setting| setting.name.as_str()).collect();
                let known = match known.is_empty() {
                    true => "it has none".to_string(),
                    false => format!("there are {}", known.join(", ")),
                };
                return Err(Nonsense(format!("there is no setting {name:?}; {known}")));
            };
            let value = setting.parse(written).map_err(|what| Nonsense(format!("the setting {name} {what}")))?;
            configuration.settings.retain(|(other, _)| other != name);
            configuration.settings.push((name.clone(), value));
        }
        Ok(configuration)
    }
}

impl Rule {
    fn check(&self) -> Result<(), Nonsense> {
        let Self { id, attack, properties, .. } = self;
        if !id.split_once('/').is_some_and(|(group, name)| is_word(group) && is_word(name)) {
            return Err(Nonsense(format!("the rule id {id:?} is not of the form group/name in lower case")));
        }
        if let Some(technique) = attack.iter().find(|technique| !is_technique(technique)) {
            return Err(Nonsense(format!("rule {id}: {technique:?} is not an ATT&CK technique id such as T1003.008")));
        }
        if has_too_many(properties) {
            return Err(Nonsense(format!(
                "rule {id} may have {MAX_PROPERTIES} properties of {MAX_PROPERTY} bytes, and has more"
            )));
        }
        Ok(())
    }

    fn wants(&self, lists: &[List]) -> Result<Vec<Wanted>, Refused> {
        self.events.iter().map(|event| Wanted::checked(event, lists)).collect()
    }
}

impl Wanted {
    /// What one subscription asks for, of a pack that has these lists: how a pack's own side of it is made ready.
    ///
    /// # Errors
    /// It makes no sense, or needs what this version does not have.
    pub fn of(subscription: &Subscription, lists: &[List]) -> Result<Self, Nonsense> {
        Self::checked(subscription, lists).map_err(|refused| match refused {
            Refused::Needs(needs) => Nonsense(format!("it needs {needs}")),
            Refused::Wrong(what) => Nonsense(what),
        })
    }

    fn checked(subscription: &Subscription, lists: &[List]) -> Result<Self, Refused> {
        let Subscription { kind, filter } = subscription;
        if kind.len() > MAX_NAME {
            return Err(Refused::Wrong(format!("the name of a kind has more than {MAX_NAME} bytes")));
        }
        let kind = Kind::from_name(kind).ok_or_else(|| Refused::Needs(format!("events of the kind {kind:?}")))?;
        let condition = filter.as_ref().map(|filter| Condition::of(filter, kind, lists, 0)).transpose()?;
        Ok(Self { kind, condition })
    }
}

impl Condition {
    fn of(filter: &Filter, kind: Kind, lists: &[List], depth: usize) -> Result<Self, Refused> {
        if depth > MAX_DEPTH {
            return Err(Refused::Wrong(format!("a filter lies deeper than {MAX_DEPTH} in others")));
        }
        let all = |filters: &[Filter]| {
            filters.iter().map(|filter| Self::of(filter, kind, lists, depth + 1)).collect::<Result<Vec<_>, Refused>>()
        };
        Ok(match filter {
            Filter::All(filters) => Self::All(all(filters)?),
            Filter::Any(filters) => Self::Any(all(filters)?),
            Filter::Not(filter) => Self::Not(Box::new(Self::of(filter, kind, lists, depth + 1)?)),
            Filter::Unknown(test) => {
                return Err(Refused::Needs(match test.as_str() {
                    "" => "a filter of another form".to_string(),
                    test if Test::NAMES.contains(&test) => format!("other values for the test {test:?}"),
                    test => format!("the test {test:?}"),
                }));
            }
            Filter::Field(name, test) => {
                let field = field(name, kind)?;
                check_test(field, name, test).map_err(Refused::Wrong)?;
                Self::Field(field, test.clone())
            }
            Filter::Listed(name, list) => {
                let field = field(name, kind)?;
                let Some((number, list)) = (0..).zip(lists).find(|(_, known)| known.name == *list) else {
                    return Err(Refused::Wrong(format!(
                        "{name:?} is looked for in the list {list:?}, which the pack does not have"
                    )));
                };
                lists::check_field(field, name, list)?;
                Self::Listed(field, number)
            }
        })
    }

    /// The same, with other numbers for its lists.
    #[must_use]
    pub fn with_lists(&self, number: &impl Fn(u32) -> u32) -> Self {
        let all = |conditions: &[Self]| conditions.iter().map(|condition| condition.with_lists(number)).collect();
        match self {
            Self::All(conditions) => Self::All(all(conditions)),
            Self::Any(conditions) => Self::Any(all(conditions)),
            Self::Not(condition) => Self::Not(Box::new(condition.with_lists(number))),
            Self::Field(..) => self.clone(),
            Self::Listed(field, list) => Self::Listed(*field, number(*list)),
        }
    }
}

/// The field of a name, of events of a kind.
fn field(name: &str, kind: Kind) -> Result<FieldRef, Refused> {
    FieldRef::of(kind, name).map_err(|missing| match missing {
        Missing::Unknown => Refused::Needs(format!("the field {name:?} of events of the kind {:?}", kind.name())),
        Missing::OtherKind => Refused::Wrong(format!("events of the kind {:?} have no field {name:?}", kind.name())),
        Missing::NotComparable => Refused::Wrong(format!("the field {name:?} cannot be compared")),
    })
}

/// Whether a test goes with a field.
fn check_test(field: FieldRef, name: &str, test: &Test) -> Result<(), String> {
    let text = field.field.ty == Type::Text;
    let address = field.field.ty == Type::Bytes16;
    let yes_or_no = field.field.reads == Reads::Bool;
    let number = !text && !address && !yes_or_no;
    let what = match field.field.ty {
        Type::Text => "a text",
        Type::Bytes16 => "an address",
        _ if yes_or_no => "yes or no",
        _ => "a number",
    };
    let fits = match test {
        Test::Equals(literals) => literals.iter().all(|literal| match literal {
            Literal::Bytes(bytes) => text || (address && bytes.len() == 16),
            Literal::Number(_) => number,
            Literal::Bool(_) => yes_or_no,
        }),
        Test::StartsWith(_) | Test::EndsWith(_) | Test::Contains(_) => text,
        Test::Between(ranges) => {
            if let Some((from, to)) = ranges.iter().find(|(from, to)| from > to) {
                return Err(format!("nothing is between {from} and {to}, which {name:?} is tested for"));
            }
            number
        }
        Test::AnyBits(_) | Test::AllBits(_) | Test::NoBits(_) => number,
        Test::Within(networks) => {
            if networks.iter().any(|(_, bits)| *bits > 128) {
                return Err(format!("an address has 128 bits, and more of {name:?} are to count"));
            }
            address
        }
        Test::Known => true,
    };
    if !fits {
        return Err(format!("the field {name:?} is {what}, and cannot be tested by {:?} as it is", test.name()));
    }
    if test.is_empty() && *test != Test::Known {
        return Err(format!("the field {name:?} is tested by {:?} with no value at all", test.name()));
    }
    Ok(())
}

fn check_settings(settings: &[Setting]) -> Result<(), Nonsense> {
    if settings.len() > MAX_SETTINGS {
        return Err(Nonsense(format!("it has {} settings; {MAX_SETTINGS} are allowed", settings.len())));
    }
    let mut names = BTreeSet::new();
    for setting in settings {
        let Setting { name, takes, default, .. } = setting;
        if !is_word(name) {
            return Err(Nonsense(format!("the setting {name:?} is not lower-case letters, digits and `-`")));
        }
        if !names.insert(name) {
            return Err(Nonsense(format!("the setting {name} stands twice")));
        }
        let known = !matches!(takes, SettingType::Unknown(_));
        if default.as_ref().is_some_and(|default| known && !takes.takes(default)) {
            return Err(Nonsense(format!("the setting {name} does not take its own default")));
        }
    }
    Ok(())
}

/// How many values a filter has, and how long the longest is. What has none costs as much as one.
fn size(filter: &Filter) -> (usize, usize) {
    let of = |filters: &[Filter]| {
        filters.iter().map(size).fold((1, 0), |(sum, most), (count, size)| (sum + count, most.max(size)))
    };
    match filter {
        Filter::All(filters) | Filter::Any(filters) => of(filters),
        Filter::Not(filter) => of(core::slice::from_ref(filter)),
        Filter::Unknown(name) => (1, name.len()),
        Filter::Listed(name, list) => (1, name.len().max(list.len())),
        Filter::Field(name, test) => {
            let longest = match test {
                Test::Equals(literals) => literals.iter().map(literal_size).max(),
                Test::StartsWith(values) | Test::EndsWith(values) | Test::Contains(values) => {
                    values.iter().map(Vec::len).max()
                }
                _ => None,
            };
            (test.len().max(1), longest.unwrap_or(0).max(name.len()))
        }
    }
}

/// How many values a text is searched for.
fn parts(filter: &Filter) -> usize {
    match filter {
        Filter::All(filters) | Filter::Any(filters) => filters.iter().map(parts).sum(),
        Filter::Not(filter) => parts(filter),
        Filter::Field(_, Test::Contains(values)) => values.len(),
        Filter::Field(..) | Filter::Listed(..) | Filter::Unknown(_) => 0,
    }
}

fn literal_size(literal: &Literal) -> usize {
    match literal {
        Literal::Bytes(bytes) => bytes.len(),
        Literal::Number(_) | Literal::Bool(_) => 0,
    }
}

fn has_too_many(properties: &[(String, String)]) -> bool {
    let too_long = |(name, value): &(String, String)| name.len().max(value.len()) > MAX_PROPERTY;
    properties.len() > MAX_PROPERTIES || properties.iter().any(too_long)
}

fn is_word(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= MAX_NAME && text.chars().all(sound)
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
}
