//! Who changed what: findings, and the host itself.

use rusqlite::{Connection, params};

use crate::StoreError;

/// Deeds that are kept; the oldest go first. What is done with findings goes with them.
const KEPT: i64 = 100_000;
/// Bytes of each part of a deed at most.
const MAX_PART: usize = 1024;

/// Something that somebody did, other than with a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deed {
    /// Who.
    pub who: String,
    /// From where.
    pub way: String,
    /// What, in a word: `promoted`, `signed in`.
    pub what: String,
    /// To what: a pack. May be empty.
    pub about: String,
    /// Why it was not done; nothing where it was.
    pub refused: Option<String>,
}

/// Where a line stands: a page goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it was done, ns since 1970.
    pub at_ns: i64,
    /// Whether it was done with a finding.
    pub is_finding: bool,
    /// Its number among those of its kind.
    pub number: i64,
}

/// A line of what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When, and with what.
    pub place: Place,
    /// Who.
    pub who: String,
    /// From where, as far as that is known.
    pub way: Option<String>,
    /// What, in a word.
    pub what: String,
    /// To what: a pack; of a finding its id.
    pub about: String,
    /// A comment, to whom, why; or why it was not done.
    pub text: Option<String>,
    /// Whether it was not done.
    pub refused: bool,
}

pub(crate) fn add(database: &mut Connection, deed: &Deed, at_ns: i64) -> Result<(), StoreError> {
    let cut = |text: &str| text[..text.floor_char_boundary(MAX_PART)].to_owned();
    let Deed { who, way, what, about, refused } = deed;
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO deed (at_ns, who, way, what, about, refused) VALUES (?, ?, ?, ?, ?, ?)",
        params![at_ns, cut(who), cut(way), cut(what), cut(about), refused.as_deref().map(cut)],
    )?;
    transaction.execute("DELETE FROM deed WHERE number <= ?", [transaction.last_insert_rowid() - KEPT])?;
    Ok(transaction.commit()?)
}

pub(crate) fn read(database: &Connection, before: Option<Place>, most: u32) -> Result<Vec<Audited>, StoreError> {
    let Place { at_ns, is_finding, number } =
        before.unwrap_or(Place { at_ns: i64::MAX, is_finding: true, number: i64::MAX });
    // Of one time, what was done with findings comes first.
    let mut statement = database.prepare_cached(
        "SELECT * FROM (SELECT at_ns, 0 AS finding, number, who, way, what, about, refused AS text, refused IS NOT NULL
            FROM deed WHERE (at_ns, 0, number) < (?1, ?2, ?3) ORDER BY at_ns DESC, number DESC LIMIT ?4)
         UNION ALL SELECT * FROM (SELECT at_ns, 1, number, who, NULL, change, lower(hex(id)), text, 0
            FROM entry WHERE (at_ns, 1, number) < (?1, ?2, ?3) ORDER BY at_ns DESC, number DESC LIMIT ?4)
         ORDER BY at_ns DESC, finding DESC, number DESC LIMIT ?4",
    )?;
    let lines = statement.query_map(params![at_ns, is_finding, number, most], |row| {
        Ok(Audited {
            place: Place { at_ns: row.get(0)?, is_finding: row.get(1)?, number: row.get(2)? },
            who: row.get(3)?,
            way: row.get(4)?,
            what: row.get(5)?,
            about: row.get(6)?,
            text: row.get(7)?,
            refused: row.get(8)?,
        })
    })?;
    Ok(lines.collect::<rusqlite::Result<_>>()?)
}
