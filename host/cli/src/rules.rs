//! Which packs, as said on the command line; from there to an engine that runs them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lanner_engine::{
    Candidate, DEFAULT_MEMORY, Description, Engine, Limits, PackError, Runtime, Settings, Verdicts, cache,
};
use lanner_pack::digest::Digest;
use lanner_pack::layout::{Archive, Saved};
use lanner_pack::lock::{Lock, Pin};
use lanner_pack::obtain::{Obtained, Obtainer};
use lanner_pack::reference::{Locator, Reference};
use lanner_pack::store::Store;
use lanner_pack::transfer;
use lanner_pack::{Followed, Loaded, Located, RegistryList, Running, Table};

use super::lists;
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
    /// [default: all that the lock file has, where one is named; else /etc/lanner/rules]
    #[arg(long = "rules", value_name = "LOCATOR")]
    locators: Vec<Locator>,
    #[command(flatten)]
    pub(super) get: Get,
    /// Take a pack from a registry though it is older than the one accepted under that name before, or another pack
    #[arg(long)]
    allow_downgrade: bool,
    /// The digests that names in registries stand for, as `lanner pack install` and `lanner pack update` write them
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
    /// Run all that the lock file pins, beside the rules that are named
    #[arg(long, requires = "lock")]
    pinned: bool,
    /// Packs from registries in a file, as `lanner pack save` writes it: of what is pinned, what the local store lacks is taken from
    /// there
    #[arg(long, value_name = "FILE", requires = "lock")]
    archive: Option<PathBuf>,
    /// Take from registries only what the lock file has
    #[arg(long, requires = "lock")]
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
    #[command(flatten)]
    pub(super) lists: lists::GivenLists,
    #[command(flatten)]
    pub(super) place: lists::ListsFolder,
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
    /// The packs from registries, where there are some.
    pub(super) remote: Option<FromRegistries>,
    /// The lists from registries.
    pub(super) remote_lists: Vec<Arc<RegistryList>>,
}

/// Packs from registries.
pub(super) struct FromRegistries {
    pub(super) obtainer: Arc<Obtainer>,
    /// What of them runs.
    pub(super) running: Table,
    /// Those that a tag names.
    pub(super) followed: Vec<Followed>,
    /// Those of which the lock file says which they are.
    pub(super) pinned: Vec<Reference>,
}

/// How packs are loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Loading {
    /// To judge live events: packs share the processors.
    pub(super) live: bool,
    /// What was accepted from a registry before is taken without asking it, which is done afterwards.
    pub(super) kept_first: bool,
    /// What is not there yet, or is refused, is waited for.
    pub(super) waits: bool,
    /// Only to see whether they can be: no registry is asked.
    pub(super) tries: bool,
}

