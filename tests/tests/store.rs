//! Findings that are kept: by a host that runs, and by a replay; looked through while it runs and after it was killed.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use lanner_tests::made;
use lanner_tests::{Lanner, binary, require_kernel, root, run, signal};
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What `lanner findings` says of this store.
fn findings(store: &Path, arguments: &[&str]) -> Output {
    let command = ["findings", "--in", text(store)];
    let mut lanner = Command::new(binary());
    lanner.args(command).args(arguments).env("NO_COLOR", "1").env("SUDO_USER", "ann");
    lanner.output().expect("it can be run")
}

/// What it prints, where it does well.
fn says(store: &Path, arguments: &[&str]) -> String {
    let output = findings(store, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn touch(folder: &Path, name: &str) {
    let folder = folder.join("seen");
    fs::create_dir_all(&folder).expect("a folder");
    fs::OpenOptions::new().append(true).create(true).open(folder.join(name)).expect("it opens");
}

#[test]
fn what_a_host_found_is_there_while_it_runs_and_after_it_was_killed() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, store) = (made::opens(folder.path()), folder.path().join("kept/findings.db"));
    let missing = findings(&store, &["list"]);
    assert!(!missing.status.success());
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(said.contains("there is no store at") && said.contains("--keep"), "{said}");
    let host = Lanner::watch(&[&pack], &["--keep", text(&store)]);
    touch(folder.path(), "first");
    let listed = || says(&store, &["list"]);
    host.wait("the first to be kept", || listed().lines().count() == 1);
    assert!(listed().contains("INFO      test/opens"), "{}", listed());
    let status = Command::new(binary()).args(["status", "--control", text(&host.control())]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&status.stdout).contains(&format!("store {}", store.display())));
    touch(folder.path(), "second");
    host.wait("the second to be kept", || listed().lines().count() == 2);
    signal(host.pid(), rustix::process::Signal::KILL);
    drop(host);
    let kept = lines(&says(&store, &["list", "--output", "json"]));
    let path = |at: usize| kept[at]["finding"]["event"]["path"].as_str().unwrap_or_default().to_owned();
    assert!(path(0).ends_with("seen/second") && path(1).ends_with("seen/first"), "the newest first: {kept:?}");
    // Another host goes on with it.
    let host = Lanner::watch(&[&pack], &["--keep", text(&store)]);
    touch(folder.path(), "third");
    host.wait("the third to be kept", || listed().lines().count() == 3);
    assert!(host.stop().status.success());
}

/// As evidence is kept: on a file system that nobody can write to.
#[test]
fn a_store_that_cannot_be_written_to_can_be_read_and_says_why_nothing_is_changed() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, store) = (made::opens(folder.path()), folder.path().join("kept/findings.db"));
    let host = Lanner::watch(&[&pack], &["--keep", text(&store)]);
    touch(folder.path(), "first");
    host.wait("the first to be kept", || says(&store, &["list"]).lines().count() == 1);
    assert!(host.stop().status.success());
    let id =
        lines(&says(&store, &["list", "--output", "json"]))[0]["finding"]["id"].as_str().expect("an id").to_owned();
    // A mount of its own, which nobody else sees.
    let mounted = |arguments: &str| {
        let lanner = format!("\"$1\" findings --in \"$2/findings.db\" {arguments}");
        let script = format!("mount --bind \"$2\" \"$2\" && mount -o remount,bind,ro \"$2\" && {lanner}");
        let kept = store.parent().expect("a folder");
        let mut shell = Command::new("unshare");
        shell.args(["-m", "sh", "-c", &script, "sh", text(&binary()), text(kept)]);
        shell.env("NO_COLOR", "1").output().expect("unshare can be run")
    };
    let listed = mounted("list");
    let (out, err) = (String::from_utf8_lossy(&listed.stdout), String::from_utf8_lossy(&listed.stderr));
    assert!(listed.status.success() && out.contains("test/opens"), "{out}{err}");
    let changed = mounted(&format!("ack {id}"));
    let err = String::from_utf8_lossy(&changed.stderr);
    assert!(!changed.status.success() && err.contains("readonly"), "{err}");
}

