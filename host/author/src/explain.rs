//! Why a rule did, or did not, raise something about an event: which of its subscriptions the event passes, and by which tests.

use std::net::Ipv6Addr;
use std::path::Path;
use std::sync::Arc;

use lanner_abi::{Kind, Reads, Text, Value};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{FieldRef, Filter, Happening as _, Sieve, Subscription, Wanted};
use lanner_engine::{Description, Listed, Settings};
use lanner_enrich::Event;
use lanner_finding::Finding;
use lanner_lists::Snapshot;
use serde_json::{Value as Json, json};

use crate::event::Scene;
use crate::pack::Pack;
use crate::stage::{Played, Stage};
use crate::suite::Found;

/// Values of a test that are shown.
const SHOWN: usize = 6;
/// Characters of a text that are shown.
const MAX_TEXT: usize = 200;

/// What a pack made of events.
pub struct Judged {
    /// What it found.
    pub findings: Vec<Finding>,
    /// What it logged: how important it is, and the line.
    pub log: Vec<(tracing::Level, String)>,
    /// What went wrong in it.
    pub troubles: Vec<String>,
    /// Events that were judged.
    pub events: u64,
}

/// Has a pack judge events: lines of JSON, each as in a test or as a host prints it, or a file of them, or a capture.
///
/// # Errors
/// They are none, or the pack does not take its settings.
pub fn judge(pack: &Pack, settings: &Settings, events: &Events<'_>) -> Result<Judged, String> {
    let mut scene = Scene::default();
    let mut stage = Stage::start(pack, settings.clone()).map_err(|error| error.to_string())?;
    let played = match events {
        Events::Lines(name, text) => stage.lines(&mut scene, Path::new(name), text),
        Events::File(path) => stage.file(&mut scene, path),
    };
    let played = played.and_then(|()| stage.end()).map_err(|error| error.to_string())?;
    let Played { findings, heard, events, .. } = played;
    Ok(Judged { findings, log: heard.log, troubles: heard.troubles, events })
}

/// Events.
pub enum Events<'a> {
    /// Lines of JSON, and what they are called.
    Lines(&'a str, &'a str),
    /// A capture, or a file of lines of JSON.
    File(&'a Path),
}

/// What became of one event in a pack.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The event in a few words.
    pub event: String,
    /// Each rule.
    pub rules: Vec<OfRule>,
}

/// What became of it in a rule.
#[derive(Clone, Debug)]
pub struct OfRule {
    /// Its id.
    pub rule: String,
    /// What it needs that this host does not have.
    pub left_out: Option<String>,
    /// Each of its subscriptions: the kind, and where it is of that kind, what became of it in the filter, where there is one.
    pub subscriptions: Vec<OfSubscription>,
    /// What it raised about the event.
    pub findings: Vec<Found>,
}

/// What became of it in a subscription.
#[derive(Clone, Debug)]
pub struct OfSubscription {
    /// The kind that it asks for.
    pub kind: String,
    /// Whether the event is of that kind.
    pub of_kind: bool,
    /// The filter; nothing where there is none.
    pub filter: Option<Trace>,
}

/// What became of an event in a filter.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Whether it holds.
    pub holds: bool,
    /// The test, in words.
    pub test: String,
    /// What the field is, where a field is tested.
    pub value: Option<String>,
    /// Those in it.
    pub inner: Vec<Trace>,
}

impl OfSubscription {
    /// Whether the rule sees the event because of it.
    pub fn passes(&self) -> bool {
        self.of_kind && self.filter.as_ref().is_none_or(|filter| filter.holds)
    }
}

/// Explains what becomes of an event in a pack.
///
/// # Errors
/// The text is no event, or the pack cannot be started.
pub fn explain(pack: &Pack, settings: &Settings, name: &str, text: &str) -> Result<Vec<Explanation>, String> {
    let judged = judge(pack, settings, &Events::Lines(name, text))?;
    let mut scene = Scene::default();
    let mut explanations = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let document = crate::document::Document::parse_line(Path::new(name), line.to_owned(), number);
        let document = document.map_err(|wrong| wrong.to_string())?;
        let events = scene.events(&document.root).map_err(|problem| problem.in_file(Path::new(name)).to_string())?;
        for event in &events {
            explanations.push(of_event(&Looked::of(pack), event, &judged.findings));
        }
    }
    Ok(explanations)
}

/// By which filters the rule of a finding, as JSON, saw the event behind it, as lines for people. Of the event only what the
/// finding tells is known.
///
/// # Errors
/// The pack does not have the rule, or the finding has no event that this version knows.
pub fn why(pack: &Pack, finding: &Json) -> Result<String, String> {
    let name = finding["rule"].as_str().unwrap_or_default();
    let description = &pack.description;
    let Some(rule) = description.rules.iter().find(|rule| rule.id == name) else {
        return Err(format!("the pack {} has no rule {name:?}", description.name));
    };
    let event =
        crate::event::of_finding(finding).ok_or("the finding has no event of a kind that this version knows")?;
    let document = crate::document::Document::parse_line(Path::new("finding"), event.to_string(), 1);
    let document = document.map_err(|wrong| wrong.to_string())?;
    let events =
        Scene::default().events(&document.root).map_err(|problem| problem.in_file(Path::new("finding")).to_string())?;
    let event = events.first().ok_or("the finding has no event")?;
    let mut lines = Vec::new();
    let looked = Looked::of(pack);
    for subscription in rule.events.iter().map(|subscription| looked.subscription(subscription, event)) {
        match (subscription.of_kind, &subscription.filter) {
            (false, _) => continue,
            (true, None) => lines.push(format!("    all events of the kind {} are asked for", subscription.kind)),
            (true, Some(filter)) => filter.write(2, &mut lines),
        }
    }
    Ok(lines.join("\n"))
}

