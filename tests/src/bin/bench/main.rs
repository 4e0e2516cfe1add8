//! `make bench`: the figures that Lanner stands by, each beside its baseline from the same run.
//!
//! The machine may be shared and noisy: ratios count, absolutes only help to read them.

#![forbid(unsafe_code)]

mod capture;
mod console;
mod delivery;
mod engine;
mod imported;
mod languages;
mod latency;
mod lists;
mod measure;
mod mix;
mod overhead;
mod packs;
mod plot;
mod registry;
mod reload;
mod render;
mod shipped;
mod snapshot;
mod spool;
mod store;

use std::process::ExitCode;

/// Prints figures; an error says why there are none.
type Measure = fn() -> Result<(), String>;

/// What measures, by name, and whether it needs the kernel.
const FIGURES: [(&str, Measure, bool); 17] = [
    ("engine", engine::run, false),
    ("packs", packs::run, false),
    ("shipped", shipped::run, false),
    ("languages", languages::run, false),
    ("imported", imported::run, false),
    ("lists", lists::run, false),
    ("render", render::run, false),
    ("registry", registry::run, false),
    ("capture", capture::run, false),
    ("snapshot", snapshot::run, false),
    ("store", store::run, false),
    ("spool", spool::run, false),
    ("console", console::run, true),
    ("overhead", overhead::run, true),
    ("delivery", delivery::run, true),
    ("latency", latency::run, true),
    ("reload", reload::run, true),
];

fn main() -> ExitCode {
    // `bench engine`: only what is named.
    let named: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = named.iter().find(|name| FIGURES.iter().all(|(known, ..)| known != name)) {
        eprintln!(
            "error: there are no figures named {unknown}; there are {}",
            FIGURES.map(|(name, ..)| name).join(", ")
        );
        return ExitCode::from(2);
    }
    println!("# Lanner bench\n");
    println!("{}\n", measure::conditions());
    let mut missing = Vec::new();
    for (name, run, kernel) in FIGURES {
        if !named.is_empty() && !named.iter().any(|other| other == name) {
            continue;
        }
        let refused = lanner_tests::no_kernel().filter(|_| kernel);
        if let Err(reason) = refused.map_or_else(run, Err) {
            println!("({name} is missing: {reason})\n");
            missing.push(format!("{name} ({reason})"));
        }
    }
    if missing.is_empty() {
        return ExitCode::SUCCESS;
    }
    // Figures that are left out in silence would pass for figures that are good.
    eprintln!("error: not measured: {}; BENCH_ONLY=\"…\" asks for the others alone", missing.join(", "));
    ExitCode::FAILURE
}
