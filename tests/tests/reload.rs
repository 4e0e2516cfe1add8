//! Hot reload, with events running.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lanner_tests::{Lanner, put, require_kernel, test_pack};

/// Opens that are on their way at most: more than a batch, and many times less than there is room for.
const ON_THE_WAY: usize = 600;

/// Opens a marked file until told to stop; the next ones wait until the last were judged. Gives how often.
fn load(lanner: &Lanner, folder: &Path, stop: &AtomicBool) -> usize {
    let file = folder.join("lanner-count-me");
    let judged = format!(" {}", file.display());
    fs::write(&file, "").expect("the marked file");
    // The open that creates it is one too.
    let mut opened = 1;
    while !stop.load(Ordering::SeqCst) {
        for _ in 0..ON_THE_WAY {
            fs::File::open(&file).expect("the marked file opens");
        }
        opened += ON_THE_WAY;
        lanner.wait("finding of each open", || lanner.count(&judged) >= opened);
    }
    opened
}

/// Ends the load, also where a test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// The numbers that the counter said, with the version that said them.
fn counted(findings: &[serde_json::Value], folder: &Path) -> Vec<(usize, String)> {
    let folder = folder.to_str().expect("a path in UTF-8");
    findings
        .iter()
        .filter_map(|finding| {
            let (number, path) = finding["message"].as_str()?.split_once(' ')?;
            let version = finding["fields"]["version"].as_str()?.to_owned();
            path.starts_with(folder).then(|| (number.parse().expect("a number"), version))
        })
        .collect()
}

#[test]
fn no_event_is_lost_or_judged_twice() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("counter.wasm");
    put(&test_pack("counter-1"), &pack);
    let lanner = Lanner::watch(&[rules.path()], &[]);
    const RELOADS: usize = 6;
    let stop = AtomicBool::new(false);
    let opened = std::thread::scope(|scope| {
        let load = scope.spawn(|| load(&lanner, folder.path(), &stop));
        let stop = Stop(&stop);
        for reload in 0..RELOADS {
            let (pack_version, version) = if reload % 2 == 0 { ("counter-2", "2.0.0") } else { ("counter-1", "1.0.0") };
            put(&test_pack(pack_version), &pack);
            let said = format!("pack counter {version} with 1 rules: reloaded");
            let times = reload / 2 + 1;
            lanner.wait(&format!("reload {reload}"), || lanner.stderr().matches(&said).count() >= times);
            // It judges before it is replaced itself.
            let by_it = format!("\"version\":\"{version}\"}}");
            let before = lanner.count(&by_it);
            lanner.wait("finding of this version", || lanner.count(&by_it) > before);
        }
        drop(stop);
        load.join().expect("the load")
    });
    let ended = lanner.stop();
    assert!(ended.stderr.contains(" 0 events lost"), "{}", ended.stderr);
    let counted = counted(&ended.findings(), folder.path());
    let numbers: Vec<usize> = counted.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=opened).collect::<Vec<_>>(), "each open once, in order, through all reloads");
    let versions: BTreeSet<&str> = counted.iter().map(|(_, version)| version.as_str()).collect();
    assert_eq!(versions, BTreeSet::from(["1.0.0", "2.0.0"]), "both versions judged some of them");
}

/// What is wrong, how to bring it about, and what the host says.
type Refusal<'a> = (&'a str, Box<dyn Fn() + 'a>, String);

