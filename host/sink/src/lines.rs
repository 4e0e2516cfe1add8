//! Findings as text of some format, brought to an outlet.

use lanner_finding::Finding;

use crate::{Outlet, Sink, SinkError};

/// How a finding is written. Each ends with a line feed.
pub trait Format: Send {
    /// Appends a finding.
    fn append(&self, finding: &Finding, out: &mut Vec<u8>);
}

/// Writes findings of a format to an outlet.
pub struct Lines<F> {
    format: F,
    outlet: Outlet,
}

impl<F: Format> Lines<F> {
    /// Of this format, to there.
    pub fn new(format: F, outlet: Outlet) -> Self {
        Self { format, outlet }
    }
}

impl<F: Format> Sink for Lines<F> {
    fn write(&mut self, finding: &Finding) {
        self.outlet.add(|out| self.format.append(finding, out));
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.outlet.flush()
    }

    fn reopen(&mut self) {
        self.outlet.reopen();
    }
}
