//! From findings to captures.

use std::sync::Arc;
use std::time::Duration;

use lanner_abi::{Kind, OwnedRecord};
use lanner_engine::{Description, Rule, Severity};
use lanner_finding::Finding;
use lanner_pipeline::Recent;
use lanner_probes::event::RawEvent;
use lanner_sink::Sink as _;
use lanner_source::capture::CaptureReader;
use lanner_source::record::{Machine, Record};

use crate::*;

fn finding(severity: Severity, rule: &str) -> Finding {
    let rule = Rule { id: rule.into(), severity, ..Rule::default() };
    let pack =
        Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
    Finding::new(Arc::new(pack), 0, "something".to_owned(), 1).expect("it has the rule")
}

#[test]
fn findings_are_chosen_by_severity_and_rule() {
    let cases: [(&str, &[&str]); 5] = [
        ("high", &["high", "critical"]),
        ("critical, high", &["high", "critical"]),
        ("theme/low", &["low"]),
        ("critical,*/l*", &["low", "critical"]),
        ("other/*", &[]),
    ];
    for (written, expected) in cases {
        let choice: Choice = written.parse().expect("a choice");
        let of = |severity: &&Severity| choice.is_of(&finding(**severity, &format!("theme/{}", severity.name())));
        let chosen: Vec<&str> = Severity::ALL.iter().filter(of).map(|severity| severity.name()).collect();
        assert_eq!(chosen, expected, "{written}");
    }
    let mut excepted = finding(Severity::Critical, "theme/one");
    excepted.excepted = Some("an exception".into());
    assert!(!"critical".parse::<Choice>().expect("a choice").is_of(&excepted));
    for wrong in ["", "hihg", "high,", "starter"] {
        let why = wrong.parse::<Choice>().expect_err("it is wrong");
        assert!(why.contains("neither a severity (info, low, medium, high, critical) nor a rule"), "{why}");
    }
}

fn settings(folder: &std::path::Path, bytes: u64) -> Settings {
    Settings {
        choice: "high".parse().expect("a choice"),
        folder: Folder::new(folder.join("captures")),
        after: Duration::from_secs(3600),
        apart: Duration::from_secs(3600),
        bytes,
    }
}

#[test]
fn a_host_that_ends_writes_what_was_asked_for_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = settings(folder.path(), u64::MAX);
    let recent = Recent::new(&Machine::default(), Duration::from_secs(10), 1 << 20);
    let mut around = Around::start(settings.clone(), recent.clone()).expect("it starts");
    around.write(&finding(Severity::Low, "theme/one"));
    let open = RawEvent::of_nobody(17, Kind::Open, OwnedRecord::new(Kind::Open.record()));
    recent.push(&Record::Event(Box::new(open)));
    drop(around);
    assert_eq!(settings.folder.around(17).expect("it is read"), None, "nothing was asked for");
    let mut around = Around::start(settings.clone(), recent).expect("it starts");
    around.write(&finding(Severity::High, "theme/one"));
    drop(around);
    let found = settings.folder.around(17).expect("it is read").expect("it is there");
    assert_eq!(found.span_ns, (17, 17));
    assert_eq!(settings.folder.around(3_000_000_000).expect("it is read"), None);
    let reader = CaptureReader::open(&found.path).expect("it is a capture");
    assert_eq!(reader.filter(|record| matches!(record, Ok(Record::Event(_)))).count(), 1);
}