#[test]
fn a_broken_version_is_refused_and_the_old_one_goes_on() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("counter.wasm");
    put(&test_pack("counter-1"), &pack);
    let lanner = Lanner::watch(&[rules.path()], &[]);
    let name = pack.to_str().expect("a path in UTF-8");
    let refusals: [Refusal<'_>; 4] = [
        (
            "not wasm",
            Box::new(|| fs::write(&pack, "garbage").expect("written")),
            format!("pack {name} is not a WebAssembly component"),
        ),
        (
            "half a component",
            Box::new(|| {
                let bytes = fs::read(test_pack("counter-2")).expect("the pack");
                fs::write(&pack, &bytes[..bytes.len() / 2]).expect("written");
            }),
            format!("pack {name} is not a valid component"),
        ),
        (
            "refuses the state",
            Box::new(|| put(&test_pack("counter-broken"), &pack)),
            format!(
                "pack {name} does not take over the state of version 1.0.0: nothing of version 1.0.0 is of use here"
            ),
        ),
        (
            "a rule id that another pack has",
            Box::new(|| put(&test_pack("counter-2"), &rules.path().join("another.wasm"))),
            "is named counter, as is the pack at".to_owned(),
        ),
    ];
    for (number, (what, do_it, said)) in (1..).zip(refusals) {
        do_it();
        lanner.wait_for_stderr(&said);
        let marked = folder.path().join(format!("lanner-count-{number}"));
        fs::write(&marked, "").expect("a marked file");
        let path = marked.to_str().expect("a path in UTF-8").to_owned();
        let finding = lanner.wait_for_finding(&format!("finding after {what}"), |finding| {
            finding["message"].as_str().is_some_and(|message| message.ends_with(&path))
        });
        assert_eq!(finding["message"], format!("{number} {path}"), "{what}: the old version goes on with its state");
        assert_eq!(finding["pack"]["version"], "1.0.0", "{what}");
    }
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[test]
fn a_pack_that_appears_is_loaded_and_one_that_goes_is_unloaded() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let rules = tempfile::tempdir().expect("a folder");
    put(&test_pack("one-rule"), &rules.path().join("one-rule.wasm"));
    let lanner = Lanner::watch(&[rules.path()], &[]);
    let pack = rules.path().join("counter.wasm");
    put(&test_pack("counter-1"), &pack);
    lanner.wait_for_stderr("pack counter 1.0.0 with 1 rules: new");
    let count = |number: u32| {
        let marked = folder.path().join(format!("lanner-count-{number}"));
        fs::write(&marked, "").expect("a marked file");
        marked.to_str().expect("a path in UTF-8").to_owned()
    };
    let path = count(1);
    lanner.wait_for_finding("finding of the new pack", |finding| finding["message"] == format!("1 {path}"));
    fs::remove_file(&pack).expect("removed");
    lanner.wait_for_stderr("pack counter is unloaded");
    count(2);
    let ended = lanner.stop();
    assert_eq!(counted(&ended.findings(), folder.path()).len(), 1, "nothing after it was unloaded");
}

#[test]
fn a_pack_that_is_renamed_is_the_same_pack() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let rules = tempfile::tempdir().expect("a folder");
    let (old, new) = (rules.path().join("old.wasm"), rules.path().join("a-new.wasm"));
    put(&test_pack("counter-1"), &old);
    let lanner = Lanner::watch(&[rules.path()], &[]);
    let count = |number: u32, version: &str| {
        let marked = folder.path().join(format!("lanner-count-{number}"));
        fs::write(&marked, "").expect("a marked file");
        let message = format!("{number} {}", marked.display());
        let finding = lanner.wait_for_finding("finding", |finding| finding["message"] == message);
        assert_eq!(finding["fields"]["version"], version);
    };
    count(1, "1.0.0");
    fs::rename(&old, &new).expect("renamed");
    lanner.wait_for_stderr("a-new.wasm now, and goes on");
    count(2, "1.0.0");
    put(&test_pack("counter-2"), &new);
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    count(3, "2.0.0");
}

#[test]
fn a_folder_that_is_made_anew_is_watched_again() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let above = tempfile::tempdir().expect("a folder");
    let rules = above.path().join("rules");
    fs::create_dir(&rules).expect("a folder");
    put(&test_pack("counter-1"), &rules.join("counter.wasm"));
    let lanner = Lanner::watch(&[&rules], &[]);
    fs::remove_dir_all(&rules).expect("removed");
    lanner.wait_for_stderr("is gone; the loaded version goes on");
    let count = |number: u32| {
        let marked = folder.path().join(format!("lanner-count-{number}"));
        fs::write(&marked, "").expect("a marked file");
        let message = format!("{number} {}", marked.display());
        lanner.wait_for_finding("finding", |finding| finding["message"] == message);
    };
    count(1);
    // A build makes the folder long before the pack.
    fs::create_dir(&rules).expect("a folder");
    std::thread::sleep(Duration::from_millis(500));
    count(2);
    put(&test_pack("counter-2"), &rules.join("counter.wasm"));
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    count(3);
    // And what happens in it later is noticed as well.
    put(&test_pack("counter-1"), &rules.join("counter.wasm"));
    lanner.wait_for_stderr("pack counter 1.0.0 with 1 rules: reloaded");
    count(4);
}

#[test]
fn a_pack_that_was_refused_is_loaded_when_its_name_is_free() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let (first, second) = (rules.path().join("first.wasm"), rules.path().join("second.wasm"));
    put(&test_pack("counter-1"), &first);
    put(&test_pack("one-rule"), &rules.path().join("other.wasm"));
    let lanner = Lanner::watch(&[rules.path()], &[]);
    put(&test_pack("counter-2"), &second);
    lanner.wait_for_stderr("is named counter, as is the pack at");
    fs::remove_file(&first).expect("removed");
    lanner.wait_for_stderr("pack counter is unloaded");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: new");
}

