//! Adding to the trust policy's file: at once, with the checks of who reads it, and with the key that it names beside it.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use lanner_trust::{AddError, Added, Change, KeyError, Newcomer, Policy, PolicyError, PublicKey, read_guarded};
use tempfile::NamedTempFile;

/// Bytes of a policy at most.
const MAX_POLICY: u64 = 4 << 20;
/// Bytes of a key's file, or of a trust root's, at most.
const MAX_FILE: u64 = 4 << 20;

/// Who is to be trusted too.
#[derive(Clone, Copy, Debug)]
pub enum Whom<'a> {
    /// Who has the private half of the key in this file.
    Key(&'a Path),
    /// To whom a certificate is issued.
    Identity {
        /// Who says so.
        issuer: &'a str,
        /// To whom, as a pattern.
        subject: &'a str,
        /// The file with the authorities that vouch for it.
        trusted_root: Option<&'a Path>,
    },
}

/// What became of a policy.
#[derive(Clone, Debug)]
pub struct Amended {
    /// What was added.
    pub added: Added,
    /// The key.
    pub key: Option<PublicKey>,
    /// The file beside the policy that it names, where one was put there.
    pub placed: Option<PathBuf>,
}

/// The policy stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// It is wrong as it is, or would be.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// This cannot be added.
    #[error("trust policy {path}: {error}", path = path.display())]
    Add {
        /// The policy.
        path: PathBuf,
        /// Why.
        error: Box<AddError>,
    },
    /// The file is no key.
    #[error("key {path}: {error}", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        error: KeyError,
    },
    /// A file cannot be read or written.
    #[error("{path} cannot be {done}: {error}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        done: &'static str,
        /// Why.
        error: io::Error,
    },
    /// It is a link.
    #[error("trust policy {path} is a link to another file, which somebody else puts there; change that one where it comes from", path = path.display())]
    Link {
        /// The policy.
        path: PathBuf,
    },
}

/// Adds somebody to the policy in this file, or begins one.
///
/// # Errors
/// The policy, or the key, is not sound, or cannot be read or written. Nothing is changed then.
pub fn trust(path: &Path, prefix: &str, whom: Whom<'_>) -> Result<Amended, AmendError> {
    let file = |done: &'static str, path: &Path| {
        let path = path.to_owned();
        move |error| AmendError::File { path, done, error }
    };
    // First, so that nothing is begun for what is no key.
    let Named { mut newcomer, file: named } = Named::read(whom)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o755).create(folder).map_err(file("written", folder))?;
    // Two that add at once do so one after the other.
    let turn = File::open(folder).map_err(file("read", folder))?;
    turn.lock().map_err(file("written", folder))?;
    let (text, mode) = match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_symlink() => return Err(AmendError::Link { path: path.to_owned() }),
        Ok(facts) => {
            let bytes = read_guarded(path, MAX_POLICY).map_err(file("read", path))?;
            let text = String::from_utf8(bytes).map_err(|_| file("read", path)(io::Error::other("it is not UTF-8")))?;
            (text, facts.permissions().mode() & 0o777)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (String::new(), 0o644),
        Err(error) => return Err(file("read", path)(error)),
    };
    let beside = match named {
        Some((from, bytes)) => Some(Beside::of(folder, from, bytes).map_err(file("read", from))?),
        None => None,
    };
    if let Some(Beside { name, .. }) = &beside {
        match &mut newcomer {
            Newcomer::Key { file, .. } => file.clone_from(name),
            Newcomer::Identity { trusted_root, .. } => *trusted_root = Some(name.clone()),
        }
    }
    let key = match &newcomer {
        Newcomer::Key { key, .. } => Some(key.clone()),
        Newcomer::Identity { .. } => None,
    };
    let added = Policy::with(&text, folder, prefix, &newcomer).map_err(|error| match error {
        AddError::Policy(mut error) => {
            error.path = path.to_owned();
            AmendError::Policy(*error)
        }
        error => AmendError::Add { path: path.to_owned(), error: Box::new(error) },
    })?;
    if added.change == Change::None {
        return Ok(Amended { added, key, placed: None });
    }
    let placed = beside.map(|beside| beside.place(folder)).transpose().map_err(file("written", folder))?.flatten();
    let written = write(path, folder, &added.text, mode);
    if let (Err(_), Some(placed)) = (&written, &placed) {
        // It is of no use alone.
        let _ = fs::remove_file(placed);
    }
    written?;
    Ok(Amended { added, key, placed })
}

