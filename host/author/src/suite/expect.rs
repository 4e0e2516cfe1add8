//! What a test expects of a finding, and whether one is that.

use lanner_engine::Severity;
use lanner_finding::Finding;
use lanner_sink::{Format as _, Json as Lines};
use regex_lite::Regex;
use serde_json::{Map, Value as Json};

use crate::document::{Key, Node, Problem, Value, suggestion};

/// What can be expected of a finding.
pub(super) const PARTS: [&str; 8] = ["rule", "severity", "message", "facts", "key", "process", "event", "note"];
/// What can be expected of a text that is not said in full.
pub(super) const FORMS: [&str; 2] = ["contains", "matches"];

/// A finding that is expected: of what is not said, anything will do.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    rule: Option<String>,
    severity: Option<Severity>,
    message: Option<Wanted>,
    key: Option<Wanted>,
    facts: Vec<(String, Wanted)>,
    process: Option<OfProcess>,
    event: Vec<(String, Wanted)>,
}

#[derive(Clone, Debug)]
enum OfProcess {
    Named(String),
    Like(Vec<(String, Wanted)>),
}

/// What a value has to be like.
#[derive(Clone, Debug)]
enum Wanted {
    Exactly(Json),
    Contains(String),
    Matches(Box<Regex>),
}

/// What was found, in the form that findings are written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Found(pub Map<String, Json>);

impl Found {
    /// Of a finding.
    pub fn of(finding: &Finding) -> Self {
        let mut line = Vec::new();
        Lines::new(String::new()).append(finding, &mut line);
        match serde_json::from_slice(&line) {
            Ok(Json::Object(object)) => Self(object),
            _ => Self(Map::new()),
        }
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// The rule that raised it.
    pub fn rule(&self) -> &str {
        self.text("rule")
    }

    /// How bad it is.
    pub fn severity(&self) -> &str {
        self.text("severity")
    }

    /// What happened.
    pub fn message(&self) -> &str {
        self.text("message")
    }

    /// What it is about, where its rule says that.
    pub fn key(&self) -> Option<&str> {
        self.0.get("key").and_then(Json::as_str)
    }

    /// Its facts.
    pub fn facts(&self) -> &Map<String, Json> {
        static NONE: std::sync::LazyLock<Map<String, Json>> = std::sync::LazyLock::new(Map::new);
        self.0.get("fields").and_then(Json::as_object).unwrap_or(&NONE)
    }
}

impl Expected {
    /// As it stands in a file: a map, or the rule's id alone.
    pub(super) fn read(node: &Node) -> Result<Self, Problem> {
        if let Value::Text(rule) = &node.value {
            return Ok(Self { rule: Some(rule.clone()), ..Self::default() });
        }
        let mut expected = Self::default();
        for (key, value) in node.map("a finding")? {
            match key.name.as_str() {
                "rule" => expected.rule = Some(value.text("rule")?.to_owned()),
                "severity" => expected.severity = Some(severity(value)?),
                "message" => expected.message = Some(Wanted::of_text("message", value)?),
                "key" => expected.key = Some(Wanted::of_text("key", value)?),
                "facts" => expected.facts = Wanted::all("facts", value)?,
                "event" => expected.event = Wanted::all("event", value)?,
                "process" => {
                    expected.process = Some(match &value.value {
                        Value::Text(name) => OfProcess::Named(name.clone()),
                        _ => OfProcess::Like(Wanted::all("process", value)?),
                    });
                }
                "note" => drop(value.text("note")?),
                _ => return Err(key.unknown("part of a finding", PARTS)),
            }
        }
        Ok(expected)
    }

