//! Accounts that are made or let in again, and groups that make somebody more than he was: by the programs for it, on the machine
//! and in domains and clouds.

use common::command::{Command, Options, Syntax};
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::report_exec;

static USERADD: Syntax<'_> = Syntax::new(
    "bcdefgGkKpRPsuxZhF",
    &[
        "badname",
        "base-dir",
        "comment",
        "expiredate",
        "gecos",
        "gid",
        "groups",
        "home",
        "home-dir",
        "inactive",
        "ingroup",
        "password",
        "shell",
        "skel",
        "uid",
    ],
)
.abbreviated();
static USERMOD: Syntax<'static> = Syntax::new(
    "cdefgGlpRPsuvVwWZ",
    &["comment", "expiredate", "gid", "groups", "home", "inactive", "login", "password", "shell", "uid"],
)
.abbreviated();
/// Groups whose members are root, or as good as that.
static ADMIN_GROUPS: TextSet = TextSet::new()
    .equals(&["0", "admin", "disk", "docker", "libvirt", "lxd", "root", "shadow", "sudo", "sudoers", "wheel"]);
/// Accounts that come with the system, which nobody logs in to.
static SYSTEM_ACCOUNTS: TextSet = TextSet::new().equals(&[
    "_apt",
    "apache",
    "backup",
    "bin",
    "daemon",
    "dbus",
    "ftp",
    "games",
    "gnats",
    "guest",
    "http",
    "irc",
    "list",
    "lp",
    "mail",
    "man",
    "messagebus",
    "mysql",
    "news",
    "nobody",
    "nginx",
    "operator",
    "postgres",
    "proxy",
    "redis",
    "root",
    "sshd",
    "sync",
    "sys",
    "syslog",
    "systemd-network",
    "systemd-resolve",
    "systemd-timesync",
    "uucp",
    "uuidd",
    "www-data",
]);
/// Shells with which nobody gets in.
static NO_SHELLS: TextSet = TextSet::new().file_name(&["false", "nologin", "sync", "true", "git-shell"]);
/// Homes that are somebody else's, or everybody's.
static STRANGE_HOMES: TextSet = TextSet::new()
    .equals(&["/", "/root", "/root/"])
    .starts_with(&["/tmp", "/var/tmp", "/dev/", "/etc", "/usr"])
    .contains(&["/."]);

