//! What a pack costs: for an event that it is given, beside a pack that does nothing; in memory; and to load.

mod floor;
mod mix;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lanner_engine::{Candidate, Engine, Figures, Limits, Program, Runtime, Settings, cache};
use lanner_enrich::{Enricher, Event};
use lanner_pipeline::BATCH;
use lanner_source::capture::CaptureReader;
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::event::Scene;
use crate::pack::Pack;

/// Events of a round, where there is no capture; and of a capture at most.
const EVENTS: usize = 8192;
const MAX_EVENTS: usize = 1 << 20;
/// Events that are judged in all, at least: of a short capture, it is judged several times.
const WANTED: usize = 200_000;
/// How often it is loaded.
const LOADS: usize = 5;
/// How long it is waited before it is looked again whether a batch is judged.
const LOOK: Duration = Duration::from_micros(20);

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The pack, and its version.
    pub pack: String,
    /// Its version.
    pub version: String,
    /// What names its bytes.
    pub component: String,
    /// Bytes of it.
    pub size: u64,
    /// Where the events come from.
    pub events_from: String,
    /// Events that happened, and those that it was given.
    pub events: u64,
    /// Those that it was given.
    pub given: u64,
    /// Findings it raised.
    pub findings: u64,
    /// Processor time for an event that it was given, ns: in half of the batches, and in 99 of 100.
    pub p50_ns: f64,
    /// In 99 of 100.
    pub p99_ns: f64,
    /// The same of a pack that asks for the same events and does nothing.
    pub floor_p50_ns: f64,
    /// In 99 of 100.
    pub floor_p99_ns: f64,
    /// Linear memory that it has, bytes.
    pub memory: u64,
    /// How long it takes to load where it has to be compiled, ms, and where that was done before.
    pub load_cold_ms: f64,
    /// Where that was done before.
    pub load_cached_ms: f64,
}

/// Measures a pack.
///
/// # Errors
/// The capture cannot be read, or the pack fails.
pub fn measure(pack: &Pack, settings: &Settings, capture: Option<&Path>) -> Result<Measured, String> {
    let (batches, events_from) = match capture {
        Some(path) => (captured(path)?, path.display().to_string()),
        None => (made(pack)?, "a mix of what its filters ask for and what machines are full of".to_owned()),
    };
    let per_round: usize = batches.iter().map(Vec::len).sum();
    if per_round == 0 {
        return Err("there is no event to measure with".to_owned());
    }
    let rounds = WANTED.div_ceil(per_round);
    let runtime = pack.runtime.clone().with_settings(settings.clone());
    let own = judge(&runtime, &pack.program, &pack.path, &batches, rounds)?;
    let empty = floor::pack(&pack.description)?;
    let empty = Program::compile(&pack.runtime, &empty).map_err(|refusal| format!("the empty pack {refusal}"))?;
    let floor =
        judge(&pack.runtime.clone().with_settings(Settings::default()), &empty, Path::new("floor"), &batches, rounds)?;
    let (load_cold_ms, load_cached_ms) = loads(pack)?;
    if own.figures.failures > 0 {
        return Err(format!(
            "the pack failed {} times while it was measured; `lanner replay` says why",
            own.figures.failures
        ));
    }
    Ok(Measured {
        pack: pack.description.name.clone(),
        version: pack.description.version.clone(),
        component: pack.digest().to_string(),
        size: pack.bytes.len() as u64,
        events_from,
        // With the first round, which is not timed.
        events: (per_round * (rounds + 1)) as u64,
        given: own.figures.events,
        findings: own.figures.findings,
        p50_ns: percentile(&own.costs, 0.5),
        p99_ns: percentile(&own.costs, 0.99),
        floor_p50_ns: percentile(&floor.costs, 0.5),
        floor_p99_ns: percentile(&floor.costs, 0.99),
        memory: own.figures.memory,
        load_cold_ms,
        load_cached_ms,
    })
}

/// What judging took.
struct Judged {
    /// For an event of each batch, ns, sorted.
    costs: Vec<f64>,
    figures: Figures,
}

fn judge(
    runtime: &Runtime,
    program: &Program,
    path: &Path,
    batches: &[Vec<Event>],
    rounds: usize,
) -> Result<Judged, String> {
    let refused = |refusal| format!("the pack {refusal}");
    let candidate = Candidate::of(runtime, program).map_err(refused)?;
    let (mut engine, verdicts) = Engine::start(runtime.clone(), 1).map_err(|error| error.to_string())?;
    engine.install(path, candidate).map_err(refused)?;
    // Nothing waits for who takes what it says.
    let taking = std::thread::spawn(move || while verdicts.next().is_some() {});
    let figures = |engine: &Engine| engine.status().first().map(|status| status.figures).unwrap_or_default();
    let (mut costs, mut before) = (Vec::new(), figures(&engine));
    for round in 0..=rounds {
        for batch in batches {
            engine.judge(batch.clone()).map_err(|error| error.to_string())?;
            while !engine.is_idle() {
                std::thread::sleep(LOOK);
            }
            let now = figures(&engine);
            let given = now.events - before.events;
            // The first round is for what is done once.
            if given > 0 && round > 0 {
                costs.push((now.processor_ns - before.processor_ns) as f64 / given as f64);
            }
            before = now;
        }
    }
    drop(engine);
    // It only takes.
    let _ = taking.join();
    costs.sort_by(f64::total_cmp);
    Ok(Judged { costs, figures: before })
}

