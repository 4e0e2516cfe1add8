//! Hot reload: prepares the new version of a pack aside, and has the pipeline swap it in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use lanner_engine::{Candidate, Description, Handover, Order, PackError, Placed, Refusal, Runtime, Set};

use super::board::Board;
use super::exchange::{self, Ended};
use super::load;
use super::locate::{Located, is_pack, is_there};
use super::steer::Shadowing;
use super::watch::{Change, Eyes};
use super::way::links_on;

/// A file is looked at when nothing has happened to it for this long: writing a pack takes several steps.
const SETTLE: Duration = Duration::from_millis(100);
/// How often it is looked for named paths that are not there yet.
const MISSING: Duration = Duration::from_secs(1);

/// A pack that can be put in place.
struct Prepared {
    path: PathBuf,
    digest: [u8; 32],
    candidate: Candidate,
    /// How long that took.
    took: Duration,
}

pub(super) struct Reloader {
    pub(super) runtime: Runtime,
    pub(super) located: Located,
    /// The links on the ways to the named paths.
    links: BTreeSet<PathBuf>,
    /// What runs, by path: the digest of its bytes.
    pub(super) known: BTreeMap<PathBuf, [u8; 32]>,
    /// Of these, those that a link does not lead to any more: they end when what it leads to now is in place.
    leaving: Vec<PathBuf>,
    /// Of these, those whose folder went with them: they go on until they are seen again.
    orphans: BTreeSet<PathBuf>,
    pub(super) board: Board,
    pub(super) orders: Sender<Order>,
    /// What runs in place of what its file holds: the digest of that, where it is known.
    pub(super) others: BTreeMap<PathBuf, Option<[u8; 32]>>,
    /// Those that run in the shadow of others.
    pub(super) shadows: Vec<Shadowing>,
    eyes: Eyes,
}

impl Reloader {
    pub(super) fn new(
        runtime: Runtime,
        located: Located,
        known: BTreeMap<PathBuf, [u8; 32]>,
        board: Board,
        orders: Sender<Order>,
        eyes: Eyes,
    ) -> Self {
        let links = links(&located);
        let mut reloader = Self {
            runtime,
            located,
            links,
            known,
            leaving: Vec::new(),
            orphans: BTreeSet::new(),
            board,
            orders,
            others: BTreeMap::new(),
            shadows: Vec::new(),
            eyes,
        };
        reloader.watch();
        reloader.note_missing();
        reloader
    }

    /// Looks whether what was missing is there; says whether it is.
    fn find_missing(&mut self) -> bool {
        let before = self.located.missing.clone();
        let found = self.located.find_missing();
        for path in before.iter().filter(|path| !self.located.missing.contains(path)) {
            self.board.clear(&path.to_string_lossy());
        }
        found
    }

    /// Notes which of the named paths are not there yet.
    fn note_missing(&self) {
        for path in &self.located.missing {
            self.board.set(&path.to_string_lossy(), &format!("there are no rules at {} yet", path.display()));
        }
    }

