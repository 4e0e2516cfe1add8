//! One host has a spool: a file beside the database is locked, which the kernel undoes however the host ends.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use crate::SpoolError;

/// What the locked file is called.
const FILE: &str = "spool.lock";
/// Digits of a process number, at most.
const MOST_DIGITS: u64 = 20;

/// Held as long as it lives.
pub(crate) struct Lock(#[expect(dead_code, reason = "what is open is locked")] File);

impl Lock {
    /// Takes the spool in this folder, which is made where it is missing. It is nobody else's to read: findings hold command
    /// lines, and those hold secrets.
    pub(crate) fn take(folder: &Path) -> Result<Self, SpoolError> {
        let failed = |error| SpoolError::Folder { folder: folder.to_owned(), error };
        make_private(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(folder.join(FILE)).map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut holder = String::new();
                let _ = file.take(MOST_DIGITS).read_to_string(&mut holder);
                let holder = Some(holder.trim().to_owned()).filter(|holder| !holder.is_empty());
                return Err(SpoolError::InUse { folder: folder.to_owned(), holder });
            }
            Err(error) => return Err(failed(error.into())),
        }
        // Whose it is only helps people: a full disk is no reason not to begin.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}

/// Makes the folder for its owner alone.
fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = folder.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
