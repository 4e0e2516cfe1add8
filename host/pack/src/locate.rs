//! From what `--rules` names to pack files.

use std::io;
use std::path::{Path, PathBuf};

/// The ending of pack files.
const ENDING: &str = "wasm";

/// Pack files, and where new ones may appear.
#[derive(Clone, Debug, Default)]
pub struct Located {
    /// The files, sorted, each once.
    pub files: Vec<PathBuf>,
    /// Folders that were named: what appears in them is a pack too.
    pub folders: Vec<PathBuf>,
    /// The paths as they were named, each with what it leads to: a link on its way may be turned elsewhere.
    pub named: Vec<(PathBuf, PathBuf)>,
    /// The paths that were named and are not there, where that is no error.
    pub missing: Vec<PathBuf>,
}

/// A rules path cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// It is not there, or cannot be read.
    #[error("rules path {path} cannot be read: {error}; --rules names a pack or a folder of packs; --wait-for-rules waits for it", path = path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is no pack in any of them.
    #[error(
        "no pack (a file that ends in .{ENDING}) and no rules of Falco's or Sigma's (.yaml, .yml) in {}; put some there (`make packs` builds the shipped one), or start with --wait-for-rules",
        join(paths)
    )]
    Nothing {
        /// What was searched.
        paths: Vec<PathBuf>,
    },
}

fn join(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Finds the packs in files and folders.
///
/// # Errors
/// A path cannot be read, or there is no pack at all.
pub fn locate(paths: &[PathBuf]) -> Result<Located, LocateError> {
    let mut located = Located::default();
    for path in paths {
        located.add(path).map_err(|error| LocateError::Unreadable { path: path.clone(), error })?;
    }
    if located.files.is_empty() {
        return Err(LocateError::Nothing { paths: paths.to_vec() });
    }
    Ok(located)
}

/// As [`locate`], of what may not be there yet.
pub fn locate_what_is_there(paths: &[PathBuf]) -> Located {
    let mut located = Located { missing: paths.to_vec(), ..Located::default() };
    located.find_missing();
    located
}

impl Located {
    /// Adds what a path leads to.
    fn add(&mut self, path: &Path) -> io::Result<()> {
        // Resolved, so that one file by two names is one pack, and so that what the watcher reports can be compared.
        let resolved = path.canonicalize()?;
        let absolute = std::path::absolute(path)?;
        let mut files = Vec::new();
        if resolved.is_dir() {
            for entry in resolved.read_dir()? {
                let file = entry?.path();
                if is_pack(&file) && file.is_file() {
                    files.push(file);
                }
            }
            // Rules of others that lie in one folder belong together, and are one pack: that of the folder.
            if lanner_import::is_source(&resolved) {
                files.push(resolved.clone());
            }
            self.folders.push(resolved.clone());
        } else {
            files.push(resolved.clone());
        }
        self.named.push((absolute, resolved));
        self.files.extend(files);
        self.files.sort();
        self.files.dedup();
        Ok(())
    }

    /// Looks whether those that are missing are there by now, and adds them; says whether one is.
    pub(super) fn find_missing(&mut self) -> bool {
        let before = self.missing.len();
        for path in std::mem::take(&mut self.missing) {
            match self.add(&path) {
                Ok(()) => {}
                Err(_) => self.missing.push(path),
            }
        }
        self.missing.len() < before
    }
}

/// Whether there is a pack at a path: a file, or a folder with rules of others.
pub(super) fn is_there(path: &Path) -> bool {
    if path.is_dir() { lanner_import::is_source(path) } else { path.exists() }
}

/// Whether a file in a folder of rules is a pack: by its ending, and not hidden (as half-written files are).
pub(super) fn is_pack(file: &Path) -> bool {
    let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    file.extension().is_some_and(|ending| ending == ENDING) && !hidden
}
