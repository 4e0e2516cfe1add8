//! What a path names.

use axum::http::Method;
use percent_encoding::percent_decode_str;

use crate::oci::{Code, Digest, MAX_NAME, OciError, Reference, RepositoryName};
use crate::store::UploadId;

pub(super) const TAG_RULE: &str = "a tag has up to 128 letters, digits, '_', '.' and '-'";

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Base,
    Catalog,
    Blob(RepositoryName, Digest),
    Uploads(RepositoryName),
    Upload(RepositoryName, UploadId),
    Manifest(RepositoryName, Reference),
    Tags(RepositoryName),
    Referrers(RepositoryName, Digest),
}

impl Target {
    /// From the path of a request. The name is all that stands before the last words of the interface, as a repository
    /// may be called `blobs`.
    pub(super) fn parse(path: &str, method: &Method) -> Result<Self, OciError> {
        let unknown = || OciError::new(Code::NameUnknown, "there is nothing at this path");
        let rest = path.strip_prefix("/v2").ok_or_else(unknown)?;
        let rest = percent_decode_str(rest.trim_start_matches('/')).decode_utf8().map_err(|_| unknown())?;
        if rest.is_empty() {
            return Ok(Self::Base);
        }
        if rest == "_catalog" {
            return Ok(Self::Catalog);
        }
        let parts: Vec<&str> = rest.split('/').collect();
        match parts.as_slice() {
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                Ok(Self::Uploads(repository(name)?))
            }
            [name @ .., "blobs", "uploads", id] => {
                let id = id.parse().map_err(|()| OciError::new(Code::BlobUploadUnknown, "there is no such upload"));
                Ok(Self::Upload(repository(name)?, id?))
            }
            [name @ .., "blobs", digest] => Ok(Self::Blob(repository(name)?, parse_digest(digest)?)),
            [name @ .., "manifests", reference] => {
                let name = repository(name)?;
                let reference = match reference.contains(':') {
                    true => Reference::Digest(parse_digest(reference)?),
                    false => Reference::Tag(reference.parse().map_err(|()| match *method {
                        Method::PUT => OciError::new(Code::TagInvalid, TAG_RULE),
                        // There can be none.
                        _ => OciError::new(Code::ManifestUnknown, TAG_RULE),
                    })?),
                };
                Ok(Self::Manifest(name, reference))
            }
            [name @ .., "tags", "list"] => Ok(Self::Tags(repository(name)?)),
            [name @ .., "referrers", digest] => Ok(Self::Referrers(repository(name)?, parse_digest(digest)?)),
            _ => Err(unknown()),
        }
    }

    /// Which repository it belongs to.
    pub(super) fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base | Self::Catalog => None,
            Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _)
            | Self::Manifest(name, _)
            | Self::Tags(name)
            | Self::Referrers(name, _) => Some(name),
        }
    }
}

fn repository(parts: &[&str]) -> Result<RepositoryName, OciError> {
    parts.join("/").parse().map_err(|()| {
        let rule = format!(
            "a repository's name has components of lower-case letters and digits, joined by '/', up to {MAX_NAME} in all"
        );
        OciError::new(Code::NameInvalid, rule)
    })
}

pub(super) fn parse_digest(text: &str) -> Result<Digest, OciError> {
    text.parse().map_err(|error: crate::oci::DigestError| OciError::new(Code::DigestInvalid, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str) -> Result<Target, OciError> {
        Target::parse(path, &Method::GET)
    }

    fn digest() -> String {
        format!("sha256:{}", "a".repeat(64))
    }

    #[test]
    fn paths() {
        let name = |text: &str| text.parse::<RepositoryName>().unwrap();
        let d = digest();
        assert_eq!(parse("/v2/").unwrap(), Target::Base);
        assert_eq!(parse("/v2/_catalog").unwrap(), Target::Catalog);
        assert_eq!(parse("/v2/a/b/tags/list").unwrap(), Target::Tags(name("a/b")));
        assert_eq!(parse("/v2/a/blobs/uploads/").unwrap(), Target::Uploads(name("a")));
        // A repository may be called like the words of the interface.
        assert_eq!(parse("/v2/blobs/uploads/blobs/uploads/").unwrap(), Target::Uploads(name("blobs/uploads")));
        let blob = Target::Blob(name("blobs/uploads"), d.parse().unwrap());
        assert_eq!(parse(&format!("/v2/blobs/uploads/blobs/{d}")).unwrap(), blob);
        // Some clients write the colon otherwise.
        let encoded = format!("/v2/a/blobs/{}", d.replace(':', "%3A"));
        assert_eq!(parse(&encoded).unwrap(), Target::Blob(name("a"), d.parse().unwrap()));
    }

    #[test]
    fn paths_that_lead_elsewhere() {
        for path in [
            "/v2/../etc/manifests/x",
            "/v2/a/../b/manifests/x",
            "/v2/%2e%2e/%2e%2e/manifests/x",
            "/v2/a%2f..%2fb/tags/list",
            "/v2/a/manifests/..",
            "/v2/a/manifests/%2e%2e%2f%2e%2e",
            "/v2/a/blobs/sha256:..%2f..%2fetc",
            "/v2/a/blobs/sha256:",
            "/v2/a/blobs/uploads/../../x",
            "/v2/a/blobs/uploads/%2e%2e",
            "/v2/a%00/tags/list",
            "/v2/_uploads/tags/list",
            "/v2//tags/list",
            "/v2/tags/list",
            "/v2/manifests/x",
            "/v2/%ff/tags/list",
        ] {
            assert!(parse(path).is_err(), "{path}");
        }
    }
}
