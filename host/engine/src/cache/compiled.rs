//! Packs, compiled once and kept.

#![allow(unsafe_code, reason = "native code from a file: see `Compiled::load`")]

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::OTHERS_WRITE;
use super::entry::{self, Key, Unusable};

/// The end of an entry's name.
const EXTENSION: &str = "compiled";
/// Bytes of all entries; beyond it those go that were not used for the longest time.
const MAX_BYTES: u64 = 1 << 30;
/// Bytes of one: more than any pack compiles to.
const MAX_ENTRY: u64 = 512 << 20;
/// Only the owner may read or write.
const MODE: u32 = 0o600;

/// The folder of compiled packs, as one runtime sees it.
#[derive(Clone, Debug)]
pub(crate) struct Compiled {
    folder: PathBuf,
    /// What code must have been compiled for, to run here.
    target: entry::Digest,
    /// Whether it was said that writing does not work.
    complained: Arc<AtomicBool>,
}

/// Why an entry is not used.
#[derive(Debug, thiserror::Error)]
enum Miss {
    #[error("there is none")]
    Absent,
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] std::io::Error),
    #[error("it is no regular file that only its owner can write to")]
    Open,
    #[error("it is larger than any compiled pack")]
    TooLarge,
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error("the runtime does not take it: {0}")]
    Refused(String),
}

impl Compiled {
    /// Those in a folder that [`super::prepare`] has given.
    pub(crate) fn new(folder: PathBuf, engine: &Engine) -> Self {
        let target = TargetHash::of(engine);
        Self { folder, target, complained: Arc::default() }
    }

    /// The component of these bytes: kept, or compiled and kept.
    ///
    /// # Errors
    /// They cannot be compiled.
    pub(crate) fn component(&self, engine: &Engine, bytes: &[u8]) -> wasmtime::Result<Component> {
        let key = Key { component: Sha256::digest(bytes).into(), target: self.target };
        let path = self.path(&key);
        match load(engine, &key, &path) {
            Ok(component) => {
                // The use is what its age is counted from. That it cannot be noted is no reason not to use it.
                let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
                return Ok(component);
            }
            Err(Miss::Absent) => {}
            Err(miss) => {
                tracing::warn!("the compiled pack {} is not used, and made anew: {miss}", path.display());
            }
        }
        let component = Component::from_binary(engine, bytes)?;
        let kept = component.serialize().map_err(|error| std::io::Error::other(format!("{error:#}")));
        if let Err(error) = kept.and_then(|code| self.keep(&path, &entry::encode(&key, &code)))
            && !self.complained.swap(true, Ordering::Relaxed)
        {
            let folder = self.folder.display();
            tracing::warn!("compiled packs cannot be kept in {folder}, so they are compiled at each start: {error}");
        }
        Ok(component)
    }

    fn path(&self, key: &Key) -> PathBuf {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.folder.join(format!("{}-{}.{EXTENSION}", hex(&key.component), hex(&key.target[..8])))
    }

    /// Writes an entry, whole or not at all, and makes room for it.
    fn keep(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        if bytes.len() as u64 > MAX_ENTRY {
            return Err(std::io::Error::other("it is larger than any compiled pack"));
        }
        self.make_room(bytes.len() as u64)?;
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        // What a process of this number left when it was killed.
        let _ = fs::remove_file(&aside);
        let written = File::options().write(true).create_new(true).mode(MODE).open(&aside).and_then(|mut file| {
            file.write_all(bytes)?;
            fs::rename(&aside, path)
        });
        if written.is_err() {
            // It may not even be there.
            let _ = fs::remove_file(&aside);
        }
        written
    }

    /// Removes those that were not used for the longest time, until there is room for so many bytes more.
    fn make_room(&self, bytes: u64) -> std::io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if let (Some(EXTENSION | "new"), Ok(facts)) =
                (entry.path().extension().and_then(|extension| extension.to_str()), entry.metadata())
            {
                entries.push((facts.modified().unwrap_or(SystemTime::UNIX_EPOCH), facts.len(), entry.path()));
            }
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, len, _)| len).sum::<u64>() + bytes;
        for (_, len, path) in entries {
            if total <= MAX_BYTES {
                break;
            }
            // Another host may have removed it.
            let _ = fs::remove_file(path);
            total -= len;
        }
        Ok(())
    }
}

/// What code is compiled for.
struct TargetHash(Sha256);

impl TargetHash {
    fn of(engine: &Engine) -> entry::Digest {
        use std::hash::{Hash as _, Hasher as _};
        let mut hasher = Self(Sha256::new());
        // The runtime's version, the machine and the settings.
        engine.precompile_compatibility_hash().hash(&mut hasher);
        hasher.write(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.0.finalize().into()
    }
}

impl std::hash::Hasher for TargetHash {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        // Nobody asks: all of the digest is taken.
        0
    }
}

