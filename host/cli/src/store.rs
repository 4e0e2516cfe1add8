//! Where findings are kept: the options of `run`, and which store the others look through.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lanner_finding::Labels;
use lanner_sink::Named;
use lanner_store::{Bounds, Keep, Reader, Store, StoreError};

use super::{Failure, duration};

/// Where it lies when nothing is said.
const DEFAULT: &str = "/var/lib/lanner/findings.db";
/// What says so in the environment.
const VARIABLE: &str = "LANNER_FINDINGS";
/// Bytes of a MiB.
const MIB: u64 = 1 << 20;

/// The options of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Keeping {
    /// Keep findings in this database, for `lanner findings` to look through: without FILE in /var/lib/lanner/findings.db
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = DEFAULT)]
    keep: Option<PathBuf>,
    /// How long findings are kept [default of `run`: 90days]
    #[arg(long, value_name = "TIME", value_parser = age, requires = "keep")]
    keep_for: Option<Duration>,
    /// How large the database may become, MiB; the oldest findings go first [default: 2048]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(16..), requires = "keep")]
    keep_size: Option<u64>,
}

impl Keeping {
    /// Whether the database can be used, where it is there.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match self.keep.as_deref().map(Reader::open) {
            None | Some(Ok(_) | Err(StoreError::Missing(_))) => Ok(()),
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// Where findings are kept.
    pub(super) fn path(&self) -> Option<&Path> {
        self.keep.as_deref()
    }

    /// The sink that keeps findings of the machine `host`, where that is asked for. Those of a capture may be old, and are
    /// kept unless something is said.
    pub(super) fn open(&self, host: &str, labels: &Labels, live: bool) -> Result<Option<Named>, Failure> {
        let Some(path) = &self.keep else { return Ok(None) };
        let usual = Bounds::default();
        let bytes = self.keep_size.map_or(usual.bytes, |size| size.saturating_mul(MIB));
        let age = self.keep_for.unwrap_or(if live { usual.age } else { Duration::MAX });
        let store = Store::open(path, Bounds { age, bytes })?;
        Ok(Some((format!("store {}", path.display()), Box::new(Keep::new(host.to_owned(), labels.clone(), store)))))
    }
}

/// How long, as people write it.
fn age(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("that would keep nothing".to_owned()),
        age => Ok(age),
    }
}

/// Where it lies where nobody says so.
pub(super) fn usual() -> PathBuf {
    std::env::var_os(VARIABLE).map_or_else(|| DEFAULT.into(), PathBuf::from)
}

/// Which store is looked through.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The database that `lanner run --keep` keeps findings in
    #[arg(long = "in", global = true, value_name = "FILE", default_value = DEFAULT, env = VARIABLE)]
    store: PathBuf,
}

impl Which {
    /// Opens it.
    pub(super) fn open(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.store)?)
    }
}
