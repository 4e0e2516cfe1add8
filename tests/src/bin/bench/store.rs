//! What keeping findings costs: writing them, and asking for them.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use lanner_store::{Bounds, Facet, Filter, Reader, Record, Span, Store};
use serde_json::json;

/// Findings that are kept, unless `BENCH_FINDINGS` says how many.
const FINDINGS: u64 = 1_000_000;
/// That are written at once, as a host that is busy does.
const BATCH: u64 = 256;
const ROUNDS: usize = 20;
/// What is asked for: findings a second, and ms a page or a count.
const WRITTEN: f64 = 10_000.0;
const ASKED: f64 = 100.0;
/// The time between findings: ten million in a hundred days.
const APART_NS: u64 = 864_000_000;

pub(crate) fn run() -> Result<(), String> {
    let findings = match std::env::var("BENCH_FINDINGS") {
        Ok(number) => number.parse().map_err(|_| format!("BENCH_FINDINGS={number} is no number"))?,
        Err(_) => FINDINGS,
    };
    println!("## Findings that are kept\n");
    let folder = tempfile::tempdir_in(lanner_tests::target()).map_err(|error| error.to_string())?;
    let path = folder.path().join("findings.db");
    write(&path, findings).map_err(|error| error.to_string())?;
    ask(&path).map_err(|error| error.to_string())
}

/// How long it took to write findings.
struct Filled {
    parsing: Duration,
    writing: Duration,
    /// Each batch, the quickest first.
    batches: Vec<Duration>,
    bytes: u64,
}

/// Makes a store of so many findings, so far from each other, the newest of now.
pub(crate) fn fill(path: &Path, findings: u64, apart_ns: u64) -> Result<(), lanner_store::StoreError> {
    filled(path, findings, apart_ns).map(drop)
}

fn filled(path: &Path, findings: u64, apart_ns: u64) -> Result<Filled, lanner_store::StoreError> {
    let bounds = Bounds { age: Duration::from_secs(3600 * 24 * 36_500), bytes: u64::MAX };
    let mut store = Store::open(path, bounds)?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let first = u64::try_from(now.as_nanos()).unwrap_or_default() - findings * apart_ns;
    let (mut parsing, mut writing, mut slowest) = (Duration::ZERO, Duration::ZERO, Vec::new());
    for begin in (0..findings).step_by(BATCH as usize) {
        let batch: Vec<String> =
            (begin..findings.min(begin + BATCH)).map(|number| finding(number, first, apart_ns)).collect();
        let began = Instant::now();
        let records: Vec<Record> = batch.into_iter().filter_map(|json| Record::new(json).ok()).collect();
        parsing += began.elapsed();
        let began = Instant::now();
        store.add(&records)?;
        slowest.push(began.elapsed());
        writing += began.elapsed();
    }
    slowest.sort_unstable();
    Ok(Filled { parsing, writing, batches: slowest, bytes: store.bytes()? })
}

fn write(path: &Path, findings: u64) -> Result<(), lanner_store::StoreError> {
    let Filled { parsing, writing, batches, bytes } = filled(path, findings, APART_NS)?;
    let part = |part: usize| batches[(batches.len() - 1) * part / 100].as_secs_f64() * 1000.0;
    let rate = findings as f64 / (parsing + writing).as_secs_f64();
    let met = if rate >= WRITTEN { "met" } else { "missed" };
    println!("{findings} findings of about 2 KB, {BATCH} at once: {rate:.0}/s (aim {WRITTEN:.0}: {met})");
    println!("of it {:.0} % for reading their JSON", 100.0 * parsing.as_secs_f64() / (parsing + writing).as_secs_f64());
    println!("{BATCH} at once: p50 {:.1} ms, p99 {:.1} ms, the longest {:.1} ms", part(50), part(99), part(100));
    println!("{:.0} bytes a finding\n", bytes as f64 / findings as f64);
    Ok(())
}

