//! Times and sizes as people write them.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// No time is longer.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// `10s`, `5m`, `1h30m`.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parsed = humantime::parse_duration(&text).map_err(|error| error.to_string());
    let parsed = parsed.and_then(|time| match time {
        Duration::ZERO => Err("it is no time at all".to_owned()),
        time if time > LONGEST => Err("it is more than a year".to_owned()),
        time => Ok(time),
    });
    parsed.map_err(|error| D::Error::custom(format!("{text:?} is no time ({error}): write it like 10s, 5m or 1h30m")))
}

/// The same, where it may be missing.
pub(super) fn maybe_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Size {
    Number(u64),
    Text(String),
}

/// A number, or `64KiB`, `64MiB`, `1GiB`.
pub(super) fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let (number, text) = match Size::deserialize(deserializer)? {
        Size::Number(number) => (Some(number), number.to_string()),
        Size::Text(text) => (parse(&text), text),
    };
    let number = number.filter(|number| *number > 0);
    number.ok_or_else(|| D::Error::custom(format!("{text:?} is no size: write it like 64MiB or 1GiB, or as bytes")))
}

/// The same, where it may be missing.
pub(super) fn maybe_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    bytes(deserializer).map(Some)
}

fn parse(text: &str) -> Option<u64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let shift = match unit.trim_start() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        let cases = [
            ("1", Some(1)),
            ("64KiB", Some(64 << 10)),
            ("2 MiB", Some(2 << 20)),
            ("1GiB", Some(1 << 30)),
            ("1GB", None),
            ("-1", None),
            ("MiB", None),
            ("18446744073709551615KiB", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
