//! Mounts over what would give somebody away.

use common::command::{Command, called};
use common::context::{is_container_runtime, is_in_own_user_namespace};
use common::outcome::Outcome;
use common::programs::{is_installed, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// What mounts things there as its work.
static MOUNTERS: TextSet =
    TextSet::new().equals(&["bwrap", "systemd", "systemd-executor", "snap-confine", "systemd-nspawn", "criu"]);
/// Folders whose files tell what somebody has done.
static TELLING: TextSet = TextSet::new().starts_with(&[
    "/etc/audit",
    "/etc/falco",
    "/etc/rsyslog",
    "/run/log/",
    "/usr/bin/falco",
    "/usr/bin/lanner",
    "/usr/sbin/auditd",
    "/var/log",
    "/var/ossec",
]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/process-hidden-by-mount")
        .summary("Something was mounted over a process's folder in /proc: lists of processes do not show it any more")
        .severity(Critical)
        .attack("T1564.013")
        .attack("T1564")
        .attack("T1014")
        .property("maturity", "stable")
        .property("misses", "Processes that are hidden by a library, or by the kernel")
        .only(mount::path().starts_with(["/proc/"]))
        .on_mount(|_, e, out| {
            let process = e.process();
            if !is_process_folder(e.path()) || is_container_runtime(&process) || is_installed(&process, &MOUNTERS) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("mounted", "tried to mount") else { return };
            let finding = out
                .finding(format!("{} {verb} {} over {}", label(&process), e.source(), e.path()))
                .fact("path", e.path());
            if let Some(severity) = outcome.severity() {
                finding.severity(severity);
            } else if is_in_own_user_namespace(&process) {
                finding.severity(Medium);
            }
        });

    r.rule("defense-evasion/mount-over-logs")
        .summary("Something was mounted over logs, or over a security tool: what is under it is not seen, and what is written is lost")
        .severity(Medium)
        .attack("T1564.013")
        .attack("T1562.006")
        .property("maturity", "incubating")
        .property("misses", "Mounts that are made by another program than mount")
        .only(mount::path().matches(&TELLING))
        .on_mount(|_, e, out| {
            let process = e.process();
            if !e.failed() && process.name().one_of(&["mount", "busybox", "python3", "perl"]) {
                let finding = out
                    .finding(format!("{} mounted {} over {}", label(&process), e.source(), e.path()))
                    .fact("path", e.path());
                // The whole folder may have a file system of its own.
                if e.path() == "/var/log" && e.fs_type().is_known() {
                    finding.severity(Low);
                }
            }
        });

    r.rule("defense-evasion/hidden-file-system")
        .summary(
            "A file system was mounted from a hidden file, or /proc so that users do not see the processes of others",
        )
        .severity(Medium)
        .attack("T1564.005")
        .attack("T1564")
        .property("maturity", "incubating")
        .property("misses", "Images that are not hidden")
        .only(called(&["cryptsetup", "fuse2fs", "losetup", "mount", "squashfuse"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if !command.name().one_of(&["mount", "losetup", "cryptsetup", "squashfuse", "fuse2fs"]) {
                return;
            }
            let hidden = |arg: &Text<'_>| {
                arg.contains("/.") && !arg.contains("/./") && !arg.contains("/../") && !arg.contains("/.snapshots")
            };
            let image_file = command.words().find(|arg| {
                hidden(arg) && (is_world_writable(*arg) || arg.contains(".img") || command.name() == "losetup")
            });
            let hides = command.args().iter().any(|arg| arg.contains("hidepid=") && !arg.contains("hidepid=0"));
            if image_file.is_some() || hides {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });
}

/// Whether it is the folder of a process in /proc, or one of the files in it that say who it is. What runtimes mount they call
/// by a descriptor (`/proc/self/fd/7`).
fn is_process_folder(path: Text<'_>) -> bool {
    let Some(rest) = path.as_bytes().strip_prefix(b"/proc/") else { return false };
    let mut parts = rest.split(|byte| *byte == b'/');
    let number = parts.next().is_some_and(|pid| !pid.is_empty() && pid.iter().all(u8::is_ascii_digit));
    number
        && parts
            .next()
            .is_none_or(|file| matches!(file, b"" | b"cmdline" | b"comm" | b"exe" | b"maps" | b"stat" | b"status"))
}
