//! Byte ranges: what a pull asks for, and where a chunk of an upload belongs.

use std::ops::Range;

/// Bytes `start..end` of something longer.
pub type ByteRange = Range<u64>;

/// A range that cannot be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// It is beyond the end: 416.
    #[error("the range lies beyond the end")]
    Unsatisfiable,
}

/// What a `Range` header asks for of `len` bytes; `None` for all of them: a header that is not understood, or asks for
/// several ranges, is ignored, as RFC 9110 (section 14.2) allows.
///
/// # Errors
/// None of it is there, or it ends before it begins.
pub fn requested(header: &str, len: u64) -> Result<Option<ByteRange>, RangeError> {
    let Some((unit, range)) = header.split_once('=') else { return Ok(None) };
    let Some((first, last)) = range.trim().split_once('-') else { return Ok(None) };
    if !unit.trim().eq_ignore_ascii_case("bytes") || range.contains(',') {
        return Ok(None);
    }
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first > last => Err(RangeError::Unsatisfiable),
        (Some(first), Some(last)) => clip(first, last.saturating_add(1), len),
        (Some(first), None) if last.trim().is_empty() => clip(first, len, len),
        (None, Some(suffix)) if first.trim().is_empty() => match suffix {
            0 => Err(RangeError::Unsatisfiable),
            _ => clip(len.saturating_sub(suffix), len, len),
        },
        _ => Ok(None),
    }
}

fn clip(start: u64, end: u64, len: u64) -> Result<Option<ByteRange>, RangeError> {
    match start < len {
        true => Ok(Some(start..end.min(len))),
        false => Err(RangeError::Unsatisfiable),
    }
}

/// Where a chunk of an upload belongs, by its `Content-Range` (`0-99`; `bytes 0-99` and `bytes 0-99/200` are understood
/// too); `None` if that is none.
pub fn content_range(header: &str) -> Option<ByteRange> {
    let text = header.trim();
    let text = text.strip_prefix("bytes").map_or(text, |rest| rest.trim_start_matches([' ', '=']));
    let text = text.split_once('/').map_or(text, |(range, _)| range);
    let (first, last) = text.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..last.checked_add(1)?)
}

/// Digits alone: `str::parse` takes a sign too.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_a_pull() {
        assert_eq!(requested("bytes=0-0", 10), Ok(Some(0..1)));
        assert_eq!(requested("bytes=2-", 10), Ok(Some(2..10)));
        assert_eq!(requested("bytes=2-99", 10), Ok(Some(2..10)));
        assert_eq!(requested("bytes=-3", 10), Ok(Some(7..10)));
        assert_eq!(requested("bytes=-30", 10), Ok(Some(0..10)));
        assert_eq!(requested("Bytes = 1-2", 10), Ok(Some(1..3)));
        assert_eq!(requested("bytes=0-18446744073709551615", 10), Ok(Some(0..10)));
        for beyond in ["bytes=10-", "bytes=10-11", "bytes=-0", "bytes=3-2"] {
            assert_eq!(requested(beyond, 10), Err(RangeError::Unsatisfiable), "{beyond}");
        }
        assert_eq!(requested("bytes=-5", 0), Err(RangeError::Unsatisfiable));
        for other in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=0-1,3-4",
            "lines=0-1",
            "bytes=+1-2",
            "bytes=a-b",
            "bytes=0-99999999999999999999",
        ] {
            assert_eq!(requested(other, 10), Ok(None), "{other}");
        }
    }

    #[test]
    fn ranges_of_a_chunk() {
        for text in ["0-9", "bytes 0-9", "bytes=0-9", "bytes 0-9/10", "0-9/*"] {
            assert_eq!(content_range(text), Some(0..10), "{text}");
        }
        for text in ["", "-", "9-0", "a-b", "0-", "-9", "+0-9", "0-18446744073709551615"] {
            assert_eq!(content_range(text), None, "{text}");
        }
    }
}
