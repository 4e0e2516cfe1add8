//! Whether it is read back as it was meant, by the rules of ArcSight's implementation standard.

use super::super::cef::DICTIONARY;
use super::super::table::{Column, places};
use super::*;

/// The fields of the head, and the extension's keys and values.
type Read = (Vec<String>, Vec<(String, String)>);

/// Reads a line as a receiver does.
pub(super) fn check(line: &str) -> Read {
    assert!(!line.chars().any(char::is_control), "{line:?}");
    let mut head = vec![String::new()];
    let mut chars = line.char_indices();
    let mut rest = "";
    while let Some((at, c)) = chars.next() {
        let whole = head.len() == 7;
        let field = head.last_mut().expect("one");
        match c {
            '\\' => {
                let (_, escaped) = chars.next().expect("what is escaped");
                assert!(matches!(escaped, '\\' | '|'), "{line}");
                field.push(escaped);
            }
            '|' if whole => {
                rest = &line[at + 1..];
                break;
            }
            '|' => head.push(String::new()),
            c => field.push(c),
        }
    }
    assert_eq!((head.len(), head[0].as_str(), head[1].as_str(), head[2].as_str()), (7, "CEF:0", "Lanner", "Lanner"));
    assert!(head[3].len() <= 31 && head[4].len() <= 1023 && head[5].len() <= 512);
    assert!(head[6].parse::<u8>().is_ok_and(|severity| severity <= 10));
    let extension = extension(rest);
    for (key, value) in &extension {
        let known = DICTIONARY.iter().find(|(known, ..)| known == key);
        let label = DICTIONARY.iter().find(|(known, _, label)| label.is_some() && format!("{known}Label") == *key);
        match (known, label) {
            (Some((_, room, _)), _) => assert!(value.len() <= *room, "{key} is {} bytes long", value.len()),
            (None, Some((_, _, label))) => assert_eq!(Some(value.as_str()), *label),
            (None, None) => panic!("there is no key {key}"),
        }
    }
    (head, extension)
}

/// A key is the word before an `=` that is not escaped; its value goes up to the next key.
fn extension(text: &str) -> Vec<(String, String)> {
    let mut ends = Vec::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '\\' => escaped = !escaped,
            '=' if !escaped => ends.push(at),
            _ => escaped = false,
        }
    }
    let key_of = |end: usize| text[..end].rfind(' ').map_or(0, |space| space + 1);
    let mut pairs = Vec::new();
    for (place, end) in ends.iter().enumerate() {
        let until = ends.get(place + 1).map_or(text.len(), |next| key_of(*next).saturating_sub(1));
        let mut value = String::new();
        let mut chars = text[end + 1..until].chars();
        while let Some(c) = chars.next() {
            match (c, if c == '\\' { chars.next() } else { None }) {
                ('\\', Some('n')) => value.push('\n'),
                ('\\', Some('r')) => value.push('\r'),
                ('\\', Some(c @ ('\\' | '='))) => value.push(c),
                ('\\', other) => panic!("\\{other:?} in {text}"),
                (c, _) => value.push(c),
            }
        }
        pairs.push((text[key_of(*end)..*end].to_owned(), value));
    }
    pairs
}

#[test]
fn it_is_read_back() {
    let (head, extension) = check(&text(&Format::Cef.render(&everything())));
    assert_eq!(head[4..], ["command-and-control/odd-port", "A shell connects", "10"]);
    let of = |key: &str| extension.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    for (key, value) in [
        ("externalId", "0123456789abcdef0123456789abcdef"),
        ("rt", "1795928948432"),
        ("start", "1795928888000"),
        ("cnt", "12"),
        ("msg", "bash = \\evil| connects\nto 192.0.2.1\u{fffd}[31m"),
        ("cs1", "-bash -c x=1 y"),
        ("cs1Label", "CommandLine"),
        ("cs2", "T1571 T1059.004 T1059"),
        ("cs3", "sshd sshd systemd"),
        ("c6a3", "2001:db8::1"),
        ("c6a3Label", "DestinationIPv6Address"),
        ("dpt", "4444"),
        ("proto", "tcp"),
        ("outcome", "failure"),
        ("reason", "EINPROGRESS"),
        ("flexString2", "starter 0.1.0"),
        ("deviceFacility", "self-test"),
    ] {
        assert_eq!(of(key), Some(value), "{key}");
    }
    assert_eq!(of("dst"), None, "there is no room for IPv6");
    let (_, extension) = check(&text(&Format::Cef.render(&container())));
    let of = |key: &str| extension.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
    assert_eq!((of("oldFilePath"), of("filePath")), (Some("/data/a=b.txt"), Some("/data/c.tar.gz")));
    assert_eq!((of("cs6"), of("cs5")), (Some("shop/web-0"), Some("registry.example/web:1.2")));
}

#[test]
fn values_are_cut_to_their_room() {
    let mut finding = everything();
    finding["message"] = "ü=".repeat(1000).into();
    finding["rule"] = "|".repeat(2000).into();
    let (head, extension) = check(&text(&Format::Cef.render(&finding)));
    assert_eq!(head[4].len(), 1023);
    let (_, message) = extension.iter().find(|(key, _)| key == "msg").expect("a message");
    assert_eq!(message.len(), 1023);
}

#[test]
fn every_place_is_in_the_dictionary() {
    for (place, _) in places(Column::Cef) {
        assert!(DICTIONARY.iter().any(|(known, ..)| *known == place), "{place}");
    }
}