/// Who is to be trusted, and the file that was named for it, with what is to be kept of that.
struct Named<'a> {
    newcomer: Newcomer,
    file: Option<(&'a Path, Vec<u8>)>,
}

impl<'a> Named<'a> {
    fn read(whom: Whom<'a>) -> Result<Self, AmendError> {
        let read =
            |path: &Path| read(path).map_err(|error| AmendError::File { path: path.to_owned(), done: "read", error });
        Ok(match whom {
            Whom::Key(path) => {
                let key = PublicKey::from_pem(&String::from_utf8_lossy(&read(path)?));
                let key = key.map_err(|error| AmendError::Key { path: path.to_owned(), error })?;
                // The key alone: what else stands in the file is not ours to keep.
                let bytes = key.to_pem().into_bytes();
                Self { newcomer: Newcomer::Key { key, file: path.to_owned() }, file: Some((path, bytes)) }
            }
            Whom::Identity { issuer, subject, trusted_root } => {
                let (issuer, subject) = (issuer.to_owned(), subject.to_owned());
                let file = trusted_root.map(|path| Ok::<_, AmendError>((path, read(path)?))).transpose()?;
                let trusted_root = trusted_root.map(Path::to_owned);
                Self { newcomer: Newcomer::Identity { issuer, subject, trusted_root }, file }
            }
        })
    }
}

