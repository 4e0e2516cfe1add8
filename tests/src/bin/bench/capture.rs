//! What a capture costs to write and to read, beside the same records as lines of JSON.

use std::hint::black_box;

use lanner_probes::event::{
    Connect, Endpoint, Exec, Exit, FileFacts, Fork, KernelEvent, Open, Payload, Peer, ResolvedPath, Task,
};
use lanner_source::capture::{CaptureReader, CaptureWriter};
use lanner_source::record::{Machine, Record};

use crate::measure::least_ns;

const RECORDS: u64 = 50_000;
const ROUNDS: usize = 5;
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
            serde_json::to_writer(&mut json, record).expect("a record");
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
        for record in serde_json::Deserializer::from_slice(&json).into_iter::<Record>() {
            black_box(record.expect("a record"));
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
        comm: format!("worker-{}", number % 7).into_bytes(),
        kernel_thread: false,
    };
    let file = FileFacts { inode: number * 7919 % 1_000_003, dev: 0x80_0002, mode: 0o100_644, ..FileFacts::default() };
    let path = |text: String| ResolvedPath { bytes: text.into_bytes(), ..ResolvedPath::default() };
    let payload = match number % 20 {
        0 => Payload::Exec(Box::new(Exec {
            exe: path("/usr/bin/python3.11".into()),
            exe_file: file,
            filename: b"/srv/app/worker.py".to_vec(),
            interpreter: b"/usr/bin/python3".to_vec(),
            argv: b"/usr/bin/python3\0/srv/app/worker.py\0--queue\0orders\0--verbose\0".to_vec(),
            cwd: path("/srv/app".into()),
            login_uid: u32::MAX,
            sid: 900,
            pgid: 900,
            ns_pid: 12,
            ..Exec::default()
        })),
        1 => Payload::Fork(Fork { child_pid: 5, child_start_boot_ns: number * 1001, child_ns_pid: 5 }),
        2 => Payload::Exit(Exit::default()),
        3 | 4 => Payload::Connect(Box::new(Connect {
            peer: Peer::Inet(Endpoint::v4([10, 0, 0, (number % 251) as u8], 443)),
            local: Some(Endpoint::v4([10, 0, 0, 1], 40_000 + (number % 9000) as u16)),
            socket_type: 1,
            protocol: 6,
            resolved: true,
            ..Connect::default()
        })),
        _ => Payload::Open(Box::new(Open {
            result: 3,
            path: path(format!("/usr/lib/python3.11/site-packages/module_{}/part_{}.py", number % 97, number % 1013)),
            resolved: true,
            flags: 0x8_0000,
            file,
            ..Open::default()
        })),
    };
    Record::Event(Box::new(KernelEvent { time_ns: START_NS + number * 20_011, task, payload }))
}
