//! How an open ended, as far as rules care.

use lanner_sdk::prelude::*;

const EPERM: i64 = -1;
const EACCES: i64 = -13;
const EROFS: i64 = -30;

/// How an open ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The file is open.
    Done,
    /// The kernel said no: somebody tried what he may not.
    Denied,
    /// It came to nothing for another reason, such as a file that is not there.
    Nothing,
}

impl Outcome {
    pub(crate) fn of(e: &OpenEvent<'_>) -> Self {
        match e.result() {
            EPERM | EACCES | EROFS => Self::Denied,
            result if result < 0 => Self::Nothing,
            _ => Self::Done,
        }
    }

    /// `did` where it was done, `tried to …` where it was denied; `None` where nothing came of it.
    pub(crate) fn verb(self, did: &'static str, tried: &'static str) -> Option<&'static str> {
        match self {
            Self::Done => Some(did),
            Self::Denied => Some(tried),
            Self::Nothing => None,
        }
    }
}
