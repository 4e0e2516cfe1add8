//! From the rules of others to packs: Falco's and Sigma's. Files of rules are compiled to an ordinary pack, with the same contract and the same
//! limits, by what is in this crate alone: no compiler has to be there.
//!
//! What a condition says is kept as it is, in the form of [`lanner_conditions`], and evaluated by a module that this crate carries;
//! what of it a host can compare becomes the filters of the pack's subscriptions. A [`Report`] says of each rule what became of
//! it: nothing that a file says is passed over in silence.

#![forbid(unsafe_code)]

pub mod falco;
mod literal;
mod pack;
mod report;
mod rule;
pub mod sigma;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use lanner_contract::Description;
use lanner_document::{Document, Value, Wrong};

pub use report::{Count, Difference, Imported, Report};

/// How files of rules end.
const ENDINGS: [&str; 2] = ["yaml", "yml"];
/// Files of one import.
const MAX_FILES: usize = 10_000;
/// Folders in one another.
const MAX_DEPTH: usize = 12;
/// Folders below one that are looked into.
const MAX_FOLDERS: usize = 1000;
/// Lines of a file that are looked at for what it is.
const LINES: usize = 5000;
/// Errors that are named.
const SHOWN: usize = 10;
/// Characters of a pack's name.
const MAX_NAME: usize = 64;

/// What a pack of imported rules is to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Its name; that of the folder or the first file, where nothing is said.
    pub name: Option<String>,
    /// Its version (semver); 0.1.0, where nothing is said.
    pub version: Option<String>,
    /// Whether rules are in it that are off.
    pub all: bool,
    /// Whose rules they have to be; by what the files hold, where nothing is said.
    pub source: Option<Source>,
    /// Of Sigma's rules, what stands for placeholders, by their names.
    pub placeholders: Vec<(String, Vec<String>)>,
}

/// Whose rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Falco's.
    Falco,
    /// Sigma's.
    Sigma,
}

impl Source {
    /// As people call it.
    const fn title(self) -> &'static str {
        match self {
            Self::Falco => "Falco's",
            Self::Sigma => "Sigma's",
        }
    }
}

/// A pack of imported rules.
pub struct Pack {
    /// The component.
    pub component: Vec<u8>,
    /// The rules in it, as its module reads them.
    pub rules: Vec<u8>,
    /// What it says of itself.
    pub description: Description,
    /// What became of each rule.
    pub report: Report,
}

/// Rules cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be read.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// There are no rules.
    #[error(
        "{0} has no rules: files that end in .yaml or .yml, of Falco's a list of `- rule:`, `- macro:` and `- list:`, of Sigma's a map with `title:`, `logsource:` and `detection:`"
    )]
    Nothing(PathBuf),
    /// A file is something else.
    #[error("{0} holds {1}")]
    Other(PathBuf, &'static str),
    /// Some are Falco's and some are Sigma's.
    #[error("{0} has rules of Falco's, and {1} of Sigma's; a pack is of one of them: put them into two folders")]
    Mixed(PathBuf, PathBuf),
    /// There are too many files.
    #[error("there are {0} files; {MAX_FILES} are allowed")]
    TooMany(usize),
    /// Something in them makes no sense.
    #[error("{0}")]
    Nonsense(String),
    /// None of the rules can be imported.
    #[error("none of the rules can be imported:\n{}", .0.text(false))]
    None(Box<Report>),
    /// The version is none.
    #[error("{0:?} is no version of a pack, such as 1.2.3")]
    Version(String),
    /// It cannot be made.
    #[error("the pack cannot be made: {0}")]
    Failed(String),
}

/// Whether a file may be one of rules, by its name.
#[must_use]
pub fn is_rules_file(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known))
}

/// Files of rules in a folder, sorted: those that begin as Falco's or Sigma's do. Sigma's lie in folders below it too.
#[must_use]
pub fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for (depth, folder) in folders(folder) {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is = |path: &PathBuf| match source_of(path) {
            // Falco does not look below its folder.
            Some(Source::Falco) => depth == 0,
            Some(Source::Sigma) => true,
            None => false,
        };
        files.extend(entries.map(|entry| entry.path()).filter(is).take(MAX_FILES + 1));
        if files.len() > MAX_FILES {
            break;
        }
    }
    files.sort();
    files
}

/// A folder and those below it that rules may lie in: what is saved in one of them may be one.
#[must_use]
pub fn folders_in(folder: &Path) -> Vec<PathBuf> {
    folders(folder).into_iter().map(|(_, folder)| folder).collect()
}