/// What is odd about a new account.
fn oddities(arguments: &[Text<'_>]) -> (Severity, Vec<&'static str>) {
    let options = Options::read(arguments, &USERADD);
    let mut odd = Vec::new();
    let mut severity = Low;
    let mut note = |how: Severity, what| {
        severity = severity.max(how);
        odd.push(what);
    };
    let uid = options.value(&["u", "uid"]);
    if uid.is_some_and(|uid| uid == "0") {
        note(Critical, "it is root by another name");
    } else if options.has(&["o", "non-unique"]) {
        note(High, "it is another account by another name");
    }
    let groups = [options.value(&["g", "gid"]), options.value(&["G", "groups"]), options.value(&["ingroup"])];
    if groups.into_iter().flatten().any(has_admin_group) {
        note(High, "it is in a group of administrators");
    }
    let can_log_in = options.value(&["s", "shell"]).is_some_and(|shell| !shell.is_empty() && !NO_SHELLS.matches(shell));
    if can_log_in && options.has(&["r", "system"]) {
        note(Medium, "it looks like the system's and can log in");
    }
    if can_log_in && options.has(&["M", "no-create-home"]) {
        note(Medium, "it can log in and has no home");
    }
    if options.has(&["p", "password"]) {
        note(Medium, "its password came with it");
    }
    // `-h` is busybox's.
    let home = options.value(&["d", "home-dir"]).or_else(|| options.value(&["h", "home"]));
    if home.is_some_and(|home| STRANGE_HOMES.matches(home)) {
        note(Medium, "its home is a strange one");
    }
    let name = options.operands().last().copied().unwrap_or_default();
    if name.starts_with(".") || name.starts_with("-") || name.ends_with("$") {
        note(Medium, "its name hides it");
    }
    (severity, odd)
}

fn has_admin_group(groups: Text<'_>) -> bool {
    groups.as_bytes().split(|byte| *byte == b',').any(|group| ADMIN_GROUPS.matches(group))
}

pub(crate) fn add(r: &mut Rules<Persistence>) {
    r.rule("persistence/account-create")
        .summary("An account was made; the more unusual its rights or its home, the worse")
        .severity(Medium)
        .attack("T1136.001")
        .property("maturity", "stable")
        .property("misses", "a plain account with nothing odd about it is a hint only: administrators make such, too")
        .only(
            exec::image::exe()
                .ends_with(["/adduser", "/busybox", "/newusers", "/useradd"])
                .or(exec::image::argv().contains(["/adduser\0"])),
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, arguments) = Command::of(&image).parts();
            if !name.one_of(&["adduser", "newusers", "useradd"]) || is_part_of_adduser(&image) {
                return;
            }
            let options = Options::read(&arguments, &USERADD);
            let operands = options.operands();
            if is_group_change(operands, name == "adduser") || operands.is_empty() {
                return;
            }
            let (severity, odd) = oddities(&arguments);
            if let Some(finding) = report_exec(e, severity, "made an account", out) {
                finding.field("odd", odd.join(", "));
            }
        });

    r.rule("persistence/admin-group-join")
        .summary("An account was put into a group whose members are root or can become it")
        .severity(Medium)
        .attack("T1098.007")
        .property("maturity", "stable")
        .property("misses", "groups of other names to which sudo gives rights")
        .only(
            exec::image::exe()
                .ends_with(["/adduser", "/addgroup", "/busybox", "/gpasswd", "/groupmod", "/usermod"])
                .or(exec::image::argv().contains(["/adduser\0"])),
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, arguments) = Command::of(&image).parts();
            let joins = match name.as_bytes() {
                b"usermod" => {
                    let options = Options::read(&arguments, &USERMOD);
                    [options.value(&["G", "groups"]), options.value(&["g", "gid"])]
                        .into_iter()
                        .flatten()
                        .any(has_admin_group)
                }
                b"gpasswd" => {
                    let options = Options::read(&arguments, &Syntax::new("adAMQ", &["add", "members"]).abbreviated());
                    let adds = options.has(&["a", "add"]) || options.has(&["M", "members"]);
                    adds && options.operands().iter().any(|group| ADMIN_GROUPS.matches(*group))
                }
                b"adduser" | b"addgroup" => {
                    let options = Options::read(&arguments, &USERADD);
                    let operands = options.operands();
                    is_group_change(operands, true) && ADMIN_GROUPS.matches(operands[1])
                }
                _ => false,
            };
            if joins && !is_part_of_adduser(&image) {
                report_exec(e, Medium, "made somebody an administrator", out);
            }
        });

    r.rule("persistence/account-reopen")
        .summary("An account was let in again that was locked, expired, or never meant for logging in")
        .severity(Medium)
        .attack("T1098")
        .attack("T1078.003")
        .property("maturity", "stable")
        .property("misses", "passwords that are typed or piped in for ordinary accounts")
        .only(exec::image::exe().ends_with(["/busybox", "/chage", "/chpasswd", "/chsh", "/passwd", "/usermod"]))
        .on_exec(|_, e, out| {
            let (name, arguments) = Command::of(&e.image()).parts();
            let found = match name.as_bytes() {
                // Whose they are stands in what it is given.
                b"chpasswd" => Some((Low, "changed passwords by a list")),
                b"usermod" => reopened_by_usermod(&Options::read(&arguments, &USERMOD)),
                b"passwd" => {
                    let options = Options::read(&arguments, &Syntax::new("inwxaR", &[]).abbreviated());
                    let of_system = options.operands().first().is_some_and(|name| SYSTEM_ACCOUNTS.matches(*name));
                    let asks = options.has(&["S", "a", "e", "l", "status"]);
                    if options.has(&["d", "delete"]) {
                        Some((High, "took a password away"))
                    } else if options.has(&["u", "unlock"]) {
                        Some((if of_system { Medium } else { Low }, "unlocked an account"))
                    } else {
                        (of_system && !asks && e.image().tty().is_none())
                            .then_some((Medium, "gave an account of the system a password"))
                    }
                }
                b"chsh" => {
                    let options = Options::read(&arguments, &Syntax::new("sR", &["shell"]).abbreviated());
                    let of_system = options
                        .operands()
                        .first()
                        .is_some_and(|name| SYSTEM_ACCOUNTS.matches(*name) && *name != "root");
                    let opens = options.value(&["s", "shell"]).is_some_and(|shell| !NO_SHELLS.matches(shell));
                    (of_system && opens).then_some((Medium, "gave an account of the system a shell"))
                }
                b"chage" => {
                    let options = Options::read(&arguments, &Syntax::new("dEImMWR", &["expiredate"]).abbreviated());
                    let never = options.value(&["E", "expiredate"]).is_some_and(|date| date == "-1");
                    let of_system = options.operands().first().is_some_and(|name| SYSTEM_ACCOUNTS.matches(*name));
                    never.then_some((if of_system { Medium } else { Low }, "let an account never expire"))
                }
                _ => None,
            };
            if let Some((severity, what)) = found {
                report_exec(e, severity, what, out);
            }
        });

    r.rule("persistence/directory-account-create")
        .summary("An account was made in a domain or a directory")
        .severity(Medium)
        .attack("T1136.002")
        .property("maturity", "incubating")
        .property("misses", "what is asked of a directory by other programs")
        .only(exec::image::argv().contains(["add", "create"]))
        .only(
            exec::image::exe()
                .ends_with(["/adcli", "/ipa", "/ldapadd", "/ldapmodify", "/net", "/samba-tool"])
                .or(exec::image::argv().contains(["/samba-tool\0", "/ipa\0"])),
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let words: Vec<_> = image.args().map(|word| word.file_name()).collect();
            let has = |texts: &[&str]| words.iter().any(|word| word.one_of(texts));
            let makes = (has(&["samba-tool"]) && has(&["user"]) && has(&["add", "create"]))
                || (has(&["net"])
                    && has(&["ads", "rpc", "sam"])
                    && has(&["user", "createuser"])
                    && has(&["add", "createuser"]))
                || has(&["user-add", "create-user", "ldapadd", "stageuser-add"])
                || (has(&["ldapmodify"]) && has(&["-a"]));
            if makes {
                report_exec(e, Medium, "made an account in a directory", out);
            }
        });

    r.rule("persistence/cloud-account-create")
        .summary("An account, a key or a role was made or given in a cloud by its command line")
        .severity(Medium)
        .attack("T1136.003")
        .attack("T1098.001")
        .attack("T1098.003")
        .property("maturity", "incubating")
        .property("misses", "what is asked of a cloud by other programs than its own command line")
        .only(exec::image::argv().contains([
            "add-iam-policy-binding",
            "attach-role-policy",
            "attach-user-policy",
            "create-access-key",
            "create-for-rbac",
            "create-key-pair",
            "create-login-profile",
            "create-user",
            "import-key-pair",
            "put-user-policy",
            "service-accounts",
            "assignment\0create",
            "ad\0user\0create",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            // They are scripts of Python, most of them.
            let is_cloud =
                image.args().take(2).any(|word| word.file_name().one_of(&["aws", "az", "gcloud", "gcloud.py"]));
            let is_more = |word: Text<'_>| word.one_of(&["create", "keys"]);
            let asks_only = image.args().any(|word| word == "service-accounts") && !image.args().any(is_more);
            if is_cloud && !asks_only {
                report_exec(e, Medium, "made or gave in the cloud", out);
            }
        });
}

