//! `lanner config show`: what a host would go by, and where each value is from.

use std::process::ExitCode;

use lanner_config::{Entry, KEYS, Key, Output, Said};
use serde_json::json;

use super::complete::is_set;
use super::{Configured, Failure, Which};
use crate::format::{Format, print};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Only what a file or the environment says
    #[arg(long)]
    said: bool,
    /// For people, or one JSON object a value
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

/// A value, and where it is from.
struct Line<'c> {
    name: String,
    value: String,
    from: From<'c>,
}

enum From<'c> {
    Default,
    Variable(&'static str),
    File(&'c Said),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let configured = Configured::alone(arguments.which.place())?;
    let mut lines: Vec<Line<'_>> = KEYS.iter().flat_map(|key| lines_of(&configured, key)).collect();
    lines.extend(configured.config.outputs.iter().map(output));
    if configured.config.outputs.is_empty() {
        lines.push(Line { name: "output".to_owned(), value: "stdout, text".to_owned(), from: From::Default });
    }
    lines.retain(|line| !arguments.said || !matches!(line.from, From::Default));
    let width = |of: fn(&Line<'_>) -> usize| lines.iter().map(of).max().unwrap_or(0).min(48);
    let (names, values) = (width(|line| line.name.chars().count()), width(|line| line.value.chars().count()));
    let text: Vec<String> = lines
        .iter()
        .map(|line| match arguments.output {
            Format::Text => format!("{:names$}  {:values$}  {}", line.name, line.value, line.from.shown()),
            Format::Json => line.json().to_string(),
        })
        .collect();
    print("configuration", &text.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn lines_of<'c>(configured: &'c Configured, key: &'static Key) -> Vec<Line<'c>> {
    if let (true, Some(variable)) = (is_set(key), key.variable) {
        let value = std::env::var_os(variable).unwrap_or_default().to_string_lossy().into_owned();
        return vec![Line { name: key.name.to_owned(), value, from: From::Variable(variable) }];
    }
    let mut said: Vec<Line<'_>> = configured.config.entries_of(key.name).flat_map(of_entry).collect();
    if said.is_empty() && !key.is_open() {
        let of_option = || key.puts.option().and_then(|option| configured.default_of(option));
        let value = key.default.map(str::to_owned).or_else(of_option).unwrap_or_default();
        said.push(Line { name: key.name.to_owned(), value, from: From::Default });
    }
    said
}

fn of_entry(entry: &Entry) -> Vec<Line<'_>> {
    let shown = entry.shown().into_iter().zip(&entry.values);
    shown.map(|(value, said)| Line { name: entry.name.to_string(), value, from: From::File(said) }).collect()
}

fn output(output: &Output) -> Line<'_> {
    Line { name: "output".to_owned(), value: output.shown(), from: From::File(&output.said) }
}

impl From<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::Variable(name) => format!("${name}"),
            Self::File(said) => said.to_string(),
        }
    }
}

impl Line<'_> {
    fn json(&self) -> serde_json::Value {
        let Self { name, value, from } = self;
        match from {
            From::Default => json!({"key": name, "value": value, "from": "default"}),
            From::Variable(variable) => {
                json!({"key": name, "value": value, "from": "environment", "variable": variable})
            }
            From::File(Said { file, at, .. }) => {
                json!({"key": name, "value": value, "from": "file", "file": file.as_path(), "line": at.line, "column": at.column})
            }
        }
    }
}
