//! Whether falcosidekick takes it: by its `FalcoPayload`, what it checks of it and what it takes for a text unlooked.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

pub(super) fn check(alert: &Value) {
    let object = alert.as_object().expect("an object");
    let names: Vec<&str> = object.keys().map(String::as_str).collect();
    let known = ["hostname", "output", "output_fields", "priority", "rule", "source", "tags", "time"];
    assert_eq!(names, known);
    for name in ["hostname", "output", "priority", "rule", "source"] {
        assert!(alert[name].is_string(), "{name}: {alert}");
    }
    let priorities = ["Critical", "Error", "Warning", "Notice", "Informational"];
    let priority = alert["priority"].as_str().unwrap_or_default();
    assert!(priorities.contains(&priority) && alert["rule"] != "");
    let time: Timestamp = alert["time"].as_str().expect("a time").parse().expect("RFC 3339");
    // `13:53:31.726060287: Critical what happened`, by its pattern.
    let output = alert["output"].as_str().unwrap_or_default();
    let (of_day, rest) = output.split_once(": ").expect("the time of day");
    assert_eq!(of_day, time.strftime("%H:%M:%S.%9f").to_string());
    assert!(rest.starts_with(&format!("{priority} ")));
    assert!(alert["tags"].as_array().expect("a list").iter().all(Value::is_string));
    let fields = alert["output_fields"].as_object().expect("an object");
    assert!(fields["evt.time"].is_u64());
    for (name, value) in fields {
        assert!(value.is_string() || value.is_number() || value.is_boolean(), "{name}: {value}");
        assert!(!matches!(name.as_str(), "k8s.ns.name" | "k8s.pod.name") || value.is_string());
    }
}

#[test]
fn it_is_what_falco_writes() {
    let alert: Value = serde_json::from_slice(&Format::Falco.render(&container())).expect("JSON");
    assert_eq!(alert["output"], "05:09:08.432109839: Critical bash = \\evil| connects\nto 192.0.2.1\u{1b}[31m");
    assert_eq!(alert["time"], "2026-11-29T05:09:08.432109839Z");
    assert_eq!(alert["source"], "syscall");
    assert_eq!(alert["tags"], json!(["T1059", "T1059.004", "T1571", "mitre_command_and_control"]));
    let fields = &alert["output_fields"];
    for (name, value) in [
        ("evt.time", json!(1_795_928_948_432_109_839_u64)),
        ("evt.type", json!("rename")),
        ("evt.res", json!("SUCCESS")),
        ("proc.name", json!("bash")),
        ("proc.cmdline", json!("bash -c x=1 y")),
        ("proc.pname", json!("sshd")),
        ("proc.aname[2]", json!("sshd")),
        ("proc.aname[3]", json!("systemd")),
        ("proc.cwd", json!("/opt/")),
        ("user.name", json!("root")),
        ("user.loginuid", json!(1000)),
        ("container.id", json!("8f14e45fceea")),
        ("container.name", json!("w\u{fffd}")),
        ("k8s.ns.name", json!("shop")),
        ("k8s.pod.name", json!("web-0")),
        ("fs.path.source", json!("/data/a=b.txt")),
        ("fs.path.name", json!("/data/c.tar.gz")),
        ("lanner.fields.peer", json!("2001:db8::1")),
        ("lanner.fields.who", json!("{\"pid\":3}")),
        ("lanner.severity", json!("critical")),
    ] {
        assert_eq!(fields[name], value, "{name}");
    }
}

#[test]
fn connections_have_falcos_names() {
    let fields = |event: Value| {
        let mut finding = everything();
        finding["event"] = event;
        let mut alert: Value = serde_json::from_slice(&Format::Falco.render(&finding)).expect("JSON");
        alert["output_fields"].take()
    };
    let out = fields(everything()["event"].clone());
    assert_eq!(
        (&out["fd.sip"], &out["fd.rport"], &out["fd.l4proto"]),
        (&json!("2001:db8::1"), &json!(4444), &json!("tcp"))
    );
    assert_eq!((&out["fd.name"], &out["fd.type"]), (&json!("[2001:db8::1]:4444"), &json!("ipv6")));
    assert_eq!(
        (&out["evt.res"], &out["evt.failed"], &out["container.id"]),
        (&json!("EINPROGRESS"), &json!(true), &json!("host"))
    );
    let kept = fields(json!({"seq": 1, "kind": "accept", "result": 5, "address": "192.0.2.7:50000", "port": 50000,
        "local_address": "192.0.2.1:22", "local_port": 22}));
    assert_eq!(kept["fd.name"], "192.0.2.7:50000->192.0.2.1:22");
    assert_eq!(
        (&kept["fd.cip"], &kept["fd.rip"], &kept["fd.lport"]),
        (&json!("192.0.2.7"), &json!("192.0.2.7"), &json!(22))
    );
    let unix = fields(json!({"seq": 1, "kind": "connect", "result": 0, "path": "/run/docker.sock"}));
    assert_eq!((&unix["fd.name"], &unix["fd.type"]), (&json!("/run/docker.sock"), &json!("unix")));
    assert_eq!(unix["fs.path.name"], Value::Null);
}
