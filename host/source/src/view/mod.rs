//! What files are in the host's view: where containers and bind mounts show them under other paths, and where they have other
//! names (hard links). Kept up to date on a thread of its own; who asks never waits for a file system.

mod files;
mod mounts;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Seek, Write, pipe};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use lanner_abi::{FieldInfo, Kind, RecordRef, Value, event_flag};
use lanner_probes::event::RawEvent;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use files::Files;
use mounts::Mounts;

/// Changes whenever something is mounted or unmounted.
const MOUNTS: &str = "/proc/1/mountinfo";
/// How often named files are looked for again: they are replaced by others of their names.
const LOOK_AGAIN: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };
/// Files that are named, at most.
const MAX_FILES: usize = 8192;

/// What is where, at one time.
#[derive(Debug, Default)]
struct Snapshot {
    mounts: Arc<Mounts>,
    files: Files,
}

/// The host's view, as far as it is known.
pub(crate) struct View {
    now: Snapshot,
    fields: Vec<(Kind, FileFields)>,
    names: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    /// What is written into it wakes the thread; it ends with it.
    wake: PipeWriter,
    found: Receiver<Snapshot>,
}

/// The fields of a kind that say which file it is about.
#[derive(Clone, Copy)]
struct FileFields {
    path: &'static FieldInfo,
    host_path: &'static FieldInfo,
    dev: &'static FieldInfo,
    inode: &'static FieldInfo,
}

impl FileFields {
    /// Of a kind that has them all.
    fn of(kind: Kind) -> Option<(Kind, Self)> {
        let field = |name| kind.record().field(name);
        let fields =
            Self { path: field("path")?, host_path: field("host_path")?, dev: field("dev")?, inode: field("inode")? };
        Some((kind, fields))
    }
}

/// What has become known.
pub(crate) struct News {
    /// What is named is other files by now.
    pub(crate) files: bool,
    /// Something was mounted or unmounted: files may have other paths.
    pub(crate) paths: bool,
}

impl View {
    /// Starts the thread.
    ///
    /// # Errors
    /// There can be no more threads, or files.
    pub(crate) fn start() -> io::Result<Self> {
        let (woken, wake) = pipe()?;
        let (finds, found) = channel();
        let names = Arc::default();
        let mut watcher = Watcher { names: Arc::clone(&names), woken, finds, mounts: File::open(MOUNTS).ok() };
        // The first look is taken before anything is asked.
        let (now, _) = watcher.look(None);
        let start = now.mounts.clone();
        std::thread::Builder::new().name("lanner-files".into()).spawn(move || watcher.watch(start))?;
        let fields = Kind::ALL.into_iter().filter_map(FileFields::of).collect();
        Ok(Self { now, fields, names, wake, found })
    }

    /// Which files are named.
    pub(crate) fn name(&mut self, names: BTreeSet<Vec<u8>>) {
        if names.len() > MAX_FILES {
            tracing::warn!(
                "packs name {} files; of {} of them no other names are known (there is room for {MAX_FILES})",
                names.len(),
                names.len() - MAX_FILES
            );
        }
        let names = names.into_iter().take(MAX_FILES).collect();
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = names;
        // The thread reads all that is there, and looks once.
        let _ = self.wake.write(&[0]);
    }

    /// Takes over what was found out since.
    pub(crate) fn renew(&mut self) -> Option<News> {
        let newest = self.found.try_iter().last()?;
        let files = newest.files != self.now.files;
        let paths = !Arc::ptr_eq(&newest.mounts, &self.now.mounts);
        self.now = newest;
        Some(News { files, paths })
    }

    /// The files that are named: device (kernel encoding) and inode number.
    pub(crate) fn files(&self) -> impl Iterator<Item = (u32, u64)> {
        self.now.files.keys().copied()
    }

    /// Says of an open what its file is to the host. The kernel tells the name in the file system, where the path may be
    /// another's view.
    pub(crate) fn complete(&self, event: &mut RawEvent) {
        let of_kind = |(kind, fields): &(Kind, FileFields)| (*kind == event.kind).then_some(*fields);
        let Some(fields) = self.fields.iter().find_map(of_kind) else { return };
        let host_path = self.host_path(event.payload.get(), &fields);
        let text = host_path.as_deref().map(Value::Text);
        if event.payload.set(fields.host_path, text).is_err() {
            // It is longer than a text may be.
            event.flags |= event_flag::PARTIAL;
        }
    }

    fn host_path(&self, file: RecordRef<'_>, fields: &FileFields) -> Option<Vec<u8>> {
        let number = |field| file.number(field);
        let device = number(fields.dev).and_then(|device| u32::try_from(device).ok())?;
        let path = file.bytes(fields.path)?;
        // However it is called, and whether it still is.
        if let Some(inode) = number(fields.inode)
            && let Some(name) = self.now.files.get(&(device, inode))
        {
            return Some(name.clone()).filter(|name| name != path);
        }
        let Some(name) = file.bytes(fields.host_path) else {
            return self.now.mounts.known_by(device, path);
        };
        if !name.starts_with(b"/") {
            return None;
        }
        self.now.mounts.path(device, name).filter(|host_path| host_path != path)
    }
}

