//! Giving to a registry.

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, LOCATION};

use super::pull::named;
use super::{BLOB, DOCUMENT, Remote, RemoteError, push_to};
use crate::digest::Digest;
use crate::reference::Repository;

impl Remote {
    /// Puts a blob into a repository, where it is not there yet.
    ///
    /// # Errors
    /// The registry does not take it.
    pub fn push_blob(&self, repository: &Repository, bytes: &[u8]) -> Result<(), RemoteError> {
        let name = repository.name();
        let digest = Digest::of(bytes);
        let what = named(repository, &digest.to_string());
        let bytes = bytes.to_vec();
        self.wait(BLOB, async {
            let blob = self.url(name, &format!("blobs/{digest}")).await?;
            let uploads = self.url(name, "blobs/uploads/").await?;
            if self.send(push_to(name), |http| http.head(blob.clone())).await?.status() == StatusCode::OK {
                return Ok(());
            }
            let response = self.send(push_to(name), |http| http.post(uploads.clone()).body("")).await?;
            if response.status() != StatusCode::ACCEPTED {
                return Err(self.refusal(response, &what).await);
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let location = location.ok_or_else(|| self.malformed("it does not say where to upload"))?;
            // It may be relative, or lead to another host; what it asks for in its query is kept.
            let mut location = uploads.join(location).map_err(|error| self.malformed(error))?;
            if uploads.scheme() == "https" && location.scheme() != "https" {
                return Err(self.malformed(format!("it sends us to {location} to upload, which is without TLS")));
            }
            location.query_pairs_mut().append_pair("digest", &digest.to_string());
            let put = |http: &reqwest::Client| {
                http.put(location.clone()).header(CONTENT_TYPE, "application/octet-stream").body(bytes.clone())
            };
            let response = self.send(push_to(name), put).await?;
            match response.status() {
                StatusCode::CREATED => Ok(()),
                _ => Err(self.refusal(response, &what).await),
            }
        })
    }

    /// Puts a manifest into a repository, under a tag or its digest. Says whether the registry keeps account of what it
    /// refers to.
    ///
    /// # Errors
    /// The registry does not take it.
    pub fn push_manifest(
        &self,
        repository: &Repository,
        reference: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Result<bool, RemoteError> {
        let name = repository.name();
        let bytes = bytes.to_vec();
        self.wait(DOCUMENT, async {
            let url = self.url(name, &format!("manifests/{reference}")).await?;
            let put =
                |http: &reqwest::Client| http.put(url.clone()).header(CONTENT_TYPE, media_type).body(bytes.clone());
            let response = self.send(push_to(name), put).await?;
            match response.status() {
                StatusCode::CREATED => Ok(response.headers().contains_key("oci-subject")),
                _ => Err(self.refusal(response, &named(repository, reference)).await),
            }
        })
    }
}
