//! What another lanner wrote in this format: a later one, which knows more, or an earlier one.

use std::collections::BTreeMap;

use lanner_abi::{Kind, OwnedRecord, field};
use lanner_probes::event::{RawEvent, Task};
use serde::Serialize;
use serde_bytes::Bytes;

use super::super::format::Progress;
use super::super::read::CaptureReader;
use super::forged::{forge, packed};
use super::{START_NS, read_all};
use crate::record::Record;

/// As another lanner could write it.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum OtherRecord<'a> {
    Event(OtherEvent<'a>),
    Dream { depth: u8 },
}

/// More keys everywhere, and some of today's gone.
#[derive(Serialize)]
struct OtherEvent<'a> {
    later: BTreeMap<String, Vec<u64>>,
    time_ns: u64,
    kind: u16,
    task: OtherTask,
    payload: OtherFacts<'a>,
}

#[derive(Serialize)]
pub(super) struct OtherTask {
    pub(super) mood: Option<&'static str>,
    pub(super) pid: u32,
}

#[derive(Serialize)]
struct OtherFacts<'a> {
    smell: [f32; 2],
    fixed: &'a Bytes,
    texts: &'a Bytes,
}

pub(super) fn other(kind: u16, fixed: &[u8], texts: &[u8]) -> Vec<u8> {
    packed(&OtherRecord::Event(OtherEvent {
        later: BTreeMap::from([("deep".into(), vec![1, 2, 3])]),
        time_ns: START_NS + u64::from(kind),
        kind,
        task: OtherTask { mood: Some("calm"), pid: 7 },
        payload: OtherFacts { smell: [0.5, 1.5], fixed: Bytes::new(fixed), texts: Bytes::new(texts) },
    }))
}

/// What is read of it.
fn expected(payload: OwnedRecord) -> Record {
    Record::Event(Box::new(RawEvent {
        task: Some(Task { pid: 7, ..Task::default() }),
        ..RawEvent::of_nobody(START_NS + u64::from(Kind::Open.number()), Kind::Open, payload)
    }))
}

pub(super) fn an_open() -> OwnedRecord {
    let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, "/etc/shadow");
    open.with(field::open::FLAGS, 0o101_u32).with(field::open::INODE, 0_u64)
}

fn payload_of(record: &Record) -> &OwnedRecord {
    let Record::Event(event) = record else { panic!("an event") };
    &event.payload
}

#[test]
fn what_a_later_lanner_knows_of_an_event_is_passed_over() {
    let (open, more) = (an_open(), [0xaa; 40]);
    let (fixed, texts) = open.parts();
    let mut fixed = [fixed, &more].concat();
    // The bits of fields that are to come, in the word that there is; one more word would follow.
    fixed[7] |= 0x80;
    fixed[3] |= 1;
    let texts = [texts, b"what it smells of"].concat();
    let (records, problem) = read_all(&forge(&[other(Kind::Open.number(), &fixed, &texts)], |_, _| {}));
    assert!(problem.is_none(), "{problem:?}");
    assert_eq!(records, [expected(open.clone())]);
    assert_eq!(payload_of(&records[0]).parts().0, open.parts().0, "no bit of what is not known is left");
}

#[test]
fn kinds_of_a_later_lanner_are_left_out_and_counted() {
    const LATER_KIND: u16 = 4711;
    let open = an_open();
    let (fixed, texts) = open.parts();
    let known = other(Kind::Open.number(), fixed, texts);
    let unknown = other(LATER_KIND, &[0xff; 400], b"");
    let bytes = forge(&[unknown.clone(), known.clone(), unknown.clone(), known, unknown.clone()], |_, _| {});
    let mut reader = CaptureReader::new(&bytes[..], "made-up").expect("a head");
    let records: Vec<_> = reader.by_ref().collect::<Result<_, _>>().expect("all of it, and totals that match");
    assert_eq!(records, [expected(open.clone()), expected(open)]);
    let last_time_ns = Some(START_NS + u64::from(LATER_KIND));
    assert_eq!(reader.progress(), Progress { blocks: 1, records: 5, events: 5, last_time_ns });

    let (records, problem) = read_all(&forge(&[unknown.clone(), unknown], |_, _| {}));
    assert!(records.is_empty() && problem.is_none(), "nothing but such kinds: {problem:?}");
}

#[test]
fn what_an_earlier_lanner_did_not_know_is_absent() {
    let open = an_open().with(field::open::MODE, 0o600_u32).with(field::open::FILE_MODE, 0_u32);
    let (fixed, texts) = open.parts();
    let read = |length: usize| {
        let bytes = forge(&[other(Kind::Open.number(), &fixed[..length], texts)], |_, _| {});
        let (records, problem) = read_all(&bytes);
        assert!(problem.is_none(), "{problem:?}");
        payload_of(&records[0]).clone()
    };
    let after_flags = field::open::FLAGS.offset() + field::open::FLAGS.size();
    for length in [after_flags, after_flags + 1] {
        let read = read(length);
        assert_eq!(read.get().text(field::open::PATH), "/etc/shadow");
        assert_eq!(read.get().number(field::open::FLAGS), Some(0o101));
        for later in [field::open::MODE, field::open::INODE, field::open::FILE_MODE] {
            assert!(!read.get().has(later), "{} had not been invented", later.name);
        }
        assert_eq!(read.parts().0.len(), open.parts().0.len(), "as long as today's");
    }
    assert_eq!(read(fixed.len()), open);
    for length in [0, 5, 8] {
        assert!(read(length).is_empty(), "{length} bytes");
    }
}

#[test]
fn texts_that_lie_outside_are_not_known() {
    let open = an_open();
    let (fixed, texts) = open.parts();
    let (records, problem) = read_all(&forge(&[other(Kind::Open.number(), fixed, &texts[1..])], |_, _| {}));
    assert!(problem.is_none(), "{problem:?}");
    let read = payload_of(&records[0]);
    assert!(!read.get().text(field::open::PATH).is_known());
    assert_eq!(read.get().number(field::open::FLAGS), Some(0o101), "the rest is");
}

#[test]
fn an_unknown_kind_of_record_says_which_lanner_reads_it() {
    let open = an_open();
    let (fixed, texts) = open.parts();
    let records = [other(Kind::Open.number(), fixed, texts), packed(&OtherRecord::Dream { depth: 2 })];
    let (records, problem) = read_all(&forge(&records, |_, _| {}));
    assert_eq!(records.len(), 1);
    let text = problem.expect("a problem").to_string();
    assert!(text.contains("unknown variant `dream`") && text.contains("lanner 7.8.9"), "{text}");
}
