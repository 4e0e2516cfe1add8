//! `lanner rule run`: have a pack judge events that are given by hand.

use std::io::Write as _;
use std::process::ExitCode;

use lanner_author::explain::{Events, judge};
use lanner_sink::{Format as _, Json, Plain};

use super::super::colour::Colour;
use super::{Failure, Format, OnePack, events, say};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pack: OnePack,
    /// An event, such as '{open: {path: /etc/shadow}, process: {exe: /usr/bin/cat}}', or as `lanner events --output json` prints it;
    /// `-` reads lines of them from stdin. May be given several times
    #[arg(long = "event", value_name = "EVENT", required = true)]
    events: Vec<String>,
    /// How findings are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    let (pack, settings) = arguments.pack.open()?;
    let (name, text) = events(&arguments.events)?;
    let judged = judge(&pack, &settings, &Events::Lines(name, &text))?;
    say(&judged.log, &judged.troubles);
    let mut out = Vec::new();
    let (plain, json) = (Plain::new(colour.on(&std::io::stdout())), Json::new(String::new()));
    for finding in &judged.findings {
        match arguments.output {
            Format::Text => plain.append(finding, &mut out),
            Format::Json => json.append(finding, &mut out),
        }
    }
    std::io::stdout().write_all(&out).map_err(|error| format!("findings cannot be written: {error}"))?;
    let (events, findings) = (judged.events, judged.findings.len());
    tracing::info!("judged {events} events: {findings} findings");
    Ok(if judged.troubles.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
