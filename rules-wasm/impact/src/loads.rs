//! Load for its own sake: programs that only keep the machine busy.

use std::time::Duration;

use common::command::{Command, called, line};
use common::context::is_ci;
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::Impact;

/// What keeps a machine busy for nothing.
const BUSY: [&str; 10] =
    ["stress", "stress-ng", "cpuburn", "burnP6", "mprime", "openssl", "sha1sum", "sha256sum", "md5sum", "sha512sum"];
static ENDLESS: TextSet = TextSet::new().equals(&["/dev/full", "/dev/random", "/dev/urandom", "/dev/zero"]);
const LOADS: usize = 256;
const KEEP: Duration = Duration::from_secs(30);
/// After so long it shows whether somebody reads what yes(1) says.
const SETTLED: u64 = 2_000_000_000;

/// Programs that say the same all the time, and whether somebody listens.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Loads {
    /// By who started them, oldest first.
    talkers: Vec<(u64, Talker)>,
    /// Who started programs that read from a pipe.
    listeners: Recent<u64, u64>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Talker {
    seq: u64,
    time: u64,
    process: u64,
    image: u64,
    command: String,
}

impl Default for Loads {
    fn default() -> Self {
        Self { talkers: Vec::new(), listeners: Recent::new(LOADS, KEEP) }
    }
}

impl Loads {
    pub(crate) fn with_limits(self) -> Self {
        let mut talkers = self.talkers;
        talkers.truncate(LOADS);
        Self { talkers, listeners: self.listeners.with_limits(LOADS, KEEP) }
    }
}

/// What `yes` may be run as: itself, part of another, or what starts it and waits.
static MAY_TALK: TextSet = TextSet::new().file_name(&[
    "busybox",
    "chroot",
    "coreutils",
    "doas",
    "env",
    "flock",
    "ionice",
    "nice",
    "nohup",
    "nsenter",
    "runuser",
    "setpriv",
    "setsid",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "taskset",
    "time",
    "timeout",
    "toybox",
    "unshare",
    "watch",
    "xargs",
    "yes",
]);

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/load-for-nothing")
        .summary("A program was started that only keeps the machine busy")
        .severity(Medium)
        .attack("T1496.001")
        .attack("T1499.001")
        .property("maturity", "incubating")
        .property("misses", "loads of a script's own making")
        .only(called(&BUSY))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let endless = args.iter().any(|arg| ENDLESS.matches(*arg));
            let is_load = match () {
                () if name == "openssl" => {
                    args.first().is_some_and(|arg| *arg == "speed")
                        && args.iter().any(|arg| arg.one_of(&["-multi", "-seconds"]))
                }
                () if name.ends_with("sum") => endless,
                () => name.one_of(&BUSY) && args.len() > 1,
            };
            if is_load {
                let finding = out.finding(format!("{} keeps the machine busy", line(&image)));
                if is_ci(&image) {
                    finding.severity(Low);
                }
            }
        })
        .unfiltered()
        .only(called(&["tail", "cat", "dd", "head", "gzip", "bzip2", "xz", "grep", "sort", "sh", "bash"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let reads = |path: &str| {
                args.iter().any(|arg| *arg == path || arg.as_bytes() == [b"if=", path.as_bytes()].concat())
            };
            let is_load = match () {
                // Never ends, and keeps all of it in memory.
                () if name.one_of(&["tail", "sort", "grep"]) => reads("/dev/zero"),
                () if name == "dd" => {
                    (reads("/dev/zero") || reads("/dev/urandom"))
                        && args.iter().any(|arg| *arg == "of=/dev/null")
                        && !args.iter().any(|arg| arg.starts_with("count="))
                }
                () if name.one_of(&["gzip", "bzip2", "xz"]) => args.iter().any(|arg| ENDLESS.matches(*arg)),
                () => false,
            };
            if is_load {
                out.finding(format!("{} keeps the machine busy", line(&image)));
            }
        })
        .unfiltered()
        .on_exec(|pack, e, _| {
            let image = e.image();
            let Some(parent) = image.parent() else { return };
            let now = e.time();
            if Command::of(&image).name() == "yes" {
                let talker = Talker {
                    seq: e.seq(),
                    time: now,
                    process: image.id(),
                    image: image.image(),
                    command: line(&image),
                };
                if pack.loads.talkers.len() < LOADS {
                    pack.loads.talkers.push((parent.id(), talker));
                }
            } else if e.stdio() & stdio_flag::STDIN_PIPE != 0 {
                pack.loads.listeners.insert(now, parent.id(), now);
                // A pipeline that is started in the background has a shell of its own.
                if let Some(above) = parent.parent() {
                    pack.loads.listeners.insert(now, above.id(), now);
                }
            }
        })
        .unfiltered()
        .only(process::exe().matches(&MAY_TALK).or(process::script().ends_with(["/yes"])))
        .on_exit(|pack, e, _| {
            if !pack.loads.talkers.is_empty() {
                let ended = e.process().id();
                pack.loads.talkers.retain(|(_, talker)| talker.process != ended);
            }
        })
        .on_tick(|pack, now, out| {
            let mut settled = Vec::new();
            let loads = &mut pack.loads;
            // There are few, and hardly ever any.
            for (parent, talker) in loads.take_settled(now) {
                let heard = loads.listeners.get(now, &parent).is_some_and(|time| time.abs_diff(talker.time) < SETTLED);
                if !heard {
                    settled.push(talker);
                }
            }
            for talker in settled {
                out.finding(format!("{} talks to nobody, as fast as it can", talker.command))
                    .about_image(talker.image)
                    .because_of(talker.seq);
            }
        });
}

impl Loads {
    /// Takes out those who began long enough ago.
    fn take_settled(&mut self, now: u64) -> Vec<(u64, Talker)> {
        let is_settled = |talker: &Talker| now.saturating_sub(talker.time) >= SETTLED;
        let count = self.talkers.iter().take_while(|(_, talker)| is_settled(talker)).count();
        self.talkers.drain(..count).collect()
    }
}
