//! `lanner rule bench`: what a pack costs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lanner_author::bench::{Measured, measure};

use super::{Failure, Format, OnePack, print};

/// Where the figures of the last run are kept.
const BASELINE: &str = "target/lanner-bench.json";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    pack: OnePack,
    /// Measure with the events of this capture, not with made-up ones
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Where the figures of the run before are, and those of this one are written to
    #[arg(long, value_name = "FILE", default_value = BASELINE)]
    baseline: PathBuf,
    /// Keep the figures of the run before
    #[arg(long)]
    keep: bool,
    /// For people, or one JSON object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let (pack, settings) = arguments.pack.open()?;
    let mut kept = read(&arguments.baseline);
    let measured = measure(&pack, &settings, arguments.capture.as_deref())?;
    let before = kept.get(&measured.pack).filter(|before| before.events_from == measured.events_from);
    let json = || {
        let mut json = serde_json::to_value(&measured).unwrap_or_default();
        json["before"] = serde_json::to_value(before).unwrap_or_default();
        json.to_string()
    };
    print("figures", arguments.output, || measured.text(before), json)?;
    if !arguments.keep {
        kept.insert(measured.pack.clone(), measured);
        write(&arguments.baseline, &kept)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What was kept, by the pack's name; nothing where there is none, or it is of another version.
fn read(path: &Path) -> BTreeMap<String, Measured> {
    std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn write(path: &Path, kept: &BTreeMap<String, Measured>) -> Result<(), Failure> {
    let failed = |error: std::io::Error| format!("the figures cannot be kept in {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut text = serde_json::to_string_pretty(kept)?;
    text.push('\n');
    Ok(std::fs::write(path, text).map_err(failed)?)
}
