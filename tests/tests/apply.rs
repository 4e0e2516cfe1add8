//! Other files become the rules of a running host: all of them at once, or none.

use std::fs;
use std::path::Path;

use lanner_tests::{Ended, Lanner, put, require_kernel, run, test_pack};

/// A folder with these packs, each under a name.
fn folder(packs: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, pack) in packs {
        fs::copy(test_pack(pack), folder.path().join(name)).expect("a pack");
    }
    folder
}

fn apply(lanner: &Lanner, folder: &Path, more: &[&str]) -> Ended {
    let control = lanner.control();
    let mut arguments = vec!["apply", "--control", control.to_str().expect("UTF-8"), folder.to_str().expect("UTF-8")];
    arguments.extend(more);
    run(arguments)
}

fn report(ended: &Ended) -> Vec<&str> {
    assert!(ended.status.success(), "{}", ended.stderr);
    ended.stdout.iter().map(String::as_str).collect()
}

#[test]
fn other_files_become_the_rules_at_once_or_not_at_all() {
    require_kernel!();
    let before = folder(&[("counter.wasm", "counter-1"), ("one.wasm", "one-rule")]);
    let after = folder(&[("renamed.wasm", "counter-2"), ("losses.wasm", "losses")]);
    let marked = tempfile::tempdir().expect("a folder");
    let open_marked = |name: &str| fs::write(marked.path().join(name), "").expect("a marked file");
    let lanner = Lanner::watch(&[before.path()], &[]);
    let counted = |number: usize, version: &str| {
        lanner.wait_for_finding("the count", |finding| {
            finding["message"].as_str().is_some_and(|message| message.starts_with(&format!("{number} ")))
                && finding["fields"]["version"] == version
        });
    };
    open_marked("lanner-count-a");
    counted(1, "1.0.0");

    let changes = ["~ counter 1.0.0 -> 2.0.0", "+ losses 1.0.0, with 1 rule", "- one-rule 1.0.0, with 1 rule"];
    let planned = apply(&lanner, after.path(), &["--dry-run"]);
    assert_eq!(report(&planned), [&changes[..], &["3 changed, 0 as they are"]].concat());
    open_marked("lanner-count-b");
    counted(2, "1.0.0");

    // One of them is refused, and with it all.
    let broken = folder(&[("counter.wasm", "counter-2")]);
    fs::write(broken.path().join("other.wasm"), "no pack").expect("a file");
    let twins = folder(&[("counter.wasm", "counter-2"), ("twin.wasm", "counter-1")]);
    let refuses = folder(&[("counter.wasm", "counter-broken"), ("losses.wasm", "losses")]);
    for (folder, why) in [
        (&broken, "is not a WebAssembly component"),
        (&twins, "pack names are unique"),
        (&refuses, "does not take over the state"),
    ] {
        let refused = apply(&lanner, folder.path(), &[]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(refused.stderr.contains(why) && refused.stderr.contains("nothing was changed"), "{}", refused.stderr);
    }
    let nothing = apply(&lanner, &marked.path().join("not-there"), &[]);
    assert!(nothing.stderr.contains("cannot be read") && nothing.stderr.contains("nothing was changed"));
    open_marked("lanner-count-c");
    counted(3, "1.0.0");

    let applied = apply(&lanner, after.path(), &[]);
    let lines = report(&applied);
    assert!(
        lines[0].starts_with("~ counter 1.0.0 -> 2.0.0, ") && lines[0].ends_with("bytes of state kept"),
        "{lines:?}"
    );
    assert_eq!(lines[1..], [changes[1], changes[2], "3 changed, 0 as they are"]);
    open_marked("lanner-count-d");
    counted(4, "2.0.0");
    assert_eq!(report(&apply(&lanner, after.path(), &[])), ["nothing changes: 2 as they are"]);

    // From here on it is this folder that is watched.
    fs::copy(test_pack("one-rule"), after.path().join("one.wasm")).expect("a pack");
    lanner.wait_for_stderr("pack one-rule 1.0.0 with 1 rules: new");
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[test]
fn a_pack_goes_back_to_the_version_before_with_the_state_of_then() {
    require_kernel!();
    let rules = folder(&[("counter.wasm", "counter-1")]);
    let marked = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[rules.path()], &[]);
    let count = |name: &str, number: usize, version: &str| {
        fs::write(marked.path().join(name), "").expect("a marked file");
        let what = format!("{number} {}", marked.path().join(name).display());
        lanner.wait_for_finding(&what, |finding| finding["message"] == what && finding["fields"]["version"] == version);
    };
    let control = lanner.control();
    let rollback = |pack: &str| run(["rollback", pack, "--control", control.to_str().expect("UTF-8")]);
    let refused = rollback("counter");
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stderr.contains("has no version to go back to"), "{}", refused.stderr);
    assert!(rollback("other").stderr.contains("those that run are counter"));

    count("lanner-count-a", 1, "1.0.0");
    put(&test_pack("counter-2"), &rules.path().join("counter.wasm"));
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    count("lanner-count-b", 2, "2.0.0");
    count("lanner-count-c", 3, "2.0.0");

    let back = rollback("counter");
    assert!(back.status.success() && back.stdout[0].starts_with("pack counter is back at 1.0.0"), "{}", back.stderr);
    count("lanner-count-d", 2, "1.0.0");
    // And forth again: that is the version before, now.
    assert!(rollback("counter").stdout[0].starts_with("pack counter is back at 2.0.0"));
    count("lanner-count-e", 4, "2.0.0");
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}
