//! The event behind a finding that was written as JSON, as far as the finding tells it.

use std::net::SocketAddr;

use lanner_abi::{CONTAINER, Kind, Reads};
use lanner_finding::object::is_written_anew;
use serde_json::{Map, Value, json};

/// Of its process what an event can be written with.
const PROCESS: [&str; 9] = ["exe", "comm", "cwd", "script", "uid", "euid", "gid", "login_uid", "cgroup"];
/// The event, as people write one. None where the finding has none of a kind that is known.
pub fn of_finding(finding: &Value) -> Option<Value> {
    let told = &finding["event"];
    let kind = Kind::from_name(told["kind"].as_str()?)?;
    let mut payload = Map::new();
    for field in kind.record().fields.iter().filter(|field| field.shown && field.reads != Reads::Row) {
        let Some(value) = told.get(field.json) else { continue };
        match (field.port, value.as_str().and_then(|text| text.parse::<SocketAddr>().ok())) {
            (Some(port), Some(address)) => {
                payload.insert(field.name.to_owned(), address.ip().to_string().into());
                payload.insert(port.name.to_owned(), address.port().into());
            }
            _ => drop(payload.insert(field.name.to_owned(), value.clone())),
        }
    }
    let whose = if kind.info().has_image { "image" } else { "process" };
    let mut event = json!({ kind.name(): payload, whose: process(finding) });
    if let Some(result) = told.get("result").filter(|_| kind.info().has_result) {
        event["result"] = result.clone();
    }
    Some(event)
}

fn process(finding: &Value) -> Value {
    let told = &finding["process"];
    let mut process = some_of(told, &PROCESS);
    if let Some(arguments) = told.get("args") {
        process.insert("argv".into(), arguments.clone());
    }
    if let Some(container) = told.get("container") {
        let fields = CONTAINER.fields.iter().filter(|field| !is_written_anew(field));
        let names: Vec<&str> = fields.map(|field| field.name).collect();
        process.insert("container".into(), some_of(container, &names).into());
    }
    let ancestors = finding["lineage"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parent = ancestors.iter().rev().fold(None, |above: Option<Value>, ancestor| {
        let mut process = some_of(ancestor, &["exe"]);
        above.map(|above| process.insert("parent".into(), above));
        Some(process.into())
    });
    parent.map(|parent| process.insert("parent".into(), parent));
    process.into()
}

fn some_of(object: &Value, names: &[&str]) -> Map<String, Value> {
    let known = names.iter().filter_map(|name| Some(((*name).to_owned(), object.get(name)?.clone())));
    known.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_container_there_is_what_events_can_be_written_with() {
        let container = json!({"id": "c1", "privileged": true, "mounts": [{"source": "/", "destination": "/host", "writable": true}]});
        let mut told = container.clone();
        told["labels"] = json!({"app": "web"});
        told["pod_labels"] = json!({"app": "web"});
        told["started"] = json!("2026-11-30T20:58:30Z");
        let finding = json!({"event": {"kind": "open", "path": "/x"}, "process": {"container": told}});
        assert_eq!(of_finding(&finding).expect("an event")["process"]["container"], container);
    }
}
