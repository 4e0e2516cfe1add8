//! The sink that keeps findings.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use lanner_finding::object::Object;
use lanner_finding::{Finding, Labels};
use lanner_sink::{Sink, SinkError};

use crate::{Record, Store, StoreError};

/// How often it is looked whether there is too much.
const TRIM: Duration = Duration::from_secs(60);
/// After so many bytes of findings it is looked too.
const MUCH: usize = 16 << 20;

/// Keeps findings in a store.
pub struct Keep {
    host: String,
    labels: Labels,
    store: Store,
    waiting: Vec<Record>,
    written: usize,
    trimmed: Option<Instant>,
}

impl Keep {
    /// Those of the machine `host`, with its labels.
    pub fn new(host: String, labels: Labels, store: Store) -> Self {
        Self { host, labels, store, waiting: Vec::new(), written: 0, trimmed: None }
    }

    fn trim(&mut self) -> Result<(), StoreError> {
        if self.written < MUCH && self.trimmed.is_some_and(|trimmed| trimmed.elapsed() < TRIM) {
            return Ok(());
        }
        (self.written, self.trimmed) = (0, Some(Instant::now()));
        let removed = self.store.trim(SystemTime::now())?;
        if removed > 0 {
            tracing::info!("{removed} findings are not kept any longer, as they are too old or there is no room");
        }
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<(), StoreError> {
        self.store.add(&self.waiting)?;
        self.written += self.waiting.iter().map(Record::size).sum::<usize>();
        self.waiting.clear();
        self.trim()
    }
}

impl Sink for Keep {
    fn write(&mut self, finding: &Finding) {
        let labels = self.labels.now();
        let json = serde_json::to_string(&Object::new(finding, &self.host).labelled(&labels)).unwrap_or_default();
        match Record::new(json) {
            Ok(record) => self.waiting.push(record),
            Err(error) => debug_assert!(false, "a finding is one: {error}"),
        }
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        let mut written = self.write_waiting();
        if let Err(error) = &written
            && error.is_damage()
        {
            written = self.store.begin_anew().and_then(|()| self.write_waiting());
        }
        written.map_err(|error| SinkError::Now(io::Error::other(error)))
    }

    fn reopen(&mut self) {}
}
