//! The words of the OCI specifications: names, digests, manifests, ranges, errors. Nothing here does any I/O.

mod digest;
mod error;
mod manifest;
mod name;
mod range;
mod unambiguous;

pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use error::{Code, OciError};
pub use manifest::{Descriptor, EMPTY_MEDIA_TYPE, INDEX, MANIFEST, Manifest, ManifestError};
pub use name::{MAX_NAME, Reference, RepositoryName, Tag};
pub use range::{ByteRange, RangeError, content_range, requested};
