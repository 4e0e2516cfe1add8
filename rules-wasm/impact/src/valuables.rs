//! What is worth taking, and where it lies.

use common::programs::is_world_writable;
use lanner_sdk::prelude::*;

/// Files that open other doors, or that say who is who.
pub(crate) static SECRETS: TextSet = TextSet::new()
    .equals(&["/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/krb5.keytab", "/etc/machine-id"])
    .starts_with(&["/etc/letsencrypt/", "/etc/wireguard", "/etc/openvpn", "/etc/kubernetes/pki"])
    .contains(&[
        "/.aws",
        "/.azure",
        "/.bash_history",
        "/.bitcoin",
        "/.config/gcloud",
        "/.config/google-chrome",
        "/.config/chromium",
        "/.docker/config.json",
        "/.electrum",
        "/.ethereum",
        "/.git-credentials",
        "/.gnupg",
        "/.kube",
        "/.mozilla",
        "/.netrc",
        "/.password-store",
        "/.pgpass",
        "/.ssh",
        "/.thunderbird",
        "/.zsh_history",
        "/.vault-token",
        "/kubernetes.io/serviceaccount",
        "id_ed25519",
        "id_rsa",
    ])
    .ends_with(&[".kdbx", ".keystore", ".ovpn", ".pem", ".pfx", ".p12", "wallet.dat", "shadow"]);
/// Trees of which everything is somebody's.
static TREES: TextSet = TextSet::new()
    .equals(&[
        "/",
        "/etc",
        "/home",
        "/opt",
        "/root",
        "/srv",
        "/var",
        "/var/lib",
        "/var/lib/mysql",
        "/var/lib/postgresql",
        "/var/log",
        "/var/mail",
        "/var/spool/mail",
        "/var/www",
        "/Users",
    ])
    .starts_with(&["/etc/passwd", "/etc/group", "/etc/ssh", "/etc/ssl/private", "/proc/"]);

/// How valuable what a path leads to is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Value {
    /// A whole tree of somebody's, or what says who is who.
    Tree,
    /// What opens other doors.
    Secret,
}

/// How valuable what a path leads to is, where that is to be seen.
pub(crate) fn value(path: Text<'_>) -> Option<Value> {
    let bytes = path.as_bytes();
    // `tar -C / etc` and `/etc/` are `/etc`.
    let trimmed = trim(bytes);
    if SECRETS.matches(trimmed) && !trimmed.ends_with(b".pub") {
        return Some(Value::Secret);
    }
    let is_home = |path: &[u8]| {
        let mut parts = path.split(|byte| *byte == b'/').skip(1);
        parts.next() == Some(b"home") && parts.next().is_some() && parts.next().is_none()
    };
    (TREES.matches(trimmed) || is_home(trimmed)).then_some(Value::Tree)
}

/// A path as it stands on a command line, seen from the working directory.
pub(crate) fn absolute(path: Text<'_>, cwd: Text<'_>) -> Vec<u8> {
    let path = path.as_bytes();
    let path = path.strip_prefix(b"./".as_slice()).unwrap_or(path);
    if path.starts_with(b"/") {
        return path.to_vec();
    }
    if path == b"." {
        return cwd.as_bytes().to_vec();
    }
    [cwd.as_bytes(), b"/", path].concat()
}

/// Without the `/`, `/*` and `/.` at its end.
fn trim(mut path: &[u8]) -> &[u8] {
    while path.len() > 1 {
        match path.strip_suffix(b"/").or_else(|| path.strip_suffix(b"/*")).or_else(|| path.strip_suffix(b"/.")) {
            Some(b"") => return b"/",
            Some(shorter) => path = shorter,
            None => break,
        }
    }
    path
}

/// Whether a path lies where things are dropped: right in a folder that everybody may write, or hidden below one. What lies
/// deeper below such a folder is somebody's working tree, more often than not.
pub(crate) fn is_drop(path: &[u8]) -> bool {
    static ROOTS: [&[u8]; 3] = [b"/tmp/", b"/var/tmp/", b"/dev/shm/"];
    if !is_world_writable(Text::new(path)) {
        return false;
    }
    let Some(below) = ROOTS.iter().find_map(|root| path.strip_prefix(*root)) else { return true };
    let is_hidden = below.starts_with(b".") || common::peers::find(below, b"/.").is_some();
    path.starts_with(b"/dev/shm/") || is_hidden || !below.contains(&b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of(path: &str) -> Option<Value> {
        value(Text::new(path.as_bytes()))
    }

    #[test]
    fn what_is_worth_taking() {
        for secret in ["/etc/shadow", "/root/.ssh", "/home/ada/.ssh/id_ed25519", "/home/ada/.aws/credentials"] {
            assert_eq!(value_of(secret), Some(Value::Secret), "{secret}");
        }
        for tree in ["/etc", "/etc/", "/home/ada", "/home/*", "/var/lib/mysql", "/", "/*"] {
            assert_eq!(value_of(tree), Some(Value::Tree), "{tree}");
        }
        for other in ["/home/ada/project", "/srv/web/index.html", "/root/.ssh/id_rsa.pub", "src", "/usr"] {
            assert_eq!(value_of(other), None, "{other}");
        }
    }

    #[test]
    fn where_things_are_dropped() {
        for drop in ["/tmp/x.tgz", "/tmp/.cache/x/y", "/dev/shm/a/b", "/var/tmp/x"] {
            assert!(is_drop(drop.as_bytes()), "{drop}");
        }
        for other in ["/tmp/build/out.tgz", "/var/backups/x", "/home/ada/x"] {
            assert!(!is_drop(other.as_bytes()), "{other}");
        }
    }
}
