//! Languages that packs are written in: how a project in one is told, and how it is built. One file a language.

mod c;
mod commands;
mod cpp;
mod go;
mod imported;
mod javascript;
mod python;
mod rust;
mod zig;

use std::path::{Path, PathBuf};

pub use commands::Adapter;
use commands::Commands;

/// A language.
#[derive(Debug)]
pub struct Language {
    /// What `--lang` calls it.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// What it is told by, for a person.
    pub manifest: &'static str,
    /// Whether the folder is a project in it.
    is: fn(&Path) -> bool,
    /// Builds the project.
    build: Build,
}

/// How a project is built.
#[derive(Debug)]
enum Build {
    /// By code of this crate.
    Own(fn(&Path, Mode) -> Result<Output, BuildError>),
    /// By commands.
    Commands(Commands),
}

/// For whom a pack is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// For a host: fast, and small.
    Release,
    /// For its author: quickly built, with the names of functions.
    Debug,
}

/// What a build gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A core module, which is still to be made a component.
    Module(PathBuf),
    /// A core module whose runtime asks for WASI, which has to be answered.
    Adapted(PathBuf, Adapter),
    /// A component.
    Component(PathBuf),
}

/// A pack cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The folder is no project.
    #[error(
        "{0} has no manifest of a language that packs are written in ({1}); `lanner rule new NAME --lang …` makes a project"
    )]
    NoProject(PathBuf, String),
    /// A tool is not there.
    #[error("{what} is not there, which a pack in {language} is built with; to get it: {install}")]
    Missing {
        /// The tool.
        what: String,
        /// The language.
        language: &'static str,
        /// The line to type.
        install: String,
    },
    /// A tool fails, and has said why.
    #[error("{0}")]
    Failed(String),
}

/// All languages, those first whose manifests say more.
pub static LANGUAGES: [&Language; 10] = [
    &rust::RUST,
    &python::PYTHON,
    &javascript::TYPESCRIPT,
    &javascript::JAVASCRIPT,
    &go::GO,
    &zig::ZIG,
    &cpp::CPP,
    &c::C,
    // A project in another language may have some beside it.
    &imported::FALCO,
    &imported::SIGMA,
];

impl Language {
    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LANGUAGES.into_iter().find(|language| language.name == name)
    }

    /// The one that a project is in.
    ///
    /// # Errors
    /// It is no project.
    pub fn of(folder: &Path) -> Result<&'static Self, BuildError> {
        let manifests = || LANGUAGES.map(|language| language.manifest).join(", ");
        let found = LANGUAGES.into_iter().find(|language| (language.is)(folder));
        found.ok_or_else(|| BuildError::NoProject(folder.to_owned(), manifests()))
    }

    /// Builds a project with its tools; what they say goes to stderr.
    ///
    /// # Errors
    /// A tool is missing, or fails.
    pub fn build(&self, folder: &Path, mode: Mode) -> Result<Output, BuildError> {
        match &self.build {
            Build::Own(build) => build(folder, mode),
            Build::Commands(commands) => commands.run(self.title, folder, mode),
        }
    }
}

/// A distribution, as far as it matters for how something is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Debian, Ubuntu and what comes of them.
    Debian,
    /// Fedora, RHEL and what comes of them.
    Fedora,
    /// Arch and what comes of it.
    Arch,
    /// Alpine.
    Alpine,
    /// Something else.
    Other,
}

impl Distribution {
    /// The one that this machine runs.
    pub fn here() -> Self {
        Self::of(&std::fs::read_to_string("/etc/os-release").unwrap_or_default())
    }

    /// Of what /etc/os-release says (os-release(5)): its own name, and those that it is like.
    fn of(release: &str) -> Self {
        let value = |name: &str| {
            let line = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        let (id, like) = (value("ID"), value("ID_LIKE"));
        let known = |name: &str| match name {
            "debian" | "ubuntu" => Some(Self::Debian),
            "fedora" | "rhel" | "centos" => Some(Self::Fedora),
            "arch" => Some(Self::Arch),
            "alpine" => Some(Self::Alpine),
            _ => None,
        };
        std::iter::once(id.as_str()).chain(like.split(' ')).find_map(known).unwrap_or(Self::Other)
    }
}

/// Whether a program is in PATH.
pub(crate) fn has(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// Whether a file with one of these endings lies in the folder.
fn has_file(folder: &Path, endings: &[&str]) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let ends = |path: &Path| path.extension().and_then(|end| end.to_str()).is_some_and(|end| endings.contains(&end));
    entries.map(|entry| entry.path()).any(|path| ends(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distributions_are_told_by_what_they_are_like() {
        assert_eq!(
            Distribution::of("NAME=\"Linux Mint\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            Distribution::Debian
        );
        assert_eq!(Distribution::of("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), Distribution::Fedora);
        assert_eq!(Distribution::of("ID=arch\n"), Distribution::Arch);
        assert_eq!(Distribution::of("ID=alpine\n"), Distribution::Alpine);
        assert_eq!(Distribution::of(""), Distribution::Other);
    }
}
