//! Captures made up, cut, damaged and forged.

mod arbitrary;

use std::collections::BTreeMap;
use std::io;

use arbitrary::record;
use lanner_probes::event::{Exec, KernelEvent, Open, Payload, ResolvedPath, Task};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;

use super::format::{
    FORMAT_VERSION, MAGIC, MAX_BLOCK_LEN, MAX_RECORD_LEN, PREFIX_LEN, SECTION_LEN, Section, head_checksum,
};
use super::*;
use crate::record::{Machine, ProcessSnapshot, Record};

// === captures made up ===

const START_NS: u64 = 1_767_225_600_000_000_000;

fn machine() -> Machine {
    Machine {
        hostname: "nest".into(),
        kernel: "6.12.0".into(),
        architecture: "x86_64".into(),
        boot_id: "c0ffee".into(),
        boot_time_ns: 17,
        users: BTreeMap::from([(0, "root".into()), (1000, "ada".into())]),
    }
}

fn opened(i: u64) -> Record {
    Record::Event(Box::new(KernelEvent {
        time_ns: START_NS + i * 1_000_000,
        task: Task { pid: 100, comm: b"cat".to_vec(), ..Task::default() },
        payload: Payload::Open(Box::new(Open {
            path: ResolvedPath { bytes: format!("/etc/file-{i}").into_bytes(), ..ResolvedPath::default() },
            ..Open::default()
        })),
    }))
}

fn capture_of(blocks: &[Vec<Record>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = CaptureWriter::new(&mut bytes, "made-up", &machine()).expect("a head");
    for block in blocks {
        for record in block {
            writer.record(record).expect("a record");
        }
        writer.flush_block().expect("a block");
    }
    writer.finish().expect("an end");
    bytes
}

/// Three blocks of two, one and three records; the second holds no event.
fn small() -> (Vec<Vec<Record>>, Vec<u8>) {
    let blocks = vec![
        vec![opened(0), opened(1)],
        vec![Record::SnapshotEnd { boot_ns: 5 }],
        vec![opened(2), Record::Process(Box::default()), opened(3)],
    ];
    let bytes = capture_of(&blocks);
    (blocks, bytes)
}

fn read_all(bytes: &[u8]) -> (Vec<Record>, Option<Problem>) {
    let reader = match CaptureReader::new(bytes, "made-up") {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Some(error.problem)),
    };
    let mut records = Vec::new();
    for item in reader {
        match item {
            Ok(record) => records.push(record),
            Err(error) => return (records, Some(error.problem)),
        }
    }
    (records, None)
}

// === what was written is read ===

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_was_written_is_read(records in vec(record(), 0..60)) {
        let mut bytes = Vec::new();
        let mut writer = CaptureWriter::new(&mut bytes, "made-up", &machine()).expect("a head");
        for record in &records {
            writer.record(record).expect("a record");
        }
        let totals = writer.finish().expect("an end");

        let mut reader = CaptureReader::new(&bytes[..], "made-up").expect("a head");
        prop_assert_eq!(reader.machine(), &machine());
        let read: Vec<_> = reader.by_ref().collect::<Result<_, _>>().expect("all of it");
        prop_assert_eq!(read, records);
        prop_assert_eq!(reader.progress(), totals);
    }

    #[test]
    fn noise_is_an_error_and_never_a_panic(noise in vec(any::<u8>(), 0..400), keep in 0usize..400) {
        let (_, mut bytes) = small();
        bytes.truncate(keep);
        bytes.extend_from_slice(&noise);
        prop_assert!(read_all(&bytes).1.is_some());
    }
}

#[test]
fn an_empty_recording_is_a_capture() {
    let (records, problem) = read_all(&capture_of(&[]));
    assert!(records.is_empty());
    assert!(problem.is_none(), "{problem:?}");
}

