//! What is made of a value before it is compared.

use serde::{Deserialize, Serialize};

use crate::field::{Take, Value};

/// What is made of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transform {
    /// A text in lower case.
    Lower,
    /// In upper case.
    Upper,
    /// What it stands for in base64.
    Base64,
    /// Of a path what follows its last `/`.
    FileName,
    /// What stands before it; `/` for what lies at the top.
    Directory,
    /// With a `/` at its end.
    Slashed,
    /// So many bytes of it, at most.
    Cut(u8),
    /// A number, or this where it is less.
    AtLeast(i8),
    /// A number as text.
    Text,
    /// The bytes of the text.
    Length,
    /// A number, shifted to the right and cut to so many bits.
    Bits(u8, u8),
}

/// Gives what the transforms make of a value, one after the other; says whether that was taken.
pub(crate) fn transformed(value: Value<'_>, transforms: &[Transform], take: Take<'_>) -> bool {
    let Some((transform, rest)) = transforms.split_first() else { return take(value) };
    let mut next = |value: Value<'_>| transformed(value, rest, take);
    match (transform, value) {
        (Transform::Lower, Value::Text(text)) => next(Value::Text(&text.to_ascii_lowercase())),
        (Transform::Upper, Value::Text(text)) => next(Value::Text(&text.to_ascii_uppercase())),
        (Transform::Base64, Value::Text(text)) => base64(text).is_some_and(|text| next(Value::Text(&text))),
        (Transform::FileName, Value::Text(text)) => {
            next(Value::Text(lanner_abi::Text::new(text).file_name().as_bytes()))
        }
        (Transform::Directory, Value::Text(text)) => {
            next(Value::Text(lanner_abi::Text::new(text).directory().as_bytes()))
        }
        (Transform::Slashed, Value::Text(text)) => match text {
            [.., b'/'] => next(value),
            text => next(Value::Text(&[text, b"/"].concat())),
        },
        (Transform::Cut(length), Value::Text(text)) => {
            next(Value::Text(text.get(..usize::from(*length)).unwrap_or(text)))
        }
        (Transform::Length, Value::Text(text)) => next(Value::Number(text.len() as i128)),
        (Transform::Text, Value::Number(number)) => next(Value::Text(number.to_string().as_bytes())),
        (Transform::Text, Value::Bool(yes)) => next(Value::Text(if yes { b"true" } else { b"false" })),
        (Transform::Text, Value::Address(address)) => {
            let address = std::net::Ipv6Addr::from(address).to_canonical();
            next(Value::Text(address.to_string().as_bytes()))
        }
        (Transform::AtLeast(least), Value::Number(number)) => next(Value::Number(number.max((*least).into()))),
        (Transform::Text, text) => next(text),
        (Transform::Bits(shift, bits), Value::Number(number)) => {
            next(Value::Number(number >> shift & ((1 << bits) - 1)))
        }
        _ => false,
    }
}

/// What a text stands for; as much of it as is one.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in text {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' | b'\n' | b'\r' => continue,
            _ => return None,
        };
        held = held << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read() {
        assert_eq!(base64(b"aGVsbG8=").as_deref(), Some(b"hello".as_slice()));
        assert_eq!(base64(b"!"), None);
    }
}
