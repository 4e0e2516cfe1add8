//! Which packs there are, held in memory.
//!
//! The storage has the last word: each change that is told has what it touched read again, one at a time for a
//! repository. So whatever the order in which concurrent changes are told, the last of them finds what there is in the
//! end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};

use futures_util::StreamExt as _;
use lanner_artifact::{COMPONENT_MEDIA_TYPE, DESCRIPTION_ANNOTATION, Description};
use semver::Version as Semver;
use tokio::sync::{Mutex, MutexGuard};

use super::signatures::is_signature;
use super::{description, is_pack};
use crate::oci::{Digest, Manifest, RepositoryName, Tag};
use crate::store::{Store, StoreError, Stored};

/// How many locks the repositories share.
const TURNS: usize = 64;
/// How many repositories, and manifests of each, are read at once while it is built.
const AT_ONCE: usize = 4;
/// How many packs and signatures are known; more are left out, and answers say so.
const MAX_ENTRIES: usize = 100_000;
/// How much all that was said of packs may weigh, in bytes.
const MAX_WEIGHT: usize = 128 << 20;
/// When a pack was made.
const CREATED: &str = "org.opencontainers.image.created";

/// One version of a pack.
#[derive(Debug)]
pub(super) struct Version {
    /// Of the manifest.
    pub(super) digest: Digest,
    /// Of the component, in bytes.
    pub(super) size: u64,
    /// When it was made, as its manifest says.
    pub(super) created: Option<jiff::Timestamp>,
    /// What it says of itself, if that can be read.
    pub(super) description: Option<Description>,
    /// All words of the description, in lower case, to be searched.
    pub(super) words: String,
    /// Of what is said of it, in bytes.
    pub(super) weight: usize,
    semver: Option<Semver>,
}

impl Version {
    fn of(stored: &Stored, manifest: &Manifest) -> Self {
        let annotation = |key: &str| manifest.annotations.as_ref().and_then(|all| all.get(key));
        let component = manifest.layers.iter().flatten().find(|layer| layer.media_type == COMPONENT_MEDIA_TYPE);
        // What was pushed while nobody looked may be described wrongly; then it is not described.
        let description = description::check(manifest).ok().flatten();
        let words = description.as_ref().map(words).unwrap_or_default();
        let said = description.as_ref().and_then(|_| annotation(DESCRIPTION_ANNOTATION)).map_or(0, String::len);
        Self {
            digest: stored.digest.clone(),
            size: component.map_or(0, |layer| layer.size),
            created: annotation(CREATED).and_then(|text| text.parse().ok()),
            semver: description.as_ref().and_then(|description| Semver::parse(&description.version).ok()),
            weight: said + words.len(),
            words,
            description,
        }
    }

    /// By what the newest is found.
    fn age(&self) -> (Option<&Semver>, Option<jiff::Timestamp>, &Digest) {
        (self.semver.as_ref(), self.created, &self.digest)
    }
}

fn words(description: &Description) -> String {
    let mut words = vec![description.name.as_str(), &description.version, &description.summary];
    for rule in &description.rules {
        words.extend([rule.id.as_str(), &rule.summary, &rule.severity]);
        words.extend(rule.attack.iter().map(String::as_str));
    }
    words.extend(description.events.iter().map(String::as_str));
    words.join("\n").to_lowercase()
}

/// The packs of a repository.
#[derive(Debug, Default)]
struct Repository {
    versions: HashMap<Digest, Arc<Version>>,
    tags: BTreeMap<Tag, Digest>,
    /// Signatures, each with what it signs.
    signatures: BTreeMap<Digest, Digest>,
}

/// A version, with what stands around it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) version: Arc<Version>,
    /// In order.
    pub(super) tags: Vec<Tag>,
    /// What says to be a signature of it.
    pub(super) signatures: BTreeSet<Digest>,
}

impl Repository {
    fn is_empty(&self) -> bool {
        self.versions.is_empty() && self.signatures.is_empty()
    }

    /// The newest of those that a tag stands for, if there are any; else of all.
    fn newest(&self) -> Option<&Arc<Version>> {
        let tagged = self.tags.values().filter_map(|digest| self.versions.get(digest));
        tagged
            .max_by(|a, b| a.age().cmp(&b.age()))
            .or_else(|| self.versions.values().max_by(|a, b| a.age().cmp(&b.age())))
    }

