use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::*;

const HOUR: i64 = 3_600_000_000_000;
/// Some day at noon.
const NOON: i64 = 20_000 * 24 * HOUR + 12 * HOUR;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("kept/findings.db");
    Place { _folder: folder, path }
}

impl Place {
    fn store(&self) -> Store {
        Store::open(&self.path, Bounds { age: Duration::from_secs(3600 * 24 * 36_500), ..Bounds::default() })
            .expect("it opens")
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path).expect("it opens")
    }
}

/// A finding that differs from others by its number.
fn finding(number: u128, time_ns: i64, severity: &str, rule: &str, message: &str) -> Record {
    let finding = json!({
        "type": "finding", "id": format!("{number:032x}"), "time_ns": time_ns, "host": "web-1", "severity": severity,
        "rule": rule, "attack": ["T1059"], "message": message, "pack": {"name": "a", "version": "1.0.0"},
        "process": {"id": format!("{:016x}", number / 2), "exe": "/usr/bin/curl", "uid": 0},
    });
    Record::new(finding.to_string()).expect("a finding")
}

fn messages(reader: &Reader, filter: &Filter) -> Vec<String> {
    let page = reader.page(filter, None, 100).expect("a page");
    page.findings.iter().map(message).collect()
}

fn message(stored: &Stored) -> String {
    let finding: serde_json::Value = serde_json::from_str(&stored.json).expect("JSON");
    finding["message"].as_str().expect("a message").to_owned()
}

fn by(facets: &[(Facet, &[&str])]) -> Filter {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    Filter { facets: facets.iter().map(|(facet, values)| (*facet, owned(values))).collect(), ..Filter::default() }
}

#[test]
fn what_is_kept_is_found_by_all_that_it_has() {
    let place = place();
    let mut store = place.store();
    let records = [
        finding(1, NOON, "low", "a/one", "first"),
        finding(2, NOON + HOUR, "high", "a/two", "second reads /etc/shadow"),
        // At the same time as the one before, and it happened earlier than what was written before.
        finding(3, NOON + HOUR, "high", "a/one", "third reads /etc/hosts"),
        finding(4, NOON - HOUR, "critical", "a/two", "fourth"),
    ];
    assert_eq!(store.add(&records).expect("written"), Written { kept: 4, known: 0 });
    assert_eq!(store.add(&records[1..2]).expect("written"), Written { kept: 0, known: 1 });
    let reader = place.reader();
    let all = ["third reads /etc/hosts", "second reads /etc/shadow", "first", "fourth"];
    assert_eq!(messages(&reader, &Filter::default()), all);
    let cases: [(Filter, &[&str]); 11] = [
        (by(&[(Facet::Rule, &["a/one"])]), &[all[0], all[2]]),
        (by(&[(Facet::Severity, &["high", "critical"])]), &[all[0], all[1], all[3]]),
        (by(&[(Facet::Severity, &["high", "critical"]), (Facet::Rule, &["a/two", "b/other"])]), &[all[1], all[3]]),
        (by(&[(Facet::Rule, &["b/other"])]), &[]),
        (by(&[(Facet::Process, &["0000000000000001"])]), &[all[0], all[1]]),
        (Filter { since_ns: Some(NOON), until_ns: Some(NOON + 1), ..Filter::default() }, &[all[2]]),
        (Filter { text: Some("/etc/shadow".into()), ..Filter::default() }, &[all[1]]),
        (Filter { text: Some("reads".into()), ..by(&[(Facet::Rule, &["a/one"])]) }, &[all[0]]),
        (Filter { text: Some("shadow reads".into()), ..Filter::default() }, &[all[1]]),
        (Filter { text: Some("\"shadow reads\"".into()), ..Filter::default() }, &[]),
        (Filter { text: Some("fir*".into()), states: vec![State::Open], ..Filter::default() }, &[all[2]]),
    ];
    for (number, (filter, expected)) in cases.iter().enumerate() {
        assert_eq!(messages(&reader, filter), *expected, "case {number}: {filter:?}");
    }
}

