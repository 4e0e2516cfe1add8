//! Where files of runtimes are read.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::UNIX_EPOCH;

use rustix::fs::{Mode, OFlags};
use serde_json::Value;

use super::docker::Kept;

/// A larger file is not read.
const MAX_FILE: u64 = 4 << 20;
/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 1024;
/// Others than the owner and its group may write it.
const OTHERS_WRITE: u32 = 0o002;

/// A root folder: that of the host, or of a test.
pub(super) struct Place {
    root: PathBuf,
    /// Where Docker keeps what it keeps, found not long ago.
    pub(super) docker: Mutex<Option<Kept>>,
}

/// A file of JSON. What is of another type than it should be reads as null, and so as not known.
pub(super) struct Json {
    pub(super) value: Value,
    /// When it was written, ns since 1970 (UTC).
    pub(super) written: Option<u64>,
}

impl Place {
    pub(super) fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), docker: Mutex::new(None) }
    }

    /// A path from the root, whether it begins with `/` or not.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    pub(super) fn json(&self, path: impl AsRef<Path>) -> Option<Json> {
        json(&self.path(path))
    }

    /// Names of the folders within one.
    pub(super) fn folders(&self, path: impl AsRef<Path>) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(path)).into_iter().flatten().take(MAX_ENTRIES).flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    /// Text of a file of `/proc`.
    pub(super) fn proc(&self, path: &str) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let file = std::fs::File::open(self.path("proc").join(path)).ok()?;
        file.take(MAX_FILE).read_to_end(&mut text).ok()?;
        Some(text)
    }
}

/// Reads a file that only root writes, without waiting for anything: neither a link nor a pipe. (Of a test, its own user does.)
fn json(path: &Path) -> Option<Json> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let mut file = std::fs::File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let facts = file.metadata().ok()?;
    let owner = facts.uid();
    let trusted = (owner == 0 || owner == rustix::process::geteuid().as_raw()) && facts.mode() & OTHERS_WRITE == 0;
    if !facts.is_file() || !trusted || facts.len() > MAX_FILE {
        return None;
    }
    let mut text = Vec::new();
    // It may grow meanwhile.
    file.by_ref().take(MAX_FILE).read_to_end(&mut text).ok()?;
    let written = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let written = written.and_then(|time| u64::try_from(time.as_nanos()).ok());
    Some(Json { value: serde_json::from_slice(&text).ok()?, written })
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// Texts by their names; `None` where the value holds none such.
pub(super) fn texts(value: &Value) -> Option<Vec<(String, String)>> {
    let texts = value.as_object()?.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    Some(texts.collect())
}

/// Texts by their names, that stand as JSON in a text.
pub(super) fn texts_within(value: &str) -> Option<Vec<(String, String)>> {
    texts(&serde_json::from_str(value).ok()?)
}

/// A time such as `2026-11-29T16:02:34.40139537Z`, ns since 1970 (UTC). Go writes the year 1 for none.
pub(super) fn time(value: &Value) -> Option<u64> {
    let time: jiff::Timestamp = text(value)?.parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok().filter(|time| *time > 0)
}
