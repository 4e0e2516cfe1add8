//! What many packs cost: the way of events through an engine, from batch to verdict.

use std::path::Path;
use std::time::{Duration, Instant};

use lanner_abi::{Kind, OwnedRecord, field};
use lanner_contract::filter::{Literal, Test};
use lanner_contract::{Filter, Rule};
use lanner_engine::{Candidate, Engine, Limits, Runtime};
use lanner_enrich::{Enricher, Event};
use lanner_pipeline::BATCH;
use lanner_probes::Task;
use lanner_source::record::Machine;
use lanner_tests::events;
use lanner_tests::made::{self, Calls};

use crate::measure::{process_ns, resident_kib};
use crate::plot::{Line, Plot};

/// Events of a round, and rounds; of each row the best counts.
const EVENTS: usize = 256 * 400;
const ROUNDS: usize = 5;
/// Threads that run packs: those of the machine that the bench is for.
const WORKERS: usize = 2;

/// What a row measured.
#[derive(Clone, Copy)]
struct Measured {
    /// Events a second, by the clock.
    rate: f64,
    /// Processor time of the whole process for an event, ns.
    cost: f64,
    /// Memory that each pack added, KiB.
    memory: f64,
}

pub(crate) fn run() -> Result<(), String> {
    println!("## Many packs\n");
    println!(
        "70 % opens, 15 % execs, 15 % connects, in batches of {BATCH}, by an engine with {WORKERS} threads for packs. Each pack does \
         nothing: it is the host that is measured. Least of {ROUNDS} rounds of {EVENTS} events.\n"
    );
    println!("| packs | each wants | events a second | ns an event (processor) | to one pack | KiB a pack | aim |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: | --- |");
    let batches = Batches::new(BATCH);
    let one = measure(1, literals, &batches);
    let mut by_packs = vec![(1.0, one.cost)];
    row(1, "24 literals of its own", one, one, "");
    let mut fifty = None;
    for packs in [10, 50, 100, 1000] {
        let measured = measure(packs, literals, &batches);
        by_packs.push((packs as f64, measured.cost));
        let aim = match packs {
            50 => {
                fifty = Some(measured);
                "≥ 2M events a second".to_owned()
            }
            1000 => {
                let ratio = fifty.map_or(f64::NAN, |fifty| measured.cost / fifty.cost);
                format!("≤ 3 × the cost of 50 ({ratio:.2} ×)")
            }
            _ => String::new(),
        };
        row(packs, "24 literals of its own", measured, one, &aim);
    }
    row(50, "all of one kind", measure(50, own_kind, &batches), one, "≥ 1M events a second");
    row(50, "all events", measure(50, everything, &batches), one, "≥ 250k events a second");
    println!();

    println!(
        "| events in a batch | ns an event, 50 packs with literals | 50 packs, all events |\n| ---: | ---: | ---: |"
    );
    let (mut selective, mut whole) = (Vec::new(), Vec::new());
    for size in [1, 4, 16, 64, 256, 1024] {
        let batches = Batches::new(size);
        let costs = [measure(50, literals, &batches).cost, measure(50, everything, &batches).cost];
        println!("| {size} | {:.0} | {:.0} |", costs[0], costs[1]);
        selective.push((size as f64, costs[0]));
        whole.push((size as f64, costs[1]));
    }
    println!();
    loading()?;
    for (name, plot) in [
        (
            "packs",
            Plot {
                title: "What an event costs as packs are added",
                across: "packs, each with 24 literals of its own",
                up: "ns an event",
                lines: vec![Line { name: "all threads together", points: by_packs }],
            },
        ),
        (
            "batches",
            Plot {
                title: "What an event costs as batches grow",
                across: "events in a batch",
                up: "ns an event",
                lines: vec![
                    Line { name: "50 packs that want all events", points: whole },
                    Line { name: "50 packs with 24 literals each", points: selective },
                ],
            },
        ),
    ] {
        plot.write(name)?;
    }
    Ok(())
}

fn row(packs: usize, wants: &str, measured: Measured, one: Measured, aim: &str) {
    let Measured { rate, cost, memory } = measured;
    println!("| {packs} | {wants} | {:.2}M | {cost:.0} | {:.2} | {memory:.0} | {aim} |", rate / 1e6, cost / one.cost);
}

/// What loading a pack costs.
fn loading() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let cache = lanner_engine::cache::prepare(folder.path()).map_err(|error| error.to_string())?;
    let bytes = std::fs::read(lanner_tests::test_pack("one-rule")).map_err(|error| error.to_string())?;
    let (mut cold, mut cached) = (f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let runtime = || Runtime::new(Limits::default(), Some(cache.clone())).expect("a runtime");
        let time = |runtime: &Runtime| {
            let began = Instant::now();
            drop(Candidate::prepare(runtime, &bytes).expect("a pack"));
            began.elapsed().as_secs_f64() * 1e3
        };
        for file in std::fs::read_dir(&cache).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(file.path());
        }
        let runtime = runtime();
        cold = cold.min(time(&runtime));
        cached = cached.min(time(&runtime));
    }
    println!("| a pack of {} KB | ms | aim |\n| --- | ---: | ---: |", bytes.len() / 1000);
    println!("| loaded cold | {cold:.1} | ≤ 60 |\n| loaded from the cache | {cached:.2} | ≤ 1 |\n");
    Ok(())
}

