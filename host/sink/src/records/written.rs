//! How findings are written for sinks that pass them on as they are.

use std::borrow::Cow;

use lanner_spool::Record;

use crate::formats::Format;

/// A format, by its name in the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written(Format);

impl Written {
    /// The format of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// Whether a finding in it is an object of JSON; else it is a line of text.
    pub(crate) fn is_json(self) -> bool {
        self.0.is_json()
    }

    /// A finding in this format, on one line.
    pub(crate) fn of<'a>(self, record: &'a Record) -> Cow<'a, [u8]> {
        // They are kept as Lanner's JSON.
        if self.0 == Format::Json {
            return Cow::Borrowed(&record.bytes);
        }
        match serde_json::from_slice(&record.bytes) {
            Ok(finding) => Cow::Owned(self.0.render(&finding)),
            Err(_) => Cow::Borrowed(&record.bytes),
        }
    }
}
