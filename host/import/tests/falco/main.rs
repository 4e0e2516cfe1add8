//! Rules as Falco writes them: what they say, what they find, and what is said of them.

mod corpora;
mod fields;
mod filters;
#[path = "../judge/mod.rs"]
mod judge;
mod merging;
mod operators;
mod reports;

use std::path::PathBuf;

use judge::Judge;
use lanner_import::{ImportError, Options, Pack, import};
use lanner_sdk::testing::TestEvent;

/// Imports these files, in their order.
fn imported(files: &[&str]) -> Result<Pack, ImportError> {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(number, text): (usize, &&str)| -> PathBuf {
        let path = folder.path().join(format!("rules-{number}.yaml"));
        std::fs::write(&path, text).expect("written");
        path
    };
    let paths: Vec<PathBuf> = files.iter().enumerate().map(write).collect();
    import(&paths, &Options { all: true, ..Options::default() })
}

fn pack(files: &[&str]) -> Pack {
    imported(files).unwrap_or_else(|error| panic!("{error}"))
}

/// A file with one rule of this condition.
fn rule(condition: &str) -> String {
    // As JSON, a text needs no other care.
    let condition = serde_json::to_string(condition).expect("a text");
    format!("- rule: Test\n  desc: d\n  condition: {condition}\n  output: found\n  priority: NOTICE\n")
}

/// Whether a condition holds for an event.
fn holds(condition: &str, event: &TestEvent) -> bool {
    match imported(&[&rule(condition)]) {
        Ok(pack) => Judge::of(&pack).judge(std::slice::from_ref(event)).len() == 1,
        // It can hold for none at all.
        Err(ImportError::None(report)) if report.rules.iter().all(|rule| rule.refused.is_none()) => false,
        Err(error) => panic!("{condition}: {error}"),
    }
}

/// Why a condition is refused.
fn refusal(condition: &str) -> String {
    judge::refusal(imported(&[&rule(condition)]))
}