/// A pack, and its lists as they are.
struct Looked<'a> {
    pack: &'a Description,
    lists: Arc<Snapshot>,
}

fn of_event(looked: &Looked<'_>, event: &Event, findings: &[Finding]) -> Explanation {
    let pack = looked.pack;
    let about = |finding: &&Finding| finding.event_seqs.last() == Some(&event.seq);
    let rules = (0..).zip(&pack.rules).map(|(number, rule)| OfRule {
        rule: rule.id.clone(),
        left_out: pack.left_out.iter().find(|out| out.rule == number).map(|out| out.needs.clone()),
        subscriptions: rule.events.iter().map(|subscription| looked.subscription(subscription, event)).collect(),
        findings: findings.iter().filter(about).filter(|found| found.rule().id == rule.id).map(Found::of).collect(),
    });
    let process = event.process.as_ref();
    let who = process.map(|process| format!(", by {} (pid {})", Text::new(process.exe()), process.pid()));
    let event_words = format!("event {}: {}{}", event.seq, event.kind.name(), who.unwrap_or_default());
    Explanation { event: event_words, rules: rules.collect() }
}

impl<'a> Looked<'a> {
    fn of(pack: &'a Pack) -> Self {
        Self { pack: &pack.description, lists: pack.runtime.lists().now() }
    }

    fn subscription(&self, subscription: &Subscription, event: &Event) -> OfSubscription {
        let Subscription { kind, filter } = subscription;
        let of_kind = *kind == event.kind.name();
        let filter = filter.as_ref().filter(|_| of_kind).map(|filter| self.trace(filter, event));
        OfSubscription { kind: kind.clone(), of_kind, filter }
    }

    fn trace(&self, filter: &Filter, event: &Event) -> Trace {
        let all = |filters: &[Filter]| filters.iter().map(|filter| self.trace(filter, event)).collect::<Vec<_>>();
        let of =
            |holds: bool, test: &str, inner: Vec<Trace>| Trace { holds, test: test.to_owned(), value: None, inner };
        let of_field = |name: &str, test: String| {
            let value = FieldRef::of(event.kind, name).ok().map(|field| match event.value(&field) {
                Some(value) => shown(&field, value),
                None => "not known".to_owned(),
            });
            Trace { holds: self.holds(filter, event), test: format!("{name} {test}"), value, inner: Vec::new() }
        };
        match filter {
            Filter::All(filters) => {
                let inner = all(filters);
                of(inner.iter().all(|trace| trace.holds), "all of these hold", inner)
            }
            Filter::Any(filters) => {
                let inner = all(filters);
                of(inner.iter().any(|trace| trace.holds), "at least one of these holds", inner)
            }
            Filter::Not(filter) => {
                let inner = self.trace(filter, event);
                of(!inner.holds, "this does not hold", vec![inner])
            }
            Filter::Unknown(name) => of(false, &format!("a test that this version does not know ({name})"), Vec::new()),
            Filter::Field(name, test) => of_field(name, words(test)),
            Filter::Listed(name, list) => of_field(name, format!("stands in the list {list}")),
        }
    }

    /// Whether an event passes a filter, as hosts look at it.
    fn holds(&self, filter: &Filter, event: &Event) -> bool {
        let subscription = Subscription { kind: event.kind.name().to_owned(), filter: Some(filter.clone()) };
        let Ok(mut wanted) = Wanted::of(&subscription, &self.pack.lists) else { return false };
        let number = |place| self.pack.bound.number(place).unwrap_or(u32::MAX);
        wanted.condition = wanted.condition.map(|condition| condition.with_lists(&number));
        Sieve::new(&[wanted]).wants(&Listed { event, lists: &self.lists })
    }
}

/// A test in words, as the rest of a sentence about the field.
fn words(test: &Test) -> String {
    let text = |value: &[u8]| format!("\"{}\"", cut(&Text::new(value).to_string()));
    let texts = |values: &[Vec<u8>]| or(values.iter().map(|value| text(value)));
    match test {
        Test::Equals(values) => {
            let value = |literal: &Literal| match literal {
                Literal::Bytes(bytes) => text(bytes),
                Literal::Number(number) => number.to_string(),
                Literal::Bool(yes) => yes.to_string(),
            };
            format!("is {}", or(values.iter().map(value)))
        }
        Test::StartsWith(values) => format!("begins with {}", texts(values)),
        Test::EndsWith(values) => format!("ends with {}", texts(values)),
        Test::Contains(values) => format!("has {} in it", texts(values)),
        Test::Between(ranges) => format!("is from {}", or(ranges.iter().map(|(from, to)| format!("{from} to {to}")))),
        Test::AnyBits(bits) => format!("has one of the bits {bits:#x}"),
        Test::AllBits(bits) => format!("has all of the bits {bits:#x}"),
        Test::NoBits(bits) => format!("has none of the bits {bits:#x}"),
        Test::Within(networks) => format!("lies in {}", or(networks.iter().map(network))),
        Test::Known => "is known".to_owned(),
    }
}

