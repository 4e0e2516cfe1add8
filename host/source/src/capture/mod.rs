//! Captures: a source's stream in a file, to be replayed elsewhere or later.
//!
//! A capture is written in place, block by block, so that what a crash leaves behind can be read up to its last block.
//! The file ends with the totals: one without them is known to be cut.

mod first;
mod format;
mod read;
mod stored;
#[cfg(test)]
mod tests;
mod write;

pub use format::{CaptureError, FORMAT_VERSION, Problem, Progress};
pub use read::CaptureReader;
pub use write::CaptureWriter;
