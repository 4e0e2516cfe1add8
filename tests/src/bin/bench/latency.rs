//! How long it takes from an event to its printed finding.

use std::fs;
use std::time::Duration;

use lanner_tests::{Lanner, shipped_pack};

use crate::measure::percentile;

const EVENTS: usize = 200;
/// Apart enough that each comes to an idle host.
const APART: Duration = Duration::from_millis(23);

pub(crate) fn run() -> Result<(), String> {
    println!("## From event to printed finding\n");
    let lanner = Lanner::watch(&[&shipped_pack("credential-access")], &[]);
    let mut times = Vec::new();
    for _ in 0..EVENTS {
        std::thread::sleep(APART);
        let known = lanner.arrivals().len();
        // Whether it can be read does not matter: the attempt is the event.
        let _ = fs::File::open("/etc/shadow");
        let end = std::time::Instant::now() + Duration::from_secs(5);
        while lanner.arrivals().len() == known && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    for (line, arrived) in lanner.stdout().iter().zip(lanner.arrivals()) {
        let finding: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        if let Some(time_ns) = finding["time_ns"].as_u64() {
            times.push(arrived.saturating_sub(Duration::from_nanos(time_ns)).as_secs_f64() * 1e3);
        }
    }
    drop(lanner);
    times.sort_by(f64::total_cmp);
    let [median, p99, max] = [0.5, 0.99, 1.0].map(|share| percentile(&times, share));
    println!("| findings | median | p99 | worst | aim (p99) |\n| ---: | ---: | ---: | ---: | ---: |");
    println!("| {} of {EVENTS} | {median:.1} ms | {p99:.1} ms | {max:.1} ms | 20 ms |\n", times.len());
    println!(
        "From the kernel's time stamp to the line in the reader of the pipe; one open of /etc/shadow every {APART:?}.\n"
    );
    Ok(())
}
