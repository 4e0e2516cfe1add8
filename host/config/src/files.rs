//! The files: found, read, put together, and checked as a whole.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lanner_document::{Key as Written, Node, Place as At, Problem, Wrong, suggestion};
use lanner_watch::Facts;

use crate::keys::{KEYS, Key, OUTPUT, Takes};
use crate::said::{Entry, Name, Output, Said};
use crate::tree;
use crate::value::{self, Read, is_label_name};

/// The folder where a configuration lies when nothing is said.
pub const DEFAULT: &str = "/etc/lanner";
/// The first file in it, and the folder in it whose files come next.
pub const FILE: &str = "lanner.toml";
/// Likewise.
pub const FOLDER: &str = "conf.d";
/// Bytes of a file, and files in the folder.
const MAX_BYTES: u64 = 1 << 20;
const MAX_FILES: usize = 256;
/// Values in all, outputs, and labels.
const MAX_VALUES: usize = 4096;
const MAX_OUTPUTS: usize = 64;
const MAX_LABELS: usize = 32;

/// Where a configuration lies: a file, or a folder with `lanner.toml` and `conf.d/*.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    path: PathBuf,
}

/// Which files there are, and as of when: another where one of them changed.
pub type Stamp = Vec<(PathBuf, Option<Facts>)>;

/// What is wrong with a configuration. None of it holds then.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or folder cannot be read, or others may write to it.
    #[error("the configuration {path} cannot be used: {error}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no file in the folder.
    #[error("there is no configuration in {path}: write {FILE} there, or name a file", path = path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// What it says is wrong: a sentence with file, line and column.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// There is too much of it.
    #[error("there are {count} {what} in the configuration, and {most} at most")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
}

/// What all files say.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The files, in the order in which they count.
    pub files: Vec<PathBuf>,
    entries: BTreeMap<Name, Entry>,
    /// Where findings go.
    pub outputs: Vec<Output>,
}

impl Place {
    /// Of this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The usual one, where there is a configuration.
    #[must_use]
    pub fn usual() -> Option<Self> {
        Path::new(DEFAULT).join(FILE).exists().then(|| Self::new(DEFAULT))
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files, in the order in which they count.
    fn files(&self) -> Result<Vec<PathBuf>, ConfigError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| ConfigError::Read { path, error }
        };
        if !self.path.metadata().map_err(failed(&self.path))?.is_dir() {
            return Ok(vec![self.path.clone()]);
        }
        let first = self.path.join(FILE);
        let mut files = if first.exists() { vec![first] } else { Vec::new() };
        let folder = self.path.join(FOLDER);
        let entries = match folder.read_dir() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(files),
            entries => entries.map_err(failed(&folder))?,
        };
        let mut more = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed(&folder))?.path();
            let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !hidden && path.extension().is_some_and(|extension| extension == "toml") {
                more.push(path);
            }
        }
        if more.len() > MAX_FILES {
            return Err(ConfigError::TooMuch { what: "files", count: more.len(), most: MAX_FILES });
        }
        more.sort();
        files.append(&mut more);
        Ok(files)
    }

    /// As of when it is.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let stamp = |path: PathBuf| {
            let facts = Facts::of(&path);
            (path, facts)
        };
        // What else comes and goes in the folder does not matter.
        self.files().unwrap_or_default().into_iter().map(stamp).collect()
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// Something of it cannot be read, is wrong, or may be written by others than its owner and root.
    pub fn read(&self) -> Result<Config, ConfigError> {
        let files = self.files()?;
        if files.is_empty() {
            return Err(ConfigError::Nothing { path: self.path.clone() });
        }
        let mut config = Config::default();
        for path in files {
            let failed = |error| ConfigError::Read { path: path.clone(), error };
            let bytes = lanner_trust::read_guarded(&path, MAX_BYTES).map_err(failed)?;
            let text = String::from_utf8(bytes).map_err(|_| failed(io::Error::other("it is not UTF-8")))?;
            config.add(&path, &text)?;
        }
        config.check()?;
        Ok(config)
    }
}

