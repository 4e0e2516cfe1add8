//! Findings in the formats of others, as they come out of `lanner`; and that what imports Falco's rules calls things as what writes
//! Falco's alerts does.

use std::collections::BTreeSet;

use lanner_abi::Kind;
use lanner_import::falco;
use lanner_sink::formats::{Format, markdown};
use lanner_tests::{Ended, root, run, shipped_packs};
use serde_json::{Value, json};

fn replay(arguments: &[&str]) -> Ended {
    let (capture, packs) = (root().join("tests/released/2/capture.lcap"), shipped_packs());
    let [capture, packs] = [&capture, &packs].map(|path| path.to_str().expect("UTF-8"));
    run([&["replay", capture, "--rules", packs], arguments].concat())
}

#[test]
fn a_replay_writes_each_format() {
    let findings = replay(&["--output", "json"]).findings();
    assert!(findings.iter().any(|finding| finding["rule"] == "credential-access/shadow-read"), "{findings:?}");
    for format in Format::ALL {
        let ended = replay(&["--output", format.name()]);
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        let made = findings.iter().map(|finding| String::from_utf8(format.render(finding)).expect("UTF-8"));
        assert_eq!(ended.stdout, made.collect::<Vec<_>>(), "{format}");
    }
}

#[test]
fn half_a_finding_that_was_left_spoils_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    for (format, half, stays) in [("cef", "CEF:0|half", true), ("ecs", "{\"event\":{\"id\":\"0", false)] {
        let out = folder.path().join(format);
        std::fs::write(&out, half).expect("as a run that was killed left it");
        let ended = replay(&["--output", format, "--output-file", out.to_str().expect("UTF-8")]);
        assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
        let text = std::fs::read_to_string(&out).expect("text");
        assert_eq!(text.lines().next() == Some(half), stays, "{text}");
        assert!(text.lines().count() > 1 && text.ends_with('\n'), "{text}");
    }
}

#[test]
fn another_format_is_refused() {
    let ended = replay(&["--output", "leef"]);
    assert_eq!(ended.status.code(), Some(2));
    assert!(ended.stderr.contains("text, json, falco, ecs, ocsf, cef, events"), "{}", ended.stderr);
}

#[test]
fn falcos_names_are_those_of_the_importer() {
    for kind in Kind::ALL {
        let finding = json!({"event": {"kind": kind.name(), "result": 0}});
        let alert: Value = serde_json::from_slice(&Format::Falco.render(&finding)).expect("JSON");
        let called = alert["output_fields"]["evt.type"].as_str();
        assert_eq!(called, falco::event_type(kind), "{}", kind.name());
    }
    let table = markdown();
    let cells = table.lines().skip(2).filter_map(|line| line.split(" | ").nth(1));
    let names: BTreeSet<&str> = cells.flat_map(|cell| cell.split(", ")).map(|name| name.trim_matches('`')).collect();
    let falcos = names.iter().filter(|name| !name.is_empty() && !name.starts_with('/') && !name.starts_with("lanner."));
    let unknown: Vec<_> = falcos.filter(|name| !falco::NAMES.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
