//! Security tools that are stopped, killed, removed or told to look away.

use common::changes::{Deed, on_change, on_write};
use common::command::{Command, called};
use common::context::{is_configuration_management, is_provisioning};
use common::families;
use common::outcome::Outcome;
use common::programs::{is_installed, is_package_management, is_shell, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;
use crate::service::{SERVICE_TOOLS, stopped};
use crate::watchers::{LOGGERS, WATCHER_FILES, WATCHER_PATHS, WATCHERS};

/// What stops services as it should: what asked it to is what the rules look at.
static SERVICE_MANAGERS: TextSet = TextSet::new().equals(&[
    "init",
    "systemd",
    "systemd-shutdown",
    "runsv",
    "supervise-daemon",
    "supervisord",
    "s6-supervise",
]);
/// Files by which mandatory access control is switched off.
static ACCESS_CONTROL: TextSet = TextSet::new()
    .equals(&[
        "/etc/selinux/config",
        "/etc/selinux/semanage.conf",
        "/etc/sysconfig/selinux",
        "/selinux/enforce",
        "/sys/fs/selinux/disable",
        "/sys/fs/selinux/enforce",
        "/sys/kernel/security/apparmor/.remove",
        "/sys/module/apparmor/parameters/enabled",
        "/sys/module/apparmor/parameters/mode",
    ])
    .starts_with(&["/etc/apparmor.d/disable/", "/etc/apparmor.d/force-complain/"]);
/// Settings of the kernel that make attacks harder, and watchdogs that miners switch off.
static HARDENING: TextSet = TextSet::new().equals(&[
    "/proc/sys/kernel/dmesg_restrict",
    "/proc/sys/kernel/kptr_restrict",
    "/proc/sys/kernel/modules_disabled",
    "/proc/sys/kernel/nmi_watchdog",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/kernel/unprivileged_bpf_disabled",
    "/proc/sys/kernel/yama/ptrace_scope",
    "/proc/sys/vm/drop_caches",
    "/proc/sys/vm/mmap_min_addr",
]);
static SYSCTL_OWNERS: TextSet =
    TextSet::new().equals(&["systemd", "systemd-sysctl", "tuned", "ufw-init", "systemd-executor"]);
static PACKAGE_TOOLS: TextSet = TextSet::new().equals(families::PACKAGE_TOOLS);
const KILL: u32 = 9;
/// Signals that end or hold a process: HUP does not.
const ENDING: [u32; 6] = [2, 3, 6, 9, 15, 19];

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/security-service-stop")
        .summary("A security tool, or what writes the logs, was to be stopped, or not to start again")
        .severity(High)
        .attack("T1562.001")
        .attack("T1562.006")
        .attack("T1489")
        .property("maturity", "stable")
        .property("misses", "Tools under names of one's own, and orders that are given to systemd over its socket")
        .only(called(&SERVICE_TOOLS).or(exec::image::script().starts_with(["/etc/init.d/"])))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let is_ours = |name: &String| WATCHERS.matches(name.as_str()) || LOGGERS.matches(name.as_str());
            if let Some(name) = stopped(&image, &command).iter().find(|name| is_ours(name))
                && !is_package_management(&image)
            {
                let finding = out
                    .finding(format!("{} has {name} stopped: {}", label(&e.process()), image.command_line()))
                    .fact("service", name.as_str())
                    .key(name.clone());
                if is_configuration_management(&image) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("defense-evasion/security-process-kill")
        .summary("A security tool, or what writes the logs, was killed, or was to be")
        .severity(High)
        .attack("T1562.001")
        .property("maturity", "stable")
        .property("misses", "Tools under names of one's own; a process that is only starved")
        .only(signal::signal().one_of(ENDING).and(signal::target::exe().matches(&WATCHER_PATHS)))
        .on_signal(|_, e, out| {
            let process = e.process();
            let Some(target) = e.target_row().and_then(|row| e.named_process(row)) else { return };
            let by_parent = || target.ancestors().take(2).any(|each| each.id() == process.id());
            let own = process.exe() == target.exe() || (by_parent() && !is_shell(&process));
            if own
                || is_installed(&process, &SERVICE_MANAGERS)
                || is_package_management(&process)
                || is_routine(&process)
            {
                return;
            }
            let outcome = Outcome::of_result(e.result());
            let Some(verb) = outcome.verb("sent", "tried to send") else { return };
            let finding = out.finding(format!("{} {verb} {} signal {}", label(&process), label(&target), e.signal()));
            // Who started it by hand may end it by hand.
            let mild = by_parent().then_some(if e.signal() == KILL { Medium } else { Low });
            if let Some(severity) = outcome.severity().or(mild) {
                finding.severity(severity);
            }
        })
        .unfiltered()
        .only(called(&["killall", "killall5", "pkill", "skill"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            if !command.name().one_of(&["killall", "pkill", "skill", "killall5"]) || is_routine(&image) {
                return;
            }
            let named = command.words().find(|word| {
                let word = word.to_string().to_lowercase();
                WATCHERS.matches(word.as_str()) || LOGGERS.matches(word.as_str())
            });
            if let Some(name) = named.filter(|_| !asks_only(&command)) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).field("tool", name);
            }
        });

    let rule = r
        .rule("defense-evasion/security-tool-tampering")
        .summary("The program or the settings of a security tool were changed")
        .severity(Medium)
        .attack("T1562.001")
        .property("maturity", "incubating")
        .property("misses", "Tools that lie elsewhere");
    on_change(rule, &WATCHER_FILES, |_, change, out| {
        let process = &change.process;
        let own = WATCHERS.matches(process.name()) || WATCHER_FILES.matches(process.exe());
        if own || is_provisioning(process) || change.appends && change.path.contains("/log") {
            return;
        }
        let Some(verb) = change.verb() else { return };
        let finding = out.finding(format!("{} {verb} {}", label(process), change.path)).fact("path", change.path);
        if let Some(severity) = change.outcome.severity().or(change.is_loss().then_some(High)) {
            finding.severity(severity);
        }
    })
    .only(chmod::path().matches(&WATCHER_FILES).and(chmod::mode().none(0o111)).and(chmod::path().contains(["bin/"])))
    .on_chmod(|_, e, out| {
        if !e.failed() && !is_provisioning(&e.process()) {
            out.finding(format!("{} made {} a file that nobody can run", label(&e.process()), e.path()));
        }
    });

    r.rule("defense-evasion/security-tool-removal")
        .summary("The package of a security tool was to be removed")
        .severity(Medium)
        .attack("T1562.001")
        .property("maturity", "stable")
        .property("misses", "Tools that were installed without a package, and their own uninstallers")
        .only(called(&[
            "apk", "apt", "apt-get", "aptitude", "dnf", "dnf-3", "dnf5", "dpkg", "microdnf", "pacman", "rpm", "snap",
            "yum", "zypper",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let removes = command.says(&["remove", "purge", "erase", "autoremove", "del", "rm", "uninstall"])
                || (command.name() == "rpm" && command.has('e', "erase"))
                || (command.name() == "dpkg" && (command.has('r', "remove") || command.has('P', "purge")))
                || (command.name() == "pacman" && command.has('R', "remove"));
            if !command.is(&PACKAGE_TOOLS) || !removes || is_configuration_management(&image) {
                return;
            }
            let is_ours = |word: Text<'_>| {
                let word = word.to_string().to_lowercase();
                WATCHERS.matches(word.as_str()) || LOGGERS.matches(word.as_str())
            };
            // The front end has the package manager do it, which is not told again.
            if let Some(name) = command.words().find(|word| is_ours(*word))
                && !e.process().ancestors().take(3).any(|each| PACKAGE_TOOLS.matches(each.name()))
                && !PACKAGE_TOOLS.matches(e.process().name())
            {
                out.finding(format!("{} removes {name}: {}", label(&e.process()), image.command_line()));
            }
        });

    r.rule("defense-evasion/security-tool-told-off")
        .summary("A security tool was told to look away, or SELinux or AppArmor to allow what they forbid")
        .severity(High)
        .attack("T1562.001")
        .attack("T1564.012")
        .property("maturity", "stable")
        .property("misses", "Tools that are steered over a network")
        .only(called(&[
            "aa-complain",
            "aa-disable",
            "aa-teardown",
            "apparmor_parser",
            "apparmor_teardown",
            "elastic-agent",
            "fail2ban-client",
            "falcoctl",
            "falconctl",
            "mdatp",
            "semanage",
            "semodule",
            "sentinelctl",
            "setenforce",
            "swapoff",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let off = match command.name().to_str().unwrap_or_default() {
                "setenforce" => command.says(&["0", "permissive", "Permissive"]),
                "aa-complain" | "aa-disable" | "aa-teardown" | "apparmor_teardown" => true,
                "apparmor_parser" => command.has('R', "remove") || command.has('C', "Complain"),
                "semanage" => command.says(&["permissive"]) && command.has('a', "add"),
                "semodule" => command.has('d', "disable") || command.has('r', "remove"),
                "mdatp" => command.says(&["disabled", "exclusion"]) && !command.says(&["list"]),
                "falconctl" | "sentinelctl" => command.says(&["-d", "stop", "unload", "disable", "uninstall"]),
                "fail2ban-client" => command.says(&["stop", "unban"]),
                "elastic-agent" => command.says(&["uninstall", "unenroll"]),
                "falcoctl" => command.says(&["stop", "cleanup", "uninstall"]),
                "swapoff" => return note(e, Medium, out),
                _ => false,
            };
            if off && !is_provisioning(&image) {
                note(e, High, out);
            }
        });

    let rule = r
        .rule("defense-evasion/access-control-off")
        .summary("The settings of SELinux or AppArmor were changed")
        .severity(High)
        .attack("T1562.001")
        .property("maturity", "stable")
        .property("misses", "What the kernel is told at its start: the rule on the boot loader's settings sees that");
    on_change(rule, &ACCESS_CONTROL, |_, change, out| {
        let process = &change.process;
        if is_provisioning(process) || is_installed(process, &SYSCTL_OWNERS) {
            return;
        }
        let Some(verb) = change.verb() else { return };
        let finding = out.finding(format!("{} {verb} {}", label(process), change.path)).fact("path", change.path);
        if let Some(severity) = change.outcome.severity() {
            finding.severity(severity);
        }
    });

    let rule = r
        .rule("defense-evasion/kernel-hardening-off")
        .summary("A setting of the kernel was changed that makes attacks harder, or that wakes up who watches")
        .severity(Medium)
        .attack("T1562.001")
        .attack("T1562")
        .property("maturity", "incubating")
        .property("misses", "What is set is known only where sysctl was told; settings for the next start");
    on_write(rule, &HARDENING, |_, change, out| {
        let process = &change.process;
        let opened = matches!(change.deed, Deed::Opened | Deed::Emptied | Deed::Created);
        if !opened || is_installed(process, &SYSCTL_OWNERS) || is_provisioning(process) {
            return;
        }
        let Some(verb) = change.verb() else { return };
        let finding = out
            .finding(format!("{} {verb} {}", label(process), change.path))
            .fact("path", change.path)
            .field("command", process.command_line());
        let all = process.name() == "sysctl" && !process.args().any(|arg| arg.contains("="));
        if let Some(severity) = change.outcome.severity().or(all.then_some(Low)) {
            finding.severity(severity);
        }
    });
}

/// Log rotation has loggers open their files anew, and some by ending them.
fn is_routine(process: &Process<'_>) -> bool {
    process.ancestors().any(|each| each.name() == "logrotate") || is_configuration_management(process)
}

/// Whether it only asks whether there is such a process, or has it read its settings.
fn asks_only(command: &Command<'_>) -> bool {
    command.says(&["-0", "-HUP", "-1", "-SIGHUP", "-USR1", "-USR2", "-SIGUSR1", "-s0"])
}

fn note(e: &ExecEvent<'_>, severity: Severity, out: &mut Out<'_>) {
    if !is_provisioning(&e.image()) {
        out.finding(format!("{} ran {}", label(&e.process()), e.image().command_line())).severity(severity);
    }
}
