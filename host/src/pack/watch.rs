//! Hot reload: notices that a pack file changed, prepares the new version aside, and has the pipeline swap it in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use notify::{EventKind, RecursiveMode, Watcher as _};

use super::load;
use super::locate::{Located, is_pack};
use crate::engine::{Candidate, Description, Handover, PackError, Refusal, Runtime};
use crate::pipeline::Order;

/// A file is looked at when nothing has happened to it for this long: writing a pack takes several steps.
const SETTLE: Duration = Duration::from_millis(100);

/// The rules cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("changes of the rules in {path} cannot be watched: {error}; start with --no-reload to run without", path = path.display())]
pub struct WatchError {
    path: PathBuf,
    error: notify::Error,
}

/// Watches pack files. Ends when dropped.
pub struct Watcher {
    _notify: notify::RecommendedWatcher,
}

impl Watcher {
    /// Watches these packs, of which `known` are running, by path and digest.
    ///
    /// # Errors
    /// The folders they lie in cannot be watched.
    pub fn start(
        runtime: Runtime,
        located: &Located,
        known: BTreeMap<PathBuf, [u8; 32]>,
        orders: Sender<Order>,
    ) -> Result<Self, WatchError> {
        let (changed, changes) = channel();
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| WatchError { path, error }
        };
        let mut notify = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if matches!(
                event.kind,
                EventKind::Access(notify::event::AccessKind::Open(_) | notify::event::AccessKind::Read)
            ) {
                return;
            }
            for path in event.paths {
                // The reloader is gone only when the host ends.
                let _ = changed.send(path);
            }
        })
        .map_err(failed(Path::new("/")))?;
        // A replaced file is another inode: only its folder tells.
        let mut folders: BTreeSet<&Path> = located.folders.iter().map(PathBuf::as_path).collect();
        folders.extend(located.files.iter().filter_map(|file| file.parent()));
        for folder in folders {
            notify.watch(folder, RecursiveMode::NonRecursive).map_err(failed(folder))?;
        }
        let reloader = Reloader { runtime, located: located.clone(), known, orders };
        std::thread::Builder::new()
            .name("lanner-reload".into())
            .spawn(move || reloader.work(&changes))
            .map_err(|error| failed(Path::new("/"))(notify::Error::io(error)))?;
        Ok(Self { _notify: notify })
    }
}

struct Reloader {
    runtime: Runtime,
    located: Located,
    /// What runs, by path: the digest of its bytes.
    known: BTreeMap<PathBuf, [u8; 32]>,
    orders: Sender<Order>,
}

impl Reloader {
    fn work(mut self, changes: &Receiver<PathBuf>) {
        let mut unsettled: BTreeMap<PathBuf, Instant> = BTreeMap::new();
        loop {
            let next = unsettled.values().min().map(|at| at.saturating_duration_since(Instant::now()));
            let changed = match next {
                None => changes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => changes.recv_timeout(wait),
            };
            match changed {
                Ok(path) if self.concerns_us(&path) => {
                    unsettled.insert(path, Instant::now() + SETTLE);
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let now = Instant::now();
            let settled: Vec<PathBuf> =
                unsettled.iter().filter(|(_, at)| **at <= now).map(|(path, _)| path.clone()).collect();
            for path in settled {
                unsettled.remove(&path);
                self.look_at(&path);
            }
        }
    }

    fn concerns_us(&self, path: &Path) -> bool {
        self.located.files.iter().any(|file| file == path) || (self.in_folder(path) && is_pack(path))
    }

    fn in_folder(&self, path: &Path) -> bool {
        path.parent().is_some_and(|parent| self.located.folders.iter().any(|folder| folder == parent))
    }

    fn look_at(&mut self, path: &Path) {
        if path.exists() {
            if let Err(error) = self.reload(path) {
                match self.known.contains_key(path) {
                    true => tracing::error!("{error}; the version before goes on"),
                    false => tracing::error!("{error}; it is not loaded"),
                }
            }
        } else if self.known.contains_key(path) {
            if self.in_folder(path) {
                self.unload(path);
            } else {
                tracing::warn!("pack {} is gone; the loaded version goes on", path.display());
            }
        }
    }

    fn reload(&mut self, path: &Path) -> Result<(), PackError> {
        let refused = |refusal| PackError { path: path.to_owned(), refusal };
        let began = Instant::now();
        let bytes = load::read(path).map_err(refused)?;
        let digest = load::digest(&bytes);
        if self.known.get(path) == Some(&digest) {
            return Ok(());
        }
        let candidate = Candidate::prepare(&self.runtime, &bytes, &[]).map_err(refused)?;
        let description = candidate.description().clone();
        let prepared = began.elapsed();
        let (reply, answer) = channel();
        let order = Order::Install { path: path.to_owned(), candidate: Box::new(candidate), reply };
        let ended = || refused(Refusal::Source("the host is ending".to_owned()));
        self.orders.send(order).map_err(|_| ended())?;
        let handover = answer.recv().map_err(|_| ended())?.map_err(refused)?;
        self.known.insert(path.to_owned(), digest);
        say_loaded(&description, &handover, prepared, began.elapsed());
        Ok(())
    }

    fn unload(&mut self, path: &Path) {
        let (reply, answer) = channel();
        if self.orders.send(Order::Remove { path: path.to_owned(), reply }).is_err() {
            return;
        }
        self.known.remove(path);
        if let Ok(Some(description)) = answer.recv() {
            tracing::warn!("pack {} is unloaded: its file is gone from {}", description.name, path.display());
        }
    }
}

fn say_loaded(description: &Description, handover: &Handover, prepared: Duration, total: Duration) {
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