/// Looks, for as long as somebody listens.
struct Watcher {
    names: Arc<Mutex<BTreeSet<Vec<u8>>>>,
    woken: PipeReader,
    finds: Sender<Snapshot>,
    mounts: Option<File>,
}

impl Watcher {
    fn watch(mut self, mut mounts: Arc<Mounts>) {
        let mut files = Files::new();
        loop {
            let changed = match self.wait() {
                Ok(Some(changed)) => changed,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!("it is no longer known what is mounted: {error}");
                    return;
                }
            };
            let (found, anew) = self.look((!changed).then_some(&mounts));
            if !anew && found.files == files {
                continue;
            }
            (mounts, files) = (found.mounts.clone(), found.files.clone());
            if self.finds.send(found).is_err() {
                return;
            }
        }
    }

    /// What is there, and whether the mounts were read: they are not where they are known.
    fn look(&mut self, known: Option<&Arc<Mounts>>) -> (Snapshot, bool) {
        let mounts = known.cloned().unwrap_or_else(|| Arc::new(self.read_mounts()));
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let files = files::find(&names, &mounts);
        (Snapshot { mounts, files }, known.is_none())
    }

    fn read_mounts(&mut self) -> Mounts {
        let mut text = Vec::new();
        if let Some(file) = &mut self.mounts {
            let read = file.rewind().and_then(|()| file.read_to_end(&mut text));
            if let Err(error) = read {
                tracing::warn!("what is mounted cannot be read ({MOUNTS}): {error}");
            }
        }
        Mounts::parse(&text)
    }

    /// Waits until there may be something new; says whether mounts have changed. `None`: nobody listens any more.
    fn wait(&mut self) -> io::Result<Option<bool>> {
        let mut waited = vec![PollFd::new(&self.woken, PollFlags::IN)];
        waited.extend(self.mounts.as_ref().map(|mounts| PollFd::new(mounts, PollFlags::PRI)));
        match poll(&mut waited, Some(&LOOK_AGAIN)) {
            Err(rustix::io::Errno::INTR) => return Ok(Some(false)),
            other => other?,
        };
        let happened = |place: usize| waited.get(place).map(PollFd::revents).unwrap_or(PollFlags::empty());
        let changed = happened(1).intersects(PollFlags::PRI | PollFlags::ERR);
        if happened(0).intersects(PollFlags::IN | PollFlags::HUP) {
            let mut bytes = [0; 64];
            if self.woken.read(&mut bytes)? == 0 {
                return Ok(None);
            }
        }
        Ok(Some(changed))
    }
}

#[cfg(test)]
mod tests {
    use lanner_abi::{OwnedRecord, field};

    use super::*;

    /// What is said of an open of this file, of which the kernel side has told a name in its file system, or none.
    fn host_path(view: &View, path: &str, dev: u32, inode: u64, name: Option<&str>) -> Option<String> {
        let open = OwnedRecord::new(Kind::Open.record()).with(field::open::PATH, path).with(field::open::LINKS, 1_u32);
        let mut open = open.with(field::open::DEV, dev).with(field::open::INODE, inode);
        open.set(field::open::HOST_PATH, name.map(|name| Value::Text(name.as_bytes()))).unwrap();
        let mut event = RawEvent::of_nobody(0, Kind::Open, open);
        view.complete(&mut event);
        event.payload.get().bytes(field::open::HOST_PATH).map(|path| String::from_utf8(path.to_vec()).unwrap())
    }

    #[test]
    fn what_an_opened_file_is_to_the_host() {
        let mut view = View::start().unwrap();
        let mounts = Mounts::parse(b"1 0 8:1 / / rw - x x rw\n2 1 8:1 / /second rw - x x rw\n");
        let disk = 8 << 20 | 1;
        view.now = Snapshot { mounts: mounts.into(), files: Files::from([((disk, 7), b"/etc/named".to_vec())]) };
        // Also by a name that is gone, so that the file has one left.
        assert_eq!(host_path(&view, "/tmp/link (deleted)", disk, 7, None).unwrap(), "/etc/named");
        assert_eq!(host_path(&view, "/etc/named", disk, 7, None), None);
        assert_eq!(host_path(&view, "/host/etc/x", disk, 8, Some("/etc/x")).unwrap(), "/etc/x");
        assert_eq!(host_path(&view, "/second/etc/x", disk, 8, None).unwrap(), "/etc/x");
        // Its own path, another disk's, and a name of which the beginning is not known.
        assert_eq!(host_path(&view, "/etc/x", disk, 8, Some("/etc/x")), None);
        assert_eq!(host_path(&view, "/x", disk + 1, 8, Some("/etc/x")), None);
        assert_eq!(host_path(&view, "/x", disk, 8, Some(".../x")), None);
    }
}
