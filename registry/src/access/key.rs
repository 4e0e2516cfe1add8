//! The key that tokens are signed with: made at the first start, and kept.

use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// As long as the hash that it is used with.
const LENGTH: usize = 32;

/// There is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It can neither be read nor made.
    #[error("the key for tokens, {path}, can neither be read nor made: {error}", path = .0.display(), error = .1)]
    File(PathBuf, std::io::Error),
    /// It is not what was written there.
    #[error(
        "the key for tokens, {path}, is damaged: remove it to have a new one (all tokens end, and clients log in again)",
        path = .0.display()
    )]
    Damaged(PathBuf),
    /// Others may have it.
    #[error(
        "the key for tokens, {path}, can be read by every user of this machine: remove it to have a new one, or \
         `chmod 600` it if nobody can have read it",
        path = .0.display()
    )]
    Public(PathBuf),
}

/// Reads the key, and makes it where there is none.
pub(super) fn read_or_make(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |error| KeyError::File(path.into(), error);
    loop {
        match read(path) {
            Err(KeyError::File(_, error)) if error.kind() == ErrorKind::NotFound => {}
            outcome => return outcome,
        }
        match make(path) {
            // Another process that starts now may have been faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            outcome => outcome.map_err(failed)?,
        }
    }
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let failed = |error| KeyError::File(path.into(), error);
    let follow_nothing = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(follow_nothing).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > 4096 {
        return Err(KeyError::Damaged(path.into()));
    }
    // A group may be what a cluster gives its volumes.
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err(KeyError::Public(path.into()));
    }
    let text = Zeroizing::new(std::io::read_to_string(file).map_err(failed)?);
    match hex::decode(text.trim_end()) {
        Ok(key) if key.len() == LENGTH => Ok(key.into()),
        _ => Err(KeyError::Damaged(path.into())),
    }
}

/// Whole or not at all, and never another's in its place.
fn make(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut key = Zeroizing::new([0; LENGTH]);
    aws_lc_rs::rand::fill(&mut *key).map_err(|_| std::io::Error::other("the system gives no random numbers"))?;
    let beside = folder.join(format!("token.{}", uuid::Uuid::new_v4()));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(Zeroizing::new(hex::encode(key.as_slice()) + "\n").as_bytes())?;
        file.sync_all()?;
        // Unlike a rename, a link does not replace.
        std::fs::hard_link(&beside, path)?;
        std::fs::File::open(folder)?.sync_all()
    })();
    // It has two names now, or is of no use.
    let removed = std::fs::remove_file(&beside);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access/token.key");
        let starters: Vec<_> = (0..8)
            .map(|_| {
                let path = path.clone();
                std::thread::spawn(move || read_or_make(&path).unwrap())
            })
            .collect();
        let keys: Vec<_> = starters.into_iter().map(|starter| starter.join().unwrap()).collect();
        assert!(keys.iter().all(|key| *key == keys[0] && key.len() == LENGTH));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path().join("access")).unwrap().count(), 1, "nothing else is left");
        let other = tempfile::tempdir().unwrap();
        assert_ne!(read_or_make(&other.path().join("access/token.key")).unwrap(), keys[0]);
    }

    #[test]
    fn refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.key");
        let write = |text: &str, mode| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let good = "ab".repeat(LENGTH);
        write(&good, 0o644);
        assert!(matches!(read_or_make(&path), Err(KeyError::Public(_))));
        for bad in ["", "ab", "not hexadecimal", &"ab".repeat(LENGTH + 1), &"ab".repeat(9000)] {
            write(bad, 0o600);
            assert!(matches!(read_or_make(&path), Err(KeyError::Damaged(_))), "{bad}");
        }
        write(&good, 0o600);
        assert_eq!(*read_or_make(&path).unwrap(), [0xab; LENGTH]);
        let link = folder.path().join("link.key");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(read_or_make(&link), Err(KeyError::File(..))), "a link may lead to anybody's file");
    }
}
