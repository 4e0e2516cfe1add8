//! The end of a file of findings, as the last run left it: perhaps half written, as there was no space.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use lanner_abi::Text;
use rustix::fs::FlockOperation;
use serde::de::IgnoredAny;

/// How the end is mended. That the next finding stands on a line of its own is seen to when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Half a finding in JSON is cut off, for who reads the file stumbles over it; its text goes to the log.
    Json,
    /// What is there stays.
    Text,
}

/// What each of our objects begins with: a finding and a summary of several, and a finding in formats of others.
pub(crate) const BEGINS: [&[u8]; 5] = [
    b"{\"schema\":1,\"type\":\"finding\"",
    b"{\"schema\":1,\"type\":\"summary\"",
    b"{\"hostname\":\"",
    b"{\"event\":{\"id\":\"",
    b"{\"metadata\":{\"uid\":\"",
];
/// So much of that at least, or it may be anything.
const LEAST: usize = 10;
/// A finding is shorter, bytes.
const MAX_LINE: u64 = 16 << 20;
/// Bytes read at once, backwards.
const STEP: u64 = 64 << 10;
/// Bytes of what is cut off that are shown.
const SHOWN: usize = 4096;

impl Tail {
    /// Mends the end of a file, and keeps the lock on it that says it is in use. What cannot be done is said and left.
    pub(crate) fn mend(self, path: &Path, file: &File) {
        // Another host appends to it: what is half written there is its own.
        let alone = rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive).is_ok();
        let mended = if alone { self.mend_alone(path, file) } else { Ok(()) };
        if let Err(error) = mended {
            tracing::warn!("half a finding at the end of {}, if there is one, stays: {error}", path.display());
        }
        // Where the file system has no locks, nobody else has one.
        let _ = rustix::fs::flock(file, FlockOperation::NonBlockingLockShared);
    }

    fn mend_alone(self, path: &Path, file: &File) -> io::Result<()> {
        if self == Self::Text {
            return Ok(());
        }
        // It may be one that only may be written to.
        let length = file.metadata()?.len();
        let line = last_line(&File::open(path)?, length)?;
        if !is_half_of_ours(&line) {
            return Ok(());
        }
        file.set_len(length - line.len() as u64)?;
        let (path, bytes) = (path.display(), line.len());
        let shown = Text::new(&line[..bytes.min(SHOWN)]);
        tracing::warn!(
            "{path} ended in half a finding, {bytes} bytes, which could not be written: it is cut off: {shown}"
        );
        Ok(())
    }
}

/// What stands behind the last line feed; all of what is looked at where there is none.
fn last_line(file: &File, length: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut begin = length;
    while begin > 0 && length - begin < MAX_LINE {
        let step = begin.min(STEP);
        begin -= step;
        let mut bytes = vec![0; step as usize];
        file.read_exact_at(&mut bytes, begin)?;
        let end = bytes.iter().rposition(|byte| *byte == b'\n');
        line.splice(..0, bytes.drain(end.map_or(0, |at| at + 1)..));
        if end.is_some() {
            break;
        }
    }
    Ok(line)
}

/// Whether it is the beginning of one of our objects, and not all of it. After a power cut there may be NULs behind it.
fn is_half_of_ours(line: &[u8]) -> bool {
    let end = line.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
    let line = &line[..end];
    let begins = |begin: &&[u8]| line.starts_with(begin) || (line.len() >= LEAST && begin.starts_with(line));
    BEGINS.iter().any(begins) && serde_json::from_slice::<IgnoredAny>(line).is_err_and(|error| error.is_eof())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};

    use super::*;

    const WHOLE: &str = "{\"schema\":1,\"type\":\"finding\",\"rule\":\"a/b\"}";

    /// What becomes of a file with this content; others may hold it open.
    fn mended(tail: Tail, content: &str, shared: bool) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("findings");
        fs::write(&path, content).expect("written");
        let open = || OpenOptions::new().append(true).open(&path).expect("it opens");
        let other = open();
        if shared {
            rustix::fs::flock(&other, FlockOperation::LockShared).expect("a lock");
        }
        tail.mend(&path, &open());
        fs::read_to_string(&path).expect("text")
    }

    #[test]
    fn of_what_is_not_whole_only_our_own_goes() {
        let line = format!("{WHOLE}\n");
        let half = &WHOLE[..WHOLE.len() - 1];
        let cases = [
            (Tail::Json, String::new(), String::new()),
            (Tail::Json, line.clone(), line.clone()),
            (Tail::Json, format!("{line}{half}"), line.clone()),
            (Tail::Json, half.to_owned(), String::new()),
            (Tail::Json, format!("{line}{{\"schema\":1,"), line.clone()),
            (Tail::Json, format!("{line}{half}\0\0\0"), line.clone()),
            // Whole but for the line feed, and what is not ours.
            (Tail::Json, format!("{line}{WHOLE}"), format!("{line}{WHOLE}")),
            (Tail::Json, format!("{line}{{\"sch"), format!("{line}{{\"sch")),
            (Tail::Json, format!("{line}root:x:0"), format!("{line}root:x:0")),
            (Tail::Json, format!("{line}{{\"schema\":2,"), format!("{line}{{\"schema\":2,")),
            (Tail::Json, format!("{line}{{\"hostname\":\"a\",\"output"), line.clone()),
            (Tail::Json, format!("{line}{{\"hostname\":7"), format!("{line}{{\"hostname\":7")),
            (Tail::Text, format!("{line}{half}"), format!("{line}{half}")),
        ];
        for (tail, before, after) in cases {
            assert_eq!(mended(tail, &before, false), after, "{tail:?} {before:?}");
            assert_eq!(mended(tail, &before, true), before, "another host writes it: {tail:?} {before:?}");
        }
    }

    #[test]
    fn a_line_is_found_however_long_it_is() {
        for length in [1, STEP - 1, STEP, STEP + 1, 3 * STEP] {
            let begun = format!("{{\"schema\":1,\"type\":\"finding\",\"message\":\"{}", "x".repeat(length as usize));
            assert_eq!(mended(Tail::Json, &format!("{WHOLE}\n{begun}"), false), format!("{WHOLE}\n"));
        }
    }
}
