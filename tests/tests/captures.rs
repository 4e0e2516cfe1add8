//! What happened around findings: written down while the host runs, replayed, and made tests of.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lanner_tests::made;
use lanner_tests::{Lanner, binary, require_kernel};
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Has a shell open a file that nobody waits for.
fn open(folder: &Path, name: &str) {
    let seen = folder.join("seen");
    fs::create_dir_all(&seen).expect("a folder");
    // Its parent has ended by then.
    let script = format!("setsid --fork sh -c ': > {}/{name}'", seen.display());
    assert!(Command::new("sh").args(["-c", &script]).status().expect("a shell").success());
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "lcap"));
    paths.sort();
    paths
}

fn lanner(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).env("NO_COLOR", "1").output().expect("it can be run")
}

fn says(arguments: &[&str]) -> String {
    let output = lanner(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn what_happened_around_a_finding_is_replayed_and_made_a_test_of() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let (pack, store) = (made::opens(folder.path()), folder.path().join("kept/findings.db"));
    let written = folder.path().join("captures");
    let captured = ["--capture", "test/*", "--captures", text(&written), "--capture-after", "0s"];
    let shown = ["--keep", text(&store), "--console", "127.0.0.1:0"];
    let host = Lanner::watch(&[&pack], &[&captured[..], &shown].concat());
    open(folder.path(), "first");
    host.wait("a capture", || captures(&written).len() == 1);
    // Within ten seconds the next is not begun; who ends the host has it at once.
    open(folder.path(), "second");
    let listed = || lines(&says(&["findings", "--in", text(&store), "list", "--output", "json"]));
    host.wait("both to be kept", || listed().len() == 2);
    // The console leads to it too.
    let said = host.stderr();
    let console = said.split("the console is served at ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let first = listed().pop().expect("two")["finding"]["id"].as_str().expect("an id").to_owned();
    let page = ureq::get(format!("{}findings/{first}", console.expect("it says where"))).call().expect("an answer");
    let page = page.into_body().read_to_string().expect("a page");
    assert!(page.contains(&format!("lanner replay --rules PACKS {}", captures(&written)[0].display())), "{page}");
    assert!(host.stop().status.success());
    let captures = captures(&written);
    assert_eq!(captures.len(), 2, "{captures:?}");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&written), mode(&captures[1])), (0o700, 0o600));

    // The host's findings once more, of the same processes.
    let kept: Vec<Value> = listed().into_iter().map(|listed| listed["finding"].clone()).collect();
    let again = lines(&says(&["replay", text(&captures[1]), "--rules", text(&pack), "--output", "json"]));
    for finding in [&again[0], &again[1]] {
        let path = &finding["event"]["path"];
        let live = kept.iter().find(|live| live["event"]["path"] == *path).expect("the host found it");
        assert_eq!((&finding["time_ns"], &finding["host"]), (&live["time_ns"], &live["host"]));
        for part in ["id", "pid", "exe", "args", "cwd", "uid"] {
            assert_eq!(finding["process"][part], live["process"][part], "{part}");
        }
        let line = |finding: &Value| -> Vec<(Value, Value)> {
            let lineage = finding["lineage"].as_array().expect("a lineage");
            lineage.iter().map(|process| (process["pid"].clone(), process["exe"].clone())).collect()
        };
        assert_eq!(line(finding), line(live), "its ancestors, those that have ended too");
        assert!(line(live).len() >= 2, "{live}");
    }

    // As a test beside the pack: from the capture, and without it from the event.
    let id = kept[0]["id"].as_str().expect("an id");
    let tests = folder.path().join("tests");
    let find = |captures: &Path, verb: &str, more: &[&str]| {
        let arguments = ["findings", "--in", text(&store), verb, id, "--captures", text(captures)];
        lanner(&[&arguments[..], more].concat())
    };
    let shown = find(&written, "show", &[]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains(text(&captures[1])), "{shown:?}");
    for (place, files) in [(&written, 2), (&folder.path().join("none"), 1)] {
        let made = find(place, "to-test", &["--to", text(&tests)]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        assert_eq!(fs::read_dir(&tests).expect("a folder").count(), files);
        let passed = says(&["rule", "test", text(&pack)]);
        assert!(passed.contains("1 passed"), "{passed}");
        let there = find(place, "to-test", &["--to", text(&tests)]);
        assert!(String::from_utf8_lossy(&there.stderr).contains("is there already"), "{there:?}");
        fs::remove_dir_all(&tests).expect("removed");
    }
}

#[test]
fn what_cannot_be_captured_is_said_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let shared = folder.path().join("shared");
    fs::create_dir(&shared).expect("a folder");
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o777)).expect("a mode");
    let pack = made::opens(folder.path());
    let run = |options: &[&str]| {
        let output = lanner(&[&["run", "--no-config", "--rules", text(&pack)], options].concat());
        assert!(!output.status.success(), "{options:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = run(&["--capture", "hihg"]);
    assert!(said.contains("neither a severity (info, low, medium, high, critical) nor a rule"), "{said}");
    assert!(run(&["--captures", "/somewhere"]).contains("--capture <FINDINGS>"));
    assert!(run(&["--capture", "high", "--capture-before", "0s"]).contains("nothing would be written"));
    require_kernel!();
    let said = run(&["--capture", "high", "--captures", text(&shared)]);
    assert!(said.contains("nobody else may write to it (chmod go-w)"), "{said}");
}
