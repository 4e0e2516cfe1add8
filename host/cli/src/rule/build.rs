//! `lanner rule build`: from a project to a pack.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_author::build::{Built, build};
use lanner_author::language::Mode;
use serde_json::json;

use super::{Failure, Format, check, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The folder of the project
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Build quickly, and with the names of functions, so that a trap says where it happened
    #[arg(long, conflicts_with = "release")]
    debug: bool,
    /// Build for a host, fast and small, as is done where nothing is said
    #[arg(long)]
    release: bool,
    /// For people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mode = if arguments.debug { Mode::Debug } else { Mode::Release };
    let built = build(&arguments.folder, mode)?;
    let Built { checked, language, changed, took } = &built;
    let json = || {
        let mut json = checked.json();
        json["language"] = language.name.into();
        json["changed"] = (*changed).into();
        json["seconds"] = json!(took.as_secs_f64());
        json.to_string()
    };
    let unchanged = if *changed { "" } else { ", as it was" };
    let text = || format!("{}\nbuilt in {:.1} s{unchanged}", check::text(checked), took.as_secs_f64());
    print("report", arguments.output, text, json)?;
    Ok(if checked.has_errors() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
