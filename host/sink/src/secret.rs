//! What nobody is to see: it stands in a file of its own, and never in what is shown.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use zeroize::Zeroizing;

/// Bytes of a secret, at most.
const MAX_BYTES: u64 = 64 << 10;
/// Where systemd puts what a unit's `LoadCredential=` names.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a secret stands: `{ file = "/etc/lanner/token" }`, or `{ credential = "token" }` for one that systemd hands over.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Secret {
    /// In this file, which nobody else may read.
    File(PathBuf),
    /// Under this name in `$CREDENTIALS_DIRECTORY`.
    Credential(String),
}

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
    #[error("the secret {} can be read by everybody: have it `chmod o= {}`", path.display(), path.display())]
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
        "the credential {name} is not there, as CREDENTIALS_DIRECTORY is not set: have systemd hand it over with \
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
    /// Reads it; a line feed at its end is none of it. Read anew each time, so that it can be changed.
    ///
    /// # Errors
    /// It cannot be had, or others may read it.
    pub fn read(&self) -> Result<Zeroizing<String>, SecretError> {
        let path = self.path()?;
        let failed = |error| SecretError::Read { path: path.clone(), error };
        let bytes = Zeroizing::new(lanner_trust::read_guarded(&path, MAX_BYTES).map_err(failed)?);
        if let Self::File(_) = self
            && fs::metadata(&path).map_err(failed)?.permissions().mode() & 0o007 != 0
        {
            return Err(SecretError::Open { path });
        }
        let text = std::str::from_utf8(&bytes).ok().map(|text| text.trim_end_matches(['\r', '\n']));
        let line = text.filter(|text| !text.is_empty() && !text.contains(char::is_control));
        line.map(|line| Zeroizing::new(line.to_owned())).ok_or(SecretError::NoText { path })
    }

    fn path(&self) -> Result<PathBuf, SecretError> {
        match self {
            Self::File(path) => Ok(path.clone()),
            Self::Credential(name) => {
                let no_name = || SecretError::NoName { name: name.clone() };
                let file = Path::new(name).file_name().filter(|file| *file == name.as_str()).ok_or_else(no_name)?;
                let folder = std::env::var_os(CREDENTIALS);
                let folder = folder.ok_or_else(|| SecretError::NoCredentials { name: name.clone() })?;
                Ok(Path::new(&folder).join(file))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_what_its_file_has_and_nobody_else_may_read_that() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        let secret = Secret::File(path.clone());
        for (content, expected) in
            [("s3cret\n", Some("s3cret")), ("s3cret", Some("s3cret")), ("", None), ("a\nb\n", None)]
        {
            fs::write(&path, content).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
            assert_eq!(secret.read().ok().as_ref().map(|read| read.as_str()), expected, "{content:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).expect("set");
        assert!(matches!(secret.read(), Err(SecretError::Open { .. })));
        assert!(matches!(Secret::File(folder.path().join("none")).read(), Err(SecretError::Read { .. })));
    }

    #[test]
    fn a_credential_is_a_name_and_no_path() {
        for name in ["../shadow", "a/b", "", "..", "/etc/shadow"] {
            assert!(matches!(Secret::Credential(name.into()).read(), Err(SecretError::NoName { .. })), "{name}");
        }
    }

    #[test]
    fn it_is_written_in_either_way_and_in_no_other() {
        let read = |text: &str| toml::from_str::<std::collections::HashMap<String, Secret>>(text);
        assert_eq!(read("a = { file = \"/t\" }").expect("read")["a"], Secret::File("/t".into()));
        assert_eq!(read("a = { credential = \"t\" }").expect("read")["a"], Secret::Credential("t".into()));
        for wrong in ["a = \"s3cret\"", "a = { value = \"s3cret\" }", "a = {}"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
