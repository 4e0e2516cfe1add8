//! Findings on disk until every sink has them: a SQLite database with the findings and, for each sink, how far it is.
//!
//! One thread writes. What is to be kept waits for it in memory, within bounds, and is written in batches. Each sink reads
//! on its own and says what it has delivered; what all have is removed. A finding is delivered at least once: who is killed
//! between delivering and saying so delivers it again.

#![forbid(unsafe_code)]

mod aside;
mod database;
mod lock;
mod options;
mod reader;
mod record;
mod state;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::JoinHandle;
use std::time::Duration;

pub use aside::set_aside;
pub use options::{Durability, Options};
pub use reader::Reader;
pub use record::{Entry, Id, Portion, Record};
pub use state::{SinkState, SpoolState};

use database::Database;
use lock::Lock;
use state::Shared;
use writer::Writer;

/// What the database is called in the spool's folder.
pub const FILE: &str = "spool.db";

/// A spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Another host has it.
    #[error(
        "the spool {} is in use by another host{}: end that one, or give this one another folder", folder.display(),
        holder.as_ref().map(|holder| format!(" (process {holder})")).unwrap_or_default()
    )]
    InUse {
        /// The spool's folder.
        folder: PathBuf,
        /// Its process, where that is known.
        holder: Option<String>,
    },
    /// The folder cannot be used.
    #[error("the spool {} cannot be used: {error}", folder.display())]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The database cannot be used, though it is not damaged.
    #[error("the spool {} cannot be used: {error}", folder.display())]
    Database {
        /// The spool's folder.
        folder: PathBuf,
        /// Why.
        error: rusqlite::Error,
    },
}

/// An open spool. When it is dropped, what waits in memory is written first, as far as that goes.
pub struct Spool {
    shared: Arc<Shared>,
    folder: PathBuf,
    writing: Option<JoinHandle<()>>,
    _lock: Lock,
}

impl Spool {
    /// Opens the spool in this folder, which is made where it is missing, for sinks of these names. Of a sink that is new,
    /// nothing waits; one that is not among them any more is forgotten. A damaged database is set aside.
    ///
    /// # Errors
    /// Another host has it, or it cannot be read and written.
    pub fn open(folder: &Path, names: &[String], options: Options) -> Result<Self, SpoolError> {
        let lock = Lock::take(folder)?;
        let failed = |error| SpoolError::Database { folder: folder.to_owned(), error };
        let (database, set_aside) = match Database::open(folder, names, &options) {
            Ok(database) => (database, 0),
            Err(error) if database::is_damage(&error) => {
                give_up(folder, &error).map_err(|error| SpoolError::Folder { folder: folder.to_owned(), error })?;
                (Database::open(folder, names, &options).map_err(failed)?, 1)
            }
            Err(error) => return Err(failed(error)),
        };
        let shared = Arc::new(Shared::new(&options, database.sinks().map_err(failed)?, database.last(), set_aside));
        let writer = Writer::new(folder.to_owned(), names.to_vec(), options, shared.clone(), database);
        let thread = std::thread::Builder::new().name("lanner-spool".into()).spawn(move || writer.run());
        let writing = thread.map_err(|error| SpoolError::Folder { folder: folder.to_owned(), error })?;
        Ok(Self { shared, folder: folder.to_owned(), writing: Some(writing), _lock: lock })
    }

    /// Takes entries, to be written soon; gives the number of the last one that was taken. What there is no room for, as
    /// nothing can be written, is left out and counted for every sink.
    pub fn append(&self, entries: impl IntoIterator<Item = Entry>) -> u64 {
        self.shared.append(entries)
    }

    /// Waits until everything up to this number is on disk (or all sinks have it); says whether it is, after this time.
    pub fn wait_until_kept(&self, seq: u64, patience: Duration) -> bool {
        self.shared.wait_until_kept(seq, patience)
    }

    /// What reads for the sink of this name; nothing where there is no such sink.
    pub fn reader(&self, name: &str) -> Option<Reader> {
        Some(Reader::new(self.folder.join(FILE), self.shared.clone(), self.shared.number(name)?))
    }

    /// How the sink of this name stands.
    pub fn sink(&self, name: &str) -> Option<SinkState> {
        Some(self.shared.sink(self.shared.number(name)?))
    }

    /// How the spool itself stands.
    pub fn state(&self) -> SpoolState {
        self.shared.spool()
    }

    /// Writes what waits in memory, and how far the sinks are; nothing is written any more then. Says whether that was done
    /// within this time.
    pub fn close(&self, patience: Duration) -> bool {
        self.shared.close(patience)
    }

    /// Has readers look whether they are to stop.
    pub fn wake(&self) {
        self.shared.wake();
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.close(Duration::ZERO);
        if let Some(writing) = self.writing.take() {
            // It has nothing left to say: where it panicked, that was in the log.
            let _ = writing.join();
        }
    }
}

/// Whether to go on; checked when woken.
pub type Stop = AtomicBool;

/// Sets the database in this folder aside, as it is damaged.
fn give_up(folder: &Path, why: &rusqlite::Error) -> std::io::Result<()> {
    let database = folder.join(FILE);
    let aside = set_aside(&database)?;
    tracing::error!(
        "the spool {} is damaged ({}): it is set aside as {aside}, and a new one is begun; what waited in it is not \
         delivered (`sqlite3 {aside} .recover` may show it)",
        database.display(),
        why.to_string().replace('\n', " "),
        aside = aside.display(),
    );
    Ok(())
}
