//! Events of a machine on which people work: 70 % opens, 15 % execs, 15 % connects.

use std::path::Path;
use std::time::Duration;

use lanner_abi::{Kind, OwnedRecord, PROCESS, field};
use lanner_engine::{Candidate, Engine, Limits, Runtime};
use lanner_enrich::{Enricher, Event};
use lanner_pipeline::BATCH;
use lanner_probes::Task;
use lanner_source::record::Machine;
use lanner_tests::events;

use crate::measure::{process_ns, resident_kib};
use crate::packs::Batches;

/// Of which the least counts.
pub(crate) const ROUNDS: usize = 15;
/// Between two looks whether the engine takes more.
const STEP: Duration = Duration::from_millis(1);
const CONNECTING: [&str; 3] = ["git", "python3.11", "nginx"];
const PROGRAMS: [&str; 8] = ["bash", "git", "python3.11", "sed", "cc1", "make", "ls", "grep"];

/// What judging it costs.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Processor time of the whole process for an event, ns.
    pub(crate) cost: f64,
    /// Memory that the packs added, KiB.
    pub(crate) memory: f64,
}

/// Has these packs judge it, on one thread.
pub(crate) fn judged(packs: &[Vec<u8>]) -> Result<Cost, String> {
    let runtime = Runtime::new(Limits::default(), None).map_err(|error| error.to_string())?;
    let (mut engine, verdicts) = Engine::start(runtime, 1).map_err(|error| error.to_string())?;
    let taking = std::thread::spawn(move || while verdicts.next().is_some() {});
    let before = resident_kib();
    for (number, bytes) in packs.iter().enumerate() {
        let candidate = Candidate::prepare(engine.runtime(), bytes).map_err(|error| error.to_string())?;
        engine.install(Path::new(&number.to_string()), candidate).map_err(|error| error.to_string())?;
    }
    let batches = Batches::of(BATCH, event());
    judge(&mut engine, batches.round());
    let memory = resident_kib() - before;
    let mut cost = f64::MAX;
    for _ in 0..ROUNDS {
        let round = batches.round();
        let spent = process_ns();
        let events = judge(&mut engine, round) as f64;
        cost = cost.min((process_ns() - spent) as f64 / events);
    }
    drop(engine);
    taking.join().map_err(|_| "the verdicts were not taken".to_owned())?;
    Ok(Cost { cost, memory })
}

/// Has all judged; gives how many there were. Waits in long steps, as waking up costs processor time too.
fn judge(engine: &mut Engine, round: Vec<Vec<Event>>) -> usize {
    let mut events = 0;
    for batch in round {
        while !engine.has_room() {
            std::thread::sleep(STEP);
        }
        events += batch.len();
        engine.judge(batch).expect("judged");
    }
    while !engine.is_idle() {
        std::thread::sleep(STEP);
    }
    events
}

fn event() -> impl FnMut(usize) -> Event {
    let mut enricher = Enricher::new(&Machine::default(), None);
    move |number| {
        let is_connect = matches!(number % 20, 6 | 12 | 18);
        let name = if is_connect { CONNECTING[number % CONNECTING.len()] } else { PROGRAMS[number % PROGRAMS.len()] };
        let task = Task {
            pid: 100 + (number % 37) as u32,
            tid: 100 + (number % 37) as u32,
            start_boot_ns: 1,
            comm: name.as_bytes().to_vec(),
            ..Task::default()
        };
        let event = match number % 20 {
            3 | 9 | 16 => {
                let name = PROGRAMS[number / 20 % PROGRAMS.len()];
                let argv = format!("{name}\0--option\0/home/ada/src/project/argument\0");
                let mut event = events::exec(events::TIME_NS, &task, &format!("/usr/bin/{name}"), argv.as_bytes());
                let image = OwnedRecord::new(&PROCESS)
                    .with(field::process::EXE, format!("/usr/bin/{name}").as_str())
                    .with(field::process::COMM, name)
                    .with(field::process::ARGV, argv.as_bytes())
                    .with(field::process::CWD, "/home/ada/src")
                    .with(field::process::FLAGS, 0_u32);
                event.image = Some(Box::new(image));
                event
            }
            6 | 12 | 18 => {
                let port = [443_u16, 53, 8080, 5432][number % 4];
                let address: std::net::IpAddr = [[192, 0, 2, 10], [10, 0, 0, 53], [127, 0, 0, 1]][number % 3].into();
                let connect = OwnedRecord::new(Kind::Connect.record())
                    .with(field::connect::ADDRESS, address)
                    .with(field::connect::PORT, port)
                    .with(field::connect::PROTOCOL, 6_u16)
                    .with(field::connect::FAMILY, 2_u16)
                    .with(field::connect::FD, 5_i32);
                events::event(events::TIME_NS, &task, Kind::Connect, connect)
            }
            _ => events::open(events::TIME_NS, &task, crate::engine::FILES[number % crate::engine::FILES.len()]),
        };
        enricher.take(events::record(event)).expect("an event")
    }
}
