//! `make bench`: the figures that Lanner stands by, each beside its baseline from the same run.
//!
//! The machine may be shared and noisy: ratios count, absolutes only help to read them.

#![forbid(unsafe_code)]

mod engine;
mod latency;
mod measure;
mod overhead;
mod registry;

fn main() {
    // `bench engine`: only what is named.
    let named: Vec<String> = std::env::args().skip(1).collect();
    let asked = |name: &str| named.is_empty() || named.iter().any(|other| other == name);
    println!("# Lanner bench\n");
    println!("{}\n", measure::conditions());
    if asked("engine") {
        engine::run();
    }
    if asked("registry") {
        registry::run();
    }
    if let Some(reason) = lanner_tests::no_kernel() {
        println!("## Kernel figures\n\nskipped: {reason}");
        return;
    }
    if asked("overhead") {
        overhead::run();
    }
    if asked("latency") {
        latency::run();
    }
}