/// Batches of a capture's events, as it has them.
fn captured(path: &Path) -> Result<Vec<Vec<Event>>, String> {
    let mut reader = CaptureReader::open(path).map_err(|error| error.to_string())?;
    let mut enricher = Enricher::new(reader.machine(), None);
    let mut events = Vec::new();
    while let Some(record) = reader.next().filter(|_| events.len() < MAX_EVENTS) {
        events.extend(enricher.take(record.map_err(|error| error.to_string())?));
    }
    Ok(events.chunks(BATCH).map(<[Event]>::to_vec).collect())
}

/// Batches of made-up ones.
fn made(pack: &Pack) -> Result<Vec<Vec<Event>>, String> {
    let (mut scene, mut events) = (Scene::default(), Vec::new());
    let path = Path::new("(made up)");
    for (number, line) in (1..).zip(mix::lines(&pack.description, EVENTS).lines()) {
        let document = Document::parse_line(path, line.to_owned(), number).map_err(|wrong| wrong.to_string())?;
        let made = scene.events(&document.root).map_err(|problem| problem.in_file(path).to_string())?;
        events.extend(made);
    }
    Ok(events.chunks(BATCH).map(<[Event]>::to_vec).collect())
}

/// How long loading takes at least: compiled anew, and from the cache.
fn loads(pack: &Pack) -> Result<(f64, f64), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder for compiled packs can be made: {error}"))?;
    let kept = cache::prepare(folder.path()).map_err(|error| error.to_string())?;
    let (mut cold, mut cached) = (f64::MAX, f64::MAX);
    let load = |cache: Option<PathBuf>| {
        let runtime = Runtime::new(Limits { start: Duration::from_secs(10), ..Limits::default() }, cache);
        let runtime = runtime.map_err(|error| error.to_string())?;
        let began = Instant::now();
        Candidate::prepare(&runtime, &pack.bytes).map_err(|refusal| format!("the pack {refusal}"))?;
        Ok::<f64, String>(began.elapsed().as_secs_f64() * 1e3)
    };
    // Compiling an interpreter takes a quarter of a minute: once is enough then.
    let budget = Instant::now();
    for _ in 0..LOADS {
        cold = cold.min(load(None)?);
        if budget.elapsed() > Duration::from_secs(5) {
            break;
        }
    }
    load(Some(kept.clone()))?;
    for _ in 0..LOADS {
        cached = cached.min(load(Some(kept.clone()))?);
    }
    Ok((cold, cached))
}

/// The value below which this share of the (sorted) values lies.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).ceil() as usize).copied().unwrap_or(0.0)
}

impl Measured {
    /// For people, beside what was measured before.
    pub fn text(&self, before: Option<&Self>) -> String {
        let change = |now: f64, then: fn(&Self) -> f64| match before.map(then) {
            Some(then) if then > 0.0 => format!("{:+.0} %", (now / then - 1.0) * 100.0),
            _ => String::new(),
        };
        let row = |name: &str, value: String, change: String| {
            format!("  {name:<26}{value:>14}  {change}").trim_end().to_owned()
        };
        let ns = |value: f64| format!("{value:.0} ns");
        let above = |p50: f64, floor: f64| (p50 - floor).max(0.0);
        let mut lines = vec![
            format!("{} {}", self.pack, self.version),
            format!("{} events from {}, of which it was given {}", self.events, self.events_from, self.given),
            format!("{} findings", self.findings),
            String::new(),
            row("an event, half of batches", ns(self.p50_ns), change(self.p50_ns, |then| then.p50_ns)),
            row("an event, 99 of 100", ns(self.p99_ns), change(self.p99_ns, |then| then.p99_ns)),
            row("  of that the host's own", ns(self.floor_p50_ns), change(self.floor_p50_ns, |then| then.floor_p50_ns)),
            row(
                "  the pack's own",
                ns(above(self.p50_ns, self.floor_p50_ns)),
                change(above(self.p50_ns, self.floor_p50_ns), |then| (then.p50_ns - then.floor_p50_ns).max(0.0)),
            ),
            row("memory", format!("{} KiB", self.memory >> 10), change(self.memory as f64, |then| then.memory as f64)),
            row(
                "loaded, compiled anew",
                format!("{:.1} ms", self.load_cold_ms),
                change(self.load_cold_ms, |then| then.load_cold_ms),
            ),
            row(
                "loaded from the cache",
                format!("{:.2} ms", self.load_cached_ms),
                change(self.load_cached_ms, |then| then.load_cached_ms),
            ),
            row("size", format!("{} KiB", self.size.div_ceil(1024)), change(self.size as f64, |then| then.size as f64)),
        ];
        lines.push(String::new());
        lines.push("Processor time of one thread. The host's own is what a pack takes that asks for the same events and does nothing.".to_owned());
        if let Some(before) = before {
            lines.push(format!(
                "Changes are against {} ({}), measured before on this machine.",
                before.version,
                before.component.get(..19).unwrap_or_default()
            ));
        }
        lines.join("\n")
    }
}
