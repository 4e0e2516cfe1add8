//! Files that tell about the machine. Programs read many of them by the way; what counts is that somebody asked for one: a
//! tool that shows files, or a command line that names it.

use common::command::{Command, inline_source};
use common::context::is_in_container;
use common::programs::{is_interpreter, is_shell};
use lanner_sdk::prelude::*;

use crate::act::{Act, NOTABLE, RARE, ROUTINE, TELLING, WEAK, act};
use crate::topic::Topic;

/// Tools that show or copy what is in a file.
pub(crate) static READERS: TextSet = TextSet::new().equals(&[
    "ag",
    "awk",
    "base32",
    "base64",
    "bat",
    "batcat",
    "cat",
    "column",
    "comm",
    "cp",
    "cut",
    "dd",
    "diff",
    "egrep",
    "expand",
    "fgrep",
    "fold",
    "gawk",
    "grep",
    "head",
    "hexdump",
    "jq",
    "less",
    "mawk",
    "more",
    "most",
    "nl",
    "od",
    "original-awk",
    "paste",
    "pr",
    "rev",
    "rg",
    "sed",
    "sort",
    "strings",
    "tac",
    "tail",
    "tr",
    "uniq",
    "view",
    "xxd",
]);
static GREPS: TextSet = TextSet::new().equals(&["ag", "egrep", "fgrep", "grep", "rg"]);
/// What every program reads by the C library.
static EVERYBODYS: TextSet = TextSet::new()
    .equals(&["/etc/group", "/etc/hosts", "/etc/machine-id", "/etc/passwd", "/etc/resolv.conf", "/etc/timezone"])
    .ends_with(&["/mountinfo", "/mounts"]);

macro_rules! files {
    ($($set:ident $topic:ident $files:expr;)+) => {
        $(static $set: TextSet = $files;)+

        /// What the host hands over, a set for a topic.
        pub(crate) static FILES: &[(Topic, &TextSet)] = &[$((Topic::$topic, &$set)),+];
    };
}

files! {
    ACCOUNTS Accounts TextSet::new().equals(&["/etc/passwd", "/etc/passwd-", "/etc/sudoers"]).starts_with(&["/etc/sudoers.d/"]);
    MAIL MailAccounts TextSet::new().equals(&["/etc/aliases"]).ends_with(&["/abook.mab", "/abook.sqlite", "/.abook/addressbook"]);
    GROUPS Groups TextSet::new().equals(&["/etc/group", "/etc/group-"]);
    SYSTEM System TextSet::new()
        .equals(&[
            "/etc/debian_version", "/etc/hostname", "/etc/issue", "/etc/issue.net", "/etc/lsb-release", "/etc/machine-id",
            "/etc/os-release", "/etc/redhat-release", "/proc/cmdline", "/proc/cpuinfo", "/proc/loadavg", "/proc/meminfo",
            "/proc/uptime", "/proc/version", "/proc/version_signature", "/usr/lib/os-release",
        ])
        .starts_with(&["/proc/sys/kernel/"]);
    STORAGE Storage TextSet::new()
        .equals(&["/etc/fstab", "/etc/mtab", "/proc/filesystems", "/proc/mdstat", "/proc/partitions", "/proc/swaps"])
        .ends_with(&["/mounts"]);
    NETWORK NetworkConfiguration TextSet::new()
        .equals(&["/etc/network/interfaces", "/etc/networks", "/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"])
        .starts_with(&["/etc/netplan/", "/etc/network/interfaces.d/", "/etc/sysconfig/network"])
        .ends_with(&["/net/dev", "/net/fib_trie", "/net/route", "/net/if_inet6"]);
    WIRELESS Wireless TextSet::new()
        .starts_with(&["/etc/NetworkManager/system-connections/", "/etc/wpa_supplicant/", "/var/lib/iwd/"]);
    CONNECTIONS Connections TextSet::new()
        .ends_with(&["/net/raw", "/net/tcp", "/net/tcp6", "/net/udp", "/net/udp6", "/net/unix"]);
    REMOTE RemoteSystems TextSet::new()
        .equals(&["/etc/ansible/hosts", "/etc/hosts", "/etc/hosts.allow", "/etc/hosts.equiv"])
        .ends_with(&["/.ssh/config", "/.ssh/known_hosts", "/net/arp"]);
    SHARES Shares TextSet::new().equals(&["/etc/exports", "/etc/samba/smb.conf", "/etc/auto.master"]);
    SOFTWARE Software TextSet::new().equals(&["/var/lib/dpkg/status", "/lib/apk/db/installed"]);
    SECURITY SecuritySoftware TextSet::new()
        .equals(&["/etc/selinux/config", "/sys/fs/selinux/enforce", "/sys/kernel/security/lsm", "/proc/sys/kernel/yama/ptrace_scope"])
        .starts_with(&["/etc/apparmor/", "/etc/audit/", "/etc/falco/", "/etc/osquery/", "/sys/kernel/security/apparmor/", "/var/ossec/etc/"]);
    SERVICES Services TextSet::new().equals(&["/etc/crontab", "/etc/inetd.conf", "/etc/xinetd.conf"]);
    POLICY PasswordPolicy TextSet::new()
        .equals(&[
            "/etc/login.defs", "/etc/pam.d/common-auth", "/etc/pam.d/common-password", "/etc/pam.d/passwd",
            "/etc/pam.d/password-auth", "/etc/pam.d/system-auth", "/etc/security/faillock.conf", "/etc/security/pwhistory.conf",
            "/etc/security/pwquality.conf",
        ])
        .starts_with(&["/etc/security/pwquality.conf.d/"]);
    CONTAINERS Containers TextSet::new().ends_with(&["/mountinfo"]);
    MACHINES Virtualization TextSet::new()
        .equals(&["/proc/1/cgroup", "/proc/1/sched", "/proc/scsi/scsi", "/sys/hypervisor/type", "/proc/xen/capabilities"])
        .starts_with(&["/sys/devices/virtual/dmi/id/", "/sys/class/dmi/id/", "/sys/firmware/dmi/tables/"]);
    LOCATION Location TextSet::new()
        .equals(&["/etc/default/keyboard", "/etc/default/locale", "/etc/locale.conf", "/etc/locale.gen", "/etc/vconsole.conf"]);
    TIME Time TextSet::new().equals(&["/etc/adjtime", "/etc/timezone", "/proc/driver/rtc"]);
    DEVICES Devices TextSet::new().equals(&["/proc/bus/input/devices", "/proc/devices", "/proc/asound/cards"]);
    DRIVERS Drivers TextSet::new().equals(&["/etc/modules", "/proc/modules"]).ends_with(&["/modules.builtin", "/modules.dep"]);
    LOGS Logs TextSet::new().equals(&[
        "/var/log/audit/audit.log", "/var/log/auth.log", "/var/log/btmp", "/var/log/kern.log", "/var/log/lastlog",
        "/var/log/messages", "/var/log/secure", "/var/log/syslog", "/var/log/wtmp",
    ]);
    BROWSER Browser TextSet::new()
        .ends_with(&["/Bookmarks", "/formhistory.sqlite", "/places.sqlite", "/Default/History"]);
}

