//! `lanner rollback`: have a pack go back to the version that ran before, with the state that it had.

use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};

use super::Failure;
use super::control::OfPack;
use super::format::print;

pub(super) fn run(arguments: &OfPack) -> Result<ExitCode, Failure> {
    let mut client = arguments.asked.connect()?;
    client.ask(Ask::Rollback { pack: arguments.pack.clone() })?;
    let said = client.steered(|answer| match answer {
        Answer::RolledBack { pack, version } => Some(format!(
            "pack {pack} is back at {version}, with the state of then; where it comes from nothing was changed: a restart, or the \
             next change there, brings what is there"
        )),
        _ => None,
    })?;
    print("answer", &said)?;
    Ok(ExitCode::SUCCESS)
}
