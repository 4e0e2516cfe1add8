//! `lanner tuning check`: whether a host would take the tuning.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use lanner_control::socket::Ask;
use lanner_tuning::Source;

use super::{DEFAULT, Failure};
use crate::control::Asked;
use crate::format::print;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A file, or a folder of .toml files
    #[arg(value_name = "PATH", default_value = DEFAULT)]
    path: PathBuf,
    /// Fail where something may be meant otherwise
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    asked: Asked,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let tuning = Source::new(&arguments.path).read()?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Whether there are such rules is known where a host runs.
    let rules = rules(&arguments.asked).ok();
    let doubts = tuning.doubts(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX), rules.as_deref());
    let mut lines = vec![format!("{}: {tuning}", arguments.path.display())];
    lines.extend(doubts.iter().map(|doubt| format!("warning: {doubt}")));
    if rules.is_none() {
        lines.push("note: no host runs here that would know which rules there are".to_owned());
    }
    print("check", &(lines.join("\n") + "\n"))?;
    Ok(if arguments.strict && !doubts.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The rules of the running host.
fn rules(asked: &Asked) -> Result<Vec<String>, Failure> {
    let mut client = asked.connect()?;
    client.ask(Ask::Status)?;
    let packs = client.status()?.packs;
    Ok(packs.into_iter().flat_map(|pack| pack.rules).map(|rule| rule.id).collect())
}
