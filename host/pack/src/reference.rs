//! How packs are named on the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::digest::Digest;

/// The tag where none is given.
const DEFAULT_TAG: &str = "latest";
/// Characters of a repository's name at most, as registries bound it.
const MAX_NAME: usize = 255;
/// Characters of a tag at most (OCI distribution specification).
const MAX_TAG: usize = 128;

/// Where a pack is: a path, or in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locator {
    /// A file, or a folder.
    Path(PathBuf),
    /// In a registry.
    Registry(Reference),
}

/// A pack in a registry: `oci://host[:port]/name[:tag|@sha256:…]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference {
    repository: Repository,
    version: Version,
}

/// A repository of a registry: `oci://host[:port]/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository {
    /// Host and port.
    registry: String,
    name: String,
}

/// Which of the packs in a repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// The one that the registry has under this tag at the time.
    Tag(String),
    /// This one for ever.
    Digest(Digest),
}

/// A text does not name a pack.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} does not name a pack: {why}; write oci://host[:port]/name[:tag|@sha256:…]")]
pub struct ReferenceError {
    text: String,
    why: String,
}

impl Reference {
    /// The pack with this digest in the repository.
    pub fn of_digest(repository: Repository, digest: Digest) -> Self {
        Self { repository, version: Version::Digest(digest) }
    }

    /// The pack under this tag in the repository.
    ///
    /// # Errors
    /// It is not a tag.
    pub fn of_tag(repository: Repository, tag: &str) -> Result<Self, ReferenceError> {
        let wrong = |why| ReferenceError { text: tag.to_owned(), why };
        check_tag(tag).map_err(wrong)?;
        Ok(Self { repository, version: Version::Tag(tag.to_owned()) })
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Which pack in it.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The tag, where it is named by one.
    pub fn tag(&self) -> Option<&str> {
        match &self.version {
            Version::Tag(tag) => Some(tag),
            Version::Digest(_) => None,
        }
    }
}

impl Repository {
    /// Host and port of the registry.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The name in the registry.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Registry and name, as trust policies name it: `host[:port]/name`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.registry, self.name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}/{}", self.registry, self.name)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Version::Tag(tag) => write!(f, "{}:{tag}", self.repository),
            Version::Digest(digest) => write!(f, "{}@{digest}", self.repository),
        }
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Registry(reference) => reference.fmt(f),
        }
    }
}

impl FromStr for Locator {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if let Some(path) = text.strip_prefix("file://") {
            if !path.starts_with('/') {
                let why = "file:// is followed by an absolute path, as in file:///etc/lanner/rules".to_owned();
                return Err(ReferenceError { text: text.to_owned(), why });
            }
            return Ok(Self::Path(path.into()));
        }
        match text.split_once("://") {
            Some(_) => text.parse().map(Self::Registry),
            None => Ok(Self::Path(text.into())),
        }
    }
}

impl FromStr for Repository {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        match split(text)? {
            (repository, None) => Ok(repository),
            (_, Some(_)) => {
                let why = "a repository is meant, without tag and digest".to_owned();
                Err(ReferenceError { text: text.to_owned(), why })
            }
        }
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let (repository, version) = split(text)?;
        let version = version.unwrap_or_else(|| Version::Tag(DEFAULT_TAG.to_owned()));
        Ok(Self { repository, version })
    }
}