impl Config {
    /// What a text says that stands in a file of this path.
    ///
    /// # Errors
    /// Something of it is wrong.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        config.add(path, text)?;
        config.check()?;
        Ok(config)
    }

    /// All that is said, by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// What is said of a key that has one name.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let parts = Name(name.split('.').map(str::to_owned).collect());
        self.entries.get(&parts)
    }

    /// What is said under this name.
    #[must_use]
    pub fn entry_of(&self, name: &Name) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// What is said of keys of this pattern, such as `labels.*`.
    pub fn entries_of<'c>(&'c self, pattern: &'c str) -> impl Iterator<Item = &'c Entry> {
        self.entries.values().filter(move |entry| entry.key.name == pattern)
    }

    /// The names of what another says otherwise, or one of them does not say at all.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<(String, Option<&'static Key>)> {
        let mut names: Vec<&Name> = self.entries.keys().chain(other.entries.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let same = |name: &&Name| match (self.entries.get(name), other.entries.get(name)) {
            (Some(one), Some(other)) => one.says_as(other),
            _ => false,
        };
        let key = |name: &Name| {
            let entry = self.entries.get(name).or_else(|| other.entries.get(name));
            (name.to_string(), entry.map(|entry| entry.key))
        };
        let mut differences: Vec<_> = names.into_iter().filter(|name| !same(name)).map(key).collect();
        let same = self.outputs.len() == other.outputs.len()
            && self.outputs.iter().zip(&other.outputs).all(|(one, other)| one.is_as(other));
        if !same {
            differences.push(("output".to_owned(), None));
        }
        differences
    }

    fn add(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let file = Arc::new(path.to_owned());
        let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned));
        let reader = Reader { file, folder: folder.unwrap_or_else(|| PathBuf::from("/")) };
        let added = tree::parse(text).and_then(|node| reader.table(&node, &mut Vec::new(), self));
        added.map_err(|problem| problem.in_file(path))?;
        self.files.push(path.to_owned());
        Ok(())
    }

    /// What can only be said of all of it.
    fn check(&self) -> Result<(), ConfigError> {
        let values = self.entries.values().map(|entry| entry.values.len()).sum();
        for (what, count, most) in [
            ("values", values, MAX_VALUES),
            ("outputs", self.outputs.len(), MAX_OUTPUTS),
            ("labels", self.entries_of("labels.*").count(), MAX_LABELS),
        ] {
            if count > most {
                return Err(ConfigError::TooMuch { what, count, most });
            }
        }
        // What options say of each other, said with the place.
        let says = |name: &str| self.entry(name).filter(|entry| entry.is_true());
        let wrong = |entry: &Entry, what: &str| match entry.values.last() {
            Some(said) => Err(ConfigError::Wrong(Wrong::new(&said.file, said.at, what))),
            None => Ok(()),
        };
        for name in ["keep.age", "keep.size"] {
            if let (Some(said), None) = (self.entry(name), self.entry("keep.file")) {
                return wrong(said, &format!("`{name}` needs `keep.file`, the database that findings are kept in"));
            }
        }
        for name in ["capture.folder", "capture.before", "capture.after", "capture.memory", "capture.size"] {
            if let (Some(said), None) = (self.entry(name), self.entry("capture.findings")) {
                return wrong(said, &format!("`{name}` needs `capture.findings`, which says around which findings"));
            }
        }
        for entry in self.entries.values().filter(|entry| entry.name.to_string().starts_with("console.")) {
            if self.entry("console.listen").is_none() {
                return wrong(entry, &format!("`{}` needs `console.listen`, the address of the console", entry.name));
            }
        }
        if let (Some(locked), None) = (says("locked"), self.entry("lock")) {
            return wrong(locked, "`locked` needs `lock`, the file that has what may be taken");
        }
        if let (Some(pinned), None) = (says("pinned"), self.entry("lock")) {
            return wrong(pinned, "`pinned` needs `lock`, the file that pins what is run");
        }
        if let (Some(archive), None) = (self.entry("archive"), self.entry("lock")) {
            return wrong(archive, "`archive` needs `lock`, the file that has what is taken from it");
        }
        let reload = self.entry("reload").filter(|entry| !entry.is_true());
        if let (Some(waits), Some(_)) = (says("wait_for_rules"), reload) {
            return wrong(waits, "`wait_for_rules` needs `reload`: who does not look again cannot wait");
        }
        if let (Some(plain), Some(_)) = (says("registry.plain_http"), self.entry("registry.ca_file")) {
            return wrong(
                plain,
                "`registry.plain_http` and `registry.ca_file` cannot both hold: without TLS no authority is asked",
            );
        }
        for login in self.entries_of("registry.login.*.user").chain(self.entries_of("registry.login.*.password")) {
            let mut other = login.name.clone();
            let (needs, last) = if login.name.last() == "user" { ("password", 3) } else { ("user", 3) };
            if let Some(part) = other.0.get_mut(last) {
                needs.clone_into(part);
            }
            if !self.entries.contains_key(&other) {
                return wrong(login, &format!("a login has a `user` and a `password`; `{other}` is missing"));
            }
        }
        Ok(())
    }
}

