//! Where findings go, as said on the command line.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use lanner_sink::{Json, Named, Plain};

use super::Failure;
use super::colour::Colour;

/// The options that `run` and `replay` share.
#[derive(Debug, clap::Args)]
pub(super) struct Output {
    /// How findings are written: for people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Append findings to this file instead of writing them to stdout
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    Json,
}

impl Output {
    /// Opens the sinks.
    pub(super) fn open(&self, host: &str, colour: Colour) -> Result<Vec<Named>, Failure> {
        let (out, colour): (Box<dyn Write + Send>, bool) = match &self.output_file {
            None => (Box::new(std::io::stdout()), colour.on(&std::io::stdout())),
            Some(path) => {
                // Findings hold command lines, and those hold secrets.
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
                let file =
                    file.map_err(|error| format!("findings cannot be written to {}: {error}", path.display()))?;
                let colour = colour.on(&file);
                (Box::new(file), colour)
            }
        };
        let out = BufWriter::new(out);
        let name = self.output_file.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
        Ok(vec![match self.output {
            Format::Text => (name, Box::new(Plain::new(out, colour))),
            Format::Json => (name, Box::new(Json::new(out, host.to_owned()))),
        }])
    }
}
