//! Measuring on a noisy machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time of this thread, ns: what others do to the machine in the meantime does not count.
pub(crate) fn thread_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(Duration::new(time.tv_sec as u64, time.tv_nsec as u32).as_nanos()).unwrap_or(u64::MAX)
}

/// The least time of one of `count` operations that `work` does, ns, over `rounds` rounds. The least is what the
/// work costs; more is what disturbed it.
pub(crate) fn least_ns(rounds: usize, count: u64, mut work: impl FnMut()) -> f64 {
    let round = |work: &mut dyn FnMut()| {
        let began = thread_ns();
        work();
        (thread_ns() - began) as f64 / count as f64
    };
    (0..rounds).map(|_| round(&mut work)).fold(f64::MAX, f64::min)
}

/// The value below which this share of the (sorted) values lies.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).ceil() as usize).copied().unwrap_or(f64::NAN)
}

/// On what it was measured.
pub(crate) fn conditions() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{} × {}, kernel {}, load {} (1 min) at the start",
        cores,
        model.trim_start_matches([' ', '\t', ':']),
        kernel.trim(),
        load.split(' ').next().unwrap_or("unknown")
    )
}

/// Processor time of this process, all its threads, ns.
pub(crate) fn process_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(Duration::new(time.tv_sec as u64, time.tv_nsec as u32).as_nanos()).unwrap_or(u64::MAX)
}

/// Memory of this process that is resident, KiB.
pub(crate) fn resident_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(f64::NAN)
}
