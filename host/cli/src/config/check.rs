//! `lanner config check`: whether a host would take the configuration, with all that it names on this machine.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use lanner_config::{Config, Entry, Place};

use super::{Configured, Failure, Which};
use crate::format::print;
use crate::rules::{Loading, summary};
use crate::run;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Only the configuration itself: not the rules, lists, tuning and policies that it names
    #[arg(long)]
    alone: bool,
    /// Fail where something may be meant otherwise
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let configured = Configured::alone(arguments.which.place())?;
    let (place, config) = (configured.place.clone(), configured.config.clone());
    let run = configured.run()?;
    let mut doubts = doubts(&config);
    let mut lines = vec![of_files(&place, &config)];
    if !arguments.alone {
        lines.extend(named(&run, &mut doubts)?);
    }
    lines.extend(doubts.iter().map(|doubt| format!("warning: {doubt}")));
    print("check", &lines.join("\n"))?;
    Ok(if arguments.strict && !doubts.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn of_files(place: &Place, config: &Config) -> String {
    let values: usize = config.entries().map(|entry| entry.values.len()).sum::<usize>() + config.outputs.len();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{}: {}, {}", place.path().display(), plural(config.files.len(), "file"), plural(values, "value"))
}

/// Reads what the configuration names, as a host would at its start. Nothing is asked of registries.
fn named(run: &run::Arguments, doubts: &mut Vec<String>) -> Result<Vec<String>, Failure> {
    run.rules.get.trust()?;
    if let Some(source) = run.tuning.source(true) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        doubts.extend(source.read()?.doubts(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX), None));
    }
    run.check_outputs()?;
    let loading = Loading { tries: true, waits: run.waits_for_rules(), live: true, ..Loading::default() };
    let ready = run.rules.load(loading)?;
    let mut lines = vec![format!("rules from files: {}", summary(ready.engine.packs().map(|(_, pack)| pack)))];
    if run.rules.lists.names_registries() {
        lines.push("note: lists from registries were not looked at".to_owned());
    }
    if !run.rules.named()?.1.is_empty() {
        lines.push("note: packs from registries were not looked at".to_owned());
    }
    Ok(lines)
}

/// What may be meant otherwise.
fn doubts(config: &Config) -> Vec<String> {
    let mut doubts = Vec::new();
    let place = |entry: &Entry| entry.values.last().map(ToString::to_string).unwrap_or_default();
    if let Some(entry) = config.entry("metrics.listen") {
        let address = entry.values.last().and_then(|said| said.text.parse::<std::net::SocketAddr>().ok());
        if address.is_some_and(|address| !address.ip().is_loopback()) {
            doubts.push(format!(
                "{}: metrics are served to anybody who reaches that address, without a password",
                place(entry)
            ));
        }
    }
    if let Some(entry) = config.entry("registry.plain_http").filter(|entry| entry.is_true()) {
        doubts.push(format!("{}: what is said to registries can be read on the way, passwords too", place(entry)));
    }
    if let Some(entry) = config.entry("control.enabled").filter(|entry| !entry.is_true()) {
        let also = config.entry("control.socket").map_or("", |_| "; `control.socket` means nothing then");
        doubts.push(format!("{}: nobody can ask this host how it stands{also}", place(entry)));
    }
    let socket = config.entry("control.socket").and_then(|entry| entry.values.last());
    if let Some(said) = socket.filter(|said| Path::new(&said.text).parent().is_some_and(|folder| !folder.is_dir())) {
        doubts.push(format!("{said}: there is no folder for {}", said.text));
    }
    let missing = |path: &Path| path.parent().is_some_and(|folder| !folder.is_dir());
    for output in &config.outputs {
        if let Some(path) = output.path.as_deref().filter(|path| missing(path)) {
            doubts.push(format!("{}: there is no folder for {}", output.said, path.display()));
        }
    }
    let files: Vec<&Path> = config.outputs.iter().filter_map(|output| output.path.as_deref()).collect();
    let twice = files.iter().enumerate().find(|(number, path)| files.iter().take(*number).any(|other| other == *path));
    if let Some((_, path)) = twice {
        doubts.push(format!("findings are written to {} twice", path.display()));
    }
    let aside = config.entry("excepted_file").and_then(|entry| entry.values.last());
    if let Some(said) = aside.filter(|said| missing(Path::new(&said.text))) {
        doubts.push(format!("{said}: there is no folder for {}", said.text));
    }
    doubts
}
