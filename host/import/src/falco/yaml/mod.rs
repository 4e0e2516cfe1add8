//! What stands in files of Falco's rules.

mod reader;

use std::path::PathBuf;

use lanner_document::{Document, Node, Place, Problem, Value, Wrong};
use reader::Reader;

/// Items of all files at most.
const MAX_ITEMS: usize = 20_000;

/// Something in a file.
#[derive(Clone, Debug)]
pub enum Item {
    /// A list.
    List(List),
    /// A macro.
    Macro(Macro),
    /// A rule, or a change to one.
    Rule(Box<Rule>),
    /// Which version of Falco's engine is needed.
    EngineVersion(Spot, String),
    /// Which plugins are needed.
    Plugins(Vec<String>),
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// In which file.
    pub path: PathBuf,
    /// Where.
    pub at: Place,
}

/// A text, and where each part of it stands.
#[derive(Clone, Debug)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Where it begins.
    pub spot: Spot,
    /// As it stands in the file, where it begins there.
    source: String,
}

/// A list.
#[derive(Clone, Debug)]
pub struct List {
    /// Where it stands.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// Its items, as they are written.
    pub items: Vec<String>,
    /// Whether they are added to those of before.
    pub append: bool,
}

/// A macro.
#[derive(Clone, Debug)]
pub struct Macro {
    /// Where it stands.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// Its condition.
    pub condition: Written,
    /// Whether it is added to that of before.
    pub append: bool,
}

/// What is said of a rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where it stands.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// Each with what is done with what was said before.
    pub condition: Option<Written>,
    /// What a finding says.
    pub output: Option<Written>,
    /// What it is for.
    pub desc: Option<String>,
    /// How bad a finding is.
    pub priority: Option<(Spot, String)>,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Exceptions.
    pub exceptions: Option<Vec<Exception>>,
    /// Whether it is on.
    pub enabled: Option<bool>,
    /// Where its events come from.
    pub source: Option<String>,
    /// Whether it may be left out where a field is not known.
    pub skip_if_unknown: Option<bool>,
    /// How it changes the rule of before; it is a new one where nothing is said.
    pub change: Change,
}

/// How a rule changes one of before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// It takes its place.
    #[default]
    Replace,
    /// Its condition and exceptions are added.
    Append,
    /// Each of these keys is added to, or (`true`) replaced.
    Override(Vec<(String, bool)>),
}

/// An exception of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Where it stands.
    pub spot: Spot,
    /// Its name.
    pub name: String,
    /// One field, or several together.
    pub fields: Option<OneOrMore>,
    /// How each is compared.
    pub comps: Option<OneOrMore>,
    /// What with.
    pub values: Vec<Entry>,
}

/// One, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

/// A value of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A text.
    Text(String),
    /// Several.
    List(Vec<Entry>),
}

/// Whether a document is one of Falco's rules: a list, in which one item is a rule, a macro, a list or a required version.
#[must_use]
pub fn is_falco(root: &Node) -> bool {
    const KEYS: [&str; 5] = ["rule", "macro", "list", "required_engine_version", "required_plugin_versions"];
    let Value::List(items, _) = &root.value else { return false };
    items.iter().any(|item| KEYS.iter().any(|key| item.get(key).is_some()))
}

/// Reads a file's items, each or why it cannot be understood: where, and what to do.
#[must_use]
pub fn read(document: &Document) -> Vec<Result<Item, Wrong>> {
    let reader = Reader { path: &document.path, text: &document.text };
    let wrong = |problem: Problem| problem.in_file(&document.path);
    match reader.items(&document.root) {
        Ok(items) => items.iter().map(|item| reader.item(item).map_err(wrong)).collect(),
        Err(problem) => vec![Err(wrong(problem))],
    }
}

impl Written {
    /// Where a byte of the text stands in the file. A text on several lines has other blanks there than in itself, and the same
    /// of everything else: what is not blank is counted.
    #[must_use]
    pub fn spot_of(&self, byte: usize) -> Spot {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let wanted = before.chars().filter(|c| !c.is_whitespace()).count();
        let head = match self.source.chars().next() {
            // What says how a text stands on lines (`>-`, `|2`) ends with its line.
            Some('>' | '|') => self.source.find('\n').map_or(self.source.len(), |end| end + 1),
            Some('"' | '\'') => 1,
            _ => 0,
        };
        let Place { mut line, mut column } = self.spot.at;
        let mut seen = 0;
        for (at, c) in self.source.char_indices() {
            if at >= head && !c.is_whitespace() {
                if seen == wanted {
                    break;
                }
                seen += 1;
            }
            match c {
                '\n' => {
                    line += 1;
                    column = 1;
                }
                _ => column += 1,
            }
        }
        Spot { path: self.spot.path.clone(), at: Place { line, column } }
    }
}

impl Spot {
    /// Something is wrong there.
    #[must_use]
    pub fn wrong(&self, what: impl Into<String>) -> Wrong {
        Wrong::new(&self.path, self.at, what)
    }
}