#[test]
fn pages_follow_each_other_and_miss_nothing() {
    let place = place();
    let mut store = place.store();
    // Many of the same time, of two severities.
    let severity = |number| if number % 3 == 0 { "high" } else { "low" };
    let records: Vec<Record> =
        (0..500).map(|number| finding(number, NOON, severity(number), "a/one", &number.to_string())).collect();
    store.add(&records).expect("written");
    let reader = place.reader();
    for (filter, expected) in [
        (Filter::default(), 500),
        (by(&[(Facet::Severity, &["high", "low"])]), 500),
        (by(&[(Facet::Severity, &["high"])]), 167),
        (Filter { text: Some("one".into()), ..Filter::default() }, 500),
    ] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = reader.page(&filter, after, 7).expect("a page");
            assert!(page.findings.len() <= 7 && page.findings.is_sorted_by(|a, b| a.key > b.key));
            seen.extend(page.findings.iter().map(message));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{filter:?}");
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), expected, "{filter:?}: each once");
    }
}

#[test]
fn counts_are_those_of_the_findings() {
    let place = place();
    let mut store = place.store();
    // Four days of hours, one finding each, the rule by the hour.
    let rule = |hour: i64| if hour % 4 == 0 { "a/one" } else { "a/two" };
    let hours: Vec<Record> = (0..96_i64)
        .map(|hour| finding(hour.unsigned_abs().into(), NOON + hour * HOUR + 5, "low", rule(hour), "x"))
        .collect();
    store.add(&hours).expect("written");
    let reader = place.reader();
    let two = |one, two| {
        let count = |value: &str, findings| Count { value: value.to_owned(), findings };
        vec![count("a/two", two), count("a/one", one)]
    };
    let range = |from: i64, to: i64| (NOON + from * HOUR, NOON + to * HOUR);
    for ((from, to), expected) in [
        ((0, 96), two(24, 72)),
        ((4, 8), two(1, 3)),
        ((1, 95), two(23, 71)),
        ((-100, 1000), two(24, 72)),
        ((7, 43), two(9, 27)),
    ] {
        assert_eq!(reader.top(Facet::Rule, range(from, to), 10).expect("counts"), expected, "{from} to {to}");
        let tops = reader.tops(range(from, to), 10).expect("counts");
        assert_eq!(tops[&Facet::Rule], expected, "{from} to {to}");
        assert_eq!(tops[&Facet::All], reader.top(Facet::All, range(from, to), 1).expect("counts"));
    }
    assert_eq!(reader.top(Facet::Rule, range(0, 96), 1).expect("counts").len(), 1);
    assert!(reader.tops(range(0, 96), 1).expect("counts").values().all(|counts| counts.len() == 1));
    let days = reader.timeline(Span::Day, (Facet::All, ""), range(0, 96)).expect("counts");
    assert_eq!(days.iter().map(|(_, findings)| *findings).collect::<Vec<_>>(), [12, 24, 24, 24, 12]);
    let hours = reader.timeline(Span::Hour, (Facet::Rule, "a/one"), range(0, 12)).expect("counts");
    assert_eq!(hours, [(NOON, 1), (NOON + 4 * HOUR, 1), (NOON + 8 * HOUR, 1)]);
}

#[test]
fn the_oldest_go_first_and_nothing_is_left_of_them() {
    let place = place();
    let now = SystemTime::now();
    let now_ns = write::nanoseconds(now.duration_since(SystemTime::UNIX_EPOCH).expect("a time"));
    let bounds = Bounds { age: Duration::from_secs(3600), ..Bounds::default() };
    let mut store = Store::open(&place.path, bounds).expect("it opens");
    let old = now_ns - 2 * HOUR;
    let records = [
        finding(1, old, "low", "a/gone", "gone"),
        finding(2, old + 1, "low", "a/stays", "gone too"),
        finding(3, now_ns, "low", "a/stays", "stays"),
    ];
    store.add(&records).expect("written");
    let mut reader = place.reader();
    reader.change(&[format!("{:032x}", 1)], &Change::Comment("seen".into()), "ann").expect("written");
    assert_eq!(store.trim(now).expect("trimmed"), 2);
    assert_eq!(store.trim(now).expect("trimmed"), 0);
    assert_eq!(messages(&reader, &Filter::default()), ["stays"]);
    let range = (0, i64::MAX - HOUR * 48);
    let left = [Count { value: "a/stays".into(), findings: 1 }];
    assert_eq!(reader.top(Facet::Rule, range, 9).expect("counts"), left);
    assert!(messages(&reader, &Filter { text: Some("gone".into()), ..Filter::default() }).is_empty());
    // Of what went, no row is left anywhere.
    let database = rusqlite::Connection::open(&place.path).expect("it opens");
    for (table, rows) in [("finding", 1), ("facet", 9), ("value", 9), ("count", 16), ("entry", 0), ("work", 0)] {
        let count: i64 =
            database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count");
        assert_eq!(count, rows, "{table}");
    }
}

