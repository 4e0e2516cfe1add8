//! What is counted of a time: by all that findings have, and over that time. For some seconds it is remembered, as whoever
//! filters asks of the same time again and again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lanner_store::{Reader, StoreError};

use super::chart::Chart;
use super::facets::Facets;
use crate::query::Query;

/// How old counts may be.
const FRESH: Duration = Duration::from_secs(5);
/// Of so many times they are remembered.
const MOST: usize = 16;

/// What is counted.
pub(super) struct Counted {
    pub(super) facets: Facets,
    /// Nothing where there are no findings.
    pub(super) chart: Option<Chart>,
}

impl Counted {
    pub(super) fn read(reader: &Reader, query: &Query, now_ns: i64) -> Result<Self, StoreError> {
        let range = query.range(now_ns);
        Ok(Self { facets: Facets::read(reader, range)?, chart: Chart::read(reader, range, now_ns)? })
    }
}

/// A time that is asked for.
type Asked = (Option<&'static str>, Option<i64>, Option<i64>);

/// What was counted lately.
#[derive(Default)]
pub(crate) struct Counts(Mutex<Vec<(Asked, Instant, Arc<Counted>)>>);

impl Counts {
    /// All of it that is fresh.
    fn fresh(&self) -> MutexGuard<'_, Vec<(Asked, Instant, Arc<Counted>)>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, at, _)| at.elapsed() < FRESH);
        all
    }

    /// What was counted of the time that is asked for.
    pub(super) fn get(&self, query: &Query) -> Option<Arc<Counted>> {
        let asked = asked(query);
        self.fresh().iter().find(|(known, ..)| *known == asked).map(|(.., counted)| counted.clone())
    }

    /// Remembers it.
    pub(super) fn put(&self, query: &Query, counted: &Arc<Counted>) {
        let (mut all, asked) = (self.fresh(), asked(query));
        if all.len() < MOST && all.iter().all(|(known, ..)| *known != asked) {
            all.push((asked, Instant::now(), counted.clone()));
        }
    }
}

fn asked(query: &Query) -> Asked {
    (query.time, query.since, query.until)
}
