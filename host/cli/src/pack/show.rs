//! How verbs print, and what several of them do with a pack.

use std::io::Write as _;

use lanner_engine::{Candidate, Limits, Runtime, Setting};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Failure, Format};

/// Prints what a verb did: as text, or as JSON.
pub(super) fn print(output: Format, json: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
    let text = match output {
        Format::Json => serde_json::to_string(json)?,
        Format::Text => text(),
    };
    if text.is_empty() {
        return Ok(());
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", text.trim_end()).map_err(|error| format!("the outcome cannot be written: {error}").into())
}

/// Has a component say what it is; refuses what is no pack.
pub(super) fn describe(component: &[u8], name: impl std::fmt::Display) -> Result<Candidate, Failure> {
    let runtime = Runtime::new(Limits::default(), None)?;
    Ok(Candidate::prepare(&runtime, component).map_err(|refusal| format!("pack {name} {refusal}"))?)
}

/// Columns of text, each as wide as it must be.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: Vec<String> = head.iter().map(|&word| word.to_owned()).collect();
    let all = || std::iter::once(&head).chain(rows);
    let widths: Vec<usize> = (0..head.len())
        .map(|column| all().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

/// The rules of a pack, each with what a finding of it means.
pub(super) fn rules(pack: &lanner_artifact::Description) -> String {
    let row = |rule: &lanner_artifact::Rule| {
        vec![rule.severity.clone(), rule.id.clone(), rule.attack.join(" "), printable(&rule.summary)]
    };
    table(&["SEVERITY", "RULE", "ATT&CK", "A FINDING MEANS"], &pack.rules.iter().map(row).collect::<Vec<_>>())
}

/// Name, what it takes, default and summary.
pub(super) fn setting(setting: &Setting) -> [String; 4] {
    let Setting { name, summary, takes, default } = setting;
    let default = default.as_ref().map(ToString::to_string).unwrap_or_default();
    [name.clone(), takes.to_string(), default, summary.clone()]
}

/// What can be set in a pack.
pub(super) fn settings(settings: &[[String; 4]]) -> String {
    let row = |setting: &[String; 4]| setting.iter().map(|cell| printable(cell)).collect();
    table(&["SETTING", "TAKES", "DEFAULT", "WHAT IT DOES"], &settings.iter().map(row).collect::<Vec<_>>())
}

/// The same for programs.
pub(super) fn settings_json(settings: &[[String; 4]]) -> Vec<Value> {
    let one = |[name, takes, default, summary]: &[String; 4]| json!({"name": name, "takes": takes, "default": default, "summary": summary});
    settings.iter().map(one).collect()
}

/// So many packs, in words.
pub(super) fn packs(count: usize) -> String {
    format!("{count} pack{}", if count == 1 { "" } else { "s" })
}

/// Bytes, as people read them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=9_999_999 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)),
    }
}

/// What comes from elsewhere, fit for a terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [vec!["a".to_owned(), "b".to_owned()], vec!["longer".to_owned(), "c".to_owned()]];
        assert_eq!(table(&["X", "Y"], &rows), "X       Y\na       b\nlonger  c");
    }

    #[test]
    fn nothing_reaches_the_terminal_as_an_order() {
        assert_eq!(printable("a\u{1b}[2Jb\n"), "a [2Jb ");
    }
}
