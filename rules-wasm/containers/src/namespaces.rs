//! Ways out of a container through namespaces, folders and processes of the host.

use common::contained::{is_contained, is_setting_up, outside, place, shares_host_pids};
use common::context::{is_container_runtime, is_debugging};
use common::outcome::Outcome;
use common::programs::{is_installed, is_shell, label};
use lanner_sdk::abi::event_flag;
use lanner_sdk::filter::{Only, scope};
use lanner_sdk::prelude::*;

use crate::Containers;
use crate::raise::{attempt, told};

/// Namespaces of users, mounts and control groups, as flags of clone(2).
const CLONE_NEWUSER: u32 = 0x1000_0000;
const CLONE_NEWNS: u32 = 0x0002_0000;
/// Requests that reach into another process: POKETEXT, POKEDATA, SETREGS, ATTACH, SEIZE (ptrace(2)).
const REACHES: [i32; 5] = [4, 5, 13, 16, 0x4206];

/// Begins a path of which the beginning is not known, as where more folders lead to it than are looked at.
const LOST: &str = ".../";
/// Fewer folders than those.
const DEEP: usize = 64;

/// Where the roots and folders of processes begin.
const PROC: &str = "/proc/";
/// Files and folders of the host that a container is after.
static OUTSIDE: TextSet = TextSet::new()
    .equals(&[
        "/",
        "/boot",
        "/etc",
        "/etc/hostname",
        "/etc/machine-id",
        "/home",
        "/root",
        "/tmp",
        "/usr/bin",
        "/var",
        "/var/lib",
    ])
    .starts_with(&[
        "/bin/",
        "/boot/",
        "/etc/cron",
        "/etc/docker/",
        "/etc/gshadow",
        "/etc/kubernetes/",
        "/etc/ld.so.conf",
        "/etc/ld.so.preload",
        "/etc/pam.d/",
        "/etc/passwd",
        "/etc/profile",
        "/etc/rancher/",
        "/etc/shadow",
        "/etc/ssh/",
        "/etc/ssl/private/",
        "/etc/sudoers",
        "/etc/systemd/",
        "/root/.bash",
        "/root/.netrc",
        "/root/.profile",
        "/sbin/",
        "/sys/kernel/",
        "/usr/bin/",
        "/usr/local/bin/",
        "/usr/local/sbin/",
        "/usr/sbin/",
        "/var/lib/docker/",
        "/var/lib/kubelet/",
        "/var/lib/rancher/",
        "/var/spool/cron/",
    ])
    .ends_with(&["/release_agent"]);
/// Programs that make sandboxes of their own, in containers too.
static SANDBOXES: TextSet = TextSet::new().equals(&[
    "bazel",
    "brave",
    "buildah",
    "buildkitd",
    "bwrap",
    "chrome",
    "chrome_crashpad_handler",
    "chromium",
    "code",
    "crun",
    "electron",
    "firefox",
    "fuse-overlayfs",
    "headless_shell",
    "linux-sandbox",
    "msedge",
    "newuidmap",
    "nix",
    "nix-daemon",
    "opera",
    "podman",
    "rootlesskit",
    "runc",
    "systemd",
    "systemd-executor",
    "webkit",
    "xdg-dbus-proxy",
]);
/// Programs that confine themselves in an empty folder, or set up a system in one.
static CHROOTERS: TextSet = TextSet::new().equals(&[
    "apt",
    "apt-get",
    "avahi-daemon",
    "bind9",
    "chronyd",
    "dnf",
    "dovecot",
    "dpkg",
    "haproxy",
    "master",
    "named",
    "ntpd",
    "openvpn",
    "postfix",
    "rpm",
    "smtpd",
    "sshd",
    "sshd-session",
    "systemd",
    "systemd-executor",
    "unbound",
    "vsftpd",
]);
/// What enters namespaces on a host, and is made for that.
static ENTERERS: TextSet = TextSet::new().equals(&[
    "apptainer",
    "cadvisor",
    "criu",
    "falco",
    "flatpak",
    "ip",
    "kubelet",
    "lxc-attach",
    "lxd",
    "machinectl",
    "node-problem-detector",
    "osqueryd",
    "snap-confine",
    "snap-update-ns",
    "snapd",
    "starter",
    "starter-suid",
    "systemd",
    "systemd-executor",
    "systemd-journald",
    "systemd-machined",
    "systemd-nspawn",
    "unshare",
]);

