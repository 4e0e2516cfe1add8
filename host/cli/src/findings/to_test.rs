//! `lanner findings to-test`: a finding as a test of its pack.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use lanner_author::event::of_finding;
use lanner_captures::Found;
use lanner_store::{Facet, Filter, Reader};
use serde_json::{Value, json};

use super::Failure;
use super::list::parse;
use crate::captures;

/// Findings of a capture that a test expects at most.
const MOST: u32 = 1000;
/// Digits of its id in the names of files.
const SHORT: usize = 8;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The finding's id, or how that begins
    id: String,
    /// The folder for the test and what it reads
    #[arg(long, value_name = "FOLDER", default_value = "tests")]
    to: PathBuf,
    #[command(flatten)]
    captures: captures::Which,
}

pub(super) fn run(store: &Reader, arguments: &Arguments) -> Result<(), Failure> {
    let finding = parse(&store.find(&arguments.id)?)?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (rule, id) = (text(&finding["rule"]), text(&finding["id"]));
    let plain = |byte: char| if byte.is_ascii_alphanumeric() || byte == '-' { byte } else { '-' };
    let name: String = rule.chars().map(plain).collect();
    let name = format!("{name}-{}", id.get(..SHORT).unwrap_or(&id));
    let time_ns = finding["time_ns"].as_u64().unwrap_or_default();
    let capture = arguments.captures.around(time_ns)?;
    let expected = capture.as_ref().map(|capture| expected(store, &finding, capture)).transpose()?;
    // One that ended before what was found would make a test of something else.
    let expected = expected.filter(|expected| expected.iter().any(|found| found["id"] == finding["id"]));
    let capture = capture.filter(|_| expected.is_some());
    let (step, expected) = match expected {
        Some(expected) => (json!({ "capture": format!("{name}.lcap") }), expected),
        None => {
            let event = of_finding(&finding);
            let why = format!(
                "there is no capture around it in {} (`lanner run --capture` writes them), and it has no event of a kind that this version knows",
                arguments.captures.path().display()
            );
            (event.ok_or(why)?, vec![finding.clone()])
        }
    };
    fs::create_dir_all(&arguments.to).map_err(|error| format!("{}: {error}", arguments.to.display()))?;
    let path = arguments.to.join(format!("{name}.yaml"));
    write(&path, test(&finding, &step, &expected).as_bytes())?;
    if let Some(capture) = &capture {
        let copy = arguments.to.join(format!("{name}.lcap"));
        let copied = fs::read(&capture.path).map_err(|error| format!("{}: {error}", capture.path.display()));
        if let Err(error) = copied.map_err(Failure::from).and_then(|bytes| write(&copy, &bytes)) {
            // One without the other is of no use.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
    }
    let of = capture.map_or_else(
        || format!("its event alone, as there is no capture around it in {}", arguments.captures.path().display()),
        |capture| format!("{}, with the {} findings of its pack in it", capture.path.display(), expected.len()),
    );
    tracing::info!(
        "{} is made of {of}; `lanner rule test` runs it, and --update makes what is found what is expected",
        path.display()
    );
    Ok(())
}

/// What was found by the same pack of the events of a capture, in its order.
fn expected(store: &Reader, finding: &Value, capture: &Found) -> Result<Vec<Value>, Failure> {
    let of = |facet, value: &Value| (facet, vec![value.as_str().unwrap_or_default().to_owned()]);
    let time = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
    let filter = Filter {
        since_ns: Some(time(capture.span_ns.0)),
        until_ns: Some(time(capture.span_ns.1.saturating_add(1))),
        facets: vec![of(Facet::Pack, &finding["pack"]["name"]), of(Facet::Host, &finding["host"])],
        ..Filter::default()
    };
    let page = store.page(&filter, None, MOST)?;
    page.findings.iter().rev().map(parse).collect()
}

/// A file with one test. What is quoted is JSON, which YAML reads alike.
fn test(finding: &Value, step: &Value, expected: &[Value]) -> String {
    let mut out = String::from("tests:\n");
    let name = format!(
        "{}: {}",
        finding["rule"].as_str().unwrap_or_default(),
        finding["message"].as_str().unwrap_or_default()
    );
    let _ = writeln!(out, "  - name: {}", Value::from(name));
    let note = format!(
        "Found on {} at {}, by version {} of the pack",
        finding["host"].as_str().unwrap_or_default(),
        finding["time"].as_str().unwrap_or_default(),
        finding["pack"]["version"].as_str().unwrap_or_default()
    );
    let _ = writeln!(out, "    note: {}", Value::from(note));
    let step = match step.get("capture") {
        Some(capture) => format!("capture: {capture}"),
        None => serde_json::to_string_pretty(step).unwrap_or_default().replace('\n', "\n        "),
    };
    let _ = writeln!(out, "    events:\n      - {step}");
    out.push_str("    expect:\n");
    for found in expected {
        let _ = writeln!(out, "      - rule: {}\n        message: {}", found["rule"], found["message"]);
    }
    out
}

/// Only for its owner, as it holds command lines. What is there is left alone.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(path);
    let written = made.and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            format!("{} is there already: remove it, or say another folder with --to", path.display()).into()
        }
        _ => format!("{}: {error}", path.display()).into(),
    })
}
