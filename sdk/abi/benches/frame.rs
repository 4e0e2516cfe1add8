//! What a frame costs: `cargo bench -p lanner-abi`. Nanoseconds an event, the best of several rounds, and the ratio to
//! copying the same bytes.

use std::hint::black_box;
use std::time::Instant;

use lanner_abi::{EventHeader, Frame, FrameWriter, Kind, OwnedRecord, PROCESS, field};

/// Events of a batch, as the host makes them.
const EVENTS: u32 = 256;
/// Distinct processes among them, ancestors included.
const PROCESSES: u32 = 24;
const ROUNDS: usize = 200;
const TIMES: u32 = 50;

/// What the host has at hand when it writes: records by themselves, of which the frame gets copies.
struct Batch {
    /// The number of the parent stands for its row.
    processes: Vec<OwnedRecord>,
    open: OwnedRecord,
}

fn batch() -> Batch {
    let process = |row: u32| {
        let mut record = OwnedRecord::new(&PROCESS)
            .with(field::process::ID, row)
            .with(field::process::PID, 1000 + row)
            .with(field::process::EXE, "/usr/lib/postgresql/16/bin/postgres")
            .with(field::process::COMM, "postgres")
            .with(field::process::ARGV, "postgres\0-D\0/var/lib/postgresql/16/main\0")
            .with(field::process::CWD, "/var/lib/postgresql")
            .with(field::process::USER, "postgres");
        if let Some(parent) = row.checked_sub(1) {
            record = record.with(field::process::PARENT, parent);
        }
        record
    };
    let open = OwnedRecord::new(Kind::Open.record())
        .with(field::open::PATH, "/usr/lib/x86_64-linux-gnu/libcrypto.so.3")
        .with(field::open::FLAGS, 0o2000000_u32);
    Batch { processes: (0..PROCESSES).map(process).collect(), open }
}

fn write<'a>(writer: &'a mut FrameWriter, batch: &Batch) -> &'a [u8] {
    writer.clear();
    for process in &batch.processes {
        writer.record(process.get(), &mut |_, parent| Some(parent));
    }
    for number in 0..EVENTS {
        let process = Some(number % PROCESSES);
        let header = EventHeader { seq: number.into(), process, result: Some(3), ..Default::default() };
        let payload = writer.record(batch.open.get(), &mut |_, _| None);
        writer.event(&header, Kind::Open, payload);
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
    let batch = batch();
    let bytes = write(&mut writer, &batch).to_vec();
    let frame = Frame::parse(&bytes).expect("a frame");
    let copied = measure(|| drop(black_box(black_box(&bytes).clone())));
    println!("{:10} {copied:7.1} ns an event ({} bytes)", "copy", bytes.len() / EVENTS as usize);
    let report = |name: &str, ns: f64| println!("{name:10} {ns:7.1} ns an event  {:6.1} x copy", ns / copied);
    report(
        "write",
        measure(|| {
            black_box(write(black_box(&mut writer), black_box(&batch)));
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
