//! The local store: packs and signatures that were pulled, by digest, and what the names that led to them led to.
//!
//! All verbs and running hosts share it. Bytes are named by their digest, appear whole or not at all, and are hashed each
//! time they are read; what is not what its name says is thrown away and counts as missing.

mod blobs;
mod index;
mod prune;

use std::fs::{DirBuilder, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::digest::Digest;

pub use blobs::InUse;
pub use index::{Accepted, Entry, Index, Known, KnownIndex, age};
pub use prune::{Pruned, Pruning};

/// Only the owner may read or write.
const MODE: u32 = 0o700;
/// Others may write.
const OTHERS_WRITE: u32 = 0o022;

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the store of packs {folder} cannot be used: {why}; give another with --store or LANNER_STORE", folder = folder.display())]
pub struct StoreError {
    folder: PathBuf,
    why: String,
}

/// The local store.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

/// Held while something is pulled: keeps pruning away from what no index names yet.
#[derive(Debug)]
pub struct Pulling {
    _lock: File,
}

/// The folder where nothing is said: LANNER_STORE, or /var/lib/lanner/store for root, or in the user's cache folder.
fn default_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(folder) = set("LANNER_STORE") {
        return Some(folder);
    }
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/lib/lanner/store"));
    }
    let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    cache.map(|folder| folder.join("lanner/store"))
}

impl Store {
    /// Opens the store in this folder, or in the one where nothing is said; makes it where it is not there.
    ///
    /// # Errors
    /// It cannot be made, or others can write to it.
    pub fn open(folder: Option<&Path>) -> Result<Self, StoreError> {
        let Some(folder) = folder.map(Path::to_owned).or_else(default_folder) else {
            let why = "there is neither HOME nor XDG_CACHE_HOME to find it by: give --store".to_owned();
            return Err(StoreError { folder: PathBuf::from("lanner/store"), why });
        };
        let store = Self { folder };
        DirBuilder::new().recursive(true).mode(MODE).create(store.blobs()).map_err(|error| store.failed(&error))?;
        let facts = store.folder.metadata().map_err(|error| store.failed(&error))?;
        // It says which version was accepted last: who can change that can bring an old one back.
        if facts.uid() != rustix::process::geteuid().as_raw() || facts.mode() & OTHERS_WRITE != 0 {
            return Err(store.unusable("others can write to it".to_owned()));
        }
        Ok(store)
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Begins to pull: nothing that is put into the store is pruned until this is dropped.
    ///
    /// # Errors
    /// The store cannot be locked.
    pub fn pulling(&self) -> Result<Pulling, StoreError> {
        let lock = self.lock_file("pull.lock")?;
        lock.lock_shared().map_err(|error| self.failed(&error))?;
        Ok(Pulling { _lock: lock })
    }

    /// A file with this public key, for a command that adds it to a trust policy; that it lies here trusts nobody.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn key_file(&self, key: &lanner_trust::PublicKey) -> Result<PathBuf, StoreError> {
        let folder = self.folder.join("keys");
        DirBuilder::new().recursive(true).mode(MODE).create(&folder).map_err(|error| self.failed(&error))?;
        let name = Digest::of(key.id().as_str().as_bytes()).hex();
        let path = folder.join(format!("{}.pub", &name[..16]));
        let mut file =
            tempfile::NamedTempFile::with_prefix_in(".new-", &folder).map_err(|error| self.failed(&error))?;
        file.write_all(key.to_pem().as_bytes()).map_err(|error| self.failed(&error))?;
        file.persist(&path).map_err(|error| self.failed(&error.error))?;
        Ok(path)
    }

    fn lock_file(&self, name: &str) -> Result<File, StoreError> {
        let path = self.folder.join(name);
        File::options().create(true).append(true).open(path).map_err(|error| self.failed(&error))
    }

    fn blobs(&self) -> PathBuf {
        self.folder.join("blobs/sha256")
    }

    fn unusable(&self, why: String) -> StoreError {
        StoreError { folder: self.folder.clone(), why }
    }

    fn failed(&self, error: &std::io::Error) -> StoreError {
        self.unusable(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_others_can_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        Store::open(Some(&path)).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, MODE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(Store::open(Some(&path)).unwrap_err().to_string().contains("others can write"));
    }
}
