//! The first format: a capture that a released lanner wrote, and what it could have written.

use std::net::IpAddr;

use lanner_abi::{FieldInfo, Kernel, Kind, OwnedRecord, event_flag, field, stdio_flag};
use lanner_probes::event::RawEvent;
use serde::Serialize;
use serde_bytes::Bytes;

use super::super::format::Progress;
use super::super::read::CaptureReader;
use super::forged::{forge_as, packed};
use super::versions::OtherTask;
use super::{CaptureWriter, START_NS, read_all};
use crate::record::Record;

/// Made by lanner 0.1.0. What it found in it stands beside it.
const RELEASED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/released/1/capture.lcap");

fn released() -> Vec<Record> {
    CaptureReader::open(RELEASED).expect("a capture").collect::<Result<_, _>>().expect("all of it")
}

fn events() -> Vec<RawEvent> {
    let events = released().into_iter().filter_map(|record| match record {
        Record::Event(event) => Some(*event),
        _ => None,
    });
    events.collect()
}

/// The first event of a kind whose field is this text.
fn event_with(field: &FieldInfo, text: &str) -> RawEvent {
    let sought =
        |event: &RawEvent| event.payload.info().section == field.section() && event.payload.get().text(field) == text;
    events().into_iter().find(sought).unwrap_or_else(|| panic!("no {} is {text}", field.name))
}

fn absent(record: &OwnedRecord, fields: &[&FieldInfo]) {
    for field in fields {
        assert!(!record.get().has(field), "{}", field.name);
    }
}

#[test]
fn a_capture_of_a_released_lanner_is_read() {
    let mut reader = CaptureReader::open(RELEASED).expect("a capture");
    assert_eq!((reader.written_by(), reader.machine().hostname.as_str()), ("0.1.0", "nest"));
    assert_eq!(reader.machine().users.get(&0).map(String::as_str), Some("root"));
    let records: Vec<_> = reader.by_ref().collect::<Result<_, _>>().expect("all of it");
    let Progress { blocks, records: count, events, .. } = reader.progress();
    assert_eq!((blocks, count, events), (1, 119, 116));
    assert_eq!(records.iter().filter(|record| matches!(record, Record::Process(_))).count(), 2);
    let kinds = [(Kind::Exec, 13), (Kind::Fork, 13), (Kind::Exit, 15), (Kind::Open, 71), (Kind::Connect, 4)];
    for (kind, expected) in kinds {
        let count = self::events().iter().filter(|event| event.kind == kind).count();
        assert_eq!(count, expected, "{}", kind.name());
    }
}

#[test]
fn what_every_host_gives_the_first_format_gave() {
    for event in events() {
        assert!(event.task.as_ref().is_some_and(|task| task.pid != 0 && task.tid != 0));
        assert_eq!(event.result.is_some(), event.kind.info().has_result, "{}", event.kind.name());
        assert_eq!(event.image.is_some(), event.kind.info().has_image, "{}", event.kind.name());
        let fields = event.kind.record().fields.iter().filter(|field| field.always && field.kernel != Kernel::Host);
        for field in fields {
            assert!(event.payload.get().has(field), "{}.{}", event.kind.name(), field.name);
        }
    }
}

#[test]
fn what_the_first_format_told_can_be_told_in_this_one() {
    let first = released();
    let mut bytes = Vec::new();
    let mut writer = CaptureWriter::new(&mut bytes, "again", &super::machine()).expect("a head");
    first.iter().for_each(|record| writer.record(record).expect("a record"));
    writer.finish().expect("an end");
    let (again, problem) = read_all(&bytes);
    assert!(problem.is_none(), "{problem:?}");
    assert_eq!(again, first);
}

#[test]
fn opens_of_the_first_format() {
    let shadow = event_with(field::open::PATH, "/etc/shadow");
    assert!(shadow.result.is_some_and(|result| result >= 0));
    assert_eq!(shadow.flags, 0, "resolved");
    assert_eq!(shadow.task.map(|task| task.comm), Some(b"cat".to_vec()));
    let payload = shadow.payload.get();
    assert_eq!(payload.number(field::open::FILE_MODE), Some(0o100_640));
    assert!(payload.number(field::open::INODE).is_some_and(|inode| inode != 0));
    assert_eq!(payload.value(field::open::FILE_UPPER), Some(false.into()));
    assert_eq!(payload.value(field::open::CREATED), Some(false.into()));

    let failed = event_with(field::open::PATH, "/etc/shadow-of-nobody");
    assert_eq!((failed.result, failed.flags), (Some(-2), event_flag::UNRESOLVED));
    absent(&failed.payload, &[field::open::INODE, field::open::DEV, field::open::FILE_MODE, field::open::FILE_UPPER]);

    let created = event_with(field::open::PATH, "/var/tmp/nest-note");
    assert_eq!(created.payload.get().value(field::open::CREATED), Some(true.into()));
}

