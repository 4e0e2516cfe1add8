//! `lanner sink`: the sinks that findings go to, one file a verb.

mod test;

use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Send a finding that says it is a test to sinks, once, and say what came of it
    Test(test::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::Test(arguments) => test::run(arguments),
    }
}
