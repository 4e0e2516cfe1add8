//! Recording and replaying.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lanner_probes::Task;
use lanner_source::capture::CaptureWriter;
use lanner_source::record::Machine;
use lanner_tests::{
    Ended, Lanner, PATIENCE, assert_found_again, events, require_kernel, root, run, shipped_packs, test_pack,
};

fn replay(capture: &Path) -> Ended {
    let (capture, packs) = (capture.to_str().expect("UTF-8"), shipped_packs());
    run(["replay", capture, "--rules", packs.to_str().expect("UTF-8"), "--output", "json"])
}

/// Records while a secret is read three times; gives who read it.
fn record(capture: &Path) -> [u32; 3] {
    let lanner = Lanner::start(["record", "-o", capture.to_str().expect("UTF-8")]);
    lanner.wait_for_stderr("recording to");
    let cats = [(); 3].map(|()| {
        let mut cat = Command::new("cat").arg("/etc/shadow").stdout(Stdio::null()).spawn().expect("cat");
        assert!(cat.wait().expect("it ends").success());
        cat.id()
    });
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains(", 0 lost"), "{}", ended.stderr);
    cats
}

#[test]
fn a_replay_finds_what_happened_and_the_same_each_time() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("shadow.lcap");
    let cats = record(&capture);
    let first = replay(&capture);
    assert_eq!(first.status.code(), Some(0), "{}", first.stderr);
    let found = first.findings().into_iter().filter(|finding| cats.iter().any(|pid| finding["process"]["pid"] == *pid));
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), 3, "{:?}", first.stdout);
    for finding in found {
        assert_eq!(finding["rule"], "credential-access/shadow-read");
        assert_eq!(finding["process"]["args"], serde_json::json!(["cat", "/etc/shadow"]));
        assert_eq!(finding["process"]["exe"].as_str().map(|exe| exe.ends_with("/cat")), Some(true));
        assert_eq!(finding["event"]["path"], "/etc/shadow");
    }
    for _ in 0..3 {
        assert_eq!(replay(&capture).stdout, first.stdout, "byte for byte");
    }
}

#[test]
fn an_existing_file_is_not_replaced_unasked() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("precious.lcap");
    fs::write(&capture, "precious").expect("written");
    let path = capture.to_str().expect("UTF-8");
    let ended = run(["record", "-o", path, "--for", "1s"]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert_eq!(fs::read(&capture).expect("still there"), b"precious");
    let ended = run(["record", "-o", path, "--for", "1s", "--force"]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
}

#[test]
fn a_damaged_or_cut_capture_says_how_far_it_got() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("whole.lcap");
    record(&capture);
    let whole = fs::read(&capture).expect("the capture");
    let findings = replay(&capture).stdout;

    let cut = folder.path().join("cut.lcap");
    fs::write(&cut, &whole[..whole.len() - 7]).expect("written");
    let ended = replay(&cut);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("cut.lcap") && ended.stderr.contains("events"), "{}", ended.stderr);
    assert_eq!(ended.stdout, findings, "all that is whole was judged");

    let damaged = folder.path().join("damaged.lcap");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&damaged, bytes).expect("written");
    let ended = replay(&damaged);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.stderr.contains("damaged.lcap"), "{}", ended.stderr);

    for content in [&b""[..], b"not a capture at all", &whole[..10]] {
        let path = folder.path().join("other.lcap");
        fs::write(&path, content).expect("written");
        let ended = replay(&path);
        assert_eq!(ended.status.code(), Some(1));
        assert!(ended.stderr.contains("other.lcap"), "{}", ended.stderr);
        assert!(ended.stdout.is_empty());
    }
}

/// The reader of the findings goes away while they are written: the replay says so and ends.
#[test]
fn a_replay_whose_reader_goes_away_ends() {
    /// More findings than may wait for the reader.
    const OPENS: u64 = 60_000;
    let folder = tempfile::tempdir().expect("a folder");
    let capture = folder.path().join("many.lcap");
    let mut writer = CaptureWriter::create(&capture, &Machine::default(), false).expect("a capture");
    for number in 0..OPENS {
        let task = Task { pid: 10, tid: 10, start_boot_ns: 1, ..Task::default() };
        let event = events::open(events::TIME_NS + number, &task, "/any/lanner-count-me");
        writer.record(&events::record(event)).expect("a record");
    }
    writer.finish().expect("an end");
    let mut child = Command::new(lanner_tests::binary())
        .args(["replay", "--output", "json"])
        .arg(&capture)
        .arg("--rules")
        .arg(test_pack("counter-1"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("lanner starts");
    let mut findings = BufReader::new(child.stdout.take().expect("its stdout"));
    let mut first = String::new();
    findings.read_line(&mut first).expect("a finding");
    // What does not fit into the pipe waits, and then the engine.
    let full = || rustix::io::ioctl_fionread(findings.get_ref()).expect("a pipe") > 48 << 10;
    let end = Instant::now() + PATIENCE;
    while !full() {
        assert!(Instant::now() < end, "the pipe is never full");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(findings);
    let said = child.wait_with_output().expect("it ends");
    let stderr = String::from_utf8_lossy(&said.stderr);
    assert_eq!(said.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("findings cannot be written any more: Broken pipe"), "{stderr}");
}

/// A capture that an earlier version recorded, and what that version found in it with the shipped rules.
#[test]
fn a_capture_of_every_released_format_replays_to_the_findings_it_had() {
    let released = fs::read_dir(root().join("tests/released")).expect("the released formats");
    let mut formats = 0;
    for folder in released {
        let folder = folder.expect("a folder").path();
        if !folder.is_dir() {
            continue;
        }
        let found = fs::read_to_string(folder.join("findings.jsonl")).expect("its findings");
        assert!(!found.is_empty(), "{}", folder.display());
        let replayed = replay(&folder.join("capture.lcap"));
        assert_eq!(replayed.status.code(), Some(0), "{}", replayed.stderr);
        let words = ["pack", "summary", "severity", "attack", "message", "fields"];
        assert_found_again(&replayed.stdout, &found, &words);
        formats += 1;
    }
    assert!(formats > 0);
}
