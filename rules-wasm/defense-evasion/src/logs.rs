//! Logs and mail that are removed or emptied.

use common::changes::{Change, Deed, on_change};
use common::command::{Command, called};
use common::context::{is_build, is_configuration_management, is_container_runtime, is_scheduled};
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;

/// Programs that empty logs because it is their work.
static ROTATORS: TextSet = TextSet::new().equals(&[
    "auditd",
    "cronolog",
    "journalctl",
    "logrotate",
    "multilog",
    "newsyslog",
    "rotatelogs",
    "rsyslogd",
    "savelog",
    "svlogd",
    "syslog-ng",
    "systemd-journal-remote",
    "systemd-journald",
    "systemd-tmpfiles",
    "systemd-update-utmp",
]);
/// Logs of the system, and folders of which everything is such a log.
static SYSTEM_LOGS: TextSet = TextSet::new()
    .equals(&[
        "/run/utmp",
        "/var/adm/messages",
        "/var/log/auth.log",
        "/var/log/boot.log",
        "/var/log/btmp",
        "/var/log/cron",
        "/var/log/cron.log",
        "/var/log/daemon.log",
        "/var/log/debug",
        "/var/log/dmesg",
        "/var/log/faillog",
        "/var/log/kern.log",
        "/var/log/lastlog",
        "/var/log/mail.log",
        "/var/log/maillog",
        "/var/log/messages",
        "/var/log/secure",
        "/var/log/sudo.log",
        "/var/log/syslog",
        "/var/log/tallylog",
        "/var/log/user.log",
        "/var/log/utmp",
        "/var/log/wtmp",
        "/var/log/wtmp.db",
        "/var/run/utmp",
    ])
    .starts_with(&["/run/log/journal/", "/var/log/audit/", "/var/log/journal/", "/var/log/sa/", "/var/log/sysstat/"]);
/// All that lies where logs do, and what containers have said.
static LOGS: TextSet = TextSet::new().equals(&["/run/utmp", "/var/adm/messages", "/var/run/utmp"]).starts_with(&[
    "/run/log/",
    "/var/lib/docker/containers/",
    "/var/log/",
]);
/// Ends of the names of logs that were rotated: old ones are removed some day.
static ROTATED: TextSet = TextSet::new()
    .ends_with(&[".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9", ".bz2", ".gz", ".old", ".xz", ".zst"]);
/// What opens a log to write in it and not at its end, and so over what is there.
static OVERWRITERS: TextSet =
    TextSet::new().equals(&["dd", "ed", "ex", "perl", "python", "shred", "utmpdump", "vi", "vim"]);
static MAIL: TextSet = TextSet::new().starts_with(&["/var/mail/", "/var/spool/mail/"]);
/// What brings mail, takes it away or reads it.
static MAILERS: TextSet = TextSet::new().equals(&[
    "deluser",
    "dovecot",
    "exim4",
    "imap",
    "local",
    "mail",
    "mail.local",
    "mailx",
    "maildrop",
    "mutt",
    "procmail",
    "s-nail",
    "sendmail",
    "useradd",
    "userdel",
    "virtual",
]);
const JOURNAL_MINUTES: [&str; 3] = ["s", "sec", "min"];

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    let rule = r
        .rule("defense-evasion/log-clearing")
        .summary("A log of the system was emptied, removed or replaced by a program that does not rotate logs")
        .severity(High)
        .attack("T1070.002")
        .property("maturity", "stable")
        .property("misses", "Single lines that are taken out by a program that writes in the file, where it is called like none of ours");
    on_change(rule, &SYSTEM_LOGS, |_, change, out| {
        if !is_routine(&change.process) && !is_rotated(change) {
            lost(change, None, out);
        }
    });

    let rule = r
        .rule("defense-evasion/application-log-clearing")
        .summary("A log of a service, or of a container, was removed or emptied by hand")
        .severity(Medium)
        .attack("T1070.002")
        .attack("T1070.004")
        .property("maturity", "incubating")
        .property("misses", "Logs that lie elsewhere");
    on_change(rule, &LOGS, |_, change, out| {
        let process = &change.process;
        let rotated = ROTATED.matches(change.path) || is_rotated(change);
        if SYSTEM_LOGS.matches(change.path) || is_routine(process) || is_container_runtime(process) || rotated {
            return;
        }
        // Services begin their own logs anew; a person has a tool or a shell do it.
        let removed = matches!(change.deed, Deed::Removed | Deed::Linked) && CLEANERS.matches(process.name());
        let emptied = matches!(change.deed, Deed::Emptied | Deed::Resized) && CLEANERS.matches(process.name());
        let container = change.path.ends_with("-json.log");
        if removed || (emptied && container) {
            let milder =
                is_scheduled(process) || is_configuration_management(process) || is_build(process) || by_age(process);
            lost(change, milder.then_some(Low), out);
        } else if emptied {
            lost(change, Some(Low), out);
        }
    });

    let rule = r
        .rule("defense-evasion/mail-clearing")
        .summary("A mailbox of the system was emptied or removed: messages of cron and of the security tools go there")
        .severity(Medium)
        .attack("T1070.008")
        .attack("T1070.002")
        .property("maturity", "incubating")
        .property("misses", "Single messages that a mail program removes");
    on_change(rule, &MAIL, |_, change, out| {
        if !is_installed(&change.process, &MAILERS) && !is_routine(&change.process) {
            lost(change, None, out);
        }
    });

    r.rule("defense-evasion/journal-vacuum")
        .summary("The journal was told to forget nearly all it has, or the kernel its messages")
        .severity(Medium)
        .attack("T1070.002")
        .property("maturity", "stable")
        .property("misses", "Limits that are written into the journal's settings")
        .only(called(&["dmesg", "journalctl"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let clears = match command.name() {
                name if name == "journalctl" => forgets(&command),
                name if name == "dmesg" => command.has('C', "clear") || command.has('c', "read-clear"),
                _ => false,
            };
            if clears && !is_package_management(&image) {
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line()));
            }
        });
}

