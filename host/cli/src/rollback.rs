//! `lanner rollback`: have a pack go back to the version that ran before, with the state that it had.

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
    client.ask(Ask::Rollback { pack: arguments.pack.clone() })?;
    let (pack, version) = loop {
        if let Answer::RolledBack { pack, version } = client.answer()? {
            break (pack, version);
        }
    };
    let said = format!(
        "pack {pack} is back at {version}, with the state of then; its file, or the registry, still has the version after it: a \
         restart, or the next change there, brings that"
    );
    writeln!(std::io::stdout(), "{said}").map_err(|error| format!("that cannot be written: {error}"))?;
    Ok(ExitCode::SUCCESS)
}
