//! What a pack's annotation says, checked: nothing that a host would refuse, or that no page could show.

use std::collections::HashSet;

use lanner_artifact::{DESCRIPTION_ANNOTATION, Description, DescriptionError};

use crate::oci::Manifest;

/// How bad a finding may be, mildest first.
pub(super) const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];
/// Rules of one pack, as the host has it.
const MAX_RULES: usize = 4096;
/// How long the description may be, in bytes: what people can read is shorter.
const MAX_BYTES: usize = 1 << 20;
/// How much of a text is repeated in a sentence, in characters.
const MAX_QUOTED: usize = 128;

/// What a manifest says of its pack cannot be right.
#[derive(Debug, thiserror::Error)]
pub(super) enum Contradiction {
    /// Not in the form that it has to have.
    #[error(transparent)]
    Unreadable(#[from] DescriptionError),
    /// Too long to show.
    #[error("its description has {0} bytes; at most {MAX_BYTES} are allowed")]
    TooLong(usize),
    /// Too many to show.
    #[error("its description has {0} rules; at most {MAX_RULES} are allowed")]
    TooManyRules(usize),
    /// Which of them is meant?
    #[error("its description has the rule {0} twice")]
    Twice(String),
    /// No word for how bad it is.
    #[error("its description gives the rule {rule} the severity {severity:?}; it must be one of {}", SEVERITIES.join(", "))]
    Severity {
        /// The rule.
        rule: String,
        /// What it says.
        severity: String,
    },
    /// No id of a technique.
    #[error("its description gives the rule {rule} the ATT&CK id {id:?}, which is not one such as T1003 or T1003.008")]
    Attack {
        /// The rule.
        rule: String,
        /// What it says.
        id: String,
    },
}

/// What a manifest says of its pack; `None` if it says nothing.
///
/// # Errors
/// It says what cannot be right.
pub(super) fn check(manifest: &Manifest) -> Result<Option<Description>, Contradiction> {
    let Some(annotations) = &manifest.annotations else { return Ok(None) };
    match annotations.get(DESCRIPTION_ANNOTATION).map(String::len) {
        Some(length) if length > MAX_BYTES => return Err(Contradiction::TooLong(length)),
        _ => {}
    }
    let Some(description) = Description::of(annotations)? else { return Ok(None) };
    if description.rules.len() > MAX_RULES {
        return Err(Contradiction::TooManyRules(description.rules.len()));
    }
    let mut ids = HashSet::new();
    for rule in &description.rules {
        if !ids.insert(&rule.id) {
            return Err(Contradiction::Twice(quoted(&rule.id)));
        }
        if !SEVERITIES.contains(&rule.severity.as_str()) {
            return Err(Contradiction::Severity { rule: quoted(&rule.id), severity: quoted(&rule.severity) });
        }
        if let Some(id) = rule.attack.iter().find(|id| !is_technique(id)) {
            return Err(Contradiction::Attack { rule: quoted(&rule.id), id: quoted(id) });
        }
    }
    Ok(Some(description))
}

/// `T` and four digits, with three more after a dot for a sub-technique.
pub(super) fn is_technique(text: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|c| c.is_ascii_digit());
    text.strip_prefix('T').is_some_and(|rest| match rest.split_once('.') {
        None => digits(rest, 4),
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
    })
}

fn quoted(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_QUOTED).collect()
}

#[cfg(test)]
mod tests {
    use lanner_artifact::Rule;
    use serde_json::json;

    use super::*;
    use crate::oci::MANIFEST;

    fn rule(id: &str, severity: &str, attack: &[&str]) -> Rule {
        let attack = attack.iter().map(|id| (*id).to_owned()).collect();
        Rule { id: id.into(), summary: "s".into(), severity: severity.into(), attack }
    }

    fn said(annotation: &str) -> Result<Option<Description>, String> {
        let descriptor = json!({ "mediaType": "a/b", "size": 1, "digest": format!("sha256:{}", "a".repeat(64)) });
        let manifest = json!({
            "schemaVersion": 2, "config": descriptor, "layers": [],
            "annotations": { DESCRIPTION_ANNOTATION: annotation },
        });
        let (manifest, _) = Manifest::parse(manifest.to_string().as_bytes(), MANIFEST).unwrap();
        check(&manifest).map_err(|error| error.to_string())
    }

    fn with(rules: Vec<Rule>) -> Result<Option<Description>, String> {
        said(&Description::new("n".into(), "1.0.0".into(), "s".into(), rules, vec!["open".into()]).to_annotation())
    }

    #[test]
    fn what_is_right() {
        let rules = vec![rule("a/b", "high", &["T1003", "T1003.008"]), rule("a/c", "info", &[])];
        assert_eq!(with(rules.clone()).unwrap().unwrap().rules, rules);
    }

    #[test]
    fn what_is_wrong() {
        for (annotation, culprit) in [("{", "cannot be read"), (r#"{"schema":1}"#, "cannot be read")] {
            assert!(said(annotation).unwrap_err().contains(culprit), "{annotation}");
        }
        assert!(said(&" ".repeat(2 << 20)).unwrap_err().contains("2097152 bytes"));
        for (rules, culprit) in [
            (vec![rule("a/b", "low", &[]), rule("a/b", "high", &[])], "the rule a/b twice"),
            (vec![rule("a/b", "bad\n", &[])], "the severity \"bad\""),
            (vec![rule("a/b", "low", &["T1003.8"])], "\"T1003.8\""),
            (vec![rule("a/b", "low", &["t1003"])], "\"t1003\""),
            ((0..5000).map(|n| rule(&n.to_string(), "low", &[])).collect(), "5000 rules"),
        ] {
            let reason = with(rules).unwrap_err();
            assert!(reason.contains(culprit), "{reason}");
        }
    }
}
