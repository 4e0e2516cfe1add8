//! `lanner release`: let a pack go on that rests or is quarantined.

use std::io::Write as _;
use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};

use super::Failure;
use super::control::Asked;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The name of the pack, as `lanner status` has it
    #[arg(value_name = "PACK")]
    pack: String,
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut client = arguments.asked.connect()?;
    client.ask(Ask::Release { pack: arguments.pack.clone() })?;
    let pack = loop {
        if let Answer::Released { pack } = client.answer()? {
            break pack;
        }
    };
    writeln!(std::io::stdout(), "pack {pack} goes on").map_err(|error| format!("that cannot be written: {error}"))?;
    Ok(ExitCode::SUCCESS)
}
