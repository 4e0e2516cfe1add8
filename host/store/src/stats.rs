//! How many findings there are of what.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::{Facet, StoreError};

/// What counts are kept by.
pub(crate) const SPANS: [Span; 2] = [Span::Hour, Span::Day];

const HOUR_NS: i64 = 3_600_000_000_000;

/// Findings of one value of a facet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Count {
    /// What they have.
    pub value: String,
    /// How many there are.
    pub findings: u64,
}

/// A stretch of time that findings are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// An hour of UTC.
    Hour,
    /// A day of UTC.
    Day,
}

impl Span {
    /// How long it is, ns.
    pub fn length_ns(self) -> i64 {
        match self {
            Self::Hour => HOUR_NS,
            Self::Day => 24 * HOUR_NS,
        }
    }

    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Hour => 0,
            Self::Day => 1,
        }
    }

    /// The beginning of the one that this time is in, ns since 1970.
    pub(crate) fn start(self, time_ns: i64) -> i64 {
        time_ns - time_ns.rem_euclid(self.length_ns())
    }
}

/// Whole days by the day, the hours before and after them by the hour: span, from, to (not included).
fn pieces((from, to): (i64, i64)) -> [(i64, i64, i64); 3] {
    let (from, to) = (Span::Hour.start(from), Span::Hour.start(to.saturating_add(HOUR_NS - 1)));
    let first_day = Span::Day.start(from.saturating_add(Span::Day.length_ns() - 1));
    let last_day = Span::Day.start(to).max(first_day);
    match first_day < last_day {
        true => [(0, from, first_day), (1, first_day, last_day), (0, last_day, to)],
        false => [(0, from, to), (0, 0, 0), (0, 0, 0)],
    }
}

/// The most frequent values of a facet from one hour to another (not included), most findings first.
pub(crate) fn top(database: &Connection, facet: Facet, range: (i64, i64), most: u32) -> Result<Vec<Count>, StoreError> {
    let [a, b, c] = pieces(range);
    let mut statement = database.prepare_cached(
        "SELECT v.value, sum(c.findings) AS findings FROM (
            SELECT value, findings FROM count WHERE span = ?1 AND start >= ?2 AND start < ?3 UNION ALL
            SELECT value, findings FROM count WHERE span = ?4 AND start >= ?5 AND start < ?6 UNION ALL
            SELECT value, findings FROM count WHERE span = ?7 AND start >= ?8 AND start < ?9
         ) c JOIN value v ON v.number = c.value WHERE v.facet = ?10
         GROUP BY c.value ORDER BY findings DESC, v.value LIMIT ?11",
    )?;
    let counts = statement
        .query_map(params![a.0, a.1, a.2, b.0, b.1, b.2, c.0, c.1, c.2, facet.number(), most], |row| {
            Ok(Count { value: row.get(0)?, findings: row.get::<_, i64>(1)?.unsigned_abs() })
        })?;
    Ok(counts.collect::<rusqlite::Result<_>>()?)
}

/// The same of all facets: the counts are gone through once for all of them.
pub(crate) fn tops(
    database: &Connection,
    range: (i64, i64),
    most: u32,
) -> Result<BTreeMap<Facet, Vec<Count>>, StoreError> {
    let [a, b, c] = pieces(range);
    let mut statement = database.prepare_cached(
        "WITH summed AS (
            SELECT value, sum(findings) AS findings FROM (
                SELECT value, findings FROM count WHERE span = ?1 AND start >= ?2 AND start < ?3 UNION ALL
                SELECT value, findings FROM count WHERE span = ?4 AND start >= ?5 AND start < ?6 UNION ALL
                SELECT value, findings FROM count WHERE span = ?7 AND start >= ?8 AND start < ?9
            ) GROUP BY value),
         ranked AS (
            SELECT v.facet, v.value, s.findings,
                row_number() OVER (PARTITION BY v.facet ORDER BY s.findings DESC, v.value) AS rank
            FROM summed s JOIN value v ON v.number = s.value)
         SELECT facet, value, findings FROM ranked WHERE rank <= ?10 ORDER BY facet, rank",
    )?;
    let mut rows = statement.query(params![a.0, a.1, a.2, b.0, b.1, b.2, c.0, c.1, c.2, most])?;
    let mut tops = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let Some(facet) = Facet::of(row.get(0)?) else { continue };
        let count = Count { value: row.get(1)?, findings: row.get::<_, i64>(2)?.unsigned_abs() };
        tops.entry(facet).or_insert_with(Vec::new).push(count);
    }
    Ok(tops)
}

/// Findings in each hour or day from one time to another, those with none left out: its beginning, ns since 1970, and how
/// many.
pub(crate) fn timeline(
    database: &Connection,
    span: Span,
    (facet, value): (Facet, &str),
    (from, to): (i64, i64),
) -> Result<Vec<(i64, u64)>, StoreError> {
    let mut statement = database.prepare_cached(
        "SELECT start, findings FROM count WHERE span = ?1 AND start >= ?2 AND start < ?3 \
         AND value = (SELECT number FROM value WHERE facet = ?4 AND value = ?5) ORDER BY start",
    )?;
    let rows = statement.query_map(params![span.number(), span.start(from), to, facet.number(), value], |row| {
        Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
