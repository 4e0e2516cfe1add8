//! `make detect`: attacks and benign workloads on the live host, and what the rules find of them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, ValueEnum};

use crate::root;
use case::Case;
use host::Host;
use report::{Report, percent};
use scene::{Outcome, Stage};

mod apart;
mod case;
mod host;
mod internet;
mod report;
mod scene;
mod verdict;

/// How results are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Text,
    /// An object a line
    Json,
}

/// What to run, and what is asked of it.
#[derive(Args)]
pub(crate) struct Options {
    /// Only cases that say `short: yes`, as in CI
    #[arg(long)]
    short: bool,
    /// Only cases with this in their names, titles or techniques
    #[arg(long)]
    filter: Option<String>,
    /// Packs, or folders of packs [default: target/packs]
    #[arg(long)]
    rules: Vec<PathBuf>,
    /// The host [default: target/release/lanner]
    #[arg(long)]
    lanner: Option<PathBuf>,
    /// How to print what came of it
    #[arg(long, value_enum, default_value = "text")]
    output: Output,
    /// Fail where less of the attacks is detected, in percent
    #[arg(long, value_parser = parse_percent)]
    least: Option<f64>,
    /// Fail where there are alarms on more benign cases than this
    #[arg(long)]
    benign: Option<usize>,
    /// Install what Debian has of the programs that cases need
    #[arg(long)]
    install: bool,
    /// Print what cases say, too
    #[arg(long)]
    show: bool,
    /// List the cases, and run none
    #[arg(long)]
    list: bool,
    /// Be the internet of a scene
    #[arg(long, hide = true)]
    internet: bool,
    /// Be the one that runs the cases
    #[arg(long, hide = true)]
    apart: bool,
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse().map_err(|_| format!("{text} is no share in percent"))?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err(format!("{text} is not between 0 and 100")) }
}

/// Runs the corpus.
pub(crate) fn run(options: &Options) -> Result<()> {
    if options.internet {
        return internet::serve();
    }
    let corpus = root().join("tests/detect");
    let mut cases = case::all(&corpus)?;
    cases.retain(|case| {
        (!options.short || case.short) && options.filter.as_deref().is_none_or(|text| is_meant(case, text))
    });
    ensure!(!cases.is_empty(), "there is no such case");
    if options.list {
        for case in &cases {
            println!("{} ({}): {}", case.name, case.techniques.join(" "), case.title);
        }
        return Ok(());
    }
    if options.apart {
        return apart::run(|| watch(options, &corpus, cases));
    }
    if options.install {
        install(&cases)?;
    }
    apart::again("--apart")
}

/// Runs the cases, prints what came of them, and judges it.
fn watch(options: &Options, corpus: &Path, cases: Vec<Case>) -> Result<()> {
    let report = run_cases(options, corpus, cases)?;
    match options.output {
        Output::Text => print!("{}", report.text()),
        Output::Json => print!("{}", report.json()),
    }
    judge(options, &report)
}

fn run_cases(options: &Options, corpus: &Path, cases: Vec<Case>) -> Result<Report> {
    let folder = root().join("target/detect").join(std::process::id().to_string());
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let stage = Stage::new(corpus, &folder)?;
    let lanner = options.lanner.clone().unwrap_or_else(|| root().join("target/release/lanner"));
    let mut rules = options.rules.clone();
    if rules.is_empty() {
        rules.push(root().join("target/packs"));
    }
    let marks = root().join("target/test-packs/losses.wasm");
    ensure!(marks.exists(), "{} is missing: `cargo xtask packs --tests` builds it", marks.display());
    rules.push(marks);
    let host = Host::start(&lanner, &rules, &folder)?;
    let mut report = Report::default();
    let count = cases.len();
    let mut done = Vec::new();
    for (index, case) in cases.into_iter().enumerate() {
        if let Some(missing) = case.needs.iter().find(|program| find(program).is_none()) {
            let why = format!("{missing} is not installed");
            report.skip(case, why);
            continue;
        }
        let began = Instant::now();
        let Outcome { trace, failed, said } = stage.run(&case)?;
        if options.show {
            eprint!("{said}");
        }
        eprintln!("[{}/{count}] {}, {:.1} s", index + 1, case.name, began.elapsed().as_secs_f64());
        done.push((case, trace, failed));
    }
    report.complaints = host.complaints();
    let found = host.finish()?;
    report.lost.clone_from(&found.lost);
    // A case lasts until the next one begins: what it left may be found late.
    let mut until_ns = u64::MAX;
    for (case, trace, failed) in done.into_iter().rev() {
        let is_its =
            |finding: &&serde_json::Value| trace.as_ref().is_some_and(|trace| stage.is_of(finding, trace, until_ns));
        let findings = found.findings.iter().filter(is_its).map(verdict::Found::of).collect();
        until_ns = trace.map_or(until_ns, |trace| trace.from_ns);
        match failed {
            Some(why) => report.skip(case, format!("could not be run: {why}")),
            None => report.add(case, findings),
        }
    }
    report.sort();
    fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
    Ok(report)
}

fn is_meant(case: &Case, text: &str) -> bool {
    case.name.contains(text) || case.title.contains(text) || case.techniques.iter().any(|technique| technique == text)
}

fn judge(options: &Options, report: &Report) -> Result<()> {
    let (detected, attacks) = report.detected();
    let (alarmed, benign) = report.alarmed();
    if let Some(least) = options.least {
        let share = percent(detected, attacks);
        ensure!(
            share >= least,
            "{detected} of {attacks} attacks were detected: {share:.1}%, and {least}% are asked for"
        );
    }
    if let Some(most) = options.benign {
        ensure!(alarmed <= most, "there were alarms on {alarmed} of {benign} benign cases, and {most} are allowed");
    }
    Ok(())
}

/// Where a program lies.
fn find(program: &str) -> Option<PathBuf> {
    if program.starts_with('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    let folders = env::split_paths("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").collect::<Vec<_>>();
    folders.into_iter().map(|folder| folder.join(program)).find(|path| path.exists())
}

/// Has the setup script install what is missing; what Debian does not have stays missing, and its cases are skipped.
fn install(cases: &[Case]) -> Result<()> {
    let missing = cases.iter().flat_map(|case| &case.needs).filter(|program| find(program).is_none());
    let missing: std::collections::BTreeSet<&String> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    let status = Command::new(root().join("tests/detect/install.sh")).args(missing).status();
    ensure!(status.context("tests/detect/install.sh")?.success(), "tests/detect/install.sh failed");
    Ok(())
}
