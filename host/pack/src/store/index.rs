//! What the store knows of the names of packs, and which packs and signatures it has.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{Store, StoreError};
use crate::digest::Digest;
use crate::reference::Reference;

/// The form of the file.
const SCHEMA: u32 = 1;
const FILE: &str = "index.json";

/// What the store knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    schema: u32,
    /// What names led to.
    #[serde(default)]
    pub references: BTreeMap<String, Known>,
    /// The packs that are there, by the digests of their manifests.
    #[serde(default)]
    pub packs: BTreeMap<String, Entry>,
    /// The indexes of packs that are known, by their names in registries.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, KnownIndex>,
}

/// An index of packs that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownIndex {
    /// What it calls itself.
    pub name: String,
    /// The manifest that was taken last.
    pub digest: Digest,
    /// When that was published: nothing older takes its place.
    pub published: Timestamp,
    /// When the registry was asked last.
    pub asked: Timestamp,
    /// All blobs that belong to it.
    pub blobs: BTreeSet<Digest>,
    /// The manifests of its signatures.
    pub signatures: BTreeSet<Digest>,
    /// It is not asked any more; what was taken last is remembered, for when it is added again.
    #[serde(default)]
    pub removed: bool,
}

impl KnownIndex {
    /// For how long nobody was asked, in words.
    pub fn age(&self) -> String {
        age(self.asked)
    }
}

/// How long ago that was, as people say it.
pub fn age(time: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(time).as_secs().max(0);
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// What a name led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The manifest it led to last.
    pub digest: Digest,
    /// When.
    pub resolved: Timestamp,
    /// The last that was accepted under that name: verified, and no older than the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
}

/// A pack that was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Its manifest.
    pub digest: Digest,
    /// Its version, as the component says it.
    pub version: semver::Version,
    /// Its name, as the component says it; an older lanner did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The ids of its rules; likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// A pack that is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its component.
    pub component: Digest,
    /// Bytes of all that belongs to it.
    pub size: u64,
    /// All blobs that belong to it: config, signatures and what these consist of.
    pub blobs: BTreeSet<Digest>,
    /// The manifests of its signatures.
    #[serde(default)]
    pub signatures: BTreeSet<Digest>,
    /// When it was last pulled or run.
    pub used: Timestamp,
}

impl Default for Index {
    fn default() -> Self {
        Self { schema: SCHEMA, references: BTreeMap::new(), packs: BTreeMap::new(), indexes: BTreeMap::new() }
    }
}

impl Index {
    /// What the name led to.
    pub fn known(&self, reference: &Reference) -> Option<&Known> {
        self.references.get(&reference.to_string())
    }

    /// The pack with this manifest.
    pub fn pack(&self, digest: Digest) -> Option<&Entry> {
        self.packs.get(&digest.to_string())
    }

    /// The manifests of the signatures that are there of a pack's manifest, or of an index's.
    pub fn signatures(&self, digest: Digest) -> Option<&BTreeSet<Digest>> {
        let of_index = || self.indexes.values().find(|known| known.digest == digest).map(|known| &known.signatures);
        self.pack(digest).map(|entry| &entry.signatures).or_else(of_index)
    }

    /// Notes what the name leads to now.
    pub fn note(&mut self, reference: &Reference, digest: Digest) {
        let now = Timestamp::now();
        let known = self.references.entry(reference.to_string());
        let known = known.or_insert(Known { digest, resolved: now, accepted: None });
        (known.digest, known.resolved) = (digest, now);
    }

    /// Notes that what the name leads to was accepted.
    pub fn accept(&mut self, reference: &Reference, accepted: Accepted) {
        self.note(reference, accepted.digest);
        if let Some(known) = self.references.get_mut(&reference.to_string()) {
            known.accepted = Some(accepted);
        }
    }

    /// Notes that the pack is used now.
    pub fn touch(&mut self, digest: Digest) {
        if let Some(entry) = self.packs.get_mut(&digest.to_string()) {
            entry.used = Timestamp::now();
        }
    }
}

impl Store {
    /// What the store knows now.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn index(&self) -> Result<Index, StoreError> {
        let path = self.folder.join(FILE);
        let bytes = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Index::default()),
            read => read.map_err(|error| self.failed(&error))?,
        };
        let broken = |why: String| {
            self.unusable(format!("its {FILE} {why}; remove that file to begin anew, which forgets what was accepted"))
        };
        let index: Index = serde_json::from_slice(&bytes).map_err(|error| broken(format!("is damaged: {error}")))?;
        match index.schema {
            SCHEMA => Ok(index),
            other => Err(broken(format!("has the form {other}, of another lanner"))),
        }
    }

    /// Changes the index; others wait meanwhile.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Index) -> T) -> Result<T, StoreError> {
        let lock = self.lock_file("index.lock")?;
        lock.lock().map_err(|error| self.failed(&error))?;
        let mut index = self.index()?;
        let before = index.clone();
        let outcome = change(&mut index);
        if index != before {
            let text = serde_json::to_vec_pretty(&index).map_err(|error| self.unusable(error.to_string()))?;
            let failed = |error: std::io::Error| self.failed(&error);
            let mut file = NamedTempFile::with_prefix_in(".new-", &self.folder).map_err(failed)?;
            file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
            file.persist(self.folder.join(FILE)).map_err(|error| failed(error.error))?;
        }
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_write_at_once_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let path = path.clone();
                std::thread::spawn(move || {
                    let store = Store::open(Some(&path)).unwrap();
                    for tag in 0..8 {
                        let reference = format!("oci://h/a{number}:{tag}").parse().unwrap();
                        store.change(|index| index.note(&reference, Digest::of(b"x"))).unwrap();
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(Store::open(Some(&path)).unwrap().index().unwrap().references.len(), 64);
    }

    #[test]
    fn a_new_digest_leaves_what_was_accepted() {
        let mut index = Index::default();
        let reference: Reference = "oci://h/a:1".parse().unwrap();
        let accepted = Accepted {
            digest: Digest::of(b"1"),
            version: semver::Version::new(1, 0, 0),
            name: None,
            rules: Vec::new(),
        };
        index.accept(&reference, accepted.clone());
        index.note(&reference, Digest::of(b"2"));
        let known = index.known(&reference).unwrap();
        assert_eq!((known.digest, known.accepted.as_ref()), (Digest::of(b"2"), Some(&accepted)));
    }
}