#[test]
fn what_is_kept_can_be_looked_through_counted_and_dealt_with() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = folder.path().join("findings.db");
    let capture = root().join("tests/released/2/capture.lcap");
    let rules = format!("{}", lanner_tests::shipped_packs().display());
    let replay = ["replay", text(&capture), "--rules", &rules, "--output", "json", "--keep", text(&store)];
    let found = run(replay).findings();
    assert!(found.len() > 3, "the capture has findings: {}", found.len());
    // Twice is once.
    run(replay);
    let mut exported = lines(&says(&store, &["export"]));
    let by_id = |finding: &Value| finding["id"].as_str().unwrap_or_default().to_owned();
    let mut expected = found.clone();
    exported.sort_by_key(by_id);
    expected.sort_by_key(by_id);
    expected.dedup_by_key(|finding| by_id(finding));
    assert_eq!(exported, expected);
    // By what they have.
    let rule = found[0]["rule"].as_str().expect("a rule");
    let of_rule = expected.iter().filter(|finding| finding["rule"] == rule).count();
    let listed = lines(&says(&store, &["list", "--rule", rule, "--output", "json"]));
    assert_eq!(listed.len(), of_rule);
    let counted = lines(&says(&store, &["stats", "--by", "rule", "--output", "json"]));
    let count = counted.iter().find(|count| count["value"] == rule).expect("it is counted");
    assert_eq!(count["findings"], of_rule);
    assert!(says(&store, &["stats"]).contains(&format!("{} findings in all", expected.len())));
    assert!(says(&store, &["stats", "--timeline"]).contains('█'));
    // By their text.
    let exe = found[0]["process"]["exe"].as_str().expect("a program");
    let with = expected.iter().filter(|finding| finding.to_string().contains(exe)).count();
    assert_eq!(lines(&says(&store, &["search", exe, "--limit", "10000", "--output", "json"])).len(), with);
    // One with all of it.
    let id = found[0]["id"].as_str().expect("an id");
    let shown = says(&store, &["show", &id[..12]]);
    let pid = found[0]["process"]["pid"].to_string();
    for part in [rule, exe, id, &format!("({pid})"), "└─ ", "state     open"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // And what becomes of it.
    says(&store, &["assign", id, "--to", "ben"]);
    says(&store, &["comment", id, "--text", "looks odd\u{1b}[2J"]);
    says(&store, &["close", id, "--why", "a test", "--by", "ben"]);
    let shown = says(&store, &["show", id]);
    for part in ["state     closed, ben", "ann assigned: ben", "ann commented: looks odd", "ben closed: a test"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains('\u{1b}'), "nothing acts on the terminal: {shown}");
    let closed = lines(&says(&store, &["list", "--state", "closed", "--output", "json"]));
    assert_eq!((closed.len(), &closed[0]["finding"]["id"]), (1, &found[0]["id"]));
    let table = says(&store, &["export", "--format", "csv", "--state", "closed"]);
    assert!(table.starts_with("time,id,severity,rule,") && table.contains(",closed,ben"), "{table}");
    // By its id alone, what would silence it and what nearly did: out of the store.
    let of_store = |arguments: &[&str]| {
        let output = Command::new(binary()).args(arguments).env("LANNER_FINDINGS", &store).output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let exception = of_store(&["except", &id[..12], "--reason", "a test", "--dry-run"]);
    let others = format!("other findings of the last day in {} it would have silenced ", store.display());
    assert!(exception.contains(&others) && exception.contains(rule), "{exception}");
    assert!(of_store(&["explain", &id[..12]]).contains(rule));
    for wrong in [&["show", "ffffffffff"][..], &["show", "zz"], &["close", "12"]] {
        let output = findings(&store, wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
    }
    for wrong in [&["list", "--since", "yesterday"][..], &["stats", "--by", "colour"], &["list", "--severity", "bad"]] {
        assert_eq!(findings(&store, wrong).status.code(), Some(2), "{wrong:?}");
    }
}
