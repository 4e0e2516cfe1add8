//! Each rule: what it finds, and what it must not.

mod command_and_control;
mod credential_access;
mod defense_evasion;
mod download;
mod execution;
mod persistence;

use lanner_sdk::prelude::Severity;
use lanner_sdk::testing::{PackTest, TestEvent, TestFinding};
use starter::Starter;

/// What a fresh pack finds in these events.
fn found(events: impl IntoIterator<Item = TestEvent>) -> Vec<TestFinding> {
    PackTest::<Starter>::new().feed(events)
}

/// Finds exactly this: rule, severity, message.
#[track_caller]
fn finds(events: impl IntoIterator<Item = TestEvent>, rule: &str, severity: Severity, message: &str) {
    match &found(events)[..] {
        [one] => assert_eq!((&*one.rule, one.severity, &*one.message), (rule, severity, message)),
        other => panic!("one finding of {rule} was expected, not {other:#?}"),
    }
}

#[track_caller]
fn silent(events: impl IntoIterator<Item = TestEvent>) {
    let found = found(events);
    assert!(found.is_empty(), "nothing was expected, not {found:#?}");
}

#[test]
fn every_rule_says_what_it_means() {
    let described = PackTest::<Starter>::new();
    let rules = described.rules();
    assert_eq!(rules.len(), 19);
    for rule in rules {
        assert!(!rule.summary.is_empty() && !rule.attack.is_empty(), "{rule:?}");
    }
}
