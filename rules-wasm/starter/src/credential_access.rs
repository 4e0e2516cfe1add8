//! Reading what opens other doors: password hashes, private keys, cloud credentials.

use lanner_sdk::prelude::*;

use crate::Starter;
use crate::files::file;
use crate::outcome::Outcome;
use crate::programs::{is_in_system, is_installed, is_interpreter, is_package_management, label};

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

/// Programs that use private SSH keys.
static SSH: TextSet = TextSet::new().equals(&[
    "ssh",
    "sshd",
    "sshd-session",
    "sshd-auth",
    "ssh-add",
    "ssh-agent",
    "ssh-keygen",
    "ssh-keysign",
    "gpg-agent",
]);

/// Ends of the paths of credentials of clouds, clusters and image registries, below a home directory.
static CLOUD_FILES: TextSet = TextSet::new().ends_with(&[
    "/.aws/credentials",
    "/.azure/accessTokens.json",
    "/.azure/msal_token_cache.bin",
    "/.azure/msal_token_cache.json",
    "/.azure/service_principal_entries.bin",
    "/.azure/service_principal_entries.json",
    "/.config/doctl/config.yaml",
    "/.config/gcloud/access_tokens.db",
    "/.config/gcloud/application_default_credentials.json",
    "/.config/gcloud/credentials.db",
    "/.docker/config.json",
    "/.kube/config",
    "/.oci/oci_api_key.pem",
    "/.terraform.d/credentials.tfrc.json",
]);
/// Programs that they are made for.
static CLOUD_PROGRAMS: TextSet = TextSet::new().equals(&[
    "amazon-ssm-agent",
    "aws",
    "az",
    "buildah",
    "buildctl",
    "containerd",
    "cosign",
    "crane",
    "docker",
    "docker-buildx",
    "docker-compose",
    "dockerd",
    "doctl",
    "eksctl",
    "gcloud",
    "gsutil",
    "helm",
    "k9s",
    "kubectl",
    "kubelet",
    "oci",
    "oras",
    "packer",
    "podman",
    "skopeo",
    "terraform",
    "tofu",
]);

/// Names that private SSH keys have by default, and those that people give them, in their folder.
static PRIVATE_KEYS: TextSet = TextSet::new().starts_with(&["id_"]).ends_with(&["identity", ".pem", ".key"]);

/// How the names of others like them begin.
static CLOUD_FAMILIES: TextSet = TextSet::new().starts_with(&["docker-credential-", "terraform-provider-"]);
/// Programs in Python, as the interpreter is told of them.
static CLOUD_MODULES: TextSet = TextSet::new().equals(&["azure.cli"]).ends_with(&["/gcloud.py"]);

pub(crate) fn add(r: &mut Rules<Starter>) {
    r.rule("credential-access/shadow-read")
        .summary("The password hashes were read by a program that neither checks nor changes passwords")
        .severity(High)
        .attack("T1003.008")
        .property("self-test", "read-shadow")
        .only(open::file().matches(&SHADOW))
        .on_open(|_, e, out| {
            let process = e.process();
            let expected = is_installed(&process, &AUTHENTICATORS)
                || process.exe() == DOVECOT
                || is_package_management(&process)
                || process.ancestors().any(|ancestor| ancestor.script() == DAILY_BACKUP);
            if !expected {
                read(e, out);
            }
        });

    r.rule("credential-access/ssh-key-read")
        .summary("A private SSH key was read by a program that is not part of SSH")
        .severity(High)
        .attack("T1552.004")
        .only(open::file().contains(["/.ssh/", "/etc/ssh/ssh_host_"]))
        .on_open(|_, e, out| {
            if e.paths().any(is_private_key)
                && !is_installed(&e.process(), &SSH)
                && !is_package_management(&e.process())
            {
                read(e, out);
            }
        });

    r.rule("credential-access/cloud-credential-read")
        .summary("Credentials of a cloud, a cluster or an image registry were read by a program that is not their own")
        .severity(Medium)
        .attack("T1552.001")
        .only(open::file().matches(&CLOUD_FILES))
        .on_open(|_, e, out| {
            if !is_cloud_program(&e.process()) {
                read(e, out);
            }
        });
}

/// Raises the finding, where the file was opened for reading, or would have been.
fn read(e: &OpenEvent<'_>, out: &mut Out<'_>) {
    let outcome = Outcome::of(e);
    let Some(verb) = outcome.verb("read", "tried to read").filter(|_| e.is_read()) else { return };
    let process = e.process();
    let finding = out.finding(format!("{} {verb} {}", label(&process), file(e)));
    // What the kernel has refused is an attempt, and a user who is curious may be all that is behind it. Perl reads the
    // password hashes whenever an installed script asks for any user's entry.
    let by_the_way = process.name() == "perl" && is_in_system(process.script());
    if let Some(severity) = by_the_way.then_some(Low).or(outcome.severity()) {
        finding.severity(severity);
    }
}

/// Names that keys have by default, and those that people give them.
fn is_private_key(path: Text<'_>) -> bool {
    let name = path.file_name();
    if name.ends_with(".pub") {
        return false;
    }
    if path.directory().ends_with("/.ssh") {
        return PRIVATE_KEYS.matches(name);
    }
    path.directory() == "/etc/ssh" && name.ends_with("_key")
}

/// Goes by the name alone, as these programs are installed in many places; some are scripts.
fn is_cloud_program(process: &Process<'_>) -> bool {
    let name = process.name();
    CLOUD_PROGRAMS.matches(name)
        || CLOUD_FAMILIES.matches(name)
        || (is_interpreter(process)
            && (process.args().take(4).any(|argument| CLOUD_MODULES.matches(argument))
                || CLOUD_PROGRAMS.matches(process.script().file_name())))
}
