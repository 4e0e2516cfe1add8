//! Opening the storage that the configuration names.

use std::sync::Arc;

use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::config::{S3, Storage};
use crate::store::{Store, StoreError};

/// The storage cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The files cannot be had.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket cannot be had.
    #[error("the bucket {bucket} cannot be used: {error}")]
    Bucket {
        /// Its name.
        bucket: String,
        /// Why.
        error: object_store::Error,
    },
    /// The names in the bucket cannot begin so.
    #[error("storage.s3.prefix {prefix:?} cannot begin the name of an object: {error}")]
    Prefix {
        /// As it is configured.
        prefix: String,
        /// Why.
        error: object_store::path::Error,
    },
}

/// Opens the storage: local files, or a bucket with a local folder for uploads.
///
/// # Errors
/// It cannot be had, or another process has it.
pub fn open(storage: &Storage) -> Result<Store, OpenError> {
    let Some(s3) = &storage.s3 else { return Ok(Store::open_local(&storage.path)?) };
    let bucket = bucket(s3).map_err(|error| OpenError::Bucket { bucket: s3.bucket.clone(), error })?;
    let store = match &s3.prefix {
        None => Store::open_objects(Arc::new(bucket), &storage.path),
        Some(prefix) => {
            let path = Path::parse(prefix).map_err(|error| OpenError::Prefix { prefix: prefix.clone(), error })?;
            Store::open_objects(Arc::new(PrefixStore::new(bucket, path)), &storage.path)
        }
    };
    Ok(store?)
}

fn bucket(s3: &S3) -> object_store::Result<impl object_store::ObjectStore> {
    let mut builder = AmazonS3Builder::from_env().with_bucket_name(&s3.bucket).with_allow_http(s3.allow_http);
    if let Some(region) = &s3.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build()
}
