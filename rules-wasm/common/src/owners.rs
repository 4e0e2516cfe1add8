//! Whom a file with secrets is made for: the programs that keep it, or that log in with it.

use lanner_sdk::prelude::*;

use crate::command::{Command, script_of};
use crate::families;
use crate::programs::{is_in_system, is_installed, is_interpreter};

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
/// What has them do so.
static OVER_SSH: TextSet = TextSet::new().equals(&["git", "rsync", "scp", "sftp"]);
/// Programs that log in to clouds, clusters and image registries.
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
/// How the names of others like them begin.
static CLOUD_FAMILIES: TextSet = TextSet::new().starts_with(&["docker-credential-", "terraform-provider-"]);
/// Programs in Python, as the interpreter is told of them.
static CLOUD_MODULES: TextSet = TextSet::new().equals(&["azure.cli"]).ends_with(&["/gcloud.py"]);
/// What shows pages of the web, and mail.
static BROWSERS: TextSet = TextSet::new().equals(families::BROWSERS).ends_with(&["-browser"]);
/// Programs that keep passwords.
static PASSWORD_MANAGERS: TextSet = TextSet::new().equals(&[
    "1password",
    "bitwarden",
    "bw",
    "git",
    "gopass",
    "gpg",
    "keepass2",
    "keepassx",
    "keepassxc",
    "keepassxc-cli",
    "lpass",
    "op",
    "pass",
    "qtpass",
    "tree",
]);
/// Clients that look for a password at `~/.netrc` by themselves.
static NETRC: TextSet = TextSet::new().equals(&["curl", "ftp", "git", "lftp", "wget", "wget2"]);

/// Whether it is part of SSH, as installed.
#[must_use]
pub fn is_ssh(process: &Process<'_>) -> bool {
    is_installed(process, &SSH)
}

/// Whether it is a program of a cloud, a cluster or an image registry. Goes by the name alone, as these programs are installed
/// in many places; some are scripts.
#[must_use]
pub fn is_cloud_program(process: &Process<'_>) -> bool {
    let name = process.name();
    CLOUD_PROGRAMS.matches(name)
        || CLOUD_FAMILIES.matches(name)
        || (is_interpreter(process)
            && (process.args().take(4).any(|argument| CLOUD_MODULES.matches(argument))
                || CLOUD_PROGRAMS.matches(process.script().file_name())))
}

/// Whether it is a browser: by its name and where it is installed, which is often below /opt.
#[must_use]
pub fn is_browser(process: &Process<'_>) -> bool {
    BROWSERS.matches(process.name())
        && (is_in_system(process.exe()) || process.exe().is_under("/opt"))
        && process.exe_is_genuine()
}

/// Whether it keeps passwords for people, as installed.
#[must_use]
pub fn is_password_manager(process: &Process<'_>) -> bool {
    is_installed(process, &PASSWORD_MANAGERS)
}

/// Whether it is a client that logs in with what stands in `~/.netrc`. One that is told the file may be about to send it.
fn reads_netrc(process: &Process<'_>) -> bool {
    let is_told = process.args().skip(1).any(|arg| arg.ends_with(".netrc"));
    script_of(process).is_empty() && Command::of(process).is(&NETRC) && !is_told
}

/// Whether this file is made for the program: it reads it to log in, and connects then.
#[must_use]
pub fn is_owner(process: &Process<'_>, path: Text<'_>) -> bool {
    match path.file_name().as_bytes() {
        b".netrc" => reads_netrc(process),
        b".git-credentials" => is_installed(process, &OVER_SSH),
        b"Login Data" | b"key4.db" | b"logins.json" => is_browser(process),
        name if name.ends_with(b".kdbx") => is_password_manager(process),
        _ if path.contains("/.ssh/") => is_ssh(process) || is_installed(process, &OVER_SSH),
        _ if path.contains("/.aws/") || path.contains("/.kube/") => is_cloud_program(process),
        _ if path.contains("/.gnupg/") => is_ssh(process) || is_password_manager(process),
        _ => false,
    }
}
