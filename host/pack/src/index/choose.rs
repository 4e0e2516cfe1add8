//! From what a user names to a version of a pack in an index; and how what is pinned stands against the indexes.

use std::fmt;
use std::str::FromStr;

use lanner_json::nearest;
use semver::Version;

use super::document::{Listed, Release};
use super::obtain::ObtainedIndex;
use crate::digest::Digest;
use crate::lock::Pin;
use crate::reference::Reference;

/// What a user names: `NAME[@VERSION]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The pack's name in an index.
    pub name: String,
    /// This version; where none is said, the newest.
    pub version: Option<Version>,
}

/// A version of a pack, and the index that has it.
#[derive(Clone, Copy, Debug)]
pub struct Chosen<'a> {
    /// The index.
    pub index: &'a ObtainedIndex,
    /// The pack.
    pub pack: &'a Listed,
    /// The version.
    pub release: &'a Release,
}

/// What a user names is not there.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// Not of that form.
    #[error("{text:?} is not written NAME or NAME@VERSION: {why}")]
    Form {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// No index has it.
    #[error("no known index has a pack {name:?}{}; `lanner pack search` shows what there is", meant(nearest.as_deref()))]
    Unknown {
        /// The name.
        name: String,
        /// What may be meant.
        nearest: Option<String>,
    },
    /// Several indexes have it.
    #[error("the pack {name:?} is in several indexes ({}); say which with --index", indexes.join(", "))]
    Several {
        /// The name.
        name: String,
        /// Theirs.
        indexes: Vec<String>,
    },
    /// There is no such version.
    #[error("the pack {name} has no version {version} in the index {index}; it has {}", has.join(", "))]
    Version {
        /// The name.
        name: String,
        /// The version.
        version: Version,
        /// The index.
        index: String,
        /// The newest ones that it has.
        has: Vec<String>,
    },
    /// No index of that name is known.
    #[error("no index {name:?} is known{}; `lanner pack index list` shows those that are", meant(nearest.as_deref()))]
    Index {
        /// The name.
        name: String,
        /// What may be meant.
        nearest: Option<String>,
    },
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; do you mean {name:?}?")).unwrap_or_default()
}

/// Versions that a sentence lists at most.
const MAX_LISTED: usize = 8;

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl FromStr for Wanted {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let wrong = |why: String| NameError::Form { text: text.chars().take(200).collect(), why };
        let (name, version) = text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)));
        if name.is_empty() {
            return Err(wrong("there is no name".to_owned()));
        }
        if name.contains("://") {
            return Err(wrong(format!("it is the name of a repository; pin one with `lanner pack update {name}`")));
        }
        let parsed = version.map(|version| version.strip_prefix('v').unwrap_or(version).parse::<Version>()).transpose();
        let version = parsed.map_err(|error| wrong(format!("a version is written 1.2.3 ({error})")))?;
        Ok(Self { name: name.to_owned(), version })
    }
}

/// Finds what a user names; where `only` is said, in that index alone.
///
/// # Errors
/// It is not there, or there are several.
pub fn choose<'a>(indexes: &'a [ObtainedIndex], wanted: &Wanted, only: Option<&str>) -> Result<Chosen<'a>, NameError> {
    let names = || indexes.iter().map(|known| known.index.name.as_str());
    if let Some(only) = only.filter(|only| !names().any(|name| name == *only)) {
        return Err(NameError::Index { name: only.to_owned(), nearest: nearest(only, names()).map(str::to_owned) });
    }
    let asked = || indexes.iter().filter(|known| only.is_none_or(|only| known.index.name == only));
    let name = &wanted.name;
    let found: Vec<_> = asked().filter_map(|index| Some((index, index.index.pack(name)?))).collect();
    let (index, pack) = match *found {
        [] => {
            let packs = asked().flat_map(|known| &known.index.packs).map(|pack| pack.name.as_str());
            return Err(NameError::Unknown { name: name.clone(), nearest: nearest(name, packs).map(str::to_owned) });
        }
        [one] => one,
        _ => {
            let indexes = found.iter().map(|(index, _)| index.index.name.clone()).collect();
            return Err(NameError::Several { name: name.clone(), indexes });
        }
    };
    let release = match &wanted.version {
        None => pack.newest(),
        Some(version) => pack.version(version).ok_or_else(|| NameError::Version {
            name: name.clone(),
            version: version.clone(),
            index: index.index.name.clone(),
            has: pack.versions.iter().take(MAX_LISTED).map(|release| release.version.to_string()).collect(),
        })?,
    };
    Ok(Chosen { index, pack, release })
}

/// How what is pinned stands against what the indexes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the newest.
    Current,
    /// There is a newer one.
    Outdated {
        /// The index that has it.
        index: String,
        /// The newest.
        newest: Version,
    },
    /// It is newer than all that the index has.
    Ahead {
        /// The index.
        index: String,
        /// The newest there.
        newest: Version,
    },
    /// The index has another pack under the version that is pinned: a version is to stay what it is.
    Replaced {
        /// The index.
        index: String,
        /// The digest there.
        digest: Digest,
    },
    /// No index has its repository.
    Unlisted,
}

