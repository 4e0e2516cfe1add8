//! Where findings go.

#![forbid(unsafe_code)]

mod deliver;
mod json;
mod queue;
mod text;
pub mod time;

pub use deliver::{Delivered, Delivery, Named};
pub use json::{Json, SCHEMA_VERSION};
pub use queue::Behind;
pub use text::Plain;

use lanner_finding::Finding;

/// Takes findings.
pub trait Sink: Send {
    /// Takes one.
    ///
    /// # Errors
    /// It cannot be written.
    fn write(&mut self, finding: &Finding) -> Result<(), SinkError>;

    /// Nothing more comes for the moment: what was written must be seen.
    ///
    /// # Errors
    /// It cannot be written.
    fn flush(&mut self) -> Result<(), SinkError>;
}

/// A sink does not take findings any more.
#[derive(Debug, thiserror::Error)]
#[error("findings cannot be written: {0}")]
pub struct SinkError(#[from] pub std::io::Error);

/// Splits arguments that each end with a NUL.
pub(crate) fn arguments(argv: &[u8]) -> impl Iterator<Item = &[u8]> {
    argv.split_inclusive(|byte| *byte == 0).map(|argument| argument.strip_suffix(b"\0").unwrap_or(argument))
}
