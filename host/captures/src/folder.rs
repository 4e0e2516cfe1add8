//! Where captures lie. Their names say which time they are of, so that who looks for what happened around a finding needs
//! nothing but its time.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::FolderError;

/// How a capture's file name ends.
const EXTENSION: &str = ".lcap";
/// How a time stands in a name: of UTC, with nanoseconds, and without what some file systems do not take.
const TIME: &str = "%Y%m%dT%H%M%S.%9fZ";
/// One is written under this name; what is left of it was cut short.
const UNFINISHED: &str = ".unfinished";
/// How long after the last event a finding of it may be, ns: some are raised when time goes by.
const LATE_NS: u64 = 2_000_000_000;
const OTHERS_WRITE: u32 = 0o022;

/// A folder of captures.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

/// A capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its file.
    pub path: PathBuf,
    /// When its first and its last event happened, ns since 1970 (UTC).
    pub span_ns: (u64, u64),
    bytes: u64,
}

impl Folder {
    /// The folder of this path, whether it is there or not.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Makes it where it is not there, for its owner alone: captures hold command lines, and those hold secrets.
    ///
    /// # Errors
    /// It cannot be made, or others may write to it.
    pub fn prepare(&self) -> Result<(), FolderError> {
        let failed = |error| FolderError::Io { path: self.0.clone(), error };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.0).map_err(failed)?;
        self.check()?;
        for name in self.names().map_err(failed)? {
            // Of another host that writes into it too nothing is removed.
            let left = unfinished(&name).is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists());
            if left {
                let _ = fs::remove_file(self.0.join(name));
            }
        }
        Ok(())
    }

    /// Whether it is ours, where it is there.
    ///
    /// # Errors
    /// Others may write to it, or nobody can tell.
    pub fn check(&self) -> Result<(), FolderError> {
        // Nor is it a link: whoever could make it another would have others' files written and removed.
        let facts = match fs::symlink_metadata(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            facts => facts.map_err(|error| FolderError::Io { path: self.0.clone(), error })?,
        };
        let ours = [0, rustix::process::geteuid().as_raw()].contains(&facts.uid());
        if !facts.is_dir() || !ours || facts.mode() & OTHERS_WRITE != 0 {
            return Err(FolderError::Shared(self.0.clone()));
        }
        Ok(())
    }

    /// Where one is written to begin with, and where it lies once it is whole.
    pub(crate) fn places(&self, span_ns: (u64, u64)) -> (PathBuf, PathBuf) {
        let name = format!("{}-{}{EXTENSION}", named(span_ns.0), named(span_ns.1));
        (self.0.join(format!("{name}.{}{UNFINISHED}", std::process::id())), self.0.join(name))
    }

    /// The capture that has most of what happened before this time, ns since 1970 (UTC); none where no capture is of it, or
    /// there is no folder.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn around(&self, time_ns: u64) -> Result<Option<Found>, FolderError> {
        let captures = self.captures()?;
        let has = |found: &&Found| (found.span_ns.0..=found.span_ns.1).contains(&time_ns);
        if let Some(found) = captures.iter().filter(has).min_by_key(|found| found.span_ns.0) {
            return Ok(Some(found.clone()));
        }
        let before = captures.into_iter().filter(|found| {
            let (from, to) = found.span_ns;
            (from..=to.saturating_add(LATE_NS)).contains(&time_ns)
        });
        Ok(before.max_by_key(|found| found.span_ns.1))
    }

    /// Removes the oldest until they take no more than so many bytes. This one stays: the clock may have been ahead.
    ///
    /// # Errors
    /// The folder cannot be read, or one cannot be removed.
    pub(crate) fn trim(&self, most_bytes: u64, stays: &Path) -> Result<(), FolderError> {
        let mut captures = self.captures()?;
        captures.sort_by_key(|found| found.span_ns);
        let mut bytes: u64 = captures.iter().map(|found| found.bytes).sum();
        captures.retain(|found| found.path != stays);
        for Found { path, bytes: freed, .. } in captures {
            if bytes <= most_bytes {
                break;
            }
            fs::remove_file(&path).map_err(|error| FolderError::Io { path, error })?;
            bytes -= freed;
        }
        Ok(())
    }

    fn captures(&self) -> Result<Vec<Found>, FolderError> {
        let failed = |error| FolderError::Io { path: self.0.clone(), error };
        let names = match self.names() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            names => names.map_err(failed)?,
        };
        let found = names.into_iter().filter_map(|name| {
            let span_ns = span(&name)?;
            let path = self.0.join(name);
            let facts = fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
            Some(Found { path, span_ns, bytes: facts.size() })
        });
        Ok(found.collect())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(&self.0)?;
        // Names of ours are plain texts.
        entries.filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose()).collect()
    }
}

