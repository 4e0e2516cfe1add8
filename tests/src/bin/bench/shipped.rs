//! What the packs cost that Lanner ships.

use std::path::PathBuf;
use std::time::Instant;

use lanner_engine::{Candidate, Limits, Runtime, cache};
use lanner_pipeline::BATCH;
use lanner_tests::made::{self, Calls};

use crate::mix::{Cost, ROUNDS, judged};

/// How often each is loaded; the least counts.
const LOADS: usize = 3;

/// How long loading takes, ms.
#[derive(Clone, Copy)]
struct Loaded {
    cold: f64,
    cached: f64,
}

pub(crate) fn run() -> Result<(), String> {
    let packs = packs()?;
    let nobody = made::description("nobody", vec![made::rule("nobody/loss", vec![("loss", None)])]);
    let floor = judged(&[made::pack(&nobody, &Calls::default())])?;
    println!("## The packs that Lanner ships\n");
    println!(
        "| pack | rules | KiB | ns an event, over a host without rules | MiB of memory | loaded cold, ms | from the cache, ms |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let runtime = Runtime::new(Limits::default(), None).map_err(|error| error.to_string())?;
    let mut rules = 0;
    for (name, bytes) in &packs {
        let candidate = Candidate::prepare(&runtime, bytes).map_err(|error| error.to_string())?;
        let own = candidate.description().rules.len();
        rules += own;
        row(name, own, bytes.len(), floor, judged(std::slice::from_ref(bytes))?, loaded(std::slice::from_ref(bytes))?);
    }
    let all: Vec<Vec<u8>> = packs.into_iter().map(|(_, bytes)| bytes).collect();
    let size = all.iter().map(Vec::len).sum();
    row("all of them together", rules, size, floor, judged(&all)?, loaded(&all)?);
    println!(
        "\nProcessor time of the whole process for an event: 70 % opens, 15 % execs, 15 % connects, in batches of {BATCH}, with one \
         thread for packs. Least of {ROUNDS} rounds; without rules {:.0} ns. Memory: what is resident once a round was judged. Loading: \
         one after the other, least of {LOADS}.\n",
        floor.cost
    );
    Ok(())
}

fn row(name: &str, rules: usize, bytes: usize, floor: Cost, judged: Cost, loaded: Loaded) {
    let (kib, over, memory) = (bytes / 1024, judged.cost - floor.cost, judged.memory / 1024.0);
    let Loaded { cold, cached } = loaded;
    println!("| {name} | {rules} | {kib} | {over:.0} | {memory:.1} | {cold:.0} | {cached:.1} |");
}

/// Their names and what they consist of, as `make packs` built them.
fn packs() -> Result<Vec<(String, Vec<u8>)>, String> {
    let folder = lanner_tests::root().join("target/packs");
    let missing = |error| format!("{}: {error}; `make packs` builds them", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).map_err(missing)?.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    let named = |file: PathBuf| {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        std::fs::read(&file).map(|bytes| (name, bytes)).map_err(|error| format!("{}: {error}", file.display()))
    };
    let packs = files.into_iter().map(named).collect::<Result<Vec<_>, _>>()?;
    if packs.is_empty() {
        Err(format!("{} has no packs; `make packs` builds them", folder.display()))
    } else {
        Ok(packs)
    }
}

fn loaded(packs: &[Vec<u8>]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut loaded = Loaded { cold: f64::MAX, cached: f64::MAX };
    for load in 0..LOADS {
        let own = folder.path().join(load.to_string());
        std::fs::create_dir(&own).map_err(|error| error.to_string())?;
        let cache = cache::prepare(&own).map_err(|error| error.to_string())?;
        let runtime = Runtime::new(Limits::default(), Some(cache)).map_err(|error| error.to_string())?;
        let load = || {
            let began = Instant::now();
            for bytes in packs {
                Candidate::prepare(&runtime, bytes).map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(began.elapsed().as_secs_f64() * 1e3)
        };
        loaded.cold = loaded.cold.min(load()?);
        loaded.cached = loaded.cached.min(load()?);
    }
    Ok(loaded)
}
