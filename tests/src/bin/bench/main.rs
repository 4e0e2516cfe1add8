//! `make bench`: the figures that Lanner stands by, each beside its baseline from the same run.
//!
//! The machine may be shared and noisy: ratios count, absolutes only help to read them.

#![forbid(unsafe_code)]

mod engine;
mod latency;
mod measure;
mod overhead;

fn main() {
    println!("# Lanner bench\n");
    println!("{}\n", measure::conditions());
    engine::run();
    match lanner_tests::no_kernel() {
        Some(reason) => println!("## Kernel figures\n\nskipped: {reason}"),
        None => {
            overhead::run();
            latency::run();
        }
    }
}
