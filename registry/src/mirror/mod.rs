//! Other registries, pulled through and kept.
//!
//! A repository below the prefix of a `[[mirror]]` is one of another registry. What a client asks for is answered from
//! the storage where that is enough, and fetched otherwise: once, however many clients wait for it, and to its end even
//! if they go away. Nothing is kept that is not what its digest says. While the other registry cannot be reached, what
//! was kept is served, and said to be stale.
//!
//! Whoever may pull from a mirrored repository uses the mirror's own credentials there.

mod believed;
mod blobs;
mod config;
mod counters;
mod error;
mod evict;
mod flight;
mod lists;
mod manifests;
mod signatures;
mod upstream;

use std::sync::Arc;

use crate::config::Limits;
use crate::oci::{Code, Digest, OciError, RepositoryName, Tag};
use crate::registry::Immutable;
use crate::store::{Store, Stored};

use believed::Believed;
use blobs::Downloads;
pub use blobs::{Found, Opened};
pub use config::{MirrorConfig, MirrorConfigError};
pub use counters::{Counters, Counts};
use error::MirrorError;
use evict::Bound;
use flight::Flights;
use lists::{Referrers, Tags};
use upstream::Upstream;

/// For how many tags it is remembered when they were asked for.
const MOST_TAGS: usize = 10_000;
/// How many lists are remembered; each is bounded by [`lists`].
const MOST_LISTS: usize = 32;

/// What was pulled through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled<T> {
    /// It.
    pub content: T,
    /// Whether the other registry could not be asked if there is something newer.
    pub stale: bool,
}

/// All registries that are pulled through.
#[derive(Clone, Default)]
pub struct Mirrors(Vec<Mirror>);

impl Mirrors {
    /// As configured. Files that the configuration names are read, and nothing is asked of the other registries yet.
    ///
    /// # Errors
    /// A mirror cannot be as it is configured.
    pub fn new(
        configs: &[MirrorConfig],
        store: &Store,
        limits: &Limits,
        immutable: &Immutable,
    ) -> Result<Self, MirrorConfigError> {
        let mut mirrors: Vec<Mirror> = Vec::new();
        for config in configs {
            if mirrors.iter().any(|mirror| mirror.0.prefix == config.prefix) {
                return Err(MirrorConfigError::Twice { prefix: config.prefix.clone() });
            }
            let others = configs.iter().map(|other| other.prefix.clone());
            let deeper = others.filter(|other| other.len() > config.prefix.len()).collect();
            mirrors.push(Mirror::new(config, store.clone(), limits, immutable.clone(), deeper)?);
        }
        // The longest prefix that fits is the one meant.
        mirrors.sort_by_key(|mirror| std::cmp::Reverse(mirror.0.prefix.len()));
        Ok(Self(mirrors))
    }

    /// The mirror that a repository belongs to.
    pub fn of(&self, name: &RepositoryName) -> Option<&Mirror> {
        self.0.iter().find(|mirror| mirror.upstream_name(name).is_some())
    }

    /// Refuses a change of a repository that is another registry's.
    ///
    /// # Errors
    /// It is: 405.
    pub fn refuse_change(&self, name: &RepositoryName) -> Result<(), OciError> {
        let Some(mirror) = self.of(name) else { return Ok(()) };
        let there = mirror.upstream_name(name).expect("it was found by its name");
        let reason = format!("{name} is a mirror of {there} at {}; push and delete there", mirror.0.upstream);
        Err(OciError::new(Code::Unsupported, reason))
    }

    /// All of them, with what they counted.
    pub fn counters(&self) -> impl Iterator<Item = (&str, &Counters)> {
        self.0.iter().map(|mirror| (mirror.prefix(), mirror.counters()))
    }
}

/// A registry that is pulled through. Cheap to clone.
#[derive(Clone)]
pub struct Mirror(Arc<Inner>);

type TagKey = (RepositoryName, Tag);
type Key = (RepositoryName, Digest);

struct Inner {
    prefix: String,
    namespace: Option<RepositoryName>,
    upstream: Upstream,
    store: Store,
    immutable: Immutable,
    refresh: std::time::Duration,
    manifest_bytes: u64,
    blob_bytes: u64,
    counters: Counters,
    /// Tags that were asked for lately; and whether there was no answer.
    tags: Believed<TagKey, bool>,
    /// Tags that are kept and that the other registry said not to have; since when.
    missed: Believed<TagKey, std::time::Instant>,
    by_tag: Flights<TagKey, Result<Pulled<Stored>, MirrorError>>,
    by_digest: Flights<Key, Result<Stored, MirrorError>>,
    tag_lists: Believed<RepositoryName, Pulled<Tags>>,
    listing_tags: Flights<RepositoryName, Result<Pulled<Tags>, MirrorError>>,
    referrers: Believed<Key, Pulled<Referrers>>,
    listing_referrers: Flights<Key, Result<Pulled<Referrers>, MirrorError>>,
    downloads: Downloads,
    bound: Option<Bound>,
}

impl Mirror {
    fn new(
        config: &MirrorConfig,
        store: Store,
        limits: &Limits,
        immutable: Immutable,
        deeper: Vec<String>,
    ) -> Result<Self, MirrorConfigError> {
        config.check()?;
        let namespace = config.namespace.as_deref().and_then(|namespace| namespace.parse().ok());
        Ok(Self(Arc::new(Inner {
            prefix: config.prefix.clone(),
            namespace,
            upstream: Upstream::new(config)?,
            store,
            immutable,
            refresh: config.refresh,
            manifest_bytes: limits.manifest_bytes,
            blob_bytes: limits.blob_bytes,
            counters: Counters::default(),
            tags: Believed::new(MOST_TAGS),
            missed: Believed::new(MOST_TAGS),
            by_tag: Flights::default(),
            by_digest: Flights::default(),
            tag_lists: Believed::new(MOST_LISTS),
            listing_tags: Flights::default(),
            referrers: Believed::new(MOST_LISTS),
            listing_referrers: Flights::default(),
            downloads: Downloads::default(),
            bound: config.max_bytes.map(|most| Bound::new(most, deeper)),
        })))
    }

    /// Which repositories are its own: all below this, or all that no other mirror has if it is empty.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    /// What it did so far.
    pub fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// What a repository is called there, if it is one of its own.
    fn upstream_name(&self, name: &RepositoryName) -> Option<RepositoryName> {
        let rest = match self.0.prefix.as_str() {
            "" => name.as_str(),
            prefix => name.as_str().strip_prefix(prefix)?.strip_prefix('/')?,
        };
        match &self.0.namespace {
            Some(namespace) => format!("{namespace}/{rest}").parse().ok(),
            None => rest.parse().ok(),
        }
    }

    /// As [`Mirror::upstream_name`], for a repository that was found to be its own.
    fn there(&self, name: &RepositoryName) -> Result<RepositoryName, MirrorError> {
        self.upstream_name(name).ok_or(MirrorError::Gone)
    }

    /// A failure, counted and told to the administrator.
    fn failed(&self, name: &RepositoryName, error: &MirrorError) {
        if !matches!(error, MirrorError::Gone) {
            Counters::add(&self.0.counters.errors, 1);
            tracing::warn!(repository = %name, upstream = %self.0.upstream, error = %error.told(), "pull-through failed");
        }
    }
}
