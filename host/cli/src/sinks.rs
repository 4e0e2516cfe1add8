//! Sinks beside stdout or the file of findings, as a file says them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use lanner_finding::Labels;
use lanner_sink::settings::Sinks;
use lanner_sink::{Named, RecordStandings, Records, SinkStanding, Standings};

use lanner_pack::Board;
use lanner_watch::{Facts, Watch};

use super::Failure;

/// What brings findings to them is called so.
const NAME: &str = "what brings findings to the sinks";
/// How long they have, when the host ends, for what waits.
const SENDING: Duration = Duration::from_secs(5);

/// Under which it is noted that they are not as at the start.
const BOARD: &str = "sinks";

/// The option.
#[derive(Debug, clap::Args)]
pub(super) struct MoreSinks {
    /// Send findings also to the sinks that this file says ([[sink]] tables, and [spool])
    #[arg(long, value_name = "FILE", env = "LANNER_SINKS")]
    sinks: Option<PathBuf>,
}

/// The sinks, where there are any.
pub(super) struct Running(Option<Records>);

/// How all sinks stand: those of findings as they are raised, and those of records.
#[derive(Clone)]
pub(super) struct AllStandings {
    standings: Standings,
    records: Option<RecordStandings>,
}

impl MoreSinks {
    /// Reads the file, where there is one.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.sinks.iter().try_for_each(|path| Sinks::read(path).map(drop).map_err(Into::into))
    }

    /// Opens them, for findings of the machine `host`; what brings findings to them is added to `sinks`.
    pub(super) fn open(&self, host: &str, labels: &Labels, sinks: &mut Vec<Named>) -> Result<Running, Failure> {
        let Some(path) = &self.sinks else { return Ok(Running(None)) };
        let settings = Sinks::read(path)?;
        if settings.sinks.is_empty() {
            return Err(format!("{} has no [[sink]]: leave out --sinks where there is none", path.display()).into());
        }
        let (records, fan) = Records::start(&settings, host, labels)?;
        sinks.push((NAME.to_owned(), fan));
        let names: Vec<&str> = settings.sinks.iter().map(|sink| sink.name.as_str()).collect();
        tracing::info!("findings also go to {}, by {}", names.join(", "), path.display());
        Ok(Running(Some(records)))
    }
}

impl MoreSinks {
    /// Says, while the host runs, that the file says something else than at the start, or cannot be used any more.
    pub(super) fn watch(&self, board: Board) -> Result<Option<Watch>, Failure> {
        let Some(path) = self.sinks.clone() else { return Ok(None) };
        let started = fs::read(&path).ok();
        let (stamped, shown) = (path.clone(), path.display().to_string());
        let look = move |_| match Sinks::read(&path) {
            Ok(_) if fs::read(&path).ok() == started => drop(board.clear(BOARD)),
            Ok(_) => {
                let what = format!("the sinks in {shown} are others than at the start, which needs a restart");
                if board.set(BOARD, &what) {
                    tracing::warn!("{what}");
                }
            }
            Err(error) => {
                let what = format!(
                    "the sinks have changed, and the host would not start with them: {error}; those of the start go on"
                );
                if board.set(BOARD, &what) {
                    tracing::error!("{what}");
                }
            }
        };
        Ok(Some(Watch::start("lanner-sinks", Facts::of(&stamped), move || Facts::of(&stamped), look)?))
    }
}

impl Running {
    /// How all sinks stand.
    pub(super) fn standings(&self, standings: Standings) -> AllStandings {
        AllStandings { standings, records: self.0.as_ref().map(Records::standings) }
    }

    /// Has them open anew what they have open.
    pub(super) fn reopen(&self) {
        self.0.iter().for_each(Records::reopen);
    }

    /// Waits until what waits is sent, for some seconds; no more findings come. Gives how many are lost.
    pub(super) fn finish(self) -> u64 {
        self.0.map_or(0, |records| records.finish(SENDING))
    }
}

impl AllStandings {
    /// Findings so far.
    pub(super) fn findings(&self) -> u64 {
        self.standings.findings()
    }

    /// Each sink.
    pub(super) fn sinks(&self) -> Vec<SinkStanding> {
        let mut sinks = self.standings.sinks();
        if let Some(records) = &self.records {
            // It is none itself: what it has no room for, they do not get.
            let fan = sinks.iter().position(|sink| sink.name == NAME).map(|place| sinks.remove(place));
            records.set_left_out(fan.map_or(0, |fan| fan.left_out));
            sinks.extend(records.sinks());
        }
        sinks
    }

    /// Times that the spool was damaged.
    pub(super) fn set_aside(&self) -> u64 {
        self.records.as_ref().map_or(0, RecordStandings::set_aside)
    }
}
