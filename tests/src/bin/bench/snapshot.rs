//! What it costs to read which processes there are, when the host starts.

use std::fs;
use std::hint::black_box;
use std::process::{Child, Command, Stdio};

use lanner_source::procfs;

use crate::measure::least_ns;

/// Processes that are started for it.
const PROCESSES: u64 = 500;
const ROUNDS: usize = 10;

/// A process that waits, and is ended with this.
struct Sleeper(Child);

impl Sleeper {
    fn start() -> Self {
        let mut command = Command::new("sleep");
        Self(command.arg("3600").stdin(Stdio::null()).spawn().expect("sleep"))
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn run() -> Result<(), String> {
    println!("## Reading {PROCESSES} processes from /proc\n");
    let sleepers: Vec<Sleeper> = (0..PROCESSES).map(|_| Sleeper::start()).collect();
    let pids: Vec<u32> = sleepers.iter().map(|sleeper| sleeper.0.id()).collect();
    let stat = least_ns(ROUNDS, PROCESSES, || {
        for pid in &pids {
            black_box(fs::read(format!("/proc/{pid}/stat")).expect("it runs"));
        }
    });
    let all = procfs::snapshot().map_err(|error| error.to_string())?.processes.len() as u64;
    let snapshot = least_ns(ROUNDS, all, || drop(black_box(procfs::snapshot().expect("a snapshot"))));
    println!("| | µs a process | ratio |\n| --- | ---: | ---: |");
    println!("| reading /proc/PID/stat, and nothing else | {:.1} | 1.00 |", stat / 1e3);
    println!("| all that is known of it | {:.1} | {:.2} |", snapshot / 1e3, snapshot / stat);
    println!("\nThread CPU time, least of {ROUNDS} rounds; {all} processes.\n");
    Ok(())
}
