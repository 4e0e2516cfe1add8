//! Which packs, as said on the command line; from there to an engine that runs them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lanner_engine::{
    Candidate, DEFAULT_MEMORY, Description, Engine, Limits, PackError, Runtime, Settings, Verdicts, cache,
};
use lanner_pack::lock::{self, Lock};
use lanner_pack::obtain::Obtainer;
use lanner_pack::reference::{Locator, Reference};
use lanner_pack::remote::Resolved;
use lanner_pack::{Followed, Loaded, Located};

use super::registries::Get;
use super::{Failure, duration};

/// Where packs lie when nothing is said.
const DEFAULT_RULES: &str = "/etc/lanner/rules";
/// Threads for packs at most; each pack stays on one.
const MAX_WORKERS: usize = 8;

/// The options that `run` and `replay` share.
#[derive(Debug, clap::Args)]
pub(super) struct Rules {
    /// A pack, a folder of packs, or a pack in a registry (oci://host/name:tag); may be given several times
    #[arg(long = "rules", value_name = "LOCATOR", default_value = DEFAULT_RULES)]
    locators: Vec<Locator>,
    #[command(flatten)]
    get: Get,
    /// Take a pack from a registry though it is older than the one accepted under that name before
    #[arg(long)]
    allow_downgrade: bool,
    /// The digests that names in registries stand for [default: lanner.lock, where there is one here]
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Take from registries only what the lock file has
    #[arg(long)]
    locked: bool,
    /// How much processor time one call into a pack may take
    #[arg(long, value_name = "TIME", default_value = "250ms", value_parser = duration)]
    pack_deadline: Duration,
    /// How much memory a pack may have, MiB
    #[arg(long, value_name = "MIB", default_value_t = (DEFAULT_MEMORY >> 20) as u32, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pack_memory: u32,
    /// Set something in a pack; may be given several times
    #[arg(long = "set", value_name = "PACK.NAME=VALUE", value_parser = setting)]
    settings: Vec<(String, String, String)>,
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
    pub(super) verdicts: Verdicts,
    pub(super) located: Located,
    pub(super) digests: BTreeMap<PathBuf, [u8; 32]>,
    /// The packs from registries.
    pub(super) remote: Vec<FromRegistry>,
}

/// A pack from a registry that runs.
pub(super) struct FromRegistry {
    pub(super) followed: Followed,
    /// Whether the lock file says which.
    pub(super) pinned: bool,
}

