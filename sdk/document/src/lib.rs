//! Files that people write, as trees whose every part knows where it stands: so that what is wrong in one is said with its
//! line, and one part can be replaced without touching the rest.

#![forbid(unsafe_code)]

mod yaml;

pub use lanner_json::nearest;

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

/// Bytes of a file at most.
const MAX_BYTES: u64 = 16 << 20;

/// A file, and what stands in it.
#[derive(Debug)]
pub struct Document {
    /// Where it lies, as it was named.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What stands in it.
    pub root: Node,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it begins.
    pub at: Place,
    /// Its bytes in the text.
    pub span: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// A line and a column, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(String),
    /// Several, in order. Whether each stands on lines of its own.
    List(Vec<Node>, Layout),
    /// Several by name, in order.
    Map(Vec<(Key, Node)>, Layout),
}

/// How several parts are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Each on lines of its own.
    Block,
    /// In brackets.
    Flow,
}

/// A name in a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Where it begins.
    pub at: Place,
    /// The name.
    pub name: String,
}

/// Something is wrong in a document: a sentence, with where that is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Wrong {
    path: PathBuf,
    at: Place,
    what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, at: Place { line, column }, what } = self;
        match line {
            0 => write!(f, "{}: {what}", path.display()),
            _ => write!(f, "{}:{line}:{column}: {what}", path.display()),
        }
    }
}

impl Wrong {
    /// At a place of a file.
    pub fn new(path: &Path, at: Place, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), at, what: what.into() }
    }
}

/// Something is wrong at a place of the document that is being read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub at: Place,
    /// A sentence.
    pub what: String,
}

impl Problem {
    /// At this place.
    pub fn at(at: Place, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }

    /// In the file.
    pub fn in_file(self, path: &Path) -> Wrong {
        Wrong::new(path, self.at, self.what)
    }
}

impl Document {
    /// Reads a file: YAML, of which JSON is a part.
    ///
    /// # Errors
    /// It cannot be read, or is no YAML.
    pub fn read(path: &Path) -> Result<Self, Wrong> {
        Self::parse(path, Self::text_of(path)?)
    }

    fn text_of(path: &Path) -> Result<String, Wrong> {
        let unreadable =
            |error: std::io::Error| Wrong::new(path, Place::default(), format!("it cannot be read: {error}"));
        let size = std::fs::metadata(path).map_err(unreadable)?;
        if !size.is_file() || size.len() > MAX_BYTES {
            let what = format!("it is no file of at most {} MiB", MAX_BYTES >> 20);
            return Err(Wrong::new(path, Place::default(), what));
        }
        std::fs::read_to_string(path).map_err(unreadable)
    }

    /// From a text that stands in a file, or is called as one.
    ///
    /// # Errors
    /// It is no YAML.
    pub fn parse(path: &Path, text: String) -> Result<Self, Wrong> {
        let root = yaml::parse(&text).map_err(|problem| problem.in_file(path))?;
        Ok(Self { path: path.to_owned(), text, root })
    }

    /// Reads a file of which each part after a line `---` is a document.
    ///
    /// # Errors
    /// It cannot be read, or is no YAML.
    pub fn read_all(path: &Path) -> Result<Vec<Self>, Wrong> {
        Self::parse_all(path, &Self::text_of(path)?)
    }

    /// The same, from a text that stands in a file.
    ///
    /// # Errors
    /// It is no YAML.
    pub fn parse_all(path: &Path, text: &str) -> Result<Vec<Self>, Wrong> {
        let roots = yaml::all(text, None).map_err(|problem| problem.in_file(path))?;
        Ok(roots.into_iter().map(|root| Self { path: path.to_owned(), text: text.to_owned(), root }).collect())
    }

    /// From the line of this number, from 1, of a file of which each line is a document.
    ///
    /// # Errors
    /// It is no JSON or YAML.
    pub fn parse_line(path: &Path, text: String, number: usize) -> Result<Self, Wrong> {
        let mut root = yaml::parse(&text)
            .map_err(|problem| Problem { at: Place { line: number, ..problem.at }, ..problem }.in_file(path))?;
        root.stand_in_line(number);
        Ok(Self { path: path.to_owned(), text, root })
    }
}

impl Node {
    fn stand_in_line(&mut self, number: usize) {
        self.at.line = number;
        match &mut self.value {
            Value::List(items, _) => items.iter_mut().for_each(|item| item.stand_in_line(number)),
            Value::Map(members, _) => members.iter_mut().for_each(|(key, node)| {
                key.at.line = number;
                node.stand_in_line(number);
            }),
            _ => {}
        }
    }

    /// What it is, in a word or two.
    pub fn is(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(yes) => yes.to_string(),
            Value::Integer(number) => format!("the number {number}"),
            Value::Float(number) => format!("the number {number}"),
            Value::Text(text) => format!("the text {text:?}"),
            Value::List(..) => "a list".to_owned(),
            Value::Map(..) => "a map".to_owned(),
        }
    }

    /// A problem with it.
    pub fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::at(self.at, what)
    }

    /// It is not what stands here; `takes` says what does.
    pub fn unexpected(&self, name: &str, takes: &str) -> Problem {
        self.problem(format!("`{name}` takes {takes}, and not {}", self.is()))
    }

    /// Its text.
    ///
    /// # Errors
    /// It is none.
    pub fn text(&self, name: &str) -> Result<&str, Problem> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.unexpected(name, "a text")),
        }
    }

    /// Its items.
    ///
    /// # Errors
    /// It is no list.
    pub fn list(&self, name: &str) -> Result<&[Node], Problem> {
        match &self.value {
            Value::List(items, _) => Ok(items),
            _ => Err(self.unexpected(name, "a list")),
        }
    }

    /// Its members.
    ///
    /// # Errors
    /// It is no map.
    pub fn map(&self, name: &str) -> Result<&[(Key, Node)], Problem> {
        match &self.value {
            Value::Map(members, _) => Ok(members),
            _ => Err(self.unexpected(name, "a map")),
        }
    }

    /// The member of this name, where it is a map that has one.
    pub fn get(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(members, _) => members.iter().find(|(key, _)| key.name == name).map(|(_, node)| node),
            _ => None,
        }
    }

    /// As JSON.
    pub fn json(&self) -> Json {
        match &self.value {
            Value::Null => Json::Null,
            Value::Bool(yes) => (*yes).into(),
            Value::Integer(number) => match (u64::try_from(*number), i64::try_from(*number)) {
                (Ok(number), _) => number.into(),
                (_, Ok(number)) => number.into(),
                _ => (*number as f64).into(),
            },
            Value::Float(number) => (*number).into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items, _) => items.iter().map(Self::json).collect(),
            Value::Map(members, _) => members
                .iter()
                .map(|(key, node)| (key.name.clone(), node.json()))
                .collect::<lanner_json::Object>()
                .into(),
        }
    }
}

impl Key {
    /// No such name is known here; these are.
    pub fn unknown<'a>(&self, what: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
        let known: Vec<&str> = known.into_iter().collect();
        Problem::at(self.at, format!("there is no {what} {:?}{}", self.name, suggestion(&self.name, &known)))
    }
}

/// The rest of a sentence that says that a name is not known.
pub fn suggestion(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("; did you mean {near:?}?"),
        None if known.is_empty() => "; there are none".to_owned(),
        None => format!("; there are {}", known.join(", ")),
    }
}
