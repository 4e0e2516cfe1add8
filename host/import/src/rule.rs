//! What a rule becomes, whoever wrote it: its id, what it says of itself, and why there is none.

use std::collections::HashSet;

use lanner_conditions::Builder;
use lanner_contract::Rule;
use lanner_document::Wrong;

use crate::{Difference, Report};

/// Rules of one pack.
pub(crate) const MAX_RULES: usize = 4096;
/// Bytes of a property of a rule, and of a fact that says the same in each finding.
const MAX_PROPERTY: usize = 1000;
/// Bytes of what a rule's id has after the source's name.
const MAX_SLUG: usize = 100;

/// Rules in the making, and what became of each.
pub(crate) struct Compiled {
    pub(crate) builder: Builder,
    /// What the pack says of its rules, without what they ask for.
    pub(crate) rules: Vec<Rule>,
    pub(crate) report: Report,
}

/// A rule is not imported.
#[derive(Clone, Debug)]
pub struct Refused {
    /// A sentence.
    pub why: Wrong,
    /// Whether it makes no sense, rather than to ask for what there is not.
    pub is_wrong: bool,
}

impl From<Wrong> for Refused {
    fn from(why: Wrong) -> Self {
        Self { why, is_wrong: true }
    }
}

impl From<Refused> for Wrong {
    fn from(refused: Refused) -> Self {
        refused.why
    }
}

/// The ids of the rules of a pack.
pub(crate) struct Ids {
    source: &'static str,
    taken: HashSet<String>,
}

impl Ids {
    /// Ids that begin with the name of the source.
    pub(crate) fn of(source: &'static str) -> Self {
        Self { source, taken: HashSet::new() }
    }

    /// The id of a rule that is called so: its name in small letters, with a number where another has that.
    pub(crate) fn next(&mut self, name: &str) -> String {
        let mut slug = String::new();
        for c in name.chars() {
            match c {
                c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
                _ if slug.ends_with('-') || slug.is_empty() => {}
                _ => slug.push('-'),
            }
        }
        slug.truncate(MAX_SLUG);
        let slug = slug.trim_end_matches('-');
        let slug = if slug.is_empty() { "rule" } else { slug };
        let mut id = format!("{}/{slug}", self.source);
        let mut number = 2;
        while !self.taken.insert(id.clone()) {
            id = format!("{}/{slug}-{number}", self.source);
            number += 1;
        }
        id
    }
}

/// A property as long as it may be.
pub(crate) fn cut(text: &str) -> &str {
    let mut end = text.len().min(MAX_PROPERTY);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// Whether a tag looks like a technique of ATT&CK: `T1059`, `T1059.004`.
pub(crate) fn looks_like_technique(tag: &str) -> bool {
    let digits = tag.strip_prefix('T').and_then(|rest| rest.split('.').next());
    digits.is_some_and(|digits| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What is said of a tag that looks like a technique and is none.
pub(crate) fn no_technique(tag: &str) -> Difference {
    let version = lanner_attack::VERSION;
    let what =
        format!("there is no technique {tag} in ATT&CK for Enterprise {version}, or not any more: it stays a tag");
    Difference { matters: false, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_no_two_are_the_same() {
        let mut ids = Ids::of("falco");
        assert_eq!(ids.next("Read  sensitive file (untrusted)"), "falco/read-sensitive-file-untrusted");
        assert_eq!(ids.next("read sensitive file, untrusted"), "falco/read-sensitive-file-untrusted-2");
        assert_eq!(ids.next("読む"), "falco/rule");
        assert_eq!(ids.next(&"a".repeat(500)), format!("falco/{}", "a".repeat(MAX_SLUG)));
    }

    #[test]
    fn a_property_ends_between_characters() {
        assert_eq!(cut("short"), "short");
        let long = format!("{}é", "a".repeat(MAX_PROPERTY - 1));
        assert_eq!(cut(&long), "a".repeat(MAX_PROPERTY - 1));
    }

    #[test]
    fn what_looks_like_a_technique() {
        assert!(looks_like_technique("T1059") && looks_like_technique("T1059.004"));
        for other in ["", "T105", "T10590", "TA0001", "t1059", "process", "T105x"] {
            assert!(!looks_like_technique(other), "{other}");
        }
    }
}
