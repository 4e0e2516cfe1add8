//! Compiled packs on disk: damage to them costs a compilation, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use lanner_probes::Task;
use lanner_source::capture::CaptureWriter;
use lanner_source::record::Machine;
use lanner_tests::{Ended, events, run, test_pack};

/// A capture in which `cat` reads /etc/shadow.
fn capture(path: &Path) {
    let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
    let mut writer = CaptureWriter::create(path, &Machine::default(), false).expect("a capture");
    let exec = events::exec(events::TIME_NS, &task, "/usr/bin/cat", b"cat\0/etc/shadow\0");
    for event in [exec, events::open(events::TIME_NS, &task, "/etc/shadow")] {
        writer.record(&events::record(event)).expect("a record");
    }
    writer.finish().expect("an end");
}

struct Scene {
    folder: tempfile::TempDir,
    capture: PathBuf,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("any.lcap");
        capture(&path);
        Self { folder, capture: path }
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Replays with the cache.
    fn replay(&self) -> Ended {
        let mut arguments: Vec<std::ffi::OsString> = vec!["replay".into(), self.capture.clone().into()];
        arguments.extend(["--output".into(), "json".into(), "--rules".into(), test_pack("one-rule").into()]);
        arguments.extend(["--cache".into(), self.cache().into()]);
        run(arguments)
    }

    /// The only compiled pack.
    fn entry(&self) -> PathBuf {
        let entries: Vec<_> =
            fs::read_dir(self.cache()).expect("the cache").flatten().map(|entry| entry.path()).collect();
        let [entry] = &entries[..] else { panic!("one entry: {entries:?}") };
        entry.clone()
    }
}

#[test]
fn damage_is_said_healed_and_changes_no_finding() {
    const DAMAGES: usize = 24;
    let scene = Scene::new();
    let first = scene.replay();
    assert_eq!(first.status.code(), Some(0), "{}", first.stderr);
    assert_eq!(first.stdout.len(), 1, "{:?}", first.stdout);
    let entry = scene.entry();
    let whole = fs::read(&entry).expect("the entry");
    // All over the file: zeros, ones, other bytes; at last cut, and empty.
    for number in 0..DAMAGES + 2 {
        let mut bytes = whole.clone();
        let at = whole.len() * number / DAMAGES;
        let end = whole.len().min(at + 4096);
        match number {
            DAMAGES => bytes.truncate(whole.len() / 2),
            number if number > DAMAGES => bytes.clear(),
            number => bytes[at..end].iter_mut().for_each(|byte| *byte = [0, 0xff, !*byte][number % 3]),
        }
        if bytes == whole {
            continue;
        }
        fs::write(&entry, bytes).expect("damaged");
        let ended = scene.replay();
        assert_eq!(ended.status.code(), Some(0), "damage {number}: {}", ended.stderr);
        assert_eq!(ended.stdout, first.stdout, "damage {number}");
        assert_eq!(ended.stderr.matches("is not used, and made anew").count(), 1, "damage {number}: {}", ended.stderr);
        assert_eq!(fs::read(&entry).expect("the entry").len(), whole.len(), "damage {number} is healed");
    }
    let ended = scene.replay();
    assert!(!ended.stderr.contains("made anew"), "{}", ended.stderr);
}

/// A host that finds no place for compiled packs starts all the same; one that is told a place that does not do says so.
#[test]
fn without_a_place_for_them_packs_are_compiled_at_each_start() {
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65534;
    lanner_tests::require_kernel!(); // Root, to become nobody.
    let scene = Scene::new();
    let folder = scene.folder.path();
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("permissions");
    fs::set_permissions(&scene.capture, fs::Permissions::from_mode(0o644)).expect("permissions");
    for (from, name) in [(lanner_tests::binary(), "lanner"), (test_pack("one-rule"), "one-rule.wasm")] {
        fs::copy(from, folder.join(name)).expect("a copy");
    }
    let output = std::process::Command::new(folder.join("lanner"))
        .arg("replay")
        .arg(&scene.capture)
        .arg("--rules")
        .arg(folder.join("one-rule.wasm"))
        .env("XDG_CACHE_HOME", "/proc/no-such-folder")
        .env("NO_COLOR", "1")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .expect("it runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("WARN packs are compiled at each start:"), "{stderr}");
    assert!(stderr.contains("1 findings"), "{stderr}");
}

/// Who could write native code there could have it run as root.
#[test]
fn what_others_may_write_is_not_run() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    scene.replay();
    fs::set_permissions(scene.entry(), fs::Permissions::from_mode(0o666)).expect("opened");
    let ended = scene.replay();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("it is no regular file that only its owner can write to"), "{}", ended.stderr);
    let mode = fs::metadata(scene.entry()).expect("the entry").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it was made anew");
}
