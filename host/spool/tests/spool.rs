//! What a spool keeps, for whom, and how much of it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lanner_spool::{Durability, Entry, FILE, Options, Reader, Record, Spool, SpoolError, Stop};

/// How long it is waited for what must come. Only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(300);

fn entry(text: &str) -> Entry {
    Entry { id: [7; 16], bytes: text.as_bytes().into() }
}

fn entries(texts: impl IntoIterator<Item = u64>) -> Vec<Entry> {
    texts.into_iter().map(|number| entry(&number.to_string())).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn open(folder: &Path, sinks: &[&str], options: Options) -> Spool {
    Spool::open(folder, &names(sinks), options).expect("it opens")
}

/// Appends, and waits until it is kept.
fn keep(spool: &Spool, entries: Vec<Entry>) {
    let last = spool.append(entries);
    assert!(spool.wait_until_kept(last, PATIENCE));
}

/// So many findings, as numbers, each acknowledged.
fn take(reader: &mut Reader, count: usize) -> Vec<u64> {
    let mut all = Vec::new();
    let end = Instant::now() + PATIENCE;
    while all.len() < count {
        let records = reader.next(count - all.len(), 1 << 20, &Stop::default(), Some(end)).expect("they come");
        reader.acknowledge(&records);
        all.extend(records.iter().map(number));
    }
    all
}

fn number(record: &Record) -> u64 {
    std::str::from_utf8(&record.bytes).expect("text").parse().expect("a number")
}

/// What there is at once.
fn now(reader: &mut Reader) -> Vec<u64> {
    let end = Instant::now() + Duration::from_millis(1);
    reader.next(usize::MAX, usize::MAX, &Stop::default(), Some(end)).unwrap_or_default().iter().map(number).collect()
}

#[test]
fn each_sink_gets_all_in_order_and_what_it_has_not_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(folder.path(), &["a", "b"], Options::default());
    let (mut a, mut b) = (spool.reader("a").expect("a sink"), spool.reader("b").expect("a sink"));
    assert!(spool.reader("c").is_none());
    keep(&spool, entries(0..1000));
    assert_eq!(take(&mut a, 1000), (0..1000).collect::<Vec<_>>());
    assert_eq!(take(&mut b, 10), (0..10).collect::<Vec<_>>());
    let sinks = (spool.sink("a").expect("a sink"), spool.sink("b").expect("a sink"));
    assert_eq!((sinks.0.waiting, sinks.0.bytes, sinks.0.oldest_ns), (0, 0, None));
    assert_eq!((sinks.1.waiting, sinks.1.dropped), (990, 0));
    assert!(sinks.1.oldest_ns.is_some());
    // What was read and not acknowledged comes again.
    let unfinished = b.next(5, 1 << 20, &Stop::default(), None).expect("they wait");
    assert_eq!(unfinished.iter().map(number).collect::<Vec<_>>(), [10, 11, 12, 13, 14]);
    drop((a, b, spool));

    let spool = open(folder.path(), &["b", "c"], Options::default());
    let (mut b, mut c) = (spool.reader("b").expect("a sink"), spool.reader("c").expect("a sink"));
    assert_eq!(spool.sink("b").expect("a sink").waiting, 990);
    assert_eq!(spool.sink("c").expect("a sink").waiting, 0, "a new one begins with what comes");
    keep(&spool, entries(1000..1003));
    assert_eq!(take(&mut b, 993), (10..1003).collect::<Vec<_>>());
    assert_eq!(take(&mut c, 3), [1000, 1001, 1002]);
}

#[test]
fn portions_are_bounded_and_a_long_finding_goes_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(folder.path(), &["a"], Options::default());
    let mut reader = spool.reader("a").expect("a sink");
    let long = "1".repeat(100);
    keep(&spool, vec![entry(&long), entry("2"), entry("3")]);
    let mut next = |most, bytes| reader.next(most, bytes, &Stop::default(), None).expect("they wait").len();
    assert_eq!((next(10, 10), next(1, 10), next(10, 10)), (1, 1, 1));
    // A reader that is told to stop does, though nothing comes.
    let stop = Stop::new(true);
    assert!(reader.next(1, 1, &stop, None).is_none());
}

#[test]
fn beyond_its_bytes_the_oldest_are_dropped_and_counted_for_who_has_them_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { bytes: 50, ..Options::default() };
    let spool = open(folder.path(), &["a", "b"], options);
    let (mut a, mut b) = (spool.reader("a").expect("a sink"), spool.reader("b").expect("a sink"));
    keep(&spool, entries(10..20));
    assert_eq!(take(&mut a, 10), (10..20).collect::<Vec<_>>());
    // Two bytes each: 25 have room.
    keep(&spool, entries(20..60));
    wait_until(|| spool.sink("b").expect("a sink").waiting == 25);
    let (of_a, of_b) = (spool.sink("a").expect("a sink"), spool.sink("b").expect("a sink"));
    assert_eq!((of_a.dropped, of_b.dropped), (15, 25));
    assert_eq!((of_b.waiting, of_b.bytes), (25, 50));
    assert_eq!(take(&mut b, 25), (35..60).collect::<Vec<_>>());
    assert_eq!(take(&mut a, 25), (35..60).collect::<Vec<_>>());
}

fn wait_until(mut is: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < end, "it does not come");
        std::thread::yield_now();
    }
}

