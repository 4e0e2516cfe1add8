//! Captures around findings: what happened in the seconds before one that counts, and shortly after it, written down so that it
//! can be replayed.

#![forbid(unsafe_code)]

mod around;
mod choice;
mod folder;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use around::{Around, Settings};
pub use choice::Choice;
pub use folder::{Folder, Found};

/// The folder of captures cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The file system.
    #[error("the folder of captures {path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// What it says.
        error: std::io::Error,
    },
    /// Others could write to it.
    #[error(
        "{0} is no folder that captures can be kept in: it has to belong to root, or to who runs lanner, and nobody else may \
         write to it (chmod go-w)"
    )]
    Shared(PathBuf),
}
