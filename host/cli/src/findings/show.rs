//! `lanner findings show`: one finding with all that is known of it.

use std::fmt::Write as _;

use lanner_abi::Text;
use lanner_finding::time::rfc3339;
use lanner_store::{Facet, Filter, Reader, Stored};
use serde_json::Value;

use super::list::{line, object, parse};
use super::{Failure, Format, print};
use crate::captures;

/// Other findings of the process that are shown.
const OTHERS: u32 = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Its id, or how that begins
    id: String,
    #[command(flatten)]
    captures: captures::Which,
    /// For people, or JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(store: &Reader, arguments: &Arguments) -> Result<(), Failure> {
    let stored = store.find(&arguments.id)?;
    match arguments.output {
        Format::Json => print("finding", &object(&stored)?.to_string()),
        Format::Text => print("finding", &text(store, &stored, &arguments.captures)?),
    }
}

fn text(store: &Reader, stored: &Stored, captures: &captures::Which) -> Result<String, Failure> {
    let finding = parse(stored)?;
    let mut out = String::new();
    let _ = writeln!(out, "{}  {}", scalar(&finding["severity"]).to_uppercase(), scalar(&finding["rule"]));
    let _ = writeln!(out, "{}\n", scalar(&finding["message"]));
    let pack = &finding["pack"];
    let facts = [
        ("time", scalar(&finding["time"])),
        ("id", scalar(&finding["id"])),
        ("host", scalar(&finding["host"])),
        ("meaning", scalar(&finding["summary"])),
        ("pack", format!("{} {}", scalar(&pack["name"]), scalar(&pack["version"]))),
        ("attack", scalar(&finding["attack"])),
        ("key", scalar(&finding["key"])),
    ];
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        let _ = writeln!(out, "{name:<10}{fact}");
    }
    tree(&finding, &mut out);
    section("container", &finding["process"]["container"], &mut out);
    section("fields", &finding["fields"], &mut out);
    section("event", &finding["event"], &mut out);
    capture(&finding, captures, &mut out)?;
    history(stored, &mut out);
    others(store, stored, &finding, &mut out)?;
    Ok(out)
}

/// The process below its ancestors, as they were then.
fn tree(finding: &Value, out: &mut String) {
    let process = &finding["process"];
    if process.is_null() {
        return;
    }
    out.push_str("\nprocess\n");
    let ancestors = finding["lineage"].as_array().map_or(&[][..], Vec::as_slice);
    let mut depth = 0;
    for ancestor in ancestors.iter().rev() {
        let name = [&ancestor["exe"], &ancestor["name"]].map(scalar).into_iter().find(|name| !name.is_empty());
        let _ = writeln!(out, "  {}{} ({})", branch(depth), name.unwrap_or_default(), ancestor["pid"]);
        depth += 1;
    }
    let arguments: Vec<String> = process["args"].as_array().into_iter().flatten().skip(1).map(scalar).collect();
    let user = match &process["user"] {
        Value::Null => format!("uid {}", process["uid"]),
        name => format!("{} (uid {})", scalar(name), process["uid"]),
    };
    let command = format!("{} {}", scalar(&process["exe"]), arguments.join(" "));
    let _ = writeln!(out, "  {}{} ({})", branch(depth), command.trim_end(), process["pid"]);
    let below = "   ".repeat(depth + 1);
    let _ = writeln!(out, "  {below}by {user}, in {}, since {}", scalar(&process["cwd"]), scalar(&process["start"]));
}

fn branch(depth: usize) -> String {
    match depth.checked_sub(1) {
        Some(above) => format!("{}└─ ", "   ".repeat(above)),
        None => String::new(),
    }
}

fn section(name: &str, value: &Value, out: &mut String) {
    let Some(object) = value.as_object().filter(|object| !object.is_empty()) else { return };
    let _ = writeln!(out, "\n{name}");
    let width = object.keys().map(|key| key.chars().count()).max().unwrap_or_default();
    for (key, value) in object {
        let _ = writeln!(out, "  {:<width$}  {}", Text::from(key.as_str()).to_string(), scalar(value));
    }
}

/// What happened around it, where that was written down.
fn capture(finding: &Value, captures: &captures::Which, out: &mut String) -> Result<(), Failure> {
    let capture = finding["time_ns"].as_u64().map(|time_ns| captures.around(time_ns)).transpose()?.flatten();
    if let Some(capture) = capture {
        let path = capture.path.display();
        let _ = writeln!(
            out,
            "\ncapture   {path}\n  again: `lanner replay {path}`, with the --rules (or the --lock and --archive) to judge it by; as a test: `lanner findings to-test {}`",
            scalar(&finding["id"])
        );
    }
    Ok(())
}

fn history(stored: &Stored, out: &mut String) {
    let work = &stored.work;
    let assignee = work.assignee.as_ref().map_or_else(String::new, |who| format!(", {}", Text::from(who.as_str())));
    let _ = writeln!(out, "\nstate     {}{assignee}", work.state.name());
    for entry in &work.entries {
        let at = rfc3339(u64::try_from(entry.at_ns).unwrap_or_default());
        let text = entry.text.as_ref().map_or_else(String::new, |text| format!(": {}", Text::from(text.as_str())));
        let (at, who) = (at.get(..19).unwrap_or(&at).replace('T', " "), Text::from(entry.who.as_str()));
        let _ = writeln!(out, "  {at}  {who} {}{text}", entry.change);
    }
}

/// What else was found of the process.
fn others(store: &Reader, stored: &Stored, finding: &Value, out: &mut String) -> Result<(), Failure> {
    let Some(process) = finding["process"]["id"].as_str() else { return Ok(()) };
    let filter = Filter { facets: vec![(Facet::Process, vec![process.to_owned()])], ..Filter::default() };
    let page = store.page(&filter, None, OTHERS + 1)?;
    let others: Vec<&Stored> = page.findings.iter().filter(|other| other.key != stored.key).collect();
    if !others.is_empty() {
        out.push_str("\nother findings of this process\n");
    }
    for other in others.iter().take(OTHERS as usize) {
        let _ = writeln!(out, "  {}", line(other)?);
    }
    if page.next.is_some() {
        let _ = writeln!(out, "  and more: `lanner findings list --process {}`", Text::from(process));
    }
    Ok(())
}

/// A value for people, in one line: what is in it may come from an attacker.
fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => Text::from(text.as_str()).to_string(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(values) => values.iter().map(scalar).collect::<Vec<_>>().join(" "),
        Value::Object(_) => Text::from(value.to_string().as_str()).to_string(),
    }
}