    /// All versions, the newest first, those with tags before those without.
    fn listed(&self) -> Vec<Listed> {
        let mut tags: HashMap<&Digest, Vec<Tag>> = HashMap::new();
        for (tag, digest) in &self.tags {
            tags.entry(digest).or_default().push(tag.clone());
        }
        let mut signatures: HashMap<&Digest, BTreeSet<Digest>> = HashMap::new();
        for (signature, subject) in &self.signatures {
            signatures.entry(subject).or_default().insert(signature.clone());
        }
        let list = |version: &Arc<Version>| Listed {
            version: version.clone(),
            tags: tags.remove(&version.digest).unwrap_or_default(),
            signatures: signatures.remove(&version.digest).unwrap_or_default(),
        };
        let mut listed: Vec<Listed> = self.versions.values().map(list).collect();
        listed.sort_by(|a, b| {
            let order = |listed: &Listed| !listed.tags.is_empty();
            order(b).cmp(&order(a)).then_with(|| b.version.age().cmp(&a.version.age()))
        });
        listed
    }
}

/// What a manifest is to the index.
enum Kind {
    Pack(Arc<Version>),
    SignatureOf(Digest),
    Nothing,
}

#[derive(Default)]
struct Content {
    repositories: BTreeMap<RepositoryName, Repository>,
    entries: usize,
    weight: usize,
    left_out: bool,
}

/// Which packs there are.
pub(super) struct Index {
    content: RwLock<Content>,
    turns: [Mutex<()>; TURNS],
    hasher: RandomState,
    built: AtomicBool,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            content: RwLock::default(),
            turns: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            built: AtomicBool::new(false),
        }
    }
}

impl Index {
    /// Whether all that was there at the start has been read.
    pub(super) fn is_built(&self) -> bool {
        self.built.load(Ordering::Acquire)
    }

    /// Whether there is more than it holds.
    pub(super) fn has_left_out(&self) -> bool {
        self.content.read().expect("nobody panics with it").left_out
    }

    /// The names of repositories after `last` whose newest version is as wished, in order.
    pub(super) fn find(
        &self,
        last: Option<&str>,
        wished: impl Fn(&RepositoryName, &Version) -> bool,
    ) -> Vec<RepositoryName> {
        let content = self.content.read().expect("nobody panics with it");
        let after = content.repositories.iter().filter(|(name, _)| last.is_none_or(|last| name.as_str() > last));
        let found = after.filter(|(name, repository)| repository.newest().is_some_and(|newest| wished(name, newest)));
        found.map(|(name, _)| name.clone()).collect()
    }

    /// All versions of a repository, the newest first; `None` if it has no pack.
    pub(super) fn versions(&self, name: &RepositoryName) -> Option<Vec<Listed>> {
        let content = self.content.read().expect("nobody panics with it");
        let listed = content.repositories.get(name)?.listed();
        (!listed.is_empty()).then_some(listed)
    }

    /// Whether a tag stands for a pack.
    pub(super) fn has_tag(&self, name: &RepositoryName, tag: &Tag) -> bool {
        let content = self.content.read().expect("nobody panics with it");
        content.repositories.get(name).is_some_and(|repository| repository.tags.contains_key(tag))
    }

