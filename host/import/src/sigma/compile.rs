//! From files of Sigma's rules to rules of a pack.

use std::collections::{BTreeMap, HashSet};

use lanner_abi::Kind;
use lanner_attack::is_technique;
use lanner_conditions::{Builder, Condition, Constant, Field, FieldId, Get, Made, Owner, Part, Transform};
use lanner_contract::{Rule as Described, Severity};
use lanner_document::{Document, Problem, Wrong};

use super::fields::{self, Answer, Type};
use super::licenses::Licenses;
use super::logsource::{self, Record, Source};
use super::lower::{Lowering, is_call};
use super::modifiers::Placeholders;
use super::yaml::{self, Head, Item, Rule};
use super::{audit, condition, correlation};
use crate::rule::{self, Compiled, Ids, MAX_RULES, Refused, cut};
use crate::{Difference, Imported, Report};

/// Fields of a finding that are kept beside its message; a host takes 64.
const MAX_FACTS: usize = 56;

/// What a rule says of the events of a kind.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) kind: Kind,
    pub(super) record: Record,
    pub(super) condition: Condition,
}

/// A rule as it is here.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) arms: Vec<Arm>,
    pub(super) differences: Vec<Difference>,
    pub(super) source: String,
}

/// Compiles the rules of files, in the order in which they are given. With `all`, those too that are out of use.
pub(crate) fn compile(documents: &[Document], all: bool, placeholders: Placeholders<'_>) -> Compiled {
    let mut report = Report { source: "sigma", ..Report::default() };
    let mut items: Vec<Item> = documents.iter().map(yaml::read).collect();
    let mut licenses = Licenses::default();
    for item in &mut items {
        let head = item.head_mut();
        if head.license.is_none() {
            head.license = licenses.beside(&head.path);
        }
    }
    // Those that a correlation names find nothing by themselves, unless it says so.
    let mut silent: HashSet<usize> = HashSet::new();
    for item in &items {
        let Item::Correlation(of) = item else { continue };
        for (place, other) in items.iter().enumerate() {
            if !of.generate && of.rules.iter().any(|(_, name)| other.head().is_called(name)) {
                silent.insert(place);
            }
        }
    }
    let (mut builder, mut rules, mut ids) = (Builder::default(), Vec::new(), Ids::of("sigma"));
    for (place, item) in items.iter().enumerate() {
        let head = item.head();
        let id = ids.next(&head.title);
        let mut imported = Imported {
            name: head.title.clone(),
            id: id.clone(),
            place: format!("{}:{}:{}", head.path.display(), head.at.line, head.at.column),
            enabled: !head.is_out_of_use(),
            differences: Vec::new(),
            refused: None,
            is_wrong: false,
        };
        let is_silent = silent.contains(&place);
        let kept = (imported.enabled || all) && !is_silent && rules.len() < MAX_RULES;
        let mut aside = if kept { None } else { Some(Builder::default()) };
        let builder = aside.as_mut().unwrap_or(&mut builder);
        let added = match item {
            Item::Rule(rule) => add(rule, placeholders, builder),
            Item::Correlation(of) => correlation::add(of, &id, &items, placeholders, builder),
            Item::Other(_, refused) => Err(refused.clone()),
        };
        match added.and_then(|(source, differences)| Ok((source, differences, severity(head)?))) {
            Ok((source, differences, severity)) => {
                imported.differences = differences;
                if kept {
                    let (rule, differences) = described(head, id, severity, &source);
                    imported.differences.extend(differences);
                    rules.push(rule);
                }
                if is_silent {
                    let what = "it finds nothing by itself, as a correlation counts it (`generate: true` there has it do both)";
                    imported.differences.push(Difference { matters: false, what: what.to_owned() });
                }
                imported.differences.sort_by_key(|difference| !difference.matters);
            }
            Err(Refused { why, is_wrong }) => {
                imported.refused = Some(why.to_string());
                imported.is_wrong = is_wrong;
            }
        }
        report.rules.push(imported);
    }
    Compiled { builder, rules, report }
}

impl Item {
    pub(super) fn head(&self) -> &Head {
        match self {
            Self::Rule(rule) => &rule.head,
            Self::Correlation(of) => &of.head,
            Self::Other(head, _) => head,
        }
    }

    fn head_mut(&mut self) -> &mut Head {
        match self {
            Self::Rule(rule) => &mut rule.head,
            Self::Correlation(of) => &mut of.head,
            Self::Other(head, _) => head,
        }
    }
}

