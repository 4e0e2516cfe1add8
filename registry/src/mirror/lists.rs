//! Lists of the other registry, together with what was kept: tags, and what refers to a manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use reqwest::Method;
use serde::Deserialize;

use super::counters::Counters;
use super::error::MirrorError;
use super::manifests::PATIENCE;
use super::upstream::accept;
use super::{Key, Mirror, Pulled};
use crate::oci::{Descriptor, Digest, INDEX, Manifest, OciError, RepositoryName, Tag};

/// Tags, in the order of their bytes.
pub(super) type Tags = Arc<[Tag]>;
/// Descriptors, in the order of their digests.
pub(super) type Referrers = Arc<[Descriptor]>;

/// How long a list may be, in bytes as they are sent.
const LIST_BYTES: u64 = 4 << 20;
/// In how many answers it may come.
const MOST_PAGES: usize = 200;
/// How many tags are asked for at once.
const PAGE: &str = "1000";
/// How many referrers are fetched before they are asked for, so that they are there when the other registry is not.
const FETCHED: usize = 64;
/// How many of them at once.
const AT_ONCE: usize = 4;

/// A list of tags as it is sent.
#[derive(Deserialize)]
struct TagList {
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Mirror {
    /// The tags of a repository, if the other registry has it.
    ///
    /// # Errors
    /// The other registry did not answer as it should and nothing was kept, or the storage fails.
    pub async fn tags(&self, name: &RepositoryName) -> Result<Option<Pulled<Vec<Tag>>>, OciError> {
        let pulled = match self.0.tag_lists.get(name) {
            Some(believed) => self.hit(believed),
            None => {
                let work = || {
                    let (mirror, name) = (self.clone(), name.clone());
                    async move { mirror.refresh_tags(&name).await }
                };
                self.asked(self.0.listing_tags.ask(name.clone(), work).await).flatten()
            }
        };
        self.answer(pulled.map(|Pulled { content, stale }| Pulled { content: content.to_vec(), stale }))
    }

    /// What refers to a manifest.
    ///
    /// # Errors
    /// The other registry did not answer as it should and nothing was kept, or the storage fails.
    pub async fn referrers(
        &self,
        name: &RepositoryName,
        subject: &Digest,
    ) -> Result<Pulled<Vec<Descriptor>>, OciError> {
        let key = (name.clone(), subject.clone());
        let pulled = match self.0.referrers.get(&key) {
            Some(believed) => self.hit(believed),
            None => {
                let work = || {
                    let (mirror, key) = (self.clone(), key.clone());
                    async move { mirror.refresh_referrers(&key).await }
                };
                self.asked(self.0.listing_referrers.ask(key.clone(), work).await).flatten()
            }
        };
        let pulled = pulled.map(|Pulled { content, stale }| Pulled { content: content.to_vec(), stale });
        // Nothing refers to what is not there.
        Ok(self.answer(pulled)?.unwrap_or(Pulled { content: Vec::new(), stale: false }))
    }

    fn hit<T>(&self, believed: Pulled<T>) -> Result<Pulled<T>, MirrorError> {
        let counters = &self.0.counters;
        Counters::add(if believed.stale { &counters.stale } else { &counters.hits }, 1);
        Ok(believed)
    }

    async fn refresh_tags(&self, name: &RepositoryName) -> Result<Pulled<Tags>, MirrorError> {
        let stored = self.0.store.tags(name).await?;
        let (tags, stale) = match self.tags_there(name).await {
            Ok(tags) => (tags, false),
            Err(error) => {
                self.failed(name, &error);
                if !error.lets_stale() || !self.0.store.knows(name).await? {
                    return Err(error);
                }
                (BTreeSet::new(), true)
            }
        };
        let all: BTreeSet<Tag> = tags.into_iter().chain(stored).collect();
        let pulled = Pulled { content: all.into_iter().collect(), stale };
        self.0.tag_lists.put(name.clone(), pulled.clone(), self.how_long(stale));
        Ok(pulled)
    }

    /// How long a list is believed.
    fn how_long(&self, stale: bool) -> std::time::Duration {
        if stale {
            Counters::add(&self.0.counters.stale, 1);
            return PATIENCE.min(self.0.refresh);
        }
        self.0.refresh
    }

    pub(super) async fn tags_there(&self, name: &RepositoryName) -> Result<BTreeSet<Tag>, MirrorError> {
        let mut url = self.0.upstream.url(&self.there(name)?, "tags/list");
        url.query_pairs_mut().append_pair("n", PAGE);
        let mut tags = BTreeSet::new();
        self.pages(name, url, &["application/json"], |bytes| {
            let list: TagList = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
            // What can be no tag cannot be pulled either.
            tags.extend(list.tags.into_iter().flatten().filter_map(|tag| tag.parse::<Tag>().ok()));
            Ok(())
        })
        .await?;
        Ok(tags)
    }

    /// Reads a list page by page.
    async fn pages(
        &self,
        name: &RepositoryName,
        first: reqwest::Url,
        media_types: &[&str],
        mut read: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), MirrorError> {
        let there = self.there(name)?;
        let mut next = Some(first);
        let mut left = LIST_BYTES;
        for _ in 0..MOST_PAGES {
            let Some(url) = next else { return Ok(()) };
            let response = self.0.upstream.ask(Method::GET, &there, url.clone(), accept(media_types)).await?;
            next = self.0.upstream.next(&response, &url);
            let bytes = self.0.upstream.whole(response, left).await?;
            left -= bytes.len() as u64;
            Counters::add(&self.0.counters.bytes, bytes.len() as u64);
            read(&bytes).map_err(MirrorError::Unusable)?;
        }
        Err(MirrorError::Unusable(format!("a list comes in more than {MOST_PAGES} pages")))
    }

    async fn refresh_referrers(&self, key: &Key) -> Result<Pulled<Referrers>, MirrorError> {
        let (name, subject) = key;
        let (there, stale) = match self.referrers_there(name, subject).await {
            Ok(referrers) => (referrers, false),
            Err(error) => {
                self.failed(name, &error);
                // Nothing at all would look as if nothing were signed.
                if !error.lets_stale() || self.0.store.referrers(name, subject).await?.is_empty() {
                    return Err(error);
                }
                (BTreeMap::new(), true)
            }
        };
        let fetch: Vec<Digest> = there.keys().take(FETCHED).cloned().collect();
        let fetch = futures_util::stream::iter(fetch);
        // Who asks for one of them is told why it cannot be had.
        fetch.for_each_concurrent(AT_ONCE, async |digest| drop(self.by_digest(name, &digest).await)).await;
        // What was read from the manifests themselves is better than what is said of them.
        let mut all = there;
        for descriptor in self.0.store.referrers(name, subject).await? {
            all.insert(descriptor.digest.clone(), descriptor);
        }
        let pulled = Pulled { content: all.into_values().collect(), stale };
        self.0.referrers.put(key.clone(), pulled.clone(), self.how_long(stale));
        Ok(pulled)
    }

    async fn referrers_there(
        &self,
        name: &RepositoryName,
        subject: &Digest,
    ) -> Result<BTreeMap<Digest, Descriptor>, MirrorError> {
        let there = self.there(name)?;
        let url = |what: String| self.0.upstream.url(&there, what);
        let asked = self.descriptors(name, url(format!("referrers/{subject}"))).await;
        match asked {
            // A registry that does not know of referrers: clients keep the list under a tag, as the specification says.
            Err(MirrorError::Gone | MirrorError::NotFound) => {}
            Err(MirrorError::Failed(status, _)) if status.is_client_error() && status.as_u16() != 429 => {}
            asked => return asked,
        }
        const MOST_HEX: usize = 64;
        let hex = subject.hex();
        let tag = format!("{}-{}", subject.algorithm().name(), &hex[..hex.len().min(MOST_HEX)]);
        match self.descriptors(name, url(format!("manifests/{tag}"))).await {
            Err(MirrorError::Gone | MirrorError::NotFound) => Ok(BTreeMap::new()),
            other => other,
        }
    }

    async fn descriptors(
        &self,
        name: &RepositoryName,
        url: reqwest::Url,
    ) -> Result<BTreeMap<Digest, Descriptor>, MirrorError> {
        let mut found = BTreeMap::new();
        self.pages(name, url, &[INDEX], |bytes| {
            let (index, _) = Manifest::parse(bytes, INDEX).map_err(|error| error.to_string())?;
            let children = index.manifests.into_iter().flatten();
            found.extend(children.map(|descriptor| (descriptor.digest.clone(), descriptor)));
            Ok(())
        })
        .await?;
        Ok(found)
    }
}