/// Puts a text in the place of the policy, when it was read as a host would read it.
fn write(path: &Path, folder: &Path, text: &str, mode: u32) -> Result<(), AmendError> {
    let failed = |error| AmendError::File { path: path.to_owned(), done: "written", error };
    let mut file = NamedTempFile::with_prefix_in(".trust-", folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    Policy::load(file.path()).map_err(|mut error| {
        error.path = path.to_owned();
        error
    })?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// A file that the policy names, beside it.
struct Beside {
    name: PathBuf,
    /// What is to be put there; nothing where it is there.
    bytes: Option<Vec<u8>>,
}

impl Beside {
    /// The file as it lies there, or under a name that is free.
    fn of(folder: &Path, from: &Path, bytes: Vec<u8>) -> io::Result<Self> {
        let from = from.canonicalize()?;
        let name = from.file_name().map(PathBuf::from).unwrap_or_default();
        if from.parent() == Some(&*folder.canonicalize()?) {
            return Ok(Self { name, bytes: None });
        }
        let mut free = name.clone();
        for number in 2.. {
            match fs::read(folder.join(&free)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Ok(there) if there == bytes => return Ok(Self { name: free, bytes: None }),
                Err(error) => return Err(error),
                // Another file of that name.
                Ok(_) => {
                    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
                    let ending = name.extension().unwrap_or_default().to_string_lossy();
                    free = PathBuf::from(format!("{stem}-{number}.{ending}"));
                }
            }
        }
        Ok(Self { name: free, bytes: Some(bytes) })
    }

    /// Puts it there; gives where, where it was not there.
    fn place(self, folder: &Path) -> io::Result<Option<PathBuf>> {
        let Some(bytes) = self.bytes else { return Ok(None) };
        let path = folder.join(self.name);
        let mut file = NamedTempFile::with_prefix_in(".trust-", folder)?;
        file.write_all(&bytes)?;
        file.as_file().set_permissions(Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist_noclobber(&path).map_err(|error| error.error)?;
        Ok(Some(path))
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_FILE {
        true => Err(io::Error::other(format!("it has more than {MAX_FILE} bytes"))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use lanner_trust::KeyPair;

    use super::*;

    fn key(path: &Path) -> PublicKey {
        let key = KeyPair::generate().public().clone();
        fs::write(path, key.to_pem()).expect("a key");
        key
    }

    #[test]
    fn a_policy_begins_and_grows_with_its_keys_beside_it() {
        let top = tempfile::tempdir().expect("a folder");
        let (folder, other) = (top.path().join("etc/lanner"), top.path().join("other"));
        fs::create_dir(&other).expect("a folder");
        let path = folder.join("trust.toml");
        let (first, second) = (top.path().join("team.pub"), other.join("team.pub"));
        let keys = [key(&first), key(&second)];
        let amended = trust(&path, "h.example/team", Whom::Key(&first)).expect("it begins");
        assert_eq!((amended.added.change, amended.placed), (Change::New, Some(folder.join("team.pub"))));
        // Another key whose file is called so too.
        let amended = trust(&path, "h.example/team", Whom::Key(&second)).expect("it grows");
        assert_eq!((amended.added.change, amended.placed), (Change::Extended, Some(folder.join("team-2.pub"))));
        let policy = Policy::load(&path).expect("a policy");
        let entry = policy.entry("h.example/team/linux").expect("an entry");
        assert!(matches!(entry.trust(), lanner_trust::Trust::Keys { keys: both, .. } if *both == keys));
        // Known already, and nothing is put there for it.
        let amended = trust(&path, "h.example/team", Whom::Key(&second)).expect("it stays");
        assert_eq!((amended.added.change, amended.placed), (Change::None, None));
        let amended = trust(&path, "other.example", Whom::Key(&folder.join("team.pub"))).expect("it grows");
        assert_eq!((amended.added.change, amended.placed), (Change::New, None));
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 3, "nothing half written is left");
    }

    #[test]
    fn what_is_not_sound_changes_nothing() {
        let top = tempfile::tempdir().expect("a folder");
        let path = top.path().join("trust.toml");
        let (good, bad) = (top.path().join("good.pub"), top.path().join("bad.pub"));
        key(&good);
        fs::write(&bad, KeyPair::generate().to_pem(b"")).expect("a private key");
        let refused = |prefix: &str, whom: Whom<'_>| trust(&path, prefix, whom).expect_err("refused").to_string();
        assert!(refused("h.example", Whom::Key(&bad)).contains("bad.pub: this is a private key"));
        assert!(refused("h.example", Whom::Key(&top.path().join("none.pub"))).contains("none.pub cannot be read"));
        assert!(refused("h example", Whom::Key(&good)).contains("the prefix \"h example\" cannot be used"));
        let identity =
            Whom::Identity { issuer: "https://i.example", subject: "x@h.example", trusted_root: Some(&good) };
        assert!(refused("h.example", identity).contains("trusted_root good.pub"));
        assert!(!path.exists(), "nothing was begun");
        trust(&path, "h.example", Whom::Key(&good)).expect("it begins");
        let before = fs::read(&path).expect("it is there");
        // As the reader of the policy would refuse it.
        fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("its mode is set");
        assert!(refused("other.example", Whom::Key(&good)).contains("chmod go-w"));
        fs::set_permissions(&path, Permissions::from_mode(0o640)).expect("its mode is set");
        trust(&path, "other.example", Whom::Key(&good)).expect("it grows");
        assert_eq!(path.metadata().expect("it is there").permissions().mode() & 0o777, 0o640, "its mode stays");
        fs::write(&path, "nonsense").expect("written");
        assert!(refused("third.example", Whom::Key(&good)).starts_with(&format!("trust policy {}", path.display())));
        assert_eq!(fs::read(&path).expect("it is there"), b"nonsense");
        fs::write(&path, before).expect("written");
        let link = top.path().join("link.toml");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        let error = trust(&link, "third.example", Whom::Key(&good)).expect_err("refused").to_string();
        assert!(error.contains("is a link"), "{error}");
    }
}
