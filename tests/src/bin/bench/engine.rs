//! What judging costs: a batch through a pack, against the same rule compiled for this machine.

use std::hint::black_box;
use std::sync::Arc;

use lanner_abi::{Kind, field};
use lanner_engine::{Candidate, Limits, Runtime, Sieve};
use lanner_enrich::{Enricher, Event};
use lanner_frame::Encoder;
use lanner_pipeline::BATCH;
use lanner_probes::Task;
use lanner_sdk::testing::PackTest;
use lanner_source::record::Machine;
use lanner_tests::{events, shipped_pack, test_pack};

use crate::measure::{least_ns, percentile};

/// The very source that the pack `one-rule` is built from.
#[path = "../../../packs/one-rule/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a crate's, elsewhere")]
mod one_rule;

/// Likewise of the pack `matchers`.
#[path = "../../../packs/matchers/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a crate's, elsewhere")]
mod matchers;

const ROUNDS: usize = 300;
/// Batches of a round.
const BATCHES: u64 = 40;
/// What the machine of the batch runs; each program opens each file in turn.
const PROGRAMS: [&str; 12] = [
    "/usr/lib/systemd/systemd",
    "/usr/sbin/sshd",
    "/usr/bin/bash",
    "/usr/bin/python3.11",
    "/usr/bin/git",
    "/usr/sbin/nginx",
    "/usr/lib/postgresql/15/bin/postgres",
    "/usr/bin/containerd",
    "/usr/sbin/cron",
    "/usr/bin/dockerd",
    "/usr/local/bin/service",
    "/usr/bin/cat",
];
pub(crate) const FILES: [&str; 10] = [
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/etc/ld.so.cache",
    "/proc/self/status",
    "/usr/share/zoneinfo/Europe/Berlin",
    "/home/ada/src/project/target/debug/deps/libserde-0123456789abcdef.rmeta",
    "/var/lib/postgresql/15/main/base/16384/2619",
    "/sys/fs/cgroup/system.slice/cpu.stat",
    "/dev/null",
    "/tmp/cc0Yx2pq.s",
    "/etc/nginx/sites-enabled/default",
];
/// One event in so many is what the rule looks for.
const HIT: usize = 256;

pub(crate) fn run() -> Result<(), String> {
    println!("## Judging a batch of {BATCH} opens\n");
    let events = batch(HIT);
    let mut encoder = Encoder::default();
    let frame = encode(&mut encoder, &events);
    let secrets = encode(&mut encoder, &batch(1));
    let mut native = PackTest::<one_rule::OneRule>::new();
    let hits = native.judge(&frame).expect("a frame").len();
    assert_eq!(hits, BATCH / HIT, "the batch holds what the rule looks for");

    let runtime = Runtime::new(Limits::default(), None).expect("a runtime");
    let [mut wasm, mut empty, mut shipped, mut sets] =
        [test_pack("one-rule"), test_pack("empty"), shipped_pack("credential-access"), test_pack("matchers")].map(
            |path| {
                let bytes = std::fs::read(path).expect("a pack");
                Candidate::prepare(&runtime, &bytes).expect("a pack")
            },
        );
    assert_eq!(wasm.evaluate(&frame).expect("a call"), hits, "as WebAssembly it finds the same");

    assert_eq!(events.iter().filter(|event| is_secret_read(event)).count(), hits, "and so does the one by hand");

    // All in one round, one after the other: what disturbs the machine disturbs each alike.
    let mut native_sets = PackTest::<matchers::Matchers>::new();
    let sieve = Sieve::new(&shipped.description().wanted);
    let mut rounds: [Vec<f64>; 10] = Default::default();
    for _ in 0..ROUNDS {
        let costs = [
            each(|| {
                let _ = black_box(native.judge(black_box(&frame)));
            }),
            each(|| {
                let _ = black_box(wasm.evaluate(black_box(&frame)));
            }),
            each(|| {
                let _ = black_box(empty.evaluate(black_box(&frame)));
            }),
            each(|| {
                let _ = black_box(shipped.evaluate(black_box(&frame)));
            }),
            each(|| drop(black_box(encode(&mut encoder, black_box(&events))))),
            each(|| {
                let found = black_box(&events).iter().filter(|event| is_secret_read(event));
                black_box(
                    found.map(|event| format!("{:?}", event.subject().map(|process| process.exe().to_vec()))).count(),
                );
            }),
            each(|| {
                let wanted = black_box(&events).iter().filter(|event| sieve.wants(*event));
                black_box(wanted.count());
            }),
            each(|| {
                let _ = black_box(wasm.evaluate(black_box(&secrets)));
            }),
            each(|| {
                let _ = black_box(native_sets.judge(black_box(&frame)));
            }),
            each(|| {
                let _ = black_box(sets.evaluate(black_box(&frame)));
            }),
        ];
        for (round, cost) in rounds.iter_mut().zip(costs) {
            round.push(cost);
        }
    }
    let ratios = |of: &[f64]| {
        let mut ratios: Vec<f64> = of.iter().zip(&rounds[0]).map(|(cost, native)| cost / native).collect();
        ratios.sort_by(f64::total_cmp);
        percentile(&ratios, 0.5)
    };
    let least = |of: &[f64]| of.iter().copied().fold(f64::MAX, f64::min);
    println!("| | ns an event | to native | aim |\n| --- | ---: | ---: | ---: |");
    for (name, costs, aim) in [
        ("one rule, native, the same source on the same frame", &rounds[0], ""),
        ("one rule, native, by hand on the host's own events", &rounds[5], ""),
        ("one rule, as a pack", &rounds[1], "≤ 2 × native"),
        ("a pack that does nothing (the floor)", &rounds[2], "≤ 30 ns"),
        ("the pack credential-access, all rules, on events it did not ask for", &rounds[3], ""),
        ("sorting those out by its subscriptions, before any frame", &rounds[6], ""),
        ("encoding the frame, once for all packs", &rounds[4], ""),
        ("one rule, as a pack, where every event is a finding", &rounds[7], ""),
    ] {
        println!("| {name} | {:.0} | {:.2} | {aim} |", least(costs), ratios(costs));
    }
    let (native, pack) = (least(&rounds[8]), least(&rounds[9]));
    println!("| 8 prefixes, 10 names and 6 parts, native | {native:.0} | {:.2} | |", ratios(&rounds[8]));
    println!("| the same as a pack ({:.2} × that) | {pack:.0} | {:.2} | ≤ 1.5 × |", pack / native, ratios(&rounds[9]));
    println!(
        "\nThread CPU time: least of {ROUNDS} rounds of {BATCHES} batches; the ratio is the median of the rounds' ratios. \
         {} bytes an event.\n",
        frame.len() / BATCH
    );
    Ok(())
}

