//! `lanner apply`: makes other files the rules of the running host, all at once or not at all.

use std::path::PathBuf;
use std::process::ExitCode;

use lanner_control::socket::Ask;

use super::Failure;
use super::control::{Asked, absolute};
use super::format::{Format, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// Pack files, and folders of them: all that is to run of files from here on. Packs from registries stay
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// For people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Arguments { asked, paths, dry_run, output } = arguments;
    let paths = paths.iter().map(|path| absolute(path)).collect::<Result<Vec<_>, String>>()?;
    let mut client = asked.connect()?;
    client.ask(Ask::Apply { paths, dry_run: *dry_run })?;
    let report = client.applied()?;
    let text = match output {
        Format::Text => report.to_string(),
        Format::Json => serde_json::to_string(&report)?,
    };
    print("report", &text)?;
    Ok(ExitCode::SUCCESS)
}
