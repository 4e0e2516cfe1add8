//! The one who writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Transaction, params};

use crate::stats::{SPANS, Span};
use crate::{Bounds, Facet, Record, StoreError, open};

/// Findings that go in one step when they are too old, and when the database is too large: then no more than have to.
const STEP: i64 = 2_000;
const SMALL_STEP: i64 = 100;
/// That go at a time: what comes in must not wait for long.
const MOST: u64 = 16_000;
/// Times of which it is remembered which key behind them is free.
const REMEMBERED: usize = 1024;
/// The last time that a finding may have, ns since 1970 (in the year 2116): there is always a key behind it.
const LAST: i64 = i64::MAX / 2;
const FIND_VALUE: &str = "SELECT number FROM value WHERE facet = ? AND value = ?";

/// Keeps findings.
pub struct Store {
    path: PathBuf,
    database: Connection,
    bounds: Bounds,
    /// The last key of each of these times: there may be thousands of findings of one.
    taken: HashMap<i64, i64>,
}

/// What became of findings that were brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// That are kept from now on.
    pub kept: u64,
    /// That were there already.
    pub known: u64,
}

impl Store {
    /// Opens the store of this path, which is made where it is not there. One that is damaged is set aside, and a new one
    /// begun.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(path: &Path, bounds: Bounds) -> Result<Self, StoreError> {
        let database = match open::to_write(path) {
            Err(error) if error.is_damage() => {
                set_aside(path)?;
                open::to_write(path)?
            }
            opened => opened?,
        };
        Ok(Self { path: path.to_owned(), database, bounds, taken: HashMap::new() })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps these, all or none. One that is kept already is passed over.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn add(&mut self, records: &[Record]) -> Result<Written, StoreError> {
        let transaction = self.database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        if self.taken.len() > REMEMBERED {
            self.taken.clear();
        }
        let written = Adding::new(&transaction, &mut self.taken)?.add(records)?;
        transaction.commit()?;
        Ok(written)
    }

    /// Removes what is too old, and the oldest where there is too much; says how many findings went. What is left of that
    /// is removed the next time.
    ///
    /// # Errors
    /// The database does not let it.
    pub fn trim(&mut self, now: SystemTime) -> Result<u64, StoreError> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let oldest = nanoseconds(now.saturating_sub(self.bounds.age));
        let mut removed = 0;
        while removed < MOST {
            let (before, most) = match self.bytes()? > self.bounds.bytes {
                true => (i64::MAX, SMALL_STEP),
                false => (oldest, STEP),
            };
            let step = remove(&mut self.database, before, most)?;
            if step == 0 {
                break;
            }
            removed += step;
            self.database.execute_batch("PRAGMA incremental_vacuum(8192)")?;
        }
        Ok(removed)
    }

    /// Bytes of it that are used.
    ///
    /// # Errors
    /// The database does not say.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        let number = |pragma| open::number(&self.database, pragma);
        let used = (number("page_count")? - number("freelist_count")?) * number("page_size")?;
        Ok(u64::try_from(used).unwrap_or_default())
    }

    /// Sets it aside, as it is damaged, and begins a new one.
    ///
    /// # Errors
    /// That cannot be done either.
    pub fn begin_anew(&mut self) -> Result<(), StoreError> {
        set_aside(&self.path)?;
        self.database = open::to_write(&self.path)?;
        Ok(())
    }
}

/// Moves a damaged database away, with what belongs to it.
fn set_aside(path: &Path) -> Result<(), StoreError> {
    let aside = lanner_spool::set_aside(path).map_err(|error| StoreError::File { path: path.to_owned(), error })?;
    tracing::error!(
        "{} is damaged: it is set aside as {}, and a new store is begun; `sqlite3 {} .recover` may get findings out of it",
        path.display(),
        aside.display(),
        aside.display()
    );
    Ok(())
}

/// What adding takes.
struct Adding<'a> {
    taken: &'a mut HashMap<i64, i64>,
    free: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    known: CachedStatement<'a>,
    find_value: CachedStatement<'a>,
    insert_value: CachedStatement<'a>,
    facet: CachedStatement<'a>,
    count: CachedStatement<'a>,
    text: CachedStatement<'a>,
    transaction: &'a Transaction<'a>,
}

impl<'a> Adding<'a> {
    fn new(transaction: &'a Transaction<'a>, taken: &'a mut HashMap<i64, i64>) -> rusqlite::Result<Self> {
        let prepare = |sql| transaction.prepare_cached(sql);
        Ok(Self {
            taken,
            free: prepare(
                "SELECT f.key + 1 FROM finding f WHERE f.key >= ?1 \
                 AND NOT EXISTS (SELECT 1 FROM finding n WHERE n.key = f.key + 1) ORDER BY f.key LIMIT 1",
            )?,
            insert: prepare("INSERT OR IGNORE INTO finding (key, id, object) VALUES (?, ?, ?)")?,
            known: prepare("SELECT 1 FROM finding WHERE id = ?")?,
            find_value: prepare(FIND_VALUE)?,
            insert_value: prepare("INSERT INTO value (facet, value) VALUES (?, ?)")?,
            facet: prepare("INSERT INTO facet (value, key) VALUES (?, ?)")?,
            count: prepare(
                "INSERT INTO count (span, start, value, findings) VALUES (?, ?, ?, ?) \
                 ON CONFLICT DO UPDATE SET findings = findings + excluded.findings",
            )?,
            text: prepare("INSERT INTO words (rowid, said) VALUES (?, ?)")?,
            transaction,
        })
    }

