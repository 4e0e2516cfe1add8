//! Why something could not be pulled through, for the client and for the administrator.

use axum::http::StatusCode;
use axum::http::header::{HeaderValue, RETRY_AFTER};

use crate::oci::{Code, OciError};
use crate::store::StoreError;

/// Why something could not be pulled through.
#[derive(Clone, Debug)]
pub(super) enum MirrorError {
    /// The other registry says that it has no such thing.
    Gone,
    /// Somebody says 404 who does not speak as registries do: an ingress, a proxy. Or nobody says more than that, as to a HEAD.
    NotFound,
    /// It does not let the mirror have it.
    Refused(StatusCode),
    /// It cannot be reached, or the connection broke. The reason is for the administrator.
    Unreachable(String),
    /// It did not answer in time.
    Silent,
    /// It answered with an error of its own, or asks for patience.
    Failed(StatusCode, Option<HeaderValue>),
    /// What it answered cannot be used. The reason is for the administrator and the client.
    Unusable(String),
    /// The storage failed.
    Store(OciError),
    /// The process is ending.
    Ending,
}

impl From<StoreError> for MirrorError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Mismatch { .. } => Self::Unusable(error.to_string()),
            StoreError::TooLong { limit } => Self::Unusable(format!("it is longer than {limit} bytes")),
            error => Self::Store(error.into()),
        }
    }
}

impl MirrorError {
    /// Whether what was kept may stand in for an answer: only where there was none.
    pub(super) fn lets_stale(&self) -> bool {
        !matches!(self, Self::Gone | Self::Store(_) | Self::Ending)
    }

    /// Whether a registry may answer so to a HEAD, and otherwise to a GET: some refuse the method.
    pub(super) fn may_be_of_a_head(&self) -> bool {
        match self {
            Self::Gone | Self::NotFound | Self::Refused(_) => true,
            Self::Failed(status, _) => status.is_client_error() && *status != StatusCode::TOO_MANY_REQUESTS,
            _ => false,
        }
    }

    /// For the administrator.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Gone => "it has no such content".into(),
            Self::NotFound => "somebody answers 404, and not as a registry does: what stands before it?".into(),
            Self::Refused(status) => format!("it refuses ({status}): see username and password_file of this mirror"),
            Self::Unreachable(reason) => format!("it cannot be reached: {reason}"),
            Self::Silent => "it did not answer in time".into(),
            Self::Failed(status, _) => format!("it answered {status}"),
            Self::Unusable(reason) => format!("what it answered cannot be used: {reason}"),
            Self::Store(error) => error.to_string(),
            Self::Ending => "the server is stopping".into(),
        }
    }

    /// For a client; `None` where there is no such thing.
    pub(super) fn answer(self, upstream: &impl std::fmt::Display) -> Option<OciError> {
        let bad = |reason: String| OciError::new(Code::Unavailable, reason).with_status(StatusCode::BAD_GATEWAY);
        Some(match self {
            Self::Gone | Self::NotFound => return None,
            Self::Refused(_) => {
                let reason = format!("{upstream}, which is mirrored here, does not give this to the mirror");
                OciError::new(Code::Denied, reason)
            }
            Self::Unreachable(_) => bad(format!("{upstream}, which is mirrored here, cannot be reached; try again")),
            Self::Silent => {
                let reason = format!("{upstream}, which is mirrored here, did not answer in time; try again");
                OciError::new(Code::Unavailable, reason).with_status(StatusCode::GATEWAY_TIMEOUT)
            }
            Self::Failed(status, patience) => {
                let error = bad(format!("{upstream}, which is mirrored here, answered {status}; try again later"));
                match patience {
                    Some(patience) => error.with_header(RETRY_AFTER, patience),
                    None => error,
                }
            }
            Self::Unusable(reason) => {
                bad(format!("what {upstream}, which is mirrored here, answered cannot be used: {reason}"))
            }
            Self::Store(error) => error,
            Self::Ending => OciError::new(Code::Unavailable, "the server is stopping"),
        })
    }
}
