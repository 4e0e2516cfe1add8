//! Notices that the files and folders of rules changed: as the kernel tells, or, where it does not, by looking.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use lanner_engine::{Order, Runtime};
use lanner_watch::Facts;
use notify::event::AccessKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::apply::{ApplyError, Report, Wish};
use super::board::Board;
use super::configure::{Configured, Wanted};
use super::locate::Located;
use super::reload::Reloader;
use super::steer::Steered;

/// How often it is looked whether the rules changed, where the kernel does not tell.
pub(super) const LOOK: Duration = Duration::from_secs(2);

/// When changed packs are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// As they change.
    AsTheyChange,
    /// When [`Watcher::look`] is called, and only then.
    WhenAsked,
}

/// Loads packs whose files change. Ends when dropped.
pub struct Watcher {
    changed: Sender<Change>,
    _told: Option<Arc<Mutex<RecommendedWatcher>>>,
}

/// What happened, as far as it matters.
pub(super) enum Change {
    /// Something happened to this path.
    At(PathBuf),
    /// It is not known what was missed.
    Anywhere,
    /// Somebody asks to look at everything, and wants to know what came of it.
    Asked,
    /// Somebody steers.
    Steer(Box<dyn FnOnce(&mut Reloader) + Send>),
}

impl Watcher {
    /// Watches these packs, of which `known` are running, by path and digest. What has changed since they were read is
    /// noticed too. Where the kernel does not tell of changes, that is said, and they are looked for.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(
        runtime: Runtime,
        located: Located,
        known: BTreeMap<PathBuf, [u8; 32]>,
        board: Board,
        orders: Sender<Order>,
        reload: Reload,
    ) -> std::io::Result<Self> {
        let (changed, changes) = channel();
        let told = match reload {
            Reload::WhenAsked => None,
            Reload::AsTheyChange => Told::start(&changed).inspect_err(say_why_not).ok(),
        };
        // Held weakly by the one that reloads: changes end when the watcher is dropped, and its thread with them.
        let eyes = match (&told, reload) {
            (Some(told), _) => Eyes::Told(Told { notify: Arc::downgrade(told), watched: BTreeSet::new() }),
            (None, Reload::AsTheyChange) => Eyes::Looks(Looks::default()),
            (None, Reload::WhenAsked) => Eyes::Shut,
        };
        let reloader = Reloader::new(runtime, located, known, board, orders, eyes);
        std::thread::Builder::new().name("lanner-reload".into()).spawn(move || reloader.work(&changes))?;
        Ok(Self { changed, _told: told })
    }

    /// Looks at all rules now.
    pub fn look(&self) {
        // The reloader is gone only when the host ends.
        let _ = self.changed.send(Change::Asked);
    }

    /// For who may want other rules.
    pub fn steering(&self) -> Steering {
        Steering(self.changed.clone())
    }
}

/// Changes what runs, one wish after the other, and each between two changes of files. Cheap to clone.
#[derive(Clone)]
pub struct Steering(Sender<Change>);

impl Steering {
    fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Reloader) -> Result<T, ApplyError> + Send + 'static,
    ) -> Result<T, ApplyError> {
        let (reply, answer) = channel();
        let what = move |reloader: &mut Reloader| {
            // Who asks may have gone.
            let _ = reply.send(what(reloader));
        };
        self.0.send(Change::Steer(Box::new(what))).map_err(|_| ApplyError::Ended)?;
        answer.recv().map_err(|_| ApplyError::Ended)?
    }

    /// Makes other files the rules, all at once or not at all; or says what that would change. Waits until it is done: each new
    /// pack is compiled first.
    ///
    /// # Errors
    /// Nothing was changed, and why.
    pub fn apply(&self, wish: Wish) -> Result<Report, ApplyError> {
        self.ask(move |reloader| reloader.apply(&wish))
    }

    /// Has other files be the rules, and other things be set in packs: all at once, or nothing. Waits until it is done.
    ///
    /// # Errors
    /// Nothing was changed, and why.
    pub fn configure(&self, wanted: Wanted) -> Result<Configured, ApplyError> {
        self.ask(move |reloader| reloader.configure(&wanted))
    }

    /// Has the pack of a file run in the shadow of the one of its name that runs: on the same events, from a copy of its state;
    /// what it finds is compared, and not raised. Waits until it does.
    ///
    /// # Errors
    /// It does not run, and why.
    pub fn shadow(&self, file: PathBuf) -> Result<Steered, ApplyError> {
        self.ask(move |reloader| reloader.shadow(&file))
    }

    /// Ends the one in the shadow of a pack.
    ///
    /// # Errors
    /// There is no such pack, or none in its shadow.
    pub fn unshadow(&self, pack: String) -> Result<Steered, ApplyError> {
        self.ask(move |reloader| reloader.unshadow(&pack))
    }

    /// Has the one in the shadow of a pack take its place, and its state. Waits until it is in place.
    ///
    /// # Errors
    /// The version that runs goes on, and why.
    pub fn promote(&self, pack: String) -> Result<Steered, ApplyError> {
        self.ask(move |reloader| reloader.promote(&pack))
    }

    /// Has a pack go back to the version that ran before, with the state that it had. Waits until it is in place.
    ///
    /// # Errors
    /// The version that runs goes on, and why.
    pub fn roll_back(&self, pack: String) -> Result<Steered, ApplyError> {
        self.ask(move |reloader| reloader.roll_back(&pack))
    }
}

