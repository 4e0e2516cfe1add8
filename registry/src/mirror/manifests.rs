//! Manifests of the other registry: tags are asked for again after a while, digests never.

use std::time::{Duration, Instant};

use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue, IF_NONE_MATCH};
use reqwest::{Method, Response, StatusCode};

use super::counters::Counters;
use super::error::MirrorError;
use super::upstream::accept;
use super::{Inner, Mirror, Pulled};
use crate::oci::{Algorithm, Digest, INDEX, MANIFEST, Manifest, OciError, Reference, RepositoryName, Tag};
use crate::store::{Stored, TagChange};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
/// All that [`Manifest::parse`] takes.
pub(super) const MEDIA_TYPES: &[&str] = &[
    MANIFEST,
    INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
/// How long a registry that did not answer is left alone, at most: or else each request would wait for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How long it is remembered that a tag was missed: it must be missed twice, with `refresh` between.
const MISSED: Duration = Duration::from_secs(24 * 3600);

impl Mirror {
    /// A manifest, if the other registry has it.
    ///
    /// # Errors
    /// The other registry did not answer as it should and nothing was kept, or the storage fails.
    pub async fn manifest(
        &self,
        name: &RepositoryName,
        reference: &Reference,
    ) -> Result<Option<Pulled<Stored>>, OciError> {
        let pulled = match reference {
            Reference::Digest(digest) => {
                self.by_digest(name, digest).await.map(|content| Pulled { content, stale: false })
            }
            Reference::Tag(tag) => self.by_tag(name, tag).await,
        };
        self.answer(pulled)
    }

    pub(super) fn answer<T>(&self, outcome: Result<T, MirrorError>) -> Result<Option<T>, OciError> {
        match outcome {
            Ok(content) => Ok(Some(content)),
            Err(error) => error.answer(&self.0.upstream).map_or(Ok(None), Err),
        }
    }

    /// Counts a question that was asked, or joined.
    pub(super) fn asked<T>(&self, (answer, joined): (Option<T>, bool)) -> Result<T, MirrorError> {
        let counters = &self.0.counters;
        Counters::add(if joined { &counters.joins } else { &counters.misses }, 1);
        answer.ok_or(MirrorError::Ending)
    }

    async fn stored(&self, name: &RepositoryName, reference: Reference) -> Result<Option<Stored>, MirrorError> {
        Ok(self.0.store.manifest(name, &reference).await?)
    }

    pub(super) async fn by_digest(&self, name: &RepositoryName, digest: &Digest) -> Result<Stored, MirrorError> {
        if let Some(stored) = self.stored(name, Reference::Digest(digest.clone())).await? {
            Counters::add(&self.0.counters.hits, 1);
            return Ok(stored);
        }
        let key = (name.clone(), digest.clone());
        let work = || {
            let (mirror, (name, digest)) = (self.clone(), key.clone());
            async move {
                // Who was asked just before may have brought it.
                if let Some(stored) = mirror.stored(&name, Reference::Digest(digest.clone())).await? {
                    return Ok(stored);
                }
                let fetched = mirror.fetch(&name, &Reference::Digest(digest)).await;
                fetched.inspect_err(|error| mirror.failed(&name, error))
            }
        };
        self.asked(self.0.by_digest.ask(key.clone(), work).await)?
    }

    async fn by_tag(&self, name: &RepositoryName, tag: &Tag) -> Result<Pulled<Stored>, MirrorError> {
        if let Some(pulled) = self.believed(name, tag).await? {
            let counters = &self.0.counters;
            Counters::add(if pulled.stale { &counters.stale } else { &counters.hits }, 1);
            return Ok(pulled);
        }
        let key = (name.clone(), tag.clone());
        let work = || {
            let (mirror, (name, tag)) = (self.clone(), key.clone());
            async move { mirror.refresh(&name, &tag).await }
        };
        self.asked(self.0.by_tag.ask(key.clone(), work).await)?
    }

    /// What was kept for a tag, if it need not be asked for.
    async fn believed(&self, name: &RepositoryName, tag: &Tag) -> Result<Option<Pulled<Stored>>, MirrorError> {
        // What is immutable here stays, whatever happens there.
        let known = match self.0.immutable.covers(name, tag) {
            true => Some(false),
            false => self.0.tags.get(&(name.clone(), tag.clone())),
        };
        let Some(stale) = known else { return Ok(None) };
        let stored = self.stored(name, Reference::Tag(tag.clone())).await?;
        Ok(stored.map(|content| Pulled { content, stale }))
    }

    /// Asks what a tag stands for now.
    async fn refresh(&self, name: &RepositoryName, tag: &Tag) -> Result<Pulled<Stored>, MirrorError> {
        if let Some(pulled) = self.believed(name, tag).await? {
            return Ok(pulled);
        }
        let Inner { store, tags, missed, refresh, counters, .. } = &*self.0;
        let key = (name.clone(), tag.clone());
        let stored = self.stored(name, Reference::Tag(tag.clone())).await?;
        match self.newest(name, tag, stored.as_ref()).await {
            Ok(content) => {
                missed.forget(&key);
                tags.put(key, false, *refresh);
                Ok(Pulled { content, stale: false })
            }
            Err(MirrorError::Gone) => {
                tags.forget(&key);
                match missed.get(&key) {
                    // It is not to come back when the registry cannot be reached some day.
                    Some(since) if since.elapsed() >= *refresh => {
                        store.delete_tag(name, tag).await?;
                        missed.forget(&key);
                    }
                    None if stored.is_some() => missed.put(key, Instant::now(), MISSED),
                    _ => {}
                }
                Err(MirrorError::Gone)
            }
            Err(error) => {
                self.failed(name, &error);
                let content = stored.filter(|_| error.lets_stale()).ok_or(error)?;
                Counters::add(&counters.stale, 1);
                tags.put(key, true, PATIENCE.min(*refresh));
                Ok(Pulled { content, stale: true })
            }
        }
    }

    async fn newest(&self, name: &RepositoryName, tag: &Tag, stored: Option<&Stored>) -> Result<Stored, MirrorError> {
        let reference = Reference::Tag(tag.clone());
        if let Some(stored) = stored {
            let there = self.there(name)?;
            let mut headers = accept(MEDIA_TYPES);
            let etag = HeaderValue::try_from(format!("\"{}\"", stored.digest)).expect("a digest is ASCII");
            headers.insert(IF_NONE_MATCH, etag);
            let url = self.0.upstream.url(&there, format_args!("manifests/{tag}"));
            match self.0.upstream.ask(Method::HEAD, &there, url, headers).await {
                Ok(response)
                    if response.status() == StatusCode::NOT_MODIFIED
                        || digest_of(&response).as_ref() == Some(&stored.digest) =>
                {
                    return Ok(stored.clone());
                }
                Err(error) if !error.may_be_of_a_head() => return Err(error),
                _ => {}
            }
        }
        self.fetch(name, &reference).await
    }

    /// Fetches a manifest and keeps it.
    async fn fetch(&self, name: &RepositoryName, reference: &Reference) -> Result<Stored, MirrorError> {
        let unusable = |reason: String| MirrorError::Unusable(reason);
        let there = self.there(name)?;
        let url = self.0.upstream.url(&there, format_args!("manifests/{reference}"));
        let response = self.0.upstream.ask(Method::GET, &there, url, accept(MEDIA_TYPES)).await?;
        if response.status() != StatusCode::OK {
            return Err(MirrorError::Failed(response.status(), None));
        }
        let said = digest_of(&response);
        let media_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        let bytes = self.0.upstream.whole(response, self.0.manifest_bytes).await?;
        Counters::add(&self.0.counters.bytes, bytes.len() as u64);
        let wanted = match reference {
            Reference::Digest(digest) => Some(digest.clone()),
            Reference::Tag(_) => said,
        };
        let digest = Digest::of(wanted.as_ref().map_or(Algorithm::default(), Digest::algorithm), &bytes);
        if let Some(wanted) = wanted
            && wanted != digest
        {
            return Err(unusable(format!("the manifest has the digest {digest}, not {wanted}")));
        }
        let (manifest, media_type) =
            Manifest::parse_new(&bytes, &media_type).map_err(|error| unusable(error.to_string()))?;
        // Whatever it is called there now: the same bytes stay what they were pulled as first.
        let kept = self.0.store.read_manifest(name, &digest).await?;
        let media_type = kept.map_or(media_type, |kept| kept.media_type);
        let stored = Stored { digest, media_type, bytes };
        let tags: Vec<TagChange> = match reference {
            Reference::Tag(tag) => vec![TagChange { tag: tag.clone(), immutable: false }],
            Reference::Digest(_) => Vec::new(),
        };
        // What it is made of is fetched when it is asked for.
        self.0.store.put_manifest(name, &stored, &manifest, &tags, false).await?;
        Ok(stored)
    }
}

fn digest_of(response: &Response) -> Option<Digest> {
    response.headers().get(CONTENT_DIGEST)?.to_str().ok()?.parse().ok()
}
