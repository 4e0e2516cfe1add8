//! `lanner promote`: have the version that runs in the shadow of a pack take its place.

use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};

use super::Failure;
use super::control::OfPack;
use super::format::print;

pub(super) fn run(arguments: &OfPack) -> Result<ExitCode, Failure> {
    let mut client = arguments.asked.connect()?;
    client.ask(Ask::Promote { pack: arguments.pack.clone() })?;
    let said = client.steered(|answer| match answer {
        Answer::Promoted { pack, version, before } => Some(format!(
            "pack {pack} is {version} now, with the state of {before}; where that comes from nothing was changed: put the file \
             there to keep it after a restart (`lanner rollback {pack}` goes back)"
        )),
        _ => None,
    })?;
    print("answer", &said)?;
    Ok(ExitCode::SUCCESS)
}
