//! The texts that subscriptions filter on, read from an event.

use crate::generated::{Event, FilterField};
use crate::text::Text;

impl FilterField {
    /// The text; empty where the event has no such field.
    #[inline]
    #[must_use]
    pub fn of<'a>(self, event: &Event<'a>) -> Text<'a> {
        match self {
            Self::ProcessExe => event.process().exe(),
            Self::ProcessComm => event.process().comm(),
            Self::OpenPath => event.as_open().map(|open| open.path()).unwrap_or_default(),
            Self::ExecExe => event.as_exec().map(|exec| exec.image().exe()).unwrap_or_default(),
            Self::ExecFilename => event.as_exec().map(|exec| exec.filename()).unwrap_or_default(),
            Self::ConnectUnixPath => event.as_connect().map(|connect| connect.unix_path()).unwrap_or_default(),
        }
    }
}
