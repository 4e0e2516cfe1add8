//! What refers to a manifest, as signatures do: by the registry's account, or by a tag that clients keep where the
//! registry keeps none (OCI distribution specification, "Referrers Tag Schema").

use lanner_oci::next_page;
use reqwest::{Method, StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::{DOCUMENT, Remote, RemoteError, pull};
use crate::artifact::{Descriptor, INDEX_MEDIA_TYPE, MANIFEST_MEDIA_TYPE, MAX_DOCUMENT, Manifest};
use crate::digest::Digest;
use crate::reference::Repository;

/// Referrers of one manifest looked at at most: anyone who may push can add some.
const MAX_REFERRERS: usize = 1024;
/// Pages of such a list at most.
const MAX_PAGES: usize = 64;
/// Attempts to get into the list that clients keep, when others write it at the same time.
const ATTEMPTS: usize = 5;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

impl Remote {
    /// What refers to the manifest with this digest.
    ///
    /// # Errors
    /// The registry cannot be asked.
    pub fn referrers(&self, repository: &Repository, subject: Digest) -> Result<Vec<Descriptor>, RemoteError> {
        let listed = match self.listed(repository, subject)? {
            Some(index) => Some(index),
            None => self.tagged(repository, subject)?,
        };
        let mut referrers = listed.map(|index| index.manifests).unwrap_or_default();
        referrers.retain(|referrer| referrer.media_type == MANIFEST_MEDIA_TYPE && referrer.size <= MAX_DOCUMENT);
        if referrers.len() > MAX_REFERRERS {
            tracing::warn!(
                "{repository}@{subject} has {} referrers; the first {MAX_REFERRERS} are looked at",
                referrers.len()
            );
            referrers.truncate(MAX_REFERRERS);
        }
        Ok(referrers)
    }

    /// By the registry's account, page by page; `None` where it keeps none.
    fn listed(&self, repository: &Repository, subject: Digest) -> Result<Option<Index>, RemoteError> {
        let mut url = self.wait(DOCUMENT, self.url(repository.name(), &format!("referrers/{subject}")))?;
        let mut all: Option<Index> = None;
        for _ in 0..MAX_PAGES {
            let (page, next) = self.listed_page(repository, subject, &url)?;
            let Some(page) = page else { break };
            let all = &mut all.get_or_insert(Index { manifests: Vec::new(), ..page.clone() }).manifests;
            all.extend(page.manifests);
            match next {
                Some(next) if all.len() <= MAX_REFERRERS => url = next,
                _ => break,
            }
        }
        Ok(all)
    }

    /// One page of the account, and where the next one is.
    fn listed_page(
        &self,
        repository: &Repository,
        subject: Digest,
        url: &Url,
    ) -> Result<(Option<Index>, Option<Url>), RemoteError> {
        self.wait(DOCUMENT, async {
            let response = self.get(Method::GET, pull(repository.name()), url, INDEX_MEDIA_TYPE).await?;
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::BAD_REQUEST => {
                    return Ok((None, None));
                }
                _ => return Err(self.refusal(response, &format!("the referrers of {subject}")).await),
            }
            let next = next_page(response.headers(), url);
            let body = self.body(response, MAX_DOCUMENT, "a list of referrers").await?;
            // A page for people, where the registry does not know the address.
            Ok((serde_json::from_slice(&body).ok(), next))
        })
    }

    /// By the tag that clients keep.
    fn tagged(&self, repository: &Repository, subject: Digest) -> Result<Option<Index>, RemoteError> {
        match self.manifest_at(repository, &subject.referrers_tag()) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| self.malformed(error)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts a manifest that refers to another into a repository, so that it is found from there.
    ///
    /// # Errors
    /// The registry does not take it.
    pub fn push_referrer(&self, repository: &Repository, bytes: &[u8]) -> Result<Digest, RemoteError> {
        let manifest =
            Manifest::read(bytes).map_err(|error| RemoteError::Artifact { what: "the referrer".to_owned(), error })?;
        let digest = Digest::of(bytes);
        let accounted = self.push_manifest(repository, &digest.to_string(), MANIFEST_MEDIA_TYPE, bytes)?;
        if let Some(subject) = manifest.subject.as_ref().filter(|_| !accounted) {
            let artifact_type = manifest.artifact_type.clone().unwrap_or(manifest.config.media_type);
            let annotations = (!manifest.annotations.is_empty()).then_some(manifest.annotations);
            let referrer = Descriptor {
                artifact_type: Some(artifact_type),
                annotations,
                ..Descriptor::of(MANIFEST_MEDIA_TYPE, bytes)
            };
            self.keep_account(repository, subject.digest, &referrer)?;
        }
        Ok(digest)
    }

    /// Adds a referrer to the list under the tag.
    fn keep_account(&self, repository: &Repository, subject: Digest, referrer: &Descriptor) -> Result<(), RemoteError> {
        let has = |index: &Option<Index>| {
            index.iter().flat_map(|index| &index.manifests).any(|known| known.digest == referrer.digest)
        };
        for _ in 0..ATTEMPTS {
            let found = self.tagged(repository, subject)?;
            if has(&found) {
                return Ok(());
            }
            let mut index = found.unwrap_or(Index { schema_version: 2, media_type: None, manifests: Vec::new() });
            index.media_type = Some(INDEX_MEDIA_TYPE.to_owned());
            index.manifests.push(referrer.clone());
            let bytes = serde_json::to_vec(&index).map_err(|error| self.malformed(error))?;
            self.push_manifest(repository, &subject.referrers_tag(), INDEX_MEDIA_TYPE, &bytes)?;
            // Another may have written its own between our reading and writing: looked at again.
        }
        match has(&self.tagged(repository, subject)?) {
            true => Ok(()),
            false => Err(RemoteError::Refused {
                registry: self.registry.clone(),
                what: format!("the list of what refers to {subject}"),
                why: "others write it all the time; try again".to_owned(),
            }),
        }
    }
}
