//! What operators say of rules from outside the packs, on a host that runs and in a replay.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lanner_tests::{Lanner, binary, require_kernel, root, run, shipped_pack, shipped_packs, test_pack};
use serde_json::Value;

fn lanner(arguments: &[&str]) -> Output {
    // Whatever is kept on this machine is none of ours.
    let mut lanner = Command::new(binary());
    lanner.args(arguments).env("NO_COLOR", "1").env("LANNER_FINDINGS", "/nowhere.db").output().expect("it can be run")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Opens this file so often.
fn open(file: &Path, times: usize) {
    for _ in 0..times {
        fs::OpenOptions::new().append(true).create(true).open(file).expect("it opens");
    }
}

#[test]
fn it_is_taken_up_while_findings_come_and_no_pack_is_touched() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let (noisy, other) = (folder.path().join("lanner-count-noisy"), folder.path().join("lanner-count-other"));
    let (tuning, aside) = (folder.path().join("tuning"), folder.path().join("excepted.json"));
    fs::create_dir(&tuning).expect("a folder");
    let exception = |path: &Path| {
        let path = path.display();
        format!("[[exception]]\nname = \"known\"\nrule = \"test/*\"\nreason = \"r\"\nwhere.event.path = \"{path}\"\n")
    };
    let file = tuning.join("site.toml");
    fs::write(&file, exception(&noisy)).expect("written");
    let host = Lanner::watch(
        &[&test_pack("counter-1")],
        &["--tuning", text(&tuning), "--excepted-file", text(&aside), "--log", "info"],
    );
    let raised = |number: usize, path: &Path| host.count(&format!("\"{number} {}\"", path.display()));
    open(&noisy, 2);
    open(&other, 1);
    host.wait("finding that is not excepted", || raised(3, &other) == 1);
    host.wait("excepted findings in their file", || lines(&aside).len() == 2);
    assert_eq!(raised(1, &noisy) + raised(2, &noisy), 0);
    assert!(lines(&aside).iter().all(|finding| finding["excepted"] == "known"), "{:?}", lines(&aside));
    let status = lanner(&["status", "--output", "json", "--control", text(&host.control())]);
    let status: Value = serde_json::from_slice(&status.stdout).expect("JSON");
    assert_eq!(status["exceptions"][0]["findings"], 2, "{status}");
    // Something that is wrong changes nothing, and is said.
    fs::write(&file, exception(&noisy).replace("event.path", "event.pth")).expect("written");
    host.wait_for_stderr("is \"event.path\" meant?; what was said before holds");
    open(&noisy, 1);
    host.wait("the third excepted finding", || lines(&aside).len() == 3);
    let status = lanner(&["status", "--control", text(&host.control())]);
    assert!(String::from_utf8_lossy(&status.stdout).contains("the tuning has changed and cannot be used"));
    // Nothing is excepted any more; the pack goes on counting where it was.
    fs::write(&file, "[[rule]]\nid = \"test/count\"\nseverity = \"critical\"\n").expect("written");
    host.wait_for_stderr("the tuning has changed: 0 exceptions, 1 entry for another severity");
    open(&noisy, 1);
    let found = host.wait_for_finding("finding with the other severity", |finding| finding["severity"] == "critical");
    assert_eq!(found["message"], format!("5 {}", noisy.display()));
    // Off.
    fs::write(&file, "[[rule]]\nid = \"**\"\nenabled = false\n").expect("written");
    host.wait_for_stderr("1 entry for rules that are off");
    open(&other, 1);
    let ended = host.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
    // Others on the machine may open files of such names, too.
    let ours = ended.stdout.iter().filter(|line| line.contains(text(folder.path()))).count();
    assert_eq!(ours, 2, "{:?}", ended.stdout);
    assert!(ended.stderr.contains(" more were excepted, "), "{}", ended.stderr);
    assert!(ended.stderr.contains(" of rules that are off), "), "{}", ended.stderr);
}

#[test]
fn a_tuning_that_is_wrong_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("site.toml");
    fs::write(&file, "\n[[exception]]\nrule = \"a/b\"\nreason = \"r\"\nwhere.proces.exe = \"/a\"\n").expect("written");
    let capture = root().join("tests/released/2/capture.lcap");
    let pack = shipped_packs();
    let said = run(["replay", "--rules", text(&pack), "--tuning", text(&file), text(&capture)]);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        said.stderr.contains("site.toml: line 2: findings have no field \"proces.exe\"; is \"process.exe\" meant?"),
        "{}",
        said.stderr
    );
    let said = lanner(&["tuning", "check", text(&file)]);
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stderr).contains("line 2: "));
}