impl Rules {
    /// Finds, checks and loads all packs; for live events, or recorded ones.
    pub(super) fn load(&self, live: bool) -> Result<Ready, Failure> {
        let mut paths = Vec::new();
        let mut references: Vec<Reference> = Vec::new();
        for locator in &self.locators {
            match locator {
                Locator::Path(path) => paths.push(path.clone()),
                Locator::Registry(reference) if references.contains(reference) => {}
                Locator::Registry(reference) => references.push(reference.clone()),
            }
        }
        let located = if paths.is_empty() { Located::default() } else { lanner_pack::locate(&paths)? };
        let memory = (self.pack_memory as usize) << 20;
        let limits = Limits { deadline: self.pack_deadline, memory, shared: live };
        let mut settings = Settings::default();
        self.settings.iter().for_each(|(pack, name, value)| settings.set(pack, name, value));
        let runtime = Runtime::new(limits, self.cache_folder()?)?.with_settings(settings.clone());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut engine, verdicts) = Engine::start(runtime, threads.min(MAX_WORKERS))?;
        let mut digests = BTreeMap::new();
        for path in &located.files {
            let Loaded { candidate, digest } = lanner_pack::load(engine.runtime(), path)?;
            engine.install(path, candidate).map_err(|refusal| PackError { path: path.clone(), refusal })?;
            digests.insert(path.clone(), digest);
        }
        let remote = if references.is_empty() { Vec::new() } else { self.load_remote(&references, &mut engine)? };
        let known = |pack: &&str| engine.packs().any(|(_, description)| description.name == *pack);
        if let Some(pack) = settings.packs().find(|pack| !known(pack)) {
            return Err(format!("--set names the pack {pack}, and no loaded pack is called so").into());
        }
        Ok(Ready { engine, verdicts, located, digests, remote })
    }

    /// What it takes to get packs from registries.
    pub(super) fn obtainer(&self) -> Result<Obtainer, Failure> {
        self.get.obtainer(self.allow_downgrade)
    }

    fn load_remote(&self, references: &[Reference], engine: &mut Engine) -> Result<Vec<FromRegistry>, Failure> {
        let obtainer = self.obtainer()?;
        let lock = self.read_lock()?;
        let mut loaded = Vec::new();
        for reference in references {
            let pin = lock.as_ref().and_then(|lock| lock.pins.get(reference));
            if self.locked && pin.is_none() {
                return Err(format!(
                    "{reference} is not in the lock file; add it with `lanner pack update {reference}`"
                )
                .into());
            }
            let obtained = match pin {
                Some(pin) => {
                    let exact = Reference::of_digest(reference.repository().clone(), pin.digest);
                    obtainer.obtain_resolved(&exact, Resolved { digest: pin.digest, etag: None })?
                }
                None => obtainer.obtain(reference)?,
            };
            let path = Followed::path(reference);
            let refused = |refusal| PackError { path: path.clone(), refusal };
            let candidate = Candidate::prepare(engine.runtime(), &obtained.component).map_err(refused)?;
            let version = candidate.description().semver();
            let digest = obtained.resolved.digest;
            // Who pins an older version means it.
            if pin.is_none() {
                obtainer.check_downgrade(reference, digest, &version)?;
            }
            engine.install(&path, candidate).map_err(refused)?;
            if let Ok(verdict) = &obtained.trust {
                tracing::info!("{reference} is {digest}, version {version}: {verdict}");
            }
            if pin.is_none() {
                obtainer.accept(reference, digest, &version)?;
            }
            let followed =
                Followed { reference: reference.clone(), resolved: obtained.resolved, in_use: obtained.in_use };
            loaded.push(FromRegistry { followed, pinned: pin.is_some() });
        }
        Ok(loaded)
    }

    fn read_lock(&self) -> Result<Option<Lock>, Failure> {
        let path = self.lock.as_deref().unwrap_or(Path::new(lock::FILE));
        let lock = Lock::read(path)?;
        if lock.is_none() && (self.lock.is_some() || self.locked) {
            let path = path.display();
            return Err(format!(
                "there is no lock file {path}; write one with `lanner pack update --lock {path} oci://…`"
            )
            .into());
        }
        Ok(lock)
    }

    fn cache_folder(&self) -> Result<Option<PathBuf>, Failure> {
        if self.no_cache {
            return Ok(None);
        }
        if let Some(folder) = &self.cache {
            return Ok(Some(cache::prepare(folder)?));
        }
        let Some(folder) = cache::default_folder() else { return Ok(None) };
        // Nobody asked for it, and it only saves time.
        match cache::prepare(&folder) {
            Ok(folder) => Ok(Some(folder)),
            Err(error) => {
                tracing::warn!("packs are compiled at each start: {error}");
                Ok(None)
            }
        }
    }
}

/// `pack.name=value`.
fn setting(text: &str) -> Result<(String, String, String), String> {
    let setting = text.split_once('=').and_then(|(name, value)| {
        let (pack, name) = name.split_once('.')?;
        (!pack.is_empty() && !name.is_empty()).then(|| (pack.to_owned(), name.to_owned(), value.to_owned()))
    });
    setting.ok_or_else(|| "it is written PACK.NAME=VALUE, such as starter.quiet=true".to_owned())
}

/// `1 pack, 8 rules`.
pub(super) fn summary(engine: &Engine) -> String {
    let packs = engine.packs().count();
    let count = |of: fn(&Description) -> usize| engine.packs().map(|(_, pack)| of(pack)).sum::<usize>();
    let left_out = count(|pack| pack.left_out.len());
    let rules = count(|pack| pack.rules.len()) - left_out;
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let without = if left_out == 0 { String::new() } else { format!(" ({left_out} left out)") };
    format!("{}, {}{without}", plural(packs, "pack"), plural(rules, "rule"))
}