    pub(super) fn work(mut self, changes: &Receiver<Change>) {
        let mut unsettled: BTreeMap<PathBuf, Instant> = BTreeMap::new();
        // Files may have changed between being read and being watched.
        let mut everything = (!matches!(self.eyes, Eyes::Shut)).then(Instant::now);
        // What ran when somebody asked.
        let mut asked: Option<BTreeMap<PathBuf, [u8; 32]>> = None;
        // When it is to be looked for what nobody tells of.
        let mut look = Instant::now();
        loop {
            let pause = self.eyes.next_look().into_iter().chain(self.is_missing_some().then_some(MISSING)).min();
            let next = unsettled.values().copied().chain(everything).chain(pause.map(|_| look)).min();
            let changed = match next {
                None => changes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => changes.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            if let Some(pause) = pause.filter(|_| look <= Instant::now()) {
                look = Instant::now() + pause;
                if self.find_missing() || self.have_changed() {
                    everything = everything.or(Some(Instant::now()));
                }
            }
            let settled_at = Instant::now() + SETTLE;
            match changed {
                Ok(Change::At(path)) if self.links.contains(&path) => everything = everything.or(Some(settled_at)),
                Ok(Change::At(path)) if self.is_pack(&path) => {
                    unsettled.insert(path, settled_at);
                }
                Ok(Change::At(path)) if self.of_folder(&path).is_some() => {
                    unsettled.extend(self.of_folder(&path).map(|folder| (folder, settled_at)));
                }
                Ok(Change::At(path)) if !self.concerns_folder(&path) => {}
                Ok(Change::At(path)) => {
                    self.orphan(&path);
                    everything = everything.or(Some(settled_at));
                }
                Ok(Change::Anywhere) => everything = everything.or(Some(settled_at)),
                Ok(Change::Asked) => {
                    everything = everything.or(Some(settled_at));
                    asked.get_or_insert_with(|| self.known.clone());
                }
                Ok(Change::Steer(what)) => what(&mut self),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            let mut settled: BTreeSet<PathBuf> =
                unsettled.extract_if(.., |_, at| *at <= now).map(|(path, _)| path).collect();
            if everything.take_if(|at| *at <= now).is_some() {
                self.find_missing();
                self.follow_links();
                self.watch();
                settled.extend(self.all_paths());
            }
            // What is gone may be one half of a renaming whose other half has not settled yet.
            let gone = settled.extract_if(.., |path| !is_there(path)).collect::<Vec<_>>();
            if unsettled.is_empty() {
                settled.extend(gone);
            } else {
                unsettled.extend(gone.into_iter().map(|path| (path, settled_at)));
            }
            self.look_at(settled);
            if everything.is_none() && unsettled.is_empty() && asked.take().is_some_and(|before| before == self.known) {
                tracing::info!("the rules were looked at: {} files, as before", self.known.len());
            }
        }
    }

    /// These are the rules from here on, of which all run.
    pub(super) fn run_from(&mut self, located: Located, known: BTreeMap<PathBuf, [u8; 32]>) {
        for path in self.known.keys().chain(&self.located.missing) {
            self.board.clear(&path.to_string_lossy());
        }
        self.links = links(&located);
        (self.located, self.known) = (located, known);
        (self.orphans, self.leaving, self.others) = Default::default();
        self.watch();
    }

    /// Notes which packs went with a folder that something happened to.
    fn orphan(&mut self, folder: &Path) {
        let inside = self.known.keys().filter(|path| path.parent() == Some(folder)).cloned();
        self.orphans.extend(inside.collect::<Vec<_>>());
    }

    fn is_pack(&self, path: &Path) -> bool {
        self.located.files.iter().any(|file| file == path) || (self.in_folder(path) && is_pack(path))
    }

    /// The folder whose pack the file is a part of, as it may be one of rules of others.
    fn of_folder(&self, path: &Path) -> Option<PathBuf> {
        // Rules may lie in folders below it.
        let folder = self.located.folders.iter().filter(|folder| path.starts_with(folder));
        let folder = folder.max_by_key(|folder| folder.components().count())?;
        lanner_import::is_rules_file(path).then(|| folder.clone())
    }

    /// Whether it is one of the named folders, or something in one that packs may lie behind: a link, a folder.
    fn concerns_folder(&self, path: &Path) -> bool {
        let link_or_folder = || path.symlink_metadata().is_ok_and(|facts| !facts.is_file());
        self.located.folders.iter().any(|folder| folder == path || path.starts_with(folder) && link_or_folder())
    }

    fn in_folder(&self, path: &Path) -> bool {
        path.parent().is_some_and(|parent| self.located.folders.iter().any(|folder| folder == parent))
    }

    /// Looks where the named paths lead by now. Packs of the same file name are the same packs, in another place; those that
    /// are not there any more are unloaded.
    fn follow_links(&mut self) {
        for at in 0..self.located.named.len() {
            let (named, before) = self.located.named[at].clone();
            // Leads nowhere: what runs goes on, and it is looked at again when a link changes.
            let Ok(after) = named.canonicalize() else { continue };
            if after == before {
                continue;
            }
            tracing::info!("the rules {} are in {} now", named.display(), after.display());
            let moved = |path: &Path| {
                path.strip_prefix(&before).ok().map(|inner| match inner.as_os_str().is_empty() {
                    true => after.clone(),
                    false => after.join(inner),
                })
            };
            let running = self.known.keys().filter(|path| path.starts_with(&before)).cloned().collect::<Vec<_>>();
            for from in running {
                match moved(&from).filter(|to| to.exists() && !self.known.contains_key(to)) {
                    Some(to) => self.rename(&from, &to),
                    None => self.leaving.push(from),
                }
            }
            for path in self.located.folders.iter_mut().chain(&mut self.located.files) {
                *path = moved(path).unwrap_or_else(|| path.clone());
            }
            self.located.named[at].1.clone_from(&after);
        }
        self.links = links(&self.located);
    }

    /// Watches all that is to be watched by now: folders may be made anew, or links lead to others.
    fn watch(&mut self) {
        let mut folders = folders(&self.located);
        folders.extend(self.links.iter().filter_map(|link| link.parent()).map(Path::to_owned));
        self.eyes.watch(&folders);
    }

    fn is_missing_some(&self) -> bool {
        !matches!(self.eyes, Eyes::Shut) && !self.located.missing.is_empty()
    }

    /// Whether something changed, where nobody tells.
    fn have_changed(&mut self) -> bool {
        let mut paths: BTreeSet<PathBuf> = self.all_paths().collect();
        paths.extend(self.located.folders.iter().cloned());
        paths.extend(self.located.folders.iter().flat_map(|folder| lanner_import::files_in(folder)));
        // Where a named path leads to another place, the place is another.
        paths.extend(self.located.named.iter().filter_map(|(named, _)| named.canonicalize().ok()));
        self.eyes.have_changed(paths.into_iter())
    }

    /// All that run or could.
    fn all_paths(&self) -> impl Iterator<Item = PathBuf> + use<> {
        let found = self.located.folders.iter().filter_map(|folder| folder.read_dir().ok());
        let found = found.flat_map(|entries| entries.flatten().map(|entry| entry.path()));
        let folders = self.located.folders.iter().filter(|folder| is_there(folder)).cloned();
        let packs = found.filter(|path| is_pack(path) && path.is_file()).chain(folders);
        packs.chain(self.known.keys().chain(&self.located.files).cloned()).collect::<Vec<_>>().into_iter()
    }

    /// What has changed is put in place at once, so that rules can go from one pack to another; where one is refused, all others,
    /// so that one that is broken does not keep them from it.
    fn look_at(&mut self, paths: BTreeSet<PathBuf>) {
        let (there, gone): (Vec<PathBuf>, Vec<PathBuf>) = paths.into_iter().partition(|path| is_there(path));
        // A pack that was renamed is the same pack: it loses neither its state nor an event.
        let gone: Vec<PathBuf> =
            gone.into_iter().filter(|from| !there.iter().any(|to| self.renamed(from, to))).collect();
        let leaving = std::mem::take(&mut self.leaving).into_iter();
        let remove: Vec<PathBuf> = gone.into_iter().filter(|path| self.is_to_go(path)).chain(leaving).collect();
        // Names and rules are free then, perhaps for one that was refused before.
        let others =
            if remove.is_empty() { Vec::new() } else { self.all_paths().filter(|path| is_there(path)).collect() };
        let there: BTreeSet<PathBuf> = there.into_iter().chain(others).filter(|path| !remove.contains(path)).collect();
        self.orphans.retain(|path| !there.contains(path));
        let (mut there, mut remove) = (there, remove);
        // Each time one less: the one that is refused.
        while !there.is_empty() || !remove.is_empty() {
            let changed: Vec<Prepared> = there.iter().filter_map(|path| self.prepare(path)).collect();
            there.retain(|path| changed.iter().any(|prepared| prepared.path == *path));
            if changed.is_empty() && remove.is_empty() {
                return;
            }
            let Err(error) = self.exchange(changed, &remove) else { return };
            self.say_refused(&error);
            let before = there.len() + remove.len();
            there.remove(&error.path);
            remove.retain(|path| *path != error.path);
            if there.len() + remove.len() == before {
                return;
            }
        }
    }

    fn say_refused(&self, error: &PackError) {
        let goes_on = match self.known.contains_key(&error.path) {
            true => "the version before goes on",
            false => "it is not loaded",
        };
        tracing::error!("{error}; {goes_on}");
        self.board.set(&error.path.to_string_lossy(), &format!("{error}; {goes_on}"));
    }

    /// Whether a pack is to be unloaded as its file was removed from a folder of rules.
    fn is_to_go(&self, path: &Path) -> bool {
        if !self.known.contains_key(path) {
            return false;
        }
        let folder_is_there = path.parent().is_some_and(Path::is_dir);
        // Where a folder of rules of others is still there, they were removed from it.
        let inside =
            self.in_folder(path) || (path.is_dir() && self.located.folders.iter().any(|folder| folder == path));
        let unload = inside && folder_is_there && !self.orphans.contains(path);
        if !unload {
            let what = format!("pack {} is gone; the loaded version goes on", path.display());
            if self.board.set(&path.to_string_lossy(), &what) {
                tracing::warn!("{what}");
            }
        }
        unload
    }

    /// Whether the running pack that was at `from` is now at `to`; if so, that is noted.
    fn renamed(&mut self, from: &Path, to: &Path) -> bool {
        let Some(digest) = self.known.get(from).copied() else { return false };
        if self.known.contains_key(to) || !load::read(to).is_ok_and(|bytes| load::digest(&bytes) == digest) {
            return false;
        }
        self.rename(from, to);
        tracing::info!("pack {} is {} now, and goes on", from.display(), to.display());
        true
    }

    /// Notes that what runs from one path is at another.
    fn rename(&mut self, from: &Path, to: &Path) {
        // Nobody listens any more only when the host ends.
        let _ = self.orders.send(Order::Rename { from: from.to_owned(), to: to.to_owned() });
        if let Some(digest) = self.known.remove(from) {
            self.known.insert(to.to_owned(), digest);
        }
        if let Some(other) = self.others.remove(from) {
            self.others.insert(to.to_owned(), other);
        }
    }

    /// The digest of what runs from a path, where it is known.
    pub(super) fn runs(&self, path: &Path) -> Option<[u8; 32]> {
        self.others.get(path).copied().unwrap_or_else(|| self.known.get(path).copied())
    }

    /// A pack, ready to be put in place; nothing where it is the one that runs, or is refused, which is said.
    fn prepare(&mut self, path: &Path) -> Option<Prepared> {
        let began = Instant::now();
        let mut prepared = || -> Result<Option<Prepared>, Refusal> {
            let (bytes, report) = load::read_reported(path)?;
            let digest = load::digest(&bytes);
            if self.known.get(path) == Some(&digest) {
                return Ok(None);
            }
            if self.runs(path) == Some(digest) {
                // What was promoted lies where it runs from now.
                self.known.insert(path.to_owned(), digest);
                self.others.remove(path);
                return Ok(None);
            }
            let candidate = Candidate::prepare(&self.runtime, &bytes)?;
            report.iter().for_each(|report| load::say(path, report));
            Ok(Some(Prepared { path: path.to_owned(), digest, candidate, took: began.elapsed() }))
        };
        match prepared() {
            Ok(None) => {
                self.board.clear(&path.to_string_lossy());
                None
            }
            Ok(prepared) => prepared,
            Err(refusal) => {
                self.say_refused(&PackError { path: path.to_owned(), refusal });
                None
            }
        }
    }

    /// Has packs put in place and others taken out: all of it, or nothing.
    fn exchange(&mut self, packs: Vec<Prepared>, remove: &[PathBuf]) -> Result<(), PackError> {
        let began = Instant::now();
        let (mut set, mut said) = (Set { remove: remove.to_vec(), ..Set::default() }, Vec::new());
        for Prepared { path, digest, candidate, took } in packs {
            said.push((path.clone(), digest, candidate.description().clone(), took));
            set.packs.push((path, candidate));
        }
        let path = said.first().map(|(path, ..)| path).or(remove.first()).cloned().unwrap_or_default();
        let ending = || PackError { path, refusal: Refusal::Source("the host is ending".to_owned()) };
        let Placed { handovers, removed } = exchange::exchange(&self.orders, set).map_err(|Ended| ending())??;
        for path in remove {
            self.known.remove(path);
            self.others.remove(path);
            self.board.clear(&path.to_string_lossy());
        }
        for (path, description) in removed {
            tracing::warn!("pack {} is unloaded: its file is gone from {}", description.name, path.display());
        }
        for ((path, digest, description, took), handover) in said.into_iter().zip(&handovers) {
            say_loaded(&description, handover, took, took + began.elapsed());
            self.board.clear(&path.to_string_lossy());
            self.others.remove(&path);
            self.known.insert(path, digest);
        }
        if self.known.is_empty() {
            tracing::warn!("no rules from files are left");
        }
        Ok(())
    }
}

pub(super) fn say_loaded(description: &Description, handover: &Handover, prepared: Duration, total: Duration) {
    let Description { name, version, rules, .. } = description;
    let state = match handover {
        Handover::First => "new".to_owned(),
        Handover::State(bytes) => format!("reloaded, {bytes} bytes of state kept"),
        Handover::Failed => "reloaded; the version before had failed, so there is no state to keep".to_owned(),
    };
    let rules = rules.len();
    tracing::info!(
        "pack {name} {version} with {rules} rules: {state} (prepared in {prepared:.0?}, in place after {total:.0?})"
    );
}

/// The folders to watch. A replaced file is another inode: only its folder tells. A replaced folder is another inode too:
/// so those above the named ones are watched with them.
fn folders(located: &Located) -> BTreeSet<PathBuf> {
    let above_files = located.files.iter().filter_map(|file| file.parent());
    let above_folders = located.folders.iter().filter_map(|folder| folder.parent());
    let above = above_files.chain(above_folders).map(Path::to_owned);
    located.folders.iter().flat_map(|folder| lanner_import::folders_in(folder)).chain(above).collect()
}

/// The links on the ways to the named paths.
fn links(located: &Located) -> BTreeSet<PathBuf> {
    located.named.iter().flat_map(|(named, _)| links_on(named)).collect()
}