#[test]
fn another_pack_in_the_place_of_one_does_not_get_its_state() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("pack.wasm");
    put(&test_pack("counter-1"), &pack);
    let lanner = Lanner::watch(&[rules.path()], &[]);
    put(&test_pack("counter-broken"), &pack);
    lanner.wait_for_stderr("does not take over the state of version 1.0.0");
    put(&test_pack("one-rule"), &pack);
    lanner.wait_for_stderr("pack one-rule 1.0.0 with 1 rules: new");
}

/// As git-sync and release folders do it: the whole of the rules is replaced by turning one link.
#[test]
fn a_link_that_is_turned_elsewhere_brings_the_rules_from_there() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let above = tempfile::tempdir().expect("a folder");
    let release = |number: u32, packs: &[(&str, &str)]| {
        let rules = above.path().join(format!("releases/{number}/rules"));
        fs::create_dir_all(&rules).expect("a folder");
        for (pack, file) in packs {
            put(&test_pack(pack), &rules.join(file));
        }
        rules
    };
    let turn = |number: u32| {
        let aside = above.path().join("aside");
        std::os::unix::fs::symlink(format!("releases/{number}"), &aside).expect("a link");
        fs::rename(&aside, above.path().join("current")).expect("turned");
    };
    release(1, &[("counter-1", "counter.wasm"), ("one-rule", "gone.wasm")]);
    turn(1);
    let lanner = Lanner::watch(&[&above.path().join("current/rules")], &[]);
    let count = |number: u32, version: &str| {
        let marked = folder.path().join(format!("lanner-count-{number}"));
        fs::write(&marked, "").expect("a marked file");
        let message = format!("{number} {}", marked.display());
        let finding = lanner.wait_for_finding("finding", |finding| finding["message"] == message);
        assert_eq!(finding["fields"]["version"], version);
    };
    count(1, "1.0.0");
    let second = release(2, &[("counter-2", "counter.wasm"), ("losses", "new.wasm")]);
    turn(2);
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded,");
    lanner.wait_for_stderr("pack one-rule is unloaded");
    lanner.wait_for_stderr("pack losses 1.0.0 with 1 rules: new");
    count(2, "2.0.0");
    // What was left does not matter any more, and what happens here does.
    fs::remove_dir_all(above.path().join("releases/1")).expect("removed");
    put(&test_pack("counter-1"), &second.join("counter.wasm"));
    lanner.wait_for_stderr("pack counter 1.0.0 with 1 rules: reloaded,");
    count(3, "1.0.0");
    assert!(!lanner.stderr().contains("is gone; the loaded version goes on"), "{}", lanner.stderr());
    // And again, by another link.
    release(3, &[("counter-2", "counter.wasm")]);
    turn(3);
    lanner.wait("reload from the third", || {
        lanner.stderr().matches("pack counter 2.0.0 with 1 rules: reloaded,").count() == 2
    });
    count(4, "2.0.0");
}

/// As a kubelet updates a ConfigMap: the files are links through `..data`, which is turned to a new folder.
#[test]
fn a_config_map_that_is_updated_is_a_reload() {
    require_kernel!();
    let mount = tempfile::tempdir().expect("a folder");
    let write = |revision: &str, pack: &str| {
        let folder = mount.path().join(format!("..{revision}"));
        fs::create_dir(&folder).expect("a folder");
        fs::copy(test_pack(pack), folder.join("counter.wasm")).expect("a pack");
        std::os::unix::fs::symlink(format!("..{revision}"), mount.path().join("..data_tmp")).expect("a link");
        fs::rename(mount.path().join("..data_tmp"), mount.path().join("..data")).expect("turned");
    };
    write("1", "counter-1");
    std::os::unix::fs::symlink("..data/counter.wasm", mount.path().join("counter.wasm")).expect("a link");
    let lanner = Lanner::watch(&[mount.path()], &[]);
    write("2", "counter-2");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded,");
    // The kubelet removes the old one afterwards.
    fs::remove_dir_all(mount.path().join("..1")).expect("removed");
    write("3", "counter-1");
    lanner.wait_for_stderr("pack counter 1.0.0 with 1 rules: reloaded,");
    assert!(!lanner.stderr().contains("is gone"), "{}", lanner.stderr());
}

/// Whoever writes a pack slowly, in its place, is not taken by his word: the old version goes on until the new one is whole.
#[test]
fn a_pack_that_is_written_slowly_is_loaded_when_it_is_whole() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("counter.wasm");
    put(&test_pack("counter-1"), &pack);
    let lanner = Lanner::watch(&[rules.path()], &[]);
    let bytes = fs::read(test_pack("counter-2")).expect("a pack");
    let mut file = fs::File::create(&pack).expect("emptied, and written in its place");
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    file.write_all(first).expect("half of it");
    // However long it takes: it was looked at meanwhile.
    lanner.wait_for_stderr("the version before goes on");
    file.write_all(rest).expect("the rest of it");
    drop(file);
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded,");
}
