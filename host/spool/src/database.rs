//! What lies on disk: the findings, and how far each sink is.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use crate::state::SinkState;
use crate::{Durability, FILE, Options, Record};

/// Of what is in the file. Another one was written by another Lanner, and is set aside.
const FORMAT: i64 = 1;
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS records (
        seq INTEGER PRIMARY KEY, id BLOB NOT NULL, time INTEGER NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS cursors (sink TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;";
/// How long it is waited for a reader of the same process that is in the way.
const BUSY: Duration = Duration::from_secs(5);
/// What the write-ahead log is cut to once it was longer, bytes.
const LOG: i64 = 16 << 20;
/// Rows that are looked at in one round, when there are too many.
const ROUND: i64 = 4096;
/// Pages that are given back to the file system in one go.
const PAGES: i64 = 256;

/// The connection of who writes.
pub(crate) struct Database {
    connection: Connection,
    /// What lies in it, bytes.
    bytes: u64,
    last: u64,
}

/// A finding that is not kept any more: its number and its bytes.
pub(crate) type Gone = (u64, u64);

/// Whether it says that the file is no whole database of ours.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    let code = matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase));
    // A row is not what the tables say.
    code || matches!(error, rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..))
}

impl Database {
    /// Opens it, makes it where it is missing, and looks whether it is whole.
    pub(crate) fn open(folder: &Path, names: &[String], options: &Options) -> rusqlite::Result<Self> {
        let path = folder.join(FILE);
        // SQLite gives what belongs to the file the rights that the file has; whether it can be made, SQLite says.
        let _ = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_CREATE)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        let synchronous = match options.durability {
            Durability::Normal => "NORMAL",
            Durability::Full => "FULL",
        };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "journal_size_limit", LOG)?;
        check(&connection)?;
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", FORMAT)?;
        let sum = "SELECT COALESCE(SUM(size), 0), COALESCE(MAX(seq), 0) FROM records";
        let (bytes, last) = connection.query_row(sum, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
        let cursor = "SELECT COALESCE(MAX(seq), 0) FROM cursors";
        let cursor = connection.query_row(cursor, [], |row| row.get::<_, i64>(0))?;
        let database = Self { connection, bytes: number(bytes), last: number(last.max(cursor)) };
        database.know(names)?;
        Ok(database)
    }

    /// Has a cursor for each of these, which begins at the end where it is new, and for no other.
    fn know(&self, names: &[String]) -> rusqlite::Result<()> {
        let mut sinks = self.connection.prepare("SELECT sink FROM cursors")?;
        let known: Vec<String> = sinks.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        for name in known.iter().filter(|name| !names.contains(name)) {
            let of = "SELECT COUNT(*) FROM records WHERE seq > (SELECT seq FROM cursors WHERE sink = ?1)";
            let waiting: i64 = self.connection.query_row(of, [name], |row| row.get(0))?;
            self.connection.execute("DELETE FROM cursors WHERE sink = ?1", [name])?;
            if waiting > 0 {
                tracing::warn!(
                    "there is no sink {name} any more: {waiting} findings that waited for it are not delivered"
                );
            }
        }
        for name in names {
            let add = "INSERT OR IGNORE INTO cursors (sink, seq) VALUES (?1, ?2)";
            self.connection.execute(add, params![name, self.last.cast_signed()])?;
        }
        Ok(())
    }

    /// The number of the last finding that there ever was, as far as that is known.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// How each sink stands.
    pub(crate) fn sinks(&self) -> rusqlite::Result<Vec<SinkState>> {
        let all = "SELECT sink, seq, (SELECT COUNT(*) FROM records r WHERE r.seq > c.seq), \
                   (SELECT COALESCE(SUM(size), 0) FROM records r WHERE r.seq > c.seq), \
                   (SELECT time FROM records r WHERE r.seq > c.seq ORDER BY r.seq LIMIT 1) FROM cursors c";
        let mut statement = self.connection.prepare(all)?;
        let sink = |row: &rusqlite::Row<'_>| {
            Ok(SinkState {
                name: row.get(0)?,
                cursor: number(row.get(1)?),
                waiting: number(row.get(2)?),
                bytes: number(row.get(3)?),
                oldest_ns: row.get::<_, Option<i64>>(4)?.map(number),
                dropped: 0,
            })
        };
        statement.query_map([], sink)?.collect()
    }

    /// Writes these, and how far the sinks are; removes what all have.
    pub(crate) fn write(&mut self, records: &[Record], cursors: &[(String, u64)]) -> rusqlite::Result<()> {
        let mut bytes = self.bytes;
        let transaction = self.connection.transaction()?;
        {
            let add = "INSERT OR REPLACE INTO records (seq, id, time, size, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut add = transaction.prepare(add)?;
            for Record { seq, time_ns, id, bytes: content } in records {
                let (seq, time, size) = (seq.cast_signed(), time_ns.cast_signed(), content.len() as i64);
                add.execute(params![seq, id, time, size, &content[..]])?;
                bytes += content.len() as u64;
            }
            let mut set = transaction.prepare("UPDATE cursors SET seq = ?2 WHERE sink = ?1")?;
            for (sink, seq) in cursors {
                set.execute(params![sink, seq.cast_signed()])?;
            }
            if let Some(all) = cursors.iter().map(|(_, seq)| seq.cast_signed()).min() {
                let sum = "SELECT COALESCE(SUM(size), 0) FROM records WHERE seq <= ?1";
                let size: i64 = transaction.prepare(sum)?.query_row([all], |row| row.get(0))?;
                transaction.prepare("DELETE FROM records WHERE seq <= ?1")?.execute([all])?;
                bytes = bytes.saturating_sub(number(size));
            }
        }
        transaction.commit()?;
        self.bytes = bytes;
        if let Some(last) = records.last() {
            self.last = self.last.max(last.seq);
        }
        Ok(())
    }

    /// Removes the oldest for which there is no room, or that came before this time, and gives them; there may be more of
    /// them where it gives any.
    pub(crate) fn make_room(&mut self, most: u64, before_ns: u64) -> rusqlite::Result<Vec<Gone>> {
        let transaction = self.connection.transaction()?;
        let (mut gone, mut bytes) = (Vec::new(), self.bytes);
        {
            let mut oldest = transaction.prepare("SELECT seq, size, time FROM records ORDER BY seq LIMIT ?1")?;
            let mut rows = oldest.query([ROUND])?;
            while let Some(row) = rows.next()? {
                let (seq, size, time) = (number(row.get(0)?), number(row.get(1)?), number(row.get(2)?));
                if bytes <= most && time >= before_ns {
                    break;
                }
                bytes = bytes.saturating_sub(size);
                gone.push((seq, size));
            }
            if let Some((last, _)) = gone.last() {
                transaction.prepare("DELETE FROM records WHERE seq <= ?1")?.execute([last.cast_signed()])?;
            }
        }
        transaction.commit()?;
        self.bytes = bytes;
        Ok(gone)
    }

    /// Moves what is in the log to its place, so that the log takes no room; where a reader is in the way, another time.
    pub(crate) fn tidy(&self) -> rusqlite::Result<()> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
    }

    /// Gives back to the file system some of what is free in the file.
    pub(crate) fn shrink(&self) -> rusqlite::Result<()> {
        self.connection.execute_batch(&format!("PRAGMA incremental_vacuum({PAGES})"))
    }
}

/// A connection of who reads the database at this path.
pub(crate) fn reading(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::empty())
}

fn connect(path: &Path, more: OpenFlags) -> rusqlite::Result<Connection> {
    // Who reads writes, too: to the index of the write-ahead log.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    // The file may have been damaged by anybody: what it says is no reason to run anything.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Whether it is whole, and of this format.
fn check(connection: &Connection) -> rusqlite::Result<()> {
    let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let whole: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match whole == "ok" && (format == 0 || format == FORMAT) {
        true => Ok(()),
        false => Err(damage(if whole == "ok" { format!("it is of format {format}") } else { whole })),
    }
}

/// As SQLite says it.
pub(crate) fn damage(what: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), Some(what))
}

/// What SQLite has is never negative here; were it so after damage, it counts as nothing.
pub(crate) fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}