/// Reads an entry.
fn load(engine: &Engine, key: &Key, path: &Path) -> Result<Component, Miss> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = match File::options().read(true).custom_flags(flags).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Miss::Absent),
        Err(error) => return Err(error.into()),
    };
    let facts = file.metadata()?;
    let ours = facts.uid() == rustix::process::geteuid().as_raw();
    if !facts.is_file() || !ours || facts.mode() & OTHERS_WRITE != 0 {
        return Err(Miss::Open);
    }
    if facts.len() > MAX_ENTRY {
        return Err(Miss::TooLarge);
    }
    let mut bytes = Vec::new();
    file.take(MAX_ENTRY).read_to_end(&mut bytes)?;
    let code = entry::decode(key, &bytes)?;
    // SAFETY: `deserialize` asks for bytes that `Component::serialize` gave. These lie in a file that only we can write to
    // (the owner and mode above; those of its folder in `prepare`), and `decode` has found the SHA-256 that `keep` wrote
    // over them together with the component and the target they were compiled from and for: they are what `serialize`
    // gave, or somebody who may do all that we may wrote them.
    unsafe { Component::deserialize(engine, code) }.map_err(|error| Miss::Refused(format!("{error:#}")))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use proptest::prelude::*;

    use super::*;

    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    fn scene() -> (tempfile::TempDir, Engine, Compiled) {
        let folder = tempfile::tempdir().expect("a folder");
        let engine = Engine::default();
        let compiled = Compiled::new(folder.path().to_owned(), &engine);
        (folder, engine, compiled)
    }

    /// The only entry.
    fn entry_in(folder: &Path) -> PathBuf {
        let paths: Vec<_> = fs::read_dir(folder).expect("the folder").flatten().map(|entry| entry.path()).collect();
        let [path] = &paths[..] else { panic!("one entry: {paths:?}") };
        path.clone()
    }

    fn key(compiled: &Compiled) -> Key {
        Key { component: Sha256::digest(EMPTY).into(), target: compiled.target }
    }

    #[test]
    fn a_component_is_kept_and_found_again() {
        let (folder, engine, compiled) = scene();
        compiled.component(&engine, EMPTY).expect("compiled");
        let path = entry_in(folder.path());
        assert_eq!(fs::metadata(&path).expect("it is there").mode() & 0o777, MODE);
        assert!(load(&engine, &key(&compiled), &path).is_ok());
        let inode = fs::metadata(&path).expect("it is there").ino();
        compiled.component(&engine, EMPTY).expect("found");
        assert_eq!(fs::metadata(&path).expect("it is there").ino(), inode, "it was not written again");
        // Another runtime does not take it for its own.
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let other = Compiled::new(folder.path().to_owned(), &Engine::new(&config).expect("an engine"));
        assert_ne!(other.target, compiled.target);
    }

    #[test]
    fn what_others_could_have_written_is_not_run() {
        let (folder, engine, compiled) = scene();
        compiled.component(&engine, EMPTY).expect("compiled");
        let path = entry_in(folder.path());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).expect("opened");
        assert!(matches!(load(&engine, &key(&compiled), &path), Err(Miss::Open)));
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&path, &elsewhere).expect("moved");
        std::os::unix::fs::symlink(&elsewhere, &path).expect("a link");
        assert!(matches!(load(&engine, &key(&compiled), &path), Err(Miss::Unreadable(_))));
    }

    #[test]
    fn a_folder_that_cannot_be_written_to_is_no_obstacle() {
        let engine = Engine::default();
        let compiled = Compiled::new(PathBuf::from("/proc/self"), &engine);
        compiled.component(&engine, EMPTY).expect("compiled");
    }

    #[test]
    fn there_is_room_for_what_was_used_last() {
        let (folder, _engine, compiled) = scene();
        let path = |name: &str| folder.path().join(name).with_extension(EXTENSION);
        let long_ago = SystemTime::UNIX_EPOCH;
        for (name, seconds) in [("old", 1), ("older", 0), ("new", 2)] {
            let file = File::create(path(name)).expect("a file");
            // Without content: they take no room on the disk.
            file.set_len(MAX_BYTES / 3).expect("a length");
            file.set_modified(long_ago + std::time::Duration::from_secs(seconds)).expect("a time");
        }
        fs::write(folder.path().join("not-ours"), "").expect("a file");
        compiled.make_room(MAX_BYTES / 3).expect("room");
        assert_eq!(["older", "old", "new"].map(|name| path(name).exists()), [false, true, true]);
        assert!(folder.path().join("not-ours").exists());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        /// Whatever happens to the file: the component is there all the same, and the file is whole again.
        #[test]
        fn damage_is_healed(at in any::<prop::sample::Index>(), damage in prop::collection::vec(any::<u8>(), 1..4096), cut in any::<bool>()) {
            let (folder, engine, compiled) = scene();
            compiled.component(&engine, EMPTY).expect("compiled");
            let path = entry_in(folder.path());
            let whole = fs::read(&path).expect("the entry");
            let mut bytes = whole.clone();
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + damage.len());
            bytes[at..end].copy_from_slice(&damage[..end - at]);
            if cut {
                bytes.truncate(at);
            }
            fs::write(&path, &bytes).expect("damaged");
            prop_assert_eq!(load(&engine, &key(&compiled), &path).is_ok(), bytes == whole);
            compiled.component(&engine, EMPTY).expect("compiled anew");
            prop_assert!(load(&engine, &key(&compiled), &path).is_ok());
        }
    }
}
