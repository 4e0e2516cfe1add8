//! `lanner pack prune`: remove packs from the local store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lanner_pack::lock::{self, Lock};
use lanner_pack::store::Pruning;

use super::registries::Keep;
use super::{Failure, Format, duration, show};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Remove packs that were not pulled or run for so long
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30d")]
    unused_for: Duration,
    /// Remove the packs unused longest, until all take no more than this, MiB; those used in the last day stay
    #[arg(long, value_name = "MIB")]
    down_to: Option<u64>,
    /// Keep what these lock files pin; may be given several times [default: lanner.lock, where there is one here]
    #[arg(long = "lock", value_name = "FILE")]
    locks: Vec<PathBuf>,
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    keep: Keep,
}

pub(super) fn run(arguments: &Arguments, output: Format) -> Result<ExitCode, Failure> {
    let mut pinned = BTreeSet::new();
    let here = [PathBuf::from(lock::FILE)];
    let named = !arguments.locks.is_empty();
    for path in if named { &*arguments.locks } else { &here } {
        let path: &Path = path;
        match Lock::read(path)? {
            Some(lock) => pinned.extend(lock.pins.values().map(|pin| pin.digest)),
            None if named => return Err(format!("there is no lock file {}", path.display()).into()),
            None => {}
        }
    }
    let pruning = Pruning {
        unused_for: Some(arguments.unused_for),
        down_to: arguments.down_to.map(|mib| mib.saturating_mul(1 << 20)),
        pinned,
        dry_run: arguments.dry_run,
    };
    let pruned = arguments.keep.open()?.prune(&pruning)?;
    show::print(output, &pruned, || {
        let (count, freed, kept) = (pruned.packs.len(), show::size(pruned.freed), show::size(pruned.kept));
        let would = if arguments.dry_run { "would remove" } else { "removed" };
        format!("{would} {count} packs ({freed}); {kept} stay")
    })?;
    Ok(ExitCode::SUCCESS)
}
