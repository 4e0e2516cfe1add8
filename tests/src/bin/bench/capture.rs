//! What a capture costs to write and to read, beside the same records as lines of JSON.

use std::hint::black_box;
use std::time::{Duration, Instant};

use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
use lanner_json::Object;
use lanner_pipeline::Recent;
use lanner_probes::event::RawEvent;
use lanner_probes::{Standing, Task};
use lanner_source::capture::{CaptureReader, CaptureWriter};
use lanner_source::record::{Machine, Record};
use lanner_tests::events;

use crate::measure::least_ns;

const RECORDS: u64 = 50_000;
const ROUNDS: usize = 5;
/// Bytes of what is kept in memory, as a host has it.
const MEMORY: usize = 16 << 20;
/// When they begin, ns since 1970.
const START_NS: u64 = 1_700_000_000_000_000_000;

pub(crate) fn run() -> Result<(), String> {
    println!("## A capture of {RECORDS} events\n");
    let records: Vec<Record> = (0..RECORDS).map(record).collect();
    let (mut capture, mut json) = (Vec::new(), Vec::new());
    let write = least_ns(ROUNDS, RECORDS, || {
        capture.clear();
        let mut writer = CaptureWriter::new(&mut capture, "made-up", &Machine::default()).expect("a head");
        records.iter().for_each(|record| writer.record(record).expect("a record"));
        writer.finish().expect("an end");
    });
    let write_json = least_ns(ROUNDS, RECORDS, || {
        json.clear();
        for record in &records {
            serde_json::to_writer(&mut json, &to_json(record)).expect("a record");
            json.push(b'\n');
        }
    });
    let read = least_ns(ROUNDS, RECORDS, || {
        let mut count = 0;
        for record in CaptureReader::new(&capture[..], "made-up").expect("a head") {
            black_box(record.expect("a record"));
            count += 1;
        }
        assert_eq!(count, RECORDS);
    });
    let read_json = least_ns(ROUNDS, RECORDS, || {
        let mut count = 0;
        for record in serde_json::Deserializer::from_slice(&json).into_iter::<Object>() {
            black_box(of_json(&record.expect("a record")));
            count += 1;
        }
        assert_eq!(count, RECORDS);
    });
    println!("| | capture | JSON lines | ratio |\n| --- | ---: | ---: | ---: |");
    for (name, ours, theirs) in [("write", write, write_json), ("read", read, read_json)] {
        println!("| {name} | {ours:.0} ns an event | {theirs:.0} ns an event | {:.2} |", theirs / ours);
    }
    let [ours, theirs] = [&capture, &json].map(|bytes| bytes.len() as f64 / RECORDS as f64);
    println!("| size | {ours:.0} bytes an event | {theirs:.0} bytes an event | {:.2} |", theirs / ours);
    println!("\nThread CPU time, least of {ROUNDS} rounds; the ratio is JSON by capture, more is better.\n");
    keep(&records, write)
}

/// What it costs to keep what came last in memory, so that it can be written once there is a finding.
fn keep(records: &[Record], write: f64) -> Result<(), String> {
    let recent = Recent::new(&Machine::default(), Duration::from_secs(10), MEMORY);
    let push = least_ns(ROUNDS, RECORDS, || records.iter().for_each(|record| recent.push(record)));
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let began = Instant::now();
    let excerpt = recent.excerpt();
    let taken = began.elapsed();
    let path = folder.path().join("excerpt.lcap");
    let began = Instant::now();
    let events = excerpt.write(&path).map_err(|error| error.to_string())?.events;
    let written = began.elapsed();
    println!(
        "Kept in memory: {push:.0} ns an event, {:.2} of writing it; {events} events in {} MiB.",
        push / write,
        MEMORY >> 20
    );
    println!(
        "Taken out in {:.3} ms, which is all that the events wait; written in {:.0} ms aside.\n",
        taken.as_secs_f64() * 1e3,
        written.as_secs_f64() * 1e3
    );
    Ok(())
}

