//! The place of the control socket: one host has it, for as long as it runs.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::OFlags;

/// Bytes of a socket's path at most (unix(7): `sun_path`, and the NUL at its end).
const MAX_PATH: usize = 107;
/// Bytes that a pid takes at most, and some to spare.
const MAX_PID: u64 = 32;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Another host runs.
    #[error(
        "a host runs already ({who}socket {path}): ask it with `lanner status`, stop it first, or start this one with \
         another --control, or with --no-control"
    )]
    Runs {
        /// Its pid and since when, as far as they are known.
        who: String,
        /// Its socket.
        path: String,
    },
    /// Another program has the place.
    #[error(
        "another program listens at {0}, and it is no lanner: give the host another place with --control, or --no-control"
    )]
    Foreign(String),
    /// Something else is there.
    #[error("{0} is there and is no socket: give the host another place with --control, or remove it")]
    NoSocket(String),
    /// Too long.
    #[error(
        "{path} has {length} bytes, and the path of a socket may have {MAX_PATH}: give a shorter one with --control"
    )]
    TooLong {
        /// The path.
        path: String,
        /// How long it is.
        length: usize,
    },
    /// The system refuses.
    #[error(
        "the control socket {path} cannot be made: {what}: {error}; give another place with --control, or --no-control"
    )]
    System {
        /// The path.
        path: String,
        /// What failed.
        what: &'static str,
        /// Why.
        error: io::Error,
    },
}

/// The place, and what listens there. The socket is removed with it.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    listener: UnixListener,
    /// Locked while the host runs, however it ends.
    _lock: File,
}

impl Claim {
    /// Takes the place. A socket that a host left behind, which nobody answers at, is replaced.
    ///
    /// # Errors
    /// Another host has it, or it cannot be had.
    pub fn take(path: &Path) -> Result<Self, ClaimError> {
        let shown = || path.display().to_string();
        let length = path.as_os_str().len();
        if length > MAX_PATH {
            return Err(ClaimError::TooLong { path: shown(), length });
        }
        let system = |what| move |error| ClaimError::System { path: path.display().to_string(), what, error };
        make_folder(path).map_err(system("its folder"))?;
        let lock = lock(path, system)?;
        // Only who holds the lock is here: what answers is none of ours.
        if UnixStream::connect(path).is_ok() {
            return Err(ClaimError::Foreign(shown()));
        }
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path).map_err(system("the old one"))?,
            Ok(_) => return Err(ClaimError::NoSocket(shown())),
            Err(_) => {}
        }
        let listener = UnixListener::bind(path).map_err(system("bind"))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(system("its mode"))?;
        Ok(Self { path: path.to_owned(), listener, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.set_nonblocking(true)?;
        self.listener.try_clone()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // The lock is still held, so it is ours. Where it stays behind, the next host replaces it.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the folder, for its owner alone, where it is not there.
fn make_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.exists() => {
            DirBuilder::new().mode(0o700).create(folder)
        }
        _ => Ok(()),
    }
}

/// Locks the file beside the socket. The kernel lets go of it with the process, so that nothing is ever left behind.
fn lock<F: Fn(io::Error) -> ClaimError>(path: &Path, system: impl Fn(&'static str) -> F) -> Result<File, ClaimError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(flags)
        .open(PathBuf::from(name))
        .map_err(system("its lock file"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(fs::TryLockError::WouldBlock) => {
            return Err(ClaimError::Runs { who: who(&mut file), path: path.display().to_string() });
        }
        Err(fs::TryLockError::Error(error)) => return Err(system("the lock on its lock file")(error)),
    }
    let note = |file: &mut File| {
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", std::process::id())
    };
    note(&mut file).map_err(system("its lock file"))?;
    Ok(file)
}

/// `pid 4711, since 2026-08-03T10:12:01Z, `: as the one that holds the lock has noted it.
fn who(file: &mut File) -> String {
    let mut pid = String::new();
    let read = file.take(MAX_PID).read_to_string(&mut pid);
    let Some(pid) = read.ok().and_then(|_| pid.trim().parse::<u32>().ok()) else { return String::new() };
    let since = file.metadata().and_then(|file| file.modified()).ok().and_then(|time| Timestamp::try_from(time).ok());
    match since {
        Some(since) => format!("pid {pid}, since {since:.0}, "),
        None => format!("pid {pid}, "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_by_one_at_a_time_and_only_its_owner_may_look() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lanner/lanner.sock");
        let claim = Claim::take(&path).expect("it is free");
        let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!((mode(&folder.path().join("lanner")), mode(&path)), (0o700, 0o600));
        let second = Claim::take(&path).expect_err("it is taken").to_string();
        let pid = format!("a host runs already (pid {}, since 2", std::process::id());
        assert!(second.starts_with(&pid) && second.contains(&*path.to_string_lossy()), "{second}");
        drop(claim);
        assert!(!path.exists());
        Claim::take(&path).expect("it is free again");
    }

    #[test]
    fn what_nobody_answers_at_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lanner.sock");
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        Claim::take(&path).expect("nobody answers there");
    }

    #[test]
    fn what_is_somebody_elses_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("foreign.sock");
        let _listens = UnixListener::bind(&path).expect("a socket");
        assert!(matches!(Claim::take(&path), Err(ClaimError::Foreign(_))));
        let file = folder.path().join("file");
        fs::write(&file, "precious").expect("a file");
        assert!(matches!(Claim::take(&file), Err(ClaimError::NoSocket(_))));
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "precious");
        // A link in the place of the lock is not followed.
        std::os::unix::fs::symlink(&file, folder.path().join("linked.sock.lock")).expect("a link");
        assert!(matches!(Claim::take(&folder.path().join("linked.sock")), Err(ClaimError::System { .. })));
    }

    #[test]
    fn what_cannot_be_a_socket_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = folder.path().join("x".repeat(MAX_PATH));
        assert!(matches!(Claim::take(&long), Err(ClaimError::TooLong { .. })));
        let deep = folder.path().join("no/such/folder.sock");
        assert!(matches!(Claim::take(&deep), Err(ClaimError::System { what: "its folder", .. })));
    }
}
