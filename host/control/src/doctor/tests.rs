//! Checks of machines that are made up.

use std::os::unix::fs::symlink;

use super::*;

/// A machine as a directory.
struct Made {
    dir: tempfile::TempDir,
    place: Place,
}

impl Made {
    /// One where all is well.
    fn well() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let place =
            Place { root: dir.path().to_owned(), release: "6.12.0-amd64".into(), architecture: "x86_64".into() };
        let made = Self { dir, place };
        made.write("/proc/self/status", "Name:\tlanner\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n");
        made.write(
            "/proc/self/mountinfo",
            "25 1 0:22 / /sys rw - sysfs sysfs rw\n\
             26 25 0:6 / /sys/kernel/security rw - securityfs securityfs rw\n\
             27 25 0:7 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n\
             28 25 0:8 / /sys/fs/bpf rw - bpf bpf rw\n",
        );
        made.write("/proc/1/stat", "1 (systemd) S 0 1 1\n");
        made.write("/proc/meminfo", "MemTotal:  16000000 kB\nMemAvailable:   8000000 kB\n");
        made.write("/proc/cmdline", "quiet\n");
        made.write("/proc/sys/net/core/bpf_jit_enable", "1\n");
        made.write("/proc/sys/kernel/io_uring_disabled", "2\n");
        made.write("/sys/kernel/btf/vmlinux", "BTF");
        made.write("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
        made.write("/sys/kernel/security/lsm", "lockdown,capability,bpf\n");
        made.link("/proc/self/ns/user", "user:[4026531837]");
        made.link("/proc/self/ns/pid", "pid:[4026531836]");
        made
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.place.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn link(&self, path: &str, target: &str) {
        let path = self.place.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        let _ = fs::remove_file(&path);
        symlink(target, path).expect("linked");
    }

    fn remove(&self, path: &str) {
        let path = self.place.path(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("removed");
    }

    /// Has a file be there that cannot be read.
    fn make_unreadable(&self, path: &str) {
        let path = self.place.path(path);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path).expect("a directory in its place");
    }

    /// The only check that is not well.
    fn only_fault(&self) -> Check {
        let mut faults: Vec<_> = checks(&self.place).into_iter().filter(|check| check.verdict != Verdict::Ok).collect();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        faults.remove(0)
    }
}

#[test]
fn a_good_machine_is_well() {
    let report = Report::new(checks(&Made::well().place));
    assert!(report.usable());
    for check in report.checks() {
        assert_eq!(check.verdict, Verdict::Ok, "{check:?}");
        assert!(check.cost.is_empty() && check.remedy.is_empty() && !check.found.is_empty(), "{check:?}");
    }
}

#[test]
fn an_empty_machine_is_examined_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let place = Place { root: dir.path().to_owned(), release: String::new(), architecture: String::new() };
    let report = Report::new(checks(&place));
    assert!(!report.usable());
    for check in report.checks() {
        assert_eq!(check.verdict == Verdict::Ok, check.cost.is_empty(), "{check:?}");
        assert_eq!(check.verdict == Verdict::Ok, check.remedy.is_empty(), "{check:?}");
    }
}

#[test]
fn each_fault_is_found_alone() {
    type Fault = fn(&mut Made);
    use Verdict::{Degraded, Missing, Unknown};
    let faults: [(&str, Verdict, &str, Fault); 28] = [
        ("kernel", Missing, "5.14", |made| made.place.release = "5.14.21-150500".into()),
        ("kernel", Unknown, "el9", |made| made.place.release = "5.14.0-503.el9.x86_64".into()),
        ("BPF JIT", Degraded, "is 0", |made| made.write("/proc/sys/net/core/bpf_jit_enable", "0")),
        ("BPF JIT", Unknown, "No such file", |made| made.remove("/proc/sys/net/core/bpf_jit_enable")),
        ("kernel BTF", Missing, "No such file", |made| made.remove("/sys/kernel/btf/vmlinux")),
        ("kernel BTF", Missing, "is empty", |made| made.write("/sys/kernel/btf/vmlinux", "")),
        ("lockdown", Missing, "confidentiality", |made| {
            made.write("/sys/kernel/security/lockdown", "none integrity [confidentiality]");
        }),
        ("BPF LSM", Degraded, "not among", |made| made.write("/sys/kernel/security/lsm", "capability,yama")),
        ("BPF LSM", Unknown, "No such file", |made| made.remove("/sys/kernel/security/lsm")),
        ("io_uring", Degraded, "is 0", |made| {
            made.place.release = "5.15.0".into();
            made.write("/proc/sys/kernel/io_uring_disabled", "0");
        }),
        ("io_uring", Degraded, "privileged", |made| {
            made.place.release = "5.15.0".into();
            made.write("/proc/sys/kernel/io_uring_disabled", "1");
        }),
        ("io_uring", Degraded, "no switch", |made| {
            made.place.release = "5.15.0".into();
            made.remove("/proc/sys/kernel/io_uring_disabled");
        }),
        ("capabilities", Missing, "uid 1000 without CAP_BPF and CAP_PERFMON", |made| {
            made.write("/proc/self/status", "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0\n");
        }),
        ("capabilities", Missing, "without CAP_PERFMON", |made| {
            made.write("/proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t0000008000000000\n");
        }),
        ("capabilities", Degraded, "without CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", |made| {
            made.write("/proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t000000c000000000\n");
        }),
        ("capabilities", Degraded, "without CAP_SYS_PTRACE", |made| {
            made.write("/proc/self/status", "Uid:\t0\t0\t0\t0\nCapEff:\t0000000000200002\n");
        }),
        ("capabilities", Missing, "user namespace", |made| made.link("/proc/self/ns/user", "user:[4026532000]")),
        ("pid namespace", Missing, "4026532001", |made| made.link("/proc/self/ns/pid", "pid:[4026532001]")),
        ("pid namespace", Missing, "cannot be read", |made| made.remove("/proc/self/ns/pid")),
        ("capabilities", Unknown, "says nothing", |made| made.write("/proc/self/status", "")),
        ("capabilities", Unknown, "cannot be read", |made| made.remove("/proc/self/ns/user")),
        ("processes", Degraded, "hides those of others", |made| made.remove("/proc/1")),
        // What cannot be read is not "not in this kernel".
        ("io_uring", Unknown, "Is a directory", |made| {
            made.place.release = "5.15.0".into();
            made.make_unreadable("/proc/sys/kernel/io_uring_disabled");
        }),
        ("lockdown", Unknown, "Is a directory", |made| made.make_unreadable("/sys/kernel/security/lockdown")),
        ("BPF LSM", Unknown, "Is a directory", |made| made.make_unreadable("/sys/kernel/security/lsm")),
        ("memory", Unknown, "does not tell", |made| made.make_unreadable("/proc/meminfo")),
        ("memory", Degraded, "97 MiB", |made| made.write("/proc/meminfo", "MemAvailable: 100000 kB")),
        ("memory", Unknown, "does not tell", |made| made.write("/proc/meminfo", "MemAvailable: many")),
    ];
    for (name, verdict, found, fault) in faults {
        let mut made = Made::well();
        fault(&mut made);
        let check = made.only_fault();
        assert_eq!((&*check.name, check.verdict), (name, verdict), "{check:?}");
        assert!(check.found.contains(found), "{check:?} says nothing of {found:?}");
        assert!(!check.cost.is_empty() && !check.remedy.is_empty(), "{check:?}");
    }
}

