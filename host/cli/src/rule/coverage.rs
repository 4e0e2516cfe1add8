//! `lanner rule coverage`: which techniques of ATT&CK packs name.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use lanner_author::coverage::Coverage;

use super::{Failure, open};
use crate::format::print;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packs, or folders of them
    #[arg(value_name = "PACK", required = true)]
    packs: Vec<PathBuf>,
    /// Also write a layer for the ATT&CK Navigator to this file
    #[arg(long, value_name = "FILE")]
    navigator: Option<PathBuf>,
    /// For people, a page in Markdown with all rules, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    Text,
    Markdown,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let located = lanner_pack::locate(&arguments.packs)?;
    let packs = located.files.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let coverage = Coverage::of(packs.iter().map(|pack| &*pack.description));
    if let Some(path) = &arguments.navigator {
        let layer = serde_json::to_string_pretty(&coverage.navigator())? + "\n";
        fs::write(path, layer).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
    }
    let text = match arguments.output {
        Output::Text => coverage.text() + "\n",
        Output::Markdown => coverage.markdown(),
        Output::Json => coverage.json().to_string() + "\n",
    };
    print("coverage", &text)?;
    Ok(ExitCode::SUCCESS)
}
