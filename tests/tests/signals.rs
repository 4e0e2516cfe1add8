//! What a host does when it is asked by a signal.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lanner_tests::{Lanner, PATIENCE, binary, put, require_kernel, run, signal, test_pack};
use rustix::process::Signal;

#[test]
fn a_reload_is_asked_for_where_nothing_reloads_by_itself() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("counter.wasm");
    fs::copy(test_pack("counter-1"), &pack).expect("a pack");
    let lanner = Lanner::watch(&[rules.path()], &["--no-reload"]);
    put(&test_pack("counter-2"), &pack);
    // Noticed changes would be loaded by now: this host was started before, and answers after.
    signal(lanner.pid(), Signal::USR1);
    lanner.wait_for_stderr("status: pack counter 1.0.0 with 1 rules");
    signal(lanner.pid(), Signal::HUP);
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    signal(lanner.pid(), Signal::USR1);
    lanner.wait_for_stderr("status: pack counter 2.0.0 with 1 rules");
    let ended = lanner.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("reloaded").count(), 1, "{}", ended.stderr);
}

/// Which signals a process catches (proc_pid_status(5)).
fn caught(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or_default();
    u64::from_str_radix(mask.trim(), 16).unwrap_or(0)
}

/// A rotation of logs, or a monitor, may come while the host still loads its packs.
#[test]
fn signals_that_come_early_end_nothing() {
    require_kernel!();
    let pack = test_pack("counter-1");
    let arguments = ["run".as_ref(), "--no-cache".as_ref(), "--rules".as_ref(), pack.as_os_str()];
    let lanner = Lanner::start(arguments);
    let hangup = 1_u64 << (Signal::HUP.as_raw() - 1);
    lanner.wait("handler", || caught(lanner.pid()) & hangup != 0);
    for meant_well in [Signal::HUP, Signal::USR1, Signal::USR2] {
        signal(lanner.pid(), meant_well);
    }
    for said in ["watching kernel", "asked to reload", "the rules were looked at", "status: 1 pack", "SIGUSR2 asks"] {
        lanner.wait_for_stderr(said);
    }
    assert!(lanner.stop().status.success());
}

#[test]
fn signals_that_mean_nothing_end_nothing() {
    require_kernel!();
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    signal(lanner.pid(), Signal::USR2);
    lanner.wait_for_stderr("SIGUSR2 asks for nothing");
    assert!(lanner.stop().status.success());
}

#[test]
fn a_recording_that_is_moved_aside_is_whole_and_a_new_one_is_begun() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let [capture, first] = ["events.lcap", "events.1.lcap"].map(|name| folder.path().join(name));
    let lanner = Lanner::start(["record".as_ref(), "--output".as_ref(), capture.as_os_str()]);
    lanner.wait_for_stderr("recording to");
    let marked = folder.path().join("lanner-count-me");
    fs::write(&marked, "").expect("a marked file");
    signal(lanner.pid(), Signal::HUP);
    lanner.wait_for_stderr("was not moved aside");
    fs::rename(&capture, &first).expect("moved");
    // As logrotate does with `create`.
    fs::write(&capture, "").expect("an empty file");
    signal(lanner.pid(), Signal::HUP);
    lanner.wait_for_stderr("a new recording is begun");
    drop(fs::File::open(&marked));
    signal(lanner.pid(), Signal::USR1);
    lanner.wait_for_stderr("status: recording for");
    assert!(lanner.stop().status.success());
    let mut opens = Vec::new();
    for file in [first, capture] {
        let pack = test_pack("counter-1");
        let replayed = run([
            "replay".as_ref(),
            "--output".as_ref(),
            "json".as_ref(),
            "--rules".as_ref(),
            pack.as_os_str(),
            file.as_os_str(),
        ]);
        assert!(replayed.status.success(), "a whole capture: {}", replayed.stderr);
        let ours = |line: &&String| line.contains(&format!(" {}\"", marked.display()));
        opens.push(replayed.stdout.iter().filter(ours).count());
        // The second begins with the processes that are there, as the first did.
        let known = replayed.findings().iter().all(|finding| finding["process"]["exe"] != "");
        assert!(known, "{:?}", replayed.stdout);
    }
    // On a busy machine what came before the signal may still have waited to be written.
    assert!(matches!(opens[..], [1, 1] | [0, 2]), "{opens:?}");
}

/// A shell whose window is closed takes its programs with it; a service that gets the same signal reloads.
#[test]
fn a_host_whose_terminal_is_closed_ends() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let pid_file = folder.path().join("pid");
    let command = format!(
        "echo $$ > {}; exec {} run --no-control --rules {}",
        pid_file.display(),
        binary().display(),
        test_pack("counter-1").display()
    );
    let mut terminal = Command::new("script")
        .args(["--quiet", "--flush", "--command", &command])
        .arg(folder.path().join("typescript"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("script (of util-linux) runs");
    let said = || fs::read_to_string(folder.path().join("typescript")).unwrap_or_default();
    let wait = |what: &str, done: &dyn Fn() -> bool| {
        let end = Instant::now() + PATIENCE;
        while !done() {
            assert!(Instant::now() < end, "no {what}: {}", said());
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    let pid = || fs::read_to_string(&pid_file).ok()?.trim().parse::<u32>().ok();
    wait("pid", &|| pid().is_some());
    let pid = pid().expect("it was there");
    let exe = fs::canonicalize(binary()).expect("its path");
    let runs = || fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|path| path == exe);
    wait("host", &|| runs() && said().contains("watching kernel"));
    // It listens to signals when it answers one.
    wait("answer", &|| {
        signal(pid, Signal::USR1);
        std::thread::sleep(Duration::from_millis(100));
        said().contains("status:")
    });
    terminal.kill().expect("the terminal is closed");
    terminal.wait().expect("it is gone");
    wait("end of the host", &|| !runs());
}
