//! `lanner.lock`: which digests a set of names stands for, until someone says otherwise.
//!
//! ```toml
//! apiVersion = "lanner.dev/v1"
//! kind = "Lock"
//!
//! [[pack]]
//! reference = "oci://registry.example.org/team/linux-baseline:1"
//! digest = "sha256:…"
//! name = "linux-baseline"
//! version = "1.4.0"
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::NamedTempFile;

use super::digest::Digest;
use super::reference::Reference;

/// The file's name.
pub const FILE: &str = "lanner.lock";
const API_VERSION: &str = "lanner.dev/v1";
const KIND: &str = "Lock";
/// Thousands of packs.
const MAX_BYTES: u64 = 4 << 20;

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path} {why}", path = path.display())]
pub struct LockError {
    path: PathBuf,
    why: String,
}

/// Pinned digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// By name.
    pub pins: BTreeMap<Reference, Pin>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The manifest.
    pub digest: Digest,
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: semver::Version,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "apiVersion")]
    api_version: String,
    kind: String,
    #[serde(default)]
    pack: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    reference: Reference,
    digest: Digest,
    name: String,
    version: semver::Version,
}

impl Lock {
    /// Reads the file; `None` where there is none.
    ///
    /// # Errors
    /// It is not sound.
    pub fn read(path: &Path) -> Result<Option<Self>, LockError> {
        let failed = |why: String| LockError { path: path.to_owned(), why };
        let bytes = match lanner_trust::read_guarded(path, MAX_BYTES) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| failed(format!("cannot be used: {error}")))?,
        };
        let text = String::from_utf8(bytes).map_err(|_| failed("is not UTF-8".to_owned()))?;
        let document: Document = toml::from_str(&text).map_err(|error| {
            failed(format!(
                "is not as `lanner pack install` and `lanner pack update` write it: {}",
                error.to_string().trim_end()
            ))
        })?;
        if document.api_version != API_VERSION || document.kind != KIND {
            let Document { api_version, kind, .. } = document;
            return Err(failed(format!(
                "is {kind:?} of {api_version:?}; this lanner knows {KIND:?} of {API_VERSION:?}"
            )));
        }
        let mut lock = Self::default();
        for Written { reference, digest, name, version } in document.pack {
            let text = reference.to_string();
            if lock.pins.insert(reference, Pin { digest, name, version }).is_some() {
                return Err(failed(format!("has {text} twice; remove one of them")));
            }
        }
        Ok(Some(lock))
    }

    /// Pins what is in a repository, in the place of all that was pinned of it; gives that.
    pub fn pin(&mut self, reference: Reference, pin: Pin) -> Vec<(Reference, Pin)> {
        let of_it: Vec<Reference> =
            self.pins.keys().filter(|known| known.repository() == reference.repository()).cloned().collect();
        let before = of_it.into_iter().filter_map(|known| self.pins.remove_entry(&known)).collect();
        self.pins.insert(reference, pin);
        before
    }

    /// Writes the file, at once.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LockError> {
        let failed =
            |error: std::io::Error| LockError { path: path.to_owned(), why: format!("cannot be written: {error}") };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = NamedTempFile::with_prefix_in(".lanner.lock-", folder).map_err(failed)?;
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644)).map_err(failed)?;
        }
        file.write_all(self.to_text().as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn to_text(&self) -> String {
        let mut text = format!(
            "# Which packs these names stand for. Written by `lanner pack install` and `lanner pack update`.\n\
             apiVersion = \"{API_VERSION}\"\nkind = \"{KIND}\"\n"
        );
        for (reference, Pin { digest, name, version }) in &self.pins {
            // None of these can hold a character that TOML would need escaped.
            let _ = write!(
                text,
                "\n[[pack]]\nreference = \"{reference}\"\ndigest = \"{digest}\"\nname = \"{name}\"\nversion = \"{version}\"\n"
            );
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(Lock::read(&path).unwrap(), None);
        let pin = Pin { digest: Digest::of(b"x"), name: "n".to_owned(), version: semver::Version::new(1, 2, 3) };
        let lock = Lock { pins: [("oci://h:1/a:1".parse().unwrap(), pin)].into() };
        lock.write(&path).unwrap();
        assert_eq!(Lock::read(&path).unwrap(), Some(lock));
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let refused = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Lock::read(&path).unwrap_err().to_string()
        };
        assert!(refused("x").contains("is not as"));
        assert!(refused("apiVersion = \"lanner.dev/v2\"\nkind = \"Lock\"").contains("lanner.dev/v2"));
        let digest = Digest::of(b"x");
        let pack =
            format!("[[pack]]\nreference = \"oci://h/a\"\ndigest = \"{digest}\"\nname = \"n\"\nversion = \"1.0.0\"\n");
        let head = "apiVersion = \"lanner.dev/v1\"\nkind = \"Lock\"\n";
        assert!(refused(&format!("{head}{pack}{pack}")).contains("twice"));
        assert!(refused(&format!("{head}{}", pack.replace("oci://h/a", "h/a"))).contains("oci://"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_lock_or_is_refused(text in "\\PC*", pairs in proptest::collection::vec("[a-z]{1,12} = \\PC{0,20}", 0..4)) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(FILE);
            let head = "apiVersion = \"lanner.dev/v1\"\nkind = \"Lock\"\n[[pack]]\n";
            for text in [text, format!("{head}{}", pairs.join("\n"))] {
                std::fs::write(&path, &text).unwrap();
                if let Ok(Some(lock)) = Lock::read(&path) {
                    lock.write(&path).unwrap();
                    proptest::prop_assert_eq!(Lock::read(&path).unwrap(), Some(lock));
                }
            }
        }
    }
}
