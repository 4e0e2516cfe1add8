//! What a newcomer runs: the self-test, the doctor, and ends of runs.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lanner_tests::{Lanner, PATIENCE, alone, require_kernel, run, shipped_packs, test_pack};

/// A host about to run with these packs, whose findings and words the test reads, or does not.
fn host(packs: &[&str]) -> Command {
    let mut command = Command::new(lanner_tests::binary());
    command
        .args(["run", "--no-control", "--output", "json", "--buffer", "128"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    for pack in packs {
        command.arg("--rules").arg(test_pack(pack));
    }
    command
}

#[test]
fn the_self_test_says_that_the_path_is_alive() {
    require_kernel!();
    let lanner = Lanner::watch(&[&shipped_packs()], &["--self-test"]);
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
    lanner.wait_for_stderr("self-test: no loaded rule has the property self-test");
}

#[test]
fn a_run_ends_by_itself_when_its_time_is_over() {
    require_kernel!();
    let starter = shipped_packs();
    let began = Instant::now();
    let ended = run(["run", "--rules", starter.to_str().expect("UTF-8"), "--for", "2s", "--output", "json"]);
    assert_eq!(ended.status.code(), Some(0), "{}", ended.stderr);
    assert!(began.elapsed() >= Duration::from_secs(2));
    assert!(ended.stderr.contains(" events lost"), "{}", ended.stderr);
    // Each line is an object.
    let _ = ended.findings();
}

#[test]
fn the_text_is_aligned_and_has_no_colours_in_a_pipe() {
    require_kernel!();
    let starter = shipped_packs();
    let lanner = Lanner::start(["run", "--rules", starter.to_str().expect("UTF-8"), "--self-test"]);
    lanner.wait_for_stderr("self-test: the path from the kernel to the rules is alive");
    let ended = lanner.stop();
    let ours = |line: &&String| line.contains("credential-access/shadow-read") && line.contains("[self-test] ");
    let line = ended.stdout.iter().find(ours).expect("a finding of the self-test");
    assert!(line.contains("  HIGH      credential-access/shadow-read "), "{line}");
    assert!(!ended.stdout.iter().any(|line| line.contains('\x1b')));
    assert!(ended.stdout.iter().any(|line| line.trim_start().starts_with("lineage   ") && line.contains(" → ")));
    assert!(ended.stdout.iter().any(|line| line.trim_start().starts_with("process   ")));
}

#[test]
fn the_host_does_not_report_itself() {
    require_kernel!();
    // The rule of this pack reports opens of files with such a name, and the host opens the file to load it.
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("lanner-count-me.wasm");
    fs::copy(test_pack("counter-1"), &pack).expect("the pack");
    let lanner = Lanner::watch(&[rules.path()], &[]);
    fs::copy(test_pack("counter-2"), &pack).expect("another version");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    // Ours comes after the host's.
    let marked = rules.path().join("lanner-count-last");
    fs::write(&marked, "").expect("a marked file");
    lanner.wait_for_finding("our own open", |finding| finding["event"]["path"] == marked.to_str().expect("UTF-8"));
    let pid = lanner.pid();
    let findings = lanner.stop().findings();
    let of = |pid: u32| findings.iter().filter(|finding| finding["process"]["pid"] == pid).count();
    assert_eq!(of(pid), 0, "{findings:?}");
    assert!(of(std::process::id()) >= 2, "copying the pack there, and the last: {findings:?}");
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

/// Findings that nobody reads fill the pipe; the host says so when it is stopped, and ends.
#[test]
fn a_host_whose_findings_nobody_reads_can_be_stopped() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let marked = folder.path().join("lanner-count-1");
    fs::write(&marked, "").expect("a marked file");
    let mut child = host(&["counter-1"]).stderr(Stdio::piped()).spawn().expect("lanner starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its stderr")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("watching kernel")));
    // The pipe holds 64 KiB.
    for _ in 0..20_000 {
        drop(fs::File::open(&marked));
    }
    let unread = child.stdout.take().expect("its stdout");
    let full = || rustix::io::ioctl_fionread(&unread).expect("a pipe") > 56 << 10;
    let end = Instant::now() + PATIENCE;
    while !full() {
        assert!(Instant::now() < end, "the pipe is never full");
        std::thread::sleep(Duration::from_millis(10));
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
    assert!(lines.any(|line| line.contains("stopping")), "it says that it heard");
    assert!(child.try_wait().expect("it can be waited for").is_none(), "it still tries to write");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(said.iter().any(|line| line.contains("the last findings are not written")), "{said:?}");
}

/// It says so within seconds, and goes on judging; where it is not asked twice it ends by itself, and says what is not
/// written.
#[test]
fn a_host_whose_findings_nobody_reads_ends_within_its_grace() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let marked = folder.path().join("lanner-count-1");
    fs::write(&marked, "").expect("a marked file");
    let mut child = host(&["counter-1"]).stderr(Stdio::piped()).spawn().expect("lanner starts");
    let _unread = child.stdout.take();
    let mut lines = BufReader::new(child.stderr.take().expect("its stderr")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("watching kernel")));
    // More than may wait for the pipe, which holds 64 KiB.
    for _ in 0..60_000 {
        drop(fs::File::open(&marked));
    }
    assert!(lines.any(|line| line.contains("stdout takes no findings (perhaps as nobody reads it)")));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    let waiting = said.iter().find_map(|line| line.split_once(" findings are lost"));
    let waiting = waiting.and_then(|(before, _)| before.rsplit(' ').next()?.parse::<u64>().ok());
    // Of a second 4,096 are taken, and a pipe holds a few of them.
    assert!(waiting.is_some_and(|waiting| waiting > 4_000), "{said:?}");
    assert!(said.iter().any(|line| line.contains("not all was written within 10s")), "{said:?}");
}

