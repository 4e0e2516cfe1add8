//! `lanner rule test`: run the tests that lie beside a pack.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_author::build::build;
use lanner_author::language::Mode;
use lanner_author::pack::Pack;
use lanner_author::suite::{self, Coverage, Report, Suite, Test};

use super::super::colour::Colour;
use super::{Failure, open};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Packs, or the folders of their source, which are built first [default: this folder]
    #[arg(value_name = "DIR|PACK")]
    packs: Vec<PathBuf>,
    /// Where the tests are: a file, or a folder of them [default: tests, beside the source]
    #[arg(long, value_name = "PATH")]
    tests: Vec<PathBuf>,
    /// How it is told what came of them
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
    /// Write that into this file instead of stdout
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    /// Only tests with this text in their names
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write what was found into the files, as what is expected
    #[arg(long)]
    update: bool,
    /// Fail where less of the rules is tested: of each rule, that it finds something, and that it can be silent
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    threshold: Option<f64>,
    /// How many tests run at once [default: as many as there are processors]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// Take packs as they were built last
    #[arg(long)]
    no_build: bool,
    /// Build as for an author, not as for a host: quicker, and with names of functions
    #[arg(long, conflicts_with = "no_build")]
    debug: bool,
    /// Print the JSON Schema of files of tests, and do nothing else
    #[arg(long, exclusive = true)]
    schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// One JSON object a line: each test, each rule, and the sum
    Json,
    /// The XML that build servers read
    Junit,
}

