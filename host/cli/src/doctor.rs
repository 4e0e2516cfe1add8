//! `lanner doctor`: what this machine offers.

use std::io::Write as _;
use std::process::ExitCode;

use lanner_control::doctor;

use super::Failure;
use super::colour::Colour;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// For people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    let report = doctor::examine();
    let mut out = std::io::stdout();
    let text = match arguments.output {
        Format::Text => report.render(colour.on(&out)),
        Format::Json => serde_json::to_string(&report)?,
    };
    writeln!(out, "{}", text.trim_end()).map_err(|error| format!("the report cannot be written: {error}"))?;
    Ok(if report.usable() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