#[test]
fn connects_of_the_first_format() {
    let unix = event_with(field::connect::UNIX_PATH, "/run/nobody.sock");
    assert_eq!((unix.result, unix.flags), (Some(-2), event_flag::UNRESOLVED));
    assert_eq!(unix.payload.get().number(field::connect::FAMILY), Some(1));
    assert_eq!(unix.payload.get().number(field::connect::SOCKET_TYPE), Some(1));
    let inet = [field::connect::ADDRESS, field::connect::PORT, field::connect::PROTOCOL];
    let local = [field::connect::LOCAL_ADDRESS, field::connect::LOCAL_PORT];
    absent(&unix.payload, &[&inet[..], &local].concat());

    let with_result = |result: i64| {
        let sought = |event: &RawEvent| event.kind == Kind::Connect && event.result == Some(result);
        events().into_iter().find(sought).unwrap_or_else(|| panic!("no connect with {result}"))
    };
    let under_way = with_result(-115);
    let payload = under_way.payload.get();
    assert_eq!(payload.value(field::connect::ADDRESS), Some(IpAddr::from([127, 0, 0, 1]).into()));
    assert_eq!(payload.number(field::connect::PORT), Some(47_474));
    assert_eq!((payload.number(field::connect::PROTOCOL), payload.number(field::connect::FAMILY)), (Some(6), Some(2)));
    assert!(local.into_iter().all(|field| payload.has(field)), "the kernel has chosen a port");
    absent(&under_way.payload, &[field::connect::UNIX_PATH]);
    absent(&with_result(-111).payload, &local);
}

#[test]
fn images_of_the_first_format() {
    let script = event_with(field::exec::FILENAME, "./greet");
    assert_eq!(script.payload.get().text(field::exec::INTERPRETER), "/bin/sh");
    absent(&script.payload, &[field::exec::PEER_ADDRESS, field::exec::PEER_PORT]);
    let image = script.image.expect("an image");
    assert_eq!(image.get().text(field::process::EXE), "/usr/bin/dash");
    assert_eq!(image.get().text(field::process::CWD), "/tmp/nest-work");
    assert_eq!(image.get().text(field::process::ARGV), "/bin/sh\0./greet\0");
    assert_eq!(image.get().number(field::process::SUID), Some(0), "root, and known to be");
    absent(&image, &[field::process::LOGIN_UID, field::process::SCRIPT, field::process::USER, field::process::ID]);

    let shell = event_with(field::exec::FILENAME, "/bin/sh");
    let sockets = stdio_flag::STDIN_SOCKET | stdio_flag::STDOUT_SOCKET;
    assert_eq!(shell.payload.get().number(field::exec::STDIO), Some(sockets.into()));
    assert_eq!(shell.payload.get().number(field::exec::PEER_PORT), Some(47_474));

    let Some(Record::Process(process)) = released().into_iter().next() else { panic!("a process") };
    assert_eq!(process.image.get().text(field::process::EXE), "/usr/bin/bash");
    assert!(process.image.get().has(field::process::MNT_NS) && process.image.get().has(field::process::EXE_MODE));
}

// === what could have been written ===

/// As the first format told it; some of it gone, and a key that it never had.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum FirstRecord<'a> {
    Event(FirstEvent<'a>),
}

