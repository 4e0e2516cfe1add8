//! `lanner rollback`: have a pack go back to the version that ran before, with the state that it had.

use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};

use super::Failure;
use super::control::OfPack;
use super::format::print;

pub(super) fn run(arguments: &OfPack) -> Result<ExitCode, Failure> {
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
    print("answer", &said)?;
    Ok(ExitCode::SUCCESS)
}
