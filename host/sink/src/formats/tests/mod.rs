mod cef;
mod ecs;
mod falco;
mod ocsf;

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::formats::table::markdown;

/// Findings that were recorded, one a line.
const FINDINGS: &str = include_str!("golden/findings.jsonl");

pub(super) fn findings() -> Vec<Value> {
    let made = [everything(), container(), json!({}), json!(null)];
    let recorded = FINDINGS.lines().map(|line| serde_json::from_str(line).expect("a finding"));
    recorded.chain(made).collect()
}

/// A finding that has all that a finding on a host can have.
pub(super) fn everything() -> Value {
    json!({
        "schema": 1, "type": "finding", "id": "0123456789abcdef0123456789abcdef",
        "time": "2026-11-29T05:09:08.432109839Z", "time_ns": 1_795_928_948_432_109_839_u64,
        "host": "node-7", "labels": {"env": "prod", "a.b": 1},
        "rule": "command-and-control/odd-port", "summary": "A shell\nconnects", "severity": "critical",
        "attack": ["T1571", "T1059.004", "T1059"],
        "message": "bash = \\evil| connects\nto 192.0.2.1\u{1b}[31m", "key": "k", "pack": {"name": "starter", "version": "0.1.0"},
        "process": {
            "id": "3cf00b98af602f84", "image": "9b8ab0b75c208f1a", "pid": 27686, "ppid": 27679, "exe": "/usr/bin/bash",
            "comm": "bash", "args": ["-bash", "-c", "x=1 y"], "cwd": "/opt", "script": "/opt/x.sh", "user": "me",
            "uid": 1000, "euid": 0, "gid": 1000, "login_uid": 1000, "start": "2026-11-29T05:09:08.429613835Z",
            "cgroup": "/user.slice", "namespaces": {"mnt": 4_026_531_841_u64},
        },
        "lineage": [
            {"pid": 27679, "name": "sshd", "exe": "/usr/sbin/sshd"},
            {"pid": 1200, "name": "sshd", "exe": "/usr/sbin/sshd"},
            {"pid": 1, "name": "systemd", "exe": "/usr/lib/systemd/systemd"},
        ],
        "event": {"seq": 7, "kind": "connect", "result": -115, "address": "[2001:db8::1]:4444", "port": 4444, "protocol": 6},
        "events": [3, 7],
        "fields": {"peer": "2001:db8::1", "proc.name": "bash", "list": [1, "a"], "who": {"pid": 3}, "": null, " ": true},
        "self_test": true, "excepted": "lab", "count": 12,
        "first_time": "2026-11-29T05:08:08.000000001Z", "last_time": "2026-11-29T05:09:08.432109839Z",
    })
}

/// A finding in a pod.
pub(super) fn container() -> Value {
    let mut finding = everything();
    finding["process"]["container"] = json!({
        "id": "8f14e45fceea167a5a36dedd4bea2543f14e45fceea167a5a36dedd4bea25431", "name": {"hex": "77ff"},
        "image": "registry.example/web:1.2", "image_repository": "registry.example/web", "image_tag": "1.2",
        "image_digest": "sha256:00ff", "runtime": "containerd", "privileged": true,
        "started": "2026-11-29T05:00:00.000000000Z", "labels": {"app.kubernetes.io/name": "web", "app": "web"},
        "mounts": [{"source": "/var/lib", "destination": "/data", "writable": true}],
        "pod": "web-0", "namespace": "shop", "pod_uid": "0f0f0f0f-1111-2222-3333-444444444444",
        "pod_labels": {"tier": "front"},
    });
    finding["event"] = json!({"seq": 8, "kind": "rename", "result": 0, "old_path": "/data/a=b.txt", "new_path": "/data/c.tar.gz", "flags": 0});
    finding
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/outputs.md")
}

#[test]
fn names_are_read_as_they_are_written() {
    for format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "syslog".parse::<Format>().expect_err("none").to_string();
    assert_eq!(error, "there is no format \"syslog\"; there are json, falco, ecs, ocsf and cef");
}

#[test]
fn recorded_findings_are_written_as_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/formats/tests/golden");
    let all: Vec<Value> = FINDINGS.lines().map(|line| serde_json::from_str(line).expect("a finding")).collect();
    assert!(all.len() >= 6, "findings of several kinds");
    for format in Format::ALL.into_iter().filter(|format| *format != Format::Json) {
        let made: String = all.iter().map(|finding| text(&format.render(finding)) + "\n").collect();
        let path = folder.join(format!("findings.{format}"));
        if fs::read_to_string(&path).unwrap_or_default() != made {
            let aside = std::env::temp_dir().join(format!("findings.{format}"));
            fs::write(&aside, made).expect("written");
            panic!("{} is not what is made now, which is in {}", path.display(), aside.display());
        }
    }
    for (finding, line) in all.iter().zip(FINDINGS.lines()) {
        assert_eq!(text(&Format::Json.render(finding)), line);
    }
}

