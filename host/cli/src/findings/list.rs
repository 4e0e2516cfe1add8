//! `lanner findings list` and `search`: one line each, the newest first.

use std::fmt::Write as _;

use lanner_abi::Text;
use lanner_finding::time::rfc3339;
use lanner_store::{Filter, Reader, State, Stored};
use serde_json::{Value, json};

use super::asked::Asked;
use super::{Failure, Format, print};

/// Digits of an id that are shown.
const SHORT: usize = 10;
/// Findings of a page at most.
const MOST: i64 = 10_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    page: Page,
}

#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// Words that have to stand in it; what is within quotation marks stands there as it is, and a word that ends with * may go on
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    #[command(flatten)]
    asked: Asked,
    #[command(flatten)]
    page: Page,
}

#[derive(Debug, clap::Args)]
struct Page {
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value = "50", value_parser = clap::value_parser!(u32).range(1..=MOST))]
    limit: u32,
    /// Go on behind a page, with what was said at its end
    #[arg(long, value_name = "PLACE")]
    after: Option<i64>,
    /// For people, or JSON: an object with `finding`, `state`, `assignee` and `entries` a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(store: &Reader, arguments: &Arguments) -> Result<(), Failure> {
    list(store, &arguments.asked.filter(None), &arguments.page)
}

pub(super) fn search(store: &Reader, arguments: &Search) -> Result<(), Failure> {
    list(store, &arguments.asked.filter(Some(arguments.words.join(" "))), &arguments.page)
}

fn list(store: &Reader, filter: &Filter, page: &Page) -> Result<(), Failure> {
    let lanner_store::Page { findings, next } = store.page(filter, page.after, page.limit)?;
    let mut text = String::new();
    for stored in &findings {
        let _ = match page.output {
            Format::Text => writeln!(text, "{}", line(stored)?),
            Format::Json => writeln!(text, "{}", object(stored)?),
        };
    }
    if !text.is_empty() {
        print("findings", &text)?;
    }
    match next {
        Some(next) => tracing::info!("there are more: --after {next}"),
        None if findings.is_empty() => tracing::info!("there is no such finding"),
        None => {}
    }
    Ok(())
}

/// A finding in one line.
pub(super) fn line(stored: &Stored) -> Result<String, Failure> {
    let finding = parse(stored)?;
    let text = |value: &Value| Text::from(value.as_str().unwrap_or_default()).to_string();
    let time = rfc3339(finding["time_ns"].as_u64().unwrap_or_default());
    let (time, id) = (time.get(..19).unwrap_or(&time).replace('T', " "), text(&finding["id"]));
    let state = match (stored.work.state, &stored.work.assignee) {
        (State::Open, None) => String::new(),
        (state, None) => format!("  [{}]", state.name()),
        (state, Some(who)) => format!("  [{}, {}]", state.name(), Text::from(who.as_str())),
    };
    let severity = text(&finding["severity"]).to_uppercase();
    let (rule, message) = (text(&finding["rule"]), text(&finding["message"]));
    Ok(format!("{time}  {}  {severity:<8}  {rule}  {message}{state}", id.get(..SHORT).unwrap_or(&id)))
}

/// A finding and what became of it, for programs.
pub(super) fn object(stored: &Stored) -> Result<Value, Failure> {
    let (finding, work) = (parse(stored)?, &stored.work);
    Ok(json!({"finding": finding, "state": work.state.name(), "assignee": work.assignee, "entries": work.entries}))
}

/// The finding.
pub(super) fn parse(stored: &Stored) -> Result<Value, Failure> {
    let parsed = serde_json::from_str(&stored.json);
    Ok(parsed.map_err(|error| format!("what is kept as finding {} is none: {error}", stored.key))?)
}
