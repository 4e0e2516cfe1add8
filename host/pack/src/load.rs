//! From a pack file, or from rules of others, to a candidate.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use lanner_engine::{Candidate, PackError, Refusal, Runtime};
use lanner_import::{Options, Report};
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};

/// Size of a pack at most. Those that carry an interpreter have some 20 MB.
pub(crate) const MAX_SIZE: u64 = 256 << 20;

/// A pack, read and ready to be installed.
pub struct Loaded {
    /// Ready to run.
    pub candidate: Candidate,
    /// SHA-256 of the file's bytes: of those that were compiled, not of what the file holds later.
    pub digest: [u8; 32],
}

/// Reads and prepares a pack.
///
/// # Errors
/// Which file, and why it is refused.
pub fn load(runtime: &Runtime, path: &Path) -> Result<Loaded, PackError> {
    let refused = |refusal| PackError { path: path.to_owned(), refusal };
    let (bytes, report) = read_reported(path).map_err(refused)?;
    let candidate = Candidate::prepare(runtime, &bytes).map_err(refused)?;
    report.iter().for_each(|report| say(path, report));
    Ok(Loaded { candidate, digest: digest(&bytes) })
}

pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Reads a pack's bytes; rules of others are made a pack.
///
/// # Errors
/// It cannot be read, is no file, is too large for a pack, or cannot be made one.
pub fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    Ok(read_reported(path)?.0)
}

/// The same, and of rules of others what became of each.
pub(super) fn read_reported(path: &Path) -> Result<(Vec<u8>, Option<Report>), Refusal> {
    if !path.is_dir() && !lanner_import::is_rules_file(path) {
        return Ok((read_file(path)?, None));
    }
    // What cannot be read is no error of what it holds.
    std::fs::metadata(path).map_err(Refusal::Unreadable)?;
    let imported = lanner_import::compile(&[path.to_owned()], &Options::default());
    let imported = imported.map_err(|error| Refusal::Imported(error.to_string()))?;
    Ok((imported.component, Some(imported.report)))
}

/// Says in the log what became of rules of others.
pub(super) fn say(path: &Path, report: &Report) {
    let path = path.display();
    for wrong in &report.wrong {
        tracing::warn!("{wrong}");
    }
    for rule in &report.rules {
        if let Some(why) = &rule.refused {
            tracing::warn!("the rule {:?} is left out: {why}", rule.name);
        }
        for difference in rule.differences.iter().filter(|difference| difference.matters) {
            tracing::warn!("the rule {:?} is not quite what it was: {}", rule.name, difference.what);
        }
    }
    tracing::info!("{path}: {}", report.summary());
}

fn read_file(path: &Path) -> Result<Vec<u8>, Refusal> {
    let nonblocking = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(nonblocking).open(path).map_err(Refusal::Unreadable)?;
    let kind = file.metadata().map_err(Refusal::Unreadable)?;
    if !kind.is_file() {
        // A named pipe, for which opening did not wait, would keep us reading for ever.
        return Err(Refusal::Unreadable(std::io::Error::other("not a regular file")));
    }
    if kind.len() > MAX_SIZE {
        return Err(Refusal::TooLarge { size: kind.len(), limit: MAX_SIZE });
    }
    let mut bytes = Vec::new();
    file.take(MAX_SIZE).read_to_end(&mut bytes).map_err(Refusal::Unreadable)?;
    Ok(bytes)
}