#[test]
fn from_a_finding_to_its_exception() {
    let folder = tempfile::tempdir().expect("a folder");
    let (found, to) = (folder.path().join("findings.jsonl"), folder.path().join("tuning/site.toml"));
    let capture = root().join("tests/released/2/capture.lcap");
    let pack = shipped_packs();
    let replay = |more: &[&str]| {
        let arguments = ["replay", "--output", "json", "--rules", text(&pack), text(&capture)];
        run(arguments.into_iter().chain(more.iter().copied()))
    };
    let findings = replay(&[]).findings();
    let chosen = findings.iter().find(|finding| finding["event"]["kind"] == "open").expect("a finding of an open");
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    fs::write(&found, lines.join("\n") + "\n").expect("written");
    let id = &chosen["id"].as_str().expect("an id")[..12];
    assert_eq!(findings.iter().filter(|finding| finding["id"] == chosen["id"]).count(), 1);
    // Why it is there.
    let its = shipped_pack(chosen["pack"]["name"].as_str().expect("a name"));
    let explain = |more: &[&str]| {
        let arguments = ["explain", id, "--in", text(&found), "--pack", text(&its)];
        let said = lanner(&arguments.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8(said.stdout).expect("UTF-8")
    };
    let said = explain(&[]);
    assert!(said.contains(chosen["summary"].as_str().expect("a summary")), "{said}");
    assert!(said.contains("    yes  ") && said.contains("; it is \"/"), "{said}");
    // Only shown, then written.
    let except = |more: &[&str]| -> (Option<i32>, String) {
        let arguments = ["except", id, "--in", text(&found), "--to", text(&to), "--reason", "it is ours"];
        let said = lanner(&arguments.into_iter().chain(more.iter().copied()).collect::<Vec<_>>());
        let out = [said.stdout, said.stderr].concat();
        (said.status.code(), String::from_utf8(out).expect("UTF-8"))
    };
    let (code, said) = except(&["--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing was written") && !to.exists(), "{said}");
    let (code, said) = except(&["--expires", "30d", "--owner", "us"]);
    assert_eq!(code, Some(0), "{said}");
    let others = findings.len() - 1;
    assert!(said.contains(&format!("of {others} other findings of the last day")), "{said}");
    // A second is called otherwise, and both are read.
    assert_eq!(except(&["--with", "process.args"]).0, Some(1), "several values are no condition");
    assert_eq!(except(&["--without", "process.exe"]).0, Some(0));
    let written = fs::read_to_string(&to).expect("it is there");
    assert_eq!((written.matches("[[exception]]").count(), written.matches(" (2)\"").count()), (2, 1), "{written}");
    assert!(lanner(&["tuning", "check", text(&to)]).status.success());
    assert!(explain(&["--tuning", text(&to)]).contains(" excepts it (it is ours)"));
    // It has this finding, and all that were said to be silenced, and no other.
    let aside = folder.path().join("excepted.jsonl");
    let tuned = replay(&["--tuning", text(&to), "--excepted-file", text(&aside)]);
    let ids = |findings: &[Value]| findings.iter().map(|finding| finding["id"].to_string()).collect::<Vec<_>>();
    let excepted = ids(&self::lines(&aside));
    assert!(excepted.contains(&chosen["id"].to_string()));
    let all = ids(&findings);
    let rest: Vec<String> = all.iter().filter(|id| !excepted.contains(id)).cloned().collect();
    assert_eq!(ids(&tuned.findings()), rest);
    assert!(!rest.is_empty());
}

#[test]
fn what_is_no_finding_is_said() {
    let nowhere = PathBuf::from("/nowhere.jsonl");
    for (arguments, why) in [
        (vec!["explain", "abc"], "is no finding, and none are kept here: give the JSON"),
        (vec!["explain", "{\"type\": \"event\"}"], "the finding is no finding"),
        (vec!["explain", "{"], "is not JSON"),
        (vec!["explain", "abcdef0", "--in", text(&nowhere)], "/nowhere.jsonl cannot be read"),
        (vec!["explain", "xyz", "--in", text(&nowhere)], "is no id of a finding"),
    ] {
        let said = lanner(&arguments);
        assert_eq!(said.status.code(), Some(1), "{arguments:?}");
        let err = String::from_utf8_lossy(&said.stderr);
        assert!(err.contains(why), "{err}");
    }
}
