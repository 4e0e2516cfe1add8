//! The ones who read, while the host writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use rusqlite::{Connection, InterruptHandle, OpenFlags, OptionalExtension as _, params};

use crate::filter::Numbers;
use crate::record::id;
use crate::{Audited, Change, Count, Deed, Facet, Filter, Place, Span, StoreError, Work, audit, open, stats, work};

/// Values of a facet that can be asked for at once.
const MAX_VALUES: usize = 64;
/// Digits of an id that have to be said.
const MIN_DIGITS: usize = 4;

/// Looks through what is kept.
pub struct Reader {
    database: Connection,
}

/// A finding that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Where it stands: a page goes on behind this.
    pub key: i64,
    /// Its JSON.
    pub json: String,
    /// How it stands with it.
    pub work: Work,
}

/// Some of the findings that were asked for, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// These.
    pub findings: Vec<Stored>,
    /// Where the next page begins, where there is one.
    pub next: Option<i64>,
}

impl Reader {
    /// Opens the store of this path to look through it.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Who reads beside a writer writes into its shared memory; what is in the database he leaves alone.
        let database = open::to_read(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        Ok(Self { database })
    }

    /// A page of what is asked for, of at most so many, that goes on behind where the one before ended.
    ///
    /// # Errors
    /// The database cannot be read, or too much is asked for at once.
    pub fn page(&self, filter: &Filter, after: Option<i64>, most: u32) -> Result<Page, StoreError> {
        let transaction = self.database.unchecked_transaction()?;
        let facets: Vec<Numbers> = filter
            .facets
            .iter()
            .map(|(facet, values)| self.numbers(*facet, values))
            .collect::<Result<_, StoreError>>()?;
        let Some(question) = filter.question(&facets, after, most.saturating_add(1)) else {
            return Ok(Page { findings: Vec::new(), next: None });
        };
        let mut statement = self.database.prepare_cached(&question.sql)?;
        let keys = statement.query_map(rusqlite::params_from_iter(question.values), |row| row.get(0))?;
        let mut keys: Vec<i64> = keys.collect::<rusqlite::Result<_>>()?;
        let most = most as usize;
        let next = (keys.len() > most).then(|| keys.get(most.saturating_sub(1)).copied()).flatten();
        keys.truncate(most);
        let findings = keys.into_iter().filter_map(|key| self.at(key).transpose()).collect::<Result<_, _>>()?;
        transaction.finish()?;
        Ok(Page { findings, next })
    }

    /// The finding whose id begins with these digits.
    ///
    /// # Errors
    /// None does, or several do.
    pub fn find(&self, digits: &str) -> Result<Stored, StoreError> {
        let unknown = |why: &str| StoreError::Unknown(format!("{why} {digits:?}"));
        let digits = digits.to_ascii_lowercase();
        if digits.len() < MIN_DIGITS || digits.len() > 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(StoreError::Unknown(format!(
                "{digits:?} is no id: those have 32 hexadecimal digits, of which the first {MIN_DIGITS} are enough where \
                 no other begins like that"
            )));
        }
        let (first, last) = (id(&format!("{digits:0<32}")), id(&format!("{digits:f<32}")));
        let (first, last) = (first.unwrap_or_default(), last.unwrap_or_default());
        let mut statement = self.database.prepare_cached("SELECT key FROM finding WHERE id BETWEEN ? AND ? LIMIT 2")?;
        let keys = statement.query_map([first, last], |row| row.get(0))?;
        match keys.collect::<rusqlite::Result<Vec<i64>>>()?.as_slice() {
            [] => Err(unknown("no finding is kept whose id begins with")),
            [key] => self.at(*key)?.ok_or_else(|| unknown("no finding is kept whose id begins with")),
            _ => Err(unknown("several findings have an id that begins with")),
        }
    }

    /// The most frequent values of a facet in the hours from one time to another, ns since 1970, most findings first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn top(&self, facet: Facet, range: (i64, i64), most: u32) -> Result<Vec<Count>, StoreError> {
        stats::top(&self.database, facet, range, most)
    }

    /// The same of all facets at once, those left out that have none.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn tops(&self, range: (i64, i64), most: u32) -> Result<BTreeMap<Facet, Vec<Count>>, StoreError> {
        stats::tops(&self.database, range, most)
    }

    /// How many findings there are in each hour or day from one time to another, those with none left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn timeline(&self, span: Span, of: (Facet, &str), range: (i64, i64)) -> Result<Vec<(i64, u64)>, StoreError> {
        stats::timeline(&self.database, span, of, range)
    }

    /// Writes down what somebody does with findings, by their ids, with all of them or none.
    ///
    /// # Errors
    /// One is not kept, or the database cannot be written.
    pub fn change(&mut self, ids: &[String], change: &Change, who: &str) -> Result<(), StoreError> {
        let mut found: Vec<[u8; 16]> = ids
            .iter()
            .map(|digits| {
                let stored = self.find(digits)?;
                let id =
                    self.database.query_row("SELECT id FROM finding WHERE key = ?", [stored.key], |row| row.get(0));
                Ok(id?)
            })
            .collect::<Result<_, StoreError>>()?;
        // Who names one twice means it once.
        found.sort_unstable();
        found.dedup();
        work::change(&mut self.database, &found, change, (now_ns(), who))
    }

    /// Writes down what somebody did besides.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn record(&mut self, deed: &Deed) -> Result<(), StoreError> {
        audit::add(&mut self.database, deed, now_ns())
    }

    /// Who changed what, findings and the rest, the newest first; those behind `before`, of at most so many.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn audit(&self, before: Option<Place>, most: u32) -> Result<Vec<Audited>, StoreError> {
        audit::read(&self.database, before, most)
    }

    /// By this another thread has what is being read given up: it ends with an error that says so.
    pub fn interrupt_handle(&self) -> InterruptHandle {
        self.database.get_interrupt_handle()
    }

    fn at(&self, key: i64) -> Result<Option<Stored>, StoreError> {
        let mut statement = self.database.prepare_cached("SELECT id, object FROM finding WHERE key = ?")?;
        let found = statement.query_row([key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((id, json)) = found else { return Ok(None) };
        Ok(Some(Stored { key, json, work: work::of(&self.database, id)? }))
    }

    /// The numbers of values, and how many findings have each; those that no finding has are left out.
    fn numbers(&self, facet: Facet, values: &[String]) -> Result<Numbers, StoreError> {
        if values.len() > MAX_VALUES {
            return Err(StoreError::Unknown(format!(
                "at most {MAX_VALUES} values of {facet} can be asked for at once"
            )));
        }
        let mut statement = self.database.prepare_cached(
            "SELECT v.number, (SELECT coalesce(sum(findings), 0) FROM count WHERE span = 1 AND value = v.number) \
             FROM value v WHERE v.facet = ? AND v.value = ?",
        )?;
        let mut numbers = Numbers::new();
        for value in values {
            let found = statement.query_row(params![facet.number(), value], |row| {
                Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
            });
            numbers.extend(found.optional()?);
        }
        Ok(numbers)
    }
}

fn now_ns() -> i64 {
    crate::write::nanoseconds(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}
