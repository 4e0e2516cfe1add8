//! A host that is killed at any moment: what it said is kept is there, and the database is whole.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lanner_spool::{Entry, FILE, Options, Record, Spool, Stop};

/// Tells the child where the spool is: it is this test, run by itself.
const FOLDER: &str = "LANNER_SPOOL_KILLED";
/// Times that it is killed.
const ROUNDS: u64 = 24;
/// How long it is waited for what must come. Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(300);

fn entry(number: u64) -> Entry {
    // Some are longer than a page.
    let size = (number * 7919 % 9000) as usize;
    Entry { id: [0; 16], bytes: format!("{number:0size$}").into_bytes().into() }
}

fn number(record: &Record) -> u64 {
    std::str::from_utf8(&record.bytes).expect("text").parse().expect("a number")
}

/// Appends for ever, and says on stdout what is kept; a second sink delivers meanwhile.
fn child(folder: &Path) {
    let names = ["idle".to_owned(), "busy".to_owned()];
    let spool = Spool::open(folder, &names, Options::default()).expect("it opens");
    let mut busy = spool.reader("busy").expect("a sink");
    std::thread::spawn(move || {
        while let Some(records) = busy.next(7, 1 << 20, &Stop::default(), None) {
            busy.acknowledge(&records);
        }
    });
    // It goes on where the one before was killed.
    let mut next: u64 = std::env::args().next_back().and_then(|last| last.parse().ok()).unwrap_or(0);
    loop {
        let size = next % 13 + 1;
        let last = spool.append((next..next + size).map(entry));
        next += size;
        assert!(spool.wait_until_kept(last, PATIENCE));
        println!("kept {}", next - 1);
    }
}

#[test]
fn what_was_said_to_be_kept_is_there() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return child(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut kept = None;
    for round in 0..ROUNDS {
        let ours = std::env::current_exe().expect("the path of the test");
        let begin = kept.map_or(0, |kept: u64| kept + 1000);
        let mut child = Command::new(ours)
            .args(["--exact", "what_was_said_to_be_kept_is_there", "--nocapture"])
            // What names no test is taken for another filter, which is as good.
            .arg(begin.to_string())
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // Another moment each time: after so many batches, and somewhere within the next.
        let mut last = None;
        for _ in 0..=round * 5 % 37 {
            last = lines
                .by_ref()
                .map(|line| line.expect("text"))
                .find_map(|line| line.strip_prefix("kept ")?.parse().ok());
            assert!(last.is_some(), "the child ended by itself");
        }
        let spins = round * 977 % 5000;
        (0..spins).for_each(|_| std::hint::spin_loop());
        child.kill().expect("it is killed");
        child.wait().expect("it ended");
        // What it said until then counts, too.
        let rest = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).last();
        let round_kept: u64 = rest.or(last).expect("it said something");

        let spool =
            Spool::open(folder.path(), &["idle".to_owned(), "busy".to_owned()], Options::default()).expect("it opens");
        assert_eq!(spool.state().set_aside, 0, "the database is whole");
        let mut reader = spool.reader("idle").expect("a sink");
        let waiting = spool.sink("idle").expect("a sink").waiting;
        let (mut all, end) = (Vec::new(), Some(Instant::now() + PATIENCE));
        while (all.len() as u64) < waiting {
            let records = reader.next(256, 8 << 20, &Stop::default(), end).expect("they come");
            reader.acknowledge(&records);
            all.extend(records.iter().map(number));
        }
        // All that this child said, without gaps and in order; perhaps some more that it did not come to say.
        let said: Vec<u64> = (begin..=round_kept).collect();
        assert!(all.starts_with(&said), "round {round}: {} of {} are there: {:?}", all.len(), said.len(), all.first());
        let more = &all[said.len()..];
        assert!(more.iter().copied().eq(round_kept + 1..=round_kept + more.len() as u64), "{more:?}");
        kept = Some(round_kept);
    }
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).expect("it opens");
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
    assert_eq!(whole, "ok");
}