/// Which process wrote what has this name and is not whole.
fn unfinished(name: &str) -> Option<u32> {
    let (name, pid) = name.strip_suffix(UNFINISHED)?.rsplit_once('.')?;
    span(name).and_then(|_| pid.parse().ok())
}

fn named(time_ns: u64) -> String {
    let time = Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or(Timestamp::UNIX_EPOCH);
    time.strftime(TIME).to_string()
}

/// What a name says of its time.
fn span(name: &str) -> Option<(u64, u64)> {
    let (from, to) = name.strip_suffix(EXTENSION)?.split_once('-')?;
    let time = |text: &str| {
        let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S.%fZ", text).ok()?;
        u64::try_from(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_nanosecond()).ok()
    };
    Some((time(from)?, time(to)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_others_write_is_left_alone_and_links_are_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().join("captures"));
        folder.prepare().expect("it is made");
        let (_, whole) = folder.places((1, 2));
        let name = |pid: u64| format!("{}.{pid}{UNFINISHED}", whole.display());
        // Of process 1, which runs, and of one that no kernel has.
        let [running, gone] = [name(1), name(1 << 31)].map(PathBuf::from);
        let theirs = folder.path().join("mine.unfinished");
        for path in [&running, &gone, &theirs] {
            fs::write(path, "").expect("written");
        }
        folder.prepare().expect("it is ours");
        assert_eq!([&running, &gone, &theirs].map(|path| path.exists()), [true, false, true]);
        let link = place.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).expect("a link");
        assert!(matches!(Folder::new(link).check(), Err(FolderError::Shared(_))));
    }

    #[test]
    fn what_was_just_written_stays_though_the_clock_was_ahead() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().to_owned());
        let year_2099 = 4_070_908_800_000_000_000;
        let paths = [(1, 2), (3, 4), (5, 6), (year_2099, year_2099 + 1)].map(|span_ns| folder.places(span_ns).1);
        for path in &paths {
            fs::write(path, [0; 1000]).expect("written");
        }
        folder.trim(2000, &paths[1]).expect("it is trimmed");
        assert_eq!(paths.each_ref().map(|path| path.exists()), [false, true, false, true]);
        folder.trim(1, &paths[1]).expect("it is trimmed");
        assert_eq!(paths.each_ref().map(|path| path.exists()), [false, true, false, false]);
    }

    #[test]
    fn what_has_it_counts_for_more_than_what_ended_before() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(place.path().to_owned());
        for span_ns in [(100, 200), (150, 300), (210, 400)] {
            fs::write(folder.places(span_ns).1, "").expect("written");
        }
        let found = |time_ns| folder.around(time_ns).expect("it is read").map(|found| found.span_ns);
        assert_eq!(found(250), Some((150, 300)), "that has it, and most before it");
        assert_eq!(found(200), Some((100, 200)));
        assert_eq!(found(401), Some((210, 400)), "raised when time went by");
        assert_eq!((found(99), found(401 + LATE_NS)), (None, None));
    }

    #[test]
    fn a_name_says_which_time_it_is_of() {
        let folder = Folder::new("/captures".into());
        let span_ns = (1_795_485_296_123_456_789, 1_795_485_308_000_000_001);
        let (unfinished, path) = folder.places(span_ns);
        let name = "20261124T015456.123456789Z-20261124T015508.000000001Z.lcap";
        assert_eq!(path, folder.path().join(name));
        let unfinished = unfinished.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!((span(name), span(&unfinished)), (Some(span_ns), None));
        assert_eq!(super::unfinished(&unfinished), Some(std::process::id()));
        for other in ["mine.unfinished", "x.1.unfinished", name] {
            assert_eq!(super::unfinished(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_read_as_it_was_written(from: u64, to: u64) {
            let (_, path) = Folder::new("/".into()).places((from, to));
            prop_assert_eq!(span(path.file_name().and_then(|name| name.to_str()).unwrap_or_default()), Some((from, to)));
        }

        #[test]
        fn other_names_are_no_captures(name in ".{0,60}") {
            prop_assert_eq!(span(&name), None);
        }
    }
}
