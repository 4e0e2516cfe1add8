use lanner_sdk::abi::field;
use lanner_sdk::prelude::Severity::{self, Critical, High, Low, Medium};
use lanner_sdk::testing::{exec, open, process};

use super::{finds, silent};

const EACCES: u16 = 13;

/// Rule, severity, a path, and who may.
const WATCHED: [(&str, Severity, &str, Option<&str>); 9] = [
    ("persistence/cron-write", High, "/etc/cron.d/job", Some("/usr/sbin/cron")),
    ("persistence/cron-write", High, "/etc/crontab", None),
    ("persistence/cron-write", High, "/var/spool/cron/crontabs/root", None),
    ("persistence/systemd-unit-write", High, "/etc/systemd/system/x.service", Some("/usr/lib/systemd/systemd")),
    ("persistence/systemd-unit-write", High, "/home/ada/.config/systemd/user/x.timer", None),
    ("persistence/ld-preload-write", Critical, "/etc/ld.so.preload", None),
    ("persistence/authorized-keys-write", Medium, "/root/.ssh/authorized_keys", None),
    ("privilege-escalation/sudoers-write", Critical, "/etc/sudoers", None),
    ("privilege-escalation/sudoers-write", Critical, "/etc/sudoers.d/x", None),
];

#[test]
fn writing_what_runs_later() {
    for (rule, severity, path, owner) in WATCHED {
        let tee = process("/usr/bin/tee");
        finds([open(path).write().by(&tee)], rule, severity, &format!("/usr/bin/tee opened for writing: {path}"));
        finds([open(path).created().by(&tee)], rule, severity, &format!("/usr/bin/tee created: {path}"));
        let denied = open(path).append().failed(EACCES).by(&tee);
        finds([denied], rule, Low, &format!("/usr/bin/tee tried to write: {path}"));
        silent([open(path).by(&tee)]);
        silent([open(path).write().by(process("/usr/bin/dpkg"))]);
        silent([open(path).write().by(process("/snap/snapd/1/usr/lib/snapd/snapd"))]);
        silent(owner.map(|owner| open(path).write().by(process(owner))));
    }
}

#[test]
fn the_programs_made_for_it_are_worth_a_line() {
    let crontab = open("/var/spool/cron/crontabs/tmp.x").created().by(process("/usr/bin/crontab"));
    let message = "/usr/bin/crontab created: /var/spool/cron/crontabs/tmp.x";
    finds([crontab], "persistence/cron-write", Low, message);
    let visudo = open("/etc/sudoers").read_write().by(process("/usr/sbin/visudo"));
    let message = "/usr/sbin/visudo opened for writing: /etc/sudoers";
    let editor = process("/usr/bin/nano").parent(process("/usr/sbin/visudo"));
    let edited = open("/etc/sudoers.tmp").write().by(editor);
    let said = "/usr/bin/nano opened for writing: /etc/sudoers.tmp";
    finds([edited], "privilege-escalation/sudoers-write", Low, said);
    finds([visudo], "privilege-escalation/sudoers-write", Low, message);
}

#[test]
fn a_script_is_not_trusted_by_a_winding_path() {
    let agent = |script| open("/etc/sudoers.d/x").write().by(process("/usr/bin/python3.11").script(script));
    silent([agent("/usr/bin/cloud-init")]);
    let message = "/usr/../tmp/cloud-init (python3.11) opened for writing: /etc/sudoers.d/x";
    finds([agent("/usr/../tmp/cloud-init")], "privilege-escalation/sudoers-write", Critical, message);
}

#[test]
fn what_lies_beside_it() {
    let tee = process("/usr/bin/tee");
    for path in ["/etc/cron.deny", "/etc/systemd/system.conf", "/run/systemd/transient/x.scope", "/root/.ssh/config"] {
        silent([open(path).write().by(&tee)]);
    }
}

#[test]
fn libraries_that_are_loaded_first() {
    let rule = "persistence/ld-preload-environment";
    let with = |environment: &str| exec(process("/usr/bin/id").set(field::process::ENVIRONMENT, environment));
    let message = "/usr/bin/id was started with LD_PRELOAD=/tmp/x.so";
    finds([with("LD_PRELOAD=/tmp/x.so\0")], rule, High, message);
    finds([with("LD_PRELOAD=/usr/lib/y.so:/tmp/x.so\0")], rule, High, message);
    finds([with("LD_AUDIT=/dev/shm/x\0")], rule, High, "/usr/bin/id was started with LD_AUDIT=/dev/shm/x");
    for library in ["//tmp//x.so", "/proc/self/cwd/x.so", "./x.so", "/usr/../tmp/x.so"] {
        let twice = format!("LD_PRELOAD=\0LD_PRELOAD={library}\0");
        let image = process("/usr/bin/id").set(field::process::ENVIRONMENT, &*twice).cwd("/tmp");
        finds([exec(image)], rule, High, &format!("/usr/bin/id was started with LD_PRELOAD={library}"));
        let image = process("/usr/bin/id").set(field::process::ENVIRONMENT, "LD_PRELOAD=./x.so\0").cwd("/root");
        silent([exec(image)]);
    }
    silent([with("LD_PRELOAD=/usr/lib/libfakeroot.so\0")]);
    silent([with("LD_PRELOAD=libjemalloc.so\0")]);
    silent([with("LD_PRELOAD=\0LD_AUDIT=\0")]);
    silent([exec(process("/usr/bin/id"))]);
}
