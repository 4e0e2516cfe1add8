//! Secrets: a configuration says where one lies, never what it is; and what it is is never shown.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lanner_document::{Node, Problem};
use zeroize::Zeroizing;

/// Bytes of a secret at most.
const MAX_BYTES: u64 = 64 << 10;
/// Where systemd puts what `LoadCredential=` and the like name (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// What a table that says where a secret lies has, one of them.
pub(crate) const WAYS: [&str; 2] = ["file", "credential"];

/// Where a secret lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In a file that nobody else may read.
    File(PathBuf),
    /// Among the credentials that systemd hands a service, under this name.
    Credential(String),
}

/// What it is. Shown, it is `***`; where it was, nothing is left.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be used.
    #[error("the secret in {path} cannot be used: {why}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// There are no credentials.
    #[error(
        "there is no credential {name:?}, as {CREDENTIALS} is not set: `LoadCredential={name}:/path` in the systemd unit gives one, or name a file"
    )]
    NoCredentials {
        /// Which was asked for.
        name: String,
    },
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl SecretText {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    /// Where it lies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Credential(name) => write!(f, "credential {name}"),
        }
    }
}

impl Secret {
    /// As a file says it: `{ file = "…" }` or `{ credential = "…" }`.
    pub(crate) fn of(node: &Node, name: &str, folder: &Path) -> Result<Self, Problem> {
        let takes = "where a secret lies: { file = \"…\" }, or { credential = \"…\" } of systemd's";
        let Ok(members) = node.map(name) else {
            // What it is must not get into a log.
            return Err(node.problem(format!("`{name}` takes {takes}; a secret itself does not stand here")));
        };
        let [(key, value)] = members else {
            return Err(node.problem(format!("`{name}` takes {takes}, and one of them")));
        };
        let text = value.text(&key.name)?;
        match key.name.as_str() {
            "file" if !text.is_empty() => Ok(Self::File(folder.join(text))),
            "credential" if is_plain(text) => Ok(Self::Credential(text.to_owned())),
            "file" => Err(value.problem("`file` is empty")),
            "credential" => Err(value.problem(format!("{text:?} cannot be the name of a credential"))),
            _ => Err(key.unknown("way to say where a secret lies", WAYS)),
        }
    }

    /// Reads it. Blanks and ends of lines at its end are none of it.
    ///
    /// # Errors
    /// It is not there, others may read or write it, or it is no text.
    pub fn read(&self) -> Result<SecretText, SecretError> {
        match self {
            Self::File(path) => read(path, true),
            Self::Credential(name) => match std::env::var_os(CREDENTIALS).filter(|folder| !folder.is_empty()) {
                // systemd keeps others from the folder; within, modes are as it needs them.
                Some(folder) => read(&Path::new(&folder).join(name), false),
                None => Err(SecretError::NoCredentials { name: name.clone() }),
            },
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

fn read(path: &Path, others: bool) -> Result<SecretText, SecretError> {
    let failed = |why: String| SecretError::File { path: path.to_owned(), why };
    let facts = path.metadata().map_err(|error| failed(error.to_string()))?;
    if !facts.is_file() {
        return Err(failed("it is no file".to_owned()));
    }
    // A group that has its owner's number is the owner's own.
    let readers = if facts.gid() == facts.uid() { 0o007 } else { 0o077 };
    if others && facts.mode() & readers != 0 {
        let mode = facts.mode() & 0o7777;
        return Err(failed(format!("others may read it (its mode is {mode:04o}); chmod 600 {}", path.display())));
    }
    let bytes = lanner_trust::read_guarded(path, MAX_BYTES).map_err(|error| failed(error.to_string()))?;
    let bytes = Zeroizing::new(bytes);
    let text = std::str::from_utf8(&bytes).map_err(|_| failed("it is not UTF-8".to_owned()))?;
    match text.trim_end() {
        "" => Err(failed("it is empty".to_owned())),
        text => Ok(SecretText(Zeroizing::new(text.to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::tree;

    #[test]
    fn a_secret_is_read_where_nobody_else_reads_it_and_never_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, "s3cret\n").expect("written");
        let secret = Secret::File(path.clone());
        fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("its mode");
        let error = secret.read().expect_err("others may read it").to_string();
        assert!(error.contains("chmod 600") && !error.contains("s3cret"), "{error}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode");
        let text = secret.read().expect("it is ours alone");
        assert_eq!((text.reveal(), format!("{text:?} {text}")), ("s3cret", "*** ***".to_owned()));
        fs::write(&path, " \n").expect("written");
        assert!(secret.read().expect_err("nothing in it").to_string().contains("it is empty"));
    }

    #[test]
    fn a_secret_is_named_by_a_table_and_nothing_else() {
        let said = |text: &str| {
            let node = tree::parse(text).expect("TOML");
            Secret::of(node.get("p").expect("p"), "p", Path::new("/etc")).map_err(|problem| problem.what)
        };
        assert_eq!(said("p = { file = \"x\" }"), Ok(Secret::File("/etc/x".into())));
        assert_eq!(said("p = { credential = \"x\" }"), Ok(Secret::Credential("x".into())));
        for (wrong, why) in [
            ("p = \"hunter2\"", "a secret itself does not stand here"),
            ("p = { fiel = \"x\" }", "did you mean \"file\"?"),
            ("p = { credential = \"../x\" }", "cannot be the name"),
            ("p = { file = \"a\", credential = \"b\" }", "one of them"),
            ("p = {}", "one of them"),
        ] {
            let what = said(wrong).expect_err("it is wrong");
            assert!(what.contains(why) && !what.contains("hunter2"), "{what}");
        }
    }
}