fn ask(path: &Path) -> Result<(), lanner_store::StoreError> {
    let reader = Reader::open(path)?;
    let of = |facet, values: &[&str]| (facet, values.iter().map(|value| (*value).to_owned()).collect());
    let by = |facets: Vec<(Facet, Vec<String>)>| Filter { facets, ..Filter::default() };
    let text = |words: &str| Filter { text: Some(words.to_owned()), ..Filter::default() };
    let filters = [
        ("the newest", Filter::default()),
        ("medium or worse", by(vec![of(Facet::Severity, &["medium", "high", "critical"])])),
        ("of one rule in a hundred", by(vec![of(Facet::Rule, &["theme/rule-17"])])),
        (
            "critical, of one rule and one image",
            by(vec![
                of(Facet::Severity, &["critical"]),
                of(Facet::Rule, &["theme/rule-16"]),
                of(Facet::Image, &["registry.example/app-4:1"]),
            ]),
        ),
        ("that there are none of", by(vec![of(Facet::Severity, &["critical"]), of(Facet::Rule, &["theme/rule-17"])])),
        ("a word in all of them", text("shadow")),
        ("a word in one of them", text("unique-4711")),
    ];
    println!("| a page of 50 | ms |\n| --- | --- |");
    for (name, filter) in filters {
        let ms = least_ms(|| reader.page(&filter, None, 50).map(|page| page.findings.len()))?;
        println!("| {name} | {ms} |");
    }
    println!("\n| counts | ms |\n| --- | --- |");
    let range = (0, i64::MAX / 2);
    for facet in [Facet::Severity, Facet::Rule, Facet::Program] {
        let ms = least_ms(|| reader.top(facet, range, 20).map(|counts| counts.len()))?;
        println!("| by {facet} | {ms} |");
    }
    let ms = least_ms(|| reader.timeline(Span::Day, (Facet::All, ""), range).map(|days| days.len()))?;
    println!("| a timeline of days | {ms} |\n");
    Ok(())
}

/// The least of several, and whether that is what is asked for.
fn least_ms<E>(mut ask: impl FnMut() -> Result<usize, E>) -> Result<String, E> {
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = Instant::now();
        std::hint::black_box(ask()?);
        least = least.min(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(format!("{least:.2}{}", if least <= ASKED { "" } else { " (aim 100: missed)" }))
}

/// One as hosts write them: a hundred rules, five severities, a thousand programs, ten images.
fn finding(number: u64, first_ns: u64, apart_ns: u64) -> String {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let rule = (mixed >> 40) % 100;
    let severity = ["info", "low", "medium", "high", "critical"][(rule % 5) as usize];
    let program = format!("/usr/lib/some/program-{}", (mixed >> 20) % 1000);
    let time_ns = first_ns + number * apart_ns;
    let ancestors: Vec<_> =
        (0..6).map(|depth| json!({"pid": 100 + depth, "name": "bash", "exe": "/usr/bin/bash"})).collect();
    json!({
        "schema": 1, "type": "finding", "id": format!("{mixed:016x}{number:016x}"), "time_ns": time_ns,
        "time": "2026-11-24T01:54:56.123456789Z", "host": "web-1", "rule": format!("theme/rule-{rule}"),
        "summary": "A program that is none of those that need it read a file with passwords, as who collects them does",
        "severity": severity, "attack": ["T1003.008", format!("T1{rule:03}")],
        "message": format!("program-{} reads /etc/shadow for unique-{number}", (mixed >> 20) % 1000),
        "pack": {"name": format!("theme-{}", rule % 9), "version": "1.0.0"},
        "process": {
            "id": format!("{:016x}", number / 3), "image": format!("{number:016x}"), "pid": number % 65536, "ppid": 1,
            "exe": program, "comm": "program", "args": ["program", "--read", "/etc/shadow", "--and", "more"],
            "cwd": "/srv/work", "user": "root", "uid": 0, "euid": 0, "gid": 0, "start": "2026-11-24T01:54:56.123456789Z",
            "container": {"id": format!("{:064x}", mixed % 50), "name": "app", "image": format!("registry.example/app-{}:1", mixed % 10),
                "namespace": "prod", "pod": "app-6b7d"},
            "cgroup": "/kubepods/pod/x", "namespaces": {"mnt": 4026531841_u64, "pid": 4026531836_u64, "net": 4026531840_u64},
        },
        "lineage": ancestors,
        "event": {"seq": number, "kind": "open", "result": 3, "path": "/etc/shadow", "flags": ["O_RDONLY"]},
        "events": [number], "fields": {"reader": "program"}, "self_test": false,
    })
    .to_string()
}
