//! What is said of rules from outside the packs: the options that `run` and `replay` share, and `lanner tuning`.

mod check;
mod findings;

pub(super) mod except;
pub(super) mod explain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Sender, channel};

use clap::Subcommand;
use lanner_finding::{Finding, Labels};
use lanner_pack::Board;
use lanner_sink::{Behind, Delivery, Json, Lines, Outlet, Tail};
use lanner_tuning::{Source, Stamp, Tuner, Watch};

use super::Failure;

/// Where it lies when nothing is said.
pub(super) const DEFAULT: &str = "/etc/lanner/tuning";
/// What the board calls it.
const TUNING: &str = "tuning";

/// The options.
#[derive(Debug, clap::Args)]
pub(super) struct Options {
    /// What is said of rules from outside the packs (off, severity, exceptions): a file, or a folder of .toml files
    /// [default of `run`: /etc/lanner/tuning]
    #[arg(long, value_name = "PATH")]
    tuning: Option<PathBuf>,
    /// Append findings that are excepted to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    excepted_file: Option<PathBuf>,
}

/// The tuning of a host.
pub(super) struct Tuned {
    pub(super) tuner: Tuner,
    /// Where it is from, and how that was before it was read.
    source: Option<(Source, Stamp)>,
    aside: Option<(Sender<Finding>, Delivery)>,
}

impl Options {
    /// Where it is to be read; where nothing is said, from the usual place or from nowhere.
    pub(super) fn source(&self, usual: bool) -> Option<Source> {
        match &self.tuning {
            Some(path) => Some(Source::new(path)),
            None => usual.then(|| Source::optional(DEFAULT)),
        }
    }

    /// Reads it, for findings on the machine `host` with these labels.
    pub(super) fn open(&self, host: &str, labels: &Labels, usual: bool) -> Result<Tuned, Failure> {
        let source = self.source(usual);
        let source = source.map(|source| {
            let stamp = source.stamp();
            (source, stamp)
        });
        let tuning = source.as_ref().map(|(source, _)| source.read()).transpose()?.unwrap_or_default();
        if !tuning.is_empty() {
            tracing::info!("tuning from {}: {tuning}", tuning.from.display());
        }
        let aside = self.excepted_file.as_deref().map(|path| set_aside(path, host, labels)).transpose()?;
        Ok(Tuned { tuner: Tuner::new(tuning, host).labelled(labels), source, aside })
    }
}

impl Tuned {
    /// Findings as they are to go on.
    pub(super) fn tune<I>(&self, findings: I) -> impl Iterator<Item = Vec<Finding>> + Send + use<I>
    where
        I: Iterator<Item = Vec<Finding>> + Send,
    {
        let aside = self.aside.as_ref().map(|(sender, _)| sender.clone());
        self.tuner.clone().tune(findings, aside)
    }

    /// Reads it anew when it changes.
    pub(super) fn watch(&self, board: Board) -> Result<Option<Watch>, Failure> {
        let Some((source, stamp)) = self.source.clone() else { return Ok(None) };
        Ok(Some(watch(source, stamp, &self.tuner, board)?))
    }

    /// Opens anew what excepted findings are written to.
    pub(super) fn reopen(&self) {
        self.aside.iter().for_each(|(_, delivery)| delivery.reopen());
    }

    /// Waits until what was excepted is written, and says how much that was. All findings have been told by then.
    pub(super) fn finish(self) -> String {
        if let Some((sender, delivery)) = self.aside {
            drop(sender);
            if let Err(error) = delivery.finish() {
                tracing::warn!("excepted findings: {error}");
            }
        }
        let report = self.tuner.report();
        let off = if report.off > 0 { format!(", {} of rules that are off", report.off) } else { String::new() };
        match report.excepted + report.off {
            0 => String::new(),
            _ => format!(" ({} more were excepted{off})", report.excepted),
        }
    }
}

/// Reads it anew when it changes; what is wrong with it stands on the board.
pub(super) fn watch(source: Source, stamp: Stamp, tuner: &Tuner, board: Board) -> std::io::Result<Watch> {
    let trouble = move |what: Option<String>| match what {
        Some(what) => drop(board.set(TUNING, &what)),
        None => drop(board.clear(TUNING)),
    };
    Watch::start(source, stamp, tuner.clone(), trouble)
}

/// Has findings appended to a file.
fn set_aside(path: &Path, host: &str, labels: &Labels) -> Result<(Sender<Finding>, Delivery), Failure> {
    let outlet = Outlet::file(path.to_owned(), Tail::Json);
    let outlet =
        outlet.map_err(|error| format!("excepted findings cannot be written to {}: {error}", path.display()))?;
    let (sender, findings) = channel::<Finding>();
    let sink = (
        path.display().to_string(),
        Box::new(Lines::new(Json::new(host.to_owned()).labelled(labels), outlet)) as Box<_>,
    );
    // What nobody waits for is never waited for.
    let delivery = Delivery::start(findings.into_iter().map(|one| vec![one]), vec![sink], Behind::LeaveOut, None)?;
    Ok((sender, delivery))
}

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Read the tuning as a host would, and say what is wrong and what may be meant otherwise
    Check(check::Arguments),
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.verb {
        Verb::Check(arguments) => check::run(arguments),
    }
}
