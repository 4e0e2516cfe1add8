//! Findings that are kept: what was found is still there tomorrow, can be looked through and counted, and says what people
//! made of it.
//!
//! One SQLite database (write-ahead log), which the host writes and others read meanwhile. A finding is a row with its JSON;
//! what it can be filtered by (its *facets*: rule, severity, program …) is indexed, its text is in a full-text index, and
//! counts by hour and day are written in the same transaction, so that no question has to look at all findings.

#![forbid(unsafe_code)]

mod audit;
mod bounds;
mod facet;
mod filter;
mod keep;
mod open;
mod read;
mod record;
mod stats;
#[cfg(test)]
mod tests;
mod text;
mod work;
mod write;

pub use audit::{Audited, Deed, Place};
pub use bounds::Bounds;
pub use facet::Facet;
pub use filter::{Filter, State};
pub use keep::Keep;
pub use read::{Page, Reader, Stored};
pub use record::{Record, Unreadable};
pub use rusqlite::InterruptHandle;
pub use stats::{Count, Span};
pub use work::{Change, Entry, Work};
pub use write::{Store, Written};

/// The store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not there.
    #[error("there is no store at {0}: `lanner run --keep` keeps findings")]
    Missing(std::path::PathBuf),
    /// It is a folder, a link, a pipe.
    #[error("{0} is no regular file: name one for the findings that are kept")]
    NoFile(std::path::PathBuf),
    /// Others could write to it.
    #[error(
        "others may write to {0}: have it belong to root, or to who runs lanner, and chmod go-w it; what is in it may be theirs"
    )]
    Shared(std::path::PathBuf),
    /// A newer host made it.
    #[error(
        "{path} is of version {version}, and this host knows up to {known}: use the newer host, or name another file"
    )]
    Newer {
        /// The file.
        path: std::path::PathBuf,
        /// Its version.
        version: i64,
        /// The newest that is known.
        known: i64,
    },
    /// It belongs to something else.
    #[error("{0} is no store of findings: name another file, or move this one away")]
    Foreign(std::path::PathBuf),
    /// The file system.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What it says.
        error: std::io::Error,
    },
    /// The database.
    #[error("the store of findings: {0}")]
    Database(#[from] rusqlite::Error),
    /// An id that no finding has, or the beginning of several.
    #[error("{0}")]
    Unknown(String),
}

impl StoreError {
    /// Whether the file is damaged, and nothing more can be had from it.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        let Self::Database(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
    }

    /// Whether it was told to give up.
    pub fn is_interrupt(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted)
    }
}