/// The act that reading a file is, where somebody asked for it.
pub(crate) fn act_of(topic: Topic, e: &OpenEvent<'_>) -> Option<Act> {
    if !e.is_read() || e.is_write() {
        return None;
    }
    let process = e.process();
    let command = Command::of(&process);
    // That it is not there, or not for him, does not make it another question.
    if e.failed() && !command.is(&READERS) {
        return None;
    }
    let path = e.paths().find(|path| FILES.iter().any(|(it, set)| *it == topic && set.matches(*path)))?;
    let mut found = read(topic, path.as_bytes(), &command)?;
    // In a container these are the image's own, or were written by what started it: they tell nothing of the machine.
    if is_in_container(&process) && EVERYBODYS.matches(path) {
        found.weight = WEAK;
    }
    asked(e, &process, &command, path, found.weight).then_some(found)
}

/// Whether somebody asked for it, rather than that a library needed it, or that it lies in a tree that is copied.
fn asked(e: &OpenEvent<'_>, process: &Process<'_>, command: &Command<'_>, path: Text<'_>, weight: u32) -> bool {
    let names = [path.file_name(), e.asked().file_name()];
    let named = |arg: &Text<'_>| names.iter().any(|name| !name.is_empty() && arg.ends_with(name.as_bytes()));
    if command.is(&READERS) {
        // What is changed in its place is read by the way.
        return command.args().iter().any(named) && !(command.name() == "sed" && command.has('i', ""));
    }
    if !(is_shell(process) || is_interpreter(process)) {
        // Others are told what to look up by words that are no paths: `getent passwd`.
        return command.args().iter().any(|arg| arg.contains("/") && named(arg));
    }
    let inline = inline_source(process);
    let in_source = names.iter().any(|name| !name.is_empty() && inline.contains(name.as_bytes()));
    in_source || (weight >= NOTABLE && !EVERYBODYS.matches(path))
}

