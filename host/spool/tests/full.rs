//! A full disk: nothing that was kept is lost, and it goes on when there is room. As root, on a file system of its own.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use lanner_spool::{Entry, Options, Spool, Stop};

/// How long it is waited for what must come. Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(300);
/// Bytes of a finding: some hundred have room.
const SIZE: usize = 4000;

/// A small file system in memory.
struct Mount(tempfile::TempDir);

impl Mount {
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: not root");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "none"]).arg(folder.path()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(folder));
        }
        println!("skipped: nothing can be mounted here");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn entry(number: u64) -> Entry {
    Entry { id: [0; 16], bytes: format!("{number:0SIZE$}").into_bytes().into() }
}

fn wait_until(what: &str, mut is: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < end, "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn what_was_kept_stays_and_it_goes_on_when_there_is_room() {
    let Some(mount) = Mount::new() else { return };
    let filler = mount.path().join("filler");
    fs::write(&filler, vec![0; 1 << 20]).expect("it fits");
    let options = Options { memory_records: 100, ..Options::default() };
    let folder = mount.path().join("spool");
    let spool = Spool::open(&folder, &["a".to_owned()], options).expect("it opens");
    // One by one until it is full.
    let mut appended = 0;
    let mut kept = 0;
    while spool.state().trouble.is_none() {
        let seq = spool.append([entry(appended)]);
        appended += 1;
        wait_until("it is kept, or is said not to be", || {
            spool.wait_until_kept(seq, Duration::from_millis(1)) || spool.state().trouble.is_some()
        });
        if spool.wait_until_kept(seq, Duration::ZERO) {
            kept = appended;
        }
    }
    assert!(kept > 50 && kept < 500, "{kept} findings had room");
    let trouble = spool.state().trouble.expect("why");
    assert!(trouble.contains("full") || trouble.contains("disk"), "{trouble}");
    // What comes now waits in memory, so many.
    let before = spool.state().unwritten as u64;
    for number in 0..200 {
        spool.append([entry(appended + number)]);
    }
    let sink = spool.sink("a").expect("a sink");
    assert_eq!((sink.waiting, sink.dropped), (kept + 100, before + 100));

    // A sink is served on, from both.
    let mut reader = spool.reader("a").expect("a sink");
    let mut next = |most: usize| {
        let end = Some(Instant::now() + PATIENCE);
        let records = reader.next(most, 1 << 20, &Stop::default(), end).expect("they come");
        reader.acknowledge(&records);
        records.iter().map(|record| String::from_utf8_lossy(&record.bytes).parse::<u64>().expect("a number")).collect()
    };
    let mut all: Vec<u64> = next(10);
    // Then there is room.
    fs::remove_file(&filler).expect("removed");
    wait_until("it is written to again", || spool.state().trouble.is_none());
    while all.len() < (kept + 100) as usize {
        all.extend(next(64));
    }
    let expected: Vec<u64> = (0..kept + 100).collect();
    assert_eq!(all, expected);
    assert_eq!(spool.sink("a").expect("a sink").waiting, 0);
}
