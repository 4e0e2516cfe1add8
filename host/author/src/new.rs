//! Making projects: a template of the language, with the SDK beside it, so that nothing else is needed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use lanner_build::replace;

use crate::suite;

/// What unpacks with a project.
#[derive(Debug)]
struct File {
    path: &'static str,
    bytes: &'static [u8],
}

/// A project in a language.
#[derive(Debug)]
struct Template {
    language: &'static str,
    project: &'static [File],
    library: &'static [File],
}

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// What belongs to the SDK in a project, and is renewed as a whole.
const OWN: &str = ".lanner";
/// Which lanner it is from, and in which language the project is.
const VERSION: &str = ".lanner/version";
/// For editors, from the version that runs here.
const SCHEMA: &str = ".lanner/rule-test.schema.json";
/// Characters of a name.
const MAX_NAME: usize = 64;

/// A project cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// The name is none.
    #[error(
        "{0:?} is no name of a pack: lower-case letters, digits and `-`, up to {MAX_NAME}, and a letter first, as it is the name \
         of a library too"
    )]
    Name(String),
    /// There is no such language.
    #[error("there is no language {0:?} here; there are {1}")]
    Language(String, String),
    /// Something is there.
    #[error("{0} is there already and is not empty; take another name, or another folder (--into)")]
    Exists(PathBuf),
    /// It is no project of ours.
    #[error("{0} is no project that `lanner rule new` made: it has no .lanner/version")]
    NoProject(PathBuf),
    /// A file cannot be written.
    #[error("{0} cannot be written: {1}")]
    Unwritable(PathBuf, String),
}

/// The languages that projects can be made in, as `--lang` calls them.
pub fn languages() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|template| template.language)
}

/// Makes a project of this name in the folder, which is not there yet or empty.
///
/// # Errors
/// The name is none, there is no such language, something is there, or it cannot be written.
pub fn new(name: &str, language: &str, folder: &Path) -> Result<(), NewError> {
    let is_name = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-');
    if !is_name {
        return Err(NewError::Name(name.to_owned()));
    }
    let template = template(language)?;
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(NewError::Exists(folder.to_owned()));
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(NewError::Unwritable(folder.to_owned(), error.to_string())),
    }
    // What a template has of its own is not what all have in common.
    let has = |file: &File| template.project.iter().any(|own| own.path == file.path);
    for file in template.project.iter().chain(COMMON.iter().filter(|file| !is_own(file) && !has(file))) {
        let filled = |text: &str| text.replace("{{name}}", name).replace("{{ident}}", &name.replace('-', "_"));
        let path = folder.join(filled(file.path));
        match std::str::from_utf8(file.bytes) {
            Ok(text) => write(&path, filled(text).as_bytes())?,
            Err(_) => write(&path, file.bytes)?,
        }
    }
    unpack(template, folder)
}

/// Renews what belongs to the SDK in a project; gives the version that it was of.
///
/// # Errors
/// It is no project, or cannot be written.
pub fn upgrade(folder: &Path) -> Result<String, NewError> {
    let unknown = || NewError::NoProject(folder.to_owned());
    let said = fs::read_to_string(folder.join(VERSION)).map_err(|_| unknown())?;
    let mut words = said.split_whitespace();
    let (version, language) = words.next().zip(words.next()).ok_or_else(unknown)?;
    let template = template(language)?;
    // The old one stays until the new one is whole.
    let (own, aside) = (folder.join(OWN), folder.join(".lanner.new"));
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| NewError::Unwritable(path, error.to_string())
    };
    match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(&aside)(error)),
        _ => {}
    }
    unpack(template, &aside)?;
    fs::remove_dir_all(&own).map_err(unwritable(&own))?;
    fs::rename(aside.join(OWN), &own).map_err(unwritable(&own))?;
    // It is empty.
    let _ = fs::remove_dir(&aside);
    Ok(version.to_owned())
}

fn template(language: &str) -> Result<&'static Template, NewError> {
    let known = || languages().collect::<Vec<_>>().join(", ");
    let found = TEMPLATES.iter().find(|template| template.language == language);
    found.ok_or_else(|| NewError::Language(language.to_owned(), known()))
}

/// Writes what belongs to the SDK.
fn unpack(template: &Template, folder: &Path) -> Result<(), NewError> {
    for file in template.library.iter().chain(COMMON.iter().filter(|file| is_own(file))) {
        write(&folder.join(file.path), file.bytes)?;
    }
    write(&folder.join(SCHEMA), suite::schema().as_bytes())?;
    let version = format!("{} {}\n", env!("CARGO_PKG_VERSION"), template.language);
    write(&folder.join(VERSION), version.as_bytes())
}

fn is_own(file: &File) -> bool {
    Path::new(file.path).starts_with(OWN)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), NewError> {
    let unwritable = |error: &dyn std::fmt::Display| NewError::Unwritable(path.to_owned(), error.to_string());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| unwritable(&error))?;
    }
    replace(path, bytes).map(drop).map_err(|error| unwritable(&format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_made_and_renewed() {
        let place = tempfile::tempdir().expect("a folder");
        for language in languages() {
            let folder = place.path().join(language);
            new("my-pack", language, &folder).expect("made");
            let tests = fs::read_to_string(folder.join("tests/secret-read.yaml")).expect("tests");
            let rule = match language {
                "falco" | "sigma" => format!("rule: {language}/secret-read"),
                _ => "rule: my-pack/secret-read".to_owned(),
            };
            assert!(tests.contains(&rule) && !tests.contains("{{"), "{tests}");
            assert!(folder.join(".lanner/wit/lanner.wit").is_file());
            assert!(matches!(new("my-pack", language, &folder), Err(NewError::Exists(_))));
            fs::write(folder.join(".lanner/old"), "").expect("written");
            fs::write(folder.join(VERSION), format!("0.0.1 {language}\n")).expect("written");
            assert_eq!(upgrade(&folder).expect("renewed"), "0.0.1");
            assert!(!folder.join(".lanner/old").exists() && !folder.join(".lanner.new").exists());
            assert_eq!(upgrade(&folder).expect("renewed"), env!("CARGO_PKG_VERSION"));
        }
        assert!(languages().any(|language| language == "rust"));
    }

    #[test]
    fn names_are_names() {
        let place = tempfile::tempdir().expect("a folder");
        for wrong in ["", "A", "-a", "a-", "1a", "a b", "../a", "a/b", "ü", &"a".repeat(65)] {
            let made = new(wrong, "rust", &place.path().join("x"));
            assert!(matches!(made, Err(NewError::Name(_))), "{wrong:?}");
        }
        assert!(matches!(new("a", "cobol", &place.path().join("x")), Err(NewError::Language(..))));
        assert!(matches!(upgrade(place.path()), Err(NewError::NoProject(_))));
    }
}