/// ns an event.
fn each(mut work: impl FnMut()) -> f64 {
    least_ns(1, BATCHES * BATCH as u64, || (0..BATCHES).for_each(|_| work()))
}

/// The rule, as the host itself would have it.
fn is_secret_read(event: &Event) -> bool {
    const O_WRONLY: u64 = 1;
    let open = event.payload.get();
    let Some(path) = open.bytes(field::open::PATH).filter(|_| event.kind == Kind::Open) else { return false };
    let secret = path == b"/etc/shadow" || path.starts_with(b"/root/.ssh/") || path.ends_with(b".pem");
    let reads = || open.number(field::open::FLAGS).is_some_and(|flags| flags & O_WRONLY == 0);
    secret && reads() && !event.process.as_ref().is_some_and(|process| process.exe().ends_with(b"/sshd"))
}

fn encode(encoder: &mut Encoder, events: &[Event]) -> Arc<[u8]> {
    encoder.encode(events.iter()).swap_remove(0).0
}

/// Opens by programs that a shell started, which a daemon started. One in so many is what the rule looks for.
fn batch(hit: usize) -> Vec<Event> {
    let mut enricher = Enricher::new(&Machine::default(), None);
    let init = task(1);
    for (pid, exe) in (100..).zip(PROGRAMS) {
        let (shell, program) = (task(pid), task(pid + 1000));
        let mut take = |event| enricher.take(events::record(event));
        take(events::fork(events::TIME_NS, &init, &shell));
        take(events::exec(events::TIME_NS, &shell, "/usr/bin/dash", &argv("/usr/bin/dash")));
        take(events::fork(events::TIME_NS, &shell, &program));
        take(events::exec(events::TIME_NS, &program, exe, &argv(exe)));
    }
    let open = |number: usize| {
        let path = if number % hit == hit - 1 { "/etc/shadow" } else { FILES[number % FILES.len()] };
        // The hits are cat's.
        let program = if number % hit == hit - 1 { PROGRAMS.len() - 1 } else { number % PROGRAMS.len() };
        let open = events::open(events::TIME_NS, &task(1100 + program as u32), path);
        enricher.take(events::record(open)).expect("an event")
    };
    (0..BATCH).map(open).collect()
}

fn task(pid: u32) -> Task {
    Task { pid, tid: pid, start_boot_ns: u64::from(pid) * 1_000_000_000, comm: b"program".to_vec(), ..Task::default() }
}

fn argv(exe: &str) -> Vec<u8> {
    format!("{exe}\0--option\0argument\0").into_bytes()
}