#[derive(Serialize)]
struct FirstEvent<'a> {
    time_ns: u64,
    later: u8,
    task: OtherTask,
    payload: FirstPayload<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum FirstPayload<'a> {
    Exec { filename: &'a Bytes, stdio: [FirstStdio; 3] },
    Open { result: i64, smell: [f32; 2] },
    Connect { result: i64, peer: FirstPeer, local: Option<FirstEndpoint>, protocol: u16, resolved: bool },
    Lost { kind: &'static str, count: u64 },
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum FirstStdio {
    Unix,
    Device,
    Inet(Option<FirstEndpoint>),
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum FirstPeer {
    Inet(FirstEndpoint),
    Other(u16),
}

#[derive(Clone, Copy, Serialize)]
struct FirstEndpoint {
    address: IpAddr,
    port: u16,
}

/// What is read of it today.
fn read_first(payload: FirstPayload<'_>) -> RawEvent {
    let task = OtherTask { mood: None, pid: 7 };
    let record = packed(&FirstRecord::Event(FirstEvent { time_ns: START_NS, later: 1, task, payload }));
    let (records, problem) = read_all(&forge_as(1, &[record], |_, _| {}));
    assert!(problem.is_none(), "{problem:?}");
    let [Record::Event(event)] = &records[..] else { panic!("an event") };
    (**event).clone()
}

#[test]
fn in_the_first_format_what_was_not_known_was_zero_or_empty() {
    let open = read_first(FirstPayload::Open { result: -13, smell: [0.5, 1.5] });
    let expected = OwnedRecord::new(Kind::Open.record());
    let expected = expected.with(field::open::FLAGS, 0_u32).with(field::open::MODE, 0_u32);
    assert_eq!(open.payload, expected.with(field::open::CREATED, false));
    assert_eq!((open.result, open.flags), (Some(-13), event_flag::UNRESOLVED));
    assert_eq!(open.task.map(|task| task.pid), Some(7));
}

#[test]
fn in_the_first_format_somebody_lost_events() {
    let loss = read_first(FirstPayload::Lost { kind: "connect", count: 42 });
    assert_eq!((loss.kind, loss.task, loss.result), (Kind::Loss, None, None), "it was nobody's doing");
    let payload = loss.payload.get();
    assert_eq!(payload.number(field::loss::LOST_KIND), Some(Kind::Connect.number().into()));
    assert_eq!(payload.number(field::loss::COUNT), Some(42));
}

#[test]
fn descriptors_of_the_first_format_are_bits() {
    let peer = FirstEndpoint { address: "2001:db8::1".parse().expect("an address"), port: 4444 };
    let exec = |stdio| read_first(FirstPayload::Exec { filename: Bytes::new(b"./run"), stdio });
    let shell = exec([FirstStdio::Inet(Some(peer)), FirstStdio::Inet(None), FirstStdio::Device]);
    let payload = shell.payload.get();
    let both = stdio_flag::STDIN_SOCKET | stdio_flag::STDOUT_SOCKET;
    assert_eq!(payload.number(field::exec::STDIO), Some(both.into()));
    assert_eq!(payload.value(field::exec::PEER_ADDRESS), Some(peer.address.into()));
    assert_eq!(payload.number(field::exec::PEER_PORT), Some(4444));
    assert_eq!(payload.text(field::exec::FILENAME), "./run");
    assert!(!payload.has(field::exec::INTERPRETER));
    assert!(shell.image.is_some_and(|image| !image.get().has(field::process::EXE)));

    let service = exec([FirstStdio::Unix, FirstStdio::Device, FirstStdio::Device]);
    assert_eq!(service.payload.get().number(field::exec::STDIO), Some(stdio_flag::STDIN_UNIX.into()));
    assert!(!service.payload.get().has(field::exec::PEER_ADDRESS));
}

#[test]
fn peers_of_the_first_format_have_a_family() {
    let v6 = FirstEndpoint { address: "2001:db8::1".parse().expect("an address"), port: 53 };
    let connect =
        |peer, local| read_first(FirstPayload::Connect { result: 0, peer, local, protocol: 17, resolved: true });
    let inet = connect(FirstPeer::Inet(v6), Some(FirstEndpoint { port: 40_000, ..v6 }));
    let payload = inet.payload.get();
    assert_eq!((inet.flags, payload.number(field::connect::FAMILY)), (0, Some(10)));
    assert_eq!(payload.value(field::connect::ADDRESS), Some(v6.address.into()));
    assert_eq!(payload.number(field::connect::PROTOCOL), Some(17));
    assert_eq!(payload.number(field::connect::LOCAL_PORT), Some(40_000));

    let netlink = connect(FirstPeer::Other(16), None);
    let payload = netlink.payload.get();
    assert_eq!(payload.number(field::connect::FAMILY), Some(16));
    for absent in [field::connect::ADDRESS, field::connect::PORT, field::connect::PROTOCOL, field::connect::LOCAL_PORT]
    {
        assert!(!payload.has(absent), "{}", absent.name);
    }
}
