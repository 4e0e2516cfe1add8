//! Accounts that their owners can no longer use.

use std::collections::BTreeSet;
use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::context::{is_ci, is_configuration_management};
use common::programs::is_package_management;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;

const ACCOUNTS: usize = 512;
/// How long it is remembered which accounts are new.
const NEW: Duration = Duration::from_secs(60 * 60);
const ACTORS: usize = 256;
const KEEP: Duration = Duration::from_secs(2 * 60);
/// Accounts that one took away in two minutes.
const MANY: usize = 4;
const TOOLS: [&str; 14] = [
    "chage", "deluser", "groupdel", "loginctl", "passwd", "pkill", "skill", "useradd", "adduser", "userdel", "usermod",
    "faillock", "delgroup", "killall",
];

/// Accounts that are new, and those that one took away.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Accounts {
    new: Recent<Vec<u8>, ()>,
    taken: Recent<u64, BTreeSet<Vec<u8>>>,
}

impl Default for Accounts {
    fn default() -> Self {
        Self { new: Recent::new(ACCOUNTS, NEW), taken: Recent::new(ACTORS, KEEP) }
    }
}

impl Accounts {
    pub(crate) fn with_limits(self) -> Self {
        Self { new: self.new.with_limits(ACCOUNTS, NEW), taken: self.taken.with_limits(ACTORS, KEEP) }
    }
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/account-taken-away")
        .summary("An account was removed or locked, or whoever used it was thrown out")
        .severity(Medium)
        .attack("T1531")
        .property("maturity", "incubating")
        .property("misses", "changes of the files themselves, and passwords that are changed by chpasswd(8)")
        .only(called(&TOOLS))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            let command = Command::of(&image);
            let call = command.options(&Syntax::new(
                "bcCdefgGkKLpPRsuUEIMmWxnjiw",
                &[
                    "user",
                    "shell",
                    "expiredate",
                    "group",
                    "groups",
                    "home",
                    "signal",
                    "uid",
                    "comment",
                    "gid",
                    "inactive",
                ],
            ));
            let plain = command.options(&Syntax::new("", &[]));
            let name = command.name();
            let last = image.args().last().unwrap_or_default();
            if name.one_of(&["useradd", "adduser"]) {
                pack.accounts.new.insert(now, last.as_bytes().to_vec(), ());
                return;
            }
            let takes = match () {
                () if name.one_of(&["userdel", "deluser"]) => plain.operands().len() == 1 || name == "userdel",
                () if name == "usermod" => {
                    let shell = call
                        .value(&["s", "shell"])
                        .is_some_and(|shell| shell.ends_with("nologin") || shell.ends_with("/false"));
                    plain.has(&["L", "lock"]) || shell || call.has(&["e", "expiredate"])
                }
                () if name == "passwd" => plain.has(&["l", "lock", "e", "expire", "d", "delete"]),
                () if name == "chage" => call
                    .value(&["E", "expiredate"])
                    .is_some_and(|date| date.one_of(&["0", "1"]) || date.starts_with("19") || date.starts_with("200")),
                () if name == "loginctl" => {
                    image.args().any(|arg| arg.one_of(&["terminate-user", "kill-user", "terminate-session"]))
                }
                () if name.one_of(&["pkill", "skill", "killall"]) => {
                    let strong = image.args().any(|arg| arg.one_of(&["-9", "-KILL", "-SIGKILL", "--signal=9"]));
                    let user = image
                        .args()
                        .collect::<Vec<_>>()
                        .windows(2)
                        .any(|pair| pair[0].one_of(&["-u", "-U", "--uid"]) && !pair[1].is_empty());
                    strong && user
                }
                () => false,
            };
            let is_routine = is_package_management(&image) || is_configuration_management(&image) || is_ci(&image);
            let Some(parent) = image.parent().filter(|_| takes && !is_routine) else { return };
            let mut taken = pack.accounts.taken.take(now, &parent.id()).unwrap_or_default();
            if taken.len() < 32 {
                taken.insert(last.as_bytes().to_vec());
            }
            let count = taken.len();
            pack.accounts.taken.insert(now, parent.id(), taken);
            // Who tries out what he has just made takes it away again; one who leaves is locked out and removed. By force, while
            // he works, or several at once is something else.
            let is_leaving = name.one_of(&["userdel", "deluser", "passwd"])
                && count == 1
                && !plain.has(&["f", "force", "remove-all-files", "d", "delete"]);
            let is_new = pack.accounts.new.get(now, last.as_bytes()).is_some();
            let is_root = last == "root";
            let severity = match () {
                () if is_root || (count >= MANY && !is_new) => High,
                () if is_new || is_leaving || image.tty().is_some() => Low,
                () => Medium,
            };
            out.finding(format!("{} takes an account away", line(&image)))
                .field("account", last)
                .fact("accounts", count as u64)
                .severity(severity);
        });
}
