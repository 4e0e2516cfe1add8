//! `make test-stress`: all tests, again and again, on a machine that is busy with something else, and on a single processor.
//! A test that fails here depends on how fast the machine is, which is a fault of the test or of what it tests.

use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::{root, test};
use lanner_build::cargo;

/// What else keeps the machine busy: computing, and writing to the disk.
const LOAD: [&str; 5] = ["--quiet", "--cpu", "4", "--io", "2"];

/// One round.
struct Round {
    name: &'static str,
    /// On the first processor only.
    single: bool,
    nextest: bool,
}

/// The first rounds; all others are as the first.
const ROUNDS: [Round; 3] = [
    Round { name: "beside a load", single: false, nextest: true },
    Round { name: "on one processor, beside a load", single: true, nextest: true },
    Round { name: "in threads of one process, beside a load", single: false, nextest: false },
];

/// Runs so many rounds: most beside a load, the second on one processor, the third in threads.
pub(crate) fn run(rounds: usize) -> Result<()> {
    test::build_packs()?;
    test::build()?;
    let nextest = test::is_installed("nextest");
    let mut outcomes = Vec::new();
    for number in 0..rounds {
        let round = &ROUNDS[if number < ROUNDS.len() { number } else { 0 }];
        eprintln!("\n=== round {} of {rounds}: {}", number + 1, round.name);
        let began = Instant::now();
        let passed = round.run(nextest)?;
        outcomes.push((round.name, passed, began.elapsed()));
    }
    eprintln!("\n=== summary");
    for (name, passed, took) in &outcomes {
        eprintln!("{:>8.1} s  {:6}  {name}", took.as_secs_f64(), if *passed { "ok" } else { "FAILED" });
    }
    match outcomes.iter().filter(|(_, passed, _)| !passed).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {rounds} rounds failed; what failed stands above, after each"),
    }
}

impl Round {
    /// Whether all tests passed.
    fn run(&self, nextest: bool) -> Result<bool> {
        let _load = Load::start()?;
        let mut command = match self.single {
            true => cargo::natively("taskset"),
            false => cargo::native(),
        };
        if self.single {
            command.args(["-c", "0", "cargo"]);
        }
        command.args(test::runner(nextest && self.nextest)).current_dir(root());
        command.env("PATH", test::with_python()).env("RUST_BACKTRACE", "0");
        Ok(command.status().with_context(|| format!("{} cannot be started", cargo::shown(&command)))?.success())
    }
}

/// What keeps the machine busy until it is dropped.
struct Load(Child);

impl Load {
    fn start() -> Result<Self> {
        let mut command = Command::new("stress-ng");
        let child = command.args(LOAD).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        child.map(Self).context("stress-ng cannot be started: xtask/setup.sh stress installs it")
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // SIGTERM, upon which it ends its workers.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}
