//! What operators give: for which list, from where, and whether it replaces what the pack brings along or adds to it.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use lanner_contract::ListType;
use lanner_watch::Facts;

use crate::document::{Form, MAX_BYTES};
use crate::members::{Builder, Members};

/// Files in the folder at most.
const MAX_FILES: usize = 1024;
/// Characters of a name.
const MAX_NAME: usize = 128;
/// How the files in the folder end.
const ENDS: [&str; 3] = ["txt", "csv", "json"];
/// What stands before that where they add.
const ADDS: &str = ".add";

/// What a list is called: one of all packs that give it this name, or of one pack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListName {
    /// The pack, where it is of one.
    pub pack: Option<String>,
    /// The list.
    pub list: String,
}

/// What becomes of the entries that a pack brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// These stand in their place.
    Replaces,
    /// These stand beside them.
    Adds,
}

/// Tells whether what an origin has is another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// Nothing is there.
    Nothing,
    /// A file as it is.
    File(Facts),
    /// What has this digest.
    Content(String),
}

/// Where entries come from.
pub trait Origin: Send + Sync {
    /// As people write it.
    fn name(&self) -> String;

    /// As of when it is.
    fn stamp(&self) -> Stamp;

    /// Reads all entries for a list of this name and type.
    ///
    /// # Errors
    /// It cannot be read, or something is no entry: a sentence, with the file and the line.
    fn read(&self, list: &str, holds: &ListType) -> Result<Members, String>;
}

/// Entries for a list.
#[derive(Clone)]
pub struct Given {
    /// Which.
    pub name: ListName,
    /// What becomes of the others.
    pub way: Way,
    /// Where they come from.
    pub origin: Arc<dyn Origin>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it lies.
    pub path: PathBuf,
    /// The column or field that has the entries, where that is said.
    pub column: Option<String>,
}

/// Entries that somebody wrote by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    by: String,
    entries: Vec<String>,
}

/// A folder of files: `NAME.txt`, `.csv` or `.json` replaces the entries of a list, `NAME.add.txt` adds to them; those in a folder
/// that is called as a pack are for that pack alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
    /// Where nothing is there, nothing is given.
    optional: bool,
}

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It cannot be read.
    #[error("the lists in {} cannot be read: {error}", path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file is called wrongly.
    #[error("{} is for no list: {what}", path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// Why.
        what: String,
    },
    /// There are too many files.
    #[error("there are more than {MAX_FILES} files in {}", path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
}

impl FromStr for ListName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sound = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_word = |word: &str| (1..=MAX_NAME).contains(&word.len()) && word.chars().all(sound);
        let (pack, list) = match text.split_once('/') {
            Some((pack, list)) => (Some(pack), list),
            None => (None, text),
        };
        if !is_word(list) || !pack.is_none_or(is_word) {
            return Err(format!("{text:?} names no list: NAME, or PACK/NAME, of lower-case letters, digits and `-`"));
        }
        Ok(Self { pack: pack.map(str::to_owned), list: list.to_owned() })
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pack {
            Some(pack) => write!(f, "{pack}/{}", self.list),
            None => f.write_str(&self.list),
        }
    }
}

impl ListName {
    /// Whether it is this list of this pack.
    #[must_use]
    pub fn is(&self, pack: &str, list: &str) -> bool {
        self.list == list && self.pack.as_ref().is_none_or(|of| of == pack)
    }
}

impl Origin for File {
    fn name(&self) -> String {
        match &self.column {
            Some(column) => format!("{}#{column}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }

    fn stamp(&self) -> Stamp {
        Facts::of(&self.path).map_or(Stamp::Nothing, Stamp::File)
    }

    fn read(&self, list: &str, holds: &ListType) -> Result<Members, String> {
        let path = self.path.display();
        let bytes = lanner_trust::read_guarded(&self.path, MAX_BYTES)
            .map_err(|error| format!("the list {path} cannot be read: {error}"))?;
        let form = Form::of(&self.path.to_string_lossy());
        form.read(&bytes, holds, list, self.column.as_deref()).map_err(|wrong| format!("{path}: {wrong}"))
    }
}

impl Written {
    /// These, and who wrote them.
    pub fn new(by: impl Into<String>, entries: Vec<String>) -> Self {
        Self { by: by.into(), entries }
    }
}

impl Origin for Written {
    fn name(&self) -> String {
        self.by.clone()
    }

    fn stamp(&self) -> Stamp {
        Stamp::Nothing
    }

    fn read(&self, list: &str, holds: &ListType) -> Result<Members, String> {
        let mut builder = Builder::new(holds);
        let wrong = |what| format!("{}: the list {list}: {what}", self.by);
        self.entries.iter().try_for_each(|entry| builder.add(entry)).map_err(wrong)?;
        Ok(builder.end())
    }
}

impl Folder {
    /// This folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), optional: false }
    }

    /// This folder, where there is one.
    pub fn optional(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), optional: true }
    }

