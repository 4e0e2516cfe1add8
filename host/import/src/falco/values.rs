//! Values as conditions have them.

use super::grammar::Value;

/// What a value is shown as that is not there: who compares with it asks for that.
const NOTHING: [&str; 2] = ["<NA>", "N/A"];

pub(super) fn is_nothing(value: &Value) -> bool {
    NOTHING.contains(&value.text.as_str())
}

/// An item of a list as a value: it may have quotes of its own.
pub(super) fn unquoted(item: &str, at: usize) -> Value {
    let inner = |quote: char| item.strip_prefix(quote)?.strip_suffix(quote);
    let text = match inner('"').or_else(|| inner('\'')) {
        Some(inner) => inner.replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\"),
        None => item.to_owned(),
    };
    Value { at, text, quoted: true }
}

pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    (!digits.is_empty() && digits.len().is_multiple_of(2)).then(|| digits.chunks(2).map(byte).collect())?
}
