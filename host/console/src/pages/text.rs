//! Texts of others, times and numbers, as people are shown them.

use jiff::Timestamp;
use lanner_abi::Text;
use maud::{Markup, html};
use serde_json::Value;

/// Characters of a text that are shown in a table, and where there is room.
pub(crate) const SHORT: usize = 300;
pub(crate) const LONG: usize = 16_000;

/// A text of others: what does not print, or changes the direction of text, is escaped; what is longer is cut.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let cut = text.char_indices().nth(most).map(|(at, _)| at);
    let shown = Text::from(cut.map_or(text, |at| &text[..at])).to_string();
    if cut.is_some() { shown + "…" } else { shown }
}

/// A value of a finding, in one line.
pub(crate) fn value(value: &Value, most: usize) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => shown(text, most),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().take(most).map(|each| self::value(each, most)).collect();
            shown(&texts.join(" "), most)
        }
        Value::Object(_) => shown(&value.to_string(), most),
    }
}

/// When: the day and the time of day for the eye, in UTC, and all of it for who points at it.
pub(crate) fn time(ns: i64) -> Markup {
    let timestamp = Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH);
    let whole = timestamp.to_string();
    let (day, rest) = whole.split_once('T').unwrap_or((&whole, ""));
    html! {
        time datetime=(whole) title=(whole) { span.day { (day) } " " span.clock { (rest.get(..8).unwrap_or_default()) } }
    }
}

/// When, of a text as findings and reports have it.
pub(crate) fn time_of(text: &str) -> Markup {
    match text.parse::<Timestamp>() {
        Ok(time) => self::time(i64::try_from(time.as_nanosecond()).unwrap_or_default()),
        Err(_) => html! { (shown(text, 40)) },
    }
}

/// A number, its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// So many things.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(number as u64), if number == 1 { "" } else { "s" })
}

/// A text of several lines, each as [`shown`].
pub(crate) fn lines(text: &str, most: usize) -> Markup {
    let lines: Vec<String> = text.lines().take(most).map(|line| shown(line, most)).collect();
    html! { @for (at, line) in lines.iter().enumerate() { @if at > 0 { br; } (line) } }
}

/// Bytes.
pub(crate) fn bytes(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let (bytes, mut unit) = (bytes as f64, 0);
    let mut size = bytes;
    while size >= KIB && unit < 3 {
        size /= KIB;
        unit += 1;
    }
    let name = ["B", "KiB", "MiB", "GiB"][unit];
    if unit == 0 { format!("{size} {name}") } else { format!("{size:.1} {name}") }
}

/// A time that something takes.
pub(crate) fn span(ns: u64) -> String {
    match ns {
        0..1_000 => format!("{ns} ns"),
        1_000..1_000_000 => format!("{:.1} µs", ns as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
        _ => {
            let seconds = ns / 1_000_000_000;
            match seconds {
                0..120 => format!("{seconds} s"),
                120..7_200 => format!("{} min", seconds / 60),
                7_200..172_800 => format!("{} h", seconds / 3600),
                _ => format!("{} days", seconds / 86_400),
            }
        }
    }
}

/// A rate, or another number that need not be exact.
pub(crate) fn rate(number: f64) -> String {
    match number {
        ..0.05 => "0".to_owned(),
        ..10.0 => format!("{number:.1}"),
        _ => count(number.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_of_others_are_shown_as_what_they_are() {
        assert_eq!(shown("a\u{202e}b\n\u{1b}[31m", 100), "a\\u{202e}b\\n\\x1b[31m");
        assert_eq!(shown("ééé", 2), "éé…");
        assert_eq!(value(&json!(["a", 1, true, {"b": "\u{7}"}]), 100), "a 1 yes {\"b\":\"\\u0007\"}");
        let markup = html! { p title=(shown("\"><script>", 100)) { (shown("<script>alert(1)</script>", 100)) } };
        assert!(!markup.into_string().contains("<script>"));
    }

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!((count(0).as_str(), count(999).as_str(), count(1_234_567).as_str()), ("0", "999", "1,234,567"));
        assert_eq!((bytes(512).as_str(), bytes(3 << 19).as_str()), ("512 B", "1.5 MiB"));
        assert_eq!((span(210).as_str(), span(3_600_000_000_000).as_str()), ("210 ns", "60 min"));
        assert_eq!((rate(0.0).as_str(), rate(1.25).as_str(), rate(12_345.6).as_str()), ("0", "1.2", "12,346"));
    }
}
