//! Captures forged: right checksums, and content that is wrong.

use lanner_abi::Kind;
use serde::Serialize;

use super::super::format::{FORMAT_VERSION, MAGIC, MAX_BLOCK_LEN, Problem, Section, head_checksum};
use super::super::read::CaptureReader;
use super::read_all;
use super::versions::{an_open, other};

fn forge_head(version: u32, head: &impl Serialize) -> Vec<u8> {
    let head = rmp_serde::to_vec_named(head).expect("a head");
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(head.len()).expect("small").to_le_bytes());
    bytes.extend_from_slice(&head_checksum(version, &head).to_le_bytes());
    bytes.extend_from_slice(&head);
    bytes
}

#[derive(Serialize)]
struct ForgedHead {
    written_by: &'static str,
    what_comes_next: [u8; 3],
}

/// One block, of events.
pub(super) fn forge_as(format: u32, records: &[Vec<u8>], change: impl FnOnce(&mut Section, &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = forge_head(format, &ForgedHead { written_by: "7.8.9", what_comes_next: [1, 2, 3] });
    let seed = u32::from_le_bytes(*bytes[16..].first_chunk().expect("a checksum"));
    let mut content = Vec::new();
    for record in records {
        content.extend_from_slice(&u32::try_from(record.len()).expect("small").to_le_bytes());
        content.extend_from_slice(record);
    }
    let mut packed = zstd::bulk::compress(&content, 1).expect("compressed");
    let mut section = Section::Block {
        number: 1,
        raw_len: u32::try_from(content.len()).expect("small"),
        packed_len: u32::try_from(packed.len()).expect("small"),
        records: u32::try_from(records.len()).expect("small"),
        events: u32::try_from(records.len()).expect("small"),
    };
    change(&mut section, &mut packed);
    bytes.extend_from_slice(&section.encode(&packed, seed));
    bytes.extend_from_slice(&packed);
    let count = records.len() as u64;
    bytes.extend_from_slice(&Section::End { blocks: 1, records: count, events: count }.encode(&[], seed));
    bytes
}

pub(super) fn forge(records: &[Vec<u8>], change: impl FnOnce(&mut Section, &mut Vec<u8>)) -> Vec<u8> {
    forge_as(FORMAT_VERSION, records, change)
}

pub(super) fn packed(record: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(record).expect("a record")
}

#[test]
fn a_newer_format_says_which_lanner_reads_it() {
    let bytes = forge_head(FORMAT_VERSION + 1, &ForgedHead { written_by: "7.8.9", what_comes_next: [1, 2, 3] });
    let error = CaptureReader::new(&bytes[..], "x.lcap").map(|_| ()).expect_err("a newer format");
    assert_eq!(
        error.to_string(),
        "capture x.lcap has format 3, written by lanner 7.8.9; this lanner reads formats up to 2: use lanner 7.8.9 or \
         newer"
    );
    let bytes = forge_head(FORMAT_VERSION + 2, &[0u8; 4]);
    let error = CaptureReader::new(&bytes[..], "x.lcap").map(|_| ()).expect_err("a newer format");
    assert_eq!(error.to_string(), "capture x.lcap has format 4; this lanner reads formats up to 2: use a newer lanner");
    let problem = read_all(&forge_head(0, &ForgedHead { written_by: "", what_comes_next: [0; 3] })).1;
    assert!(matches!(problem, Some(Problem::DamagedHead(_))), "{problem:?}");
}

#[test]
fn what_a_block_announces_is_checked() {
    type Change = fn(&mut Section, &mut Vec<u8>);
    let cases: [(&str, Change); 7] = [
        ("longer than any", |section, _| {
            let Section::Block { raw_len, .. } = section else { return };
            *raw_len = u32::try_from(MAX_BLOCK_LEN).expect("small") + 1;
        }),
        ("longer than any", |section, _| {
            let Section::Block { packed_len, .. } = section else { return };
            *packed_len = u32::MAX;
        }),
        ("does not decompress to", |section, _| {
            let Section::Block { raw_len, .. } = section else { return };
            *raw_len += 1;
        }),
        ("does not hold the events", |section, _| {
            let Section::Block { events, .. } = section else { return };
            *events += 1;
        }),
        ("more than its records", |section, _| {
            let Section::Block { records, events, .. } = section else { return };
            (*records, *events) = (1, 1);
        }),
        ("longer than its block", |section, _| {
            let Section::Block { records, .. } = section else { return };
            *records += 1;
        }),
        // 64 MiB of zeros in some kilobytes, announced as 100 bytes.
        ("does not decompress to", |section, packed| {
            *packed = zstd::bulk::compress(&vec![0; 64 << 20], 19).expect("compressed");
            let Section::Block { raw_len, packed_len, .. } = section else { return };
            *raw_len = 100;
            *packed_len = u32::try_from(packed.len()).expect("small");
        }),
    ];
    let open = an_open();
    let (fixed, texts) = open.parts();
    for (expected, change) in cases {
        let event = other(Kind::Open.number(), fixed, texts);
        let text = read_all(&forge(&[event.clone(), event], change)).1.expect("a problem").to_string();
        assert!(text.contains(expected), "{text:?} says nothing of {expected:?}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    // {"event": [[[[…
    let mut bytes = vec![0x81, 0xa5];
    bytes.extend_from_slice(b"event");
    bytes.extend_from_slice(&[0x81, 0xa1, b'x']);
    bytes.extend(std::iter::repeat_n(0x91, 100_000));
    for format in 1..=FORMAT_VERSION {
        let problem = read_all(&forge_as(format, &[bytes.clone()], |_, _| {})).1;
        assert!(matches!(problem, Some(Problem::UnknownRecord { .. })), "{problem:?}");
    }
}
