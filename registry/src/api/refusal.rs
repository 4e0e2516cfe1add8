//! What the storage's failures mean to a client.

use axum::http::StatusCode;

use crate::oci::{Code, ManifestError, OciError};
use crate::store::StoreError;

impl From<StoreError> for OciError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        if error.is_of_the_storage() {
            crate::metrics::metrics().storage_errors.inc();
        }
        match error {
            StoreError::Full => Self::new(Code::Unavailable, message).with_status(StatusCode::INSUFFICIENT_STORAGE),
            StoreError::Quota(ref quota) => {
                Self::new(Code::Denied, message).with_status(match quota.prefix.is_empty() {
                    true => StatusCode::INSUFFICIENT_STORAGE,
                    false => StatusCode::FORBIDDEN,
                })
            }
            StoreError::NoUpload => Self::new(Code::BlobUploadUnknown, message),
            StoreError::OutOfOrder { .. } => {
                Self::new(Code::BlobUploadInvalid, message).with_status(StatusCode::RANGE_NOT_SATISFIABLE)
            }
            StoreError::TooLong { .. } => {
                Self::new(Code::SizeInvalid, message).with_status(StatusCode::PAYLOAD_TOO_LARGE)
            }
            StoreError::Length { .. } => Self::new(Code::SizeInvalid, message),
            StoreError::Mismatch { .. } => Self::new(Code::DigestInvalid, message),
            StoreError::Request(_) => Self::new(Code::BlobUploadInvalid, message),
            StoreError::Immutable { .. } | StoreError::HeldByTag { .. } => {
                Self::new(Code::Denied, message).with_status(StatusCode::CONFLICT)
            }
            StoreError::OtherMediaType { .. } => {
                Self::new(Code::ManifestInvalid, message).with_status(StatusCode::CONFLICT)
            }
            StoreError::MissingContent(digest) => Self::new(Code::ManifestBlobUnknown, message)
                .with_detail(serde_json::json!({ "digest": digest.to_string() })),
            StoreError::InUse { .. }
            | StoreError::Link { .. }
            | StoreError::File { .. }
            | StoreError::Objects(_)
            | StoreError::Unconditional
            | StoreError::Damaged { .. } => {
                // Paths of the server are for its administrator only.
                tracing::error!(error = %message, "the storage failed");
                Self::new(Code::Unknown, "the storage failed; the registry's log says why")
            }
        }
    }
}

impl From<ManifestError> for OciError {
    fn from(error: ManifestError) -> Self {
        Self::new(Code::ManifestInvalid, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_not_the_clients_fault() {
        let error = OciError::from(StoreError::Full);
        assert_eq!((error.status(), error.code()), (StatusCode::INSUFFICIENT_STORAGE, Code::Unavailable));
    }

    #[test]
    fn a_quota_is_named() {
        for (prefix, status, named) in [("team", 403, "below team, 10 bytes"), ("", 507, "this registry, 10 bytes")] {
            let quota = crate::store::Quota { prefix: prefix.into(), bytes: 10 };
            let error = OciError::from(StoreError::Quota(quota));
            assert_eq!((error.status().as_u16(), error.code()), (status, Code::Denied));
            assert!(error.to_string().contains(named), "{error}");
        }
    }

    #[test]
    fn paths_of_the_server_are_not_told() {
        let error = std::io::Error::other("broken");
        let error = OciError::from(StoreError::File { path: "/secret/place".into(), error });
        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
