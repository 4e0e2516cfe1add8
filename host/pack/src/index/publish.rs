//! Putting versions of packs into an index, and taking packs out.

use lanner_json::nearest;

use super::document::{DocumentError, Listed, MAX_VERSIONS, PackIndex};
use crate::digest::Digest;
use crate::reference::Repository;

/// It cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The version is another pack already.
    #[error(
        "{name} {version} is in the index already, with the digest {listed}, and what is to be published has {new}: a version \
         stays what it is for whoever has pinned it; give this one another version"
    )]
    Taken {
        /// The pack.
        name: String,
        /// The version.
        version: String,
        /// The digest there.
        listed: Digest,
        /// The digest here.
        new: Digest,
    },
    /// A pack of that name is somewhere else.
    #[error(
        "the index has the pack {name} at {listed} already, and this one is at {new}: take the other one out with --delist {name}, or give this one another name"
    )]
    Elsewhere {
        /// The pack.
        name: String,
        /// Where it is.
        listed: Box<Repository>,
        /// Where this one is.
        new: Box<Repository>,
    },
    /// The index has no such pack.
    #[error("the index has no pack {name:?} to take out{}", nearest.as_ref().map(|name| format!("; do you mean {name:?}?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// What may be meant.
        nearest: Option<String>,
    },
    /// What comes out is no index.
    #[error("it cannot be listed: {0}")]
    Nonsense(#[from] DocumentError),
}

impl PackIndex {
    /// Lists a version: the pack as the index is to have it, with that version alone. What is said of the pack is that of its newest version; of versions the newest are kept.
    ///
    /// # Errors
    /// The version is listed as something else, the pack is elsewhere, or this makes no sense.
    pub fn list(&mut self, new: Listed) -> Result<(), ListError> {
        let place = self.packs.iter().position(|pack| pack.name == new.name);
        let Some(known) = place.map(|place| &mut self.packs[place]) else {
            self.packs.push(new);
            self.packs.sort_by(|one, other| one.name.cmp(&other.name));
            return Ok(self.check()?);
        };
        if known.repository != new.repository {
            let (name, listed) = (new.name, Box::new(known.repository.clone()));
            return Err(ListError::Elsewhere { name, listed, new: Box::new(new.repository) });
        }
        let mut versions = std::mem::take(&mut known.versions);
        for release in &new.versions {
            match versions.iter().find(|known| known.version == release.version) {
                Some(same) if same.digest != release.digest => {
                    let (name, version) = (new.name.clone(), release.version.to_string());
                    let (listed, new) = (same.digest, release.digest);
                    known.versions = versions;
                    return Err(ListError::Taken { name, version, listed, new });
                }
                Some(_) => {}
                None => versions.push(release.clone()),
            }
        }
        versions.sort_by(|one, other| other.version.cmp(&one.version));
        versions.truncate(MAX_VERSIONS);
        let describes =
            new.versions.first().zip(versions.first()).is_some_and(|(new, newest)| new.digest == newest.digest);
        match describes {
            true => *known = Listed { versions, ..new },
            false => known.versions = versions,
        }
        Ok(self.check()?)
    }

    /// Takes a pack out.
    ///
    /// # Errors
    /// It is not there.
    pub fn delist(&mut self, name: &str) -> Result<(), ListError> {
        let before = self.packs.len();
        self.packs.retain(|pack| pack.name != name);
        match self.packs.len() < before {
            true => Ok(()),
            false => {
                let nearest = nearest(name, self.packs.iter().map(|pack| pack.name.as_str())).map(str::to_owned);
                Err(ListError::Unknown { name: name.to_owned(), nearest })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document::tests::{index, listed};
    use super::*;

    fn versions(index: &PackIndex, name: &str) -> Vec<String> {
        index.pack(name).expect("it is there").versions.iter().map(|release| release.version.to_string()).collect()
    }

    #[test]
    fn the_newest_version_says_what_a_pack_is() {
        let mut index = index(Vec::new());
        let new = |version: &str, summary: &str| {
            let mut pack = listed("a", &[version]);
            pack.summary = summary.to_owned();
            pack
        };
        index.list(new("1.0.0", "first")).expect("listed");
        index.list(new("1.10.0", "third")).expect("listed");
        index.list(new("1.2.0", "second")).expect("listed");
        assert_eq!(versions(&index, "a"), ["1.10.0", "1.2.0", "1.0.0"]);
        assert_eq!(index.packs[0].summary, "third");
        // Again changes nothing.
        let before = index.clone();
        index.list(new("1.2.0", "second")).expect("listed");
        let again = new("1.10.0", "third");
        index.list(Listed { publisher: before.packs[0].publisher.clone(), ..again }).expect("listed");
        assert_eq!(index, before);
        index.list(listed("0b", &["0.1.0"])).expect("listed");
        assert_eq!(index.packs.iter().map(|pack| pack.name.as_str()).collect::<Vec<_>>(), ["0b", "a"]);
    }

    #[test]
    fn a_version_stays_what_it_is() {
        let mut index = index(vec![listed("a", &["1.0.0"])]);
        let before = index.clone();
        let mut other = listed("a", &["1.0.0"]);
        other.versions[0].digest = Digest::of(b"other");
        let error = index.list(other).expect_err("refused").to_string();
        assert!(error.contains("a version stays what it is"), "{error}");
        let mut elsewhere = listed("a", &["1.1.0"]);
        elsewhere.repository = "oci://h.example/other/a".parse().expect("a repository");
        let error = index.list(elsewhere).expect_err("refused").to_string();
        assert!(error.contains("--delist a"), "{error}");
        assert_eq!(index, before);
        assert!(index.delist("b").expect_err("refused").to_string().contains("no pack \"b\""));
        index.delist("a").expect("gone");
        assert_eq!(index.packs, []);
    }

    #[test]
    fn the_newest_versions_are_kept() {
        let mut index = index(Vec::new());
        for minor in 0..MAX_VERSIONS + 3 {
            index.list(listed("a", &[&format!("1.{minor}.0")])).expect("listed");
        }
        let versions = versions(&index, "a");
        assert_eq!((versions.len(), &*versions[0]), (MAX_VERSIONS, "1.258.0"));
    }
}
