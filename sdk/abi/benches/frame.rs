//! What a frame costs: `cargo bench -p lanner-abi`. Nanoseconds an event, the best of several rounds, and the ratio to
//! copying the same bytes.

use std::hint::black_box;
use std::time::Instant;

use lanner_abi::{EventHeader, Frame, FrameWriter, NO_PROCESS, OpenRecord, PayloadRecord, ProcessRecord};

/// Events of a batch, as the host makes them.
const EVENTS: u32 = 256;
/// Distinct processes among them, ancestors included.
const PROCESSES: u32 = 24;
const ROUNDS: usize = 200;
const TIMES: u32 = 50;

fn write(writer: &mut FrameWriter) -> &[u8] {
    writer.clear();
    for row in 0..PROCESSES {
        writer.process(&ProcessRecord {
            id: row.into(),
            pid: 1000 + row,
            parent: if row == 0 { NO_PROCESS } else { row - 1 },
            exe: b"/usr/lib/postgresql/16/bin/postgres",
            comm: b"postgres",
            argv: b"postgres\0-D\0/var/lib/postgresql/16/main\0",
            cwd: b"/var/lib/postgresql",
            user: b"postgres",
            ..Default::default()
        });
    }
    for number in 0..EVENTS {
        let header = EventHeader { seq: number.into(), process: number % PROCESSES, ..Default::default() };
        let path = b"/usr/lib/x86_64-linux-gnu/libcrypto.so.3";
        writer.event(&header, &PayloadRecord::Open(OpenRecord { path, flags: 0o2000000, ..Default::default() }));
    }
    writer.finish()
}

/// A rule as a person would write it.
fn judge(frame: &Frame<'_>) -> usize {
    let opens = frame.events().filter_map(|event| event.as_open());
    opens
        .filter(|open| {
            let secret = open.path() == "/etc/shadow" || open.path().starts_with("/root/.ssh/");
            (secret || open.path().ends_with(".pem")) && open.is_read() && !open.process().exe().ends_with("/sshd")
        })
        .count()
}

/// ns an event.
fn measure(mut work: impl FnMut()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        (0..TIMES).for_each(|_| work());
        start.elapsed().as_secs_f64()
    };
    let best = (0..ROUNDS).map(round).fold(f64::INFINITY, f64::min);
    best * 1e9 / f64::from(TIMES * EVENTS)
}

fn main() {
    let mut writer = FrameWriter::new();
    let bytes = write(&mut writer).to_vec();
    let frame = Frame::parse(&bytes).expect("a frame");
    let copied = measure(|| drop(black_box(black_box(&bytes).clone())));
    println!("{:10} {copied:7.1} ns an event ({} bytes)", "copy", bytes.len() / EVENTS as usize);
    let report = |name: &str, ns: f64| println!("{name:10} {ns:7.1} ns an event  {:6.1} x copy", ns / copied);
    report(
        "write",
        measure(|| {
            black_box(write(black_box(&mut writer)));
        }),
    );
    report(
        "parse",
        measure(|| {
            let _ = black_box(Frame::parse(black_box(&bytes)));
        }),
    );
    report(
        "one rule",
        measure(|| {
            black_box(judge(black_box(&frame)));
        }),
    );
}
