//! What the host costs the programs of the machine: system calls with it on and off.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use lanner_tests::{Lanner, shipped_packs};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::getppid;

use crate::measure::least_ns;

const ROUNDS: usize = 60;
const CALLS: u64 = 20_000;

/// Programs that are run, as they take a thousand times as long.
const RUNS: u64 = 40;

struct Costs {
    /// Of a file that no rule asks for.
    open_close: f64,
    /// Of one that a rule asks for.
    wanted: f64,
    failed: f64,
    getppid: f64,
    /// Wall time: most of it is the child's.
    program: f64,
}

fn open_close(file: &str) -> f64 {
    let file = Path::new(file);
    least_ns(ROUNDS, CALLS, || {
        for _ in 0..CALLS {
            drop(std::hint::black_box(open(file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())));
        }
    })
}

/// A small program, run to its end.
fn program() -> f64 {
    let run = || {
        let began = Instant::now();
        for _ in 0..RUNS {
            let status = Command::new("/bin/true").status();
            assert!(status.is_ok_and(|status| status.success()), "/bin/true can be run");
        }
        began.elapsed().as_nanos() as f64 / RUNS as f64
    };
    (0..ROUNDS / 4).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn costs() -> Costs {
    // What raises findings last: the host is busy with them for a while.
    Costs {
        program: program(),
        open_close: open_close("/usr/lib/os-release"),
        failed: open_close("/usr/lib/there-is-none"),
        getppid: least_ns(ROUNDS, CALLS, || {
            for _ in 0..CALLS {
                std::hint::black_box(getppid());
            }
        }),
        wanted: open_close("/etc/shadow"),
    }
}

pub(crate) fn run() -> Result<(), String> {
    println!("## Cost to the machine\n");
    let before = costs();
    let lanner = Lanner::watch(&[&shipped_packs()], &[]);
    let on = costs();
    let ended = lanner.stop();
    let after = costs();
    let least = |of: fn(&Costs) -> f64| of(&before).min(of(&after));
    println!("| call | host off | host on | added | ratio |\n| --- | ---: | ---: | ---: | ---: |");
    type Row = (&'static str, fn(&Costs) -> f64);
    let rows: [Row; 5] = [
        ("openat + close, of what no rule asks for", |costs| costs.open_close),
        ("openat + close, of /etc/shadow", |costs| costs.wanted),
        ("openat of what is not there", |costs| costs.failed),
        ("getppid (no hook on it)", |costs| costs.getppid),
        ("fork + exec + exit of /bin/true", |costs| costs.program),
    ];
    for (name, of) in rows {
        let (off, on) = (least(of), of(&on));
        println!("| {name} | {off:.0} ns | {on:.0} ns | {:.0} ns | {:.2} |", on - off, on / off);
    }
    println!(
        "\nThread CPU time, least of {ROUNDS} rounds of {CALLS}. {}\n",
        ended.stderr.lines().last().unwrap_or_default()
    );
    Ok(())
}
