//! For whom something is printed that is asked for once.

use std::io::Write as _;

use super::Failure;

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}

/// Prints it on stdout; `what` it is stands in the sentence where that fails.
pub(super) fn print(what: &str, text: &str) -> Result<(), Failure> {
    let written = writeln!(std::io::stdout(), "{}", text.trim_end());
    Ok(written.map_err(|error| format!("the {what} cannot be written: {error}"))?)
}
