//! A file that is rotated: by its length, by its age, and as others do it (SIGHUP after `mv`).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use flate2::Compression;
use flate2::write::GzEncoder;
use lanner_spool::Record;

use crate::records::open::OpenError;
use crate::records::settings::File as Settings;
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};
use crate::{Outlet, SinkError, Tail};

/// Rotated files that are kept at most: each is renamed at each rotation.
const MOST_KEPT: u32 = 1000;

pub(crate) struct Rotated {
    settings: Settings,
    written: Written,
    outlet: Outlet,
    /// What is to be written was given to the outlet, and waits there.
    waits: bool,
}

impl Rotated {
    pub(crate) fn open(settings: Settings, written: Written) -> Result<Self, OpenError> {
        if settings.keep > MOST_KEPT {
            return Err(OpenError::Wrong(format!(
                "`keep` is {}: at most {MOST_KEPT} rotated files are kept",
                settings.keep
            )));
        }
        let tail = if written.is_json() { Tail::Json } else { Tail::Text };
        let outlet = Outlet::file(settings.path.clone(), tail);
        let outlet = outlet.map_err(|error| OpenError::File(settings.path.clone(), error))?;
        Ok(Self { settings, written, outlet, waits: false })
    }

    /// Whether it is to be rotated before so many bytes are added.
    fn is_due(&self, bytes: usize) -> bool {
        let Ok(facts) = fs::metadata(&self.settings.path) else { return false };
        if !facts.is_file() || facts.len() == 0 {
            return false;
        }
        let too_long = self.settings.rotate_bytes.is_some_and(|most| facts.len() + bytes as u64 > most);
        // Where the file system does not say when it was made, its age is not known.
        let age = facts.created().ok().and_then(|made| SystemTime::now().duration_since(made).ok());
        too_long || age.zip(self.settings.rotate_every).is_some_and(|(age, every)| age > every)
    }

    /// Moves it aside, and those that were there already one further.
    fn rotate(&self) -> io::Result<()> {
        let Settings { path, keep, gzip, .. } = &self.settings;
        if *keep == 0 {
            return fs::remove_file(path);
        }
        for end in ["", ".gz"] {
            is_gone(fs::remove_file(numbered(path, *keep, end)))?;
            for number in (1..*keep).rev() {
                is_gone(fs::rename(numbered(path, number, end), numbered(path, number + 1, end)))?;
            }
        }
        let first = numbered(path, 1, "");
        fs::rename(path, &first)?;
        // Without it, it is as good.
        if *gzip && let Err(error) = compress(&first, &numbered(path, 1, ".gz")) {
            tracing::warn!("{} stays as it is, and is not compressed: {error}", first.display());
        }
        Ok(())
    }
}

impl Place for Rotated {
    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        if !self.waits {
            let lines: Vec<_> = records.iter().map(|record| self.written.of(record)).collect();
            let bytes = lines.iter().map(|line| line.len() + 1).sum();
            if self.is_due(bytes)
                && let Err(error) = self.rotate().map(|()| self.outlet.moved_aside())
            {
                tracing::warn!("{} cannot be rotated, and grows on: {error}", self.settings.path.display());
            }
            for line in &lines {
                self.outlet.add(|out| {
                    out.extend_from_slice(line);
                    out.push(b'\n');
                });
            }
        }
        // What was given to it goes on waiting there, and is written once.
        self.waits = true;
        match self.outlet.flush() {
            Ok(()) => {
                self.waits = false;
                Ok(Answer::default())
            }
            Err(SinkError::Now(error) | SinkError::Ended(error)) => Err(Refusal::later(error)),
        }
    }

    fn reopen(&mut self) {
        self.outlet.reopen();
    }
}

fn numbered(path: &Path, number: u32, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}{end}"));
    name.into()
}

/// That it is not there is as good.
fn is_gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn compress(from: &Path, to: &Path) -> io::Result<()> {
    let part = to.with_extension("gz.part");
    let written = (|| {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        let mut encoder = GzEncoder::new(file, Compression::default());
        io::copy(&mut File::open(from)?, &mut encoder)?;
        encoder.finish()?.sync_all()?;
        fs::rename(&part, to)?;
        fs::remove_file(from)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::time::Duration;

    use flate2::read::GzDecoder;
    use serde_json::json;

    use super::*;
    use crate::records::tests::record;

    fn open(path: &Path, more: &str) -> Rotated {
        let text = format!("path = {:?}\n{more}", path.to_str().expect("UTF-8"));
        Rotated::open(toml::from_str(&text).expect("settings"), Written::default()).expect("it opens")
    }

    /// Sends findings of these numbers, one by one.
    fn send(rotated: &mut Rotated, numbers: std::ops::Range<u64>) {
        for number in numbers {
            rotated.send(&[record(number, &json!({ "number": number }))]).expect("written");
        }
    }

    fn text(path: &Path) -> String {
        let mut text = String::new();
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        match path.extension().is_some_and(|end| end == "gz") {
            true => GzDecoder::new(file).read_to_string(&mut text).expect("text"),
            false => (&file).read_to_string(&mut text).expect("text"),
        };
        text
    }

    #[test]
    fn by_its_length_it_is_rotated_and_so_many_are_kept() {
        for (gzip, end) in [(false, ""), (true, ".gz")] {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("findings.json");
            // Two lines of 13 bytes have room.
            let mut rotated = open(&path, &format!("rotate_bytes = 26\nkeep = 2\ngzip = {gzip}"));
            send(&mut rotated, 0..7);
            let line = |number| format!("{{\"number\":{number}}}\n");
            assert_eq!(text(&path), line(6));
            assert_eq!(text(&numbered(&path, 1, end)), line(4) + &line(5));
            assert_eq!(text(&numbered(&path, 2, end)), line(2) + &line(3));
            assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3, "the oldest is gone");
        }
    }

    #[test]
    fn by_its_age_and_as_others_move_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("findings.json");
        let mut rotated = open(&path, "rotate_every = \"1ms\"");
        send(&mut rotated, 0..1);
        if fs::metadata(&path).expect("its facts").created().is_err() {
            println!("skipped: the file system does not say when files were made");
            return;
        }
        let made = fs::metadata(&path).expect("its facts").created().expect("when");
        while made.elapsed().expect("time goes on") <= Duration::from_millis(1) {
            std::thread::yield_now();
        }
        send(&mut rotated, 1..2);
        assert_eq!(
            (text(&numbered(&path, 1, "")), text(&path)),
            ("{\"number\":0}\n".into(), "{\"number\":1}\n".into())
        );
        let mut plain = open(&path, "");
        fs::rename(&path, folder.path().join("aside")).expect("moved");
        plain.reopen();
        send(&mut plain, 2..3);
        assert_eq!(text(&path), "{\"number\":2}\n");
    }

    #[test]
    fn what_could_not_be_written_is_written_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("place");
        fs::create_dir(&place).expect("a folder");
        let mut rotated = open(&place.join("findings.json"), "");
        fs::rename(&place, folder.path().join("aside")).expect("moved");
        let one = [record(1, &json!({"number": 1}))];
        for _ in 0..3 {
            assert!(matches!(rotated.send(&one), Err(Refusal::Later(..))));
        }
        fs::create_dir(&place).expect("a folder");
        rotated.send(&one).expect("written");
        assert_eq!(text(&place.join("findings.json")), "{\"number\":1}\n");
    }
}