pub(crate) fn add(r: &mut Rules<Containers>) {
    r.rule("privilege-escalation/container-enters-host")
        .summary("A process in a container entered namespaces of the host: it has left its container")
        .severity(Critical)
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Namespaces of other containers")
        .on_setns(|_, e, out| {
            let process = e.process();
            if e.failed() || !is_contained(&process) || is_setting_up(&process) {
                return;
            }
            let Some(host) = outside(&process) else { return };
            let enters = |before: Option<u32>, now: Option<u32>, host: Option<u32>| {
                now.is_some() && now == host && before != now
            };
            let namespaces: Vec<_> = [
                (enters(process.mnt_ns(), e.mnt_ns(), host.mnt_ns()), "mounts"),
                (enters(process.pid_ns(), e.pid_ns(), host.pid_ns()), "processes"),
                (enters(process.net_ns(), e.net_ns(), host.net_ns()), "network"),
            ]
            .into_iter()
            .filter_map(|(enters, what)| enters.then_some(what))
            .collect();
            if !namespaces.is_empty() {
                let what = namespaces.join(" and ");
                out.finding(format!("{} in {} entered the host's {what}", label(&process), place(&process)));
            }
        });

    r.rule("privilege-escalation/nsenter-in-container")
        .summary("A program that enters namespaces was run in a container: containers have no others to enter")
        .severity(High)
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Programs of another name: container-enters-host sees them where they succeed")
        .only(exec::image::exe().ends_with(["/nsenter", "/busybox", "/toybox"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let called = image.args().take(2).any(|argument| argument.file_name() == "nsenter");
            let asks =
                image.args().any(|argument| matches!(argument.as_bytes(), b"--help" | b"-h" | b"--version" | b"-V"));
            if called && !asks && !is_shell(&image) && is_contained(&image) {
                out.finding(format!("{} was run in {}", image.command_line(), place(&image)));
            }
        });

    r.rule("execution/namespaces-entered")
        .summary("A program on the host that is not part of a runtime entered the files of a container")
        .severity(Medium)
        .attack("T1609")
        .attack("T1611")
        .property("maturity", "incubating")
        .property("misses", "Namespaces of networks, users and processes alone; debuggers")
        .on_setns(|_, e, out| {
            let process = e.process();
            let host = outside(&process).and_then(|host| host.mnt_ns());
            if e.failed() || e.mnt_ns().is_none() || e.mnt_ns() == process.mnt_ns() || e.mnt_ns() == host {
                return;
            }
            if is_contained(&process) || host.is_none() || is_expected_to_enter(&process) {
                return;
            }
            out.finding(format!("{} entered the files of another: {}", label(&process), process.command_line()));
        });

    r.rule("privilege-escalation/container-user-namespace")
        .summary("A process in a container made itself root of a user namespace, as attacks on the kernel begin")
        .severity(Medium)
        .attack("T1611")
        .attack("T1068")
        .property("maturity", "incubating")
        .property("misses", "Namespaces that a fork makes (clone), and those of browsers and of what builds images")
        .only(container::id().known())
        .only(unshare::flags().all(CLONE_NEWUSER))
        .on_unshare(|_, e, out| {
            let process = e.process();
            let outcome = Outcome::of_result(e.result());
            if is_setting_up(&process) || is_installed(&process, &SANDBOXES) {
                return;
            }
            let Some(told) = told(&process, outcome, "made", "tried to make") else { return };
            let severity = if outcome == Outcome::Done { Medium } else { Low };
            out.finding(format!("{told} a user namespace")).severity(severity);
        })
        .unfiltered()
        .only(container::id().known())
        .only(unshare::flags().all(CLONE_NEWNS))
        .on_unshare(|_, e, out| {
            let process = e.process();
            let by_hand = is_shell(&process) || process.name() == "unshare" || process.name() == "busybox";
            if !e.failed() && by_hand && e.flags() & CLONE_NEWUSER == 0 {
                out.finding(format!("{} in {} left for mounts of its own", label(&process), place(&process)));
            }
        });

    r.rule("privilege-escalation/container-changes-root")
        .summary("A process in a container took another folder for its root, as one does with the host's")
        .severity(High)
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Programs that work in the host's files without making them their root")
        .on_chroot(|_, e, out| {
            let process = e.process();
            if process.container().is_none() || is_setting_up(&process) || is_installed(&process, &CHROOTERS) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(told) = told(&process, outcome, "took", "tried to take") else { return };
            let path = e.path();
            let of_host = common::contained::host_path(&process, path);
            let is_host =
                path.starts_with("/proc/") || of_host.as_deref().is_some_and(|host| host == b"/" || host.is_empty());
            let severity = if is_host { High } else { Medium };
            if path != "/" {
                attempt(out, outcome, severity, format!("{told} {path} for its root"));
            }
        })
        .on_pivot_root(|_, e, out| {
            let process = e.process();
            if process.container().is_none() || is_setting_up(&process) || is_installed(&process, &SANDBOXES) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(told) = told(&process, outcome, "took", "tried to take") else { return };
            attempt(out, outcome, Medium, format!("{told} {} for the root of its mounts", e.new_root()));
        });

    r.rule("privilege-escalation/container-reads-through-process")
        .summary("A process in a container reached files through another process that is not in it: the host's")
        .severity(High)
        .attack("T1611")
        .attack("T1005")
        .property("maturity", "stable")
        .property(
            "misses",
            "What is asked for by a path that leads there by links alone; files that open no doors and are not programs",
        )
        .only(open::asked().starts_with([PROC]).or(open::path().starts_with([PROC])))
        .only(
            open::asked()
                .contains(["/root/", "/cwd/"])
                .or(open::path().contains(["/root/", "/cwd/"]))
                .or(open::asked().ends_with(["/root"])),
        )
        .only(outside_files())
        .on_open(|_, e, out| {
            let process = e.process();
            if !is_contained(&process) || is_setting_up(&process) {
                return;
            }
            let asked = if e.asked().is_known() { e.asked() } else { e.path() };
            let outside = event_flag::FOREIGN | event_flag::UNREACHABLE;
            let outcome = Outcome::of(e);
            let Some(told) = told(&process, outcome, "opened", "tried to open") else { return };
            if record_flags(e) & outside != 0 {
                out.finding(format!("{told} {asked}, which is {}", common::files::file(e)));
            } else if outcome != Outcome::Done || (shares_host_pids(&process) && asked.starts_with("/proc/1/")) {
                attempt(out, outcome, High, format!("{told} {asked}"));
            }
        });

    r.rule("privilege-escalation/container-leaks-out")
        .summary("A process in a container opened a file that lies outside of all that it has mounted")
        .severity(High)
        .attack("T1611")
        .property("maturity", "incubating")
        .property(
            "misses",
            "Files that are reached through what the container has mounted; of another's mounts those that open no doors and are not programs",
        )
        .only(container::id().known())
        .only(event::flags().any(event_flag::UNREACHABLE | event_flag::FOREIGN))
        .only(outside_files())
        .on_open(|_, e, out| {
            let process = e.process();
            let path = e.path();
            if e.failed() || is_setting_up(&process) || path.starts_with("/dev/") || e.asked().starts_with(PROC) {
                return;
            }
            let unreachable = record_flags(e) & event_flag::UNREACHABLE != 0;
            if path.starts_with("/") || unreachable {
                out.finding(format!("{} in {} opened {path}, which is not in it", label(&process), place(&process)));
            }
        })
        // By a handle (open_by_handle_at) of a file that is mounted alone: no mount leads up to its folder.
        .unfiltered()
        .only(container::id().known())
        .only(open::path().starts_with([LOST]))
        .on_open(|_, e, out| {
            let process = e.process();
            let depth = e.path().as_bytes().iter().filter(|byte| **byte == b'/').count();
            if !e.failed() && depth < DEEP && !is_setting_up(&process) {
                let file = common::files::file(e);
                out.finding(format!("{} in {} opened {file}, which is not in it", label(&process), place(&process)));
            }
        });

    r.rule("privilege-escalation/container-works-outside")
        .summary("A program began in a container with a working directory outside of it, among the host's files")
        .severity(Critical)
        .attack("T1611")
        .property("maturity", "incubating")
        .property("misses", "Folders that are reached later")
        .only(exec::image::cwd().starts_with(["(unreachable)", "/proc/self/fd/"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if is_contained(&image) && !is_setting_up(&image) {
                let message = format!("{} began in {} with the folder {}", label(&image), place(&image), image.cwd());
                out.finding(message);
            }
        });

    r.rule("privilege-escalation/container-reaches-into-process")
        .summary("A process in a container traced or changed one that is not in it")
        .severity(Critical)
        .attack("T1611")
        .attack("T1055.008")
        .property("maturity", "stable")
        .property("misses", "Processes whose container is not known")
        .only(container::id().known())
        .only(ptrace::request().one_of(REACHES))
        .on_ptrace(|_, e, out| {
            let target = e.target_row().and_then(|row| e.named_process(row));
            reached(&e.process(), target, e.result(), "traced", out);
        })
        .unfiltered()
        .only(container::id().known())
        .only(process_memory::target_ns_pid().between(1..))
        .on_process_memory(|_, e, out| {
            let target = e.target_row().and_then(|row| e.named_process(row));
            reached(&e.process(), target, e.result(), "reached into the memory of", out);
        });
}

/// Opens of what matters of the host's files. That a file is the host's, the kernel side cannot tell apart: asked for are paths
/// that the host itself seldom opens.
fn outside_files() -> Only<scope::Open> {
    open::path()
        .starts_with(["(unreachable)", LOST])
        .or(open::path()
            .starts_with([PROC])
            .and(open::path().contains(["/cwd/", "/root/"]).or(open::path().ends_with(["/root"]))))
        .or(open::path().matches(&OUTSIDE))
        .or(open::path().contains(["/.aws/", "/.docker/", "/.gnupg/", "/.kube/", "/.ssh/"]))
}

/// Facts about the record, not those that the file was opened with.
fn record_flags(e: &Event<'_>) -> u16 {
    e.flags()
}

/// Raises the finding, where the target is not in a container.
fn reached(process: &Process<'_>, target: Option<Process<'_>>, result: i64, did: &str, out: &mut Out<'_>) {
    let Some(target) = target else { return };
    if target.container().is_some() || is_contained(&target) || is_setting_up(process) {
        return;
    }
    let outcome = Outcome::of_result(result);
    if let Some(verb) = outcome.verb("", "tried and failed: ") {
        let message = format!("{verb}{} in {} {did} {target}", label(process), place(process));
        attempt(out, outcome, Critical, message);
    }
}

fn is_expected_to_enter(process: &Process<'_>) -> bool {
    is_container_runtime(process) || is_installed(process, &ENTERERS) || is_debugging(process) || is_setting_up(process)
}