#[test]
fn blocks_end_by_size_and_by_time() {
    let mut bytes = Vec::new();
    let mut writer = CaptureWriter::new(&mut bytes, "made-up", &machine()).expect("a head");
    for i in 0..1000 {
        writer.record(&opened(i)).expect("a record");
    }
    let by_size = writer.progress().blocks;
    assert!(by_size >= 2, "{by_size} blocks");
    writer.flush_block().expect("a block");
    let before = writer.progress().blocks;
    writer.record(&opened(1000)).expect("a record");
    writer.record(&opened(1999)).expect("a record");
    assert_eq!(writer.progress().blocks, before, "999 ms apart");
    writer.record(&opened(2000)).expect("a record");
    assert_eq!(writer.progress().blocks, before + 1, "1000 ms apart");
    writer.finish().expect("an end");
    let (records, problem) = read_all(&bytes);
    assert_eq!((records.len(), problem.is_none()), (1003, true));
}

#[test]
fn a_record_that_is_too_long_is_left_out() {
    let long = |length| {
        Record::Process(Box::new(ProcessSnapshot {
            image: Exec { argv: vec![b'a'; length], ..Exec::default() },
            ..ProcessSnapshot::default()
        }))
    };
    let mut bytes = Vec::new();
    let mut writer = CaptureWriter::new(&mut bytes, "made-up", &machine()).expect("a head");
    writer.record(&opened(0)).expect("a record");
    let error = writer.record(&long(MAX_RECORD_LEN)).expect_err("too long");
    assert!(matches!(error.problem, Problem::Record(_)), "{error}");
    let nearly = long(MAX_RECORD_LEN - 4096);
    writer.record(&nearly).expect("just short enough");
    writer.finish().expect("an end");
    let (records, problem) = read_all(&bytes);
    assert!(problem.is_none(), "{problem:?}");
    assert_eq!(records, [opened(0), nearly]);
}

// === cut and damaged ===

/// Where the head ends, and each block.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let word = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().expect("a length")) as usize;
    let mut at = PREFIX_LEN + word(12);
    let mut ends = vec![at];
    while let Some((Section::Block { packed_len, .. }, _)) = bytes[at..].first_chunk().and_then(Section::decode) {
        at += SECTION_LEN + packed_len as usize;
        ends.push(at);
    }
    ends
}

