//! Whether all that is kept is what it was: every blob and manifest is hashed again, and every reference followed.

use std::fmt;

use futures_util::TryStreamExt as _;
use object_store::path::Path;

use super::{Result, Store, layout};
use crate::oci::{Digest, Hasher, Manifest, RepositoryName};

/// Something is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The content is another than the name says.
    Content {
        /// The object.
        object: String,
        /// What it is.
        actual: Digest,
    },
    /// What is referred to is not there.
    Missing {
        /// Who refers to it.
        object: String,
        /// To what.
        digest: Digest,
    },
    /// It cannot be read, or does not belong there.
    Unreadable {
        /// The object.
        object: String,
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content { object, actual } => write!(f, "{object} is damaged: its content has the digest {actual}"),
            Self::Missing { object, digest } => write!(f, "{object} refers to {digest}, which is not there"),
            Self::Unreadable { object, reason } => write!(f, "{object} cannot be used: {reason}"),
        }
    }
}

/// What was looked at, and what was wrong.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// How many blobs were hashed.
    pub blobs: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// How many manifests were hashed and followed.
    pub manifests: u64,
    /// How many tags were followed.
    pub tags: u64,
    /// How many references lead to content that was never pushed to the repository, as the specification allows.
    pub elsewhere: u64,
    /// What was wrong.
    pub problems: Vec<Problem>,
}

impl Store {
    /// Hashes everything again and follows every reference.
    ///
    /// # Errors
    /// The storage fails as a whole; a single object that does is a problem among the others.
    pub async fn verify(&self) -> Result<Verified> {
        let mut verified = Verified::default();
        let mut blobs = self.0.objects.list(Some(&Path::from(layout::BLOBS)));
        while let Some(facts) = blobs.try_next().await? {
            let object = facts.location.to_string();
            let Some(digest) = layout::digest_at_end(&facts.location).filter(|d| layout::blob(d) == facts.location)
            else {
                verified.problems.push(Problem::Unreadable { object, reason: "it is no blob".into() });
                continue;
            };
            match self.hash(&digest).await {
                Ok(actual) if actual == digest => {}
                Ok(actual) => verified.problems.push(Problem::Content { object, actual }),
                Err(error) => verified.problems.push(Problem::Unreadable { object, reason: error.to_string() }),
            }
            verified.blobs += 1;
            verified.bytes += facts.size;
        }
        for name in self.repositories().await? {
            self.verify_repository(&name, &mut verified).await?;
        }
        Ok(verified)
    }

    async fn verify_repository(&self, name: &RepositoryName, verified: &mut Verified) -> Result<()> {
        for digest in self.manifests(name).await? {
            let path = layout::manifest_of(name, &digest);
            let object = path.to_string();
            verified.manifests += 1;
            let read = match self.read_manifest(name, &digest).await {
                // Taken away since it was listed.
                Ok(None) => continue,
                Ok(Some(stored)) => Ok(stored),
                Err(error) => Err(error.to_string()),
            };
            let parsed = read.and_then(|stored| {
                let actual = Digest::of(digest.algorithm(), &stored.bytes);
                if actual != digest {
                    verified.problems.push(Problem::Content { object: object.clone(), actual });
                }
                Manifest::parse(&stored.bytes, &stored.media_type).map_err(|error| error.to_string())
            });
            match parsed {
                Ok((manifest, _)) => {
                    for blob in manifest.blobs().filter(|blob| blob.urls.is_empty()) {
                        let link = self.facts(&layout::blob_of(name, &blob.digest)).await?;
                        let bytes = self.blob_anywhere(&blob.digest).await?;
                        match (link, bytes) {
                            (None, _) => verified.elsewhere += 1,
                            (Some(_), Some(_)) => {}
                            (Some(_), None) => {
                                let digest = blob.digest.clone();
                                verified.problems.push(Problem::Missing { object: object.clone(), digest });
                            }
                        }
                    }
                }
                Err(reason) => verified.problems.push(Problem::Unreadable { object, reason }),
            }
        }
        for tag in self.tags(name).await? {
            let object = layout::tag_of(name, &tag).to_string();
            verified.tags += 1;
            match self.tag(name, &tag).await {
                Ok(Some(digest)) if !self.has_manifest(name, &digest).await? => {
                    verified.problems.push(Problem::Missing { object, digest });
                }
                Ok(_) => {}
                Err(error) => verified.problems.push(Problem::Unreadable { object, reason: error.to_string() }),
            }
        }
        Ok(())
    }

    async fn hash(&self, digest: &Digest) -> Result<Digest> {
        let mut content = self.open(digest, None).await?;
        let mut hasher = Hasher::new(digest.algorithm());
        while let Some(bytes) = content.try_next().await.map_err(super::at(std::path::Path::new(digest.hex())))? {
            hasher.update(&bytes);
        }
        Ok(hasher.finish())
    }
}
