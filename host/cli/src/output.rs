//! Where findings go, as said on the command line.

use std::path::PathBuf;

use lanner_config::Output as Configured;
use lanner_finding::Labels;
use lanner_sink::formats::{self, Formatted};
use lanner_sink::{Json, Lines, Named, Outlet, Plain, Sink, Tail};

use super::Failure;
use super::colour::Colour;

/// The options that `run` and `replay` share.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// How findings are written, one a line: for people, as Lanner's JSON, or as others have them (Falco's JSON, Elastic
    /// Common Schema, OCSF, ArcSight's CEF); `events` prints the events of a capture instead, and judges nothing
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
    Falco,
    Ecs,
    Ocsf,
    Cef,
    Events,
}

impl Format {
    /// The format of others that it is.
    fn of_others(self) -> Option<formats::Format> {
        match self {
            Self::Text | Self::Json | Self::Events => None,
            Self::Falco => Some(formats::Format::Falco),
            Self::Ecs => Some(formats::Format::Ecs),
            Self::Ocsf => Some(formats::Format::Ocsf),
            Self::Cef => Some(formats::Format::Cef),
        }
    }
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
            // The configuration knows the same formats.
            let format = <Format as clap::ValueEnum>::from_str(&output.format, false).unwrap_or(Format::Json);
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
                Format::Text | Format::Cef => Tail::Text,
                Format::Json | Format::Events | Format::Falco | Format::Ecs | Format::Ocsf => Tail::Json,
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
    let host = host.to_owned();
    let sink: Box<dyn Sink> = match format.of_others() {
        Some(format) => Box::new(Lines::new(Formatted::new(format, host).labelled(labels), outlet)),
        None if format == Format::Text => Box::new(Lines::new(Plain::new(coloured), outlet)),
        None => Box::new(Lines::new(Json::new(host).labelled(labels), outlet)),
    };
    Ok((name, sink))
}