#[test]
fn what_is_too_old_is_dropped() {
    static NOW: AtomicU64 = AtomicU64::new(1_000_000_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { age: Duration::from_secs(60), now: || NOW.load(Ordering::Relaxed), ..Options::default() };
    let spool = open(folder.path(), &["a"], options);
    keep(&spool, entries(0..3));
    NOW.fetch_add(50_000_000_000, Ordering::Relaxed);
    keep(&spool, entries(3..5));
    assert_eq!(spool.sink("a").expect("a sink").waiting, 5);
    NOW.fetch_add(20_000_000_000, Ordering::Relaxed);
    keep(&spool, entries(5..6));
    wait_until(|| spool.sink("a").expect("a sink").dropped == 3);
    assert_eq!(take(&mut spool.reader("a").expect("a sink"), 3), [3, 4, 5]);
}

#[test]
fn one_host_has_a_spool_and_nobody_else_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("made/spool");
    let spool = open(&place, &["a"], Options::default());
    keep(&spool, entries(0..10));
    let second = Spool::open(&place, &names(&["a"]), Options::default()).err().expect("it is refused");
    let (pid, shown) = (std::process::id(), place.display());
    let expected = format!(
        "the spool {shown} is in use by another host (process {pid}): end that one, or give this one another folder"
    );
    assert!(matches!(&second, SpoolError::InUse { .. }), "{second}");
    assert_eq!(second.to_string(), expected);
    let mode = |path: &Path| fs::metadata(path).expect("its facts").permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for file in fs::read_dir(&place).expect("a folder") {
        let path = file.expect("a file").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    drop(spool);
    drop(open(&place, &["a"], Options::default()));
}

/// The names of what is set aside.
fn set_aside(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").file_name());
    let names = names.map(|name| name.into_string().expect("UTF-8"));
    names
        .filter(|name| name.starts_with("spool.db.damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect()
}

#[test]
fn a_damaged_database_is_set_aside_and_a_new_one_is_begun() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(FILE);
    // Of the beginning, of the middle, all of it, and another thing altogether.
    let damages: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[..64].fill(0xff),
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle..middle + 4096].fill(0xa5);
        },
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| *bytes = b"no database\n".repeat(1000),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let spool = open(folder.path(), &["a"], Options::default());
        let long = (0..200).map(|number| entry(&format!("{number:03000}")));
        keep(&spool, long.collect());
        drop(spool);
        let mut bytes = fs::read(&file).expect("the file");
        damage(&mut bytes);
        fs::write(&file, bytes).expect("written");
        let _ = fs::remove_file(folder.path().join(format!("{FILE}-wal")));

        let spool = open(folder.path(), &["a"], Options::default());
        assert_eq!(spool.state().set_aside, 1, "damage {number}");
        assert_eq!(set_aside(folder.path()).len(), 3.min(number + 1), "of more the oldest go");
        let mut reader = spool.reader("a").expect("a sink");
        keep(&spool, entries(0..3));
        assert_eq!(take(&mut reader, 3), [0, 1, 2]);
    }
}

#[test]
fn one_that_is_damaged_while_it_is_used_is_replaced_and_what_is_lost_is_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(FILE);
    {
        let spool = open(folder.path(), &["a"], Options::default());
        keep(&spool, (0..400).map(|number| entry(&format!("{number:03000}"))).collect());
    }
    let spool = open(folder.path(), &["a"], Options::default());
    let mut reader = spool.reader("a").expect("a sink");
    assert_eq!(take(&mut reader, 1), [0]);
    let mut bytes = fs::read(&file).expect("the file");
    bytes[8192..].fill(0xa5);
    // In place, as a disk does it.
    use std::io::Write as _;
    fs::OpenOptions::new().write(true).open(&file).and_then(|mut file| file.write_all(&bytes)).expect("written");
    let end = Instant::now() + PATIENCE;
    while spool.state().set_aside == 0 {
        assert!(Instant::now() < end, "it is not noticed");
        let patience = Some(Instant::now() + Duration::from_millis(50));
        let records = reader.next(16, 1 << 20, &Stop::default(), patience).unwrap_or_default();
        reader.acknowledge(&records);
        spool.append([entry("1000")]);
    }
    assert_eq!(set_aside(folder.path()).len(), 1);
    let sink = spool.sink("a").expect("a sink");
    assert!(sink.dropped > 300, "{sink:?}");
    // It goes on.
    let last = spool.append(entries(2000..2003));
    assert!(spool.wait_until_kept(last, PATIENCE));
    let mut all = Vec::new();
    while all.last() != Some(&2002) {
        all.extend(take(&mut reader, 1));
    }
    assert!(all.ends_with(&[2000, 2001, 2002]), "{all:?}");
    assert_eq!(spool.sink("a").expect("a sink").waiting, 0);
}

#[test]
fn each_finding_may_be_safe_from_a_power_cut_and_sqlite_is_new_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = open(folder.path(), &["a"], Options { durability: Durability::Full, ..Options::default() });
    keep(&spool, entries(0..3));
    drop(spool);
    let connection = rusqlite::Connection::open(folder.path().join(FILE)).expect("it opens");
    let kept: i64 = connection.query_row("SELECT COUNT(*) FROM records", [], |row| row.get(0)).expect("a count");
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).expect("a mode");
    assert_eq!((kept, mode.as_str()), (3, "wal"));
    // Before it, two connections could damage the write-ahead log (WAL reset).
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn what_nobody_took_is_there_though_memory_is_bounded() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = Options { memory_records: 10, ..Options::default() };
    let spool = open(folder.path(), &["a"], options);
    // More at once than memory has room for: what is left out is counted, and the rest is kept.
    let last = spool.append(entries(0..25));
    assert!(spool.wait_until_kept(last, PATIENCE));
    let sink = spool.sink("a").expect("a sink");
    assert_eq!((sink.waiting, sink.dropped), (10, 15));
    assert_eq!(now(&mut spool.reader("a").expect("a sink")), (0..10).collect::<Vec<_>>());
}
