//! How findings are written for sinks that pass them on as they are.

use std::borrow::Cow;

use lanner_spool::Record;

/// A format, by its name in the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Lanner's own JSON.
    Json,
}

impl Written {
    /// The format of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    /// A finding in this format, on one line.
    pub(crate) fn of<'a>(self, record: &'a Record) -> Cow<'a, [u8]> {
        match self {
            Self::Json => Cow::Borrowed(&record.bytes),
        }
    }
}
