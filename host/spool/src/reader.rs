//! Reads for one sink: what is on disk, and what is not written yet.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use rusqlite::{Connection, params};

use crate::database::{damage, is_damage, number, reading};
use crate::state::{Next, Shared};
use crate::{Id, Portion, Record, Stop};

/// Reads what waits for a sink, in order.
pub struct Reader {
    path: PathBuf,
    shared: Arc<Shared>,
    number: usize,
    /// All up to this number was read.
    position: u64,
    /// The connection, and to which of the databases that there were.
    open: Option<(u64, Connection)>,
}

impl Reader {
    pub(crate) fn new(path: PathBuf, shared: Arc<Shared>, number: usize) -> Self {
        let position = shared.sink(number).cursor;
        Self { path, shared, number, position, open: None }
    }

    /// Waits for what comes next, at most so many findings and (but for the first) so many bytes. Nothing where it is to
    /// stop, or when that time has come.
    pub fn next(&mut self, most: usize, most_bytes: usize, stop: &Stop, end: Option<Instant>) -> Option<Vec<Record>> {
        loop {
            let (generation, kept) = match self.shared.next(self.position, most, most_bytes, stop, end) {
                Next::Stopped => return None,
                Next::Records(records) => {
                    self.position = records.last().map_or(self.position, |record| record.seq);
                    return Some(records);
                }
                Next::OnDisk(generation, kept) => (generation, kept),
            };
            match self.read(generation, kept, most, most_bytes) {
                Ok(records) => {
                    // What was there before may have been dropped, or delivered before it was written.
                    self.position = records.last().map_or(kept, |record| record.seq);
                    if let Some(first) = records.first() {
                        self.shared.oldest(self.number, first.time_ns);
                        return Some(records);
                    }
                }
                Err(error) => {
                    self.open = None;
                    if is_damage(&error) {
                        self.shared.damaged(generation, error.to_string());
                    } else {
                        tracing::debug!("the spool cannot be read for now: {error}");
                    }
                    self.shared.wait_for_another(generation, stop);
                }
            }
        }
    }

    /// The sink has these, and all that came before them.
    pub fn acknowledge(&self, records: &[Record]) {
        Portion::of(records).iter().for_each(|portion| self.acknowledge_portion(portion));
    }

    /// The same of findings that are not at hand any more.
    pub fn acknowledge_portion(&self, portion: &Portion) {
        self.shared.acknowledge(self.number, portion);
    }

    fn read(&mut self, generation: u64, kept: u64, most: usize, most_bytes: usize) -> rusqlite::Result<Vec<Record>> {
        if self.open.as_ref().is_none_or(|(open, _)| *open != generation) {
            self.open = Some((generation, reading(&self.path)?));
        }
        let Some((_, connection)) = &self.open else { return Ok(Vec::new()) };
        let after = "SELECT seq, time, id, bytes, size FROM records WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
        let mut after = connection.prepare(after)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = after.query(params![self.position.cast_signed(), kept.cast_signed(), most])?;
        let (mut records, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let content = row.get_ref(3)?.as_blob()?;
            bytes += content.len();
            if bytes > most_bytes && !records.is_empty() {
                break;
            }
            if number(row.get(4)?) != content.len() as u64 {
                return Err(damage("a finding is not as long as it was".to_owned()));
            }
            let id: Id = row.get_ref(2)?.as_blob()?.try_into().map_err(|_| damage("an id is none".to_owned()))?;
            let (seq, time_ns) = (number(row.get(0)?), number(row.get(1)?));
            records.push(Record { seq, time_ns, id, bytes: content.into() });
        }
        Ok(records)
    }
}