fn reopened_by_usermod(options: &Options<'_>) -> Option<(Severity, &'static str)> {
    let of_system = options.operands().last().is_some_and(|name| SYSTEM_ACCOUNTS.matches(*name));
    let opens = options.value(&["s", "shell"]).is_some_and(|shell| !NO_SHELLS.matches(shell));
    if options.value(&["u", "uid"]).is_some_and(|uid| uid == "0") {
        Some((Critical, "made an account root by another name"))
    } else if options.has(&["U", "unlock"]) {
        Some((Medium, "unlocked an account"))
    } else if options.has(&["p", "password"]) {
        Some((Medium, "gave an account another password"))
    } else if of_system && opens {
        Some((Medium, "gave an account of the system a shell"))
    } else {
        let never =
            options.value(&["e", "expiredate"]).is_some_and(|date| date.is_empty() || date == "-1" || date == "''");
        never.then_some((Medium, "let an account never expire"))
    }
}

/// `adduser ada sudo` makes no account, it makes a member.
fn is_group_change(operands: &[Text<'_>], is_adduser: bool) -> bool {
    is_adduser && operands.len() == 2
}

/// adduser calls useradd and usermod: one finding is enough.
fn is_part_of_adduser(image: &Process<'_>) -> bool {
    image.ancestors().take(2).any(|each| each.script().file_name() == "adduser")
}
