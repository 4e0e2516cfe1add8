//! Findings that were written as JSON, one a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Failure;

/// Bytes of a line.
const MAX_LINE: u64 = 4 << 20;
/// Characters of an id that has to be said of it at least.
const SHORTEST: usize = 6;

/// Which finding, and among which others.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// A finding as `--output json` writes it; `-` reads it from stdin. With --in its id, or how that begins
    #[arg(value_name = "FINDING")]
    finding: String,
    /// A file of findings, one JSON object a line, as `--output json --output-file` writes it
    #[arg(long = "in", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Which {
    /// The finding.
    pub(super) fn read(&self) -> Result<Value, Failure> {
        let finding = self.finding.trim();
        if finding == "-" {
            let mut text = String::new();
            std::io::stdin().take(MAX_LINE).read_to_string(&mut text).map_err(|error| format!("stdin: {error}"))?;
            return parse(&text, "stdin");
        }
        if finding.starts_with('{') {
            return parse(finding, "the finding");
        }
        let Some(file) = &self.file else {
            return Err(format!(
                "{finding:?} is no finding: give the JSON that `--output json` writes, `-` for stdin, or the id of a \
                 finding with --in FILE"
            )
            .into());
        };
        let is_id = finding.len() >= SHORTEST && finding.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id {
            return Err(
                format!("{finding:?} is no id of a finding: at least {SHORTEST} of its hexadecimal digits").into()
            );
        }
        let finding = finding.to_ascii_lowercase();
        let mut found: Option<Value> = None;
        each(file, |other| {
            let is_it = other["id"].as_str().is_some_and(|id| id.starts_with(&finding));
            match &found {
                Some(first) if is_it && first["id"] != other["id"] => {
                    Err(format!("several findings in {} have ids that begin with {finding}", file.display()).into())
                }
                None if is_it => {
                    found = Some(other);
                    Ok(())
                }
                _ => Ok(()),
            }
        })?;
        found.ok_or_else(|| format!("no finding in {} has an id that begins with {finding}", file.display()).into())
    }

    /// The others, where there is a file of them.
    pub(super) fn others(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// Each finding of a file. What is none is passed over.
pub(super) fn each(file: &Path, mut take: impl FnMut(Value) -> Result<(), Failure>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("{} cannot be read: {error}", file.display());
    let mut lines = BufReader::new(File::open(file).map_err(failed)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        if let Ok(finding) = serde_json::from_slice::<Value>(&line)
            && finding["type"] == "finding"
        {
            take(finding)?;
        }
    }
}

fn parse(text: &str, what: &str) -> Result<Value, Failure> {
    let finding: Value = serde_json::from_str(text.trim())
        .map_err(|error| format!("{what} is not JSON as `--output json` writes it: {error}"))?;
    match finding["type"] == "finding" && finding["rule"].is_string() {
        true => Ok(finding),
        false => Err(format!("{what} is no finding: it has not `\"type\": \"finding\"` and a rule").into()),
    }
}
