//! `lanner rule explain`: which filters an event passes.

use std::process::ExitCode;

use lanner_author::explain::explain;

use super::{Failure, Format, OnePack, events, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pack: OnePack,
    /// An event, as for `lanner rule run`; `-` reads lines of them from stdin. May be given several times
    #[arg(long = "event", value_name = "EVENT", required = true)]
    events: Vec<String>,
    /// For people, or JSON, one object an event
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (pack, settings) = arguments.pack.open()?;
    let (name, text) = events(&arguments.events)?;
    let explained = explain(&pack, &settings, name, &text)?;
    let lines =
        |of: &dyn Fn(&lanner_author::explain::Explanation) -> String| explained.iter().map(of).collect::<Vec<_>>();
    print(
        "explanation",
        arguments.output,
        || lines(&|one| one.text()).join("\n\n"),
        || lines(&|one| one.json().to_string()).join("\n"),
    )?;
    Ok(ExitCode::SUCCESS)
}