/// What a person clears files by.
static CLEANERS: TextSet = TextSet::new().equals(&[
    "bash", "busybox", "cp", "dash", "dd", "find", "ln", "mv", "perl", "python3", "rm", "sh", "shred", "srm", "tee",
    "truncate", "unlink", "wipe", "zsh",
]);

fn is_routine(process: &Process<'_>) -> bool {
    let by_rotator = || process.ancestors().take(4).any(|each| is_installed(&each, &ROTATORS));
    is_installed(process, &ROTATORS) || is_package_management(process) || by_rotator()
}

/// Whether it removes what is old: nobody who has something to hide waits for that.
fn by_age(process: &Process<'_>) -> bool {
    let ages = ["-amin", "-atime", "-cmin", "-ctime", "-mmin", "-mtime"];
    process.name() == "find" && process.args().any(|arg| arg.one_of(&ages))
}

/// Whether it only got the name of one that is rotated: `mv syslog syslog.1`.
fn is_rotated(change: &Change<'_>) -> bool {
    let beside = change.other.directory() == change.path.directory();
    matches!(change.deed, Deed::Moved | Deed::Replaced) && beside && {
        let other = change.other.file_name();
        let path = change.path.file_name();
        other.starts_with(path.as_bytes()) || path.starts_with(other.as_bytes())
    }
}

/// Raises the finding, where something that was in the file is gone.
fn lost(change: &Change<'_>, severity: Option<Severity>, out: &mut Out<'_>) {
    let process = &change.process;
    let overwrites = change.deed == Deed::Opened && !change.appends && is_overwriter(process);
    if !change.is_loss() && !overwrites {
        return;
    }
    let Some(verb) = change.verb() else { return };
    let finding = out
        .finding(format!("{} {verb} {}", label(process), change.path))
        .fact("path", change.path)
        .key(change.path.to_string());
    if let Some(severity) = change.outcome.severity().or(severity) {
        finding.severity(severity);
    }
}

fn is_overwriter(process: &Process<'_>) -> bool {
    common::programs::is_named(process, &OVERWRITERS)
}

/// Whether a journal is left with next to nothing: `--vacuum-time=1s`, `--vacuum-size=1K`, `--vacuum-files=1`.
fn forgets(journalctl: &Command<'_>) -> bool {
    let value = |name| journalctl.value('\0', name).map(|value| value.to_string());
    let number =
        |text: &str| text.trim_end_matches(|letter: char| !letter.is_ascii_digit()).parse::<f64>().unwrap_or(0.0);
    let unit = |text: &str| text.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.').to_owned();
    let time =
        value("vacuum-time").is_some_and(|time| number(&time) < 1.0 || JOURNAL_MINUTES.contains(&unit(&time).as_str()));
    let size =
        value("vacuum-size").is_some_and(|size| number(&size) < 1.0 || matches!(unit(&size).as_str(), "" | "B" | "K"));
    let small = value("vacuum-size").is_some_and(|size| unit(&size) == "M" && number(&size) < 10.0);
    let files = value("vacuum-files").is_some_and(|files| number(&files) <= 1.0);
    time || size || small || files
}