impl Rules {
    /// Finds, checks and loads all packs.
    pub(super) fn load(&self, loading: Loading) -> Result<Ready, Failure> {
        let lock = self.read_lock()?;
        let (paths, mut references) = self.split(lock.as_ref())?;
        let all_there = references.is_empty() || !loading.tries;
        if loading.tries {
            references.clear();
        }
        let located = match loading.waits {
            _ if paths.is_empty() => Located::default(),
            true => lanner_pack::locate_what_is_there(&paths),
            false => lanner_pack::locate(&paths)?,
        };
        let memory = (self.pack_memory as usize) << 20;
        let limits = Limits { deadline: self.pack_deadline, memory, shared: loading.live, ..Limits::default() };
        let settings = self.settings();
        let obtainer = || self.get.obtainer(self.allow_downgrade);
        let given = if loading.tries { self.lists.without_registries() } else { self.lists.clone() };
        let lists::Opened { lists, remote: remote_lists } =
            given.open_with(&self.place, loading.live, obtainer, loading.kept_first)?;
        let runtime =
            Runtime::new(limits, self.cache_folder()?)?.with_settings(settings.clone()).with_lists(lists.clone());
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut engine, verdicts) = Engine::start(runtime, threads.min(MAX_WORKERS))?;
        let mut digests = BTreeMap::new();
        for path in &located.files {
            match load_file(&mut engine, path) {
                Ok(digest) => {
                    digests.insert(path.clone(), digest);
                }
                // The one that waits for it says why it is refused.
                Err(_) if loading.waits && !loading.tries => {}
                Err(error) => return Err(error.into()),
            }
        }
        let remote = match references.is_empty() {
            true => None,
            false => Some(self.load_remote(&references, lock.as_ref(), &mut engine, loading)?),
        };
        let known = |pack: &&str| engine.packs().any(|(_, description)| description.name == *pack);
        if let Some(pack) = settings.packs().find(|pack| !known(pack)) {
            let unknown = format!("--set names the pack {pack}, and no loaded pack is called so");
            if !loading.waits && all_there {
                return Err(unknown.into());
            }
            tracing::warn!("{unknown} yet");
        }
        self.lists.check_used(&lists, loading.waits || !all_there)?;
        Ok(Ready { engine, verdicts, located, digests, remote, remote_lists })
    }

    /// What is set in packs.
    pub(super) fn settings(&self) -> Settings {
        let mut settings = Settings::default();
        self.settings.iter().for_each(|(pack, name, value)| settings.set(pack, name, value));
        settings
    }

    /// The rules that are named: paths, and names in registries.
    pub(super) fn named(&self) -> Result<(Vec<PathBuf>, Vec<Reference>), Failure> {
        let lock = if self.locators.is_empty() || self.pinned { self.read_lock()? } else { None };
        self.split(lock.as_ref())
    }

    /// Whether the command line, or what completes it, names rules.
    pub(super) fn names_some(&self) -> bool {
        !self.locators.is_empty()
    }

    fn split(&self, lock: Option<&Lock>) -> Result<(Vec<PathBuf>, Vec<Reference>), Failure> {
        let (mut paths, mut references) = (Vec::new(), Vec::new());
        for locator in self.locators(lock)? {
            match locator {
                Locator::Path(path) => paths.push(path),
                Locator::Registry(reference) if references.contains(&reference) => {}
                Locator::Registry(reference) => references.push(reference),
            }
        }
        Ok((paths, references))
    }

    /// Which rules: where nothing is said, what the lock file pins, or those of the usual folder.
    fn locators(&self, lock: Option<&Lock>) -> Result<Vec<Locator>, Failure> {
        match (self.locators.is_empty(), lock, &self.lock) {
            (false, Some(lock), _) if self.pinned => {
                let pinned = lock.pins.keys().cloned().map(Locator::Registry);
                Ok(self.locators.iter().cloned().chain(pinned).collect())
            }
            (false, ..) => Ok(self.locators.clone()),
            (true, Some(lock), Some(path)) if lock.pins.is_empty() => {
                let path = path.display();
                Err(format!(
                    "the lock file {path} pins no pack, so there are no rules; add one with `lanner pack install NAME --lock {path}`, \
                     or name others with --rules"
                )
                .into())
            }
            (true, Some(lock), _) => Ok(lock.pins.keys().cloned().map(Locator::Registry).collect()),
            (true, None, _) => Ok(vec![Locator::Path(DEFAULT_RULES.into())]),
        }
    }

    fn load_remote(
        &self,
        references: &[Reference],
        lock: Option<&Lock>,
        engine: &mut Engine,
        loading: Loading,
    ) -> Result<FromRegistries, Failure> {
        let obtainer = Arc::new(self.get.obtainer(self.allow_downgrade)?);
        let pin = |reference: &Reference| lock.and_then(|lock| lock.pins.get(reference));
        if let Some(archive) = &self.archive {
            take_from(archive, &obtainer.store, references.iter().filter_map(pin))?;
        }
        // What is there already, by its name; and what is asked for, with the name to ask by.
        let mut kept = BTreeMap::new();
        let mut wanted = BTreeMap::new();
        for reference in references {
            let pin = pin(reference);
            if self.locked && pin.is_none() {
                return Err(format!(
                    "{reference} is not in the lock file; add it with `lanner pack update {reference}`"
                )
                .into());
            }
            if let Some(pin) = pin {
                wanted.insert(reference, Reference::of_digest(reference.repository().clone(), pin.digest));
            } else if loading.kept_first
                && let Some(obtained) = obtainer.obtain_kept(reference)?
            {
                // A machine is watched with what it has; the registry is asked when it is.
                kept.insert(reference, obtained);
            } else if !loading.waits {
                wanted.insert(reference, reference.clone());
            }
        }
        let names: Vec<Reference> = wanted.values().cloned().collect();
        let mut asked: BTreeMap<_, _> = wanted.into_keys().zip(obtainer.obtain_all(&names)).collect();
        let mut remote =
            FromRegistries { obtainer, running: Table::default(), followed: Vec::new(), pinned: Vec::new() };
        for reference in references {
            let (obtained, fresh) = match (kept.remove(reference), asked.remove(reference)) {
                (Some(obtained), _) => (Some(obtained), false),
                (None, Some(obtained)) => (Some(obtained?), true),
                (None, None) => (None, false),
            };
            let pin = pin(reference);
            let running = obtained
                .map(|obtained| install_remote(engine, &remote.obtainer, reference, obtained, pin, fresh))
                .transpose();
            let running = match running {
                // Whoever follows it says why, and waits.
                Err(_) if loading.waits && pin.is_none() => None,
                running => running?,
            };
            let runs = running.is_some();
            if let Some(running) = running {
                remote.running.insert(reference.clone(), running);
            }
            if pin.is_some() {
                remote.pinned.push(reference.clone());
            } else if reference.tag().is_some() || !runs {
                remote.followed.push(Followed { reference: reference.clone(), fresh: fresh && runs });
            }
        }
        Ok(remote)
    }

    fn read_lock(&self) -> Result<Option<Lock>, Failure> {
        // Only the one that is named: whoever can write to the folder that this was started in has no say.
        let Some(path) = &self.lock else { return Ok(None) };
        let lock = Lock::read(path)?;
        let path = path.display();
        let Some(lock) = lock else {
            return Err(format!(
                "there is no lock file {path}; write one with `lanner pack update --lock {path} oci://…`"
            )
            .into());
        };
        tracing::info!("the lock file {path} says which packs are taken under {} names", lock.pins.len());
        Ok(Some(lock))
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

/// Has the store keep what is pinned and only an archive has, or has more signatures of. Whether it is trusted is asked when it is loaded.
fn take_from<'a>(archive: &Path, store: &Store, pins: impl Iterator<Item = &'a Pin>) -> Result<(), Failure> {
    let pinned: BTreeSet<Digest> = pins.map(|pin| pin.digest).collect();
    if pinned.is_empty() {
        return Ok(());
    }
    let path = archive.display();
    let index = store.index()?;
    let file = File::open(archive).map_err(|error| format!("the archive of packs {path} cannot be read: {error}"));
    let read = file.and_then(|file| Archive::read(BufReader::new(file)).map_err(|error| format!("{path}: {error}")));
    let archive = match read {
        Ok(archive) => archive,
        Err(why) if pinned.iter().all(|digest| index.pack(*digest).is_some()) => {
            tracing::warn!("{why}; the store has all that is pinned");
            return Ok(());
        }
        Err(why) => return Err(why.into()),
    };
    let lacks =
        |pack: &Saved| index.pack(pack.digest).is_none_or(|kept| !kept.signatures.is_superset(&pack.signatures));
    for pack in archive.packs.iter().filter(|pack| pinned.contains(&pack.digest) && lacks(pack)) {
        transfer::keep(&archive, pack, store)?;
    }
    Ok(())
}