/// The same, each with how far below it lies.
fn folders(folder: &Path) -> Vec<(usize, PathBuf)> {
    // What tools leave in projects.
    const LEFT_OUT: [&str; 2] = ["target", "node_modules"];
    let mut all = vec![(0, folder.to_owned())];
    let mut next = 0;
    while let Some((depth, folder)) = all.get(next).cloned() {
        next += 1;
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let inner = entries.map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().unwrap_or_default();
            let is_out = name.as_encoded_bytes().starts_with(b".") || LEFT_OUT.iter().any(|out| name == *out);
            // A link may lead back.
            !is_out && path.is_dir() && !path.is_symlink()
        });
        if depth < MAX_DEPTH {
            all.extend(inner.map(|path| (depth + 1, path)));
        }
        all.truncate(MAX_FOLDERS);
    }
    all
}

/// Whose rules a file has lines of, by its name and begin; one that is being written may have anything else wrong.
#[must_use]
pub fn source_of(path: &Path) -> Option<Source> {
    const FALCO: [&str; 5] =
        ["- rule:", "- macro:", "- list:", "- required_engine_version:", "- required_plugin_versions:"];
    const SIGMA: [&str; 3] = ["logsource:", "detection:", "correlation:"];
    if !is_rules_file(path) || !path.is_file() {
        return None;
    }
    let file = std::fs::File::open(path).ok()?;
    for line in BufReader::new(file).lines().take(LINES).map_while(Result::ok) {
        if FALCO.iter().any(|beginning| line.trim_start().starts_with(beginning)) {
            return Some(Source::Falco);
        }
        if SIGMA.iter().any(|beginning| line.starts_with(beginning)) {
            return Some(Source::Sigma);
        }
    }
    None
}

/// Whether there is something to import at a path: a file of rules, or a folder with some.
#[must_use]
pub fn is_source(path: &Path) -> bool {
    if path.is_dir() { !files_in(path).is_empty() } else { is_rules_file(path) && path.is_file() }
}

/// Imports files of rules, and folders of them, in their order: what is said in later ones is added to what earlier ones say, or
/// takes its place.
///
/// # Errors
/// A file cannot be read, or none of the rules can be imported. What of single rules cannot be is in the report.
pub fn import(paths: &[PathBuf], options: &Options) -> Result<Pack, ImportError> {
    let mut files = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => {
                let inside = files_in(path);
                if inside.is_empty() {
                    return Err(ImportError::Nothing(path.clone()));
                }
                files.extend(inside);
            }
            false => files.push(path.clone()),
        }
    }
    let mut taken = HashSet::new();
    files.retain(|file| taken.insert(file.clone()));
    if files.len() > MAX_FILES {
        return Err(ImportError::TooMany(files.len()));
    }
    let documents = files.iter().map(|file| read_file(file)).collect::<Result<Vec<_>, Wrong>>()?;
    of_documents(documents.into_iter().flatten(), &name(paths), options)
}

/// Imports a text as if it stood in a file.
///
/// # Errors
/// As of [`import`].
pub fn import_text(path: &Path, text: &str, options: &Options) -> Result<Pack, ImportError> {
    of_documents(Document::parse_all(path, text)?.into_iter(), &name(&[path.to_owned()]), options)
}

fn of_documents(documents: impl Iterator<Item = Document>, name: &str, options: &Options) -> Result<Pack, ImportError> {
    let (documents, source) = of_one_kind(documents, options.source)?;
    let version = options.version.clone().unwrap_or_else(|| "0.1.0".to_owned());
    if semver::Version::parse(&version).is_err() {
        return Err(ImportError::Version(version));
    }
    let rule::Compiled { builder, rules, report } = match source {
        Source::Falco => falco::compile(&documents, options.all),
        Source::Sigma => sigma::compile(&documents, options.all, &options.placeholders),
    };
    if rules.is_empty() {
        return Err(ImportError::None(Box::new(report)));
    }
    let count = rules.len();
    let description = Description {
        name: options.name.clone().unwrap_or_else(|| name.to_owned()),
        version,
        summary: format!("{count} rules, imported from {}", source.title()),
        rules,
        settings: Vec::new(),
        lists: Vec::new(),
        properties: vec![
            ("sdk".to_owned(), concat!("import/", env!("CARGO_PKG_VERSION")).to_owned()),
            ("imported-from".to_owned(), report.source.to_owned()),
        ],
    };
    let (rules, description) = builder.finish(description);
    if let Err(nonsense) = description.clone().check() {
        return Err(ImportError::Failed(nonsense.to_string()));
    }
    let rules = rules.encode();
    let component = pack::component(&rules).map_err(|error| ImportError::Failed(format!("{error:#}")))?;
    Ok(Pack { component, rules, description, report })
}

