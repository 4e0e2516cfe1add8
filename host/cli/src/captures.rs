//! Captures around findings: the options of `run`, and where the others look for them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lanner_captures::{Around, Choice, Folder, Found, Settings};
use lanner_pipeline::Recent;
use lanner_sink::Named;
use lanner_source::record::Machine;

use super::{Failure, duration};

/// Where they lie when nothing is said.
const DEFAULT: &str = "/var/lib/lanner/captures";
/// The longest time before a finding.
const LONGEST: Duration = Duration::from_secs(3600);
/// Bytes of a MiB.
const MIB: usize = 1 << 20;

/// The options of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Capturing {
    /// Write down what happened before and shortly after findings that are at least this bad, or of these rules: `high`,
    /// `critical,persistence/*`
    #[arg(long, value_name = "FINDINGS")]
    capture: Option<Choice>,
    /// The folder for these captures
    #[arg(long, value_name = "FOLDER", default_value = DEFAULT, requires = "capture")]
    captures: PathBuf,
    /// How long before a finding
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = before, requires = "capture")]
    capture_before: Duration,
    /// How long after it
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = after, requires = "capture")]
    capture_after: Duration,
    /// Room for events that may have to be written, MiB: where there is more in that time, the oldest are left out
    #[arg(long, value_name = "MIB", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=1024), requires = "capture")]
    capture_memory: u16,
    /// How much all captures take at most, MiB; the oldest go first
    #[arg(long, value_name = "MIB", default_value = "256", value_parser = clap::value_parser!(u32).range(1..), requires = "capture")]
    capture_size: u32,
}

impl Capturing {
    /// Whether the folder can be used, where it is needed.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.capture {
            Some(_) => Ok(Folder::new(self.captures.clone()).check()?),
            None => Ok(()),
        }
    }

    /// The folder, where captures are written.
    pub(super) fn folder(&self) -> Option<Folder> {
        self.capture.is_some().then(|| Folder::new(self.captures.clone()))
    }

    /// What keeps what came last, and the sink that has it written, where that is asked for.
    pub(super) fn open(&self, machine: &Machine) -> Result<Option<(Recent, Named)>, Failure> {
        let Some(choice) = &self.capture else { return Ok(None) };
        // What comes after is to fit too.
        let span = self.capture_before + self.capture_after;
        let recent = Recent::new(machine, span, usize::from(self.capture_memory) * MIB);
        let settings = Settings {
            choice: choice.clone(),
            folder: Folder::new(self.captures.clone()),
            after: self.capture_after,
            apart: self.capture_before,
            bytes: u64::from(self.capture_size) * MIB as u64,
        };
        let name = format!("what is captured in {}", self.captures.display());
        Ok(Some((recent.clone(), (name, Box::new(Around::start(settings, recent)?)))))
    }
}

fn before(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("nothing would be written".to_owned()),
        time if time > LONGEST => Err("at most 1h: it is kept in memory".to_owned()),
        time => Ok(time),
    }
}

fn after(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        time if time > LONGEST => Err("at most 1h: it is kept in memory".to_owned()),
        time => Ok(time),
    }
}

/// Where captures around findings are looked for.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The folder in which `lanner run --capture` writes captures
    #[arg(long, value_name = "FOLDER", default_value = DEFAULT, env = "LANNER_CAPTURES")]
    captures: PathBuf,
}

impl Which {
    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.captures
    }

    /// The capture of what happened around a time, ns since 1970 (UTC), where there is one.
    pub(super) fn around(&self, time_ns: u64) -> Result<Option<Found>, Failure> {
        Ok(Folder::new(self.captures.clone()).around(time_ns)?)
    }
}