fn read(topic: Topic, path: &[u8], command: &Command<'_>) -> Option<Act> {
    let greps = command.is(&GREPS);
    let weigh = |all: u32, lines: u32| if greps { lines } else { all };
    match topic {
        Topic::Accounts if path.starts_with(b"/etc/sudoers") => act(topic, "sudoers", TELLING),
        // One account is looked up by its name at the beginning of a line.
        Topic::Accounts if greps && command.args().iter().any(|arg| is_lookup(arg.as_bytes())) => None,
        Topic::Accounts => act(topic, "passwd", weigh(NOTABLE, if looks_wide(command) { ROUTINE } else { WEAK })),
        Topic::Groups if greps && command.args().iter().any(|arg| is_lookup(arg.as_bytes())) => None,
        Topic::Groups => act(topic, "group", weigh(NOTABLE, if looks_wide(command) { ROUTINE } else { WEAK })),
        Topic::MailAccounts => act(topic, "address book", RARE),
        Topic::System => match path {
            b"/proc/version" | b"/proc/version_signature" => act(topic, "version", weigh(NOTABLE, WEAK)),
            b"/proc/cpuinfo" => act(topic, "cpuinfo", weigh(ROUTINE, WEAK)),
            b"/proc/meminfo" => act(topic, "meminfo", weigh(ROUTINE, WEAK)),
            b"/etc/issue" | b"/etc/issue.net" => act(topic, "issue", weigh(NOTABLE, ROUTINE)),
            b"/proc/cmdline" => act(topic, "kernel command line", weigh(NOTABLE, WEAK)),
            b"/etc/machine-id" => act(topic, "machine-id", NOTABLE),
            path if path.starts_with(b"/proc/sys/kernel/") => act(topic, "kernel settings", weigh(ROUTINE, WEAK)),
            _ => act(topic, "release", WEAK),
        },
        Topic::Storage => match path {
            b"/proc/partitions" | b"/proc/swaps" | b"/proc/mdstat" => act(topic, "partitions of the kernel", NOTABLE),
            b"/proc/filesystems" => act(topic, "file systems", WEAK),
            b"/etc/fstab" => act(topic, "fstab", weigh(ROUTINE, WEAK)),
            _ => act(topic, "mounts", weigh(ROUTINE, WEAK)),
        },
        Topic::NetworkConfiguration => match path {
            path if path.ends_with(b"resolv.conf") => act(topic, "resolv.conf", weigh(ROUTINE, WEAK)),
            // How much came and went, which monitors read.
            path if path.ends_with(b"/net/dev") => act(topic, "counters of the kernel", ROUTINE),
            path if path.starts_with(b"/proc/") => act(topic, "network of the kernel", NOTABLE),
            _ => act(topic, "interfaces", NOTABLE),
        },
        Topic::Wireless => act(topic, "wireless networks", TELLING),
        Topic::Connections => act(topic, "connections of the kernel", RARE),
        Topic::RemoteSystems => match path {
            b"/etc/hosts" => act(topic, "hosts", weigh(ROUTINE, WEAK)),
            path if path.ends_with(b"/net/arp") => act(topic, "arp of the kernel", NOTABLE),
            path if path.ends_with(b"/known_hosts") && greps => act(topic, "known_hosts", ROUTINE),
            path if path.ends_with(b"/known_hosts") => act(topic, "known_hosts", RARE),
            _ => act(topic, "other lists of hosts", NOTABLE),
        },
        Topic::PasswordPolicy => match path {
            b"/etc/login.defs" if greps && !command.mentions("PASS") && !command.mentions("LOGIN") => {
                act(topic, "login.defs", WEAK)
            }
            b"/etc/pam.d/common-auth" | b"/etc/pam.d/passwd" => act(topic, "pam of logins", NOTABLE),
            b"/etc/login.defs" => act(topic, "login.defs", TELLING),
            _ => act(topic, "policy", TELLING),
        },
        Topic::Virtualization => match path {
            b"/proc/1/cgroup" | b"/proc/1/sched" => act(topic, "cgroup of init", NOTABLE),
            _ => act(topic, "DMI", RARE),
        },
        Topic::Logs => match path {
            b"/var/log/syslog" | b"/var/log/messages" | b"/var/log/kern.log" => act(topic, "syslog", ROUTINE),
            b"/var/log/audit/audit.log" => act(topic, "audit.log", NOTABLE),
            b"/var/log/auth.log" | b"/var/log/secure" => act(topic, "auth.log", NOTABLE),
            _ => act(topic, "logs of logins", NOTABLE),
        },
        Topic::Browser => act(topic, "browser", TELLING),
        Topic::Containers => act(topic, "mountinfo", weigh(NOTABLE, ROUTINE)),
        Topic::Devices => act(topic, "devices of the kernel", NOTABLE),
        Topic::SecuritySoftware => act(topic, "what is protected", NOTABLE),
        Topic::Drivers => act(topic, "modules of the kernel", weigh(NOTABLE, ROUTINE)),
        Topic::Location => act(topic, "locale of the system", NOTABLE),
        Topic::Time => act(topic, "time zone", NOTABLE),
        Topic::Shares => act(topic, "exports", NOTABLE),
        Topic::Services => act(topic, "jobs", NOTABLE),
        Topic::Software => act(topic, "packages", NOTABLE),
        _ => None,
    }
}

/// Whether a pattern is for the line of one name: `^www-data:`, `^root`.
fn is_lookup(pattern: &[u8]) -> bool {
    pattern.strip_prefix(b"^").is_some_and(|name| {
        name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:$\\b".contains(byte)) && !name.is_empty()
    })
}

/// Whether a search in a list of names is for many of them: all with a shell, all that are root.
fn looks_wide(command: &Command<'_>) -> bool {
    static WIDE: TextSet = TextSet::new().contains(&[
        "$", "*", "/bin/", "/home", "/sbin/", ":0:", "[", "admin", "bash", "docker", "false", "nologin", "root", "sh",
        "sudo", "wheel", "x:", "|",
    ]);
    command.has('v', "")
        || command.has('c', "")
        || command.args().iter().any(|arg| !arg.starts_with("/etc/") && WIDE.matches(*arg))
}
