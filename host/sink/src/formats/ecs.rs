//! Elastic Common Schema. What it has no field for stands below `lanner`, as texts: an index holds one type for a name, and
//! other rules and kinds of events give the same name to other things.

use lanner_finding::time;
use serde_json::{Map, Value, json};

use super::facts;
use super::kinds;
use super::place::put;
use super::table::{Column, key, object};

/// The version whose names these are.
const VERSION: &str = "8.17.0";

/// Of flags of an open: O_WRONLY and O_RDWR.
const WRITES: u64 = 3;

pub(super) fn of(finding: &Value) -> Value {
    let mut to = object(finding, Column::Ecs);
    // A stream of Elasticsearch takes nothing without one.
    let time = || time::rfc3339(finding["time_ns"].as_u64().unwrap_or_default()).into();
    to.entry("@timestamp").or_insert_with(time);
    put(&mut to, "ecs.version", VERSION.into());
    put(&mut to, "event.kind", "alert".into());
    put(&mut to, "event.module", "lanner".into());
    put(&mut to, "event.dataset", "lanner.finding".into());
    put(&mut to, "event.severity", kinds::grade(finding).ecs.into());
    put(&mut to, "observer.vendor", "Lanner".into());
    put(&mut to, "observer.product", "Lanner".into());
    categories(finding, &mut to);
    if let Some(outcome) = kinds::outcome(finding) {
        put(&mut to, "event.outcome", if outcome.is_ok() { "success" } else { "failure" }.into());
        if let Err(error) = outcome {
            put(&mut to, "error.code", error.into());
        }
    }
    if facts::pod(finding).is_some() {
        put(&mut to, "orchestrator.type", "kubernetes".into());
        put(&mut to, "orchestrator.resource.type", "pod".into());
    }
    threat(finding, &mut to);
    for (name, of) in [("fields", "/fields"), ("event", "/event")] {
        let values = facts::at(finding, of).and_then(Value::as_object).into_iter().flatten();
        let values = values.filter_map(|(name, value)| Some((key(name), said(value)?)));
        let values: Map<String, Value> = values.collect();
        if !values.is_empty() {
            put(&mut to, &format!("lanner.{name}"), values.into());
        }
    }
    to.into()
}

/// As texts, one or several.
fn said(value: &Value) -> Option<Value> {
    match value {
        Value::Array(_) => Some(facts::texts(value).into()),
        value => facts::any_text(value).map(Value::from),
    }
}

fn categories(finding: &Value, to: &mut Map<String, Value>) {
    let (category, types) = kinds::of(finding).map_or(("intrusion_detection", &["info"][..]), |called| called.ecs);
    let event = &finding["event"];
    let types: &[&str] = match event["kind"].as_str() {
        Some("open") if event["created"] == true => &["creation"],
        Some("open") if event["flags"].as_u64().unwrap_or_default() & WRITES != 0 => &["change"],
        _ => types,
    };
    put(to, "event.category", json!([category]));
    put(to, "event.type", json!(types));
}

/// Techniques of ATT&CK: those that are part of another stand with it and by themselves.
fn threat(finding: &Value, to: &mut Map<String, Value>) {
    let ids = facts::techniques(finding);
    let tactic = kinds::tactic(finding);
    if ids.is_empty() && tactic.is_none() {
        return;
    }
    put(to, "threat.framework", "MITRE ATT&CK".into());
    if let Some(tactic) = tactic {
        put(to, "threat.tactic.id", json!([tactic.id]));
        put(to, "threat.tactic.name", json!([tactic.name]));
    }
    let mut techniques: Vec<&str> = ids.iter().map(|id| id.split('.').next().unwrap_or(id)).collect();
    techniques.sort_unstable();
    techniques.dedup();
    let parts: Vec<&String> = ids.iter().filter(|id| id.contains('.')).collect();
    if !techniques.is_empty() {
        put(to, "threat.technique.id", json!(techniques));
    }
    if !parts.is_empty() {
        put(to, "threat.technique.subtechnique.id", json!(parts));
    }
}
