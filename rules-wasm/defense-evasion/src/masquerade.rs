//! Programs that call themselves what they are not.

use common::changes::on_write;
use common::command::{Command, called};
use common::context::{is_build, is_provisioning};
use common::programs::{is_in_system, is_interpreter, is_system, is_world_writable, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// Names of threads of the kernel, as they begin.
static KERNEL_THREADS: TextSet = TextSet::new().starts_with(&[
    "[",
    "cpuhp/",
    "idle_inject/",
    "irq/",
    "jbd2/",
    "kauditd",
    "kblockd",
    "kcompactd",
    "kdevtmpfs",
    "khugepaged",
    "khungtaskd",
    "kintegrityd",
    "ksmd",
    "ksoftirqd",
    "kswapd",
    "kthreadd",
    "kthrotld",
    "kworker",
    "migration/",
    "mm_percpu_wq",
    "netns",
    "oom_reaper",
    "rcu_",
    "scsi_eh_",
    "watchdog/",
    "watchdogd",
    "writeback",
    "xfsaild",
]);
/// Services that every machine has, after which what is to be overlooked is called.
static SERVICES: TextSet = TextSet::new().equals(&[
    "NetworkManager",
    "accounts-daemon",
    "acpid",
    "agetty",
    "anacron",
    "apache2",
    "atd",
    "auditd",
    "avahi-daemon",
    "chronyd",
    "containerd",
    "cron",
    "crond",
    "cupsd",
    "dbus-daemon",
    "dhclient",
    "dockerd",
    "getty",
    "httpd",
    "init",
    "irqbalance",
    "java",
    "mysqld",
    "networkd-dispatcher",
    "nginx",
    "ntpd",
    "php-fpm",
    "polkitd",
    "postgres",
    "rsyslogd",
    "sendmail",
    "sshd",
    "syslogd",
    "systemd",
    "systemd-journald",
    "systemd-logind",
    "systemd-networkd",
    "systemd-resolved",
    "systemd-timesyncd",
    "systemd-udevd",
    "udevd",
    "udisksd",
    "wpa_supplicant",
]);
/// Accounts that every machine has, letters only.
static ACCOUNTS: TextSet = TextSet::new().equals(&[
    "admin",
    "bin",
    "daemon",
    "dbus",
    "messagebus",
    "mysql",
    "nobody",
    "postgres",
    "root",
    "sshd",
    "sync",
    "sys",
    "syslog",
    "systemd",
    "systemdnetwork",
    "systemdresolve",
    "wwwdata",
]);
/// Where programs lie that were installed.
static PROGRAM_FOLDERS: TextSet = TextSet::new().starts_with(&["/gnu/store/", "/nix/store/", "/opt/", "/var/lib/"]);
/// Ends of the names of files that are looked at, not run.
static DOCUMENTS: TextSet = TextSet::new().ends_with(&[
    ".avi", ".bmp", ".doc", ".docx", ".gif", ".ico", ".jpeg", ".jpg", ".mp3", ".mp4", ".odt", ".pdf", ".png", ".ppt",
    ".svg", ".webp", ".xls", ".xlsx",
]);
static DOCUMENTS_INSIDE: TextSet = TextSet::new().contains(&[
    ".doc.", ".docx.", ".gif.", ".jpeg.", ".jpg.", ".mp3.", ".mp4.", ".odt.", ".pdf.", ".png.", ".txt.", ".xls.",
    ".xlsx.",
]);
const PR_SET_NAME: u32 = 15;
const PR_SET_MM: u32 = 35;
/// Arguments, the executable, or all of it at once.
const MM_WHAT: [u64; 4] = [8, 9, 13, 14];

/// Units that are named like systemd's own. Its own can be overridden there, by name.
static UNITS: TextSet = TextSet::new().starts_with(&[
    "/etc/systemd/system/systemd-",
    "/etc/systemd/user/systemd-",
    "/usr/local/lib/systemd/system/systemd-",
]);
static SYSTEMDS: TextSet = TextSet::new().equals(&[
    "ask-password-console",
    "backlight",
    "binfmt",
    "boot-check-no-failures",
    "boot-update",
    "coredump",
    "cryptsetup",
    "firstboot",
    "fsck",
    "hibernate",
    "homed",
    "hostnamed",
    "hwdb-update",
    "hybrid-sleep",
    "importd",
    "initctl",
    "journal-flush",
    "journal-gatewayd",
    "journal-remote",
    "journal-upload",
    "journald",
    "localed",
    "logind",
    "machined",
    "modules-load",
    "networkd",
    "networkd-wait-online",
    "nspawn",
    "oomd",
    "portabled",
    "pstore",
    "quotacheck",
    "random-seed",
    "remount-fs",
    "resolved",
    "rfkill",
    "suspend",
    "sysctl",
    "sysext",
    "sysusers",
    "time-wait-sync",
    "timedated",
    "timesyncd",
    "tmpfiles-clean",
    "tmpfiles-setup",
    "tmpfiles-setup-dev",
    "udev-settle",
    "udev-trigger",
    "udevd",
    "update-done",
    "update-utmp",
    "user-sessions",
    "userdbd",
    "vconsole-setup",
    "volatile-root",
]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    let rule = r
        .rule("defense-evasion/service-named-alike")
        .summary("A unit got a name that looks like one of systemd's own, and is none")
        .severity(Medium)
        .attack("T1036.004")
        .property("maturity", "incubating")
        .property("misses", "Names like those of other services");
    on_write(rule, &UNITS, |_, change, out| {
        let name = change.path.file_name().as_bytes().strip_prefix(b"systemd-").unwrap_or_default();
        let name = name.split(|byte| matches!(byte, b'.' | b'@')).next().unwrap_or_default();
        let is_unit = !change.path.contains(".d/") && !change.path.contains(".wants/");
        if !is_unit || SYSTEMDS.matches(name) || is_provisioning(&change.process) {
            return;
        }
        let Some(sentence) = change.sentence() else { return };
        let finding = out.finding(sentence).fact("path", change.path).key(change.path.to_string());
        if let Some(severity) = change.outcome.severity() {
            finding.severity(severity);
        }
    });

    r.rule("defense-evasion/kernel-thread-name")
        .summary("A program calls itself like a thread of the kernel")
        .severity(High)
        .attack("T1036.004")
        .attack("T1036.011")
        .attack("T1036.005")
        .property("maturity", "stable")
        .property("misses", "Arguments that a program writes over in its own memory")
        .on_exec(|_, e, out| {
            let image = e.image();
            let called = image.args().next().unwrap_or_default();
            let file = if image.script().is_empty() { image.exe() } else { image.script() };
            let named = KERNEL_THREADS.matches(file.file_name()) && file.file_name() != "[";
            let own_argument = KERNEL_THREADS.matches(called) && !called.one_of(&["[", "[["]);
            if (named || own_argument) && !is_in_system(file) || own_argument && called.ends_with("]") {
                out.finding(format!("{} ran {file} as {called:?}", label(&e.process()))).fact("path", file);
            }
        })
        .only(prctl::option().equals(PR_SET_NAME).and(prctl::name().matches(&KERNEL_THREADS)))
        .on_prctl(|_, e, out| {
            let process = e.process();
            // Libraries call threads as they like; the name of the first is the program's.
            if e.tid() == Some(process.pid()) && !process.is_kernel_thread() {
                out.finding(format!("{} calls itself {:?}", label(&process), e.name())).field("name", e.name());
            }
        });

    r.rule("defense-evasion/service-name")
        .summary("A program calls itself like a service that it is not")
        .severity(Medium)
        .attack("T1036.005")
        .attack("T1036.004")
        .attack("T1036.011")
        .property("maturity", "incubating")
        .property("misses", "Names of services that only some machines have")
        .on_exec(|_, e, out| {
            let image = e.image();
            let called = image.args().next().unwrap_or_default();
            let plain = called.file_name();
            let name = image.name();
            let elsewhere =
                !is_in_system(image.exe()) && !PROGRAM_FOLDERS.matches(image.exe()) && SERVICES.matches(name);
            // By its name alone, where the file that was named is another: links lead to programs of other names.
            let other = SERVICES.matches(plain)
                && plain != name
                && plain != e.filename().file_name()
                && image.script().is_empty();
            let other = other && !is_login(&image, called);
            if !(elsewhere || other) || is_provisioning(&image) {
                return;
            }
            let finding = out
                .finding(format!("{} ran {} as {called}", label(&e.process()), image.exe()))
                .fact("path", image.exe());
            if is_build(&image) {
                finding.severity(Low);
            }
        })
        .only(prctl::option().equals(PR_SET_NAME).and(prctl::name().matches(&SERVICES)))
        .on_prctl(|_, e, out| {
            let process = e.process();
            let own = e.name().starts_with(process.name().as_bytes());
            let odd = is_world_writable(process.exe())
                || is_interpreter(&process)
                || process.is_memfd()
                || !is_in_system(process.exe());
            if e.tid() == Some(process.pid()) && !own && odd && !PROGRAM_FOLDERS.matches(process.exe()) {
                out.finding(format!("{} calls itself {}", label(&process), e.name())).field("name", e.name());
            }
        });

    r.rule("defense-evasion/program-renames-itself")
        .summary("A program from a folder that everybody may write into changed the name that lists of processes show")
        .severity(Medium)
        .attack("T1036.004")
        .attack("T1036.011")
        .attack("T1564.010")
        .property("maturity", "incubating")
        .property("misses", "Arguments that are written over in place: no call tells it")
        .only(prctl::option().equals(PR_SET_NAME))
        .only(process::exe().starts_with(["/dev/shm/", "/run/shm/", "/tmp/", "/var/tmp/", "/memfd:"]))
        .on_prctl(|_, e, out| {
            let process = e.process();
            let name = process.name();
            // By its file: the kernel's short name is the new one already.
            let own = e.name().starts_with(name.as_bytes()) || name.starts_with(e.name().as_bytes());
            let counted = KERNEL_THREADS.matches(e.name()) || SERVICES.matches(e.name());
            if e.tid() == Some(process.pid()) && !own && !counted && !is_build(&process) {
                out.finding(format!("{} calls itself {}", label(&process), e.name())).field("name", e.name());
            }
        })
        .unfiltered()
        .only(prctl::option().equals(PR_SET_MM).and(prctl::value().one_of(MM_WHAT)))
        .on_prctl(|_, e, out| {
            let process = e.process();
            if !e.failed() && !is_system(&process) {
                out.finding(format!("{} changed what it is shown as", label(&process)));
            }
        });

    r.rule("defense-evasion/account-named-alike")
        .summary("An account was made whose name is nearly that of one of the system's")
        .severity(Medium)
        .attack("T1036.010")
        .attack("T1136.001")
        .property("maturity", "sandbox")
        .property("misses", "Names that only this machine has, and entries that are written into the file")
        .only(called(&["adduser", "useradd"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let alike = |name: Text<'_>| {
                let plain: Vec<u8> = name.as_bytes().iter().copied().filter(u8::is_ascii_alphabetic).collect();
                let itself = name.one_of(&["systemd-network", "systemd-resolve", "www-data"]);
                name.one_of(&["adm1n", "r00t", "toor"])
                    || (!itself && plain != name.as_bytes() && ACCOUNTS.matches(plain.as_slice()))
            };
            let name = Command::of(&image).words().last().filter(|name| alike(*name));
            if let Some(name) = name.filter(|_| !is_provisioning(&image)) {
                out.finding(format!("{} made the account {name}", label(&e.process()))).fact("account", name);
            }
        });

    r.rule("defense-evasion/program-named-as-document")
        .summary("A program was run whose name says that it is a document or a picture")
        .severity(Medium)
        .attack("T1036.008")
        .attack("T1036.007")
        .property("maturity", "stable")
        .property("misses", "Names that say nothing of what is in the file")
        .on_exec(|_, e, out| {
            let image = e.image();
            let file = if image.script().is_empty() { e.filename() } else { image.script() };
            let given = || {
                let is_program = is_interpreter(&image) || common::programs::is_shell(&image);
                image.args().nth(1).filter(|_| is_program)
            };
            let found = [Some(file), given()].into_iter().flatten().find(|file| {
                let name = file.file_name();
                DOCUMENTS.matches(name) || (DOCUMENTS_INSIDE.matches(name) && !is_in_system(*file))
            });
            if let Some(file) = found.filter(|file| !file.starts_with("-")) {
                out.finding(format!("{} ran {file}", label(&e.process()))).fact("path", file);
            }
        });
}

/// Shells and programs that another service runs in its name: `sshd: ada`, `-bash`, `init [2]`.
fn is_login(image: &Process<'_>, called: Text<'_>) -> bool {
    called.starts_with("-") || image.name().starts_with("sshd") || image.name().starts_with("systemd")
}