#[test]
fn where_there_is_too_much_the_oldest_go() {
    let place = place();
    let mut store = place.store();
    let long = "word ".repeat(400);
    let mut number = 0;
    while store.bytes().expect("bytes") < 24 << 20 {
        let records: Vec<Record> = (0..500)
            .map(|_| {
                number += 1;
                finding(number, NOON + number as i64, "low", "a/one", &long)
            })
            .collect();
        store.add(&records).expect("written");
    }
    let newest = store.path().to_owned();
    drop(store);
    let bounds = Bounds { age: Duration::from_secs(3600 * 24 * 36_500), bytes: 16 << 20 };
    let mut store = Store::open(&newest, bounds).expect("it opens");
    let mut removed = 0;
    loop {
        match store.trim(SystemTime::now()).expect("trimmed") {
            0 => break,
            some => removed += some,
        }
    }
    assert!(store.bytes().expect("bytes") <= 16 << 20);
    let reader = place.reader();
    let all = reader.top(Facet::All, (0, NOON + HOUR), 1).expect("counts");
    assert_eq!(u128::from(all[0].findings + removed), number);
    let newest = reader.page(&Filter::default(), None, 1).expect("a page");
    assert_eq!(newest.findings[0].key, NOON + number as i64, "the newest are there");
}

#[test]
fn what_people_do_is_written_down() {
    let place = place();
    place
        .store()
        .add(&[finding(0xabcd << 112, NOON, "low", "a/one", "x"), finding(0xabce << 112, NOON, "low", "a/one", "y")])
        .expect("written");
    let mut reader = place.reader();
    let ids = ["abcd".to_owned(), "abce".to_owned()];
    reader.change(&ids, &Change::State(State::Acknowledged, None), "ann").expect("written");
    reader.change(&ids[..1], &Change::Assign(Some("ben".into())), "ann").expect("written");
    reader.change(&ids[..1], &Change::State(State::Closed, Some("a test".into())), "ben").expect("written");
    let work = reader.find("abcd").expect("it is kept").work;
    assert_eq!((work.state, work.assignee.as_deref()), (State::Closed, Some("ben")));
    let entries: Vec<_> =
        work.entries.iter().map(|entry| (&*entry.who, &*entry.change, entry.text.as_deref())).collect();
    assert_eq!(
        entries,
        [("ann", "acknowledged", None), ("ann", "assigned", Some("ben")), ("ben", "closed", Some("a test"))]
    );
    let closed = Filter { states: vec![State::Closed], ..Filter::default() };
    assert_eq!(messages(&reader, &closed), ["x"]);
    for wrong in ["abc", "abcf", "xyzw", ""] {
        assert!(matches!(reader.find(wrong), Err(StoreError::Unknown(_))), "{wrong}");
    }
    let several = reader.change(&["abcd".to_owned(), "ffff".to_owned()], &Change::Comment("c".into()), "ann");
    assert!(several.is_err());
    assert_eq!(reader.find("abcd").expect("it is kept").work.entries.len(), 3, "all or none");
}

#[test]
fn a_damaged_store_is_set_aside_and_a_new_one_begun() {
    let place = place();
    place.store().add(&[finding(1, NOON, "low", "a/one", "x")]).expect("written");
    // Somebody else's file is left alone.
    let other = place.path.with_file_name("other");
    fs::write(&other, "a file").expect("written");
    assert!(matches!(Store::open(&other, Bounds::default()), Err(StoreError::Foreign(_))));
    assert_eq!(fs::read(&other).expect("it is there"), b"a file");
    let mut damaged = fs::read(&place.path).expect("a file");
    damaged[100..].fill(7);
    fs::write(&place.path, damaged).expect("written");
    let mut store = place.store();
    store.add(&[finding(2, NOON, "low", "a/one", "y")]).expect("written");
    assert_eq!(messages(&place.reader(), &Filter::default()), ["y"]);
    let names = names(&place.path);
    let aside: Vec<&String> =
        names.iter().filter(|name| name.contains(".damaged-") && !name.ends_with("-wal")).collect();
    assert!(!aside.is_empty(), "{names:?}");
}

