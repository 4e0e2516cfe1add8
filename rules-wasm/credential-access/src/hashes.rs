//! Password hashes: of the machine, of domains, in caches.

use common::command::{Command, is_installed_tool};
use common::context::is_in_container;
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::CredentialAccess;
use crate::read::read;

/// Files with password hashes, and their backups.
static SHADOW: TextSet =
    TextSet::new().equals(&["/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/security/opasswd"]);
/// Programs that check or change passwords.
static AUTHENTICATORS: TextSet = TextSet::new().equals(&[
    "accounts-daemon",
    "agetty",
    "atd",
    "cockpit-session",
    "doas",
    "runuser",
    "systemd",
    "xrdp-sesman",
    "chage",
    "chfn",
    "chgpasswd",
    "chpasswd",
    "chsh",
    "cron",
    "crond",
    "cupsd",
    "dovecot-auth",
    "expiry",
    "gdm-session-worker",
    "gpasswd",
    "groupadd",
    "groupdel",
    "groupmems",
    "groupmod",
    "grpck",
    "grpconv",
    "lightdm",
    "login",
    "newgrp",
    "newusers",
    "nscd",
    "passwd",
    "pkexec",
    "polkit-agent-helper-1",
    "proftpd",
    "pwck",
    "pwconv",
    "saslauthd",
    "screen",
    "sddm-helper",
    "smbd",
    "sshd",
    "sshd-auth",
    "sshd-session",
    "sssd_be",
    "su",
    "sudo",
    "sulogin",
    "systemd-executor",
    "systemd-sysusers",
    "systemd-userwork",
    "unix_chkpwd",
    "unix_update",
    "useradd",
    "userdel",
    "usermod",
    "vipw",
    "vsftpd",
]);
/// Dovecot's, whose name alone says little.
const DOVECOT: &str = "/usr/lib/dovecot/auth";
/// What Debian and Ubuntu run each day to keep copies of the password files.
const DAILY_BACKUP: &str = "/etc/cron.daily/passwd";
/// Hashes and secrets that are kept of domains.
static DOMAIN: TextSet = TextSet::new()
    .starts_with(&["/var/lib/sss/db/cache_", "/var/lib/sss/db/ccache_", "/var/lib/sss/secrets/"])
    .ends_with(&[
        "/samba/passdb.tdb",
        "/samba/private/passdb.tdb",
        "/samba/private/sam.ldb",
        "/samba/private/secrets.ldb",
        "/samba/private/secrets.tdb",
        "/ntds.dit",
        "/ldap/data.mdb",
    ]);
/// Programs that they are made for.
static DOMAIN_PROGRAMS: TextSet = TextSet::new()
    .equals(&["net", "nmbd", "pdbedit", "samba", "samba-tool", "slapd", "slapcat", "smbd", "smbpasswd", "winbindd"])
    .starts_with(&["sssd", "sss_", "samba_", "krb5_child", "ldap_child", "proxy_child"]);

pub(crate) fn add(r: &mut Rules<CredentialAccess>) {
    let readers = r
        .list("trusted-secret-readers")
        .summary("Programs of this machine that may read password hashes, beside those that check and change passwords")
        .paths([] as [&str; 0]);
    r.rule("credential-access/shadow-read")
        .summary("The password hashes were read by a program that neither checks nor changes passwords")
        .severity(High)
        .attack("T1003.008")
        .property("maturity", "stable")
        .property("misses", "reading the disk below the file system, and authenticators that were replaced")
        .property("self-test", "read-shadow")
        .only(open::file().matches(&SHADOW).and(!process::exe().listed(readers)))
        .on_open(|_, e, out| {
            if !is_expected(&e.process()) {
                read(e, out);
            }
        })
        .unfiltered()
        .only(link::old_path().matches(&SHADOW))
        .on_link(|_, e, out| named(&e.process(), e.old_path(), "gave another name to", e.failed(), out))
        .unfiltered()
        .only(symlink::target().matches(&SHADOW))
        .on_symlink(|_, e, out| named(&e.process(), e.target(), "made a link to", e.failed(), out))
        .unfiltered()
        .only(rename::old_path().matches(&SHADOW))
        .on_rename(|_, e, out| named(&e.process(), e.old_path(), "moved", e.failed(), out))
        .unfiltered()
        .only(exec::image::exe().matches(&RAW_READERS))
        .on_exec(|_, e, out| {
            let image = e.image();
            // debugfs and its like read past the permissions of files.
            if Command::of(&image).args().iter().any(|arg| arg.contains("shadow")) {
                out.finding(format!("{} reads the password hashes past the file system", image.command_line()));
            }
        });

    r.rule("credential-access/domain-hashes-read")
        .summary("Hashes and secrets of a domain were read that are kept on this machine")
        .severity(High)
        .attack("T1003.005")
        .attack("T1003.004")
        .property("maturity", "incubating")
        .property("misses", "other directories than Samba, SSSD and OpenLDAP")
        .only(open::file().matches(&DOMAIN))
        .on_open(|_, e, out| {
            if !is_installed(&e.process(), &DOMAIN_PROGRAMS) && !is_package_management(&e.process()) {
                read(e, out);
            }
        });
}

/// Tools that read file systems below the kernel's own.
static RAW_READERS: TextSet = TextSet::new().file_name(&["debugfs", "xfs_db", "fls", "icat", "guestfish", "virt-cat"]);

fn is_expected(process: &Process<'_>) -> bool {
    is_installed(process, &AUTHENTICATORS)
        || process.exe() == DOVECOT
        || is_package_management(process)
        || process.ancestors().any(|ancestor| ancestor.script() == DAILY_BACKUP)
        // Of busybox the name says which it is. In a container it is the container's own file.
        || is_installed_tool(process, &AUTHENTICATORS)
        || (AUTHENTICATORS.matches(Command::of(process).name()) && is_in_container(process))
}

/// A file was made to be found under another name.
fn named(process: &Process<'_>, path: Text<'_>, did: &str, failed: bool, out: &mut Out<'_>) {
    if failed || is_expected(process) {
        return;
    }
    out.finding(format!("{} {did} {path}", label(process))).fact("path", path.to_string()).key(path.to_string());
}
