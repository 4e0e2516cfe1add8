//! `make test`: everything that is checked, cheapest first, nothing twice; it stops at the first failure.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::dependencies::{self, WORKSPACES};
use crate::languages::{LANGUAGES, Language};
use crate::{abi, adapters, book, evaluator, packs, probes, root};
use lanner_build::cargo;

/// The crate of the fuzz targets: built by `make fuzz`, as it needs cargo-fuzz and a C++ compiler.
const FUZZ: &str = "tests/fuzz";

/// Runs all steps.
pub(crate) fn run() -> Result<()> {
    let mut report = Report::default();
    let result = steps(&mut report);
    report.print(result.is_ok());
    result
}

fn steps(report: &mut Report) -> Result<()> {
    report.step("formatting", |_| {
        let check = |command: &mut Command| cargo::run(command.args(["fmt", "--all", "--", "--check"]));
        WORKSPACES.iter().chain(&[FUZZ]).try_for_each(|folder| check(cargo::native().current_dir(root().join(folder))))
    })?;
    report.step("generated code is up to date", |_| abi::run(true))?;
    report.step("the links of the book lead somewhere", |_| book::run(true))?;
    report.step("adapters are what their text gives", |_| adapters::run(true))?;
    report.step("the evaluator is of its sources", |_| evaluator::run(true))?;
    report.step("kernel objects are what their source gives", |_| probes::run(true))?;
    report.step("dependencies", check_dependencies)?;
    report.step("packs", |_| build_packs())?;
    // All targets at once, so that the tests find the `lanner` that belongs to them, built with the same features.
    report.step("build", |_| build())?;
    // After the build, which has made what compiling needs of other crates: macros, build scripts.
    report.step("clippy", |_| {
        let lints = ["--all-targets", "--", "-D", "warnings"];
        each_workspace(&WORKSPACES[..1], |command| command.args(["clippy", "--workspace"]).args(lints))?;
        each_workspace(&WORKSPACES[1..], |command| natively(command.args(["clippy", "--workspace"])).args(lints))
    })?;
    report.step("documentation", |_| {
        let flags = "-Dwarnings";
        cargo::run(in_root().env("RUSTDOCFLAGS", flags).args(["doc", "--workspace", "--no-deps"]))
    })?;
    report.step("tests", test)?;
    report.step("tests in the documentation", |_| cargo::run(in_root().args(["test", "--workspace", "--doc"])))?;
    report.step("tests of the packs", |_| {
        each_workspace(&WORKSPACES[1..], |command| natively(command.args(["test", "--workspace"])))
    })?;
    in_other_languages(report)
}

/// The steps of other languages alone.
pub(crate) fn languages() -> Result<()> {
    let mut report = Report::default();
    let result = in_other_languages(&mut report);
    report.print(result.is_ok());
    result
}

fn in_other_languages(report: &mut Report) -> Result<()> {
    LANGUAGES.iter().try_for_each(|Language { name, test, without }| {
        report.step(name, |report| {
            if !test()? {
                report.not_checked.push(without);
            }
            Ok(())
        })
    })
}

/// Builds everything that the tests are and need, but for the packs.
pub(crate) fn build() -> Result<()> {
    cargo::run(in_root().args(["build", "--workspace", "--all-targets"]))
}

/// Builds the packs that Lanner ships and those that the tests need.
pub(crate) fn build_packs() -> Result<()> {
    packs::run(&[], None)?;
    packs::run(&[root().join("tests/packs")], Some(&root().join("target/test-packs")))
}

fn check_dependencies(report: &mut Report) -> Result<()> {
    dependencies::run()?;
    if !is_installed("deny") {
        report.not_checked.push("advisories on dependencies (cargo-deny is not installed)");
        return Ok(());
    }
    cargo::run(in_root().args(["deny", "--offline", "check", "licenses", "bans", "sources"]))?;
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    if !cargo_home.is_some_and(|folder| folder.join("advisory-dbs").is_dir()) {
        report.not_checked.push("advisories on dependencies (their database is not here: `cargo deny fetch` gets it)");
        return Ok(());
    }
    cargo::run(in_root().args(["deny", "--offline", "check", "advisories"]))
}

fn test(report: &mut Report) -> Result<()> {
    // The owner of /proc/self is who runs this.
    if !fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        report.not_checked.push("what needs the live kernel: those tests skip themselves without root");
    }
    cargo::run(in_root().args(runner(is_installed("nextest"))).env("PATH", with_python()).env("RUST_BACKTRACE", "0"))
}

/// What runs all tests: cargo-nextest, which says at the end what the failed ones wrote, or cargo itself.
pub(crate) fn runner(nextest: bool) -> &'static [&'static str] {
    match nextest {
        true => &[
            "nextest",
            "run",
            "--config-file",
            "xtask/nextest.toml",
            "--workspace",
            "--no-fail-fast",
            "--failure-output",
            "final",
        ],
        false => &["test", "--workspace", "--lib", "--bins", "--tests", "--no-fail-fast"],
    }
}

/// Where programs are found: first the Python that the setup has made, with what only PyPI has.
pub(crate) fn with_python() -> OsString {
    let others = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(root().join("target/python/bin")).chain(env::split_paths(&others));
    env::join_paths(folders).unwrap_or(others)
}

pub(crate) fn is_installed(subcommand: &str) -> bool {
    let mut command = cargo::native();
    command.args([subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn in_root() -> Command {
    let mut command = cargo::native();
    command.current_dir(root());
    command
}

fn each_workspace(workspaces: &[&str], arguments: impl Fn(&mut Command) -> &mut Command) -> Result<()> {
    for workspace in workspaces {
        let mut command = cargo::native();
        command.current_dir(root().join(workspace));
        cargo::run(arguments(&mut command))?;
    }
    Ok(())
}

/// Packs compile for this machine too; one folder for all, so that what they share is built once.
fn natively(command: &mut Command) -> &mut Command {
    command.arg("--target-dir").arg(root().join("target/native-packs"))
}

/// How it went.
#[derive(Default)]
struct Report {
    steps: Vec<(&'static str, Duration)>,
    not_checked: Vec<&'static str>,
}

impl Report {
    fn step(&mut self, name: &'static str, work: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        eprintln!("\n=== {name}");
        let began = Instant::now();
        let result = work(self);
        let took = began.elapsed();
        self.steps.push((name, took));
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        eprintln!("=== {name}: {outcome}, {:.1} s", took.as_secs_f64());
        result
    }

    fn print(&self, passed: bool) {
        eprintln!("\n=== summary");
        for (index, (name, took)) in self.steps.iter().enumerate() {
            let outcome = if passed || index + 1 < self.steps.len() { "ok" } else { "FAILED" };
            eprintln!("{:>8.1} s  {outcome:6}  {name}", took.as_secs_f64());
        }
        let total: Duration = self.steps.iter().map(|(_, took)| took).sum();
        eprintln!("{:>8.1} s  in all", total.as_secs_f64());
        for thing in &self.not_checked {
            eprintln!("not checked: {thing}");
        }
    }
}
