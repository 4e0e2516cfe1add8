//! `lanner status`: how the running host stands.

use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};
use lanner_control::status::Rates;

use super::Failure;
use super::colour::Colour;
use super::control::Asked;
use super::format::{Format, print};

/// From one report to the next, of which rates are told, ms.
const EVERY_MS: u64 = 1000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// For people, with rates of the second that it takes, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    let mut client = arguments.asked.connect()?;
    let text = match arguments.output {
        Format::Text => {
            client.ask(Ask::Watch { every_ms: EVERY_MS })?;
            let (before, now) = (client.status()?, client.status()?);
            now.render(&Rates::between(&before, &now), colour.on(&std::io::stdout()))
        }
        Format::Json => {
            client.ask(Ask::Status)?;
            serde_json::to_string(&Answer::Status(Box::new(client.status()?)))?
        }
    };
    print("status", &text)?;
    Ok(ExitCode::SUCCESS)
}
