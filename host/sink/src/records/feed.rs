//! Where a sink's records come from.

use std::sync::Arc;

use lanner_spool::{Reader, Record, Stop};

use super::queue::Queue;

pub(super) enum Feed {
    Memory(Arc<Queue>),
    Spool(Box<Reader>),
}

impl Feed {
    /// Waits for what comes next; nothing where nothing comes any more, or it is to stop.
    pub(super) fn next(&mut self, most: usize, most_bytes: usize, stop: &Stop) -> Option<Vec<Record>> {
        match self {
            Self::Memory(queue) => queue.next(most, most_bytes, stop),
            Self::Spool(reader) => reader.next(most, most_bytes, stop, None),
        }
    }

    /// These are delivered, or never will be.
    pub(super) fn done(&self, records: &[Record]) {
        match self {
            Self::Memory(queue) => queue.done(),
            Self::Spool(reader) => reader.acknowledge(records),
        }
    }
}
