//! Whether an index made by ECS's templates takes it: by the fields and types of ECS 8.17 as published.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

/// The fields that are used, by their types.
const KEYWORDS: &str = "container.id container.image.name container.name container.runtime destination.address \
    dns.question.name dns.question.type ecs.version error.code event.action event.code event.dataset event.id event.kind \
    event.module event.outcome event.reason file.directory file.extension file.mode file.name file.path file.target_path \
    host.hostname host.name log.level message network.direction network.iana_number network.transport network.type \
    observer.product observer.vendor orchestrator.namespace orchestrator.resource.id orchestrator.resource.name \
    orchestrator.resource.type orchestrator.type process.command_line process.entity_id process.executable process.name \
    process.parent.executable process.parent.name process.real_group.id process.real_user.id process.real_user.name \
    process.title process.user.id process.user.name process.working_directory rule.description rule.id rule.name \
    rule.ruleset rule.version source.address threat.framework user.effective.id user.effective.name user.id user.name";
const LISTS: &str = "container.image.hash.all container.image.tag event.category event.type orchestrator.resource.label \
    process.args related.hosts related.user threat.tactic.id threat.tactic.name threat.technique.id \
    threat.technique.subtechnique.id";
const LONGS: &str = "destination.port event.sequence event.severity process.args_count process.parent.pid process.pid \
    source.port";
const ADDRESSES: &str = "destination.ip dns.resolved_ip related.ip source.ip";
const DATES: &str = "@timestamp event.end event.start process.start";
const YES_OR_NO: &str = "container.security_context.privileged";

const CATEGORIES: [(&str, &[&str]); 6] = [
    ("driver", &["change", "end", "info", "start"]),
    ("file", &["access", "change", "creation", "deletion", "info"]),
    ("host", &["access", "change", "end", "info", "start"]),
    ("intrusion_detection", &["allowed", "denied", "info"]),
    ("network", &["access", "allowed", "connection", "denied", "end", "info", "protocol", "start"]),
    ("process", &["access", "change", "end", "info", "start"]),
];

fn has(list: &str, name: &str) -> bool {
    list.split_whitespace().any(|known| known == name)
}

pub(super) fn check(document: &Value) {
    assert_eq!((&document["ecs"]["version"], &document["event"]["kind"]), (&json!("8.17.0"), &json!("alert")));
    for (name, value) in leaves(document.as_object().expect("an object")) {
        let texts = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
        let right = match name.as_str() {
            "lanner.self_test" => value.is_boolean(),
            "lanner.count" => value.is_number(),
            // What rules and kinds of events name differs: it is of one type.
            name if name.starts_with("lanner.") => value.is_string() || texts(value),
            name if name.starts_with("labels.") || name.starts_with("container.labels.") => value.is_string(),
            name if has(KEYWORDS, name) => value.is_string(),
            name if has(LISTS, name) => texts(value),
            name if has(LONGS, name) => value.is_i64() || value.is_u64(),
            name if has(YES_OR_NO, name) => value.is_boolean(),
            name if has(ADDRESSES, name) => {
                let is_address = |value: &Value| value.as_str().is_some_and(|text| text.parse::<IpAddr>().is_ok());
                value.as_array().map_or_else(|| is_address(value), |items| items.iter().all(is_address))
            }
            name if has(DATES, name) => value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()),
            _ => false,
        };
        assert!(right, "{name} is {value}");
        assert!(!name.split('.').any(|part| part.trim().is_empty()), "{name:?} cannot be indexed");
    }
    let [category] = &document["event"]["category"].as_array().expect("a list")[..] else { panic!("one") };
    let (_, allowed) = CATEGORIES.iter().find(|(name, _)| category == name).expect("a category");
    let types = document["event"]["type"].as_array().expect("a list");
    assert!(
        !types.is_empty() && types.iter().all(|of| allowed.iter().any(|known| of == known)),
        "{category}: {types:?}"
    );
}

#[test]
fn it_has_the_names_of_ecs() {
    let document: Value = serde_json::from_slice(&Format::Ecs.render(&container())).expect("JSON");
    for (pointer, value) in [
        ("/@timestamp", json!("2026-11-29T05:09:08.432109839Z")),
        ("/event/severity", json!(99)),
        ("/event/type", json!(["change"])),
        ("/event/start", json!("2026-11-29T05:08:08.000000001Z")),
        ("/process/args_count", json!(3)),
        ("/process/parent/name", json!("sshd")),
        ("/process/user/id", json!("0")),
        ("/process/real_user/name", json!("me")),
        ("/container/labels/app_kubernetes_io~1name", json!("web")),
        ("/container/image/name", json!("registry.example/web")),
        ("/container/image/tag", json!(["1.2"])),
        ("/orchestrator/resource/name", json!("web-0")),
        ("/orchestrator/namespace", json!("shop")),
        ("/file/extension", json!("gz")),
        ("/file/directory", json!("/data")),
        ("/lanner/file/old_path", json!("/data/a=b.txt")),
        ("/lanner/fields/proc_name", json!("bash")),
        ("/lanner/fields/list", json!(["1", "a"])),
        ("/lanner/event/flags", json!("0")),
        ("/threat/technique/id", json!(["T1059", "T1571"])),
        ("/threat/technique/subtechnique/id", json!(["T1059.004"])),
        ("/threat/tactic/id", json!(["TA0011"])),
        ("/labels/a_b", json!("1")),
    ] {
        assert_eq!(document.pointer(pointer), Some(&value), "{pointer}: {document:#}");
    }
    let document: Value = serde_json::from_slice(&Format::Ecs.render(&everything())).expect("JSON");
    assert_eq!(document["destination"], json!({"ip": "2001:db8::1", "address": "2001:db8::1", "port": 4444}));
    assert_eq!(
        document["network"],
        json!({"type": "ipv6", "transport": "tcp", "iana_number": "6", "direction": "egress"})
    );
    assert_eq!((&document["event"]["outcome"], &document["error"]["code"]), (&json!("failure"), &json!("EINPROGRESS")));
}
