//! `lanner release`: let a pack go on that rests or is quarantined.

use std::process::ExitCode;

use lanner_control::socket::{Answer, Ask};

use super::Failure;
use super::control::OfPack;
use super::format::print;

pub(super) fn run(arguments: &OfPack) -> Result<ExitCode, Failure> {
    let mut client = arguments.asked.connect()?;
    client.ask(Ask::Release { pack: arguments.pack.clone() })?;
    let pack = loop {
        if let Answer::Released { pack } = client.answer()? {
            break pack;
        }
    };
    print("answer", &format!("pack {pack} goes on"))?;
    Ok(ExitCode::SUCCESS)
}
