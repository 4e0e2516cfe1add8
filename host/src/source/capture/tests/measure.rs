//! What a capture costs.

use lanner_probes::event::{
    Connect, Endpoint, Exec, Exit, FileFacts, Fork, KernelEvent, Open, Payload, Peer, ResolvedPath, Task,
};

use super::{START_NS, machine};
use crate::source::capture::format::BLOCK_TARGET_LEN;
use crate::source::capture::{CaptureReader, CaptureWriter};
use crate::source::record::Record;

/// Not a check: `cargo test --release -p lanner measure_capture -- --ignored --nocapture` prints costs.
#[test]
#[ignore = "a measurement"]
fn measure_capture() {
    let argv = b"/usr/bin/python3\0/srv/app/worker.py\0--queue\0orders\0--verbose\0".to_vec();
    let records: Vec<_> = (0..200_000u64)
        .map(|i| {
            let task = Task {
                pid: 1000 + u32::try_from(i % 300).expect("small"),
                tid: 1000 + u32::try_from(i % 300).expect("small"),
                start_boot_ns: 81_234_567_891 * (1 + i % 300),
                ppid: 900,
                parent_start_boot_ns: 1_234_567_891,
                uid: 1000,
                euid: 1000,
                gid: 1000,
                egid: 1000,
                comm: format!("worker-{}", i % 7).into_bytes(),
                kernel_thread: false,
            };
            let file =
                FileFacts { inode: i * 7919 % 1_000_003, dev: 0x80_0002, mode: 0o100_644, ..FileFacts::default() };
            let path = |text: String| ResolvedPath { bytes: text.into_bytes(), ..ResolvedPath::default() };
            let payload = match i % 20 {
                0 => Payload::Exec(Box::new(Exec {
                    exe: path("/usr/bin/python3.11".into()),
                    exe_file: file,
                    filename: b"/srv/app/worker.py".to_vec(),
                    interpreter: b"/usr/bin/python3".to_vec(),
                    argv: argv.clone(),
                    cwd: path("/srv/app".into()),
                    login_uid: u32::MAX,
                    sid: 900,
                    pgid: 900,
                    ns_pid: 12,
                    ..Exec::default()
                })),
                1 => Payload::Fork(Fork { child_pid: 5, child_start_boot_ns: i * 1001, child_ns_pid: 5 }),
                2 => Payload::Exit(Exit::default()),
                3 | 4 => Payload::Connect(Box::new(Connect {
                    peer: Peer::Inet(Endpoint::v4([10, 0, 0, (i % 251) as u8], 443)),
                    local: Some(Endpoint::v4([10, 0, 0, 1], 40_000 + (i % 9000) as u16)),
                    socket_type: 1,
                    protocol: 6,
                    resolved: true,
                    ..Connect::default()
                })),
                _ => Payload::Open(Box::new(Open {
                    result: 3,
                    path: path(format!("/usr/lib/python3.11/site-packages/module_{}/part_{}.py", i % 97, i % 1013)),
                    resolved: true,
                    flags: 0x8_0000,
                    file,
                    ..Open::default()
                })),
            };
            Record::Event(Box::new(KernelEvent { time_ns: START_NS + i * 20_011, task, payload }))
        })
        .collect();
    for _ in 0..3 {
        let begin = std::time::Instant::now();
        let mut bytes = Vec::new();
        let mut writer = CaptureWriter::new(&mut bytes, "made-up", &machine()).expect("a head");
        for record in &records {
            writer.record(record).expect("a record");
        }
        let blocks = writer.finish().expect("an end").blocks;
        let wrote = begin.elapsed();
        let begin = std::time::Instant::now();
        assert_eq!(CaptureReader::new(&bytes[..], "made-up").expect("a head").count(), records.len());
        let read = begin.elapsed();
        let each = |all: u128| all / records.len() as u128;
        println!(
            "write {} ns/event, read {} ns/event, {} bytes/event, {} bytes/block raw {BLOCK_TARGET_LEN}, {blocks} blocks",
            each(wrote.as_nanos()),
            each(read.as_nanos()),
            bytes.len() / records.len(),
            bytes.len() / blocks.max(1) as usize,
        );
    }
}
