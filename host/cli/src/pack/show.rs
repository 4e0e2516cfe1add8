//! How verbs print, and what several of them do with a pack.

use std::io::Write as _;

use lanner_engine::{Candidate, Limits, Runtime};
use serde::Serialize;

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
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
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
