//! The unit that Lanner comes with, and what a host does with no more than that lets it do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lanner_tests::{Lanner, binary, require_kernel, root, test_pack};
use serde_json::Value;

/// How much systemd finds a service exposed to, in tenths: of what it counts, Lanner has need of the rest.
const EXPOSURE: &str = "35";
/// The capabilities of the unit, as bits (`include/uapi/linux/capability.h`): DAC_READ_SEARCH, SYS_PTRACE, PERFMON, BPF.
const CAPABILITIES: u64 = 1 << 2 | 1 << 19 | 1 << 38 | 1 << 39;

fn unit() -> String {
    fs::read_to_string(root().join("host/packaging/lanner.service")).expect("the unit")
}

/// The values of a key in it.
fn values<'u>(unit: &'u str, key: &str) -> Vec<&'u str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

fn touch(file: &Path) {
    fs::OpenOptions::new().append(true).create(true).open(file).expect("it opens");
}

/// The sets of capabilities of each thread of a process: `CapPrm`, for example.
fn of_threads(pid: u32, set: &str) -> Vec<u64> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("its threads");
    let statuses = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    let of = |status: String| {
        let line =
            status.lines().find_map(|line| line.strip_prefix(set)?.strip_prefix(':').map(str::trim).map(str::to_owned));
        u64::from_str_radix(&line.unwrap_or_default(), 16).expect("a set")
    };
    statuses.map(of).collect()
}

/// Where systemd's own look at it can be had: a copy of the unit whose program is there.
fn checked(folder: &Path) -> Option<PathBuf> {
    let there = Command::new("systemd-analyze").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: there is no systemd-analyze");
        return None;
    }
    let copy = folder.join("lanner.service");
    let program = binary();
    fs::write(&copy, unit().replace("/usr/bin/lanner", program.to_str().expect("UTF-8"))).expect("written");
    Some(copy)
}

#[test]
fn systemd_takes_the_unit_and_finds_it_guarded() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(copy) = checked(folder.path()) else { return };
    for arguments in [vec!["verify"], vec!["security", "--offline=true", "--threshold", EXPOSURE]] {
        let output = Command::new("systemd-analyze").args(&arguments).arg(&copy).output().expect("it runs");
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&said));
        assert!(arguments != ["verify"] || said.is_empty(), "{}", String::from_utf8_lossy(&said));
    }
}

#[test]
fn the_capabilities_of_the_unit_are_enough() {
    require_kernel!();
    let unit = unit();
    let bounding = values(&unit, "CapabilityBoundingSet").join(" ");
    let mut names: Vec<String> =
        bounding.split_whitespace().map(|name| name.trim_start_matches("CAP_").to_lowercase()).collect();
    names.sort_unstable();
    assert_eq!(names, ["bpf", "dac_read_search", "perfmon", "sys_ptrace"]);
    let folder = tempfile::tempdir().expect("a folder");
    let marked = folder.path().join("lanner-count-a");
    let bounding = format!("-all,+{}", names.join(",+"));
    let by = ["--no-new-privs", "--inh-caps", "-all", "--bounding-set", &bounding];
    let pack = test_pack("counter-1");
    let arguments = ["run", "--rules", pack.to_str().expect("UTF-8"), "--output", "json", "--buffer", "128"];
    let host = Lanner::start_by(Path::new("setpriv"), by, arguments);
    host.wait_for_stderr("watching kernel");
    assert!(of_threads(host.pid(), "CapPrm").iter().all(|set| *set == CAPABILITIES));
    touch(&marked);
    host.wait_for_finding("finding", |finding| finding["event"]["path"] == marked.to_str().expect("UTF-8"));
    let ended = host.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
    assert!(!ended.stderr.contains("CAP_"), "nothing is lacking: {}", ended.stderr);
}

#[test]
fn none_of_them_is_too_many() {
    require_kernel!();
    let pack = test_pack("counter-1");
    let all = ["bpf", "perfmon", "sys_ptrace", "dac_read_search"];
    for (without, says) in [("bpf", "CAP_BPF"), ("perfmon", "CAP_PERFMON"), ("sys_ptrace", "run with CAP_SYS_PTRACE")] {
        let others: Vec<&str> = all.into_iter().filter(|name| *name != without).collect();
        let bounding = format!("-all,+{}", others.join(",+"));
        let by = ["--no-new-privs", "--inh-caps", "-all", "--bounding-set", &bounding];
        let arguments = ["run", "--rules", pack.to_str().expect("UTF-8"), "--for", "1s"];
        let ended = Lanner::start_by(Path::new("setpriv"), by, arguments).end();
        assert!(ended.stderr.contains(says), "without {without}: {}", ended.stderr);
    }
    // Of the last the doctor knows what it is for.
    let bounding = "-all,+bpf,+perfmon,+sys_ptrace";
    let mut doctor = Command::new("setpriv");
    doctor.args(["--inh-caps", "-all", "--bounding-set", bounding]).arg(binary()).args(["doctor", "--output", "json"]);
    let said = doctor.output().expect("setpriv runs").stdout;
    assert!(
        String::from_utf8_lossy(&said).contains("without CAP_DAC_READ_SEARCH"),
        "{}",
        String::from_utf8_lossy(&said)
    );
}

#[test]
fn what_watching_does_not_need_is_given_up_for_good() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let [marked, other] = ["lanner-count-a", "lanner-count-b"].map(|name| folder.path().join(name));
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).expect("a folder");
    lanner_tests::put(&test_pack("counter-1"), &rules.join("counter.wasm"));
    let host = Lanner::watch(&[&rules], &["--drop-capabilities", "--self-test"]);
    for set in ["CapPrm", "CapEff", "CapBnd"] {
        let threads = of_threads(host.pid(), set);
        assert!(threads.len() > 1 && threads.iter().all(|threads| *threads == CAPABILITIES), "{set}: {threads:x?}");
    }
    for set in ["CapInh", "CapAmb"] {
        assert!(of_threads(host.pid(), set).iter().all(|threads| *threads == 0), "{set}");
    }
    touch(&marked);
    let is = |finding: &Value, path: &Path| finding["event"]["path"] == path.to_str().expect("UTF-8");
    host.wait_for_finding("finding", |finding| is(finding, &marked));
    // Probes that no pack asked for at the start can still be attached.
    lanner_tests::put(&test_pack("one-rule"), &rules.join("one.wasm"));
    host.wait_for_stderr("pack one-rule 1.0.0 with 1 rules: new");
    touch(&other);
    host.wait_for_finding("finding after that", |finding| is(finding, &other));
    let ended = host.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
}
