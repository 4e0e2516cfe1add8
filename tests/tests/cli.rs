//! What a newcomer runs: the self-test, the doctor, and ends of runs.

use std::time::{Duration, Instant};

use lanner_tests::{Lanner, require_kernel, run, shipped_pack, test_pack};

#[test]
fn the_self_test_says_that_the_path_is_alive() {
    require_kernel!();
    let lanner = Lanner::watch(&[&shipped_pack("starter")], &["--self-test"]);
    lanner.wait_for_stderr("self-test: the path from the kernel to the rules is alive");
    for rule in ["credential-access/shadow-read", "execution/exec-from-memory"] {
        let finding = lanner.wait_for_finding(rule, |finding| finding["rule"] == rule && finding["self_test"] == true);
        assert_eq!(finding["schema"], 1);
        assert_eq!(finding["process"]["uid"], 0);
    }
    let ended = lanner.stop();
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("silent"), "{}", ended.stderr);
}

#[test]
fn without_the_rules_the_self_test_says_so() {
    require_kernel!();
    let lanner = Lanner::watch(&[&test_pack("one-rule")], &["--self-test"]);
    lanner.wait_for_stderr("self-test: no loaded pack has the rule");
}

#[test]
fn a_run_ends_by_itself_when_its_time_is_over() {
    require_kernel!();
    let starter = shipped_pack("starter");
    let began = Instant::now();
    let ended = run(["run", "--rules", starter.to_str().expect("UTF-8"), "--for", "2s", "--output", "json"]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!((Duration::from_secs(2)..Duration::from_secs(20)).contains(&began.elapsed()));
    assert!(ended.stderr.contains("0 events lost"), "{}", ended.stderr);
    // Each line is an object.
    let _ = ended.findings();
}

#[test]
fn the_text_is_aligned_and_has_no_colours_in_a_pipe() {
    require_kernel!();
    let starter = shipped_pack("starter");
    let ended = run(["run", "--rules", starter.to_str().expect("UTF-8"), "--for", "3s", "--self-test"]);
    let line = ended.stdout.iter().find(|line| line.contains("credential-access/shadow-read")).expect("a finding");
    assert!(line.contains("  HIGH      credential-access/shadow-read "), "{line}");
    assert!(line.contains("[self-test] "), "{line}");
    assert!(!ended.stdout.iter().any(|line| line.contains('\x1b')));
    assert!(ended.stdout.iter().any(|line| line.trim_start().starts_with("lineage   ") && line.contains(" → ")));
    assert!(ended.stdout.iter().any(|line| line.trim_start().starts_with("process   ")));
}

#[test]
fn the_host_does_not_report_itself() {
    require_kernel!();
    // This rule sees every open; the host itself opens its own files all the time.
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let pid = lanner.pid();
    std::thread::sleep(Duration::from_millis(500));
    let ended = lanner.stop();
    assert!(ended.findings().iter().all(|finding| finding["process"]["pid"] != pid));
}

#[test]
fn the_doctor_says_what_is_there() {
    let ended = run(["doctor", "--output", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout.join("\n")).expect("one JSON object");
    assert!(report["checks"].as_array().is_some_and(|checks| checks.len() >= 10), "{report}");
    let text = run(["doctor"]);
    assert_eq!(text.status.code(), ended.status.code());
    assert!(text.stdout.iter().any(|line| line.contains("BTF")), "{:?}", text.stdout);
    require_kernel!();
    assert_eq!(ended.status.code(), Some(0), "the machine that runs the tests can run lanner: {report}");
}
