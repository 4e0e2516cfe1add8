//! From files of Falco's rules to rules of a pack.

use std::collections::HashMap;

use lanner_attack::is_technique;
use lanner_conditions::{Builder, Condition, Made};
use lanner_contract::{Rule, Severity};
use lanner_document::{Document, Wrong};

use super::events::EVENTS;
use super::grammar::{self, Problem};
use super::lower::{Lowering, Names};
use super::merge::{Defined, Merged, Pieces};
use super::yaml::{Entry, Exception, OneOrMore};
use super::{output, yaml};
use crate::rule::{self, Compiled, Ids, MAX_RULES, Refused};
use crate::{Difference, Imported, Report};

/// How deep macros may name others.
const MAX_NESTED: usize = 64;

/// Compiles the rules of files, in the order in which they are given. With `all`, those that are off too.
pub(crate) fn compile(documents: &[Document], all: bool) -> Compiled {
    let mut report = Report { source: "falco", ..Report::default() };
    let mut items = Vec::new();
    for document in documents {
        for item in yaml::read(document) {
            match item {
                Ok(item) => items.push(item),
                Err(wrong) => report.wrong.push(wrong.to_string()),
            }
        }
    }
    let merged = Merged::of(items);
    report.wrong.extend(merged.wrong.iter().map(|(_, wrong)| wrong.to_string()));
    let others: Vec<&str> = merged.plugins.iter().map(String::as_str).filter(|name| *name != "container").collect();
    if !others.is_empty() {
        report.notes.push(format!(
            "plugins of Falco's are not there ({}); rules on their events are refused",
            others.join(", ")
        ));
    }
    let macros = macros(&merged);
    let names = Names { macros: &macros, lists: &merged.lists };
    let (mut builder, mut rules, mut ids) = (Builder::default(), Vec::new(), Ids::of("falco"));
    for defined in &merged.rules {
        let id = ids.next(&defined.name);
        let mut imported = Imported {
            name: defined.name.clone(),
            id: id.clone(),
            place: place(&defined.spot),
            enabled: defined.enabled,
            differences: Vec::new(),
            refused: None,
            is_wrong: false,
        };
        // Also those that are off are looked at: what is to be said of them is known before somebody wants them.
        let kept = (defined.enabled || all) && rules.len() < MAX_RULES;
        let mut aside = if kept { None } else { Some(Builder::default()) };
        match one(defined, &names, aside.as_mut().unwrap_or(&mut builder)) {
            Ok((differences, is_there)) => {
                imported.differences = differences;
                if kept && is_there {
                    let (rule, differences) = described(defined, id);
                    imported.differences.extend(differences);
                    rules.push(rule);
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

fn place(spot: &yaml::Spot) -> String {
    format!("{}:{}:{}", spot.path.display(), spot.at.line, spot.at.column)
}

/// Where something is wrong in a condition, in the file.
fn wrong_in(pieces: &Pieces, problem: Problem) -> Wrong {
    pieces.spot_of(problem.at).wrong(problem.what)
}

/// All macros, each with those put in that it names: they have to stand before it.
fn macros(merged: &Merged) -> HashMap<String, Result<grammar::Condition, String>> {
    let mut parsed = HashMap::new();
    let numbers: HashMap<&str, usize> = merged.macros.iter().map(|of| (of.name.as_str(), of.number)).collect();
    for of in &merged.macros {
        let condition =
            grammar::parse(&of.condition.text()).map_err(|problem| wrong_in(&of.condition, problem).to_string());
        let condition = condition.and_then(|condition| {
            let mut named = Vec::new();
            named_in(&condition, &mut named);
            for (name, at) in named {
                let problem = match numbers.get(name.as_str()) {
                    Some(number) if *number < of.visible && name != of.name => continue,
                    Some(_) if name == of.name => format!("the macro {name} names itself"),
                    Some(_) => format!("the macro {name} stands further down; a macro can name those above it alone"),
                    None => {
                        let known: Vec<&str> = numbers.keys().copied().collect();
                        let near = lanner_document::nearest(&name, known.iter().copied());
                        let near = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                        format!("there is no macro {name:?}{near}")
                    }
                };
                return Err(wrong_in(&of.condition, Problem { at, what: problem }).to_string());
            }
            Ok(condition)
        });
        parsed.insert(of.name.clone(), condition);
    }
    // Macros that were said again may name each other in a circle.
    let mut heights = HashMap::new();
    let names: Vec<String> = parsed.keys().cloned().collect();
    for name in names {
        if height(&name, &parsed, &mut heights, 0).is_none_or(|height| height > MAX_NESTED) {
            parsed
                .insert(name.clone(), Err(format!("the macro {name} names others that name it, or too many in a row")));
        }
    }
    parsed
}

/// How many macros lie in one another in a macro; nothing where they never end.
fn height(
    name: &str,
    macros: &HashMap<String, Result<grammar::Condition, String>>,
    known: &mut HashMap<String, Option<usize>>,
    depth: usize,
) -> Option<usize> {
    if depth > MAX_NESTED {
        return None;
    }
    if let Some(height) = known.get(name) {
        return *height;
    }
    let Some(Ok(condition)) = macros.get(name) else { return Some(0) };
    // Whoever comes back to it goes in a circle.
    known.insert(name.to_owned(), None);
    let mut named = Vec::new();
    named_in(condition, &mut named);
    let mut highest = Some(0);
    for (inner, _) in named {
        let inner = height(&inner, macros, known, depth + 1);
        highest = highest.zip(inner).map(|(highest, inner)| highest.max(inner + 1));
    }
    known.insert(name.to_owned(), highest);
    highest
}

fn named_in(condition: &grammar::Condition, named: &mut Vec<(String, usize)>) {
    match condition {
        grammar::Condition::And(conditions) | grammar::Condition::Or(conditions) => {
            conditions.iter().for_each(|condition| named_in(condition, named));
        }
        grammar::Condition::Not(condition) => named_in(condition, named),
        grammar::Condition::Macro(name, at) => named.push((name.clone(), *at)),
        grammar::Condition::Check(_) => {}
    }
}

/// Adds a rule; gives how it is another than it was, and whether it was added: one that can never hold is not.
fn one(defined: &Defined, names: &Names<'_>, builder: &mut Builder) -> Result<(Vec<Difference>, bool), Refused> {
    if defined.source != "syscall" {
        let what =
            format!("it is about events of {}, and only those of the kernel (syscall) are judged", defined.source);
        return Err(Refused { why: defined.spot.wrong(what), is_wrong: false });
    }
    if severity(&defined.priority.1).is_none() {
        let known = ["EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFORMATIONAL", "DEBUG"];
        let beside = super::lower::known_beside(&defined.priority.1, &known);
        return Err(defined.priority.0.wrong(format!("there is no priority {:?}{beside}", defined.priority.1)).into());
    }
    let condition =
        grammar::parse(&defined.condition.text()).map_err(|problem| wrong_in(&defined.condition, problem))?;
    let exceptions = defined.exceptions.iter().map(excepted).collect::<Result<Vec<_>, Wrong>>()?;
    let template = output::read(&defined.output.text()).map_err(|problem| wrong_in(&defined.output, problem))?;
    let mentioned = names.fields_in(&condition);
    let mut lowering = Lowering {
        names,
        builder,
        differences: Vec::new(),
        unseen: Vec::new(),
        tests: 0,
        mentioned,
        asks_for_more: false,
    };
    let mut arms = Vec::new();
    for called in EVENTS {
        let kind = called.kind;
        let mut all = vec![lowering.lower(&condition, kind, false, 0).map_err(|problem| Refused {
            is_wrong: !lowering.asks_for_more,
            why: wrong_in(&defined.condition, problem),
        })?];
        if all.first() == Some(&Condition::Always(false)) {
            continue;
        }
        for (exception, except) in defined.exceptions.iter().zip(&exceptions) {
            let Some(except) = except else { continue };
            let lowered = lowering.lower(except, kind, true, 0).map_err(|problem| Refused {
                is_wrong: !lowering.asks_for_more,
                why: exception.spot.wrong(format!("in the exception {}: {}", exception.name, problem.what)),
            })?;
            all.push(Condition::not(lowered));
        }
        let holds = Condition::all(all);
        if holds == Condition::Always(false) {
            continue;
        }
        let (message, facts) = template
            .of(kind, lowering.builder, &mut lowering.differences)
            .map_err(|problem| wrong_in(&defined.output, problem))?;
        arms.push(Made { kind, condition: holds, message, facts, counted: None });
    }
    let Lowering { mut differences, unseen, .. } = lowering;
    if arms.is_empty() {
        if !unseen.is_empty() {
            let what = format!("it needs events that are not told here: {}", unseen.join(", "));
            return Err(Refused { why: defined.condition.spot_of(0).wrong(what), is_wrong: false });
        }
        let what =
            "as it stands it can hold for no event, such as where a list is empty: it is not in the pack".to_owned();
        differences.push(Difference { matters: false, what });
        return Ok((differences, false));
    }
    if arms.len() > EVENTS.len() / 2 {
        let what = "it says of no type of event, and sees only the kinds that there are here".to_owned();
        differences.push(Difference { matters: true, what });
    }
    if !unseen.is_empty() {
        let what = format!("{} are not told: what it says of them never holds", unseen.join(", "));
        differences.push(Difference { matters: true, what });
    }
    builder.rule(arms, None);
    Ok((differences, true))
}

/// What a rule says of itself.
fn described(defined: &Defined, id: String) -> (Rule, Vec<Difference>) {
    let cut = |text: &str| rule::cut(text).to_owned();
    let is_attack = |tag: &&String| is_technique(tag);
    let attack: Vec<String> = defined.tags.iter().filter(is_attack).cloned().collect();
    let mut properties =
        vec![("falco-rule".to_owned(), cut(&defined.name)), ("falco-priority".to_owned(), cut(&defined.priority.1))];
    if !defined.tags.is_empty() {
        properties.push(("falco-tags".to_owned(), cut(&defined.tags.join(" "))));
    }
    let desc = defined.desc.split_whitespace().collect::<Vec<_>>().join(" ");
    // The first sentence says what it is; the rest what to do about it.
    let summary = desc.find(". ").map_or(desc.as_str(), |end| desc.get(..=end).unwrap_or(&desc));
    if summary.len() < desc.len() {
        properties.push(("description".to_owned(), cut(&desc)));
    }
    let unknown = defined.tags.iter().filter(|tag| rule::looks_like_technique(tag) && !is_technique(tag));
    let differences = unknown.map(|tag| rule::no_technique(tag)).collect();
    let severity = severity(&defined.priority.1).unwrap_or_default();
    (Rule { id, summary: cut(summary), severity, attack, events: Vec::new(), properties }, differences)
}

fn severity(priority: &str) -> Option<Severity> {
    Some(match priority.trim().to_ascii_lowercase().as_str() {
        "emergency" | "alert" | "critical" => Severity::Critical,
        "error" => Severity::High,
        "warning" => Severity::Medium,
        "notice" => Severity::Low,
        "informational" | "info" | "debug" => Severity::Info,
        _ => return None,
    })
}

/// What an exception excepts: nothing where it has no values.
fn excepted(exception: &Exception) -> Result<Option<grammar::Condition>, Wrong> {
    let Exception { spot, name, fields, comps, values } = exception;
    if values.is_empty() {
        return Ok(None);
    }
    let list_operator = |comp: &str| matches!(comp, "in" | "intersects" | "pmatch");
    let quote = |text: &str| {
        let is_bare = !text.is_empty()
            && text.chars().all(|c| !c.is_whitespace() && !matches!(c, '(' | ')' | '"' | '\'' | '=' | ','));
        match is_bare || text.starts_with(['"', '\'']) {
            true => text.to_owned(),
            false => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        }
    };
    let text = match fields {
        Some(OneOrMore::One(field)) => {
            let comp = match comps {
                Some(OneOrMore::One(comp)) => comp.as_str(),
                _ => "in",
            };
            let values = values.iter().filter_map(|value| match value {
                Entry::Text(text) => Some(quote(text)),
                Entry::List(_) => None,
            });
            let values = values.collect::<Vec<_>>().join(", ");
            match list_operator(comp) {
                true => format!("{field} {comp} ({values})"),
                false => format!("{field} {comp} anyof ({values})"),
            }
        }
        Some(OneOrMore::More(fields)) => {
            let comps: Vec<&str> = match comps {
                Some(OneOrMore::More(comps)) => comps.iter().map(String::as_str).collect(),
                _ => vec!["="; fields.len()],
            };
            let tuple = |value: &Entry| {
                let Entry::List(entries) = value else { return None };
                let test = |((field, comp), entry): ((&String, &&str), &Entry)| match entry {
                    Entry::Text(text) if list_operator(comp) && !text.starts_with('(') => {
                        format!("{field} {comp} ({})", quote(text))
                    }
                    Entry::Text(text) if list_operator(comp) => format!("{field} {comp} {text}"),
                    Entry::Text(text) => format!("{field} {comp} {}", quote(text)),
                    Entry::List(entries) => {
                        let texts = entries.iter().filter_map(|entry| match entry {
                            Entry::Text(text) => Some(quote(text)),
                            Entry::List(_) => None,
                        });
                        format!("{field} {comp} ({})", texts.collect::<Vec<_>>().join(", "))
                    }
                };
                Some(format!(
                    "({})",
                    fields.iter().zip(&comps).zip(entries).map(test).collect::<Vec<_>>().join(" and ")
                ))
            };
            values.iter().filter_map(tuple).collect::<Vec<_>>().join(" or ")
        }
        None => return Ok(None),
    };
    let condition = grammar::parse(&text);
    condition
        .map(Some)
        .map_err(|problem| spot.wrong(format!("the exception {name} cannot be read ({text}): {problem}")))
}
