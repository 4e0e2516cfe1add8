//! Packs that trap, loop, fill their memory or flood: reported as what they are, and nobody else notices.

use std::fs;
use std::path::Path;

use lanner_tests::{Ended, Lanner, alone, require_kernel, test_pack};

/// Has the pack misbehave beside a sound one, which must see all files that are opened before and after.
fn misbehave(how: &str, said: &str) -> Ended {
    let _alone = alone("misbehaving");
    let folder = tempfile::tempdir().expect("a folder");
    let marked = |name: &str| {
        let path = folder.path().join(name);
        fs::write(&path, "").expect("a marked file");
        path.to_str().expect("a path in UTF-8").to_owned()
    };
    let lanner = Lanner::watch(&[&test_pack("counter-1"), &test_pack("misbehaving")], &["--pack-deadline", "1s"]);
    for number in 1..=3 {
        marked(&format!("lanner-count-{number}"));
    }
    marked(&format!("lanner-misbehave-{how}"));
    let path = marked("lanner-count-4");
    lanner.wait_for_stderr(said);
    lanner.wait_for_finding("finding of the sound pack", |finding| finding["message"] == format!("4 {path}"));
    // After its rest the pack runs again, and what comes then is judged.
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let path = marked("lanner-misbehave-not");
    let message = format!("about to: {}", Path::new(&path).file_name().expect("a name").to_string_lossy());
    lanner.wait_for_finding("finding of the pack after its rest", |finding| finding["message"] == message);
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    let before = format!("about to: lanner-misbehave-{how}");
    let findings = ended.findings();
    assert!(findings.iter().any(|finding| finding["message"] == before), "what was raised before it is kept");
    ended
}

#[test]
fn a_trap() {
    require_kernel!();
    let ended = misbehave("trap", "pack misbehaving trapped:");
    assert!(ended.stderr.contains("as asked"), "the panic's message is said:\n{}", ended.stderr);
    // Which rule it was is looked for as long as others may wait for that: on a busy machine all of the pack rests.
    let ways = [
        ("its rule test/misbehave, which did that, rests 1s, its others go on", "the rule test/misbehave runs again"),
        ("it rests 1s, the other packs go on", "pack misbehaving runs again"),
    ];
    let said = |(rests, again): (&str, &str)| ended.stderr.contains(rests) && ended.stderr.contains(again);
    assert!(ways.into_iter().any(said), "{}", ended.stderr);
}

#[test]
fn an_endless_loop() {
    require_kernel!();
    misbehave("loop", "pack misbehaving ran longer than 1s in one call and was stopped");
}

#[test]
fn a_memory_bomb() {
    require_kernel!();
    misbehave("bomb", "pack misbehaving asked for more than its 64 MiB of memory");
}

#[test]
fn a_flood_of_findings() {
    require_kernel!();
    let ended = misbehave("flood", "pack misbehaving raised too many findings");
    let flood = ended.findings().iter().filter(|finding| finding["rule"] == "test/misbehave").count();
    assert!((4_000..5_000).contains(&flood), "{flood} findings of the flood were taken");
}

#[test]
fn a_pack_that_takes_all_the_time() {
    require_kernel!();
    let _alone = alone("misbehaving");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lanner-misbehave-slow");
    // They share threads to begin with, however many there are.
    let packs = ["counter-1", "misbehaving", "one-rule", "empty"].map(test_pack);
    let packs: Vec<&Path> = packs.iter().map(AsRef::as_ref).collect();
    let lanner = Lanner::watch(&packs, &["--pack-deadline", "60s"]);
    // Each of them takes it long, and a new one comes before it is through: it is behind from here on.
    for _ in 0..300 {
        fs::write(&path, "").expect("a marked file");
    }
    for number in 1..=10 {
        let counted = folder.path().join(format!("lanner-count-{number}"));
        fs::write(&counted, "").expect("a marked file");
        let message = format!("{number} {}", counted.display());
        lanner.wait_for_finding("finding of the sound pack", |finding| finding["message"] == message);
    }
    // How it ends depends on how far the slow one is: a call into it may take longer than the host waits.
    let ended = lanner.stop();
    let sound = ended.findings().iter().filter(|finding| finding["rule"] == "test/count").count();
    assert_eq!(sound, 10);
}

#[test]
fn a_pack_that_talks_too_much() {
    require_kernel!();
    let ended = misbehave("chatter", "pack misbehaving: 968 more log lines in a second were left out");
    assert_eq!(ended.stderr.matches("pack misbehaving: chatter").count(), 32, "{}", ended.stderr);
    assert!(!ended.stderr.contains("\nwith"), "no line of a pack's own");
}
