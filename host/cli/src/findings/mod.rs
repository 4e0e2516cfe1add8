//! `lanner findings`: what was found, as the store keeps it, one file a verb.

mod asked;
mod change;
mod export;
mod list;
mod show;
mod stats;
mod to_test;

use std::process::ExitCode;

use clap::Subcommand;

use super::Failure;
use super::format::{Format, print};
use super::store::Which;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    store: Which,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Print findings, the newest first
    List(list::Arguments),
    /// Print findings in which words stand
    Search(list::Search),
    /// Print one with all that is known of it
    Show(show::Arguments),
    /// Count findings by what they have
    Stats(stats::Arguments),
    /// Write findings for other programs, the newest first
    Export(export::Arguments),
    /// Make a test of a finding: from the capture around it, else from its event
    ToTest(to_test::Arguments),
    /// Say that somebody has seen findings
    Ack(change::Reasoned),
    /// Say that findings are done with
    Close(change::Reasoned),
    /// Say that findings are to be looked at again
    Reopen(change::Reasoned),
    /// Say who looks after findings
    Assign(change::Assign),
    /// Say something about a finding
    Comment(change::Comment),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut store = arguments.store.open()?;
    match &arguments.verb {
        Verb::List(arguments) => list::run(&store, arguments)?,
        Verb::Search(arguments) => list::search(&store, arguments)?,
        Verb::Show(arguments) => show::run(&store, arguments)?,
        Verb::Stats(arguments) => stats::run(&store, arguments)?,
        Verb::Export(arguments) => export::run(&store, arguments)?,
        Verb::ToTest(arguments) => to_test::run(&store, arguments)?,
        Verb::Ack(arguments) => change::acknowledge(&mut store, arguments)?,
        Verb::Close(arguments) => change::close(&mut store, arguments)?,
        Verb::Reopen(arguments) => change::reopen(&mut store, arguments)?,
        Verb::Assign(arguments) => change::assign(&mut store, arguments)?,
        Verb::Comment(arguments) => change::comment(&mut store, arguments)?,
    }
    Ok(ExitCode::SUCCESS)
}