/// 8 prefixes, 10 names and 6 parts of a text that no other pack has.
fn literals(pack: usize) -> Vec<Rule> {
    let values =
        |count: usize, of: &dyn Fn(usize) -> String| (0..count).map(|n| of(n).into_bytes()).collect::<Vec<_>>();
    let prefixes = values(8, &|n| format!("/srv/tenant-{pack}/secret-{n}/"));
    let names = values(5, &|n| format!("/usr/local/bin/tool-{pack}-{n}"));
    let parts = values(6, &|n| format!("token{n}-of-{pack}-"));
    let ends = values(4, &|n| format!("/.config-{pack}/key-{n}"));
    let text = |field: &str, test| Filter::Field(field.to_owned(), test);
    let equal = |values: Vec<Vec<u8>>| Test::Equals(values.into_iter().map(Literal::Bytes).collect());
    let port = Literal::Number(20_000 + pack as i128);
    vec![
        made::rule(
            &format!("pack-{pack}/open"),
            vec![
                ("open", Some(text("open.path", Test::StartsWith(prefixes)))),
                ("open", Some(text("open.path", Test::EndsWith(ends)))),
                ("open", Some(text("open.path", Test::Contains(parts)))),
            ],
        ),
        made::rule(&format!("pack-{pack}/exec"), vec![("exec", Some(text("exec.image.exe", equal(names))))]),
        made::rule(
            &format!("pack-{pack}/connect"),
            vec![("connect", Some(Filter::Field("connect.port".to_owned(), Test::Equals(vec![port]))))],
        ),
    ]
}

fn own_kind(pack: usize) -> Vec<Rule> {
    let kind = ["open", "exec", "connect"][pack % 3];
    vec![made::rule(&format!("pack-{pack}/all"), vec![(kind, None)])]
}

fn everything(pack: usize) -> Vec<Rule> {
    vec![made::rule(&format!("pack-{pack}/all"), ["open", "exec", "connect"].map(|kind| (kind, None)).to_vec())]
}

fn measure(packs: usize, rules: fn(usize) -> Vec<Rule>, batches: &Batches) -> Measured {
    let runtime = Runtime::new(Limits::default(), None).expect("a runtime");
    let (mut engine, verdicts) = Engine::start(runtime, WORKERS).expect("an engine");
    let taking = std::thread::spawn(move || while verdicts.next().is_some() {});
    let before = resident_kib();
    for pack in 0..packs {
        let bytes = made::pack(&made::description(&format!("pack-{pack}"), rules(pack)), &Calls::default());
        let candidate = Candidate::prepare(engine.runtime(), &bytes).expect("a pack");
        engine.install(Path::new(&format!("pack-{pack}")), candidate).expect("installed");
    }
    batches.judge(&mut engine, batches.round());
    let memory = (resident_kib() - before) / packs as f64;
    let (mut rate, mut cost) = (0.0_f64, f64::MAX);
    for _ in 0..ROUNDS {
        let round = batches.round();
        let (began, spent) = (Instant::now(), process_ns());
        let events = batches.judge(&mut engine, round) as f64;
        rate = rate.max(events / began.elapsed().as_secs_f64());
        cost = cost.min((process_ns() - spent) as f64 / events);
    }
    drop(engine);
    taking.join().expect("verdicts were taken");
    Measured { rate, cost, memory }
}

/// Batches, over and over.
pub(crate) struct Batches(Vec<Vec<Event>>);

impl Batches {
    fn new(size: usize) -> Self {
        let mut enricher = Enricher::new(&Machine::default(), None);
        let task = |pid: u32| Task { pid, tid: pid, start_boot_ns: 1, comm: b"program".to_vec(), ..Task::default() };
        let mut event = |number: usize| {
            let task = task(100 + (number % 37) as u32);
            let event = match number % 20 {
                3 | 9 | 16 => {
                    let exe = ["/usr/bin/bash", "/usr/bin/git", "/usr/bin/python3.11", "/usr/bin/sed"][number % 4];
                    events::exec(events::TIME_NS, &task, exe, format!("{exe}\0--option\0argument\0").as_bytes())
                }
                6 | 12 | 18 => {
                    let port = [443_u16, 53, 8080, 5432][number % 4];
                    let connect = OwnedRecord::new(Kind::Connect.record()).with(field::connect::PORT, port);
                    events::event(events::TIME_NS, &task, Kind::Connect, connect)
                }
                _ => events::open(events::TIME_NS, &task, crate::engine::FILES[number % crate::engine::FILES.len()]),
            };
            enricher.take(events::record(event)).expect("an event")
        };
        Self::of(size, &mut event)
    }

    /// Of these events, by their numbers, so many in each.
    pub(crate) fn of(size: usize, mut event: impl FnMut(usize) -> Event) -> Self {
        let count = (8192 / size).max(1);
        Self((0..count).map(|batch| (0..size).map(|place| event(batch * size + place)).collect()).collect())
    }

    /// Those of a round.
    pub(crate) fn round(&self) -> Vec<Vec<Event>> {
        let size = self.0.first().map_or(1, Vec::len);
        self.0.iter().cycle().take(EVENTS / size).cloned().collect()
    }

    /// Has all judged; gives how many there were.
    pub(crate) fn judge(&self, engine: &mut Engine, round: Vec<Vec<Event>>) -> usize {
        let mut events = 0;
        for batch in round {
            while !engine.has_room() {
                std::thread::sleep(Duration::from_micros(20));
            }
            events += batch.len();
            engine.judge(batch).expect("judged");
        }
        while !engine.is_idle() {
            std::thread::sleep(Duration::from_micros(20));
        }
        events
    }
}