fn network((address, bits): &([u8; 16], u8)) -> String {
    let address = Ipv6Addr::from(*address);
    match address.to_ipv4_mapped() {
        Some(address) if *bits >= 96 => format!("{address}/{}", bits - 96),
        _ => format!("{address}/{bits}"),
    }
}

fn or(values: impl ExactSizeIterator<Item = String>) -> String {
    let more = values.len().saturating_sub(SHOWN);
    let mut all = values.take(SHOWN).collect::<Vec<_>>().join(" or ");
    if more > 0 {
        all.push_str(&format!(" or one of {more} more"));
    }
    all
}

/// A value as a person would write it.
fn shown(field: &FieldRef, value: Value<'_>) -> String {
    match (field.field.reads, value) {
        (_, Value::Text(text)) => format!("\"{}\"", cut(&Text::new(text).to_string())),
        (_, Value::Bytes16(bytes)) => Ipv6Addr::from(bytes).to_canonical().to_string(),
        (_, Value::Bool(yes)) => yes.to_string(),
        (_, Value::Signed(number)) => number.to_string(),
        (Reads::Kind, Value::Unsigned(number)) => {
            let kind = u16::try_from(number).ok().and_then(Kind::from_number);
            kind.map_or(number.to_string(), |kind| kind.name().to_owned())
        }
        (_, Value::Unsigned(number)) => match field.field.flags {
            Some(set) => {
                let names = set.bits.iter().filter(|(_, bit)| number >> bit & 1 == 1).map(|(name, _)| *name);
                format!("{number:#x} ({})", names.collect::<Vec<_>>().join(", "))
            }
            None => number.to_string(),
        },
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Explanation {
    /// For people.
    pub fn text(&self) -> String {
        let mut lines = vec![self.event.clone()];
        for of in &self.rules {
            lines.push(format!("  {}", of.rule));
            if let Some(needs) = &of.left_out {
                lines.push(format!("    left out: it needs {needs}, which this host does not have"));
                continue;
            }
            for subscription in &of.subscriptions {
                let verdict = match (subscription.of_kind, &subscription.filter) {
                    (false, _) => "no: the event is of another kind",
                    (true, None) => "yes: all events of the kind are asked for",
                    (true, Some(filter)) if filter.holds => "yes: the filter holds",
                    (true, Some(_)) => "no: the filter does not hold",
                };
                lines.push(format!("    {}  {verdict}", subscription.kind));
                subscription.filter.iter().for_each(|filter| filter.write(3, &mut lines));
            }
            let passes = of.subscriptions.iter().any(OfSubscription::passes);
            lines.push(match (passes, of.findings.as_slice()) {
                (false, []) => "    it does not see the event".to_owned(),
                (true, []) => "    it saw the event and raised nothing: its own code decided".to_owned(),
                (_, found) => found
                    .iter()
                    .map(|found| format!("    found, {}: {}", found.severity(), crate::printable(found.message())))
                    .collect::<Vec<_>>()
                    .join("\n"),
            });
        }
        lines.join("\n")
    }

    /// For programs.
    pub fn json(&self) -> Json {
        let rules = self.rules.iter().map(|of| {
            let subscriptions = of.subscriptions.iter().map(|subscription| {
                json!({"kind": subscription.kind, "of_kind": subscription.of_kind, "passes": subscription.passes(),
                    "filter": subscription.filter.as_ref().map(Trace::json)})
            });
            json!({"rule": of.rule, "needs": of.left_out, "subscriptions": subscriptions.collect::<Vec<_>>(),
                "sees": of.left_out.is_none() && of.subscriptions.iter().any(OfSubscription::passes),
                "findings": of.findings.iter().map(|found| found.0.clone()).collect::<Vec<_>>()})
        });
        json!({"event": self.event, "rules": rules.collect::<Vec<_>>()})
    }
}

impl Trace {
    fn write(&self, depth: usize, lines: &mut Vec<String>) {
        let mark = if self.holds { "yes" } else { "no " };
        let value = self.value.as_ref().map(|value| format!("; it is {value}")).unwrap_or_default();
        lines.push(format!("{}{mark}  {}{value}", "  ".repeat(depth), self.test));
        self.inner.iter().for_each(|inner| inner.write(depth + 1, lines));
    }

    fn json(&self) -> Json {
        json!({"holds": self.holds, "test": self.test, "value": self.value,
            "inner": self.inner.iter().map(Self::json).collect::<Vec<_>>()})
    }
}
