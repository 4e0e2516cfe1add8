//! `lanner doctor`: what this machine offers.

use std::process::ExitCode;

use super::Failure;
use super::colour::Colour;
use crate::doctor;

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
    match arguments.output {
        Format::Text => println!("{}", report.render(colour.on(&std::io::stdout())).trim_end()),
        Format::Json => println!("{}", serde_json::to_string(&report)?),
    }
    Ok(if report.usable() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
