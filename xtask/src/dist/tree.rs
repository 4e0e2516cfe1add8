//! The files of a package, before it is one of some kind.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use flate2::{Compression, GzBuilder};

/// Who may do what with most files.
const FILE: u32 = 0o644;
/// With programs and folders.
const OPEN: u32 = 0o755;

/// Files by their paths, which have no `/` at the beginning.
#[derive(Clone, Default)]
pub(super) struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// What is at a path.
#[derive(Clone)]
pub(super) struct Entry {
    what: What,
    /// Who may do what with it.
    pub(super) mode: u32,
    /// Whether it is the administrator's once it is there.
    pub(super) is_config: bool,
}

#[derive(Clone)]
enum What {
    Folder,
    Text(Vec<u8>),
    Copy(PathBuf),
}

impl Tree {
    fn put(&mut self, path: &str, what: What, mode: u32, is_config: bool) {
        self.entries.insert(path.to_owned(), Entry { what, mode, is_config });
    }

    /// A file of these bytes.
    pub(super) fn file(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.put(path, What::Text(bytes.into()), FILE, false);
    }

    /// A file of these bytes, compressed by gzip: the same bytes each time.
    pub(super) fn compressed(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let mut gzip = GzBuilder::new().write(Vec::new(), Compression::best());
        gzip.write_all(bytes)?;
        self.file(&format!("{path}.gz"), gzip.finish()?);
        Ok(())
    }

    /// A file that the administrator may change, and that nothing takes from him.
    pub(super) fn config(&mut self, path: &str, text: impl Into<Vec<u8>>) {
        self.put(path, What::Text(text.into()), FILE, true);
    }

    /// A copy of a file.
    pub(super) fn copy(&mut self, path: &str, from: &Path) {
        self.put(path, What::Copy(from.to_owned()), FILE, false);
    }

    /// A copy of a program.
    pub(super) fn program(&mut self, path: &str, from: &Path) {
        self.put(path, What::Copy(from.to_owned()), OPEN, false);
    }

    /// A folder, for what is in it or will be.
    pub(super) fn folder(&mut self, path: &str, mode: u32) {
        self.put(path, What::Folder, mode, false);
    }

    /// All that is in both.
    pub(super) fn merge(&mut self, other: &Self) {
        self.entries.extend(other.entries.iter().map(|(path, entry)| (path.clone(), entry.clone())));
    }

    /// What is at a path.
    pub(super) fn entry(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// Puts something at a path.
    pub(super) fn insert(&mut self, path: &str, entry: Entry) {
        self.entries.insert(path.to_owned(), entry);
    }

    /// Has what is below a folder be below another one.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        let entries = std::mem::take(&mut self.entries).into_iter();
        let renamed = |path: String| path.strip_prefix(from).map(|rest| format!("{to}{rest}")).unwrap_or(path);
        self.entries = entries.map(|(path, entry)| (renamed(path), entry)).collect();
    }

    /// The entries, in the order of their paths.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries.iter().map(|(path, entry)| (path.as_str(), entry))
    }

    /// Writes all into a folder, whatever this process's umask is.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        for (path, entry) in self.entries() {
            let to = folder.join(path);
            self.write_one(&to, entry, folder).with_context(|| to.display().to_string())?;
        }
        Ok(())
    }

    fn write_one(&self, to: &Path, entry: &Entry, folder: &Path) -> Result<()> {
        let above: Vec<&Path> = to.ancestors().skip(1).take_while(|above| *above != folder).collect();
        for above in above.into_iter().rev() {
            if !above.exists() {
                fs::create_dir(above)?;
                fs::set_permissions(above, fs::Permissions::from_mode(OPEN))?;
            }
        }
        match &entry.what {
            What::Folder => fs::create_dir_all(to)?,
            What::Text(bytes) => fs::write(to, bytes)?,
            What::Copy(from) => drop(fs::copy(from, to).with_context(|| from.display().to_string())?),
        }
        Ok(fs::set_permissions(to, fs::Permissions::from_mode(entry.mode))?)
    }
}

impl Entry {
    /// The same, once it is there the administrator's.
    pub(super) fn into_config(self) -> Self {
        Self { is_config: true, ..self }
    }

    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self.what, What::Folder)
    }
}