    /// The rule that is to raise it, where that is said.
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Where what was found is not what is expected: the part, what was wanted, and what there is. `id_of` knows processes by
    /// their names.
    pub(super) fn differs(&self, found: &Found, id_of: impl Fn(&str) -> Option<u64>) -> Vec<(String, String, String)> {
        let mut differences = Vec::new();
        let mut differ = |part: &str, wanted: String, found: Option<&Json>| {
            differences.push((part.to_owned(), wanted, found.map_or("nothing".to_owned(), Json::to_string)));
        };
        if let Some(rule) = self.rule.as_ref().filter(|rule| *rule != found.rule()) {
            differ("rule", rule.clone(), found.0.get("rule"));
        }
        if let Some(severity) = self.severity.filter(|severity| severity.name() != found.severity()) {
            differ("severity", severity.name().to_owned(), found.0.get("severity"));
        }
        for (name, wanted) in [("message", &self.message), ("key", &self.key)] {
            let value = found.0.get(name);
            if let Some(wanted) = wanted.as_ref().filter(|wanted| !wanted.holds(value)) {
                differ(name, wanted.to_string(), value);
            }
        }
        for (name, wanted) in &self.facts {
            let value = found.facts().get(name);
            if !wanted.holds(value) {
                differ(&format!("facts.{name}"), wanted.to_string(), value);
            }
        }
        let of = |object: &str, name: &str| found.0.get(object).and_then(|object| object.get(name)).cloned();
        for (name, wanted) in &self.event {
            let value = of("event", name);
            if !wanted.holds(value.as_ref()) {
                differ(&format!("event.{name}"), wanted.to_string(), value.as_ref());
            }
        }
        match &self.process {
            None => {}
            Some(OfProcess::Named(name)) => {
                let id = id_of(name).map(|id| format!("{id:016x}"));
                let value = of("process", "id");
                if id.is_none() || value.as_ref().and_then(Json::as_str) != id.as_deref() {
                    differ("process", name.clone(), of("process", "exe").as_ref());
                }
            }
            Some(OfProcess::Like(parts)) => {
                for (name, wanted) in parts {
                    let value = of("process", name);
                    if !wanted.holds(value.as_ref()) {
                        differ(&format!("process.{name}"), wanted.to_string(), value.as_ref());
                    }
                }
            }
        }
        differences
    }

    /// In a few words, for a person.
    pub(super) fn shown(&self) -> String {
        let rule = self.rule.as_deref().unwrap_or("any rule");
        let severity = self.severity.map(|severity| format!("  {}", severity.name())).unwrap_or_default();
        let message = self.message.as_ref().map(|message| format!("  {message}")).unwrap_or_default();
        format!("{rule}{severity}{message}")
    }
}

fn severity(node: &Node) -> Result<Severity, Problem> {
    let name = node.text("severity")?;
    let known = ["info", "low", "medium", "high", "critical"];
    Severity::from_name(name)
        .ok_or_else(|| node.problem(format!("there is no severity {name:?}{}", suggestion(name, &known))))
}

impl Wanted {
    fn of_text(name: &str, node: &Node) -> Result<Self, Problem> {
        match &node.value {
            Value::Text(text) => Ok(Self::Exactly(text.as_str().into())),
            Value::Map(..) => match Self::form(node)? {
                Some(wanted) => Ok(wanted),
                None => Err(node.unexpected(name, "a text, {contains: …} or {matches: …}")),
            },
            _ => Err(node.unexpected(name, "a text, {contains: …} or {matches: …}")),
        }
    }

    fn all(name: &str, node: &Node) -> Result<Vec<(String, Self)>, Problem> {
        let one = |(key, value): &(Key, Node)| {
            let wanted = Self::form(value)?.unwrap_or_else(|| Self::Exactly(value.json()));
            Ok((key.name.clone(), wanted))
        };
        node.map(name)?.iter().map(one).collect()
    }

    /// `{contains: …}` or `{matches: …}`.
    fn form(node: &Node) -> Result<Option<Self>, Problem> {
        let Value::Map(members, _) = &node.value else { return Ok(None) };
        let [(key, value)] = members.as_slice() else { return Ok(None) };
        Ok(match key.name.as_str() {
            "contains" => Some(Self::Contains(value.text("contains")?.to_owned())),
            "matches" => {
                let regex = Regex::new(value.text("matches")?);
                let regex = regex.map_err(|error| value.problem(format!("this is no regular expression: {error}")))?;
                Some(Self::Matches(Box::new(regex)))
            }
            _ => None,
        })
    }

    fn holds(&self, value: Option<&Json>) -> bool {
        match (self, value) {
            // What is nothing is not there.
            (Self::Exactly(Json::Null), None) => true,
            (Self::Exactly(wanted), Some(value)) => wanted == value,
            (Self::Contains(part), Some(Json::String(text))) => text.contains(part.as_str()),
            (Self::Matches(regex), Some(Json::String(text))) => regex.is_match(text),
            _ => false,
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(Json::Null) => f.write_str("nothing"),
            Self::Exactly(value) => write!(f, "{value}"),
            Self::Contains(part) => write!(f, "a text with {part:?} in it"),
            Self::Matches(regex) => write!(f, "a text that matches {:?}", regex.as_str()),
        }
    }
}