fn percent(text: &str) -> Result<f64, String> {
    let percent = text.trim_end_matches([' ', '%']).parse().ok();
    percent.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(|| "it is a number from 0 to 100".to_owned())
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    if arguments.schema {
        super::super::format::print("schema", &suite::schema())?;
        return Ok(ExitCode::SUCCESS);
    }
    let here = [PathBuf::from(".")];
    let packs = if arguments.packs.is_empty() { &here[..] } else { &arguments.packs };
    let live = arguments.output == Format::Text && arguments.output_file.is_none();
    let coloured = if live { colour.on(&std::io::stdout()) } else { colour.always() };
    let mut told = String::new();
    let mut all_well = true;
    let mut junit = Vec::new();
    for path in packs {
        let pack = pack(arguments, path)?;
        let suites = suites(arguments, &pack.path)?;
        let asked_for = |test: &&Test| arguments.filter.as_ref().is_none_or(|filter| test.name.contains(filter));
        let all: usize = suites.iter().map(|suite| suite.tests.len()).sum();
        let tests: Vec<(&Suite, &Test)> = suites
            .iter()
            .flat_map(|suite| suite.tests.iter().filter(asked_for).map(move |test| (suite, test)))
            .collect();
        if tests.is_empty() {
            return Err(match &arguments.filter {
                Some(filter) => format!("none of {all} tests has {filter:?} in its name").into(),
                None => format!("there is no test in {}", shown(&suites)).into(),
            });
        }
        let mut tell = |text: &str| match live {
            true => super::super::format::print("tests", text),
            false => {
                told.push_str(text);
                told.push('\n');
                Ok(())
            }
        };
        let text = arguments.output == Format::Text;
        if text && packs.len() > 1 {
            tell(&format!("{} {}", pack.description.name, pack.description.version))?;
        }
        let jobs = arguments.jobs.map(usize::from);
        let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let (mut coverage, mut ran, mut failure) = (Coverage::new(&pack.description), Vec::new(), None);
        suite::run_all(&pack, &tests, jobs, |place, of| {
            let (suite, test) = tests[place];
            coverage.add(&test.name, &test.off, &of);
            if text && failure.is_none() {
                failure = tell(&suite::lines(suite, test, &of, coloured)).err();
            }
            ran.push((suite, test, of));
        });
        if let Some(failure) = failure {
            return Err(failure);
        }
        let report = Report { left_out: all - ran.len(), tests: ran, coverage };
        match arguments.output {
            Format::Text => tell(&report.summary(coloured))?,
            Format::Json => tell(&report.json())?,
            Format::Junit => junit.push(suite::junit(&report)),
        }
        let updated = if arguments.update { update(&suites, &report)? } else { 0 };
        all_well &= report.failed() == updated;
        if let Some(least) = arguments.threshold.filter(|least| report.coverage.percent() < *least) {
            tracing::error!("rule coverage is {:.0} %, and {least:.0} % are asked for", report.coverage.percent());
            all_well = false;
        }
    }
    if arguments.output == Format::Junit {
        told = junit.join("");
    }
    match &arguments.output_file {
        Some(path) => {
            std::fs::write(path, told).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        }
        None if !live => super::super::format::print("report", &told)?,
        None => {}
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The pack that a path stands for; a project is built first.
fn pack(arguments: &Arguments, path: &Path) -> Result<Pack, Failure> {
    if !path.is_dir() {
        return open(path);
    }
    if arguments.no_build {
        return open(&last_built(path, arguments.debug)?);
    }
    let mode = if arguments.debug { Mode::Debug } else { Mode::Release };
    let built = build(path, mode)?;
    let pack = built.checked.pack.ok_or("what was built is no pack")?;
    tracing::info!("built {} in {:.1} s", pack.path.display(), built.took.as_secs_f64());
    Ok(pack)
}

/// The pack in a project's `target`: the newest where there are several.
fn last_built(folder: &Path, debug: bool) -> Result<PathBuf, Failure> {
    let target = folder.join(if debug { "target/debug" } else { "target" });
    let entries = std::fs::read_dir(&target).into_iter().flatten().flatten().map(|entry| entry.path());
    // What a language's tools leave beside it is none, or the same.
    let between = ["pack.core.wasm", "pack.wasm"];
    let is_between = |path: &PathBuf| path.file_name().is_some_and(|name| between.iter().any(|other| name == *other));
    let is_pack = |path: &PathBuf| path.extension().is_some_and(|end| end == "wasm") && path.is_file();
    let packs = entries.filter(|path| is_pack(path) && !is_between(path));
    let changed = |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).ok();
    let newest = packs.max_by_key(changed);
    newest.ok_or_else(|| {
        format!("there is no pack in {}; leave --no-build out, or build it first", target.display()).into()
    })
}

/// The files of tests.
fn suites(arguments: &Arguments, pack: &Path) -> Result<Vec<Suite>, Failure> {
    let beside = [suite::folder_of(pack)];
    let places = if arguments.tests.is_empty() { &beside[..] } else { &arguments.tests };
    let mut suites = Vec::new();
    for place in places {
        let none = |why: String| {
            format!(
                "{} {why}; tests are files such as tests/shadow.yaml: .lanner/rules.md of a project says what stands in them",
                place.display()
            )
        };
        let files = suite::files(place).map_err(|error| none(format!("cannot be read: {error}")))?;
        if files.is_empty() {
            return Err(none("has no file of tests (*.yaml)".to_owned()).into());
        }
        for file in files {
            suites.push(Suite::read(&file)?);
        }
    }
    Ok(suites)
}

fn shown(suites: &[Suite]) -> String {
    suites.iter().map(|suite| suite.document.path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Writes what was found into the files; gives how many of the tests that failed do not fail any more.
fn update(suites: &[Suite], report: &Report<'_>) -> Result<usize, Failure> {
    let mut tests = 0;
    for suite in suites {
        let of_suite = report.tests.iter().filter(|(other, ..)| std::ptr::eq(*other, suite));
        let ran: Vec<_> = of_suite.map(|(_, test, ran)| (*test, ran)).collect();
        let Some(text) = suite::updated(suite, &ran) else { continue };
        let path = &suite.document.path;
        // What was written is what will be read.
        let unreadable =
            |wrong| format!("{} cannot be written as it is laid out, and stays as it is: {wrong}", path.display());
        let read =
            lanner_author::document::Document::parse(path, text.clone()).and_then(Suite::of).map_err(unreadable)?;
        let expects = |test: &&Test| read.tests.iter().any(|other| other.name == test.name && other.expected.is_some());
        let failed = ran.iter().filter(|(_, ran)| ran.outcome == suite::Outcome::Failed).map(|(test, _)| test);
        if read.tests.len() != suite.tests.len() || !failed.into_iter().all(expects) {
            return Err(format!("{} cannot be written as it is laid out, and stays as it is", path.display()).into());
        }
        suite::write(path, &text).map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
        let count = ran.iter().filter(|(_, ran)| ran.outcome == suite::Outcome::Failed).count();
        tests += count;
        tracing::info!(
            "{}: what {count} {} expect is what they found now",
            path.display(),
            if count == 1 { "test" } else { "tests" }
        );
    }
    Ok(tests)
}
