//! What is to be said of a pack before it is used: what is wrong in it, what is missing in what it says of itself, and what costs.

mod cost;

use std::path::{Path, PathBuf};

use lanner_build::{Keep, strip};
use lanner_engine::{LeftOut, Setting};
use serde_json::{Value as Json, json};

pub use lanner_attack::{VERSION as ATTACK_VERSION, is_technique};

use crate::pack::{OpenError, Pack};

/// Bytes of a pack from which on it is worth a word: those without an interpreter have a tenth of it.
const LARGE: usize = 4 << 20;

/// Something about a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whether it is wrong, or only worth a look.
    pub is_error: bool,
    /// What kind of thing it is, for programs.
    pub code: &'static str,
    /// The rule that it is about.
    pub rule: Option<String>,
    /// A sentence.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

/// A pack that was looked at.
pub struct Checked {
    /// The pack; nothing where it is refused.
    pub pack: Option<Pack>,
    /// Its file.
    pub path: PathBuf,
    /// What there is to say.
    pub notes: Vec<Note>,
}

/// Looks at a pack.
pub fn check(path: &Path, cache: Option<PathBuf>) -> Checked {
    match Pack::open(path, cache) {
        Ok(pack) => Checked { notes: notes(&pack), path: path.to_owned(), pack: Some(pack) },
        Err(error) => {
            let what = match error {
                OpenError::Refused(error) => format!("it {}", error.refusal),
                OpenError::Runtime(error) => error.to_string(),
            };
            let remedy = "a host refuses it too".to_owned();
            let note = Note { is_error: true, code: "refused", rule: None, what, remedy };
            Checked { pack: None, path: path.to_owned(), notes: vec![note] }
        }
    }
}

/// What there is to say of a pack that can be loaded.
pub fn notes(pack: &Pack) -> Vec<Note> {
    let described = &*pack.description;
    let mut notes = Vec::new();
    let mut note = |is_error: bool, code, rule: Option<&str>, what: &str, remedy: &str| {
        let (rule, what, remedy) = (rule.map(str::to_owned), what.to_owned(), remedy.to_owned());
        notes.push(Note { is_error, code, rule, what, remedy });
    };
    if described.summary.trim().is_empty() {
        note(false, "pack-summary", None, "the pack has no summary", "say in one line what it is for");
    }
    for rule in &described.rules {
        let id = Some(rule.id.as_str());
        if rule.summary.trim().is_empty() {
            let remedy = "say in one line what a finding of it means: findings, the console and registries show it";
            note(false, "rule-summary", id, "it has no summary", remedy);
        }
        if rule.attack.is_empty() {
            let remedy =
                "name the technique that it detects, such as T1003.008; where there is none, nothing is to be done";
            note(false, "rule-attack", id, "it names no ATT&CK technique", remedy);
        }
        for technique in rule.attack.iter().filter(|technique| !is_technique(technique)) {
            let what =
                format!("there is no technique {technique} in ATT&CK for Enterprise {ATTACK_VERSION}, or not any more");
            note(true, "attack-unknown", id, &what, "look it up at https://attack.mitre.org/techniques/enterprise/");
        }
        if rule.events.is_empty() {
            let remedy = "give it a handler for a kind of event, or remove it";
            note(false, "rule-deaf", id, "it asks for no events, and sees those that others ask for only", remedy);
        }
    }
    for LeftOut { rule, needs } in &described.left_out {
        let id = described.rules.get(*rule as usize).map(|rule| rule.id.as_str());
        let what = format!("it needs {needs}, which this version does not have, and is left out");
        note(false, "left-out", id, &what, "run it on a newer lanner, or look whether the name is right");
    }
    for Setting { name, summary, default, .. } in &described.settings {
        if summary.trim().is_empty() {
            note(
                false,
                "setting-summary",
                None,
                &format!("the setting {name} has no summary"),
                "say in one line what it does",
            );
        }
        if default.is_none() {
            let remedy = "give it the value that it has where nobody sets it";
            note(false, "setting-default", None, &format!("the setting {name} has no default"), remedy);
        }
    }
    // What only says in which lines something happens is there on purpose.
    let size = strip(&pack.bytes, Keep::Nothing).map_or(pack.bytes.len(), |stripped| stripped.len());
    if size > LARGE {
        let what = format!("it has {:.1} MiB of code and data", size as f64 / f64::from(1 << 20));
        let remedy =
            "it takes long to be compiled when a host first loads it; what is not needed can be left out of it";
        note(false, "size", None, &what, remedy);
    }
    notes.extend(cost::notes(described));
    notes
}

impl Checked {
    /// Whether something is wrong.
    pub fn has_errors(&self) -> bool {
        self.notes.iter().any(|note| note.is_error)
    }

    /// Whether something is worth a look.
    pub fn has_warnings(&self) -> bool {
        self.notes.iter().any(|note| !note.is_error)
    }

    /// For programs.
    pub fn json(&self) -> Json {
        let note = |note: &Note| {
            json!({"level": if note.is_error { "error" } else { "warning" }, "code": note.code, "rule": note.rule,
                "what": note.what, "remedy": note.remedy})
        };
        let pack = self.pack.as_ref();
        json!({
            "path": self.path,
            "name": pack.map(|pack| &pack.description.name),
            "version": pack.map(|pack| &pack.description.version),
            "rules": pack.map(|pack| pack.description.rules.len()),
            "size": pack.map(|pack| pack.bytes.len()),
            "component": pack.map(|pack| pack.digest().to_string()),
            "notes": self.notes.iter().map(note).collect::<Vec<_>>(),
        })
    }
}