    fn add(&mut self, records: &[Record]) -> rusqlite::Result<Written> {
        let mut written = Written::default();
        // Of the findings that come together most have the same values, and are of the same hour.
        let mut values = HashMap::new();
        let mut counts: BTreeMap<(Facet, &str, i64), i64> = BTreeMap::new();
        for record in records {
            let Some(key) = self.key(record)? else {
                written.known += 1;
                continue;
            };
            written.kept += 1;
            for (facet, value) in &record.facets {
                let number = match values.get(&(*facet, &**value)) {
                    Some(number) => *number,
                    None => self.value(*facet, value)?,
                };
                values.insert((*facet, &**value), number);
                self.facet.execute([number, key])?;
                if *facet != Facet::Process {
                    *counts.entry((*facet, value, Span::Hour.start(key))).or_default() += 1;
                }
            }
            self.text.execute(params![key, record.text])?;
        }
        for ((facet, value, hour), findings) in counts {
            for span in SPANS {
                let number = values.get(&(facet, value));
                self.count.execute(params![span.number(), span.start(hour), number, findings])?;
            }
        }
        Ok(written)
    }

    /// Puts the finding under its time, or what is free behind it; nothing where it is there already.
    fn key(&mut self, record: &Record) -> rusqlite::Result<Option<i64>> {
        let time_ns = record.time_ns.min(LAST);
        let mut key = self.taken.get(&time_ns).map_or(time_ns, |last| last + 1);
        if self.insert.execute(params![key, record.id, record.json])? == 0 {
            // Either its id is there, or another finding of its time.
            if self.known.exists([record.id])? {
                return Ok(None);
            }
            key = self.free.query_row([key], |row| row.get(0))?;
            self.insert.execute(params![key, record.id, record.json])?;
        }
        self.taken.insert(time_ns, key);
        Ok(Some(key))
    }

    fn value(&mut self, facet: Facet, value: &str) -> rusqlite::Result<i64> {
        let known = self.find_value.query_row(params![facet.number(), value], |row| row.get(0)).optional()?;
        if let Some(number) = known {
            return Ok(number);
        }
        self.insert_value.execute(params![facet.number(), value])?;
        Ok(self.transaction.last_insert_rowid())
    }
}

/// Removes some of the oldest findings before this time.
fn remove(database: &mut Connection, before: i64, most: i64) -> Result<u64, StoreError> {
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut indexed = Indexed::default();
    {
        let mut oldest =
            transaction.prepare_cached("SELECT key, id, object FROM finding WHERE key < ? ORDER BY key LIMIT ?")?;
        let mut rows = oldest.query([before, most])?;
        let remove = |sql| transaction.prepare_cached(sql);
        let mut finding = remove("DELETE FROM finding WHERE key = ?")?;
        let mut text = remove("DELETE FROM words WHERE rowid = ?")?;
        let mut work = remove("DELETE FROM work WHERE id = ?")?;
        let mut entries = remove("DELETE FROM entry WHERE id = ?")?;
        while let Some(row) = rows.next()? {
            let (key, id): (i64, [u8; 16]) = (row.get(0)?, row.get(1)?);
            indexed.add(&transaction, key, row.get(2)?)?;
            finding.execute([key])?;
            text.execute([key])?;
            work.execute([id])?;
            entries.execute([id])?;
        }
    }
    indexed.remove(&transaction)?;
    transaction.commit()?;
    Ok(indexed.findings)
}

/// What facets and counts have of findings that go.
#[derive(Default)]
struct Indexed {
    findings: u64,
    facets: Vec<(i64, i64)>,
    counts: BTreeMap<(i64, i64, i64), i64>,
}

impl Indexed {
    fn add(&mut self, transaction: &Transaction<'_>, key: i64, object: String) -> rusqlite::Result<()> {
        self.findings += 1;
        // What was written could be read.
        let Ok(record) = Record::new(object) else { return Ok(()) };
        let mut find = transaction.prepare_cached(FIND_VALUE)?;
        let mut has = transaction.prepare_cached("SELECT 1 FROM facet WHERE value = ? AND key = ?")?;
        for (facet, value) in record.facets {
            let number = find.query_row(params![facet.number(), value], |row| row.get(0)).optional()?;
            let Some(number) = number else { continue };
            // An older host may have written it, which did not know all facets.
            if !has.exists([number, key])? {
                continue;
            }
            self.facets.push((number, key));
            if facet != Facet::Process {
                for span in SPANS {
                    *self.counts.entry((span.number(), span.start(key), number)).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    fn remove(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let prepare = |sql| transaction.prepare_cached(sql);
        let mut facet = prepare("DELETE FROM facet WHERE value = ? AND key = ?")?;
        for (value, key) in &self.facets {
            facet.execute([value, key])?;
        }
        let mut count = prepare("UPDATE count SET findings = findings - ? WHERE span = ? AND start = ? AND value = ?")?;
        let mut none = prepare("DELETE FROM count WHERE span = ? AND start = ? AND value = ? AND findings <= 0")?;
        for ((span, start, value), findings) in &self.counts {
            count.execute([findings, span, start, value])?;
            none.execute([span, start, value])?;
        }
        let mut value =
            prepare("DELETE FROM value WHERE number = ?1 AND NOT EXISTS (SELECT 1 FROM facet WHERE value = ?1)")?;
        let values: BTreeSet<i64> = self.facets.iter().map(|(value, _)| *value).collect();
        for number in values {
            value.execute([number])?;
        }
        Ok(())
    }
}

pub(crate) fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
