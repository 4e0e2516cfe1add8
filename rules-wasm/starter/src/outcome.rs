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
    /// It was asked for, and nobody says what came of it (io_uring).
    Unknown,
    /// It came to nothing for another reason, such as a file that is not there.
    Nothing,
}

impl Outcome {
    pub(crate) fn of(e: &OpenEvent<'_>) -> Self {
        match e.result() {
            _ if e.is_submitted() => Self::Unknown,
            EPERM | EACCES | EROFS => Self::Denied,
            result if result < 0 => Self::Nothing,
            _ => Self::Done,
        }
    }

    /// Of a finding about it, where that is less than the rule's own.
    pub(crate) fn severity(self) -> Option<Severity> {
        match self {
            Self::Denied => Some(Low),
            Self::Unknown => Some(Medium),
            Self::Done | Self::Nothing => None,
        }
    }

    /// `did` where it was done, `tried to …` where it was denied or is not known; `None` where nothing came of it.
    pub(crate) fn verb(self, did: &'static str, tried: &'static str) -> Option<&'static str> {
        match self {
            Self::Done => Some(did),
            Self::Denied | Self::Unknown => Some(tried),
            Self::Nothing => None,
        }
    }
}
