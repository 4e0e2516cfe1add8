//! The folder for compiled packs. What lies there is run, so nobody else may write to it, and damage is noticed.

mod compiled;
mod entry;

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

pub(crate) use compiled::Compiled;

/// Only the owner may read or write.
const MODE: u32 = 0o700;
/// Others may write.
const OTHERS_WRITE: u32 = 0o022;

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the folder for compiled packs {folder} cannot be used: {why}; give another with --cache, or none with --no-cache", folder = folder.display())]
pub struct CacheError {
    folder: PathBuf,
    why: String,
}

/// The folder where nothing is said: /var/cache/lanner for root, else in the user's cache folder; `None` where he has
/// none.
pub fn default_folder() -> Option<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Some(PathBuf::from("/var/cache/lanner"));
    }
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).map(|folder| folder.join("lanner"))
}

/// Makes the folder where it is not there, and checks whose it is. Gives its absolute path.
///
/// # Errors
/// It cannot be made, or others can write to it.
pub fn prepare(folder: &Path) -> Result<PathBuf, CacheError> {
    let unusable = |why: String| CacheError { folder: folder.to_owned(), why };
    let failed = |error: std::io::Error| unusable(error.to_string());
    DirBuilder::new().recursive(true).mode(MODE).create(folder).map_err(failed)?;
    // First where it really is: a link could be turned elsewhere after the look at it.
    let folder = folder.canonicalize().map_err(failed)?;
    let facts = folder.metadata().map_err(failed)?;
    if facts.uid() != rustix::process::geteuid().as_raw() || facts.mode() & OTHERS_WRITE != 0 {
        return Err(unusable("others can write to it, and what lies there is run".to_owned()));
    }
    Ok(folder)
}
