//! What every request needs.

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::{Access, AccessConfig};
use crate::config::{Http, Limits, Tags};
use crate::mirror::Mirrors;
use crate::oci::{RepositoryName, Tag};
use crate::packs::{Packs, PacksConfig};
use crate::store::Store;

/// A registry that answers requests.
pub struct Registry {
    /// Where its content is.
    pub store: Store,
    /// Who may do what.
    pub access: Access,
    /// What a request may cost.
    pub limits: Limits,
    /// Which repositories are other registries'.
    pub mirror: Mirrors,
    /// Which tags stay what they are.
    pub immutable: Immutable,
    /// What is known of rule packs.
    pub packs: Packs,
    /// Room for manifests that are just being pushed.
    pub pushing: Pushing,
    /// Whether a manifest is only taken with all that it is made of.
    pub whole: bool,
    /// Whether nothing may be changed.
    pub read_only: bool,
}

impl Registry {
    /// One that anybody may change: what a configuration forbids is set afterwards.
    pub fn open(store: Store) -> Self {
        let access = Access::open(&AccessConfig::default(), &Http::default(), store.root());
        Self {
            store,
            access: access.expect("nobody is asked who they are"),
            limits: Limits::default(),
            mirror: Mirrors::default(),
            immutable: Immutable::default(),
            packs: Packs::new(&PacksConfig::default(), None).expect("no key is named"),
            pushing: Pushing::default(),
            whole: false,
            read_only: false,
        }
    }
}

/// Room in memory for manifests that are being pushed: each is held whole until its digest is known.
pub struct Pushing(Semaphore);

/// A part of the room, until it is dropped.
pub(crate) type Held<'a> = SemaphorePermit<'a>;

impl Default for Pushing {
    fn default() -> Self {
        /// For 32 of the longest, and thousands as long as most are.
        const ROOM: usize = 256 << 20;
        Self::of(ROOM)
    }
}

impl Pushing {
    /// How much a part of the room is, in bytes.
    pub(crate) const PART: usize = 16 << 10;

    /// So many bytes in all.
    pub fn of(bytes: usize) -> Self {
        Self(Semaphore::new(bytes / Self::PART))
    }

    /// One more part. None is waited for: those who hold some may be waiting for more themselves.
    pub(crate) fn part(&self) -> Option<Held<'_>> {
        self.0.try_acquire().ok()
    }
}

/// Which tags stay what they are.
#[derive(Clone, Debug, Default)]
pub struct Immutable(Tags);

impl Immutable {
    /// By the patterns of the configuration.
    pub fn new(tags: Tags) -> Self {
        Self(tags)
    }

    /// Whether a tag stays what it is.
    pub fn covers(&self, name: &RepositoryName, tag: &Tag) -> bool {
        if self.0.immutable.is_empty() {
            return false;
        }
        let full = format!("{name}:{tag}");
        let matched = |patterns: &[String]| patterns.iter().any(|pattern| matches(pattern, &full));
        matched(&self.0.immutable) && !matched(&self.0.mutable)
    }
}

/// Whether a text is what a pattern says, where `*` stands for any text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text) in
            [("*:*", "a/b:1"), ("team/*:v*", "team/a:v1"), ("a:1", "a:1"), ("*", ""), ("a*b*c", "aXbYbc")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a:1", "a:12"), ("team/*:v*", "other/a:v1"), ("a*a", "a"), ("a*b*c", "acb"), ("", "a")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
