//! Where a sink's records come from.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use lanner_spool::{Portion, Reader, Record, Stop};

use super::queue::Queue;

pub(super) enum Feed {
    Memory(Arc<Queue>),
    Spool(Box<Reader>),
}

/// What comes of waiting.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Records(Vec<Record>),
    /// The time has come until which it was to be waited.
    Time,
    /// Nothing comes any more, or it is to stop.
    Ended,
}

impl Feed {
    /// Waits for what comes next, until that time.
    pub(super) fn next(&mut self, most: usize, most_bytes: usize, stop: &Stop, end: Option<Instant>) -> Next {
        match self {
            Self::Memory(queue) => queue.next(most, most_bytes, stop, end),
            Self::Spool(reader) => match reader.next(most, most_bytes, stop, end) {
                Some(records) => Next::Records(records),
                None if !stop.load(Ordering::Relaxed) && end.is_some_and(|end| end <= Instant::now()) => Next::Time,
                None => Next::Ended,
            },
        }
    }

    /// What was taken out last went. Gives what lies in a spool until it is let go.
    pub(super) fn went(&self, records: &[Record]) -> Option<Portion> {
        match self {
            Self::Memory(queue) => {
                queue.done();
                None
            }
            Self::Spool(_) => Portion::of(records),
        }
    }

    /// The spool need not keep these any more.
    pub(super) fn let_go(&self, portion: &Portion) {
        if let Self::Spool(reader) = self {
            reader.acknowledge_portion(portion);
        }
    }
}
