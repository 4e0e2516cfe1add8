//! What nobody is to see: it stands in a file of its own, and never in what is shown.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::de::{Error as _, IgnoredAny};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::read_guarded;

/// Bytes of a secret, at most.
const MAX_BYTES: u64 = 64 << 10;
/// Where systemd puts what a unit's `LoadCredential=` and the like name (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a secret stands: `{ file = "/etc/lanner/token" }`, or `{ credential = "token" }` for one that systemd hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// In this file, which nobody else may read.
    File(PathBuf),
    /// Under this name among the credentials of a service.
    Credential(String),
}

/// As it is written. What is written otherwise may be the secret itself, and is not looked at.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    File(OfFile),
    Credential(OfCredential),
    Otherwise(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfFile {
    file: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCredential {
    credential: String,
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::File(OfFile { file }) => Ok(Self::File(file)),
            Written::Credential(OfCredential { credential }) => Ok(Self::Credential(credential)),
            Written::Otherwise(_) => Err(D::Error::custom(
                "a secret itself does not stand here: say where it lies, { file = \"…\" }, or { credential = \"…\" } of systemd's",
            )),
        }
    }
}

/// What it is. Shown, it is `***`; where it was, nothing is left.
#[derive(Clone)]
pub struct SecretText(Zeroizing<String>);

/// A secret cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read, or others may write to it.
    #[error("the secret {} cannot be read: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Others may read it.
    #[error("the secret {} may be read by others: chmod 600 {}", path.display(), path.display())]
    Open {
        /// Which.
        path: PathBuf,
    },
    /// It is no text of one line.
    #[error("the secret {} is no text of one line", path.display())]
    NoText {
        /// Which.
        path: PathBuf,
    },
    /// It has to come from systemd, which did not start this.
    #[error(
        "the credential {name} is not there, as {CREDENTIALS} is not set: have systemd hand it over with \
         LoadCredential={name}:…, or name a file"
    )]
    NoCredentials {
        /// What it is called.
        name: String,
    },
    /// Its name leads elsewhere.
    #[error("{name:?} is no name of a credential: it is a file's name, without a folder")]
    NoName {
        /// What was given.
        name: String,
    },
}

impl Secret {
    /// Whether this can be the name of a credential.
    #[must_use]
    pub fn is_credential_name(name: &str) -> bool {
        Path::new(name).file_name().is_some_and(|file| file == name) && !name.contains('\0')
    }

    /// Reads it; ends of lines at its end are none of it. Read anew each time, so that it can be changed.
    ///
    /// # Errors
    /// It cannot be had, or others may read it.
    pub fn read(&self) -> Result<SecretText, SecretError> {
        let path = self.path()?;
        let failed = |error| SecretError::Read { path: path.clone(), error };
        let bytes = Zeroizing::new(read_guarded(&path, MAX_BYTES).map_err(failed)?);
        // systemd keeps others from the folder of credentials; within, modes are as it needs them.
        if let Self::File(_) = self {
            let facts = fs::metadata(&path).map_err(failed)?;
            // A group that has its owner's number is the owner's own.
            let readers = if facts.gid() == facts.uid() { 0o007 } else { 0o077 };
            if facts.mode() & readers != 0 {
                return Err(SecretError::Open { path });
            }
        }
        let text = std::str::from_utf8(&bytes).ok().map(|text| text.trim_end_matches(['\r', '\n']));
        let line = text.filter(|text| !text.trim().is_empty() && !text.contains(char::is_control));
        line.map(SecretText::from).ok_or(SecretError::NoText { path })
    }

    fn path(&self) -> Result<PathBuf, SecretError> {
        match self {
            Self::File(path) => Ok(path.clone()),
            Self::Credential(name) if !Self::is_credential_name(name) => {
                Err(SecretError::NoName { name: name.clone() })
            }
            Self::Credential(name) => match std::env::var_os(CREDENTIALS).filter(|folder| !folder.is_empty()) {
                Some(folder) => Ok(Path::new(&folder).join(name)),
                None => Err(SecretError::NoCredentials { name: name.clone() }),
            },
        }
    }
}

impl fmt::Display for Secret {
    /// Where it stands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Credential(name) => write!(f, "credential {name}"),
        }
    }
}

impl SecretText {
    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_what_its_file_has_and_nobody_else_may_read_that() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let secret = Secret::File(path.clone());
        let set = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("its mode");
        for (content, expected) in
            [("s3cret\n", Some("s3cret")), ("s3cret", Some("s3cret")), ("", None), (" \n", None), ("a\nb\n", None)]
        {
            fs::write(&path, content).expect("written");
            set(0o600);
            assert_eq!(secret.read().ok().as_ref().map(SecretText::reveal), expected, "{content:?}");
        }
        fs::write(&path, "s3cret").expect("written");
        assert_eq!(format!("{:?}", secret.read().expect("it is ours alone")), "***");
        for mode in [0o604, 0o644] {
            set(mode);
            let error = secret.read().expect_err("others may read it").to_string();
            assert!(error.contains("chmod 600") && !error.contains("s3cret"), "{error}");
        }
        assert!(matches!(Secret::File(folder.path().join("none")).read(), Err(SecretError::Read { .. })));
    }

    #[test]
    fn a_credential_is_a_name_and_no_path() {
        for name in ["../shadow", "a/b", "", "..", ".", "/etc/shadow", "a/"] {
            assert!(matches!(Secret::Credential(name.into()).read(), Err(SecretError::NoName { .. })), "{name}");
        }
        assert!(Secret::is_credential_name("registry.password"));
    }

    #[test]
    fn it_is_written_in_either_way_and_in_no_other() {
        let read = |text: &str| toml::from_str::<std::collections::HashMap<String, Secret>>(text);
        assert_eq!(read("a = { file = \"/t\" }").expect("read")["a"], Secret::File("/t".into()));
        assert_eq!(read("a = { credential = \"t\" }").expect("read")["a"], Secret::Credential("t".into()));
        for wrong in ["a = \"s3cret\"", "a = { value = \"s3cret\" }", "a = {}"] {
            let error = read(wrong).expect_err("it is wrong").message().to_owned();
            assert!(error.contains("does not stand here") && !error.contains("s3cret"), "{wrong}: {error}");
        }
    }
}