#[test]
fn what_is_off_is_well() {
    let made = Made::well();
    made.remove("/proc/sys/kernel/io_uring_disabled");
    made.remove("/sys/kernel/security/lockdown");
    assert!(checks(&made.place).iter().all(|check| check.verdict == Verdict::Ok));
}

#[test]
fn without_proc_nothing_is_well_that_stands_there() {
    let made = Made::well();
    made.remove("/proc");
    let well: Vec<String> =
        checks(&made.place).into_iter().filter(|check| check.verdict == Verdict::Ok).map(|check| check.name).collect();
    // What does not stand in /proc; that of securityfs stands where it is mounted, which is not known.
    assert_eq!(well, ["kernel", "architecture", "kernel BTF", "lockdown", "BPF LSM", "io_uring"]);
}

#[test]
fn mounts_decide() {
    let made = Made::well();
    made.write("/proc/self/mountinfo", "1 1 0:1 / /c rw - cgroup cgroup rw\n1 1 0:1 / /u rw - cgroup2 cgroup2 rw\n");
    made.remove("/sys/kernel/security");
    let verdicts: Vec<_> = checks(&made.place)
        .iter()
        .map(|check| (check.name.clone(), check.verdict))
        .filter(|(_, v)| *v != Verdict::Ok)
        .collect();
    let expected = [("cgroups", Verdict::Degraded), ("lockdown", Verdict::Unknown), ("BPF LSM", Verdict::Unknown)];
    let verdicts: Vec<(&str, Verdict)> = verdicts.iter().map(|(name, verdict)| (&**name, *verdict)).collect();
    assert_eq!(verdicts, expected);
}

#[test]
fn another_architecture_has_no_probes() {
    let mut made = Made::well();
    made.place.architecture = "riscv64".into();
    let report = Report::new(checks(&made.place));
    assert!(!report.usable());
}

#[test]
fn the_cache_is_looked_at_and_not_made() {
    use std::os::unix::fs::PermissionsExt as _;
    let made = Made::well();
    let cache = made.dir.path().join("var/cache/lanner");
    assert_eq!(process::cache(Some(&cache)).verdict, Verdict::Ok);
    assert!(!cache.exists());

    fs::create_dir_all(&cache).expect("made");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).expect("closed");
    assert_eq!(process::cache(Some(&cache)).verdict, Verdict::Ok);
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).expect("opened");
    made.write("/var/file", "");
    for (folder, found) in [
        (Some(cache), "others can write"),
        (Some(made.dir.path().join("var/file/lanner")), "is not a folder"),
        (Some("relative/lanner".into()), "there is no folder"),
        (None, "there is no folder"),
    ] {
        let check = process::cache(folder.as_deref());
        assert_eq!(check.verdict, Verdict::Degraded, "{check:?}");
        assert!(check.found.contains(found), "{check:?}");
    }
}

#[test]
fn json_has_the_documented_shape() {
    let report = Report::new(vec![Check::missing("kernel", "5.4.0", "nothing works", "use another")]);
    let expected = r#"{"usable":false,"checks":[{"name":"kernel","verdict":"missing","found":"5.4.0","cost":"nothing works","remedy":"use another"}]}"#;
    assert_eq!(serde_json::to_string(&report).expect("json"), expected);
}

#[test]
fn this_machine_is_examined() {
    let report = examine();
    for check in report.checks() {
        assert_eq!(check.verdict == Verdict::Ok, check.cost.is_empty(), "{check:?}");
        assert_eq!(check.verdict == Verdict::Ok, check.remedy.is_empty(), "{check:?}");
    }
    println!("{}", report.render(false));
}
