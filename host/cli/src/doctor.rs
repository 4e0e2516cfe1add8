//! `lanner doctor`: what this machine offers.

use std::process::ExitCode;

use lanner_control::doctor;

use super::Failure;
use super::colour::Colour;
use super::format::{Format, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// For people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    let report = doctor::examine();
    let text = match arguments.output {
        Format::Text => report.render(colour.on(&std::io::stdout())),
        Format::Json => serde_json::to_string(&report)?,
    };
    print("report", &text)?;
    Ok(if report.usable() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
