//! A damaged database is set aside, for who wants to look at it, so that a new one can be begun.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// What stands between a database's name and when it was set aside.
const DAMAGED: &str = ".damaged-";
/// What belongs to a database, by the ends of the names.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];
/// Databases that are kept aside; of more the oldest go.
const MOST: usize = 3;

/// Sets a database aside, with all that belongs to it, under a name that it gives. Three of them are kept.
///
/// # Errors
/// It cannot be renamed.
pub fn set_aside(database: &Path) -> io::Result<PathBuf> {
    let aside = free_name(database);
    for part in PARTS {
        match fs::rename(with(database, part), with(&aside, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    forget_oldest(database);
    Ok(aside)
}

fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

fn free_name(database: &Path) -> PathBuf {
    let time = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let name = with(database, &format!("{DAMAGED}{time}"));
    let numbered = (2..).map(|number| with(&name, &format!(".{number}")));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !name.exists()).unwrap_or_else(|| name.clone())
}

/// The names sort by time.
fn forget_oldest(database: &Path) {
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let begins = with(Path::new(database.file_name().unwrap_or_default()), DAMAGED).into_os_string();
    let is_aside = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(begins.as_encoded_bytes()) && !PARTS[1..].iter().any(|part| name.ends_with(part.as_bytes()))
    };
    let Ok(entries) = fs::read_dir(folder) else { return };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut databases: Vec<PathBuf> = paths.filter(|path| path.file_name().is_some_and(is_aside)).collect();
    databases.sort();
    let too_many = databases.len().saturating_sub(MOST);
    for database in &databases[..too_many] {
        for part in PARTS {
            // What is not there need not go.
            let _ = fs::remove_file(with(database, part));
        }
    }
}
