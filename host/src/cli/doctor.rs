//! `lanner doctor`: what this machine offers.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use super::Failure;
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

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let report = doctor::examine();
    match arguments.output {
        Format::Text => {
            let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            print!("{}", report.render(colour));
        }
        Format::Json => println!("{}", serde_json::to_string(&report)?),
    }
    Ok(if report.usable() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
