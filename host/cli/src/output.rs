//! Where findings go, as said on the command line.

use std::path::PathBuf;

use lanner_config::Output as Configured;
use lanner_finding::Labels;
use lanner_sink::{Json, Lines, Named, Outlet, Plain, Tail};

use super::Failure;
use super::colour::Colour;

/// The options that `run` and `replay` share.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// How findings are written: for people, or one JSON object a line; `events` prints the events of a capture instead,
    /// and judges nothing
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Append findings to this file instead of writing them to stdout
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// What a configuration says instead.
    #[arg(skip)]
    pub(super) configured: Vec<Configured>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
    Events,
}

impl Output {
    /// Whether it is events that are asked for, not findings.
    pub(super) fn is_events(&self) -> bool {
        self.output == Format::Events
    }

    /// Opens the sinks for findings.
    pub(super) fn open(&self, host: &str, labels: &Labels, colour: Colour) -> Result<Vec<Named>, Failure> {
        if self.configured.is_empty() {
            return Ok(vec![open(self.output, self.output_file.as_ref(), host, labels, colour)?]);
        }
        let opened = self.configured.iter().map(|output| {
            let format = if output.format == "text" { Format::Text } else { Format::Json };
            open(format, output.path.as_ref(), host, labels, colour)
        });
        opened.collect()
    }
}

/// Opens one: a file, or stdout.
fn open(format: Format, file: Option<&PathBuf>, host: &str, labels: &Labels, colour: Colour) -> Result<Named, Failure> {
    let (name, outlet) = match file {
        None => ("stdout".to_owned(), Outlet::stdout()),
        Some(path) => {
            let name = path.display().to_string();
            let tail = match format {
                Format::Text => Tail::Text,
                Format::Json | Format::Events => Tail::Json,
            };
            let outlet = Outlet::file(path.clone(), tail);
            let outlet = outlet.map_err(|error| format!("findings cannot be written to {name}: {error}"))?;
            (name, outlet)
        }
    };
    // In a file colours are asked for, or there are none.
    let coloured = match file {
        None => colour.on(&std::io::stdout()),
        Some(_) => colour.always(),
    };
    Ok(match format {
        Format::Text => (name, Box::new(Lines::new(Plain::new(coloured), outlet))),
        Format::Json | Format::Events => {
            (name, Box::new(Lines::new(Json::new(host.to_owned()).labelled(labels), outlet)))
        }
    })
}
