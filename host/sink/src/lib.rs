//! Where findings go.

#![forbid(unsafe_code)]

mod deliver;
mod event;
mod json;
mod lines;
mod look;
mod outlet;
mod queue;
mod standings;
mod tail;
mod text;
pub mod time;

pub use deliver::{Delivered, Delivery, Named};
pub use event::append_event;
pub use json::{Json, SCHEMA_VERSION};
pub use lines::{Format, Lines};
pub use outlet::Outlet;
pub use queue::Behind;
pub use standings::{Progress, SinkStanding, Standings};
pub use tail::Tail;
pub use text::Plain;

use lanner_abi::{OwnedRecord, RecordRef, field};
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

/// All that is known of a container, as JSON. Labels are an object.
pub(crate) fn container(container: &OwnedRecord) -> lanner_json::Object {
    let mut object = lanner_json::write(container.get(), &mut |_, _| None);
    for field in [field::container::LABELS, field::container::POD_LABELS] {
        let Some(labels) = container.get().list(field) else { continue };
        let text =
            |label: RecordRef<'_>, field| String::from_utf8_lossy(label.bytes(field).unwrap_or_default()).into_owned();
        let pair = |label| (text(label, field::label::NAME), text(label, field::label::VALUE).into());
        object.insert(field.name.to_owned(), labels.map(pair).collect::<lanner_json::Object>().into());
    }
    if let Some(time_ns) = container.get().number(field::container::STARTED) {
        object.insert(field::container::STARTED.name.to_owned(), time::rfc3339(time_ns).into());
    }
    object
}

/// Splits arguments that each end with a NUL.
pub(crate) fn arguments(argv: &[u8]) -> impl Iterator<Item = &[u8]> {
    argv.split_inclusive(|byte| *byte == 0).map(|argument| argument.strip_suffix(b"\0").unwrap_or(argument))
}