#[test]
fn what_was_killed_is_known_as_ours() {
    let place = place();
    let mut store = place.store();
    store.add(&[finding(1, NOON, "low", "a/one", "x")]).expect("written");
    // As it lies there while the host writes.
    let copy = place.path.with_file_name("copy.db");
    let log = |path: &Path| path.with_extension("db-wal");
    fs::copy(&place.path, &copy).expect("copied");
    fs::copy(log(&place.path), log(&copy)).expect("copied");
    let again = Store::open(&copy, Bounds::default()).expect("it is ours");
    drop(again);
    assert_eq!(messages(&Reader::open(&copy).expect("it opens"), &Filter::default()), ["x"]);
}

fn names(path: &Path) -> Vec<String> {
    let folder = fs::read_dir(path.parent().expect("a folder")).expect("a folder");
    folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn what_is_no_store_is_refused() {
    let place = place();
    assert!(matches!(Reader::open(&place.path), Err(StoreError::Missing(_))));
    drop(place.store());
    let mode = fs::metadata(&place.path).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o666)).expect("a mode");
    assert!(matches!(Reader::open(&place.path), Err(StoreError::Shared(_))));
    fs::set_permissions(&place.path, fs::Permissions::from_mode(0o600)).expect("a mode");
    let other = place.path.with_file_name("other.db");
    let database = rusqlite::Connection::open(&other).expect("a database");
    database.execute_batch("CREATE TABLE t (a)").expect("a table");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o600)).expect("a mode");
    let opened = |path| Store::open(path, Bounds::default()).err().expect("it is refused");
    assert!(matches!(opened(&other), StoreError::Foreign(_)));
    let database = rusqlite::Connection::open(&place.path).expect("a database");
    database.pragma_update(None, "user_version", 99).expect("a number");
    assert!(matches!(opened(&place.path), StoreError::Newer { version: 99, .. }));
}

