//! Names of repositories and tags, by the grammar of the specification. What parses may become a part of a path: no
//! component is empty, begins with a dot or an underscore, or holds a separator.

use std::fmt;
use std::str::FromStr;

use super::Digest;

/// How long a repository's name may be, in bytes: what clients allow for together with a host name.
pub const MAX_NAME: usize = 255;
/// How long a tag may be, in bytes.
const MAX_TAG: usize = 128;

/// The name of a repository: components of lower-case letters, digits and separators, joined by `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(Box<str>);

impl RepositoryName {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_component(text: &str) -> bool {
    let mut separator = String::new();
    let mut begun = false;
    for c in text.chars() {
        match c {
            'a'..='z' | '0'..='9' => {
                let joined =
                    matches!(separator.as_str(), "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-');
                if !joined || (!begun && !separator.is_empty()) {
                    return false;
                }
                separator.clear();
                begun = true;
            }
            '.' | '_' | '-' => separator.push(c),
            _ => return false,
        }
    }
    begun && separator.is_empty()
}

impl FromStr for RepositoryName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.len() <= MAX_NAME && text.split('/').all(is_component) {
            true => Ok(Self(text.into())),
            false => Err(()),
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(Box<str>);

impl Tag {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let well_formed = text.len() <= MAX_TAG
            && text.bytes().next().is_some_and(word)
            && text.bytes().all(|b| word(b) || b == b'.' || b == b'-');
        match well_formed {
            true => Ok(Self(text.into())),
            false => Err(()),
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a manifest is asked for by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// A name that may be moved.
    Tag(Tag),
    /// The content itself.
    Digest(Digest),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a", "a/b/c", "lanner/starter", "a.b", "a_b", "a__b", "a---b", "0/1", "a-b.c_d"] {
            assert!(name.parse::<RepositoryName>().is_ok(), "{name}");
        }
        let long = "a".repeat(MAX_NAME + 1);
        for name in [
            "", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", ".a", "a.", "_a", "a_", "-a", "..", "a/../b", "a%2fb",
            "ä", "a b", "a._b", &long,
        ] {
            assert!(name.parse::<RepositoryName>().is_err(), "{name}");
        }
    }

    #[test]
    fn tags() {
        for tag in ["1", "v1.0.0", "_x", "A-b_c.d", &"a".repeat(MAX_TAG)] {
            assert!(tag.parse::<Tag>().is_ok(), "{tag}");
        }
        for tag in ["", ".", "..", ".a", "-a", "a/b", "a:b", "a\0", "é", &"a".repeat(MAX_TAG + 1)] {
            assert!(tag.parse::<Tag>().is_err(), "{tag}");
        }
    }
}
