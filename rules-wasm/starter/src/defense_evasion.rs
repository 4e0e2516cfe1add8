//! Removing traces.

use lanner_sdk::prelude::*;

use crate::Starter;
use crate::files::file;
use crate::outcome::Outcome;
use crate::programs::{is_installed, is_package_management, label};

/// Programs that empty logs because it is their work.
static ROTATORS: TextSet = TextSet::new().equals(&[
    "journalctl",
    "logrotate",
    "newsyslog",
    "rsyslogd",
    "svlogd",
    "syslog-ng",
    "systemd-journald",
    "systemd-tmpfiles",
    "systemd-update-utmp",
    "auditd",
    "utmpdump",
]);
/// Logs of the system, and folders of which everything is such a log. Those of applications are begun anew for many
/// reasons.
static LOGS: TextSet = TextSet::new()
    .equals(&[
        "/var/log/auth.log",
        "/var/log/btmp",
        "/var/log/cron",
        "/var/log/cron.log",
        "/var/log/daemon.log",
        "/var/log/faillog",
        "/var/log/kern.log",
        "/var/log/lastlog",
        "/var/log/maillog",
        "/var/log/messages",
        "/var/log/secure",
        "/var/log/syslog",
        "/var/log/user.log",
        "/var/log/utmp",
        "/var/log/wtmp",
        "/var/log/wtmp.db",
        "/var/log/tallylog",
        "/var/run/utmp",
        "/run/utmp",
    ])
    .starts_with(&["/var/log/audit/", "/var/log/journal/", "/run/log/journal/"]);
/// Programs that empty or overwrite a file without saying so when they open it.
static OVERWRITERS: TextSet = TextSet::new().equals(&["dd", "shred", "truncate"]);
/// What shells remember of what was typed.
static HISTORIES: TextSet = TextSet::new().ends_with(&[
    "/.bash_history",
    "/.zsh_history",
    "/.zhistory",
    "/.sh_history",
    "/.ash_history",
    "/.histfile",
    "/.mysql_history",
    "/.psql_history",
]);

pub(crate) fn add(r: &mut Rules<Starter>) {
    r.rule("defense-evasion/log-clearing")
        .summary("A log of the system was emptied by a program that does not rotate logs")
        .severity(High)
        .attack("T1070.002")
        .only(open::file().matches(&LOGS))
        .on_open(|_, e, out| {
            if !is_installed(&e.process(), &ROTATORS) && !is_package_management(&e.process()) {
                emptied(e, out);
            }
        });

    // A shell itself replaces its history by a new file; it never empties the one that is there.
    r.rule("defense-evasion/history-clearing")
        .summary("The history of a shell was emptied")
        .severity(High)
        .attack("T1070.003")
        .only(open::file().matches(&HISTORIES))
        .on_open(|_, e, out| emptied(e, out));
}

/// Raises the finding, where the open emptied a file that was there, or would have.
fn emptied(e: &OpenEvent<'_>, out: &mut Out<'_>) {
    let process = e.process();
    let overwrites = e.is_write() && !e.appends() && OVERWRITERS.matches(process.name());
    if !(e.truncates() || overwrites) || e.is_created() {
        return;
    }
    let outcome = Outcome::of(e);
    let Some(verb) = outcome.verb("emptied", "tried to empty") else { return };
    let finding = out.finding(format!("{} {verb} {}", label(&process), file(e)));
    if let Some(severity) = outcome.severity() {
        finding.severity(severity);
    }
}
