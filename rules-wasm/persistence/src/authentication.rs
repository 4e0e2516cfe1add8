//! Who is let in, and by what: keys, PAM, name services, sshd's settings, polkit.

use common::changes::{Change, on_change, on_write};
use common::programs::is_world_writable;
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::{Habits, NOBODY, in_home, is_copying, report, report_as};

static KEYS: TextSet = TextSet::new()
    .ends_with(&["/.ssh/authorized_keys", "/.ssh/authorized_keys2"])
    .starts_with(&["/etc/dropbear/authorized_keys", "/etc/ssh/authorized_keys"]);
static PAM: TextSet = TextSet::new().equals(&["/etc/pam.conf"]).starts_with(&[
    "/etc/pam.d/",
    "/etc/security/pam_env.conf",
    "/lib/security/",
    "/lib/x86_64-linux-gnu/security/",
    "/lib/aarch64-linux-gnu/security/",
    "/lib64/security/",
    "/usr/lib/pam.d/",
    "/usr/lib/security/",
    "/usr/lib/aarch64-linux-gnu/security/",
    "/usr/lib/x86_64-linux-gnu/security/",
    "/usr/lib64/security/",
    "/usr/local/lib/security/",
    "/usr/share/pam-configs/",
]);
/// What names, users and passwords are looked up by.
static NAME_SERVICES: TextSet = TextSet::new()
    .equals(&["/etc/krb5.conf", "/etc/nsswitch.conf", "/etc/nslcd.conf", "/etc/ldap.conf", "/etc/ldap/ldap.conf"])
    .starts_with(&[
        "/etc/sssd/",
        "/lib/x86_64-linux-gnu/libnss_",
        "/lib/aarch64-linux-gnu/libnss_",
        "/lib64/libnss_",
        "/usr/lib/x86_64-linux-gnu/libnss_",
        "/usr/lib/aarch64-linux-gnu/libnss_",
        "/usr/lib64/libnss_",
    ]);
static SSHD: TextSet =
    TextSet::new().equals(&["/etc/ssh/sshd_config"]).starts_with(&["/etc/ssh/sshd_config.d/", "/etc/dropbear/"]);
/// Who is let in from where without more ado.
static TRUST: TextSet = TextSet::new()
    .equals(&["/etc/hosts.allow", "/etc/hosts.equiv", "/etc/securetty", "/etc/shells", "/etc/ssh/shosts.equiv"])
    .starts_with(&["/etc/security/access.conf", "/etc/security/group.conf", "/etc/security/time.conf"])
    .ends_with(&["/.rhosts", "/.shosts", "/.k5login"]);
/// What a second factor is checked with.
static SECOND_FACTORS: TextSet = TextSet::new()
    .starts_with(&[
        "/etc/duo/",
        "/etc/security/pam_duo.conf",
        "/etc/security/pam_yubico.conf",
        "/etc/google-authenticator",
        "/etc/oath/",
        "/etc/users.oath",
        "/etc/Yubico/",
        "/etc/u2f_mappings",
    ])
    .ends_with(&["/.google_authenticator", "/.yubico/authorized_yubikeys", "/Yubico/u2f_keys", "/.duo_bypass"]);

static KEY_HABITS: Habits =
    Habits { owners: TextSet::new().equals(&["cloud-init", "google_guest_agent", "waagent"]), editors: TextSet::new() };
static PAM_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["authconfig", "authselect", "pam-auth-update", "pam-config"]),
    editors: TextSet::new(),
};
static NAME_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["authconfig", "authselect", "ldconfig", "realmd", "sssd"]),
    editors: TextSet::new().equals(&["ipa-client-install", "realm"]),
};
static SECOND_HABITS: Habits = Habits {
    owners: TextSet::new().equals(&["sshd", "sshd-session"]),
    editors: TextSet::new().equals(&["google-authenticator", "pamu2fcfg"]),
};

