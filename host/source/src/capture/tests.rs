//! Captures made up, cut and damaged.

mod arbitrary;
mod first;
mod forged;
mod versions;

use std::collections::BTreeMap;
use std::io;

use arbitrary::record;
use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
use lanner_probes::event::{RawEvent, Task};
use proptest::collection::vec;
use proptest::prelude::*;

use super::format::{MAGIC, MAX_RECORD_LEN, PREFIX_LEN, SECTION_LEN, Section};
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
    let payload = OwnedRecord::new(Kind::Open.record());
    let payload = payload.with(field::open::PATH, format!("/etc/file-{i}").as_str());
    Record::Event(Box::new(RawEvent {
        task: Some(Task { pid: 100, comm: b"cat".to_vec(), ..Task::default() }),
        result: Some(3),
        ..RawEvent::of_nobody(START_NS + i * 1_000_000, Kind::Open, payload)
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
        let image = OwnedRecord::new(&PROCESS).with(field::process::ARGV, vec![b'a'; length].as_slice());
        Record::Process(Box::new(ProcessSnapshot { image, ..ProcessSnapshot::default() }))
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