#[test]
fn half_a_line_is_known_by_how_it_begins() {
    for finding in FINDINGS.lines().map(|line| serde_json::from_str(line).expect("a finding")) {
        for format in Format::ALL.into_iter().filter(|format| format.is_json()) {
            let line = format.render(&finding);
            assert!(crate::tail::BEGINS.iter().any(|begin| line.starts_with(begin)), "{}", text(&line));
        }
    }
}

#[test]
fn the_page_has_the_table() {
    let page = fs::read_to_string(page()).expect("the page");
    let table = markdown();
    assert!(page.contains(&table), "docs/outputs.md lacks this table:\n\n{table}");
}

#[test]
fn every_kind_has_a_name_elsewhere() {
    let kinds: Vec<&str> = lanner_abi::Kind::ALL.iter().map(|kind| kind.name()).collect();
    let mut known: Vec<&str> = kinds::KINDS.iter().map(|called| called.kind).collect();
    known.sort_by_key(|name| kinds.iter().position(|kind| kind == name));
    assert_eq!(known, kinds);
    let severities: Vec<&str> = lanner_finding::Severity::ALL.iter().map(|severity| severity.name()).collect();
    assert_eq!(kinds::GRADES.iter().map(|grade| grade.name).collect::<Vec<_>>(), severities);
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({"hex": "2fff"})),
        Just(json!({"hex": "2fé"})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|object| Value::Object(object.into_iter().collect())),
        ]
    })
}

/// All places in a finding, as pointers.
fn pointers(value: &Value, head: &str, all: &mut Vec<String>) {
    all.push(head.to_owned());
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                pointers(inner, &format!("{head}/{}", name.replace('~', "~0").replace('/', "~1")), all);
            }
        }
        Value::Array(items) => {
            for (number, inner) in items.iter().enumerate() {
                pointers(inner, &format!("{head}/{number}"), all);
            }
        }
        _ => {}
    }
}

/// A finding of which a few things are anything.
pub(super) fn odd() -> impl Strategy<Value = Value> {
    let kinds: Vec<&str> = lanner_abi::Kind::ALL.iter().map(|kind| kind.name()).collect();
    let changes = proptest::collection::vec((any::<prop::sample::Index>(), any_json()), 0..6);
    (any::<bool>(), prop::sample::select(kinds), changes).prop_map(|(contained, kind, changes)| {
        let mut finding = if contained { container() } else { everything() };
        finding["event"]["kind"] = kind.into();
        for (place, value) in changes {
            let mut all = Vec::new();
            pointers(&finding, "", &mut all);
            let pointer = place.get(&all).clone();
            if let Some(old) = finding.pointer_mut(&pointer) {
                *old = value;
            }
        }
        finding
    })
}

/// What is made of any JSON is whole in its format.
pub(super) fn check(finding: &Value) {
    for format in Format::ALL {
        let line = format.render(finding);
        assert!(!line.is_empty() && !line.contains(&b'\n') && !line.contains(&0), "{format}: {finding}");
        let line = text(&line);
        let object = || serde_json::from_str::<Value>(&line).expect("JSON");
        match format {
            Format::Json => assert_eq!(&object(), finding),
            Format::Falco => falco::check(&object()),
            Format::Ecs => ecs::check(&object()),
            Format::Ocsf => ocsf::check(&object()),
            Format::Cef => drop(cef::check(&line)),
        }
    }
}

#[test]
fn what_is_made_of_findings_is_whole() {
    findings().iter().for_each(check);
}

proptest! {
    #[test]
    fn what_is_made_of_any_json_is_whole(finding in odd(), other in any_json()) {
        check(&finding);
        check(&other);
    }
}

/// All values that are none themselves, by their paths; lists are one.
pub(super) fn leaves(object: &Map<String, Value>) -> Vec<(String, &Value)> {
    let mut all = Vec::new();
    for (name, value) in object {
        match value {
            Value::Object(inner) => {
                all.extend(leaves(inner).into_iter().map(|(path, value)| (format!("{name}.{path}"), value)));
            }
            value => all.push((name.clone(), value)),
        }
    }
    all
}