/// How changes are noticed.
pub(super) enum Eyes {
    Told(Told),
    Looks(Looks),
    Shut,
}

impl Eyes {
    /// Has these folders watched, and no others.
    pub(super) fn watch(&mut self, folders: &BTreeSet<PathBuf>) {
        let Self::Told(told) = self else { return };
        if let Err(error) = told.watch(folders) {
            say_why_not(&error);
            *self = Self::Looks(Looks::default());
        }
    }

    /// How long until it is to be looked at all rules, where nobody tells.
    pub(super) fn next_look(&self) -> Option<Duration> {
        matches!(self, Self::Looks(_)).then_some(LOOK)
    }

    /// Whether these have changed since the last time, and have stayed so for one look.
    pub(super) fn have_changed(&mut self, paths: impl Iterator<Item = PathBuf>) -> bool {
        match self {
            Self::Looks(looks) => looks.have_changed(paths),
            Self::Told(_) | Self::Shut => false,
        }
    }
}

fn say_why_not(error: &notify::Error) {
    let why = match &error.kind {
        notify::ErrorKind::MaxFilesWatch => "all inotify watches are taken (fs.inotify.max_user_watches); sysctl \
                                             -w fs.inotify.max_user_watches=524288 gives more"
            .to_owned(),
        notify::ErrorKind::Io(error) if error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()) => {
            "all inotify instances, or all open files, are taken (fs.inotify.max_user_instances, RLIMIT_NOFILE); sysctl -w \
             fs.inotify.max_user_instances=1024 gives more"
                .to_owned()
        }
        _ => error.to_string(),
    };
    tracing::warn!("the kernel does not tell of changed rules, so it is looked for them every {LOOK:?}: {why}");
}

/// The kernel tells (inotify).
pub(super) struct Told {
    notify: Weak<Mutex<RecommendedWatcher>>,
    watched: BTreeSet<PathBuf>,
}

impl Told {
    fn start(changed: &Sender<Change>) -> notify::Result<Arc<Mutex<RecommendedWatcher>>> {
        let changed = changed.clone();
        Ok(Arc::new(Mutex::new(notify::recommended_watcher(move |event| report(event, &changed))?)))
    }

    fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> notify::Result<()> {
        let Some(notify) = self.notify.upgrade() else { return Ok(()) };
        let mut notify = notify.lock().unwrap_or_else(PoisonError::into_inner);
        for folder in self.watched.difference(folders) {
            // It may be gone, and its watch with it.
            let _ = notify.unwatch(folder);
        }
        self.watched.clone_from(folders);
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            // One that was made anew is watched anew; otherwise this does nothing.
            match notify.watch(folder, RecursiveMode::NonRecursive) {
                // It went just now.
                Err(_) if !folder.is_dir() => {}
                watched => watched?,
            }
        }
        Ok(())
    }
}

fn report(event: notify::Result<notify::Event>, changed: &Sender<Change>) {
    let report = |change| {
        // The reloader is gone only when the host ends.
        let _ = changed.send(change);
    };
    match event {
        Ok(event) if event.need_rescan() => report(Change::Anywhere),
        Ok(event) => match event.kind {
            EventKind::Access(AccessKind::Open(_) | AccessKind::Read) => {}
            _ => event.paths.into_iter().map(Change::At).for_each(report),
        },
        Err(error) => {
            tracing::debug!("changes of rules may have been missed: {error}");
            report(Change::Anywhere);
        }
    }
}

/// Nobody tells: what was seen at the last look.
#[derive(Default)]
pub(super) struct Looks {
    /// As they were when they were last said to have changed.
    known: Option<Seen>,
    last: Seen,
}

/// Paths, with what tells whether something at them is another, or has changed.
type Seen = BTreeMap<PathBuf, Option<Facts>>;

impl Looks {
    fn have_changed(&mut self, paths: impl Iterator<Item = PathBuf>) -> bool {
        let now: Seen = paths.map(|path| (Facts::of(&path), path)).map(|(facts, path)| (path, facts)).collect();
        let settled = now == self.last;
        self.last = now;
        let changed = settled && self.known.as_ref() != Some(&self.last);
        if changed {
            self.known = Some(self.last.clone());
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_at_has_changed_once_it_settled() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a");
        let mut looks = Looks::default();
        let mut look = || looks.have_changed([file.clone()].into_iter());
        assert_eq!([look(), look(), look()], [false, true, false], "once, to begin with");
        std::fs::write(&file, "first").expect("a file");
        assert!(!look(), "it may still be written");
        std::fs::write(&file, "and longer").expect("a file");
        assert!(!look(), "it was");
        assert_eq!([look(), look()], [true, false]);
        std::fs::remove_file(&file).expect("it goes");
        assert_eq!([look(), look(), look()], [false, true, false]);
    }
}
