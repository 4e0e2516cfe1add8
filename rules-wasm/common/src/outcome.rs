//! How a call ended, as far as rules care.

use lanner_sdk::prelude::*;

const EPERM: i64 = -1;
const EACCES: i64 = -13;
const EROFS: i64 = -30;

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Done,
    /// The kernel said no: somebody tried what he may not.
    Denied,
    /// It was asked for, and nobody says what came of it (io_uring).
    Unknown,
    /// It came to nothing for another reason, such as a file that is not there.
    Nothing,
}

impl Outcome {
    /// How this open ended.
    pub fn of(e: &OpenEvent<'_>) -> Self {
        match e.is_submitted() {
            true => Self::Unknown,
            false => Self::of_result(e.result()),
        }
    }

    /// How the call ended that returned this.
    pub fn of_result(result: i64) -> Self {
        match result {
            EPERM | EACCES | EROFS => Self::Denied,
            result if result < 0 => Self::Nothing,
            _ => Self::Done,
        }
    }

    /// Of a finding about it, where that is less than the rule's own.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Denied => Some(Low),
            Self::Unknown => Some(Medium),
            Self::Done | Self::Nothing => None,
        }
    }

    /// `did` where it was done, `tried to …` where it was denied or is not known; `None` where nothing came of it.
    pub fn verb(self, did: &'static str, tried: &'static str) -> Option<&'static str> {
        match self {
            Self::Done => Some(did),
            Self::Denied | Self::Unknown => Some(tried),
            Self::Nothing => None,
        }
    }
}