/// Loads a pack file; gives the digest of its bytes.
fn load_file(engine: &mut Engine, path: &Path) -> Result<[u8; 32], PackError> {
    let Loaded { candidate, digest } = lanner_pack::load(engine.runtime(), path)?;
    engine.install(path, candidate).map_err(|refusal| PackError { path: path.to_owned(), refusal })?;
    Ok(digest)
}

/// Loads a pack that was obtained.
fn install_remote(
    engine: &mut Engine,
    obtainer: &Obtainer,
    reference: &Reference,
    obtained: Obtained,
    pin: Option<&Pin>,
    fresh: bool,
) -> Result<Running, Failure> {
    let from = if fresh { "" } else { " (from the store, as it was accepted before)" };
    let path = Followed::path(reference);
    let refused = |refusal| PackError { path: path.clone(), refusal };
    let candidate = Candidate::prepare(engine.runtime(), &obtained.component).map_err(refused)?;
    let description = candidate.description().clone();
    let (version, digest) = (description.semver(), obtained.resolved.digest);
    match pin {
        // Who pins an older version means it; but what he reads there is to be what he gets.
        Some(pin) => {
            obtainer.check_admitted(reference, &description)?;
            if (&pin.name, &pin.version) != (&description.name, &version) {
                return Err(format!(
                    "pack {reference} is refused: the lock file says that {digest} is {} {}, and it is {} {version}; \
                     write the lock file anew with `lanner pack update`",
                    pin.name, pin.version, description.name
                )
                .into());
            }
        }
        None => {
            obtainer.check_accepted(reference, digest, &description)?;
            obtainer.warn_of_rules_gone(reference, &description)?;
        }
    }
    engine.install(&path, candidate).map_err(refused)?;
    if let Ok(verdict) = &obtained.trust {
        tracing::info!("{reference} is {digest}{from}, version {version}: {verdict}");
    }
    if pin.is_none() {
        obtainer.accept(reference, digest, &description)?;
    }
    Ok(Running { resolved: obtained.resolved, in_use: obtained.in_use, description })
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
pub(super) fn summary<'a>(packs: impl Iterator<Item = &'a Arc<Description>> + Clone) -> String {
    let count = |of: fn(&Description) -> usize| packs.clone().map(|pack| of(pack)).sum::<usize>();
    let left_out = count(|pack| pack.left_out.len());
    let rules = count(|pack| pack.rules.len()) - left_out;
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let without = if left_out == 0 { String::new() } else { format!(" ({left_out} left out)") };
    format!("{}, {}{without}", plural(packs.count(), "pack"), plural(rules, "rule"))
}
