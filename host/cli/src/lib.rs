//! The command line: one file a verb.

#![forbid(unsafe_code)]

mod apply;
mod buffer;
mod captures;
mod colour;
mod config;
mod console;
mod control;
mod doctor;
mod events;
mod findings;
mod format;
mod list;
mod lists;
mod log;
mod output;
mod pack;
mod print;
mod promote;
mod record;
mod registries;
mod release;
mod replay;
mod rollback;
mod rule;
mod rules;
mod run;
mod shadow;
mod signals;
mod sink;
mod sinks;
mod standing;
mod status;
mod store;
mod top;
mod tuning;
mod watched;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

/// What a verb fails with: a sentence with the culprit and the remedy.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Parser)]
#[command(name = "lanner", version, about = "Runtime detection for Linux: kernel events judged by WebAssembly rules")]
#[command(after_help = "Exit codes: 0 done, 1 failed (with a reason on stderr), 2 wrong usage.")]
struct Arguments {
    /// What is said on stderr: error, warn, info or debug
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info", env = "LANNER_LOG")]
    log: log::Level,
    /// Colours: where there is a terminal, always, or never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: colour::Colour,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Judge what happens on this machine, live
    Run(Box<run::Arguments>),
    /// Record what happens on this machine into a capture file
    Record(record::Arguments),
    /// Judge what a capture file holds
    Replay(replay::Arguments),
    /// Say how the running host stands
    Status(status::Arguments),
    /// Show in a terminal how the running host stands, as it changes
    Top(top::Arguments),
    /// Print events of the running host, as they come
    Events(events::Arguments),
    /// Make other files the rules of the running host, all at once or not at all
    Apply(apply::Arguments),
    /// Run another version of a pack beside the one that runs, and say how their findings differ
    Shadow(shadow::Arguments),
    /// Have the version in the shadow of a pack take its place
    Promote(control::OfPack),
    /// Have a pack of the running host go back to the version that ran before
    Rollback(control::OfPack),
    /// Let a pack go on that rests or is quarantined in the running host
    Release(control::OfPack),
    /// Look through the findings that are kept, count them, and say what becomes of them
    Findings(findings::Arguments),
    /// Say why there is a finding, and why no exception had it
    Explain(tuning::explain::Arguments),
    /// Write an exception for a finding, as narrow as can be, and say what else it would silence
    Except(tuning::except::Arguments),
    /// Look at what is said of rules from outside the packs
    Tuning(tuning::Arguments),
    /// Try the sinks that findings go to
    Sink(sink::Arguments),
    /// Look at the configuration of `lanner run`
    Config(config::Arguments),
    /// Look at the lists that packs go by, and put some into registries
    List(list::Arguments),
    /// Say what this machine offers, what is missing, what that costs and how to mend it
    Doctor(doctor::Arguments),
    /// Write, test and measure packs
    Rule(rule::Arguments),
    /// Build, test and judge a project at each save, and say what changed in what it finds
    Dev(rule::dev::Arguments),
    /// Push, pull, sign and look at packs in registries
    Pack(pack::Arguments),
    /// Do what the self-test has to see (started by `run --self-test`)
    #[command(hide = true, name = lanner_control::self_test::ACTOR)]
    SelfTestActor,
    /// Write what packages carry of the command line: manual pages and completions for shells
    #[command(hide = true)]
    Generate(lanner_manual::Arguments),
}

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    // Where it builds a crate, cargo calls it in place of rustc.
    if let Err(error) = lanner_author::build::become_rustc_if_asked() {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    let arguments = match config::parse() {
        Ok(arguments) => arguments,
        Err(failure) => {
            // How much is said, and in which colours, is not known yet.
            eprintln!("{failure}");
            return ExitCode::FAILURE;
        }
    };
    if let Verb::Run(_) | Verb::Record(_) | Verb::Replay(_) = arguments.verb
        && let Err(lacking) = lanner_control::limits::prepare()
    {
        // The log needs a thread too.
        eprintln!("{lacking}");
        return ExitCode::FAILURE;
    }
    // Before there are threads, each of which would keep its own.
    if let Verb::Run(run) = &arguments.verb
        && run.drops_capabilities()
        && let Err(refused) = lanner_control::capabilities::drop_others()
    {
        eprintln!("{refused}");
        return ExitCode::FAILURE;
    }
    // The doctor says on stdout what there is to say, also where no thread is to be had.
    let is_doctor = matches!(arguments.verb, Verb::Doctor(_));
    let _log = (!is_doctor).then(|| log::start(arguments.log, arguments.color));
    let color = arguments.color;
    signals::survive_file_limits();
    let outcome = match arguments.verb {
        Verb::Run(arguments) => run::run(&arguments, color),
        Verb::Record(arguments) => record::run(&arguments),
        Verb::Replay(arguments) => replay::run(&arguments, color),
        Verb::Status(arguments) => status::run(&arguments, color),
        Verb::Top(arguments) => top::run(&arguments, color),
        Verb::Events(arguments) => events::run(&arguments),
        Verb::Apply(arguments) => apply::run(&arguments),
        Verb::Shadow(arguments) => shadow::run(&arguments),
        Verb::Promote(arguments) => promote::run(&arguments),
        Verb::Rollback(arguments) => rollback::run(&arguments),
        Verb::Release(arguments) => release::run(&arguments),
        Verb::Findings(arguments) => findings::run(&arguments),
        Verb::Explain(arguments) => tuning::explain::run(&arguments),
        Verb::Except(arguments) => tuning::except::run(&arguments),
        Verb::Tuning(arguments) => tuning::run(&arguments),
        Verb::Sink(arguments) => sink::run(&arguments),
        Verb::Config(arguments) => config::run(&arguments),
        Verb::List(arguments) => list::run(&arguments),
        Verb::Doctor(arguments) => doctor::run(&arguments, color),
        Verb::Rule(arguments) => rule::run(&arguments, color),
        Verb::Dev(arguments) => rule::dev::run(&arguments, color),
        Verb::Pack(arguments) => pack::run(&arguments),
        Verb::SelfTestActor => lanner_control::self_test::act().map(|()| ExitCode::SUCCESS),
        Verb::Generate(arguments) => match arguments.write("lanner", Arguments::command()) {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(why) => Err(why.into()),
        },
    };
    outcome.unwrap_or_else(|failure| {
        match is_doctor {
            true => eprintln!("{failure}"),
            false => tracing::error!("{failure}"),
        }
        ExitCode::FAILURE
    })
}

/// For how long, as people write it.
fn duration(text: &str) -> Result<std::time::Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write it like 10s, 5m or 1h30m"))
}
