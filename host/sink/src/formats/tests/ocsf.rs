//! Whether it is of the schema of OCSF 1.5.0: attributes and their types, what is required, what numbers are allowed.

use std::net::IpAddr;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;

/// Attributes of what is used: of each its type (an object by its name; `[]` several, `!` required, `~` deprecated) and, where
/// there are, the numbers that are allowed. Under no name, of which attributes one has to be there. Taken from the export of the
/// schema (Apache-2.0), without what belongs to profiles.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("ocsf-1.5.0.json")).expect("JSON"));

pub(super) fn check(event: &Value) {
    object("detection_finding", "", event);
    assert_eq!(event["type_uid"], json!(event["class_uid"].as_u64().unwrap_or_default() * 100 + 1));
}

fn object(of: &str, at: &str, value: &Value) {
    let attributes = SCHEMA[of].as_object().unwrap_or_else(|| panic!("{at} is a {of}"));
    let object = value.as_object().unwrap_or_else(|| panic!("{at} is {value}"));
    for (name, value) in object {
        let of = attributes.get(name).unwrap_or_else(|| panic!("{at} has no {name}")).as_str().unwrap_or_default();
        assert!(!of.contains('~'), "{at}.{name} is deprecated");
        let (of, numbers) = of.split_once(' ').unwrap_or((of, ""));
        attribute(of.trim_end_matches('!'), numbers, &format!("{at}.{name}"), value);
    }
    for (name, of) in attributes {
        let of = of.as_str().unwrap_or_default();
        match name.as_str() {
            "" => assert!(of.split('|').any(|name| object.contains_key(name)), "{at} needs one of {of}"),
            name => assert!(!of.contains('!') || object.contains_key(name), "{at} needs {name}"),
        }
    }
}

fn attribute(of: &str, numbers: &str, at: &str, value: &Value) {
    if let Some(of) = of.strip_suffix("[]") {
        let items = value.as_array().unwrap_or_else(|| panic!("{at} is {value}"));
        assert!(!items.is_empty(), "{at} is empty");
        return items.iter().for_each(|item| attribute(of, numbers, at, item));
    }
    let text = value.as_str();
    let right = match of {
        "integer_t" | "long_t" | "timestamp_t" => value.is_i64() || value.is_u64(),
        "port_t" => value.as_u64().is_some_and(|port| port <= 65_535),
        "boolean_t" => value.is_boolean(),
        "json_t" => true,
        "ip_t" => text.is_some_and(|text| text.parse::<IpAddr>().is_ok()),
        "uuid_t" => text.is_some_and(|text| text.split('-').map(str::len).eq([8, 4, 4, 4, 12])),
        "object" => value.is_object(),
        text_type if text_type.ends_with("_t") => text.is_some_and(|text| !text.is_empty()),
        inner => return object(inner, at, value),
    };
    assert!(right, "{at} is {value}, no {of}");
    let shown = value.to_string();
    assert!(numbers.is_empty() || numbers.split(',').any(|number| number == shown), "{at} is {value}");
}

#[test]
fn it_is_a_detection_finding() {
    let event: Value = serde_json::from_slice(&Format::Ocsf.render(&container())).expect("JSON");
    for (pointer, value) in [
        ("/class_uid", json!(2004)),
        ("/severity_id", json!(5)),
        ("/time", json!(1_795_928_948_432_u64)),
        ("/count", json!(12)),
        ("/start_time", json!(1_795_928_888_000_u64)),
        ("/finding_info/uid", json!("0123456789abcdef0123456789abcdef")),
        ("/finding_info/related_events_count", json!(2)),
        ("/finding_info/attacks/1/technique/uid", json!("T1059")),
        ("/finding_info/attacks/1/sub_technique/uid", json!("T1059.004")),
        ("/finding_info/attacks/3/tactic/uid", json!("TA0011")),
        ("/finding_info/attacks/3/technique", Value::Null),
        ("/finding_info/types", json!(["rename"])),
        ("/evidences/0/process/pid", json!(27686)),
        ("/evidences/0/process/file", json!({"path": "/usr/bin/bash", "name": "bash", "type_id": 1})),
        ("/evidences/0/process/created_time", json!(1_795_928_948_429_u64)),
        ("/evidences/0/container/image/uid", json!("sha256:00ff")),
        ("/evidences/0/container/orchestrator", json!("kubernetes")),
        ("/evidences/0/file/name", json!("c.tar.gz")),
        ("/evidences/0/data/old_path", json!("/data/a=b.txt")),
        (
            "/resources/0",
            json!({"name": "web-0", "namespace": "shop", "uid": "0f0f0f0f-1111-2222-3333-444444444444",
            "labels": ["tier:front"], "type": "pod"}),
        ),
        ("/device", json!({"hostname": "node-7", "type_id": 0})),
        ("/unmapped/fields/peer", json!("2001:db8::1")),
    ] {
        assert_eq!(event.pointer(pointer).unwrap_or(&Value::Null), &value, "{pointer}: {event:#}");
    }
    let event: Value = serde_json::from_slice(&Format::Ocsf.render(&everything())).expect("JSON");
    let evidence = &event["evidences"][0];
    assert_eq!(evidence["dst_endpoint"], json!({"ip": "2001:db8::1", "port": 4444}));
    assert_eq!(evidence["connection_info"], json!({"protocol_name": "tcp", "protocol_num": 6, "direction_id": 2}));
    assert_eq!(event["status_code"], "-115");
}

#[test]
fn an_object_without_what_it_needs_is_left_out() {
    let mut finding = everything();
    finding["process"] = json!({"exe": "/bin/x"});
    finding["host"] = json!(7);
    finding["event"] = json!({"kind": "open", "path": "/"});
    let event: Value = serde_json::from_slice(&Format::Ocsf.render(&finding)).expect("JSON");
    assert_eq!(event["evidences"], json!([{"data": {"kind": "open", "path": "/"}}]));
    assert_eq!(event["device"], json!({"hostname": "7", "type_id": 0}));
}