    async fn turn(&self, name: &RepositoryName) -> MutexGuard<'_, ()> {
        self.turns[self.hasher.hash_one(name) as usize % TURNS].lock().await
    }

    /// Reads a manifest again.
    pub(super) async fn refresh(&self, store: &Store, name: &RepositoryName, digest: &Digest) {
        if let Err(error) = self.read(store, name, digest).await {
            tracing::warn!(repository = %name, %digest, %error, "a manifest cannot be read; the list of packs may be wrong");
        }
    }

    /// Reads a tag again.
    pub(super) async fn refresh_tag(&self, store: &Store, name: &RepositoryName, tag: &Tag) {
        if let Err(error) = self.read_tag(store, name, tag).await {
            tracing::warn!(repository = %name, %tag, %error, "a tag cannot be read; the list of packs may be wrong");
        }
    }

    async fn read(&self, store: &Store, name: &RepositoryName, digest: &Digest) -> Result<(), StoreError> {
        let _turn = self.turn(name).await;
        let kind = match store.read_manifest(name, digest).await? {
            Some(stored) => kind(&stored),
            None => Kind::Nothing,
        };
        self.content.write().expect("nobody panics with it").set(name, digest, kind);
        Ok(())
    }

    async fn read_tag(&self, store: &Store, name: &RepositoryName, tag: &Tag) -> Result<(), StoreError> {
        let _turn = self.turn(name).await;
        let digest = store.tag(name, tag).await?;
        let mut content = self.content.write().expect("nobody panics with it");
        if let Some(repository) = content.repositories.get_mut(name) {
            match digest {
                Some(digest) if repository.versions.contains_key(&digest) => {
                    repository.tags.insert(tag.clone(), digest);
                }
                _ => {
                    repository.tags.remove(tag);
                }
            }
        }
        Ok(())
    }

    /// Reads all that the storage has, and forgets what it has not.
    pub(super) async fn build(&self, store: &Store) {
        let mut names: BTreeSet<RepositoryName> = match store.repositories().await {
            Ok(names) => names.into_iter().collect(),
            Err(error) => {
                tracing::error!(%error, "the repositories cannot be listed; the list of packs is incomplete");
                return;
            }
        };
        names.extend(self.content.read().expect("nobody panics with it").repositories.keys().cloned());
        let walk = async |name: RepositoryName| {
            if let Err(error) = self.build_repository(store, &name).await {
                tracing::warn!(repository = %name, %error, "a repository cannot be read; the list of packs is incomplete");
            }
        };
        futures_util::stream::iter(names).for_each_concurrent(AT_ONCE, walk).await;
        self.built.store(true, Ordering::Release);
    }

    async fn build_repository(&self, store: &Store, name: &RepositoryName) -> Result<(), StoreError> {
        let there: BTreeSet<Digest> = store.manifests(name).await?.into_iter().collect();
        let (known, mut tags) = self.content.read().expect("nobody panics with it").known(name);
        // A manifest never changes: only what came and what went is read.
        let changed = there.symmetric_difference(&known);
        futures_util::stream::iter(changed)
            .for_each_concurrent(AT_ONCE, |digest| self.refresh(store, name, digest))
            .await;
        tags.extend(store.tags(name).await?);
        futures_util::stream::iter(&tags).for_each_concurrent(AT_ONCE, |tag| self.refresh_tag(store, name, tag)).await;
        Ok(())
    }
}

fn kind(stored: &Stored) -> Kind {
    // What cannot be read now could when it was pushed: by a version that knew more.
    let Ok((manifest, _)) = Manifest::parse(&stored.bytes, &stored.media_type) else { return Kind::Nothing };
    match &manifest.subject {
        Some(subject) if is_signature(manifest.kind()) => Kind::SignatureOf(subject.digest.clone()),
        _ if is_pack(&manifest) => Kind::Pack(Arc::new(Version::of(stored, &manifest))),
        _ => Kind::Nothing,
    }
}

impl Content {
    fn known(&self, name: &RepositoryName) -> (BTreeSet<Digest>, BTreeSet<Tag>) {
        let Some(repository) = self.repositories.get(name) else { return Default::default() };
        let digests = repository.versions.keys().chain(repository.signatures.keys()).cloned();
        (digests.collect(), repository.tags.keys().cloned().collect())
    }

    /// Has a manifest be this, whatever it was.
    fn set(&mut self, name: &RepositoryName, digest: &Digest, kind: Kind) {
        self.forget(name, digest);
        let weight = match &kind {
            Kind::Pack(version) => version.weight,
            Kind::SignatureOf(_) => 0,
            Kind::Nothing => {
                self.drop_tags_and_empty(name, digest);
                return;
            }
        };
        if self.entries >= MAX_ENTRIES || self.weight + weight > MAX_WEIGHT {
            if !self.left_out {
                tracing::warn!(repository = %name, "there are more packs than can be listed");
            }
            self.left_out = true;
            self.drop_tags_and_empty(name, digest);
            return;
        }
        self.entries += 1;
        self.weight += weight;
        let repository = self.repositories.entry(name.clone()).or_default();
        match kind {
            Kind::Pack(version) => drop(repository.versions.insert(digest.clone(), version)),
            Kind::SignatureOf(subject) => drop(repository.signatures.insert(digest.clone(), subject)),
            Kind::Nothing => {}
        }
    }

    fn forget(&mut self, name: &RepositoryName, digest: &Digest) {
        let Some(repository) = self.repositories.get_mut(name) else { return };
        if let Some(version) = repository.versions.remove(digest) {
            self.entries -= 1;
            self.weight -= version.weight;
        }
        if repository.signatures.remove(digest).is_some() {
            self.entries -= 1;
        }
    }

    fn drop_tags_and_empty(&mut self, name: &RepositoryName, digest: &Digest) {
        let Some(repository) = self.repositories.get_mut(name) else { return };
        repository.tags.retain(|_, stands_for| stands_for != digest);
        if repository.is_empty() {
            self.repositories.remove(name);
        }
    }
}
