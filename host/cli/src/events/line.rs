//! An event as a line for people, from how it was told.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lanner_finding::time;
use serde_json::{Map, Value};

/// Columns of the name of a kind, and of the process.
const KIND: usize = 15;
const PROCESS: usize = 22;

/// The time of day here, the kind, the process, and what is known of the event, but for what does not hold. Ends with a new
/// line. A line that is no event is given as it is.
pub(super) fn of_event(line: &[u8], zone: &TimeZone) -> String {
    let Ok(Value::Object(event)) = serde_json::from_slice(line) else {
        return format!("{}\n", quoted(&String::from_utf8_lossy(line)));
    };
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    let kind = text("kind");
    let at = text("time").parse::<Timestamp>().ok().and_then(|time| u64::try_from(time.as_nanosecond()).ok());
    let at = at.map_or_else(String::new, |ns| time::of_day(ns, zone));
    let process = event.get("process").and_then(Value::as_object);
    let mut out = format!("{at} {:KIND$} {:PROCESS$}", plain(kind), process.map_or_else(|| "-".into(), named));
    fields(event.get(kind).and_then(Value::as_object), &mut out);
    if let Some(arguments) = event.get("image").and_then(|image| image.get("argv")).and_then(Value::as_array) {
        let arguments: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        add("argv", &quoted(&arguments.join(" ")), &mut out);
    }
    event.get("result").into_iter().for_each(|result| add("result", &value(result), &mut out));
    if let Some(container) = process.and_then(|process| process.get("container")).and_then(Value::as_object) {
        let known = ["name", "id"].iter().find_map(|name| container.get(*name)?.as_str());
        known.into_iter().for_each(|known| add("container", &plain(known), &mut out));
    }
    if let Some(flags) = event.get("flags").filter(|flags| holds(flags)) {
        let _ = write!(out, " ({})", value(flags));
    }
    out.push('\n');
    out
}

/// `name=value`, or of what holds the name alone. A text that stands there already is not told again: a path and what was
/// asked for, or a program and its interpreter, are mostly the same.
fn fields(fields: Option<&Map<String, Value>>, out: &mut String) {
    let mut texts = Vec::new();
    for (name, told) in fields.into_iter().flatten().filter(|(_, told)| holds(told)) {
        match told {
            Value::Bool(_) => {
                let _ = write!(out, " {}", plain(name));
            }
            Value::String(text) if texts.contains(&text) => {}
            Value::String(text) => {
                texts.push(text);
                add(&plain(name), &quoted(text), out);
            }
            told => add(&plain(name), &value(told), out),
        }
    }
}

fn add(name: &str, value: &str, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, " {name}={value}");
}

/// Whether there is anything to tell.
fn holds(told: &Value) -> bool {
    match told {
        Value::Null | Value::Bool(false) => false,
        Value::Array(all) => !all.is_empty(),
        _ => true,
    }
}

fn value(told: &Value) -> String {
    match told {
        Value::String(text) => quoted(text),
        Value::Array(all) => all.iter().map(value).collect::<Vec<_>>().join(","),
        Value::Object(process) if process.contains_key("pid") && process.contains_key("exe") => named(process),
        Value::Object(object) => {
            let mut out = String::new();
            fields(Some(object), &mut out);
            format!("{{{}}}", out.trim_start())
        }
        told => told.to_string(),
    }
}

/// A process: the file's name of its program, and its pid.
fn named(process: &Map<String, Value>) -> String {
    let exe = process.get("exe").and_then(Value::as_str).unwrap_or("?");
    let pid = process.get("pid").and_then(Value::as_u64).unwrap_or(0);
    format!("{}[{pid}]", plain(exe.rsplit('/').next().unwrap_or(exe)))
}

/// A text as it is, and in quotes where it would not be one word, or is nothing that is printed.
fn quoted(text: &str) -> String {
    let odd = text.is_empty() || text.contains(['"', ' ']) || !is_printed(text);
    if odd { format!("{text:?}") } else { text.to_owned() }
}

/// A text without quotes, where it is printed as it is.
fn plain(text: &str) -> String {
    if is_printed(text) { text.to_owned() } else { text.escape_debug().to_string() }
}

/// Whether it moves no cursor, and hides nothing.
fn is_printed(text: &str) -> bool {
    text.chars().all(|character| {
        !character.is_control() && character.escape_debug().count() == 1 || "'\"\\".contains(character)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shown(line: &str, expected: &str) {
        assert_eq!(of_event(line.as_bytes(), &TimeZone::UTC), format!("{expected}\n"));
    }

    #[test]
    fn what_is_known_of_an_event_stands_in_a_line() {
        shown(
            r#"{"type":"event","seq":1,"time":"2026-11-24T00:53:56.123456789Z","kind":"open","flags":["failed","shared"],
                "result":-13,"process":{"pid":7,"exe":"/usr/bin/cat","container":{"id":"0123","name":"web"}},"lineage":[],
                "open":{"path":"/etc/my file","asked":"/etc/my file","flags":["rdwr","creat"],"created":true,"hidden":false,"none":null}}"#,
            "00:53:56.123 open            cat[7]                 path=\"/etc/my file\" flags=rdwr,creat created result=-13 \
             container=web (failed,shared)",
        );
        shown(
            r#"{"time":"2026-11-24T00:53:56Z","kind":"exec","process":{"pid":7,"exe":"/bin/sh"},
                "exec":{"filename":"/bin/ls"},"image":{"argv":["ls","-l"]}}"#,
            "00:53:56.000 exec            sh[7]                  filename=/bin/ls argv=\"ls -l\"",
        );
        shown(
            r#"{"time":"2026-11-24T00:53:56Z","kind":"signal","signal":{"target":{"id":"1","pid":8,"exe":"/bin/sleep"},"of":{"a":1}}}"#,
            "00:53:56.000 signal          -                      target=sleep[8] of={a=1}",
        );
    }

    #[test]
    fn what_others_call_their_files_moves_no_cursor() {
        let line = r#"{"kind":"open","process":{"pid":7,"exe":"/\u001b[31m"},"open":{"path":"/a\n\u001b[2J\u202e"}}"#;
        let shown = of_event(line.as_bytes(), &TimeZone::UTC);
        assert!(shown.ends_with("\\u{1b}[31m[7]          path=\"/a\\n\\u{1b}[2J\\u{202e}\"\n"), "{shown}");
        assert_eq!(of_event(b"\x1b[2J", &TimeZone::UTC), "\"\\u{1b}[2J\"\n");
    }
}
