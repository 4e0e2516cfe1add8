//! Brings each finding to all sinks that take records: rendered once, on a thread of its own.

use std::sync::Arc;

use lanner_finding::{Finding, Labels};
use lanner_spool::{Entry, Spool};

use super::entry;
use super::queue::Queue;
use crate::{Sink, SinkError};

pub(super) struct Fan {
    host: String,
    labels: Labels,
    queues: Vec<Arc<Queue>>,
    spool: Option<Arc<Spool>>,
    waiting: Vec<Entry>,
}

impl Fan {
    pub(super) fn new((host, labels): (String, Labels), queues: Vec<Arc<Queue>>, spool: Option<Arc<Spool>>) -> Self {
        Self { host, labels, queues, spool, waiting: Vec::new() }
    }
}

impl Sink for Fan {
    fn write(&mut self, finding: &Finding) {
        self.waiting.push(entry(finding, &self.host, &self.labels));
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        // Neither waits for anybody: each has bounds of its own, and counts what is beyond them.
        self.queues.iter().for_each(|queue| queue.push(&self.waiting));
        match &self.spool {
            Some(spool) => drop(spool.append(self.waiting.drain(..))),
            None => self.waiting.clear(),
        }
        Ok(())
    }

    fn reopen(&mut self) {}
}
