//! MITRE ATT&CK for Enterprise: the tactics and techniques that there are, and what they are called.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The version that the list is of.
pub const VERSION: &str = "18.1";

/// Techniques and sub-techniques, without those that were revoked or deprecated, by id: the id, whether it is one of Linux or
/// containers, its tactics, and its name. ATT&CK is a trademark of The MITRE Corporation. Ids, tactics and names are taken
/// from its published STIX data: © 2025 The MITRE Corporation; this work is reproduced and distributed with the permission
/// of The MITRE Corporation.
const TECHNIQUES: &str = include_str!("techniques.txt");

static BY_ID: LazyLock<BTreeMap<&str, Technique>> = LazyLock::new(|| {
    TECHNIQUES.lines().filter_map(Technique::parse).map(|technique| (technique.id, technique)).collect()
});

/// What an adversary is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tactic {
    /// As ids of rules begin, such as `credential-access`.
    pub word: &'static str,
    /// Its id, such as `TA0006`.
    pub id: &'static str,
    /// What it is called.
    pub name: &'static str,
}

impl Tactic {
    const fn new(word: &'static str, id: &'static str, name: &'static str) -> Self {
        Self { word, id, name }
    }

    /// The one of this word.
    pub fn of(word: &str) -> Option<&'static Self> {
        TACTICS.iter().find(|tactic| tactic.word == word)
    }
}

/// All tactics, in the order of ATT&CK.
pub const TACTICS: [Tactic; 14] = [
    Tactic::new("reconnaissance", "TA0043", "Reconnaissance"),
    Tactic::new("resource-development", "TA0042", "Resource Development"),
    Tactic::new("initial-access", "TA0001", "Initial Access"),
    Tactic::new("execution", "TA0002", "Execution"),
    Tactic::new("persistence", "TA0003", "Persistence"),
    Tactic::new("privilege-escalation", "TA0004", "Privilege Escalation"),
    Tactic::new("defense-evasion", "TA0005", "Defense Evasion"),
    Tactic::new("credential-access", "TA0006", "Credential Access"),
    Tactic::new("discovery", "TA0007", "Discovery"),
    Tactic::new("lateral-movement", "TA0008", "Lateral Movement"),
    Tactic::new("collection", "TA0009", "Collection"),
    Tactic::new("command-and-control", "TA0011", "Command and Control"),
    Tactic::new("exfiltration", "TA0010", "Exfiltration"),
    Tactic::new("impact", "TA0040", "Impact"),
];

/// How an adversary gets there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Technique {
    /// Its id, such as `T1003`; of a part of one, such as `T1003.008`.
    pub id: &'static str,
    /// What it is called; a part without the name of the whole.
    pub name: &'static str,
    /// Whether it is one of Linux, or of containers.
    pub linux: bool,
    /// The words of its tactics.
    pub tactics: Vec<&'static str>,
}

impl Technique {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.splitn(4, ' ');
        let (id, platform) = (words.next()?, words.next()?);
        let (tactics, name) = (words.next()?.split(',').collect(), words.next()?);
        Some(Self { id, name, linux: platform == "linux", tactics })
    }

    /// The one of this id.
    pub fn of(id: &str) -> Option<&'static Self> {
        BY_ID.get(id)
    }

    /// All of them, by their ids.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        BY_ID.values()
    }

    /// Whether it is a part of another one.
    pub fn is_part(&self) -> bool {
        self.id.contains('.')
    }
}

/// Whether there is a technique of this id, such as `T1003.008`.
pub fn is_technique(id: &str) -> bool {
    Technique::of(id).is_some()
}

/// What a technique is called; a part that is not known by the name of the whole.
pub fn name(id: &str) -> Option<&'static str> {
    let technique = Technique::of(id).or_else(|| Technique::of(id.split_once('.')?.0));
    technique.map(|technique| technique.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn techniques_are_known() {
        assert!(is_technique("T1003") && is_technique("T1003.008") && is_technique("T1059.004"));
        for unknown in ["T1003.009", "T1002", "T9999", "T1003.", "", ".001", "T1001 .001"] {
            assert!(!is_technique(unknown), "{unknown}");
        }
        assert_eq!(Technique::all().count(), TECHNIQUES.lines().count());
        assert!(Technique::all().count() > 600);
    }

    #[test]
    fn techniques_have_names_and_tactics() {
        assert_eq!(name("T1003.008"), Some("/etc/passwd and /etc/shadow"));
        assert_eq!(name("T1059.099"), Some("Command and Scripting Interpreter"));
        assert_eq!((name("T9999"), name("")), (None, None));
        let technique = Technique::of("T1053.003").expect("it is there");
        assert_eq!(technique.tactics, ["execution", "persistence", "privilege-escalation"]);
        assert!(technique.linux && technique.is_part());
        for technique in Technique::all() {
            assert!(!technique.name.is_empty() && technique.tactics.iter().all(|word| Tactic::of(word).is_some()));
            let whole = technique.id.split('.').next().expect("a part");
            assert!(is_technique(whole), "{}", technique.id);
        }
    }
}