#[test]
fn what_would_be_waited_for_is_refused_at_once() {
    let place = place();
    fs::create_dir_all(place.path.parent().expect("a folder")).expect("made");
    let pipe = place.path.with_file_name("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).expect("a pipe");
    let link = place.path.with_file_name("link");
    std::os::unix::fs::symlink(&pipe, &link).expect("a link");
    for path in [&pipe, &link, &place.path.with_file_name("")] {
        assert!(matches!(Store::open(path, Bounds::default()), Err(StoreError::NoFile(_))), "{}", path.display());
        assert!(matches!(Reader::open(path), Err(StoreError::NoFile(_))), "{}", path.display());
    }
}

#[test]
fn the_first_and_the_last_of_times_are_kept_counted_and_removed() {
    let place = place();
    let mut store = place.store();
    let times = [0, 0, 1, HOUR - 1, i64::MAX, i64::MAX];
    let records: Vec<Record> =
        (0..).zip(times).map(|(number, time)| finding(number, time, "low", "a/one", &number.to_string())).collect();
    assert_eq!(store.add(&records).expect("written").kept, 6);
    let reader = place.reader();
    assert_eq!(messages(&reader, &Filter::default()), ["5", "4", "3", "2", "1", "0"]);
    assert_eq!(messages(&reader, &Filter { until_ns: Some(HOUR), ..Filter::default() }), ["3", "2", "1", "0"]);
    let counted = |range| reader.top(Facet::All, range, 1).expect("counts").first().map(|count| count.findings);
    assert_eq!((counted((0, HOUR)), counted((0, i64::MAX))), (Some(4), Some(6)));
    assert_eq!(reader.timeline(Span::Hour, (Facet::All, ""), (0, HOUR)).expect("counts"), [(0, 4)]);
    drop(store);
    let bounds = Bounds { age: Duration::from_secs(3600), ..Bounds::default() };
    let mut store = Store::open(&place.path, bounds).expect("it opens");
    assert_eq!(store.trim(SystemTime::now()).expect("trimmed"), 4);
    assert_eq!((counted((0, HOUR)), counted((0, i64::MAX))), (None, Some(2)));
}

#[test]
fn sqlite_is_one_without_the_fault_of_its_log() {
    // https://sqlite.org/wal.html: before 3.51.3 two writers could damage it.
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn who_did_what_is_read_in_the_order_of_time_page_by_page() {
    let place = place();
    let mut store = place.store();
    store
        .add(&[finding(1, NOON, "low", "a/one", "first"), finding(2, NOON, "low", "a/one", "second")])
        .expect("written");
    let mut reader = place.reader();
    let deed = |what: &str, refused: Option<&str>| Deed {
        who: "alice".into(),
        way: "127.0.0.1".into(),
        what: what.into(),
        about: "starter".into(),
        refused: refused.map(str::to_owned),
    };
    reader.record(&deed("signed in", None)).expect("written");
    let ids = [format!("{:032x}", 1), format!("{:032x}", 2)];
    reader.change(&ids, &Change::State(State::Closed, Some("noise".into())), "bob").expect("changed");
    reader.record(&deed("promote", Some(&"no candidate ".repeat(1000)))).expect("written");
    let all = reader.audit(None, 100).expect("lines");
    let whats: Vec<_> = all.iter().map(|line| (line.what.as_str(), line.place.is_finding, line.refused)).collect();
    assert_eq!(
        whats,
        [("promote", false, true), ("closed", true, false), ("closed", true, false), ("signed in", false, false)]
    );
    assert!(all[0].text.as_ref().is_some_and(|text| text.starts_with("no candidate") && text.len() <= 1024));
    assert_eq!((all[1].who.as_str(), all[1].text.as_deref(), all[1].about.as_str()), ("bob", Some("noise"), &*ids[1]));
    // Also where several are of one time.
    let (mut paged, mut before) = (Vec::new(), None);
    loop {
        let page = reader.audit(before, 1).expect("a line");
        let Some(last) = page.last() else { break };
        before = Some(last.place);
        paged.extend(page);
    }
    assert_eq!(paged, all);
}

#[test]
fn labels_are_found_and_those_of_an_older_host_are_not_counted_away() {
    let place = place();
    let mut store = place.store();
    let labelled = |number: u128, time_ns: i64| {
        let finding = json!({"id": format!("{number:032x}"), "time_ns": time_ns, "labels": {"environment": "prod"}});
        Record::new(finding.to_string()).expect("a finding")
    };
    store.add(&[labelled(1, NOON), labelled(2, NOON + HOUR)]).expect("written");
    let prod = by(&[(Facet::Label, &["environment=prod"])]);
    assert_eq!(place.reader().page(&prod, None, 10).expect("a page").findings.len(), 2);
    // As an older host wrote it, which knew of no labels and had no audit log.
    let database = rusqlite::Connection::open(&place.path).expect("a database");
    database
        .execute_batch(&format!(
            "DELETE FROM facet WHERE key = {NOON} AND value IN (SELECT number FROM value WHERE facet = 12);
             UPDATE count SET findings = findings - 1 WHERE span = 1 AND value IN (SELECT number FROM value WHERE facet = 12);
             DELETE FROM count WHERE span = 0 AND start = {NOON} AND value IN (SELECT number FROM value WHERE facet = 12);
             DROP TABLE deed; DROP INDEX entry_at; PRAGMA user_version = 1"
        ))
        .expect("changed");
    drop((database, store));
    let mut store =
        Store::open(&place.path, Bounds { age: Duration::from_secs(1800), ..Bounds::default() }).expect("it opens");
    let after_noon = SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::try_from(NOON + HOUR).expect("later"));
    assert_eq!(store.trim(after_noon).expect("trimmed"), 1);
    let mut reader = place.reader();
    let counts = reader.top(Facet::Label, (0, i64::MAX / 2), 10).expect("counts");
    assert_eq!(counts, [Count { value: "environment=prod".into(), findings: 1 }]);
    reader.record(&Deed::default()).expect("the table is there");
}

#[test]
fn what_comes_is_told_by_what_it_has() {
    let record = finding(1, NOON, "high", "a/one", "curl reads /etc/Shadow");
    let words = |words: &str| Filter { text: Some(words.to_owned()), ..Filter::default() };
    let meet = [
        Filter::default(),
        by(&[(Facet::Severity, &["low", "high"]), (Facet::Rule, &["a/one"])]),
        words("etc/shadow CURL"),
        Filter { states: vec![State::Open], since_ns: Some(NOON), until_ns: Some(NOON + 1), ..Filter::default() },
    ];
    let miss = [
        by(&[(Facet::Severity, &["low"])]),
        by(&[(Facet::Severity, &["high"]), (Facet::Rule, &["a/two"])]),
        words("wget"),
        words("\"\" *"),
        Filter { states: vec![State::Closed], ..Filter::default() },
        Filter { until_ns: Some(NOON), ..Filter::default() },
        Filter { since_ns: Some(NOON + 1), ..Filter::default() },
    ];
    assert!(meet.iter().all(|filter| filter.meets(&record)));
    for filter in miss {
        assert!(!filter.meets(&record), "{filter:?}");
    }
}
