//! ArcSight's Common Event Format: `CEF:0|vendor|product|version|signature|name|severity|key=value …`.
//!
//! Values are cut to what ArcSight's dictionary has room for. What a line cannot hold (control characters) is U+FFFD.

use std::fmt::Write as _;

use serde_json::Value;

use super::facts;
use super::kinds;
use super::table::{Column, placed};

/// Bytes of the fields of the head, by the dictionary: version, signature, name.
const VERSION: usize = 31;
const SIGNATURE: usize = 1023;
const NAME: usize = 512;

/// Keys, how many bytes their values may have, and what those are called that have no name of their own.
pub(super) const DICTIONARY: &[(&str, usize, Option<&str>)] = &[
    ("externalId", 40, None),
    ("rt", 20, None),
    ("start", 20, None),
    ("end", 20, None),
    ("cnt", 20, None),
    ("dvchost", 100, None),
    ("msg", 1023, None),
    ("cat", 1023, None),
    ("outcome", 63, None),
    ("reason", 1023, None),
    ("spid", 20, None),
    ("sproc", 1023, None),
    ("suser", 1023, None),
    ("suid", 1023, None),
    ("dpid", 20, None),
    ("filePath", 1023, None),
    ("fname", 1023, None),
    ("oldFilePath", 1023, None),
    ("filePermission", 1023, None),
    ("src", 16, None),
    ("spt", 5, None),
    ("dst", 16, None),
    ("dpt", 5, None),
    // Version 0 has no room for IPv6 where it has IPv4.
    ("c6a2", 45, Some("SourceIPv6Address")),
    ("c6a3", 45, Some("DestinationIPv6Address")),
    ("proto", 31, None),
    ("destinationDnsDomain", 255, None),
    ("deviceFacility", 1023, None),
    ("cn1", 20, Some("ParentProcessId")),
    ("cn2", 20, Some("EventSequence")),
    ("cs1", 4000, Some("CommandLine")),
    ("cs2", 4000, Some("AttackTechniques")),
    ("cs3", 4000, Some("Lineage")),
    ("cs4", 4000, Some("ContainerId")),
    ("cs5", 4000, Some("ContainerImage")),
    ("cs6", 4000, Some("KubernetesPod")),
    ("flexString1", 1023, Some("Key")),
    ("flexString2", 1023, Some("Pack")),
];

pub(super) fn of(finding: &Value) -> String {
    let grade = kinds::grade(finding);
    let say = |pointer| facts::at(finding, pointer).and_then(facts::text);
    let rule = say("/rule").unwrap_or_else(|| "unknown".to_owned());
    let name = say("/summary").or_else(|| say("/message")).unwrap_or_else(|| rule.clone());
    let mut line = String::from("CEF:0|Lanner|Lanner");
    for (text, room) in [(env!("CARGO_PKG_VERSION"), VERSION), (&rule, SIGNATURE), (&name, NAME)] {
        line.push('|');
        head(cut(&plain(text), room), &mut line);
    }
    let _ = write!(line, "|{}|", grade.cef);
    let mut first = true;
    for (key, value) in placed(finding, Column::Cef) {
        let Some(value) = facts::any_text(&value) else { continue };
        let key = match key {
            "src" if value.contains(':') => "c6a2",
            "dst" if value.contains(':') => "c6a3",
            key => key,
        };
        extend(key, &value, &mut first, &mut line);
    }
    if let Some(outcome) = kinds::outcome(finding) {
        extend("outcome", if outcome.is_ok() { "success" } else { "failure" }, &mut first, &mut line);
        if let Err(error) = outcome {
            extend("reason", &error, &mut first, &mut line);
        }
    }
    line
}

/// Adds a key with its value, and what it is called.
fn extend(key: &str, value: &str, first: &mut bool, line: &mut String) {
    let Some((_, room, label)) = DICTIONARY.iter().find(|(known, ..)| *known == key) else { return };
    let mut add = |key: &str, part: &str, value: &str| {
        if !std::mem::take(first) {
            line.push(' ');
        }
        line.push_str(key);
        line.push_str(part);
        line.push('=');
        escape(value, line);
    };
    add(key, "", cut(&plain(value), *room));
    if let Some(label) = label {
        add(key, "Label", label);
    }
}

/// A text without what no line can hold.
fn plain(text: &str) -> String {
    let of = |c: char| match c {
        '\t' => ' ',
        '\n' | '\r' => c,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(of).collect()
}

/// A field of the head: there `|` is what ends it, and a line feed has no way to be written.
fn head(text: &str, line: &mut String) {
    for c in text.chars() {
        match c {
            '\\' | '|' => line.extend(['\\', c]),
            '\n' | '\r' => line.push(' '),
            c => line.push(c),
        }
    }
}

/// A value: there `=` begins one.
fn escape(text: &str, line: &mut String) {
    for c in text.chars() {
        match c {
            '\\' | '=' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            c => line.push(c),
        }
    }
}

/// So much of a text as has room, bytes.
fn cut(text: &str, room: usize) -> &str {
    text.get(..text.floor_char_boundary(room)).unwrap_or(text)
}
