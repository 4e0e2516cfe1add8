//! As Falco 0.44 writes an alert with `json_output: true`, so that what reads those (falcosidekick, for one) reads these.
//!
//! Of `output_fields` all values are texts, numbers, and yes or no, as Falco's are. Those of a rule that was imported from Falco
//! are the fields of its output, by Falco's names.

use lanner_finding::time;
use serde_json::{Map, Value, json};

use super::facts;
use super::kinds;
use super::table::{Column, placed};

/// How names of Falco's fields begin.
const FAMILIES: [&str; 9] = ["evt.", "proc.", "thread.", "user.", "group.", "container.", "k8s.", "fd.", "fs."];

pub(super) fn of(finding: &Value) -> Value {
    let priority = kinds::grade(finding).falco;
    let time_ns = finding["time_ns"].as_u64().unwrap_or_default();
    let message = facts::at(finding, "/message").and_then(facts::text).unwrap_or_default();
    let mut fields = Map::new();
    let mut top = Map::new();
    top.insert("hostname".into(), "".into());
    let time = time::rfc3339(time_ns);
    // As `evt.time` is written: the time of day with nanoseconds.
    let of_day = time.split_once('T').map_or("", |(_, of_day)| of_day.trim_end_matches('Z'));
    top.insert("output".into(), format!("{of_day}: {priority} {message}").into());
    top.insert("output_fields".into(), Value::Null);
    top.insert("priority".into(), priority.into());
    top.insert("rule".into(), "unknown".into());
    top.insert("source".into(), "syscall".into());
    top.insert("tags".into(), json!([]));
    top.insert("time".into(), time.clone().into());
    for (place, value) in placed(finding, Column::Falco) {
        match place.strip_prefix('/') {
            // A time that no reader understands would have the whole alert refused.
            Some("time") => {}
            Some(name) => drop(top.insert(name.to_owned(), value)),
            None => drop(fields.insert(place.to_owned(), value)),
        }
    }
    // There always are some: falcosidekick refuses an alert without.
    fields.entry("evt.time").or_insert_with(|| time_ns.into());
    of_event(finding, &mut fields);
    of_ancestors(finding, &mut fields);
    of_rule(finding, &mut fields);
    top.insert("output_fields".into(), fields.into());
    top.insert("tags".into(), tags(finding).into());
    top.into()
}

/// Falco's tags: techniques, and the tactic as Falco's own rules have it.
fn tags(finding: &Value) -> Vec<String> {
    let mut tags = facts::techniques(finding);
    tags.extend(kinds::tactic(finding).map(|tactic| format!("mitre_{}", tactic.word.replace('-', "_"))));
    tags.sort();
    tags.dedup();
    tags
}

fn of_event(finding: &Value, fields: &mut Map<String, Value>) {
    let called = kinds::of(finding).filter(|called| !called.falco.is_empty());
    fields.extend(called.map(|called| ("evt.type".to_owned(), called.falco.into())));
    if let Some(outcome) = kinds::outcome(finding) {
        fields.insert("evt.failed".into(), outcome.is_err().into());
        fields.insert("evt.res".into(), outcome.err().map_or_else(|| "SUCCESS".into(), Value::from));
    }
    // Outside of containers Falco calls the host so.
    if finding["process"].is_object() && finding["process"]["container"].is_null() {
        fields.insert("container.id".into(), "host".into());
        fields.insert("container.name".into(), "host".into());
    }
}

fn of_ancestors(finding: &Value, fields: &mut Map<String, Value>) {
    for (number, ancestor) in (2..).zip(facts::ancestors(finding)) {
        for (field, name) in [("aname", "name"), ("aexepath", "exe")] {
            let value = facts::text(&ancestor[name]);
            fields.extend(value.map(|value| (format!("proc.{field}[{number}]"), value.into())));
        }
    }
}

/// What the rule says beside: an imported one by Falco's names, others behind a name of their own.
fn of_rule(finding: &Value, fields: &mut Map<String, Value>) {
    for (name, value) in finding["fields"].as_object().into_iter().flatten() {
        let is_falco = FAMILIES.iter().any(|family| name.starts_with(family));
        let value = match value {
            Value::Number(_) | Value::Bool(_) if !is_text(name) => Some(value.clone()),
            value => facts::any_text(value).map(Value::from),
        };
        let name = if is_falco { name.clone() } else { format!("lanner.fields.{name}") };
        fields.extend(value.map(|value| (name, value)));
    }
}

/// What falcosidekick takes for a text without a look.
fn is_text(name: &str) -> bool {
    name.starts_with("k8s.")
}