/// Reads one file.
struct Reader {
    file: Arc<PathBuf>,
    /// Where it lies.
    folder: PathBuf,
}

impl Reader {
    fn table(&self, node: &Node, above: &mut Vec<String>, config: &mut Config) -> Result<(), Problem> {
        let name = Name(above.clone()).to_string();
        for (written, value) in node.map(&name)? {
            if above.is_empty() && written.name == "output" {
                for output in
                    value.list("output").map_err(|_| value.unexpected("output", "tables, each written [[output]]"))?
                {
                    config.outputs.push(self.output(output)?);
                }
                continue;
            }
            above.push(written.name.clone());
            let key = KEYS.iter().find(|key| key.is_called(above));
            match key {
                Some(key) => self.key(key, written, above, value, config)?,
                None if KEYS.iter().any(|key| key.begins_with(above)) => {
                    let name = Name(above.clone()).to_string();
                    value.map(&name).map_err(|_| value.unexpected(&name, "a table of keys"))?;
                    self.table(value, above, config)?;
                }
                None => {
                    above.pop();
                    return Err(unknown(written, above));
                }
            }
            above.pop();
        }
        Ok(())
    }

    fn key(
        &self,
        key: &'static Key,
        written: &Written,
        parts: &[String],
        node: &Node,
        config: &mut Config,
    ) -> Result<(), Problem> {
        if key.takes == Takes::Label && !is_label_name(&written.name) {
            let what = "a label is called by letters, digits and `_`, with no digit first, at most 63 of them";
            return Err(Problem::at(written.at, format!("{what}; {:?} is not", written.name)));
        }
        let name = Name(parts.to_vec());
        let said = |text: String, at: At| Said { text, file: self.file.clone(), at };
        let (values, secret) = match value::read(key, &name.to_string(), node, &self.folder)? {
            Read::Texts(texts) => (texts.into_iter().map(|(text, node)| said(text, node.at)).collect(), None),
            Read::Secret(secret) => (vec![said(secret.to_string(), node.at)], Some(secret)),
        };
        let mut entry = Entry { name: name.clone(), key, values, secret };
        if key.is_list()
            && let Some(before) = config.entries.remove(&name)
        {
            entry.values.splice(0..0, before.values);
        }
        config.entries.insert(name, entry);
        Ok(())
    }

    fn output(&self, node: &Node) -> Result<Output, Problem> {
        let (mut kind, mut path, mut format) = (None, None, None);
        for (written, value) in node.map("output")? {
            let Some(key) = OUTPUT.iter().find(|key| key.name == written.name) else {
                return Err(written.unknown("key of an output", OUTPUT.iter().map(|key| key.name)));
            };
            let name = format!("output.{}", key.name);
            let Read::Texts(texts) = value::read(key, &name, value, &self.folder)? else { continue };
            let text = texts.into_iter().next().map(|(text, _)| text);
            match key.name {
                "type" => kind = text,
                "path" => path = text.map(|text| (text, value)),
                _ => format = text,
            }
        }
        let path = match (kind.as_deref(), path) {
            (None, _) => return Err(node.problem("an output has a `type`: stdout, or file")),
            (Some("file"), None) => return Err(node.problem("an output of type file has a `path`")),
            (Some("file"), Some((path, _))) => Some(PathBuf::from(path)),
            (Some(_), Some((_, value))) => return Err(value.problem("an output of type stdout has no `path`")),
            (Some(_), None) => None,
        };
        let format = format.unwrap_or_else(|| "json".to_owned());
        let said = Said { text: String::new(), file: self.file.clone(), at: node.at };
        Ok(Output { path, format, said })
    }
}

/// No key in these tables is called so.
fn unknown(written: &Written, above: &[String]) -> Problem {
    let next = KEYS.iter().filter(|key| key.begins_with(above)).filter_map(|key| key.parts().nth(above.len()));
    let mut known: Vec<&str> = next.collect();
    if above.is_empty() {
        known.push("output");
    }
    known.sort_unstable();
    known.dedup();
    let place = if above.is_empty() { String::new() } else { format!(" in `{}`", Name(above.to_vec())) };
    Problem::at(written.at, format!("there is no key {:?}{place}{}", written.name, suggestion(&written.name, &known)))
}

#[cfg(test)]
mod tests;
