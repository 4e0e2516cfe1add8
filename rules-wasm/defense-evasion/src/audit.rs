//! What the kernel and the system write down: rules of audit, settings of logs, tracing.

use common::changes::{Change, on_change};
use common::command::{Command, called};
use common::context::{is_in_own_user_namespace, is_provisioning};
use common::programs::{is_in_system, is_installed, is_interpreter, is_system, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

const AF_NETLINK: u16 = 16;
const NETLINK_AUDIT: u32 = 9;

static AUDIT_FILES: TextSet =
    TextSet::new().equals(&["/etc/libaudit.conf"]).starts_with(&["/etc/audisp/", "/etc/audit/"]);
static AUDIT_OWNERS: TextSet = TextSet::new().equals(&["auditctl", "auditd", "augenrules"]);
static LOG_SETTINGS: TextSet = TextSet::new()
    .equals(&["/dev/log", "/etc/rsyslog.conf", "/etc/syslog.conf", "/etc/systemd/journald.conf"])
    .starts_with(&["/etc/rsyslog.d/", "/etc/syslog-ng/", "/etc/systemd/journald.conf.d/", "/run/systemd/journal/"]);
static TRACING: TextSet = TextSet::new()
    .equals(&[
        "/proc/sys/kernel/ftrace_enabled",
        "/proc/sys/kernel/perf_event_paranoid",
        "/proc/sys/kernel/printk",
        "/sys/kernel/debug/kprobes/enabled",
        "/sys/kernel/debug/tracing/events/enable",
        "/sys/kernel/debug/tracing/kprobe_events",
        "/sys/kernel/debug/tracing/set_event",
        "/sys/kernel/debug/tracing/tracing_on",
        "/sys/kernel/tracing/events/enable",
        "/sys/kernel/tracing/kprobe_events",
        "/sys/kernel/tracing/set_event",
        "/sys/kernel/tracing/tracing_on",
    ])
    .starts_with(&["/sys/fs/bpf/"]);
/// What traces, and so sets what is traced.
static TRACERS: TextSet = TextSet::new().equals(&[
    "bpftool",
    "bpftrace",
    "cilium-agent",
    "falco",
    "klogd",
    "lanner",
    "perf",
    "rasdaemon",
    "rsyslogd",
    "systemd",
    "systemd-executor",
    "systemd-journald",
    "systemd-sysctl",
    "tetragon",
    "trace-cmd",
    "tracee",
]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/audit-by-hand")
        .summary("A script, or a program that nobody installed, spoke to the kernel's audit system past its tools")
        .severity(Medium)
        .attack("T1562.012")
        .property("maturity", "incubating")
        .property("misses", "Installed programs, of which many send messages to it")
        .only(socket::family().equals(AF_NETLINK).and(socket::protocol().equals(NETLINK_AUDIT)))
        .on_socket(|_, e, out| {
            let process = e.process();
            let installed = is_system(&process) && (!is_interpreter(&process) || is_in_system(process.script()));
            if !installed && !e.failed() && !is_in_own_user_namespace(&process) {
                out.finding(format!("{} speaks to the kernel's audit system", label(&process)));
            }
        });

    let rule = r
        .rule("defense-evasion/audit-settings-write")
        .summary("What the audit system writes down was changed")
        .severity(Medium)
        .attack("T1562.012")
        .attack("T1562.006")
        .property("maturity", "stable")
        .property("misses", "Rules that are given to the kernel by a program's own code");
    on_change(rule, &AUDIT_FILES, |_, change, out| changed(change, &AUDIT_OWNERS, out));

    r.rule("defense-evasion/audit-rules-removed")
        .summary("The audit system was told to forget its rules, or to stop")
        .severity(High)
        .attack("T1562.012")
        .attack("T1562.001")
        .property("maturity", "stable")
        .property("misses", "The same over netlink, by a program's own code")
        .only(called(&["auditctl"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if command.name() != "auditctl" || is_provisioning(&image) || image.parent().is_some_and(is_audit) {
                return;
            }
            let off = command.has('D', "") || command.value('e', "").is_some_and(|enabled| enabled == "0");
            let less = command.says(&["-d", "-W"]) || command.args().iter().any(|arg| arg.contains("never"));
            let backlog = command.value('b', "").is_some_and(|backlog| backlog == "0");
            if off || less || backlog {
                let finding = out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
                if !off {
                    finding.severity(Medium);
                }
            }
        });

    let rule = r
        .rule("defense-evasion/log-settings-write")
        .summary("What the system's logs are told, or where they are sent, was changed")
        .severity(Medium)
        .attack("T1562.006")
        .attack("T1562.001")
        .property("maturity", "incubating")
        .property("misses", "Settings that are included from elsewhere");
    on_change(rule, &LOG_SETTINGS, |_, change, out| changed(change, &TRACERS, out));

    let rule = r
        .rule("defense-evasion/tracing-off")
        .summary("What traces the kernel was switched off, or its programs were removed")
        .severity(Medium)
        .attack("T1562.006")
        .attack("T1562.001")
        .property("maturity", "incubating")
        .property("misses", "What is written there is not known: it may be switched on");
    on_change(rule, &TRACING, |_, change, out| changed(change, &TRACERS, out));
}

fn is_audit(parent: Process<'_>) -> bool {
    is_installed(&parent, &AUDIT_OWNERS)
}

fn changed(change: &Change<'_>, owners: &TextSet, out: &mut Out<'_>) {
    let process = &change.process;
    let by_owner = || process.ancestors().take(2).any(|each| is_installed(&each, owners));
    if is_installed(process, owners) || by_owner() || is_provisioning(process) {
        return;
    }
    let Some(verb) = change.verb() else { return };
    let finding = out
        .finding(format!("{} {verb}: {}", label(process), change.path))
        .fact("path", change.path)
        .key(change.path.to_string());
    if let Some(severity) = change.outcome.severity() {
        finding.severity(severity);
    }
}
