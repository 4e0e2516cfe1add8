//! DNS messages (RFC 1035), of which the kernel side gives the first bytes as they stand.
//!
//! Whoever is asked, and whoever asks, writes what he likes: any bytes give what can be read of them.

use lanner_abi::{OwnedRecord, Value};

use super::path::ResolvedPath;

/// Bytes of a message's head.
const HEAD: usize = 12;
/// Jumps to another part of the message that a name may have (a compressed name).
const MAX_JUMPS: usize = 16;
/// The longest name, as RFC 1035 has it.
const MAX_NAME: usize = 255;
/// Records of an answer that are looked at.
const MAX_RECORDS: u16 = 32;

const A: u16 = 1;
const AAAA: u16 = 28;

/// What is said in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The name that is asked for.
    pub(super) name: Vec<u8>,
    /// The type of record that is asked for.
    pub(super) record_type: u16,
    /// It is an answer.
    pub(super) response: bool,
    /// How it went, where it is an answer.
    pub(super) code: u16,
    /// Records in the answer, as it says.
    pub(super) answers: u16,
    /// The first address among them, IPv4 as an IPv4-mapped IPv6 address.
    pub(super) address: Option<[u8; 16]>,
}

impl Message {
    /// Says in a record of what is said; gives the name, which is to be its text.
    pub(super) fn fill(self, record: &mut OwnedRecord) -> ResolvedPath {
        let Self { name, record_type, response, code, answers, address } = self;
        let mut set = |name: &str, value: Option<Value<'_>>| {
            if let Some(field) = record.info().field(name) {
                // The schema has it as a field for that.
                let set = record.set(field, value);
                debug_assert!(set.is_ok(), "{set:?}");
            }
        };
        set("record_type", Some(record_type.into()));
        set("code", response.then(|| code.into()));
        set("answers", response.then(|| answers.into()));
        set("answer", address.map(Value::Bytes16));
        ResolvedPath { bytes: name, status: 0 }
    }
}

/// Reads a message; `None` where it asks nothing, or is none.
pub(super) fn read(bytes: &[u8]) -> Option<Message> {
    let flags = number(bytes, 2)?;
    if number(bytes, 4)? == 0 {
        return None;
    }
    let answers = number(bytes, 6)?;
    let (name, end) = name(bytes, HEAD)?;
    let record_type = number(bytes, end)?;
    let response = flags & 0x8000 != 0;
    let first = end.checked_add(4).filter(|_| response && number(bytes, 4) == Some(1));
    let address = first.and_then(|at| first_address(bytes, at, answers.min(MAX_RECORDS)));
    Some(Message { name, record_type, response, code: flags & 0xf, answers, address })
}

/// The first address among so many records from here on.
fn first_address(bytes: &[u8], mut at: usize, records: u16) -> Option<[u8; 16]> {
    for _ in 0..records {
        let (_, end) = name(bytes, at)?;
        let (record_type, length) = (number(bytes, end)?, usize::from(number(bytes, end.checked_add(8)?)?));
        let start = end.checked_add(10)?;
        let data = bytes.get(start..start.checked_add(length)?)?;
        match (record_type, data) {
            (A, &[a, b, c, d]) => return Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]),
            (AAAA, data) if data.len() == 16 => return data.try_into().ok(),
            _ => at = start + length,
        }
    }
    None
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

/// A name, and where what follows it begins.
fn name(bytes: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    let mut name = Vec::new();
    let (mut at, mut end, mut jumps) = (start, None, 0);
    loop {
        let length = *bytes.get(at)?;
        match length >> 6 {
            0 if length == 0 => return Some((name, end.unwrap_or(at + 1))),
            0 => {
                let label = bytes.get(at + 1..at + 1 + usize::from(length))?;
                if !name.is_empty() {
                    name.push(b'.');
                }
                label.iter().for_each(|byte| append(&mut name, *byte));
                at += 1 + usize::from(length);
                // Each of its letters may be written as four.
                if name.len() > 4 * MAX_NAME {
                    return None;
                }
            }
            3 => {
                jumps += 1;
                if jumps > MAX_JUMPS {
                    return None;
                }
                end.get_or_insert(at + 2);
                at = usize::from(number(bytes, at)? & 0x3fff);
            }
            _ => return None,
        }
    }
}

