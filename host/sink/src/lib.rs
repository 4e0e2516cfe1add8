//! Where findings go.

#![forbid(unsafe_code)]

mod deliver;
mod event;
pub mod formats;
mod json;
mod lines;
mod look;
mod outlet;
mod queue;
mod records;
pub mod route;
mod standings;
mod tail;
mod text;

pub use deliver::{Delivered, Delivery, Named};
pub use event::append_event;
pub use json::Json;
pub use lines::{Format, Lines};
pub use outlet::Outlet;
pub use queue::Behind;
pub use records::{HttpError, OpenError, RecordStandings, Records, RecordsError, settings, try_once};
pub use standings::{Progress, SinkStanding, Standings};
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

    /// Whether findings are kept or shown by it: where no such sink is left, there is nothing more to deliver.
    fn is_place(&self) -> bool {
        true
    }
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
