//! What operators say of rules from outside the packs: which are off, how bad their findings are, and which findings are
//! excepted. It stands in files of its own, is read anew when they change, and touches no pack.
//!
//! A finding is looked at as the JSON that `lanner run --output json` writes, so that what is said here goes by the names that
//! people see, and holds for a finding of last week as it does for one of now.

#![forbid(unsafe_code)]

mod choice;
mod document;
mod except;
mod exception;
mod explain;
mod field;
mod pattern;
mod tuned;
mod tuning;
mod watch;

pub use choice::{Conditions, Globs, Rules};
pub use document::{Source, Stamp, TuningError};
pub use except::{Draft, DraftError};
pub use exception::Exception;
pub use explain::{Explained, Standing};
pub use field::Field;
pub use tuned::{ExceptionCount, Report, Tuner};
pub use tuning::{Judged, Tuning};
pub use watch::Watch;
