//! `lanner rule`: writing, testing and measuring packs, one file a verb.

mod bench;
mod build;
mod check;
mod coverage;
pub(super) mod dev;
mod explain;
mod import;
mod new;
mod run;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use lanner_author::pack::{Pack, default_cache};
use lanner_engine::Settings;

use super::colour::Colour;
use super::format::Format;
use super::{Failure, format};

/// Bytes that are read from stdin at most.
const MAX_STDIN: u64 = 256 << 20;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a project with a rule, its tests, and all that is needed to build it
    New(new::NewArguments),
    /// Build a project into a pack, whatever its language
    Build(build::Arguments),
    /// Make a pack of the rules of others, and say what became of each
    Import(import::Arguments),
    /// Run the tests that lie beside a pack
    Test(test::Arguments),
    /// Have a pack judge events that are given by hand, and print what it finds
    Run(run::Arguments),
    /// Say of each rule which of its filters an event passes, and what it raises
    Explain(explain::Arguments),
    /// Say what is wrong in a pack, what is missing in what it says of itself, and what costs
    Check(check::Arguments),
    /// Say which techniques of ATT&CK packs name, for people, as a page, or for the ATT&CK Navigator
    Coverage(coverage::Arguments),
    /// Measure what a pack costs
    Bench(bench::Arguments),
    /// Renew the SDK in a project
    Upgrade(new::UpgradeArguments),
}

pub(super) fn run(arguments: &Arguments, colour: Colour) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::New(arguments) => new::run(arguments),
        Verb::Build(arguments) => build::run(arguments),
        Verb::Import(arguments) => import::run(arguments),
        Verb::Upgrade(arguments) => new::run_upgrade(arguments),
        Verb::Test(arguments) => test::run(arguments, colour),
        Verb::Run(arguments) => run::run(arguments, colour),
        Verb::Explain(arguments) => explain::run(arguments),
        Verb::Check(arguments) => check::run(arguments),
        Verb::Coverage(arguments) => coverage::run(arguments),
        Verb::Bench(arguments) => bench::run(arguments),
    }
}

/// A pack, and what is set in it.
#[derive(Debug, clap::Args)]
struct OnePack {
    /// The pack
    #[arg(value_name = "PACK")]
    pack: PathBuf,
    /// Set something in the pack; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
}

impl OnePack {
    fn open(&self) -> Result<(Pack, Settings), Failure> {
        let pack = open(&self.pack)?;
        let mut settings = Settings::default();
        let name = &pack.description.name;
        self.settings.iter().for_each(|(setting, value)| settings.set(name, setting, value));
        Ok((pack, settings))
    }
}

/// Opens a pack file.
fn open(path: &Path) -> Result<Pack, Failure> {
    if path.is_dir() {
        return Err(
            format!("{} is a folder; name the pack in it: lanner rule build prints its path", path.display()).into()
        );
    }
    Ok(Pack::open(path, default_cache())?)
}

/// `name=value`.
fn setting(text: &str) -> Result<(String, String), String> {
    let setting = text.split_once('=').filter(|(name, _)| !name.is_empty());
    let setting = setting.map(|(name, value)| (name.to_owned(), value.to_owned()));
    setting.ok_or_else(|| "it is written NAME=VALUE, such as quiet=true".to_owned())
}

/// The events that `--event` gives: what they are called, and their lines.
fn events(given: &[String]) -> Result<(&'static str, String), Failure> {
    if given != ["-"] {
        // One that stands on several lines is one all the same.
        let line = |event: &String| event.replace(['\n', '\r'], " ");
        return Ok(("--event", given.iter().map(line).collect::<Vec<_>>().join("\n")));
    }
    let mut text = String::new();
    let read = std::io::Read::read_to_string(&mut std::io::Read::take(std::io::stdin(), MAX_STDIN), &mut text);
    read.map_err(|error| format!("stdin cannot be read: {error}"))?;
    Ok(("stdin", text))
}

/// Prints what a pack logged and what went wrong, where somebody may look for it: on stderr.
fn say(log: &[(tracing::Level, String)], troubles: &[String]) {
    log.iter().for_each(|line| eprintln!("{}", lanner_author::log_line(line)));
    troubles.iter().for_each(|trouble| eprintln!("{trouble}"));
}

/// Prints something, for people or for programs.
fn print(
    what: &str,
    output: Format,
    text: impl FnOnce() -> String,
    json: impl FnOnce() -> String,
) -> Result<(), Failure> {
    format::print(what, &if output == Format::Json { json() } else { text() })
}
