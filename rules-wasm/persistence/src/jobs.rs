//! Jobs that run by the clock: cron, at, timers of systemd, and those of Kubernetes.

use common::changes::on_write;
use common::command::{Command, Options, Syntax};
use common::programs::{is_in_system, is_world_writable};
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, report, report_exec};

/// Begin paths of what cron runs.
static CRON: TextSet = TextSet::new().starts_with(&[
    "/etc/anacrontab",
    "/etc/cron.d/",
    "/etc/cron.daily/",
    "/etc/cron.hourly/",
    "/etc/cron.monthly/",
    "/etc/cron.weekly/",
    "/etc/cron.yearly/",
    "/etc/crontab",
    "/etc/crontabs/",
    "/etc/periodic/",
    "/var/spool/cron/crontabs/",
    "/var/spool/cron/root",
    "/var/spool/cron/tabs/",
    "/var/spool/fcron/",
    "/var/spool/incron/",
    "/etc/incron.d/",
]);
/// Where at keeps its jobs.
static AT: TextSet = TextSet::new().starts_with(&[
    "/var/spool/at/",
    "/var/spool/atjobs/",
    "/var/spool/cron/atjobs/",
    "/var/spool/cron/atspool/",
]);
/// Who may have jobs.
static ALLOWED: TextSet =
    TextSet::new().equals(&["/etc/at.allow", "/etc/at.deny", "/etc/cron.allow", "/etc/cron.deny"]);
/// Ends of the paths of systemd's timers.
static TIMERS: TextSet = TextSet::new().ends_with(&[".timer"]);

static CRON_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["anacron", "cron", "crond", "fcron", "incrond"]),
    editors: TextSet::new().equals(&["crontab", "fcrontab", "incrontab"]),
};
static AT_HABITS: Habits = Habits { owners: TextSet::new().equals(&["at", "atd", "batch"]), editors: TextSet::new() };
static UNIT_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["cloud-init", "generate", "netplan", "systemd", "systemd-executor"]),
    editors: TextSet::new().equals(&["deb-systemd-helper", "systemctl"]),
};

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/cron-write")
        .summary("A job for cron was written")
        .severity(High)
        .attack("T1053.003")
        .property("maturity", "stable")
        .property("misses", "paths with .. in a rename or a link; a file that a job runs already");
    on_write(rule, &CRON, |_, change, out| {
        if !change.path.file_name().starts_with(".placeholder") {
            report(change, &CRON_HABITS, out);
        }
    });

    r.rule("persistence/crontab-install")
        .summary("A user's jobs for cron were replaced by what a program or a file says, without an editor")
        .severity(Medium)
        .attack("T1053.003")
        .property("maturity", "stable")
        .property("misses", "crontab -e with an editor that does it by itself")
        .only(exec::image::exe().ends_with(["/crontab", "/busybox", "/fcrontab"]))
        .on_exec(|_, e, out| {
            let (name, arguments) = Command::of(&e.image()).parts();
            if !name.one_of(&["crontab", "fcrontab"]) {
                return;
            }
            let options = Options::read(&arguments, &Syntax::new("ucnsx", &[]).abbreviated());
            let asks = options.has(&["l", "e", "r", "i", "V", "T", "d", "list"]);
            let is_typed = options.operands().is_empty() && e.image().tty().is_some();
            // A list that somebody keeps is put in place so; what is made up on the spot comes by a pipe or a temporary file.
            let kept = options.operands().first().is_some_and(|file| !is_world_writable(*file) && *file != "-");
            let kept = kept && !is_world_writable(Text::new(&[e.image().cwd().as_bytes(), b"/"].concat()));
            if !asks && !is_typed {
                report_exec(e, if kept { Low } else { Medium }, "replaced jobs of cron", out);
            }
        });

    r.rule("persistence/at-job")
        .summary("A job was given to at: it runs once, later, outside of any session")
        .severity(Medium)
        .attack("T1053.002")
        .property("maturity", "stable")
        .property("misses", "a job that is written into another spool")
        .only(exec::image::exe().ends_with(["/at", "/batch"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let options =
                Options::read(&image.args().skip(1).collect::<Vec<_>>(), &Syntax::new("fqt", &[]).abbreviated());
            // batch is a script that calls at.
            let asks = options.has(&["l", "c", "d", "r", "V"]);
            if is_in_system(image.exe()) && !asks {
                report_exec(e, Medium, "had at run later", out);
            }
        });
    let rule = r
        .rule("persistence/at-spool-write")
        .summary("A job of at was written past at")
        .severity(High)
        .attack("T1053.002")
        .property("maturity", "incubating")
        .property("misses", "spools in other places");
    on_write(rule, &AT, |_, change, out| {
        // It belongs to its own user, whom nobody else can give a setuid program.
        let process = &change.process;
        let is_at = is_in_system(process.exe()) && process.is_setuid() && AT_HABITS.owners.matches(process.name());
        if !is_at {
            report(change, &AT_HABITS, out);
        }
    });
    let rule = r
        .rule("persistence/job-permission-write")
        .summary("Who may have jobs of cron and at was changed")
        .severity(Medium)
        .attack("T1053.003")
        .attack("T1053.002")
        .property("maturity", "incubating")
        .property("misses", "what PAM says about it");
    on_write(rule, &ALLOWED, |_, change, out| {
        report(change, &CRON_HABITS, out);
    });

    let rule = r
        .rule("persistence/systemd-timer-write")
        .summary("A timer of systemd was written: it starts a service by the clock")
        .severity(High)
        .attack("T1053.006")
        .attack("T1543.002")
        .property("maturity", "stable")
        .property("misses", "timers in folders that a unit path from the environment names");
    on_write(rule, &TIMERS, |_, change, out| {
        if change.paths().any(crate::services::is_unit) {
            report(change, &UNIT_HABITS, out);
        }
    });

    r.rule("persistence/systemd-run-timer")
        .summary("systemd was told to run a command by the clock, without a file that says so")
        .severity(Medium)
        .attack("T1053.006")
        .property("maturity", "stable")
        .property("misses", "what is asked of systemd over D-Bus by other programs")
        .only(exec::image::exe().ends_with(["/systemd-run"]))
        .on_exec(|_, e, out| {
            let clock = |argument: Text<'_>| argument.starts_with("--on-") || argument.starts_with("--timer-prop");
            if e.image().args().any(clock) {
                report_exec(e, Medium, "had systemd run by the clock", out);
            }
        });
}