/// Who asks twice does not want to wait.
#[test]
fn a_host_that_is_asked_twice_ends_at_once() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let marked = folder.path().join("lanner-count-2");
    fs::write(&marked, "").expect("a marked file");
    let mut child = host(&["counter-1"]).stderr(Stdio::piped()).spawn().expect("lanner starts");
    let _unread = child.stdout.take();
    let mut lines = BufReader::new(child.stderr.take().expect("its stderr")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("watching kernel")));
    // More than the pipe holds: it would wait for a reader.
    for _ in 0..2_000 {
        drop(fs::File::open(&marked));
    }
    assert!(lines.any(|line| line.contains("stdout takes no findings")));
    lanner_tests::signal(child.id(), rustix::process::Signal::TERM);
    assert!(lines.any(|line| line.contains("a second signal stops at once")));
    lanner_tests::signal(child.id(), rustix::process::Signal::TERM);
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(said.iter().any(|line| line.contains("stopped at once, as asked twice")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("not all was written within")), "{said:?}");
}

/// Its time is over, and it still waits for a reader: the first who asks it to end has not asked twice.
#[test]
fn a_host_whose_time_is_over_has_not_been_asked_yet() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let marked = folder.path().join("lanner-count-3");
    fs::write(&marked, "").expect("a marked file");
    let (_unread, mut pen) = std::io::pipe().expect("a pipe");
    // As much as it holds: the first finding finds no room.
    pen.write_all(&[b'.'; 64 << 10]).expect("it holds 64 KiB");
    let mut child = host(&["counter-1"]);
    let mut child = child.args(["--for", "5s"]).stdout(pen).stderr(Stdio::piped()).spawn().expect("lanner starts");
    let mut lines = BufReader::new(child.stderr.take().expect("its stderr")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("watching kernel")));
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                drop(fs::File::open(&marked));
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let stopping = lines.any(|line| line.contains("who asks twice stops at once"));
        over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(stopping, "its time is over");
    });
    lanner_tests::signal(child.id(), rustix::process::Signal::INT);
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(1));
    assert!(said.iter().any(|line| line.contains("not all was written within 10s")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("asked twice")), "{said:?}");
}

/// Nobody reads what the host says: it goes on, and ends when it is asked to.
#[test]
fn a_host_whose_words_nobody_reads_goes_on_and_ends() {
    require_kernel!();
    let _alone = alone("misbehaving");
    let folder = tempfile::tempdir().expect("a folder");
    let (_unread, mut pen) = std::io::pipe().expect("a pipe");
    // As much as it holds: the first word of the host's finds no room.
    pen.write_all(&[b'.'; 64 << 10]).expect("it holds 64 KiB");
    let mut child = host(&["counter-1", "misbehaving"]).stderr(pen).spawn().expect("lanner starts");
    let lines = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let (stdout, kept) = (child.stdout.take().expect("its stdout"), lines.clone());
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            kept.lock().expect("the lines").push(line);
        }
    });
    // A pack that talks much and one that counts, again and again.
    let opened = |name: &str, found: &str| {
        let path = folder.path().join(name);
        let end = Instant::now() + PATIENCE;
        let before = lines.lock().expect("the lines").iter().filter(|line| line.contains(found)).count();
        while lines.lock().expect("the lines").iter().filter(|line| line.contains(found)).count() == before {
            assert!(Instant::now() < end, "{found} is not found");
            fs::write(&path, "").expect("a marked file");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    for _ in 0..3 {
        opened("lanner-misbehave-chatter", "about to: lanner-misbehave-chatter");
        opened("lanner-count-me", "lanner-count-me");
    }
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it can be signalled");
    let end = Instant::now() + PATIENCE;
    while child.try_wait().expect("it can be waited for").is_none() {
        assert!(Instant::now() < end, "it does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(child.wait().expect("it ended").code(), Some(0));
}

/// What the host has to say may find no listener; what it finds still does.
#[test]
fn a_host_that_cannot_complain_goes_on() {
    require_kernel!();
    let _alone = alone("misbehaving");
    let folder = tempfile::tempdir().expect("a folder");
    let (listener, pen) = std::io::pipe().expect("a pipe");
    let mut child = host(&["counter-1", "misbehaving"]).stderr(pen).spawn().expect("lanner starts");
    let mut lines = BufReader::new(listener).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("watching kernel")));
    drop(lines);
    // Its panic is logged by the pack and reported by the host.
    fs::write(folder.path().join("lanner-misbehave-trap"), "").expect("a marked file");
    std::thread::sleep(Duration::from_millis(300));
    let marked = folder.path().join("lanner-count-1");
    fs::write(&marked, "").expect("a marked file");
    let mut findings = BufReader::new(child.stdout.take().expect("its stdout")).lines().map_while(Result::ok);
    let counted = format!("1 {}", marked.display());
    assert!(findings.any(|line| line.contains(&counted)), "the sound pack still judges");
    child.kill().expect("killed");
    child.wait().expect("it ends");
}