impl Head {
    fn is_out_of_use(&self) -> bool {
        self.status.as_deref().is_some_and(|status| matches!(status, "deprecated" | "unsupported"))
    }
}

/// What a rule says of each kind of event.
pub(super) fn lower(rule: &Rule, placeholders: Placeholders<'_>, builder: &mut Builder) -> Result<Lowered, Refused> {
    let head = &rule.head;
    let wrong = |problem: Problem| head.wrong(problem.at, problem.what);
    let more = |why: Wrong| Refused { why, is_wrong: false };
    let Source { records, name } =
        logsource::records(&rule.logsource).map_err(|what| more(head.wrong(rule.logsource.at, what)))?;
    let mut conditions = Vec::new();
    for (at, text) in &rule.conditions {
        let read =
            condition::parse(text).map_err(|what| head.wrong(*at, format!("in the condition {text:?}: {what}")))?;
        conditions.push((*at, read));
    }
    let watches = audit::watches(rule.logsource.definition.as_deref());
    let names_calls = rule.searches.iter().any(|(_, node)| names_a_call(node, 0));
    let mut lowering = Lowering {
        builder,
        searches: &rule.searches,
        watches: &watches,
        placeholders,
        differences: Vec::new(),
        names: BTreeMap::new(),
        tests: 0,
        asks_for_more: false,
    };
    let mut by_kind: Vec<(Kind, Record, Vec<Condition>)> = Vec::new();
    let mut is_any_call = false;
    for record in records {
        if is_call(&record) && !names_calls && record.kind != Kind::Exec {
            continue;
        }
        let mut any = Vec::new();
        for (at, of) in &conditions {
            let lowered = lowering.expression(of, *at, &record);
            any.push(lowered.map_err(|problem| Refused { why: wrong(problem), is_wrong: !lowering.asks_for_more })?);
        }
        let condition = Condition::any(any);
        if condition == Condition::Always(false) {
            continue;
        }
        is_any_call |= is_call(&record) && !names_calls;
        let condition = Condition::all(lowering.given(&record).into_iter().chain([condition]));
        match by_kind.iter_mut().find(|(kind, ..)| *kind == record.kind) {
            Some((.., conditions)) => conditions.push(condition),
            None => by_kind.push((record.kind, record, vec![condition])),
        }
    }
    let Lowering { mut differences, names, .. } = lowering;
    let unmet = names.iter().filter(|(_, met)| !**met).map(|((field, name), _)| format!("{field} {name}"));
    let unmet: Vec<String> = unmet.collect();
    let arms = by_kind.into_iter().map(|(kind, record, any)| Arm { kind, record, condition: Condition::any(any) });
    let arms: Vec<Arm> = arms.filter(|arm| arm.condition != Condition::Always(false)).collect();
    if arms.is_empty() {
        let what = match unmet.is_empty() {
            false => format!("it needs what is not told here: {}", unmet.join(", ")),
            true => "it can hold for no event that there is".to_owned(),
        };
        let at = rule.conditions.first().map_or(head.at, |(at, _)| *at);
        return Err(Refused { why: head.wrong(at, what), is_wrong: unmet.is_empty() });
    }
    if !unmet.is_empty() {
        let what = format!("{} is not told: what it says of that never holds", unmet.join(", "));
        differences.push(Difference { matters: true, what });
    }
    if is_any_call {
        let what =
            "it names no system call, so that auditd's own rules say which are meant; here it is that a program begins";
        differences.push(Difference { matters: true, what: what.to_owned() });
    }
    differences.extend(head.notes.iter().map(|note| Difference { matters: false, what: note.clone() }));
    Ok(Lowered { arms, differences, source: name })
}

/// Whether a search says something of the name of a call, or of the key that stands for it.
fn names_a_call(node: &lanner_document::Node, depth: usize) -> bool {
    const NAMES: [&str; 3] = ["SYSCALL", "syscall", "key"];
    match &node.value {
        lanner_document::Value::Map(items, _) => {
            items.iter().any(|(key, _)| NAMES.contains(&key.name.split('|').next().unwrap_or_default()))
        }
        lanner_document::Value::List(items, _) if depth < 64 => items.iter().any(|item| names_a_call(item, depth + 1)),
        _ => false,
    }
}

type Added = (String, Vec<Difference>);

fn add(rule: &Rule, placeholders: Placeholders<'_>, builder: &mut Builder) -> Result<Added, Refused> {
    let Lowered { arms, mut differences, source } = lower(rule, placeholders, builder)?;
    let mut made = Vec::new();
    for Arm { kind, record, condition } in arms {
        let (message, facts) = finding(&rule.head, &rule.fields, &record, builder, &mut differences);
        made.push(Made { kind, condition, message, facts, counted: None });
    }
    builder.rule(made, None);
    Ok((source, differences))
}

