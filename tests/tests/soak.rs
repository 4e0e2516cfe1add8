//! What takes long, or takes much of a machine: `make soak` runs it, `make test` does not.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lanner_tests::{Lanner, require_kernel, shipped_packs, test_pack};

/// How long the long ones go on, minutes; 10 where nothing is said.
fn minutes() -> u64 {
    std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(10)
}

/// Memory that a process has, KiB.
fn memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// A group of processes, all of which are killed when it goes.
struct Group(Child);

impl Group {
    fn start(script: &str) -> Self {
        use std::os::unix::process::CommandExt as _;
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("sh runs"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = rustix::process::kill_process_group(
            rustix::process::Pid::from_child(&self.0),
            rustix::process::Signal::KILL,
        );
        let _ = self.0.wait();
    }
}

fn processes() -> usize {
    let all = fs::read_dir("/proc").expect("/proc").flatten();
    all.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.parse::<u32>().is_ok())).count()
}

/// Waits until a host has judged what happened: it answers a status with what it has not lost.
fn lost(lanner: Lanner) -> String {
    let ended = lanner.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
    let last = ended.stderr.lines().last().expect("its last word").to_owned();
    println!("{last}");
    last
}

#[test]
#[ignore = "takes minutes: make soak"]
fn memory_stays_flat_while_programs_come_and_go() {
    require_kernel!();
    let lanner = Lanner::watch(&[&shipped_packs()], &[]);
    let churn = Group::start("while :; do /bin/true; /bin/true some arguments; done");
    let end = Instant::now() + Duration::from_secs(60 * minutes());
    // The ended are kept for a while: it is full of them first.
    let full = Instant::now() + Duration::from_secs(60 * minutes() / 3);
    let (mut before, mut most) = (0, 0);
    while Instant::now() < end {
        std::thread::sleep(Duration::from_secs(5));
        let now = memory(lanner.pid());
        if Instant::now() < full {
            before = before.max(now);
        } else {
            most = most.max(now);
        }
    }
    drop(churn);
    println!("at most {before} KiB in the first third, {most} KiB afterwards");
    assert!(most <= before + before / 10, "it grows: {before} KiB, then {most} KiB");
    assert!(lost(lanner).contains(" 0 events lost"));
}

#[test]
#[ignore = "takes 20,000 processes: make soak"]
fn twenty_thousand_sleepers_are_known() {
    require_kernel!();
    const SLEEPERS: usize = 20_000;
    let sleepers = Group::start(&format!("i=0; while [ $i -lt {SLEEPERS} ]; do sleep 10000 & i=$((i+1)); done; wait"));
    let end = Instant::now() + Duration::from_secs(600);
    while processes() < SLEEPERS {
        assert!(Instant::now() < end, "the machine does not take {SLEEPERS} processes: {} are there", processes());
        std::thread::sleep(Duration::from_millis(100));
    }
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    println!("{} KiB with {SLEEPERS} sleepers", memory(lanner.pid()));
    drop(sleepers);
    assert!(lost(lanner).contains(" 0 events lost"));
}

#[test]
#[ignore = "forks as fast as it goes: make soak"]
fn a_fork_bomb_is_seen_whole() {
    require_kernel!();
    let lanner = Lanner::watch(&[&shipped_packs()], &[]);
    // Four generations of eight: each forks as fast as the machine lets it.
    let script = "bomb() { [ $1 -eq 0 ] || for i in 1 2 3 4 5 6 7 8; do bomb $(($1-1)) & done; wait; }; bomb 4";
    for _ in 0..5 {
        let done = Command::new("sh").args(["-c", script]).status().expect("sh runs");
        assert!(done.success());
    }
    assert!(lost(lanner).contains(" 0 events lost"));
}