/// How what is pinned under a name stands. It is known by its repository, as names may be the same in several indexes.
pub fn standing(indexes: &[ObtainedIndex], reference: &Reference, pin: &Pin) -> Standing {
    let mut packs =
        indexes.iter().flat_map(|known| known.index.packs.iter().map(move |pack| (&known.index.name, pack)));
    let Some((index, pack)) = packs.find(|(_, pack)| pack.repository == *reference.repository()) else {
        return Standing::Unlisted;
    };
    let index = index.clone();
    if let Some(same) = pack.version(&pin.version).filter(|release| release.digest != pin.digest) {
        return Standing::Replaced { index, digest: same.digest };
    }
    let newest = pack.newest().version.clone();
    match pin.version.cmp(&newest) {
        std::cmp::Ordering::Less => Standing::Outdated { index, newest },
        std::cmp::Ordering::Equal => Standing::Current,
        std::cmp::Ordering::Greater => Standing::Ahead { index, newest },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use lanner_trust::Verdict;

    use super::super::document::tests::{index, listed};
    use super::*;

    fn obtained(name: &str, packs: Vec<Listed>) -> ObtainedIndex {
        let verdict =
            Verdict { prefix: "h.example".into(), digest: String::new(), signers: Vec::new(), rejected: Vec::new() };
        let mut index = index(packs);
        index.name = name.to_owned();
        let reference = format!("oci://h.example/{name}").parse().expect("a name");
        ObtainedIndex { reference, digest: Digest::of(b"x"), index, verdict, asked: Timestamp::now() }
    }

    fn wanted(text: &str) -> Wanted {
        text.parse().expect("a name")
    }

    #[test]
    fn what_is_named_is_found_or_the_nearest_is_told() {
        let indexes = [
            obtained("ours", vec![listed("execution", &["1.1.0", "1.0.0"]), listed("both", &["1.0.0"])]),
            obtained("theirs", vec![listed("both", &["2.0.0"])]),
        ];
        let version = |name: &str, only: Option<&str>| {
            let chosen = choose(&indexes, &wanted(name), only).map_err(|error| error.to_string())?;
            Ok::<_, String>(chosen.release.version.to_string())
        };
        assert_eq!(version("execution", None), Ok("1.1.0".to_owned()));
        assert_eq!(version("execution@1.0.0", None), Ok("1.0.0".to_owned()));
        assert_eq!(version("execution@v1.0.0", None), Ok("1.0.0".to_owned()));
        assert_eq!(version("both", Some("theirs")), Ok("2.0.0".to_owned()));
        let refused = |name: &str, only: Option<&str>| version(name, only).expect_err("refused");
        assert!(refused("executoin", None).contains("do you mean \"execution\"?"));
        assert!(!refused("nothing-like-it", None).contains("do you mean"));
        assert!(refused("both", None).contains("(ours, theirs); say which with --index"));
        assert!(
            refused("execution@3.0.0", None).contains("has no version 3.0.0 in the index ours; it has 1.1.0, 1.0.0")
        );
        assert!(refused("both", Some("thiers")).contains("do you mean \"theirs\"?"));
        assert!(refused("execution", Some("theirs")).contains("no known index has a pack"));
    }

    #[test]
    fn what_is_no_name_is_told() {
        for (text, says) in [
            ("", "there is no name"),
            ("@1.0.0", "there is no name"),
            ("a@1", "a version is written 1.2.3"),
            ("oci://h/a", "lanner pack update oci://h/a"),
        ] {
            let error = text.parse::<Wanted>().expect_err("refused").to_string();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn what_is_pinned_stands_somehow() {
        let pack = listed("a", &["1.2.0", "1.1.0"]);
        let reference: Reference = "oci://h.example/team/a:1.1.0".parse().expect("a name");
        let indexes = [obtained("ours", vec![pack])];
        let stands = |version: &str, digest: &str| {
            let pin = Pin {
                digest: Digest::of(digest.as_bytes()),
                name: "a".to_owned(),
                version: version.parse().expect("a version"),
            };
            standing(&indexes, &reference, &pin)
        };
        let newest: Version = "1.2.0".parse().expect("a version");
        let index = "ours".to_owned();
        assert_eq!(stands("1.2.0", "1.2.0"), Standing::Current);
        assert_eq!(stands("1.1.0", "1.1.0"), Standing::Outdated { index: index.clone(), newest: newest.clone() });
        // What the index has forgotten, too.
        assert_eq!(stands("0.9.0", "0.9.0"), Standing::Outdated { index: index.clone(), newest: newest.clone() });
        assert_eq!(stands("2.0.0", "2.0.0"), Standing::Ahead { index: index.clone(), newest });
        let digest = Digest::of(b"1.1.0");
        assert_eq!(stands("1.1.0", "other"), Standing::Replaced { index, digest });
        let other: Reference = "oci://h.example/other/a:1.1.0".parse().expect("a name");
        let pin = Pin { digest, name: "a".to_owned(), version: Version::new(1, 1, 0) };
        assert_eq!(standing(&indexes, &other, &pin), Standing::Unlisted);
    }
}
