//! What the guests' consoles say.

use anyhow::{Context as _, Result, ensure};

/// The names of the steps in `init.sh`.
const PROBE_TESTS: &str = "probe tests";
const SMOKE_RUN: &str = "smoke run";
/// What Lanner says when its self-test saw all it did.
const ALIVE: &str = "the path from the kernel to the rules is alive";

/// What a guest did in which all went well.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Passed {
    /// How many tests of the probes.
    pub(super) tests: u32,
    /// Why something could not be tested, from each test that says so.
    pub(super) skipped: Vec<String>,
    /// What the verifier had the most work with, where a test tells that.
    pub(super) costliest: Option<Verified>,
}

/// A program that the kernel's verifier let in. Ordered by the work that it was.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Verified {
    /// Instructions that the verifier walked: `verified_insns`.
    pub(super) insns: u32,
    pub(super) program: String,
}

impl Passed {
    /// Reads it out of what the guest wrote to its console.
    ///
    /// # Errors
    /// Something went wrong in the guest.
    pub(super) fn read(console: &str) -> Result<Self> {
        let tests = step(console, PROBE_TESTS)?;
        let smoke_run = step(console, SMOKE_RUN)?;
        ensure!(smoke_run.contains(ALIVE), "the self-test of lanner did not see all it did");
        let tested = tests.lines().find_map(tests_passed).context("the probe tests did not say how many passed")?;
        let skipped = tests.lines().filter_map(|line| line.strip_prefix("skipped: ")).map(str::to_owned).collect();
        Ok(Self { tests: tested, skipped, costliest: tests.lines().filter_map(Verified::read).max() })
    }
}

/// What a step wrote, where it succeeded.
fn step<'a>(console: &'a str, name: &str) -> Result<&'a str> {
    let (_, rest) = console
        .split_once(&format!("=== {name} begins"))
        .with_context(|| format!("the guest ended before it came to the {name}"))?;
    let (said, status) = rest
        .split_once(&format!("=== {name} ended with status "))
        .with_context(|| format!("the guest ended during the {name}"))?;
    let status = status.lines().next().unwrap_or_default();
    ensure!(status == "0", "the {name} ended with status {status}");
    Ok(said)
}

/// The number in the last line of a test run, `test result: ok. 33 passed; 0 failed; …`.
fn tests_passed(line: &str) -> Option<u32> {
    let (passed, _) = line.strip_prefix("test result: ok. ")?.split_once(" passed")?;
    passed.parse().ok()
}

impl Verified {
    /// Reads a line by probes/tests/kernel/verifier.rs, `exec_done   sched_process_exec   Some(19031) of 30000`.
    fn read(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split_whitespace().collect();
        let [program, _hook, insns, "of", _bound] = words[..] else { return None };
        let insns = insns.strip_prefix("Some(")?.strip_suffix(')')?.parse().ok()?;
        Some(Self { insns, program: program.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::initramfs::INIT;
    use super::{ALIVE, PROBE_TESTS, Passed, SMOKE_RUN, Verified};

    /// What a guest writes, with the line ends of a terminal, where its steps end so.
    fn console(tests: &str, tests_status: u8, smoke_run: &str, smoke_status: u8) -> String {
        format!(
            "[    2.496364] something by the kernel
=== probe tests begins
running 2 tests
{tests}
=== probe tests ended with status {tests_status}
=== smoke run begins
{smoke_run}
=== smoke run ended with status {smoke_status}
"
        )
        .replace('\n', "\r\n")
    }

    const TESTS: &str = "\
---- file::overlay stdout ----
skipped: no overlay can be mounted
---- verifier::verification_is_bounded stdout ----
exec_done          sched_process_exec           Some(19031) of 30000
fork_done          sched_process_fork           None of 2000
openat_returned    syscalls/sys_exit_openat     Some(16866) of 25000

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 20.30s
";

    fn error(console: &str) -> String {
        Passed::read(console).expect_err("it did not pass").to_string()
    }

    #[test]
    fn a_guest_that_passed() {
        let passed = Passed::read(&console(TESTS, 0, ALIVE, 0)).expect("it passed");
        let costliest = Some(Verified { insns: 19031, program: "exec_done".to_owned() });
        let skipped = vec!["no overlay can be mounted".to_owned()];
        assert_eq!(passed, Passed { tests: 2, skipped, costliest });
    }

    #[test]
    fn what_went_wrong_is_named() {
        assert_eq!(error(&console(TESTS, 101, ALIVE, 0)), "the probe tests ended with status 101");
        assert_eq!(error(&console(TESTS, 0, ALIVE, 1)), "the smoke run ended with status 1");
        assert_eq!(error(&console(TESTS, 0, "watching", 0)), "the self-test of lanner did not see all it did");
        assert_eq!(error(&console("", 0, ALIVE, 0)), "the probe tests did not say how many passed");
        let whole = console(TESTS, 0, ALIVE, 0);
        let (cut, _) = whole.split_once("=== smoke run ended").expect("it is there");
        assert_eq!(error(cut), "the guest ended during the smoke run");
        assert_eq!(error("Kernel panic"), "the guest ended before it came to the probe tests");
    }

    #[test]
    fn the_steps_are_those_of_init() {
        for name in [PROBE_TESTS, SMOKE_RUN] {
            assert!(INIT.contains(&format!("step '{name}'")), "{name}");
        }
    }
}