    /// What is given in it.
    ///
    /// # Errors
    /// It cannot be read, or a file in it is called as no list can be.
    pub fn given(&self) -> Result<Vec<Given>, FolderError> {
        let mut given = Vec::new();
        match fs::metadata(&self.path) {
            Err(error) if self.optional && error.kind() == io::ErrorKind::NotFound => return Ok(given),
            _ => {}
        }
        for path in entries(&self.path)? {
            if path.is_dir() {
                let pack = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                for path in entries(&path)? {
                    given.extend(of_file(path, Some(&pack))?);
                }
            } else {
                given.extend(of_file(path, None)?);
            }
        }
        match given.len() > MAX_FILES {
            true => Err(FolderError::TooMany { path: self.path.clone() }),
            false => Ok(given),
        }
    }
}

/// What lies in a folder and is not hidden, by name.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let failed = |error| FolderError::Read { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)?.take(2 * MAX_FILES) {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// What a file gives; nothing where it is none of entries.
fn of_file(path: PathBuf, pack: Option<&str>) -> Result<Option<Given>, FolderError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let Some((stem, end)) = name.rsplit_once('.') else { return Ok(None) };
    if !ENDS.contains(&end) {
        return Ok(None);
    }
    let (list, way) = match stem.strip_suffix(ADDS) {
        Some(list) => (list, Way::Adds),
        None => (stem, Way::Replaces),
    };
    let name = pack.map_or_else(|| list.to_owned(), |pack| format!("{pack}/{list}"));
    let name = name.parse().map_err(|what| FolderError::Name { path: path.clone(), what })?;
    Ok(Some(Given { name, way, origin: Arc::new(File { path, column: None }) }))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_name_is_of_all_packs_or_of_one() {
        let name = |text: &str| text.parse::<ListName>();
        let shared = name("trusted-programs").expect("a name");
        let own = name("starter/trusted-programs").expect("a name");
        assert!(shared.is("any", "trusted-programs") && !shared.is("any", "others"));
        assert!(own.is("starter", "trusted-programs") && !own.is("any", "trusted-programs"));
        assert_eq!(
            (shared.to_string(), own.to_string()),
            ("trusted-programs".into(), "starter/trusted-programs".into())
        );
        for wrong in ["", "A", "a/", "/a", "a/b/c", "a b"] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_in_a_folder_say_by_their_names_what_they_are_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "").expect("written");
        };
        let names = ["ports.csv", "ports.add.txt", "starter/programs.json", ".ports.txt.swp", "ports.txt~", "README"];
        names.iter().for_each(|name| write(name));
        let given = |folder: &Folder| {
            let given = folder.given().map_err(|error| error.to_string())?;
            Ok(given.into_iter().map(|given| (given.name.to_string(), given.way)).collect::<Vec<_>>())
        };
        let lists = Folder::new(folder.path());
        let expected = [("ports", Way::Adds), ("ports", Way::Replaces), ("starter/programs", Way::Replaces)]
            .map(|(name, way)| (name.to_owned(), way));
        assert_eq!(given(&lists), Ok(expected.to_vec()));
        write("My Ports.txt");
        assert!(given(&lists).is_err_and(|error: String| error.contains("\"My Ports\" names no list")));
        assert_eq!(given(&Folder::optional(folder.path().join("none"))), Ok(vec![]));
        assert!(
            given(&Folder::new(folder.path().join("none")))
                .is_err_and(|error: String| error.contains("cannot be read"))
        );
    }

    #[test]
    fn files_that_others_may_write_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ports.txt");
        fs::write(&path, "443\nhttp\n").expect("written");
        let file = File { path: path.clone(), column: None };
        let read = || file.read("ports", &ListType::Number).map(|members| members.len());
        assert_eq!(
            read(),
            Err(format!(
                "{}: line 2: \"http\" is no whole number such as 443, or range such as 8000-8100",
                path.display()
            ))
        );
        fs::write(&path, "443\n").expect("written");
        assert_eq!(read(), Ok(1));
        let before = file.stamp();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("set");
        assert!(read().is_err_and(|error| error.contains("others may write to")));
        assert_ne!(file.stamp(), before);
    }
}
