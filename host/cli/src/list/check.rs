//! `lanner list check`: whether a host would take files of entries.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_contract::ListType;
use lanner_lists::{File, Folder, Origin as _};

use super::{Failure, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files of entries (one a line, .csv or .json)
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// What they hold: text, path, image, domain, cidr or number
    #[arg(long = "type", value_name = "TYPE", value_parser = known)]
    holds: ListType,
    /// The column of a table, or the field of objects, that has the entries [default: the name of the file, or `value`]
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
}

pub(super) fn known(name: &str) -> Result<ListType, String> {
    match ListType::from_name(name) {
        ListType::Unknown(_) => {
            let names: Vec<String> = ListType::ALL.iter().map(|known| known.name().to_owned()).collect();
            Err(format!("there are {}", names.join(", ")))
        }
        known => Ok(known),
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut well = true;
    let mut lines = Vec::new();
    for path in &arguments.files {
        if path.is_dir() {
            // Which type its files have is for packs to say.
            let given = Folder::new(path).given()?;
            let path = path.display();
            return Err(format!(
                "{path} is a folder, with files for {} lists: name them, each with the type that its list has",
                given.len()
            )
            .into());
        }
        let file = File { path: path.clone(), column: arguments.column.clone() };
        let list = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match file.read(&list, &arguments.holds) {
            Ok(members) => {
                let (entries, bytes) = (members.len(), members.size());
                lines.push(format!("{}: {entries} entries, {} KiB in memory", path.display(), bytes.div_ceil(1024)));
            }
            Err(what) => {
                tracing::error!("{what}");
                well = false;
            }
        }
    }
    if !lines.is_empty() {
        print("check", &(lines.join("\n") + "\n"))?;
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
