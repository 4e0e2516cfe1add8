//! Reloads of a live host under load: how long one takes until it is in place, and how long events wait for it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use lanner_control::socket::{Ask, Client};
use lanner_control::status::Report;
use lanner_tests::{Lanner, put, shipped_pack, test_pack};
use rustix::fs::{Mode, OFlags, open};

const RELOADS: usize = 100;
/// Opens a second, meanwhile.
const RATE: u64 = 100_000;

pub(crate) fn run() -> Result<(), String> {
    println!("## Reloads\n");
    println!(
        "A live host under some {RATE} opens a second. Events wait while the thread that takes them in does something else.\n"
    );
    println!(
        "| what | reloads | in place after (half) | (99 of 100) | events wait (99 of 100) | longest | events | lost | aim |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |");
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let pack = folder.path().join("counter.wasm");
    put(&test_pack("counter-1"), &pack);
    let versions =
        |number: usize| put(&test_pack(if number.is_multiple_of(2) { "counter-2" } else { "counter-1" }), &pack);
    measure("another version of a pack", folder.path(), RELOADS, versions)?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    put(&test_pack("counter-1"), &folder.path().join("counter.wasm"));
    // It wants kinds that nobody wanted so far: their programs go through the verifier.
    let added = |_| put(&shipped_pack("credential-access"), &folder.path().join("credential-access.wasm"));
    measure("a pack that wants other kinds", folder.path(), 1, added)
}

fn measure(what: &str, folder: &Path, reloads: usize, change: impl Fn(usize)) -> Result<(), String> {
    let host = Lanner::watch(&[folder], &["--no-reload"]);
    let done = AtomicBool::new(false);
    let (mut took, report) = std::thread::scope(|scope| {
        scope.spawn(|| load(&done));
        let reloaded = reload(&host, folder, reloads, &change);
        done.store(true, Ordering::Relaxed);
        reloaded
    })?;
    host.stop();
    took.sort_unstable();
    let part = |part: f64| took[((took.len() as f64 * part).ceil() as usize).saturating_sub(1)];
    let ns = |ns| format!("{:.2?}", Duration::from_nanos(ns));
    let Report { pause_p99_ns, pause_longest_ns, events, lost, .. } = report;
    println!(
        "| {what} | {reloads} | {:.1?} | {:.1?} | {} | {} | {events} | {lost} | ≤ 1 ms |",
        part(0.5),
        part(0.99),
        ns(pause_p99_ns),
        ns(pause_longest_ns)
    );
    Ok(())
}

fn reload(
    host: &Lanner,
    folder: &Path,
    reloads: usize,
    change: impl Fn(usize),
) -> Result<(Vec<Duration>, Report), String> {
    let said = |error: lanner_control::socket::ClientError| error.to_string();
    let paths = vec![folder.display().to_string()];
    let mut took = Vec::new();
    for number in 0..reloads {
        change(number);
        let mut client = Client::connect(&host.control()).map_err(said)?;
        let began = Instant::now();
        client.ask(Ask::Apply { paths: paths.clone(), dry_run: false }).map_err(said)?;
        let report = client.applied().map_err(said)?;
        took.push(began.elapsed());
        if report.changes.len() != 1 {
            return Err(format!("one pack was to change: {report}"));
        }
    }
    let mut client = Client::connect(&host.control()).map_err(said)?;
    client.ask(Ask::Status).map_err(said)?;
    Ok((took, client.status().map_err(said)?))
}

/// Opens files, at that rate.
fn load(done: &AtomicBool) {
    let began = Instant::now();
    let mut opened = 0_u64;
    while !done.load(Ordering::Relaxed) {
        for _ in 0..100 {
            drop(std::hint::black_box(open("/usr/lib/os-release", OFlags::RDONLY, Mode::empty())));
        }
        opened += 100;
        std::thread::sleep(Duration::from_secs_f64(opened as f64 / RATE as f64).saturating_sub(began.elapsed()));
    }
}
