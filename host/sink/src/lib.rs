//! Where findings go.

#![forbid(unsafe_code)]

mod deliver;
mod event;
mod json;
mod lines;
mod look;
mod outlet;
mod queue;
mod tail;
mod text;
pub mod time;

pub use deliver::{Delivered, Delivery, Named, Progress};
pub use event::append_event;
pub use json::{Json, SCHEMA_VERSION};
pub use lines::{Format, Lines};
pub use outlet::Outlet;
pub use queue::Behind;
pub use tail::Tail;
pub use text::Plain;

use lanner_finding::Finding;

/// Takes findings.
pub trait Sink: Send {
    /// Takes one. It may wait in the sink until [`Sink::flush`].
    fn write(&mut self, finding: &Finding);

    /// Brings out what waits. Where that fails for now, the rest goes on waiting, and this can be called again.
    ///
    /// # Errors
    /// It cannot be written, for now or for good.
    fn flush(&mut self) -> Result<(), SinkError>;

    /// Lets go of what is open, and opens it anew with the next [`Sink::flush`].
    fn reopen(&mut self);
}

/// A sink does not take findings.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// For now: there is no space, nobody reads, the folder is gone.
    #[error("findings cannot be written: {0}")]
    Now(std::io::Error),
    /// For good: its reader is gone.
    #[error("findings cannot be written any more: {0}")]
    Ended(std::io::Error),
}

/// Splits arguments that each end with a NUL.
pub(crate) fn arguments(argv: &[u8]) -> impl Iterator<Item = &[u8]> {
    argv.split_inclusive(|byte| *byte == 0).map(|argument| argument.strip_suffix(b"\0").unwrap_or(argument))
}
