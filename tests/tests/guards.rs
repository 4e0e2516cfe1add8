//! What a host lacks is said by its name: where it cannot run it does not, and where it runs with less, that is said.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use lanner_tests::{Lanner, binary, require_kernel, test_pack};
use tempfile::TempDir;

/// Somebody who is not root, and has no account.
const SOMEBODY: &str = "54321";

/// Runs a host for a second, started by a program such as `prlimit` or `unshare`.
fn run_by(program: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(program);
    command.args(arguments).arg(binary()).args(["run", "--no-control", "--no-cache", "--for", "1s", "--rules"]);
    let Output { status, stderr, .. } =
        command.arg(test_pack("counter-1")).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    (status.code(), String::from_utf8_lossy(&stderr).into_owned())
}

#[track_caller]
fn refused(by: (&str, &[&str]), why: &str) {
    let (code, said) = run_by(by.0, by.1);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(why) && said.lines().count() == 1, "one sentence: {said}");
}

#[track_caller]
fn runs(by: (&str, &[&str]), says: &str) {
    let (code, said) = run_by(by.0, by.1);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("watching kernel") && said.contains(says), "{said}");
}

#[test]
fn a_pid_namespace_that_is_not_the_first_or_not_known_is_refused() {
    require_kernel!();
    refused(("unshare", &["--pid", "--fork", "--mount-proc"]), "in a pid namespace of its own");
    // Where /proc does not say, nothing is assumed.
    let hidden = "mount -t tmpfs none /proc; exec \"$@\"";
    let by = ["--pid", "--fork", "--mount", "sh", "-c", hidden, "sh"];
    refused(("unshare", &by), "cannot find out whether it runs in a pid namespace of its own");
    let by = ["--mount", "sh", "-c", hidden, "sh"];
    refused(("unshare", &by), "mount -t proc proc /proc");
}

#[test]
fn a_proc_that_hides_others_is_said() {
    require_kernel!();
    // As root sees them, whatever /proc hides: by somebody who may load probes, and may not look into others.
    let few = "+bpf,+perfmon,+dac_override,+dac_read_search";
    let hidden = format!(
        "mount -t proc -o hidepid=2 proc /proc; exec setpriv --reuid {SOMEBODY} --regid {SOMEBODY} --clear-groups --inh-caps \
         {few} --ambient-caps {few} \"$@\""
    );
    runs(("unshare", &["--mount", "sh", "-c", &hidden, "sh"]), "degraded: /proc does not show all processes");
    let doctor = Command::new("unshare")
        .args(["--mount", "sh", "-c", &hidden, "sh"])
        .arg(binary())
        .args(["doctor", "--output", "json"])
        .output()
        .expect("unshare runs");
    let report: serde_json::Value = serde_json::from_slice(&doctor.stdout).expect("a report");
    let processes = report["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "processes");
    assert_eq!(processes.expect("it is looked at")["verdict"], "degraded");
}

#[test]
fn limits_are_named() {
    require_kernel!();
    refused(("prlimit", &["--nofile=30:30"]), "only 30 open files may be had (RLIMIT_NOFILE)");
    runs(("prlimit", &["--nofile=30:4096"]), "");
    refused(("prlimit", &["--as=500000000"]), "only 476 MiB of address space may be had (RLIMIT_AS)");
    refused(("prlimit", &["--data=100000000"]), "only 95 MiB of data may be had (RLIMIT_DATA)");
    refused(("prlimit", &["--stack=1048576"]), "of stack may be had (RLIMIT_STACK)");
    // And the doctor knows.
    let doctor =
        Command::new("prlimit").arg("--nofile=30:30").arg(binary()).arg("doctor").output().expect("prlimit runs");
    assert!(!doctor.status.success() && String::from_utf8_lossy(&doctor.stdout).contains("only 30 open files"));
    // The pack is not blamed for what the machine does not give: it runs, if slower.
    runs(("prlimit", &["--as=2000000000"]), "");
    // Nobody is killed for a file that may not grow.
    runs(("prlimit", &["--fsize=1000"]), "");
}

#[test]
fn a_cache_that_may_not_grow_is_done_without() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let Output { status, stderr, .. } = Command::new("prlimit")
        .arg("--fsize=1000")
        .arg(binary())
        .args(["run", "--no-control", "--for", "1s", "--cache"])
        .arg(folder.path().join("cache"))
        .arg("--rules")
        .arg(test_pack("counter-1"))
        .output()
        .expect("prlimit runs");
    let said = String::from_utf8_lossy(&stderr);
    assert!(status.success() && said.contains("File too large") && said.contains("compiled at each start"), "{said}");
}

/// Takes all inotify instances of somebody, until it is killed: this test, started as them.
struct Taken(Child);

impl Taken {
    fn all() -> Self {
        let ours = std::env::current_exe().expect("the path of the test");
        let mut child = as_somebody()
            .arg(ours)
            .args(["--exact", "take_all_inotify_instances", "--ignored", "--nocapture"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("setpriv runs");
        let lines = std::io::BufReader::new(child.stdout.take().expect("its stdout"));
        assert!(std::io::BufRead::lines(lines).map_while(Result::ok).any(|line| line.contains("all taken")));
        Self(child)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Somebody who may do all that a host needs, and is not root.
fn as_somebody() -> Command {
    let all = "+bpf,+perfmon,+dac_override,+dac_read_search,+sys_ptrace";
    let mut command = Command::new("setpriv");
    command.args([
        "--reuid",
        SOMEBODY,
        "--regid",
        SOMEBODY,
        "--clear-groups",
        "--inh-caps",
        all,
        "--ambient-caps",
        all,
    ]);
    command
}

#[test]
#[ignore = "started by the test below"]
fn take_all_inotify_instances() {
    use rustix::fs::inotify::{CreateFlags, init};
    let mut taken = Vec::new();
    while let Ok(instance) = init(CreateFlags::CLOEXEC) {
        taken.push(instance);
    }
    println!("all taken: {}", taken.len());
    loop {
        std::thread::park();
    }
}

#[test]
fn without_inotify_rules_are_looked_for() {
    require_kernel!();
    let _taken = Taken::all();
    let rules = TempDir::new().expect("a folder");
    let put = |pack: &str| {
        fs::copy(test_pack(pack), rules.path().join("aside")).expect("a pack");
        fs::rename(rules.path().join("aside"), rules.path().join("counter.wasm")).expect("in place");
    };
    put("counter-1");
    let command: Vec<_> = as_somebody().get_args().map(OsStr::to_owned).collect();
    let lanner = Lanner::start_by(
        Path::new("setpriv"),
        command,
        ["run".as_ref(), "--no-cache".as_ref(), "--rules".as_ref(), rules.path().as_os_str()],
    );
    lanner.wait_for_stderr("fs.inotify.max_user_instances");
    lanner.wait_for_stderr("watching kernel");
    put("counter-2");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    fs::remove_file(rules.path().join("counter.wasm")).expect("it goes");
    lanner.wait_for_stderr("pack counter is unloaded");
    assert!(lanner.stop().status.success());
}