impl Serialize for Reference {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Reference {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Repository {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Repository {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

fn split(text: &str) -> Result<(Repository, Option<Version>), ReferenceError> {
    let wrong = |why: String| ReferenceError { text: text.chars().take(400).collect(), why };
    let rest = text.strip_prefix("oci://").ok_or_else(|| wrong("it does not begin with oci://".to_owned()))?;
    let (registry, rest) = rest.split_once('/').ok_or_else(|| wrong("no name follows the host".to_owned()))?;
    check_registry(registry).map_err(wrong)?;
    let (rest, digest) = match rest.split_once('@') {
        None => (rest, None),
        Some((rest, digest)) => {
            let digest = digest.parse::<Digest>().map_err(|error| wrong(error.to_string()))?;
            (rest, Some(Version::Digest(digest)))
        }
    };
    let (name, tag) = match rest.split_once(':') {
        None => (rest, None),
        Some((name, tag)) => {
            check_tag(tag).map_err(wrong)?;
            (name, Some(Version::Tag(tag.to_owned())))
        }
    };
    if digest.is_some() && tag.is_some() {
        return Err(wrong("it has both a tag and a digest, and the digest alone says which".to_owned()));
    }
    check_name(name).map_err(wrong)?;
    // One host by two spellings is one host.
    let repository = Repository { registry: registry.to_ascii_lowercase(), name: name.to_owned() };
    Ok((repository, digest.or(tag)))
}

/// A host name, an IPv4 address or an IPv6 address in brackets, with a port or without.
pub(super) fn check_registry(text: &str) -> Result<(), String> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    // Digits alone: `+80` is a number too.
    let number =
        |port: &str| port.bytes().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port != 0);
    if port.is_some_and(|port| !number(port)) {
        return Err(format!("{text:?} has a port that is not a number of 1 to 65535"));
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => Err(format!("{host:?} is not an IPv6 address")),
        };
    }
    let label = |label: &str| {
        let sound = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
        !label.is_empty() && label.bytes().all(sound) && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(format!("{host:?} is not a host name"));
    }
    Ok(())
}

/// Parts of lower-case letters and digits with `.`, `_`, `__` or dashes between, and `/` between the parts.
fn check_name(name: &str) -> Result<(), String> {
    let alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        let words: Vec<&str> = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).collect();
        let between = words.iter().all(|gap| matches!(*gap, "" | "." | "_" | "__") || gap.bytes().all(|c| c == b'-'));
        between && part.bytes().next().is_some_and(alphanumeric) && part.bytes().next_back().is_some_and(alphanumeric)
    };
    if name.len() > MAX_NAME {
        return Err(format!("its name has {} characters, and {MAX_NAME} are allowed", name.len()));
    }
    if !name.split('/').all(part) {
        return Err(format!(
            "{name:?} is not a repository's name (lower-case letters, digits, and . _ - / between them)"
        ));
    }
    Ok(())
}

fn check_tag(tag: &str) -> Result<(), String> {
    let sound = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b'-');
    if tag.is_empty() || tag.len() > MAX_TAG || !tag.bytes().all(sound) || tag.starts_with(['.', '-']) {
        return Err(format!("{tag:?} is not a tag (up to {MAX_TAG} letters, digits and _ . -)"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn names_of_packs() {
        let reference: Reference = "oci://registry.example.org:5000/team/linux-baseline:1.2".parse().unwrap();
        assert_eq!(reference.repository().registry(), "registry.example.org:5000");
        assert_eq!(reference.repository().name(), "team/linux-baseline");
        assert_eq!(reference.tag(), Some("1.2"));
        let reference: Reference = "oci://[::1]:5000/a".parse().unwrap();
        assert_eq!((reference.repository().registry(), reference.tag()), ("[::1]:5000", Some("latest")));
        let text = format!("oci://h/a__b.c--d@{DIGEST}");
        assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "oci://",
            "oci://h",
            "oci://h/",
            "oci:///a",
            "oci://h/A",
            "oci://h/a:",
            "oci://h/a:-x",
            "oci://h/../etc",
            "oci://h/a//b",
            "oci://h/a/",
            "oci://h/a@sha256:00",
            "oci://h:0/a",
            "oci://h:65536/a",
            "oci://h:/a",
            "oci://u@h/a",
            "oci://h_/a",
            "oci://-h/a",
            "oci://[::x]/a",
            "oci://h/a._b",
            "oci://h/a?x",
            "oci://h/a b",
            "oci://h/a:1:2",
            "oci://h/a:\u{e9}",
            "https://h/a",
            "oci://h:+80/a",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
        assert!(format!("oci://h/a:1@{DIGEST}").parse::<Reference>().unwrap_err().to_string().contains("both"));
        assert!(format!("oci://h/{}", "a".repeat(256)).parse::<Reference>().is_err());
        assert!("oci://h/a:1".parse::<Repository>().is_err());
    }

    #[test]
    fn paths_and_registries_are_told_apart() {
        assert_eq!("rules/a.wasm".parse::<Locator>().unwrap(), Locator::Path("rules/a.wasm".into()));
        assert_eq!("file:///a b".parse::<Locator>().unwrap(), Locator::Path("/a b".into()));
        assert!("file://a".parse::<Locator>().is_err());
        assert!(matches!("oci://h/a".parse::<Locator>().unwrap(), Locator::Registry(_)));
        assert!("http://h/a".parse::<Locator>().is_err());
    }
}
