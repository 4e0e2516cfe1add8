//! `lanner findings export`: findings for other programs.

use std::io::{self, BufWriter, Write};

use lanner_store::{Reader, Stored};
use serde_json::Value;

use super::Failure;
use super::asked::Asked;
use super::list::parse;

/// Findings that are read at a time.
const PAGE: u32 = 1_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    /// One finding a line as `--output json` writes it, or a table
    #[arg(long, value_name = "FORMAT", default_value = "json")]
    format: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Json,
    Csv,
}

/// The columns of the table.
const COLUMNS: [&str; 16] = [
    "time",
    "id",
    "severity",
    "rule",
    "message",
    "host",
    "program",
    "arguments",
    "pid",
    "user",
    "container",
    "image",
    "namespace",
    "attack",
    "state",
    "assignee",
];

pub(super) fn run(store: &Reader, arguments: &Arguments) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match arguments.format {
        Form::Json => each(store, arguments, |stored| Ok(writeln!(out, "{}", stored.json)?)),
        Form::Csv => {
            let mut table = csv::Writer::from_writer(&mut out);
            table.write_record(COLUMNS)?;
            each(store, arguments, |stored| Ok(table.write_record(row(stored)?)?)).and_then(|()| Ok(table.flush()?))
        }
    };
    match written.and_then(|()| Ok(out.flush()?)) {
        // A reader who has seen enough is no failure.
        Err(error) if is_broken_pipe(&*error) => Ok(()),
        Err(error) => Err(format!("the findings cannot be written: {error}").into()),
        Ok(()) => Ok(()),
    }
}

fn each(
    store: &Reader,
    arguments: &Arguments,
    mut take: impl FnMut(&Stored) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let filter = arguments.asked.filter(None);
    let mut after = None;
    loop {
        let page = store.page(&filter, after, PAGE)?;
        page.findings.iter().try_for_each(&mut take)?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

fn row(stored: &Stored) -> Result<[String; COLUMNS.len()], Failure> {
    let finding = parse(stored)?;
    let (process, work) = (&finding["process"], &stored.work);
    let container = &process["container"];
    let user = if process["user"].is_null() { &process["uid"] } else { &process["user"] };
    let cells = [
        &finding["time"],
        &finding["id"],
        &finding["severity"],
        &finding["rule"],
        &finding["message"],
        &finding["host"],
        &process["exe"],
        &process["args"],
        &process["pid"],
        user,
        &container["id"],
        &container["image"],
        &container["namespace"],
        &finding["attack"],
    ]
    .map(cell);
    let assignee = work.assignee.clone().unwrap_or_default();
    let more = [work.state.name().to_owned(), harmless(assignee)];
    let mut cells = cells.into_iter().chain(more);
    Ok(std::array::from_fn(|_| cells.next().unwrap_or_default()))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text.clone()),
        Value::Array(values) => {
            let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
            harmless(texts.join(" "))
        }
        other => other.to_string(),
    }
}

/// A spreadsheet takes what begins like this for a formula, and an attacker may have written it.
fn harmless(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    let of_table = error.downcast_ref::<csv::Error>().and_then(|error| match error.kind() {
        csv::ErrorKind::Io(error) => Some(error),
        _ => None,
    });
    let error = error.downcast_ref::<io::Error>().or(of_table);
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