/// The events of a machine on which Python workers read files and talk to a service.
fn record(number: u64) -> Record {
    let pid = 1000 + u32::try_from(number % 300).unwrap_or_default();
    let task = Task {
        pid,
        tid: pid,
        start_boot_ns: 81_234_567_891 * (1 + number % 300),
        ppid: 900,
        parent_start_boot_ns: 1_234_567_891,
        uid: 1000,
        euid: 1000,
        gid: 1000,
        egid: 1000,
        standing: Some(Standing {
            suid: 1000,
            sgid: 1000,
            sid: 900,
            pgid: 900,
            mnt_ns: 0xeffffff8,
            pid_ns: 0xeffffffc,
            net_ns: 0xeffffff9,
            user_ns: 0xeffffffd,
            cgroup_id: 4242,
            ..Standing::default()
        }),
        comm: format!("worker-{}", number % 7).into_bytes(),
        kernel_thread: false,
        image_key: 0,
    };
    let inode = number * 7919 % 1_000_003;
    let time_ns = START_NS + number * 20_011;
    let v4 = |a, b, c, d| std::net::IpAddr::from([a, b, c, d]);
    let event = match number % 20 {
        0 => {
            let argv = b"/usr/bin/python3\0/srv/app/worker.py\0--queue\0orders\0--verbose\0";
            let mut exec = events::exec(time_ns, &task, "/usr/bin/python3.11", argv);
            exec.payload = exec.payload.with(field::exec::FILENAME, "/srv/app/worker.py");
            let image = exec.image.take().map(|image| {
                let image = image.with(field::process::CWD, "/srv/app").with(field::process::EXE_INODE, inode);
                let image = image.with(field::process::EXE_MODE, 0o100_644_u32).with(field::process::SID, 900_u32);
                Box::new(image.with(field::process::PGID, 900_u32).with(field::process::NS_PID, 12_u32))
            });
            RawEvent { image, ..exec }
        }
        1 => events::fork(time_ns, &task, &Task { pid: 5, start_boot_ns: number * 1001, ..Task::default() }),
        2 => {
            let exit = OwnedRecord::new(Kind::Exit.record()).with(field::exit::CODE, 0);
            events::event(time_ns, &task, Kind::Exit, exit.with(field::exit::SIGNAL, 0_u32))
        }
        3 | 4 => {
            let connect = OwnedRecord::new(Kind::Connect.record());
            let connect = connect.with(field::connect::ADDRESS, v4(10, 0, 0, (number % 251) as u8));
            let connect = connect.with(field::connect::PORT, 443_u16).with(field::connect::PROTOCOL, 6_u16);
            let connect = connect.with(field::connect::LOCAL_ADDRESS, v4(10, 0, 0, 1));
            let connect = connect.with(field::connect::LOCAL_PORT, 40_000 + (number % 9000) as u16);
            let connect = connect.with(field::connect::FAMILY, 2_u16).with(field::connect::FD, 3);
            events::event(time_ns, &task, Kind::Connect, connect.with(field::connect::SOCKET_TYPE, 1_u32))
        }
        _ => {
            let (module, part) = (number % 97, number % 1013);
            let path = format!("/usr/lib/python3.11/site-packages/module_{module}/part_{part}.py");
            let mut open = events::open(time_ns, &task, &path);
            open.payload = open.payload.with(field::open::INODE, inode).with(field::open::DEV, 0x80_0002_u32);
            open.payload = open.payload.with(field::open::FILE_MODE, 0o100_644_u32);
            open
        }
    };
    events::record(event)
}

/// As lines of JSON would have it.
fn to_json(record: &Record) -> Object {
    let Record::Event(event) = record else { return Object::new() };
    let mut object = Object::new();
    object.insert("time_ns".into(), event.time_ns.into());
    object.insert("kind".into(), event.kind.name().into());
    object.insert("result".into(), event.result.into());
    object.insert("task".into(), serde_json::to_value(&event.task).expect("a task"));
    object.insert("payload".into(), lanner_json::write(event.payload.get(), &mut |_, _| None).into());
    if let Some(image) = &event.image {
        object.insert("image".into(), lanner_json::write(image.get(), &mut |_, _| None).into());
    }
    object
}

fn of_json(object: &Object) -> RawEvent {
    let text = |name: &str| object.get(name).and_then(serde_json::Value::as_str);
    let record = |name: &str| object.get(name).and_then(serde_json::Value::as_object);
    let kind = text("kind").and_then(Kind::from_name).expect("a kind");
    let payload = record("payload").expect("a payload");
    let read = |info, object| lanner_json::read(info, object).expect("a record");
    let task = object.get("task").map(|task| serde_json::from_value(task.clone()).expect("a task"));
    let time_ns = object.get("time_ns").and_then(serde_json::Value::as_u64).expect("a time");
    let image = record("image").map(|image| Box::new(read(&PROCESS, image)));
    RawEvent { task, image, ..RawEvent::of_nobody(time_ns, kind, read(kind.record(), payload)) }
}
