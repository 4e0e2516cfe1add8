//! `--output events`: what the host saw, for people.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use lanner_tests::{BUFFER, Lanner, no_kernel, run};
use serde_json::Value;

/// Events as they are printed.
fn printed(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).expect("an object a line")).collect()
}

fn of_path<'a>(events: &'a [Value], kind: &str, path: &Path) -> &'a Value {
    let is_it = |event: &&Value| event["kind"] == kind && event[kind]["path"] == path.to_str().expect("UTF-8");
    events.iter().find(is_it).unwrap_or_else(|| panic!("no {kind} of {}", path.display()))
}

#[test]
fn a_capture_shows_what_the_host_saw_and_the_same_each_time() {
    if let Some(why) = no_kernel() {
        eprintln!("skipped: {why}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("seen.lcap");
    let made = folder.path().join("made");
    let lanner = Lanner::start(["record".as_ref(), "--output".as_ref(), capture.as_os_str()]);
    lanner.wait_for_stderr("recording to");
    fs::create_dir(&made).expect("a folder");
    fs::create_dir(&made).expect_err("it is there");
    fs::remove_dir(&made).expect("removed");
    assert!(lanner.stop().status.success());

    let replay = || run(["replay".as_ref(), "--output".as_ref(), "events".as_ref(), capture.as_os_str()]);
    let shown = replay();
    assert!(shown.status.success(), "{}", shown.stderr);
    let events = printed(&shown.stdout);
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().expect("a number")).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    let mkdir = of_path(&events, "mkdir", &made);
    assert_eq!((&mkdir["result"], &mkdir["flags"]), (&0.into(), &serde_json::json!(["unresolved"])));
    assert_eq!(mkdir["process"]["pid"], std::process::id());
    assert_eq!(mkdir["process"]["exe"], std::env::current_exe().expect("a path").to_str().expect("UTF-8"));
    let failed = events.iter().find(|event| event["kind"] == "mkdir" && event["result"] == -17).expect("EEXIST");
    assert_eq!(failed["flags"], serde_json::json!(["failed", "unresolved"]));
    assert_eq!(of_path(&events, "unlink", &made)["unlink"]["directory"], true);
    assert_eq!(replay().stdout, shown.stdout);
}

#[test]
fn events_can_be_watched_as_they_come() {
    if let Some(why) = no_kernel() {
        eprintln!("skipped: {why}");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::start(["record", "--output", "events", "--buffer", BUFFER]);
    lanner.wait_for_stderr("printing events");
    let line = format!("\"mkdir\":{{\"path\":\"{}/made-", folder.path().display());
    let made = Cell::new(0);
    lanner.wait("mkdir that is printed", || {
        // Again and again: on a machine that does much besides, one may be lost.
        made.set(made.get() + 1);
        fs::create_dir(folder.path().join(format!("made-{}", made.get()))).expect("a folder");
        lanner.count(&line) > 0
    });
    let ended = lanner.stop();
    assert!(ended.status.success());
}

#[test]
fn a_host_that_judges_prints_none() {
    let refused = run(["run", "--output", "events"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stderr.contains("`lanner record --output events`"), "{}", refused.stderr);
}