#[test]
fn every_cut_is_noticed_and_counted() {
    let (blocks, bytes) = small();
    let all: Vec<_> = blocks.concat();
    let ends = ends(&bytes);
    assert_eq!(ends.len(), 4, "a head and three blocks");

    for cut in 0..bytes.len() {
        let (records, problem) = read_all(&bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        match (cut, whole, problem) {
            (0, _, Some(Problem::Empty)) | (1.., 0, Some(Problem::CutHead)) => assert!(records.is_empty()),
            (_, 1.., Some(Problem::Cut(progress))) => {
                let expected = blocks[..whole - 1].concat();
                let events = expected.iter().filter(|record| matches!(record, Record::Event(_))).count();
                assert_eq!(records, all[..expected.len()], "cut at {cut}");
                assert_eq!(progress.blocks as usize, whole - 1, "cut at {cut}");
                assert_eq!(progress.records as usize, expected.len(), "cut at {cut}");
                assert_eq!(progress.events as usize, events, "cut at {cut}");
                assert_eq!(progress.last_time_ns.is_some(), events > 0);
            }
            (.., problem) => panic!("cut at {cut} of {}, after {whole} parts: {problem:?}", bytes.len()),
        }
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    let (blocks, bytes) = small();
    let all: Vec<_> = blocks.concat();
    for at in 0..bytes.len() {
        for flip in [1u8, 2, 4, 8, 16, 32, 64, 128, 255] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let (records, problem) = read_all(&damaged);
            let problem = problem.unwrap_or_else(|| panic!("byte {at} changed by {flip} was not noticed"));
            assert_eq!(records, all[..records.len()], "byte {at} changed by {flip}: {problem}");
        }
    }
}

#[test]
fn missing_repeated_and_foreign_blocks_are_noticed() {
    let (_, bytes) = small();
    let parts = ends(&bytes);
    let (head, block) = (parts[0], parts[0]..parts[1]);

    let mut missing = bytes.clone();
    missing.drain(block.clone());
    let (records, problem) = read_all(&missing);
    assert!(matches!(problem, Some(Problem::Damaged { .. })), "{problem:?}");
    assert!(records.is_empty());

    let mut repeated = bytes.clone();
    repeated.splice(block.end..block.end, bytes[block.clone()].iter().copied());
    let (records, problem) = read_all(&repeated);
    assert!(matches!(problem, Some(Problem::Damaged { .. })), "{problem:?}");
    assert_eq!(records.len(), 2);

    // The same blocks behind another machine's head.
    let mut other = Vec::new();
    CaptureWriter::new(&mut other, "other", &Machine::default()).expect("a head").finish().expect("an end");
    let foreign = [&other[..ends(&other)[0]], &bytes[head..]].concat();
    let (records, problem) = read_all(&foreign);
    assert!(matches!(problem, Some(Problem::Damaged { .. })), "{problem:?}");
    assert!(records.is_empty());

    let mut appended = bytes.clone();
    appended.extend_from_slice(&bytes);
    let (records, problem) = read_all(&appended);
    assert!(matches!(problem, Some(Problem::Appended { offset }) if offset == bytes.len() as u64), "{problem:?}");
    assert_eq!(records.len(), 6, "all were given first");
}

// === forged: right checksums, wrong content ===

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

fn forge(records: &[Vec<u8>], change: impl FnOnce(&mut Section, &mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = forge_head(FORMAT_VERSION, &ForgedHead { written_by: "7.8.9", what_comes_next: [1, 2, 3] });
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

#[test]
fn a_newer_format_says_which_lanner_reads_it() {
    let bytes = forge_head(2, &ForgedHead { written_by: "7.8.9", what_comes_next: [1, 2, 3] });
    let error = CaptureReader::new(&bytes[..], "x.lcap").map(|_| ()).expect_err("a newer format");
    assert_eq!(
        error.to_string(),
        "capture x.lcap has format 2, written by lanner 7.8.9; this lanner reads format 1: use lanner 7.8.9 or newer"
    );
    let bytes = forge_head(3, &[0u8; 4]);
    let error = CaptureReader::new(&bytes[..], "x.lcap").map(|_| ()).expect_err("a newer format");
    assert_eq!(error.to_string(), "capture x.lcap has format 3; this lanner reads format 1: use a newer lanner");
    let problem = read_all(&forge_head(0, &ForgedHead { written_by: "", what_comes_next: [0; 3] })).1;
    assert!(matches!(problem, Some(Problem::DamagedHead(_))), "{problem:?}");
}

/// As a later lanner could write it: more fields everywhere, and some of today's gone.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum LaterRecord {
    Event(LaterEvent),
    Dream { depth: u8 },
}

#[derive(Serialize)]
struct LaterEvent {
    later: BTreeMap<String, Vec<u64>>,
    time_ns: u64,
    task: LaterTask,
    payload: LaterPayload,
}

#[derive(Serialize)]
struct LaterTask {
    mood: Option<&'static str>,
    pid: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum LaterPayload {
    Open { result: i64, smell: [f32; 2] },
}

fn later(record: &LaterRecord) -> Vec<u8> {
    rmp_serde::to_vec_named(record).expect("a record")
}

fn later_event() -> LaterRecord {
    LaterRecord::Event(LaterEvent {
        later: BTreeMap::from([("deep".into(), vec![1, 2, 3])]),
        time_ns: START_NS,
        task: LaterTask { mood: Some("calm"), pid: 7 },
        payload: LaterPayload::Open { result: -13, smell: [0.5, 1.5] },
    })
}

#[test]
fn unknown_fields_are_passed_over_and_missing_ones_take_defaults() {
    let (records, problem) = read_all(&forge(&[later(&later_event())], |_, _| {}));
    assert!(problem.is_none(), "{problem:?}");
    let expected = KernelEvent {
        time_ns: START_NS,
        task: Task { pid: 7, ..Task::default() },
        payload: Payload::Open(Box::new(Open { result: -13, ..Open::default() })),
    };
    assert_eq!(records, [Record::Event(Box::new(expected))]);
}

#[test]
fn an_unknown_kind_of_record_says_which_lanner_reads_it() {
    let records = [later(&later_event()), later(&LaterRecord::Dream { depth: 2 })];
    let (records, problem) = read_all(&forge(&records, |_, _| {}));
    assert_eq!(records.len(), 1);
    let text = problem.expect("a problem").to_string();
    assert!(text.contains("unknown variant `dream`") && text.contains("lanner 7.8.9"), "{text}");
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
    for (expected, change) in cases {
        let records = [later(&later_event()), later(&later_event())];
        let text = read_all(&forge(&records, change)).1.expect("a problem").to_string();
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
    let problem = read_all(&forge(&[bytes], |_, _| {})).1;
    assert!(matches!(problem, Some(Problem::UnknownRecord { .. })), "{problem:?}");
}

// === files ===

fn problem_of(path: &std::path::Path) -> String {
    CaptureReader::open(path).map(|_| ()).expect_err("no capture").problem.to_string()
}

#[test]
fn what_is_no_capture_is_said_plainly() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("x.lcap");
    assert!(problem_of(dir.path()).starts_with("is a directory"));
    assert!(problem_of(&file).starts_with("cannot be opened: No such file"));
    for (content, expected) in [
        (&b""[..], "is empty"),
        (b"not a capture at all", "is not a capture"),
        (b"\x7fELF", "is not a capture"),
        (&MAGIC[..5], "is cut short within its head"),
        (&[MAGIC.as_slice(), &[1, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]].concat(), "is damaged in its head"),
    ] {
        std::fs::write(&file, content).expect("written");
        let text = problem_of(&file);
        assert!(text.starts_with(expected), "{text}");
    }
}

#[test]
fn a_file_is_not_overwritten_unasked() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("x.lcap");
    let mut writer = CaptureWriter::create(&file, &machine(), false).expect("created");
    writer.record(&opened(0)).expect("a record");
    writer.finish().expect("an end");
    assert_eq!(std::fs::metadata(&file).expect("there").mode() & 0o777, 0o600);

    let error = CaptureWriter::create(&file, &machine(), false).map(|_| ()).expect_err("it exists");
    assert!(matches!(error.problem, Problem::Exists), "{error}");
    assert_eq!(CaptureReader::open(&file).expect("still there").count(), 1);

    CaptureWriter::create(&file, &machine(), true).expect("overwritten").finish().expect("an end");
    assert_eq!(CaptureReader::open(&file).expect("a capture").count(), 0);

    // A link is replaced, and what it names is left alone.
    let target = dir.path().join("precious");
    std::fs::write(&target, "precious").expect("written");
    let link = dir.path().join("link.lcap");
    std::os::unix::fs::symlink(&target, &link).expect("linked");
    CaptureWriter::create(&link, &machine(), true).expect("overwritten").finish().expect("an end");
    assert_eq!(std::fs::read(&target).expect("still there"), b"precious");

    let error = CaptureWriter::create(dir.path(), &machine(), true).map(|_| ()).expect_err("a directory");
    assert!(matches!(error.problem, Problem::NotAFile), "{error}");
}

/// Takes so many bytes, then is full.
struct Disk(Vec<u8>, usize);

impl io::Write for &mut Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = bytes.len().min(self.1 - self.0.len());
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.extend_from_slice(&bytes[..room]);
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_leaves_what_was_written_before() {
    let mut disk = Disk(Vec::new(), capture_of(&[vec![opened(0)]]).len() + 10);
    let mut writer = CaptureWriter::new(&mut disk, "made-up", &machine()).expect("a head");
    writer.record(&opened(0)).expect("a record");
    writer.flush_block().expect("the first block");
    writer.record(&opened(1)).expect("a record");
    let error = writer.flush_block().expect_err("full");
    assert!(matches!(error.problem, Problem::Write { progress: Progress { blocks: 1, events: 1, .. }, .. }), "{error}");
    assert!(writer.record(&opened(2)).is_err(), "nothing follows a broken block");
    assert!(writer.finish().is_err());
    let (records, problem) = read_all(&disk.0);
    assert_eq!(records, [opened(0)]);
    assert!(matches!(problem, Some(Problem::Cut(Progress { blocks: 1, .. }))), "{problem:?}");
}