/// What a finding says, and what else it has: what the event was, and whose rule it is.
pub(super) fn finding(
    head: &Head,
    wanted: &[String],
    record: &Record,
    builder: &mut Builder,
    differences: &mut Vec<Difference>,
) -> (Vec<Part>, Vec<(String, FieldId)>) {
    let mut facts: Vec<(String, FieldId)> = Vec::new();
    // Who uses rules under the Detection Rule License says in each message whose they are.
    for (name, said) in [("author", &head.author), ("license", &head.license), ("sigma.id", &head.id)] {
        if let Some(said) = said {
            let constant = Constant::text(cut(said));
            facts.push((name.to_owned(), builder.field(Field::get(Owner::Event, Get::Constant(constant)))));
        }
    }
    let mut field = |name: &str| match fields::value(record, name) {
        Answer::Field(field, ty) => {
            let field = if ty == Type::Bool { field.then(Transform::Text) } else { field };
            Some(builder.field(field))
        }
        Answer::Names(names) => {
            let first = names.first().copied().unwrap_or_default();
            Some(builder.field(Field::get(Owner::Event, Get::Constant(Constant::text(first)))))
        }
        _ => None,
    };
    for name in fields::shown(record) {
        facts.extend(field(name).map(|field| ((*name).to_owned(), field)));
    }
    for name in wanted {
        if facts.iter().any(|(known, _)| known == name) || facts.len() >= MAX_FACTS {
            continue;
        }
        match field(name) {
            Some(field) => facts.push((name.clone(), field)),
            None => {
                let what = format!("findings are to show {name}, which is not told");
                let difference = Difference { matters: false, what };
                if !differences.contains(&difference) {
                    differences.push(difference);
                }
            }
        }
    }
    let mut message = vec![Part::Text(head.title.clone())];
    for (place, name) in fields::told(record).iter().enumerate() {
        if let Some(field) = field(name) {
            message.push(Part::Text(if place == 0 { ": " } else { " " }.to_owned()));
            message.push(Part::Field(field));
        }
    }
    (message, facts)
}

fn severity(head: &Head) -> Result<Severity, Wrong> {
    Ok(match head.level.as_deref() {
        Some("critical") => Severity::Critical,
        Some("high") => Severity::High,
        Some("medium") | None => Severity::Medium,
        Some("low") => Severity::Low,
        Some("informational") => Severity::Info,
        Some(other) => {
            let known = ["informational", "low", "medium", "high", "critical"];
            let what = format!("there is no level {other:?}{}", lanner_document::suggestion(other, &known));
            return Err(head.wrong(head.at, what));
        }
    })
}

/// What a rule says of itself.
fn described(head: &Head, id: String, severity: Severity, source: &str) -> (Described, Vec<Difference>) {
    let (mut attack, mut differences) = (Vec::new(), Vec::new());
    for tag in &head.tags {
        let Some(technique) = tag.strip_prefix("attack.").map(str::to_ascii_uppercase) else { continue };
        if !rule::looks_like_technique(&technique) {
            continue;
        }
        match is_technique(&technique) {
            true if attack.contains(&technique) => {}
            true => attack.push(technique),
            false => differences.push(rule::no_technique(&technique)),
        }
    }
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut properties = vec![("sigma-title".to_owned(), cut(&line(&head.title)).to_owned())];
    let mut property = |name: &str, text: Option<String>| {
        if let Some(text) = text.map(|text| line(&text)).filter(|text| !text.is_empty()) {
            properties.push((name.to_owned(), cut(&text).to_owned()));
        }
    };
    let joined = |all: &[String], between: &str| Some(all.join(between));
    property("sigma-id", head.id.clone());
    property("author", head.author.clone());
    property("license", head.license.clone());
    property("description", head.description.clone());
    property("references", joined(&head.references, " "));
    property("sigma-logsource", Some(source.to_owned()));
    property("sigma-level", head.level.clone());
    property("sigma-status", head.status.clone());
    property("sigma-tags", joined(&head.tags, " "));
    property("sigma-date", head.date.clone());
    property("sigma-modified", head.modified.clone());
    property("false-positives", joined(&head.falsepositives, "; "));
    let summary = cut(&line(&head.title)).to_owned();
    (Described { id, summary, severity, attack, events: Vec::new(), properties }, differences)
}
