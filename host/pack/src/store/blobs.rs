//! Bytes by their digest.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::PathBuf;

use tempfile::NamedTempFile;

use super::{Pulling, Store, StoreError};
use crate::digest::Digest;

/// Keeps a blob from being pruned: a host runs it.
#[derive(Debug)]
pub struct InUse {
    _lock: File,
}

impl Store {
    pub(super) fn blob_path(&self, digest: Digest) -> PathBuf {
        self.blobs().join(digest.hex())
    }

    /// Whether there is a file of that name; only [`Store::read`] says whether it is what the name says.
    pub fn has(&self, digest: Digest) -> bool {
        self.blob_path(digest).is_file()
    }

    /// The bytes with this digest, at most so many; `None` where they are not there, or where other bytes are there,
    /// which are thrown away.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(&self, digest: Digest, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.blob_path(digest);
        let file = match File::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| self.failed(&error))?,
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| self.failed(&error))?;
        if bytes.len() as u64 > limit {
            // Who asks has a wrong size in mind; that is no reason to throw away what may be right.
            return Ok(None);
        }
        if Digest::of(&bytes) == digest {
            return Ok(Some(bytes));
        }
        tracing::warn!("in the store {}, {digest} has other bytes than its name says; it is removed", path.display());
        std::fs::remove_file(&path).map_err(|error| self.failed(&error))?;
        Ok(None)
    }

    /// Keeps these bytes.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn put(&self, pulling: &Pulling, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if self.read(digest, bytes.len() as u64)?.is_none() {
            let mut file = self.new_blob()?;
            file.write_all(bytes).map_err(|error| self.failed(&error))?;
            self.keep(pulling, file, digest)?;
        }
        Ok(digest)
    }

    /// A file to write a blob to, which nobody sees until it is kept.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new_blob(&self) -> Result<NamedTempFile, StoreError> {
        NamedTempFile::with_prefix_in(".new-", self.blobs()).map_err(|error| self.failed(&error))
    }

    /// Keeps what was written under its digest, which was checked while it was.
    ///
    /// # Errors
    /// It cannot be kept.
    pub fn keep(&self, _pulling: &Pulling, file: NamedTempFile, digest: Digest) -> Result<(), StoreError> {
        // On disk before its name is: after a fault of the power there are no half blobs.
        file.as_file().sync_all().map_err(|error| self.failed(&error))?;
        file.persist(self.blob_path(digest)).map_err(|error| self.failed(&error.error))?;
        Ok(())
    }

    /// Keeps the blob from being pruned until this is dropped; `None` where it is not there.
    ///
    /// # Errors
    /// The store cannot be locked.
    pub fn in_use(&self, digest: Digest) -> Result<Option<InUse>, StoreError> {
        match File::open(self.blob_path(digest)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
            Ok(file) => {
                file.lock_shared().map_err(|error| self.failed(&error))?;
                Ok(Some(InUse { _lock: file }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_count_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Some(&folder.path().join("s"))).unwrap();
        let pulling = store.pulling().unwrap();
        let digest = store.put(&pulling, b"one").unwrap();
        assert_eq!(store.read(digest, 3).unwrap().as_deref(), Some(&b"one"[..]));
        std::fs::write(store.blob_path(digest), b"two").unwrap();
        assert_eq!(store.read(digest, 3).unwrap(), None);
        assert!(!store.has(digest));
        // Longer than it may be: not given, but not thrown away either.
        let digest = store.put(&pulling, b"three").unwrap();
        assert_eq!(store.read(digest, 4).unwrap(), None);
        assert!(store.has(digest));
    }
}
