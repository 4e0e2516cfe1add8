//! Permissions of what nobody else should read or write, and attributes that keep files from being changed.

use common::command::{Command, called};
use common::context::{is_build, is_ci, is_container_runtime, is_provisioning};
use common::outcome::Outcome;
use common::programs::{is_installed, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// Files that keep the system as it is: whoever may write them is root soon.
static SYSTEM: TextSet = TextSet::new()
    .equals(&[
        "/",
        "/bin",
        "/boot",
        "/etc",
        "/lib",
        "/root",
        "/sbin",
        "/usr",
        "/usr/bin",
        "/usr/lib",
        "/usr/sbin",
        "/var/log",
    ])
    .starts_with(&[
        "/bin/",
        "/boot/",
        "/etc/",
        "/lib/",
        "/lib64/",
        "/root/",
        "/sbin/",
        "/usr/bin/",
        "/usr/lib/",
        "/usr/lib64/",
        "/usr/libexec/",
        "/usr/local/bin/",
        "/usr/local/sbin/",
        "/usr/sbin/",
        "/var/spool/cron/",
    ]);
/// Files that only root may read.
static SECRET: TextSet = TextSet::new()
    .equals(&["/etc/gshadow", "/etc/gshadow-", "/etc/shadow", "/etc/shadow-", "/etc/security/opasswd"])
    .starts_with(&["/etc/ssl/private/", "/etc/sudoers", "/root/.ssh/", "/etc/ssh/ssh_host_"]);
static OWNERS: TextSet = TextSet::new().equals(&[
    "chpasswd",
    "groupadd",
    "groupdel",
    "groupmod",
    "gpasswd",
    "passwd",
    "pwconv",
    "systemd",
    "systemd-tmpfiles",
    "useradd",
    "userdel",
    "usermod",
    "vipw",
]);
const WORLD_WRITES: u32 = 0o002;
const WORLD_READS: u32 = 0o004;
const STICKY: u32 = 0o1000;
const EVERYTHING: u32 = 0o777;

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/open-permissions")
        .summary("A file was made writable for everybody, or a secret readable")
        .severity(High)
        .attack("T1222.002")
        .property("maturity", "stable")
        .property("misses", "Permissions that are wide from the beginning")
        .only(chmod::mode().any(WORLD_WRITES).and(chmod::mode().none(STICKY)).or(chmod::path().matches(&SECRET)))
        .on_chmod(|_, e, out| {
            let process = e.process();
            let path = e.path();
            let public = path.ends_with(".pub");
            let secret = SECRET.matches(path) && e.mode() & (WORLD_READS | WORLD_WRITES) != 0 && !public;
            let writable = e.mode() & WORLD_WRITES != 0;
            if !(secret || writable)
                || is_provisioning(&process)
                || is_container_runtime(&process)
                || is_installed(&process, &OWNERS)
            {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("gave", "tried to give") else { return };
            let severity = match (secret || SYSTEM.matches(path), by_hand(&process)) {
                (true, _) => None,
                // Sockets and shared folders of services are so by their own doing.
                (false, false) => return,
                (false, true) => Some(Low),
            };
            let finding = out
                .finding(format!("{} {verb} {path} the permissions {:04o}", label(&process), e.mode()))
                .fact("path", path)
                .key(path.to_string());
            if let Some(severity) = outcome.severity().or(severity) {
                finding.severity(severity);
            }
        });

    r.rule("defense-evasion/system-file-given-away")
        .summary("A file of the system was given to a user who is not root")
        .severity(Medium)
        .attack("T1222.002")
        .property("maturity", "incubating")
        .property("misses", "Groups that may write, to which somebody belongs")
        .only(chown::path().matches(&SYSTEM).and(chown::owner().between(1..)))
        .on_chown(|_, e, out| {
            let process = e.process();
            let kept = e.owner() == Some(u32::MAX) || e.path().starts_with("/root/.") && is_build(&process);
            if kept || !by_hand(&process) || is_provisioning(&process) || is_ci(&process) {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("gave", "tried to give") else { return };
            let owner = e.owner().unwrap_or_default();
            let finding = out
                .finding(format!("{} {verb} {} to uid {owner}", label(&process), e.path()))
                .fact("path", e.path())
                .key(e.path().to_string());
            if let Some(severity) = outcome.severity() {
                finding.severity(severity);
            }
        });

    r.rule("defense-evasion/access-list")
        .summary("Somebody was let into a file of the system by an access list, which listings hardly show")
        .severity(Medium)
        .attack("T1222.002")
        .property("maturity", "incubating")
        .property("misses", "Lists on other files")
        .only(xattr::name().starts_with(["system.posix_acl_"]).and(xattr::path().matches(&SYSTEM)))
        .on_xattr(|_, e, out| {
            let process = e.process();
            if !e.failed() && !e.is_removed() && process.name() == "setfacl" && !is_provisioning(&process) {
                out.finding(format!("{}: {}", label(&process), process.command_line())).fact("path", e.path());
            }
        });

    r.rule("defense-evasion/immutable-attribute")
        .summary("A file was made so that not even root can change it, or could be changed again")
        .severity(Medium)
        .attack("T1222.002")
        .property("maturity", "stable")
        .property("misses", "The same by a program's own code: no call that is told")
        .only(called(&["chattr"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let changes = |arg: &Text<'_>| {
                let bytes = arg.as_bytes();
                matches!(bytes.first(), Some(b'+' | b'-' | b'='))
                    && bytes.iter().any(|byte| matches!(byte, b'i' | b'a'))
            };
            if command.name() == "chattr" && command.args().iter().any(changes) && !is_provisioning(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("defense-evasion/dropped-file-opened-to-all")
        .summary("A hidden file, or one in memory, was given all permissions there are")
        .severity(Medium)
        .attack("T1222.002")
        .property("maturity", "incubating")
        .property("misses", "Files elsewhere: too many are treated so")
        .only(chmod::mode().all(EVERYTHING))
        .only(chmod::path().starts_with(["/dev/shm/", "/tmp/.", "/var/tmp/."]))
        .on_chmod(|_, e, out| {
            let usual = ["/tmp/.X11-unix", "/tmp/.ICE-unix", "/tmp/.XIM-unix", "/tmp/.font-unix", "/tmp/.ansible"];
            let path = e.path();
            if e.mode() & STICKY == 0
                && by_hand(&e.process())
                && !e.failed()
                && !usual.iter().any(|begin| path.starts_with(begin))
            {
                out.finding(format!("{} gave {path} the permissions {:04o}", label(&e.process()), e.mode()))
                    .fact("path", path);
            }
        });
}

/// Whether it is a tool that people set permissions with, or a program of their own.
fn by_hand(process: &Process<'_>) -> bool {
    let tool = process.name().one_of(&["busybox", "chmod", "chown", "chgrp", "coreutils", "install"]);
    tool || common::programs::is_interpreter(process) || !common::programs::is_system(process)
}
