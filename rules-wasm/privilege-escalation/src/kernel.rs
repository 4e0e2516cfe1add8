//! Settings by which the kernel runs a program as root, whoever made it do so.

use common::changes::on_write;
use common::context::is_provisioning;
use common::programs::{is_installed, label};
use lanner_sdk::prelude::*;

use crate::PrivilegeEscalation;

/// Files that say which program the kernel runs: for core dumps, for modules, for devices, for kinds of programs, for
/// control groups that are empty.
static HELPERS: TextSet = TextSet::new()
    .equals(&[
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/hotplug",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/kernel/poweroff_cmd",
        "/sys/kernel/uevent_helper",
    ])
    .starts_with(&["/proc/sys/fs/binfmt_misc/"])
    .ends_with(&["/release_agent"]);
/// What sets them as the machine starts.
static OWNERS: TextSet = TextSet::new().equals(&[
    "apport",
    "kdump-config",
    "systemd",
    "systemd-binfmt",
    "systemd-coredump",
    "systemd-executor",
    "systemd-sysctl",
    "update-binfmts",
]);
static SYSCTL: TextSet = TextSet::new().equals(&["sysctl"]);

pub(crate) fn add(r: &mut Rules<PrivilegeEscalation>) {
    let rule = r
        .rule("privilege-escalation/kernel-helper-write")
        .summary("Which program the kernel runs as root, outside of all containers, was changed")
        .severity(High)
        .attack("T1068")
        .attack("T1611")
        .property("maturity", "stable")
        .property("misses", "Exploits that write the setting into the kernel's memory");
    on_write(rule, &HELPERS, |_, change, out| {
        let process = &change.process;
        if is_installed(process, &OWNERS) {
            return;
        }
        let Some(verb) = change.verb() else { return };
        let finding = out.finding(format!("{} {verb}: {}", label(process), change.path)).fact("path", change.path);
        let milder = is_provisioning(process).then_some(Low);
        let by_tool = is_installed(process, &SYSCTL).then_some(Medium);
        if let Some(severity) = change.outcome.severity().or(milder).or(by_tool) {
            finding.severity(severity);
        }
    });
}
