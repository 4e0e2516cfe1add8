//! The files in which accounts stand, changed past the programs for it.

use common::changes::on_write;
use common::command::Command;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, report};

static ACCOUNTS: TextSet = TextSet::new().equals(&["/etc/passwd", "/usr/etc/passwd"]);
static PASSWORDS: TextSet = TextSet::new().equals(&["/etc/master.passwd", "/etc/shadow"]);
static GROUPS: TextSet = TextSet::new().equals(&["/etc/group", "/etc/gshadow"]);

static HABITS: Habits = Habits {
    owners: TextSet::new().equals(&[
        "accounts-daemon",
        "addgroup",
        "adduser",
        "busybox",
        "chage",
        "chfn",
        "chgpasswd",
        "chpasswd",
        "chsh",
        "delgroup",
        "deluser",
        "gpasswd",
        "groupadd",
        "groupdel",
        "groupmems",
        "groupmod",
        "grpck",
        "grpconv",
        "grpunconv",
        "homectl",
        "login",
        "lpasswd",
        "newusers",
        "passwd",
        "pwck",
        "pwconv",
        "pwunconv",
        "shadowconfig",
        "sshd",
        "sshd-session",
        "su",
        "sudo",
        "systemd-firstboot",
        "systemd-sysusers",
        "unix_chkpwd",
        "unix_update",
        "useradd",
        "userdel",
        "usermod",
        "vigr",
        "vipw",
    ]),
    editors: TextSet::new().equals(&["vigr", "vipw"]),
};
/// Changes of times are no changes of accounts.
static NO_HABITS: Habits = Habits { owners: TextSet::new().equals(&["touch"]), editors: TextSet::new() };

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/passwd-write")
        .summary(
            "The list of accounts was changed past the programs for it: an account made so can be root by another name",
        )
        .severity(High)
        .attack("T1136.001")
        .attack("T1098")
        .property("maturity", "stable")
        .property("misses", "what the programs for it are told to do, which other rules see");
    on_write(rule, &ACCOUNTS, |_, change, out| judge(change, out));

    let rule = r
        .rule("persistence/shadow-write")
        .summary("The list of passwords was changed past the programs for it")
        .severity(High)
        .attack("T1098")
        .attack("T1556")
        .property("maturity", "stable")
        .property("misses", "what the programs for it are told to do, which other rules see");
    on_write(rule, &PASSWORDS, |_, change, out| judge(change, out));

    let rule = r
        .rule("persistence/group-write")
        .summary("The list of groups was changed past the programs for it")
        .severity(High)
        .attack("T1098.007")
        .property("maturity", "stable")
        .property("misses", "what the programs for it are told to do, which other rules see");
    on_write(rule, &GROUPS, |_, change, out| judge(change, out));
}

fn judge(change: &common::changes::Change<'_>, out: &mut Out<'_>) {
    // busybox is many programs.
    let name = change.process.name();
    let is_many = name.starts_with("busybox") || name == "toybox";
    let is_other_applet = is_many && !Command::of(&change.process).is(&HABITS.owners);
    report(change, if is_other_applet { &NO_HABITS } else { &HABITS }, out);
}