pub(crate) fn add(r: &mut Rules<Persistence>) {
    let rule = r
        .rule("persistence/authorized-keys-write")
        .summary("The list of keys that may log in was written")
        .severity(Medium)
        .attack("T1098.004")
        .property("maturity", "stable")
        .property("misses", "lists in files that sshd's configuration names otherwise, and AuthorizedKeysCommand");
    on_write(rule, &KEYS, |_, change, out| {
        if is_copy(change) {
            return;
        }
        // Nobody logs in by such a list, unless a server of somebody's own reads it.
        let finding = report(change, &KEY_HABITS, out);
        if let Some(finding) = finding.filter(|_| change.paths().all(is_world_writable)) {
            finding.severity(Low);
        }
    });

    let rule = r
        .rule("persistence/pam-write")
        .summary("How users are authenticated was changed: what PAM asks, or a module of it")
        .severity(High)
        .attack("T1556.003")
        .property("maturity", "stable")
        .property("misses", "modules that are patched in memory, and scripts that pam_exec runs already");
    on_write(rule, &PAM, |_, change, out| {
        // A module knows every password, and can say that each is right.
        let is_module = change.path.contains("/security/pam_") && !change.path.starts_with("/etc/");
        report_as(change, &PAM_HABITS, is_module.then_some(Critical), out);
    });

    let rule = r
        .rule("persistence/name-service-write")
        .summary("Where users and passwords are looked up was changed, or a library that does it")
        .severity(High)
        .attack("T1556")
        .property("maturity", "stable")
        .property("misses", "servers of a directory that answer otherwise");
    on_write(rule, &NAME_SERVICES, |_, change, out| {
        report(change, &NAME_HABITS, out);
    });

    let rule = r
        .rule("persistence/sshd-config-write")
        .summary("The settings of the SSH server were changed")
        .severity(Medium)
        .attack("T1556")
        .attack("T1098.004")
        .attack("T1021.004")
        .property("maturity", "stable")
        .property("misses", "options on the command line of a server");
    on_write(rule, &SSHD, |_, change, out| {
        report(change, &NOBODY, out);
    });

    let rule = r
        .rule("persistence/trusted-hosts-write")
        .summary("A list of those was changed who are let in without a password, or at all")
        .severity(Medium)
        .attack("T1556")
        .attack("T1098")
        .property("maturity", "incubating")
        .property("misses", "lists of other programs");
    on_write(rule, &TRUST, |_, change, out| {
        if !is_copy(change) {
            report(change, &NOBODY, out);
        }
    });

    let rule = r
        .rule("persistence/second-factor-write")
        .summary("What a second factor of logins is checked with was changed or taken away")
        .severity(High)
        .attack("T1556.006")
        .property("maturity", "incubating")
        .property("misses", "factors that are checked elsewhere");
    on_change(rule, &SECOND_FACTORS, |_, change, out| {
        if !is_copy(change) {
            report(change, &SECOND_HABITS, out);
        }
    });

    r.rule("persistence/system-account-login")
        .summary("Somebody logged in as an account of the system, which is nobody's")
        .severity(Medium)
        .attack("T1078.003")
        .attack("T1078.001")
        .property("maturity", "incubating")
        .property("misses", "accounts of the system above uid 999, and servers that do not set the login's user")
        .only(exec::image::login_uid().between(1..=999))
        .only(parent::exe().ends_with(["/sshd", "/sshd-session", "/login", "/dropbear", "/in.telnetd"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if common::programs::is_shell(&image) {
                let user = image.user();
                out.finding(format!("{user} (uid {}) logged in and has {}", image.uid(), image.exe()))
                    .field("user", user);
            }
        });
}

/// Whether it is a copy of a home elsewhere, as of backups.
fn is_copy(change: &Change<'_>) -> bool {
    is_copying(&change.process) && !change.paths().any(|path| in_home(path).is_some() || path.starts_with("/etc/"))
}
