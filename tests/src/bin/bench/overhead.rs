//! What the host costs the programs of the machine: system calls with it on and off.

use std::path::Path;

use lanner_tests::{Lanner, shipped_pack};
use rustix::fs::{Mode, OFlags, open};
use rustix::process::getppid;

use crate::measure::least_ns;

const ROUNDS: usize = 60;
const CALLS: u64 = 20_000;

struct Costs {
    open_close: f64,
    getppid: f64,
}

fn costs() -> Costs {
    let file = Path::new("/etc/hostname");
    Costs {
        open_close: least_ns(ROUNDS, CALLS, || {
            for _ in 0..CALLS {
                drop(std::hint::black_box(open(file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())));
            }
        }),
        getppid: least_ns(ROUNDS, CALLS, || {
            for _ in 0..CALLS {
                std::hint::black_box(getppid());
            }
        }),
    }
}

pub(crate) fn run() -> Result<(), String> {
    println!("## Cost to the machine\n");
    let before = costs();
    let lanner = Lanner::watch(&[&shipped_pack("starter")], &[]);
    let on = costs();
    let ended = lanner.stop();
    let after = costs();
    let off = Costs { open_close: before.open_close.min(after.open_close), getppid: before.getppid.min(after.getppid) };
    println!("| call | host off | host on | added | ratio |\n| --- | ---: | ---: | ---: | ---: |");
    for (name, off, on) in
        [("openat + close", off.open_close, on.open_close), ("getppid (no hook on it)", off.getppid, on.getppid)]
    {
        println!("| {name} | {off:.0} ns | {on:.0} ns | {:.0} ns | {:.2} |", on - off, on / off);
    }
    println!(
        "\nThread CPU time, least of {ROUNDS} rounds of {CALLS}. {}\n",
        ended.stderr.lines().last().unwrap_or_default()
    );
    Ok(())
}
