//! Taking from a registry.

use std::io::Write;

use lanner_oci::next_page;
use reqwest::header::{ACCEPT, ETAG, HeaderMap, IF_NONE_MATCH};
use reqwest::{Method, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::{BLOB, DOCUMENT, Remote, RemoteError, pull};
use crate::artifact::{Descriptor, INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, MAX_DOCUMENT};
use crate::digest::Digest;
use crate::reference::{Reference, Repository, Version};

/// Pages of a list at most; one that never ends is not read for ever.
const MAX_PAGES: usize = 1000;
/// Tags asked for at once.
const PAGE: usize = 1000;

/// What a name leads to now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The manifest.
    pub digest: Digest,
    /// What to ask with whether that has changed.
    pub etag: Option<String>,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

fn accept() -> String {
    format!("{MANIFEST_MEDIA_TYPE}, {INDEX_MEDIA_TYPE}")
}

impl Remote {
    /// Which manifest a name leads to; `known` is what it led to before.
    ///
    /// # Errors
    /// There is none of that name, or the registry cannot be asked.
    pub fn resolve(&self, reference: &Reference, known: Option<&Resolved>) -> Result<Resolved, RemoteError> {
        let tag = match reference.version() {
            Version::Digest(digest) => return Ok(Resolved { digest: *digest, etag: None }),
            Version::Tag(tag) => tag,
        };
        let name = reference.repository().name();
        let accept = accept();
        self.wait(DOCUMENT, async {
            let url = self.url(name, &format!("manifests/{tag}")).await?;
            let make = |http: &reqwest::Client| {
                let request = http.head(url.clone()).header(ACCEPT, &accept);
                match known.and_then(|known| known.etag.as_ref()) {
                    Some(etag) => request.header(IF_NONE_MATCH, etag),
                    None => request,
                }
            };
            let response = self.send(pull(name), make).await?;
            if let (StatusCode::NOT_MODIFIED, Some(known)) = (response.status(), known) {
                return Ok(known.clone());
            }
            if response.status() != StatusCode::OK {
                // The answer to a HEAD has no body: why it is refused, a GET says.
                let why = self.get(Method::GET, pull(name), &url, &accept).await?;
                return Err(self
                    .refusal(if why.status() == response.status() { why } else { response }, &reference.to_string())
                    .await);
            }
            let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
            if let Some(digest) = self.content_digest(response.headers())? {
                return Ok(Resolved { digest, etag });
            }
            // Some do not say it: then the manifest itself tells.
            let response = self.get(Method::GET, pull(name), &url, &accept).await?;
            let bytes = self.document(response, MAX_DOCUMENT, &reference.to_string(), "a manifest").await?;
            Ok(Resolved { digest: Digest::of(&bytes), etag })
        })
    }

    fn content_digest(&self, headers: &HeaderMap) -> Result<Option<Digest>, RemoteError> {
        let Some(value) = headers.get("docker-content-digest") else { return Ok(None) };
        let text = value.to_str().map_err(|error| self.malformed(error))?;
        text.parse().map(Some).map_err(|error| self.malformed(error))
    }

    /// The manifest with this digest.
    ///
    /// # Errors
    /// It cannot be had, or other bytes come.
    pub fn manifest(&self, repository: &Repository, digest: Digest) -> Result<Vec<u8>, RemoteError> {
        let bytes = self.manifest_at(repository, &digest.to_string())?;
        self.check(digest, Digest::of(&bytes))?;
        Ok(bytes)
    }

    /// The manifest that a tag or a digest names; not checked.
    pub(super) fn manifest_at(&self, repository: &Repository, reference: &str) -> Result<Vec<u8>, RemoteError> {
        let name = repository.name();
        let accept = accept();
        self.wait(DOCUMENT, async {
            let url = self.url(name, &format!("manifests/{reference}")).await?;
            let response = self.get(Method::GET, pull(name), &url, &accept).await?;
            self.document(response, MAX_DOCUMENT, &named(repository, reference), "a manifest").await
        })
    }

    /// Writes the blob that the descriptor names; what was written is its bytes only where this succeeds.
    ///
    /// # Errors
    /// It cannot be had, or other bytes come, or more than the descriptor says.
    pub fn blob(&self, repository: &Repository, blob: &Descriptor, out: &mut dyn Write) -> Result<(), RemoteError> {
        let name = repository.name();
        let what = named(repository, &blob.digest.to_string());
        self.wait(BLOB, async {
            let url = self.url(name, &format!("blobs/{}", blob.digest)).await?;
            let mut response = self.send(pull(name), |http| http.get(url.clone())).await?;
            if response.status() != StatusCode::OK {
                return Err(self.refusal(response, &what).await);
            }
            let (mut hash, mut size) = (Sha256::new(), 0);
            while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
                size += chunk.len() as u64;
                if size > blob.size {
                    let registry = self.registry.clone();
                    return Err(RemoteError::TooLarge { registry, what, limit: blob.size });
                }
                hash.update(&chunk);
                out.write_all(&chunk).map_err(RemoteError::Write)?;
            }
            self.check(blob.digest, Digest::from_hash(hash.finalize().into()))
        })
    }

    fn check(&self, expected: Digest, actual: Digest) -> Result<(), RemoteError> {
        match expected == actual {
            true => Ok(()),
            false => Err(RemoteError::OtherBytes { registry: self.registry.clone(), expected, actual }),
        }
    }

    /// All tags of a repository, sorted.
    ///
    /// # Errors
    /// There is no such repository, or the registry cannot be asked.
    pub fn tags(&self, repository: &Repository) -> Result<Vec<String>, RemoteError> {
        let name = repository.name();
        let (mut tags, mut next) = (Vec::new(), None::<Url>);
        for _ in 0..MAX_PAGES {
            let (page, more) = self.wait(DOCUMENT, async {
                let url = match next.take() {
                    Some(next) => next,
                    None => {
                        let mut url = self.url(name, "tags/list").await?;
                        url.query_pairs_mut().append_pair("n", &PAGE.to_string());
                        url
                    }
                };
                let response = self.get(Method::GET, pull(name), &url, "application/json").await?;
                // Where it goes on is what the registry says: not every one counts by names.
                let more = next_page(response.headers(), &url);
                let body = self.document(response, MAX_DOCUMENT, &repository.to_string(), "a list of tags").await?;
                let page: Tags = serde_json::from_slice(&body).map_err(|error| self.malformed(error))?;
                Ok((page.tags.unwrap_or_default(), more))
            })?;
            // A tag is a word; what is none is not shown.
            tags.extend(page.into_iter().filter(|tag| Reference::of_tag(repository.clone(), tag).is_ok()));
            match more {
                Some(more) => next = Some(more),
                None => break,
            }
        }
        // The specification asks for this order, and not every registry keeps to it.
        tags.sort();
        tags.dedup();
        Ok(tags)
    }
}

pub(super) fn named(repository: &Repository, reference: &str) -> String {
    let between = if reference.starts_with("sha256:") { '@' } else { ':' };
    format!("{repository}{between}{reference}")
}
