//! A damaged database is set aside, for who wants to look at it, and a new one is begun.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::FILE;

/// What the name of one that is set aside begins with.
const BEGINS: &str = "spool.db.damaged-";
/// What belongs to a database, by the ends of the names.
const PARTS: [&str; 3] = ["", "-wal", "-shm"];
/// Databases that are kept aside; of more the oldest go.
const MOST: usize = 3;

/// Sets the database in this folder aside, with all that belongs to it.
///
/// # Errors
/// It cannot be renamed.
pub(crate) fn set_aside(folder: &Path, why: &rusqlite::Error) -> io::Result<()> {
    let name = free_name(folder);
    for part in PARTS {
        match fs::rename(folder.join(format!("{FILE}{part}")), folder.join(format!("{name}{part}"))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    tracing::error!(
        "the spool {} is damaged ({why}): it is set aside as {name}, and a new one is begun; what waited in it is not \
         delivered (`sqlite3 {name} .recover` may show it)",
        folder.join(FILE).display()
    );
    forget_oldest(folder);
    Ok(())
}

fn free_name(folder: &Path) -> String {
    let name = format!("{BEGINS}{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ"));
    let numbered = (2..).map(|number| format!("{name}.{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !folder.join(name).exists()).unwrap_or(name)
}

/// The names sort by time.
fn forget_oldest(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut databases: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with(BEGINS) && !PARTS[1..].iter().any(|part| name.ends_with(part))
        })
        .collect();
    databases.sort();
    let too_many = databases.len().saturating_sub(MOST);
    for database in &databases[..too_many] {
        for part in PARTS {
            // What is not there need not go.
            let _ = fs::remove_file(format!("{}{part}", database.display()));
        }
    }
}
