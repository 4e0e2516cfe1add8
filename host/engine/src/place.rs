//! Where in a pack a call ended: functions by their names, where its build left them in.

use std::fmt::Write as _;

use wasmtime::WasmBacktrace;

/// Functions that are named, the innermost first.
const FRAMES: usize = 5;
/// Bytes of a name.
const NAME: usize = 96;
/// What stands at the end of a panic in languages that we know, and says nothing about it.
const OF_RUNTIMES: [&str; 9] = [
    "__rust",
    "rust_",
    "core::panicking",
    "std::panicking",
    "std::process::abort",
    "core::option::expect_failed",
    "core::option::unwrap_failed",
    "core::result::unwrap_failed",
    "runtime.",
];

/// ` in a, called by b, called by c`; nothing where no names are known.
pub(crate) fn of(error: &wasmtime::Error) -> String {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let names = trace.frames().iter().filter_map(|frame| frame.func_name()).map(readable);
    let names = names.skip_while(|name| OF_RUNTIMES.iter().any(|of_runtime| name.starts_with(of_runtime)));
    let mut place = String::new();
    for name in names.take(FRAMES) {
        let word = if place.is_empty() { " in" } else { ", called by" };
        // Writing to a text does not fail.
        let _ = write!(place, "{word} {name}");
    }
    place
}

/// Whether a sentence names a line of a source, such as `pack.py:41`.
pub(crate) fn is_in(sentence: &str) -> bool {
    let is_source = |word: &str| {
        let end = word.rsplit_once('.').map_or("", |(_, end)| end);
        (1..=4).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let words = sentence.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','));
    words.into_iter().any(|word| {
        word.split_once(':')
            .is_some_and(|(file, rest)| is_source(file) && rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn readable(name: &str) -> String {
    let mut name = format!("{:#}", rustc_demangle::demangle(name));
    name.retain(|character| !character.is_control());
    name.truncate(name.floor_char_boundary(NAME));
    name
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn a_line_of_a_source_is_known() {
        for place in ["no such field (pack.py:41)", "panicked at src/lib.rs:10:5: no", "main.go:7, called by x"] {
            assert!(is_in(place), "{place}");
        }
        for other in ["wasm trap: unreachable", "rule a.b: no", "at 10:20", "1.2.3:x", ""] {
            assert!(!is_in(other), "{other}");
        }
    }
}
