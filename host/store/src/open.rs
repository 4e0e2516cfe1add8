//! The database: where it lies, what is in it, and who may write to it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use rustix::fs::OFlags;

use crate::StoreError;

/// Says that the file is ours ("LanF").
const APPLICATION: i64 = 0x4c61_6e46;
/// Of what is in it. A newer host brings an older file up to this.
const VERSION: i64 = 2;
/// Bytes of the header of a database of SQLite (sqlite.org/fileformat2.html).
const HEADER: u64 = 100;
/// Pages of the log, of 4 KiB each, after which they go into the database.
const LOG_PAGES: i64 = 8192;
/// How long it is waited for somebody else who writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// `finding.key` is the finding's time, ns since 1970, or what is free behind it: the order of keys is the order in which
/// things happened. `facet` has, for each value of each facet, the keys of the findings that have it. `count` has how many
/// there are, by hour (`span` 0) and by day (1); `start` is ns since 1970.
const SCHEMA: &str = "
CREATE TABLE finding (key INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, object TEXT NOT NULL) STRICT;
CREATE TABLE value (number INTEGER PRIMARY KEY, facet INTEGER NOT NULL, value TEXT NOT NULL, UNIQUE (facet, value)) STRICT;
CREATE TABLE facet (value INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (value, key)) STRICT, WITHOUT ROWID;
CREATE TABLE count (span INTEGER NOT NULL, start INTEGER NOT NULL, value INTEGER NOT NULL, findings INTEGER NOT NULL,
    PRIMARY KEY (span, start, value)) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5 (said, content = '', contentless_delete = 1);
CREATE TABLE work (id BLOB PRIMARY KEY, state INTEGER NOT NULL, assignee TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE entry (number INTEGER PRIMARY KEY, id BLOB NOT NULL, at_ns INTEGER NOT NULL, who TEXT NOT NULL,
    change TEXT NOT NULL, text TEXT) STRICT;
CREATE INDEX entry_id ON entry (id);
";
/// What version 2 has more: who changed what besides findings, and the changes of findings in the order of time.
const SECOND: &str = "
CREATE TABLE deed (number INTEGER PRIMARY KEY, at_ns INTEGER NOT NULL, who TEXT NOT NULL, way TEXT NOT NULL,
    what TEXT NOT NULL, about TEXT NOT NULL, refused TEXT) STRICT;
CREATE INDEX deed_at ON deed (at_ns);
CREATE INDEX entry_at ON entry (at_ns);
";

/// Opens it to write, and makes it where it is not there.
pub(crate) fn to_write(path: &Path) -> Result<Connection, StoreError> {
    let failed = |error| StoreError::File { path: path.to_owned(), error };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    // Findings hold command lines, and those hold secrets. SQLite gives its other files the same mode.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let made = OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path);
    match fs::symlink_metadata(path) {
        Ok(facts) if !facts.is_file() => return Err(StoreError::NoFile(path.to_owned())),
        _ => drop(made.map_err(failed)?),
    }
    check(path)?;
    if !is_ours(path).map_err(failed)? {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    let mut database = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Before anything is in it; later it has no effect.
    database.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // Into the file itself, before there is a log beside it: by that it is known after we were killed.
    if number(&database, "application_id")? == 0 {
        database.pragma_update(None, "application_id", APPLICATION)?;
    }
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "NORMAL")?;
    // Pages are written again and again: many of them into the log before they go into the database, each once.
    database.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    database.pragma_update(None, "journal_size_limit", 64 << 20)?;
    database.pragma_update(None, "cache_size", -16_384)?;
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    match number(&transaction, "user_version")? {
        0 => {
            let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
            if tables > 0 {
                return Err(StoreError::Foreign(path.to_owned()));
            }
            transaction.execute_batch(SCHEMA)?;
            transaction.execute_batch(SECOND)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
        }
        version => {
            is_known(&transaction, path, version)?;
            if version < 2 {
                transaction.execute_batch(SECOND)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
            }
        }
    }
    transaction.commit()?;
    Ok(database)
}

/// Opens it to read, or to say what became of findings.
pub(crate) fn to_read(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    match check(path) {
        Err(StoreError::File { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
            return Err(StoreError::Missing(path.to_owned()));
        }
        checked => checked?,
    }
    let database = match opened(connect(path, flags)) {
        // Where nothing can be written, as evidence is kept, what is there can still be read.
        Err(StoreError::Database(_)) => opened(connect_to_look(path))?,
        opened => opened?,
    };
    match number(&database, "user_version")? {
        // It was begun, and there was no room to go on.
        0 => Err(StoreError::Missing(path.to_owned())),
        version => is_known(&database, path, version).map(|()| database),
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let database = Connection::open_with_flags(path, flags)?;
    database.busy_timeout(PATIENCE)?;
    database.set_prepared_statement_cache_capacity(64);
    Ok(database)
}

/// Whether a database can be read at all is known when something is.
fn opened(database: Result<Connection, StoreError>) -> Result<Connection, StoreError> {
    let database = database?;
    number(&database, "user_version")?;
    Ok(database)
}

/// To look at one that cannot be written to: as it is in its file, where no log lies beside it.
fn connect_to_look(path: &Path) -> Result<Connection, StoreError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
    }
    let path = std::path::absolute(path).map_err(|error| StoreError::File { path: path.to_owned(), error })?;
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    let escaped: String = bytes
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02x}") })
        .collect();
    let uri = format!("file:{escaped}?immutable=1");
    connect(Path::new(&uri), OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

fn is_known(database: &Connection, path: &Path, version: i64) -> Result<(), StoreError> {
    if number(database, "application_id")? != APPLICATION {
        return Err(StoreError::Foreign(path.to_owned()));
    }
    if version > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), version, known: VERSION });
    }
    Ok(())
}

pub(crate) fn number(database: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    database.pragma_query_value(None, pragma, |row| row.get(0))
}

/// Whether a file is empty, or begins as a store does: somebody else's file is never taken for a damaged one of ours.
fn is_ours(path: &Path) -> io::Result<bool> {
    let mut header = Vec::new();
    File::open(path)?.take(HEADER).read_to_end(&mut header)?;
    let application = header.get(68..72).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
    Ok(header.is_empty()
        || (header.starts_with(b"SQLite format 3\0") && application.map(i64::from) == Some(APPLICATION)))
}

/// What is in the file is shown to people, and believed: nobody else may write to it.
fn check(path: &Path) -> Result<(), StoreError> {
    let facts = fs::symlink_metadata(path).map_err(|error| StoreError::File { path: path.to_owned(), error })?;
    let ours = [0, rustix::process::geteuid().as_raw()].contains(&facts.uid());
    if !facts.is_file() {
        return Err(StoreError::NoFile(path.to_owned()));
    }
    if !ours || facts.mode() & 0o022 != 0 {
        return Err(StoreError::Shared(path.to_owned()));
    }
    Ok(())
}
