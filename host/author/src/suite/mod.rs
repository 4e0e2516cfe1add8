//! Declarative tests: events in, expected findings out, in files beside the source of a pack.

mod align;
mod coverage;
mod expect;
mod read;
mod report;
mod run;
mod schema;
mod update;

use std::path::{Path, PathBuf};

pub use align::Difference;
pub use coverage::{Coverage, OfRule};
pub use expect::{Expected, Found};
pub use report::{Report, junit, lines};
pub use run::{Outcome, Ran, run_all};
pub use schema::schema;
pub use update::updated;

use crate::document::{Document, Node, Place, Wrong};

/// How files of tests end.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];
/// Files of tests in a folder at most.
const MAX_FILES: usize = 10_000;

/// A file of tests.
#[derive(Debug)]
pub struct Suite {
    /// The file.
    pub document: Document,
    /// Its tests.
    pub tests: Vec<Test>,
}

/// One test: what happens, and what is to be found.
#[derive(Clone, Debug)]
pub struct Test {
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub at: Place,
    /// Settings, as a person writes them.
    pub settings: Vec<(String, String)>,
    /// Rules that are off.
    pub off: Vec<String>,
    /// What stands in lists in place of what the pack brings along, by their names.
    pub lists: Vec<(String, Vec<String>)>,
    /// Processes that have names: of the file, and of the test.
    pub(crate) processes: Vec<Node>,
    pub(crate) steps: Vec<Step>,
    /// What is to be found; nothing where that is not said.
    pub expected: Option<Vec<Expected>>,
    /// Where it says that.
    pub(crate) expect: Option<Node>,
    /// The whole of it.
    pub(crate) node: Node,
}

/// Something that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Events.
    Events(Node),
    /// Time goes by.
    Wait(std::time::Duration),
    /// Events that were recorded, from this file.
    Capture(Node, PathBuf),
    /// The pack is replaced by itself, with its state.
    Reload,
}

impl Suite {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or says what cannot be said: with the line.
    pub fn read(path: &Path) -> Result<Self, Wrong> {
        Self::of(Document::read(path)?)
    }

    /// Of a document.
    ///
    /// # Errors
    /// It says what cannot be said.
    pub fn of(document: Document) -> Result<Self, Wrong> {
        let tests = read::tests(&document).map_err(|problem| problem.in_file(&document.path))?;
        Ok(Self { document, tests })
    }
}

/// The files of tests that a path stands for: itself, or those in the folder, in the order of their names.
///
/// # Errors
/// It cannot be read.
pub fn files(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_suite = |path: &PathBuf| {
        path.extension().and_then(|end| end.to_str()).is_some_and(|end| EXTENSIONS.contains(&end)) && path.is_file()
    };
    let entries = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path()));
    let mut files = entries.collect::<Result<Vec<_>, _>>()?;
    files.retain(is_suite);
    files.sort();
    files.truncate(MAX_FILES);
    Ok(files)
}

/// Puts a text in the place of a file, whole or not at all; where the path is a link, of what it leads to.
///
/// # Errors
/// It cannot be written; the file is as it was.
pub fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let path = std::fs::canonicalize(path)?;
    let permissions = std::fs::metadata(&path)?.permissions();
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.persist(&path)?;
    Ok(())
}

/// Where the tests of a pack lie when nothing is said: `tests` beside its source; the folder that packs are built into lies
/// there too.
pub fn folder_of(pack: &Path) -> PathBuf {
    let beside = pack.parent().unwrap_or(Path::new(""));
    let project = if beside.ends_with("target/debug") {
        beside.parent().and_then(Path::parent)
    } else {
        beside.parent().filter(|_| beside.ends_with("target"))
    };
    project.unwrap_or(beside).join("tests")
}