/// Appends a letter as it is written: small, and what is none of a name's as `\DDD`.
fn append(name: &mut Vec<u8>, byte: u8) {
    match byte {
        b'A'..=b'Z' => name.push(byte.to_ascii_lowercase()),
        b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'*' => name.push(byte),
        _ => name.extend_from_slice(format!("\\{byte:03}").as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// A message with one question, for `www.example.org`, and these records, each a type and its data; names are compressed.
    fn message(flags: u16, record_type: u16, records: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes: Vec<u8> =
            [7, flags, 1, records.len() as u16, 0, 0].into_iter().flat_map(u16::to_be_bytes).collect();
        bytes.extend(b"\x03WWW\x07example\x03org\0");
        bytes.extend([record_type, 1].into_iter().flat_map(u16::to_be_bytes));
        for (record_type, data) in records {
            bytes.extend([0xc0, HEAD as u8]);
            bytes.extend(record_type.to_be_bytes());
            bytes.extend([0, 1, 0, 0, 0, 60]);
            bytes.extend((data.len() as u16).to_be_bytes());
            bytes.extend(*data);
        }
        bytes
    }

    #[test]
    fn a_question_and_its_answer() {
        let asked = read(&message(0x0100, AAAA, &[])).expect("a question");
        let name = b"www.example.org".to_vec();
        let expected = Message { name, record_type: AAAA, response: false, code: 0, answers: 0, address: None };
        assert_eq!(asked, expected);
        let answer = read(&message(0x8180, A, &[(5, b"\x01x\xc0\x0c"), (A, &[192, 0, 2, 7]), (A, &[192, 0, 2, 8])]));
        let address = Some([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7]);
        let answer = answer.expect("an answer");
        assert_eq!((answer.response, answer.code, answer.answers, answer.address), (true, 0, 3, address));
        let none = read(&message(0x8183, A, &[])).expect("an answer");
        assert_eq!((none.response, none.code, none.address), (true, 3, None));
    }

    #[test]
    fn names_are_written_so_that_they_can_be_compared() {
        let mut bytes = vec![0; 4];
        bytes.extend([0, 1, 0, 0, 0, 0, 0, 0]);
        bytes.extend(b"\x05a.B\x00\xff\x01c\0\0\x01\0\x01");
        assert_eq!(read(&bytes).expect("a question").name, b"a\\046b\\000\\255.c");
    }

    #[test]
    fn what_is_no_question_is_none() {
        let good = message(0x0100, A, &[]);
        for length in 0..good.len() - 2 {
            assert_eq!(read(&good[..length]), None, "{length}");
        }
        // A name that goes round in circles, and one that points out of the message.
        for pointer in [HEAD as u16, 0x3fff] {
            let mut bytes = good[..HEAD].to_vec();
            bytes.extend((0xc000 | pointer).to_be_bytes());
            bytes.extend([0, 1, 0, 1]);
            assert_eq!(read(&bytes), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_message_or_none(bytes in vec(any::<u8>(), 0..300)) {
            if let Some(message) = read(&bytes) {
                prop_assert!(message.name.len() <= 4 * MAX_NAME + 4 * 64);
            }
        }

        #[test]
        fn a_damaged_answer_is_no_panic(at in 0_usize..80, byte: u8) {
            let mut bytes = message(0x8180, A, &[(5, b"\x01x\xc0\x0c"), (A, &[192, 0, 2, 7])]);
            let place = at % bytes.len();
            bytes[place] = byte;
            let _ = read(&bytes);
        }
    }
}
