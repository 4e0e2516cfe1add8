//! Writing what was found into a file of tests, as what is expected: its text is edited, so that all else of it stays as it is.

use serde_json::Value as Json;

use super::{Difference, Found, Outcome, Ran, Suite, Test};
use crate::document::{Layout, Node, Place, Value};

/// The text of a file with what these tests found in it as what they expect; nothing where nothing is to be changed. Of tests
/// that broke nothing is taken.
pub fn updated(suite: &Suite, ran: &[(&Test, &Ran)]) -> Option<String> {
    let text = &suite.document.text;
    let mut edits: Vec<Edit> = ran
        .iter()
        .filter(|(_, ran)| ran.outcome == Outcome::Failed)
        .filter_map(|(test, ran)| edit(text, test, ran))
        .collect();
    if edits.is_empty() {
        return None;
    }
    edits.sort_by_key(|edit| edit.from);
    let mut updated = text.clone();
    for Edit { from, to, put } in edits.into_iter().rev() {
        updated.replace_range(from..to, &put);
    }
    Some(updated)
}

/// These bytes are replaced by that.
struct Edit {
    from: usize,
    to: usize,
    put: String,
}

fn edit(text: &str, test: &Test, ran: &Ran) -> Option<Edit> {
    let Value::Map(members, layout) = &test.node.value else { return None };
    let key = members.iter().find(|(key, _)| key.name == "expect").map(|(key, _)| key);
    match (*layout, key, &test.expect) {
        (Layout::Flow, Some(_), Some(node)) => {
            Some(Edit { from: node.span.start, to: node.span.end, put: in_brackets(text, test, ran) })
        }
        (Layout::Flow, ..) => {
            let at = members.last()?.1.span.end;
            Some(Edit { from: at, to: at, put: format!(", \"expect\": {}", in_brackets(text, test, ran)) })
        }
        (Layout::Block, Some(key), Some(node)) => {
            let from = offset(text, key.at)?;
            let colon = from + text.get(from..)?.find(':')? + 1;
            let indent = key.at.column.saturating_sub(1);
            let put = format!("{}{}", text.get(from..colon)?, on_lines(text, test, ran, indent, colon));
            Some(Edit { from, to: node.span.end.max(colon), put })
        }
        (Layout::Block, ..) => {
            let indent = members.first()?.0.at.column.saturating_sub(1);
            // Behind what stands last, and the comment that may stand behind that.
            let last = text.get(..test.node.span.end)?.trim_end().len();
            let at = text.get(last..)?.find('\n').map_or(text.len(), |end| last + end);
            let put = format!("\n{}expect:{}", " ".repeat(indent), on_lines(text, test, ran, indent, at));
            Some(Edit { from: at, to: at, put })
        }
    }
}

/// What stands behind `expect:`, with what of it stays. `colon`: the end of that.
fn on_lines(text: &str, test: &Test, ran: &Ran, indent: usize, colon: usize) -> String {
    if ran.found.is_empty() {
        return " []".to_owned();
    }
    let (items, indent, between) = match test.expect.as_ref().map(|node| (node, &node.value)) {
        Some((node, Value::List(items, Layout::Block))) if !items.is_empty() => {
            let first = line_of(text, items[0].span.start);
            (items.as_slice(), node.at.column.saturating_sub(1), text.get(colon..first).unwrap_or("\n"))
        }
        _ => (&[][..], indent + 2, "\n"),
    };
    let mut lines = Vec::new();
    for difference in &ran.differences {
        match difference {
            Difference::Same(place, found) => match items.get(*place) {
                Some(_) => lines.push(source(text, items, *place).to_owned()),
                None => lines.push(written(&ran.found[*found], indent)),
            },
            Difference::Other(_, found, _) | Difference::Unexpected(found) => {
                lines.push(written(&ran.found[*found], indent));
            }
            Difference::Missing(_) => {}
        }
    }
    format!("{between}{}", lines.join("\n"))
}

/// An item with the lines of comments behind it.
fn source<'t>(text: &'t str, items: &[Node], place: usize) -> &'t str {
    let from = line_of(text, items[place].span.start);
    let to = match items.get(place + 1) {
        Some(next) => line_of(text, next.span.start),
        None => items[place].span.end,
    };
    text.get(from..to).unwrap_or_default().trim_end_matches('\n')
}

/// A finding as an item, on lines.
fn written(found: &Found, indent: usize) -> String {
    let space = " ".repeat(indent);
    let mut lines = vec![
        format!("{space}- rule: {}", found.rule()),
        format!("{space}  severity: {}", found.severity()),
        format!("{space}  message: {}", Json::from(found.message())),
    ];
    if let Some(key) = found.key() {
        lines.push(format!("{space}  key: {}", Json::from(key)));
    }
    if !found.facts().is_empty() {
        let facts = found.facts().iter().map(|(name, value)| format!("{}: {value}", name_of(name)));
        lines.push(format!("{space}  facts: {{ {} }}", facts.collect::<Vec<_>>().join(", ")));
    }
    lines.join("\n")
}

/// Quoted where it is not plainly a text.
fn name_of(name: &str) -> String {
    let is_word = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'));
    let reserved =
        matches!(name.to_ascii_lowercase().as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off");
    if is_word && !reserved { name.to_owned() } else { Json::from(name).to_string() }
}

/// All of it as JSON; what is the same stays as it is written.
fn in_brackets(text: &str, test: &Test, ran: &Ran) -> String {
    let items = match test.expect.as_ref().map(|node| &node.value) {
        Some(Value::List(items, _)) => items.as_slice(),
        _ => &[],
    };
    let one = |difference: &Difference| match difference {
        Difference::Missing(_) => None,
        Difference::Same(place, found) => match items.get(*place).and_then(|item| text.get(item.span.clone())) {
            Some(source) => Some(source.to_owned()),
            None => Some(in_braces(&ran.found[*found])),
        },
        Difference::Other(_, found, _) | Difference::Unexpected(found) => Some(in_braces(&ran.found[*found])),
    };
    format!("[{}]", ran.differences.iter().filter_map(one).collect::<Vec<_>>().join(", "))
}

fn in_braces(found: &Found) -> String {
    let mut object = lanner_json::Object::new();
    for name in ["rule", "severity", "message", "key"] {
        found.0.get(name).map(|value| object.insert(name.to_owned(), value.clone()));
    }
    if !found.facts().is_empty() {
        object.insert("facts".to_owned(), found.facts().clone().into());
    }
    Json::Object(object).to_string()
}

/// Where a place is in the text.
fn offset(text: &str, at: Place) -> Option<usize> {
    let mut start = 0;
    for _ in 1..at.line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let line = text.get(start..)?;
    Some(start + line.char_indices().nth(at.column.checked_sub(1)?).map_or(line.len(), |(place, _)| place))
}

/// Where the line of a byte begins.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
}
