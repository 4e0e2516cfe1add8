//! Which packs, as said on the command line; from there to an engine that runs them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use super::{Failure, duration};
use crate::engine::{self, Engine, Limits, PackError, Runtime, Verdict, cache};
use crate::pack::{self, Located};

/// Where packs lie when nothing is said.
const DEFAULT_RULES: &str = "/etc/lanner/rules";
/// Threads for packs at most; each pack stays on one.
const MAX_WORKERS: usize = 8;

/// The options that `run` and `replay` share.
#[derive(Debug, clap::Args)]
pub(super) struct Rules {
    /// A pack, or a folder of packs; may be given several times
    #[arg(long = "rules", value_name = "PATH", default_value = DEFAULT_RULES)]
    paths: Vec<PathBuf>,
    /// How long one call into a pack may take
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = duration)]
    pack_deadline: Duration,
    /// How much memory a pack may have, MiB
    #[arg(long, value_name = "MIB", default_value_t = (engine::DEFAULT_MEMORY >> 20) as u32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pack_memory: u32,
    /// Where compiled packs are kept [default: /var/cache/lanner for root, else the user's cache folder]
    #[arg(long, value_name = "FOLDER")]
    cache: Option<PathBuf>,
    /// Keep no compiled packs
    #[arg(long, conflicts_with = "cache")]
    no_cache: bool,
}

/// An engine with the packs loaded.
pub(super) struct Ready {
    pub(super) engine: Engine,
    pub(super) verdicts: Receiver<Verdict>,
    pub(super) located: Located,
    pub(super) digests: BTreeMap<PathBuf, [u8; 32]>,
}

impl Rules {
    /// Finds, checks and loads all packs; for live events, or recorded ones.
    pub(super) fn load(&self, live: bool) -> Result<Ready, Failure> {
        let located = pack::locate(&self.paths)?;
        let memory = (self.pack_memory as usize) << 20;
        let limits = Limits { deadline: self.pack_deadline, memory, shared: live };
        let runtime = Runtime::new(limits, self.cache_folder()?)?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut engine, verdicts) = Engine::start(runtime, threads.min(MAX_WORKERS))?;
        let mut digests = BTreeMap::new();
        for path in &located.files {
            let pack::Loaded { candidate, digest } = pack::load(engine.runtime(), path)?;
            engine.install(path, candidate).map_err(|refusal| PackError { path: path.clone(), refusal })?;
            digests.insert(path.clone(), digest);
        }
        Ok(Ready { engine, verdicts, located, digests })
    }

    fn cache_folder(&self) -> Result<Option<PathBuf>, Failure> {
        if self.no_cache {
            return Ok(None);
        }
        match self.cache.clone().or_else(cache::default_folder) {
            Some(folder) => Ok(Some(cache::prepare(&folder)?)),
            None => Ok(None),
        }
    }
}

/// `1 pack, 8 rules`.
pub(super) fn summary(engine: &Engine) -> String {
    let packs = engine.packs().count();
    let rules: usize = engine.packs().map(|(_, description)| description.rules.len()).sum();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    format!("{}, {}", plural(packs, "pack"), plural(rules, "rule"))
}