/// Reads a file. What stands in brackets on lines of its own has to stand further in than what it belongs to (YAML 1.2, section
/// 7.4); the parser that Falco has does not ask for that, and files of its rules do without.
fn read_file(path: &Path) -> Result<Vec<Document>, Wrong> {
    Document::read_all(path).or_else(|wrong| match std::fs::read_to_string(path) {
        Ok(text) => Document::parse_all(path, &with_brackets_indented(&text)).map_err(|_| wrong),
        Err(_) => Err(wrong),
    })
}

/// The text with lines moved to the right that begin within brackets.
fn with_brackets_indented(text: &str) -> String {
    const FURTHER: &str = "    ";
    let mut indented = String::with_capacity(text.len() + text.len() / 8);
    let mut depth = 0_usize;
    for line in text.split_inclusive('\n') {
        if depth > 0 {
            indented.push_str(FURTHER);
        }
        indented.push_str(line);
        let mut quote = None;
        let mut before = ' ';
        for c in line.chars() {
            match (quote, c) {
                (Some(open), c) if open == c && before != '\\' => quote = None,
                (Some(_), _) => {}
                (None, '"' | '\'') => quote = Some(c),
                (None, '#') if before.is_whitespace() => break,
                (None, '[' | '{') => depth += 1,
                (None, ']' | '}') => depth = depth.saturating_sub(1),
                (None, _) => {}
            }
            before = c;
        }
    }
    indented
}

/// As [`import`], of rules in which nothing is wrong: as a compiler takes a source. What asks for more than there is is left out.
///
/// # Errors
/// Likewise, and where something makes no sense.
pub fn compile(paths: &[PathBuf], options: &Options) -> Result<Pack, ImportError> {
    let sentence = |report: &Report| {
        let errors: Vec<&str> = report.errors().collect();
        let more = errors.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
        let shown = errors.iter().take(SHOWN).copied().collect::<Vec<_>>().join("\n");
        (!errors.is_empty()).then(|| ImportError::Nonsense(format!("{shown}{more}")))
    };
    match import(paths, options) {
        Ok(pack) => match sentence(&pack.report) {
            Some(error) => Err(error),
            None => Ok(pack),
        },
        Err(ImportError::None(report)) => Err(sentence(&report).unwrap_or(ImportError::None(report))),
        Err(error) => Err(error),
    }
}

/// All of them have to hold rules of one kind; those that are empty are left out.
fn of_one_kind(
    all: impl Iterator<Item = Document>,
    wanted: Option<Source>,
) -> Result<(Vec<Document>, Source), ImportError> {
    let (mut documents, mut source) = (Vec::new(), None::<(Source, PathBuf)>);
    for document in all {
        let Some(of) = of(&document)? else { continue };
        match &source {
            Some((Source::Falco, other)) if of == Source::Sigma => {
                return Err(ImportError::Mixed(other.clone(), document.path));
            }
            Some((Source::Sigma, other)) if of == Source::Falco => {
                return Err(ImportError::Mixed(document.path, other.clone()));
            }
            Some(_) => {}
            None => source = Some((of, document.path.clone())),
        }
        documents.push(document);
    }
    match (source, wanted) {
        (Some((Source::Falco, path)), Some(Source::Sigma)) => {
            Err(ImportError::Other(path, "rules of Falco's, and not of Sigma's"))
        }
        (Some((Source::Sigma, path)), Some(Source::Falco)) => {
            Err(ImportError::Other(path, "rules of Sigma's, and not of Falco's"))
        }
        (source, wanted) => Ok((documents, source.map(|(of, _)| of).or(wanted).unwrap_or(Source::Falco))),
    }
}

/// Whose rules a document holds; nothing where it is empty.
fn of(document: &Document) -> Result<Option<Source>, ImportError> {
    match &document.root.value {
        _ if falco::yaml::is_falco(&document.root) => Ok(Some(Source::Falco)),
        _ if sigma::yaml::is_sigma(&document.root) => Ok(Some(Source::Sigma)),
        Value::List(items, _) if items.is_empty() => Ok(None),
        // All that is in it may be a comment.
        Value::Null => Ok(None),
        _ => Err(ImportError::Other(
            document.path.clone(),
            "neither rules of Falco's (a list of `- rule:`, `- macro:` and `- list:`) nor of Sigma's (a map with `title:`, `logsource:` and `detection:`)",
        )),
    }
}

/// A name for a pack, by the first path.
fn name(paths: &[PathBuf]) -> String {
    let path = paths.first().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone())).unwrap_or_default();
    let stem = if path.is_dir() { path.file_name() } else { path.file_stem() };
    let stem = stem.and_then(|stem| stem.to_str()).unwrap_or_default();
    let mut name = String::new();
    for c in stem.chars().take(MAX_NAME) {
        match c {
            c if c.is_ascii_alphanumeric() => name.push(c.to_ascii_lowercase()),
            _ if name.is_empty() || name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "rules".to_owned() } else { name.to_owned() }
}
