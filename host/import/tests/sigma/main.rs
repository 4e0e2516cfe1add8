//! Rules as Sigma writes them: what they say, what they find, and what is said of them.

mod conditions;
mod corpora;
mod correlations;
#[path = "../judge/mod.rs"]
mod judge;
mod modifiers;
mod oracle;
mod reports;
mod soundness;
mod sources;

use std::path::PathBuf;

use judge::Judge;
use lanner_import::{ImportError, Options, Pack, import};
use lanner_sdk::testing::TestEvent;

/// Imports these files, by their names.
fn files(files: &[(&str, &str)], options: &Options) -> Result<Pack, ImportError> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path: PathBuf = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).expect("written");
    }
    import(&[folder.path().to_owned()], options)
}

fn imported(text: &str) -> Result<Pack, ImportError> {
    files(&[("rules.yml", text)], &Options { all: true, ..Options::default() })
}

fn pack(text: &str) -> Pack {
    imported(text).unwrap_or_else(|error| panic!("{error}"))
}

/// A rule on a log source, with what stands below `detection:`.
fn rule(logsource: &str, detection: &str) -> String {
    let detection: String = detection.lines().map(|line| format!("  {line}\n")).collect();
    format!("title: Test\nlogsource: {{product: linux, {logsource}}}\ndetection:\n{detection}")
}

/// A rule on programs that begin, of one search.
fn search(search: &str) -> String {
    let search: String = search.lines().map(|line| format!("  {line}\n")).collect();
    rule("category: process_creation", &format!("selection:\n{search}condition: selection"))
}

/// How often a rule finds something in an event.
fn found(rule: &str, event: &TestEvent) -> usize {
    Judge::of(&pack(rule)).judge(std::slice::from_ref(event)).len()
}

/// Whether a search holds for a program that begins.
fn holds(text: &str, event: &TestEvent) -> bool {
    found(&search(text), event) == 1
}

/// Why a rule is refused.
fn refusal(rule: &str) -> String {
    judge::refusal(imported(rule))
}
