//! A Detection Finding of the Open Cybersecurity Schema Framework.
//!
//! An object of OCSF without what it requires is none: where a finding does not tell it, the object is left out.

use serde_json::{Map, Value, json};

use super::facts;
use super::kinds;
use super::place::put;
use super::table::{Column, object};

/// The version of the schema.
const VERSION: &str = "1.5.0";

/// What an object needs: of each group one. Objects within others stand before those that they are in.
const NEEDS: &[(&str, &[&[&str]])] = &[
    ("evidences[].process.user", &[&["name", "uid"]]),
    ("evidences[].process.file", &[&["name"]]),
    ("evidences[].process.parent_process", &[&["pid"]]),
    ("evidences[].process", &[&["pid", "uid"]]),
    ("evidences[].container.image", &[&["uid"]]),
    ("evidences[].container", &[&["uid", "name"]]),
    ("evidences[].file", &[&["name"]]),
    ("evidences[].src_endpoint", &[&["ip", "name"]]),
    ("evidences[].dst_endpoint", &[&["ip", "name"]]),
    ("evidences[].query", &[&["hostname"]]),
    ("evidences[]", &[&["process", "file", "src_endpoint", "dst_endpoint", "connection_info", "query", "data"]]),
    ("resources[]", &[&["name", "uid"]]),
    ("device", &[&["hostname"]]),
    ("finding_info.analytic", &[&["uid", "name"]]),
];

pub(super) fn of(finding: &Value) -> Value {
    let mut to = object(finding, Column::Ocsf);
    let grade = kinds::grade(finding);
    let (severity_id, severity) = grade.ocsf;
    for (place, value) in [
        ("activity_id", json!(1)),
        ("activity_name", json!("Create")),
        ("category_uid", json!(2)),
        ("category_name", json!("Findings")),
        ("class_uid", json!(2004)),
        ("class_name", json!("Detection Finding")),
        ("type_uid", json!(200_401)),
        ("type_name", json!("Detection Finding: Create")),
        ("severity_id", json!(severity_id)),
        ("severity", json!(severity)),
        ("status_id", json!(1)),
        ("status", json!("New")),
        ("is_alert", json!(true)),
        ("metadata.version", json!(VERSION)),
        ("metadata.product.name", json!("Lanner")),
        ("metadata.product.vendor_name", json!("Lanner")),
        ("metadata.product.version", json!(env!("CARGO_PKG_VERSION"))),
        ("finding_info.analytic.type_id", json!(1)),
        ("finding_info.analytic.type", json!("Rule")),
    ] {
        put(&mut to, place, value);
    }
    to.entry("time").or_insert_with(|| json!(0));
    if facts::at(finding, "/id").and_then(facts::text).is_none() {
        put(&mut to, "finding_info.uid", "unknown".into());
    }
    complete(finding, &mut to);
    let attacks = attacks(finding);
    if !attacks.is_empty() {
        put(&mut to, "finding_info.attacks", attacks.into());
    }
    if let Some(events) = finding["events"].as_array().filter(|events| !events.is_empty()) {
        put(&mut to, "finding_info.related_events_count", events.len().into());
    }
    if let Some(fields) = finding["fields"].as_object().filter(|fields| !fields.is_empty()) {
        put(&mut to, "unmapped.fields", fields.clone().into());
    }
    prune(&mut to);
    to.into()
}

/// What objects that are there require beside.
fn complete(finding: &Value, to: &mut Map<String, Value>) {
    if let Some(event) = finding["event"].as_object() {
        put(to, "evidences[].data", event.clone().into());
    }
    put(to, "device.type_id", 0.into());
    let evidence = to.get("evidences").and_then(|evidences| evidences.get(0));
    let has = |path: &str| evidence.is_some_and(|evidence| evidence.pointer(path).is_some());
    let (file, program) = (has("/file"), has("/process/file"));
    let connected = has("/connection_info") || has("/src_endpoint") || has("/dst_endpoint");
    if file {
        put(to, "evidences[].file.type_id", file_type(finding).into());
    }
    if program {
        put(to, "evidences[].process.file.type_id", 1.into());
    }
    if connected {
        let direction = match facts::direction(finding).as_ref().and_then(Value::as_str) {
            Some("ingress") => 1,
            Some(_) => 2,
            None => 0,
        };
        put(to, "evidences[].connection_info.direction_id", direction.into());
    }
    if facts::pod(finding).is_some() {
        put(to, "resources[].type", "pod".into());
        put(to, "evidences[].container.orchestrator", "kubernetes".into());
    }
}

/// A regular file, a folder, a link, or what is not known.
fn file_type(finding: &Value) -> u64 {
    match finding["event"]["kind"].as_str() {
        Some("mkdir" | "chroot" | "pivot_root" | "mount" | "umount") => 2,
        Some("symlink") => 7,
        _ => 0,
    }
}

/// Techniques, and the tactic that the rule is filed under: which of a technique's tactics is meant, nobody says.
fn attacks(finding: &Value) -> Vec<Value> {
    let of = |id: String| {
        let technique = json!({"uid": id.split('.').next().unwrap_or(&id)});
        let mut attack = json!({"version": lanner_attack::VERSION, "technique": technique});
        if id.contains('.') {
            attack["sub_technique"] = json!({"uid": id});
        }
        attack
    };
    let tactic = kinds::tactic(finding);
    let tactic = tactic
        .map(|tactic| json!({"version": lanner_attack::VERSION, "tactic": {"uid": tactic.id, "name": tactic.name}}));
    facts::techniques(finding).into_iter().map(of).chain(tactic).collect()
}

/// Leaves out what lacks something that it needs.
fn prune(to: &mut Map<String, Value>) {
    for (place, needs) in NEEDS {
        let pointer = format!("/{}", place.replace("[]", "/0").replace('.', "/"));
        let mut whole = Value::Object(std::mem::take(to));
        let lacks = whole.pointer(&pointer).is_some_and(|object| {
            !object.is_object() || needs.iter().any(|any| any.iter().all(|name| object.get(name).is_none()))
        });
        if lacks {
            let (parent, name) = pointer.trim_end_matches("/0").rsplit_once('/').unwrap_or_default();
            let parent = if parent.is_empty() { Some(&mut whole) } else { whole.pointer_mut(parent) };
            if let Some(object) = parent.and_then(Value::as_object_mut) {
                object.remove(name);
            }
        }
        if let Value::Object(object) = whole {
            *to = object;
        }
    }
}
