//! What files say, value by value, each with where it stands.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use lanner_document::Place as At;

use crate::keys::{Key, Takes};
use lanner_trust::Secret;

/// A name of a key as it is written, in parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub(crate) Vec<String>);

/// A value, as an option takes it, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The value; of a secret where it lies.
    pub text: String,
    /// The file.
    pub file: Arc<PathBuf>,
    /// Where in it.
    pub at: At,
}

/// What all files together say of a key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: Name,
    /// The key.
    pub key: &'static Key,
    /// Its value; several of a list.
    pub values: Vec<Said>,
    /// Where the secret lies that it is.
    pub secret: Option<Secret>,
}

/// Where findings go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The file; stdout without.
    pub path: Option<PathBuf>,
    /// `text` or `json`.
    pub format: String,
    /// Where it stands.
    pub said: Said,
}

impl Name {
    /// Its parts.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The last of them.
    #[must_use]
    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }
}

impl fmt::Display for Name {
    /// As TOML has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str(".")?;
            }
            let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            match !part.is_empty() && part.chars().all(bare) {
                true => f.write_str(part)?,
                false => write!(f, "{part:?}")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Said {
    /// Where it stands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.at.line, self.at.column)
    }
}

impl Entry {
    /// Whether it is set to yes.
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.values.last().is_some_and(|said| said.text == "true")
    }

    /// What is shown of its values: of a secret nothing.
    #[must_use]
    pub fn shown(&self) -> Vec<String> {
        match self.key.takes {
            Takes::Secret => vec!["***".to_owned()],
            _ => self.values.iter().map(|said| said.text.clone()).collect(),
        }
    }

    /// Whether it says the same as another, wherever that stands.
    #[must_use]
    pub fn says_as(&self, other: &Self) -> bool {
        let texts = |entry: &Self| entry.values.iter().map(|said| said.text.clone()).collect::<Vec<_>>();
        texts(self) == texts(other)
    }
}

impl Output {
    /// Whether it is the same as another, wherever that stands.
    #[must_use]
    pub fn is_as(&self, other: &Self) -> bool {
        (&self.path, &self.format) == (&other.path, &other.format)
    }

    /// As people read it.
    #[must_use]
    pub fn shown(&self) -> String {
        match &self.path {
            None => format!("stdout, {}", self.format),
            Some(path) => format!("file {}, {}", path.display(), self.format),
        }
    }
}
