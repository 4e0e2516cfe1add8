//! What is another in the rules of a pack than in those of an earlier version.

use std::collections::BTreeMap;

use lanner_artifact::Description;
use serde::Serialize;

/// What is another in the rules of a pack.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    added: Vec<String>,
    removed: Vec<String>,
    /// Id, severity before, severity now.
    severity: Vec<(String, String, String)>,
    /// Other rules whose summary or ATT&CK ids are others.
    described: Vec<String>,
}

/// Compares what two versions say of their rules.
pub(super) fn compare(old: &Description, new: &Description) -> Difference {
    fn by_id(description: &Description) -> BTreeMap<&str, &lanner_artifact::Rule> {
        description.rules.iter().map(|rule| (rule.id.as_str(), rule)).collect()
    }
    let (before, after) = (by_id(old), by_id(new));
    let mut difference = Difference::default();
    for (id, rule) in &after {
        match before.get(id) {
            None => difference.added.push((*id).to_owned()),
            Some(old) if old.severity != rule.severity => {
                difference.severity.push(((*id).to_owned(), old.severity.clone(), rule.severity.clone()));
            }
            Some(old) if old != rule => difference.described.push((*id).to_owned()),
            Some(_) => {}
        }
    }
    difference.removed = before.keys().filter(|id| !after.contains_key(*id)).map(|&id| id.to_owned()).collect();
    difference
}

impl Difference {
    /// As people read it.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let added = self.added.iter().map(|id| format!("  + {id}"));
        let removed = self.removed.iter().map(|id| format!("  - {id}"));
        let severity = self.severity.iter().map(|(id, from, to)| format!("  ~ {id}: {from} → {to}"));
        let described = self.described.iter().map(|id| format!("  ~ {id}: described otherwise"));
        let mut lines: Vec<String> = added.chain(removed).chain(severity).chain(described).collect();
        if lines.is_empty() {
            lines.push("  the rules are described as before".to_owned());
        }
        lines.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(rules: &[(&str, &str)]) -> Description {
        let rule = |&(id, severity): &(&str, &str)| lanner_artifact::Rule {
            id: id.to_owned(),
            summary: String::new(),
            severity: severity.to_owned(),
            attack: Vec::new(),
        };
        let rules = rules.iter().map(rule).collect();
        Description::new("n".to_owned(), "1.0.0".to_owned(), String::new(), rules, Vec::new())
    }

    #[test]
    fn the_difference_in_rules() {
        let old = pack(&[("a/same", "low"), ("a/gone", "low"), ("a/worse", "low")]);
        let new = pack(&[("a/same", "low"), ("a/new", "low"), ("a/worse", "high")]);
        let difference = compare(&old, &new);
        let lines: Vec<String> = difference.lines().collect();
        assert_eq!(lines, ["  + a/new", "  - a/gone", "  ~ a/worse: low → high"]);
        assert_eq!(compare(&old, &old), Difference::default());
    }
}
