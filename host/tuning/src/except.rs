//! From a finding to the narrowest exception that has it.

use serde_json::Value;

use crate::exception::{Condition, Exception, Selector};
use crate::field::Field;
use crate::pattern::Pattern;

/// What stays the same when the same thing happens again, from what is hardest to come under by chance. Not what a run of
/// it has for itself: ids, times, arguments, what a rule says in its message.
const LASTING: [&str; 13] = [
    "process.exe",
    "process.script",
    "process.uid",
    "parent.exe",
    "container.image_repository",
    "container.namespace",
    "event.kind",
    "event.path",
    "event.old_path",
    "event.new_path",
    "event.address",
    "event.option",
    "event.request",
];

/// An exception that is being made.
#[derive(Clone, Debug)]
pub struct Draft {
    rule: String,
    conditions: Vec<(Field, Value)>,
}

/// No exception can be made of it.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It is no finding.
    #[error("it is no finding: it has no {0}")]
    NoFinding(&'static str),
    /// A field that is asked for.
    #[error("{0}")]
    Field(String),
    /// A field that the finding does not have.
    #[error("the finding has no {0}, so it cannot be excepted by that")]
    Missing(String),
    /// Nothing is left.
    #[error("nothing is left that says what is excepted: leave out fewer fields, or name some with --with")]
    Empty,
}

impl Draft {
    /// The narrowest that has this finding, without the fields of these names and with those.
    ///
    /// # Errors
    /// It is no finding, or a field is none, or not there.
    pub fn of(finding: &Value, without: &[String], with: &[String]) -> Result<Self, DraftError> {
        let rule = finding["rule"].as_str().ok_or(DraftError::NoFinding("rule"))?.to_owned();
        let field = |name: &str| Field::new(name).map_err(DraftError::Field);
        let without = without.iter().map(|name| field(name)).collect::<Result<Vec<_>, _>>()?;
        let mut conditions: Vec<(Field, Value)> = Vec::new();
        for name in LASTING {
            // Some kinds of events have none of this name, nor will they in this version.
            let Ok(field) = Field::new(name) else { continue };
            if let Some(value) = value(&field, finding).filter(|_| !without.contains(&field)) {
                conditions.push((field, value));
            }
        }
        for name in with {
            let field = field(name)?;
            let value = value(&field, finding).ok_or_else(|| DraftError::Missing(field.to_string()))?;
            if !conditions.iter().any(|(known, _)| *known == field) {
                conditions.push((field, value));
            }
        }
        match conditions.is_empty() {
            true => Err(DraftError::Empty),
            false => Ok(Self { rule, conditions }),
        }
    }

    /// A name that says what it is: the rule of a finding, and the program.
    pub fn name(finding: &Value) -> String {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (rule, program) = (text(&finding["rule"]), text(&finding["process"]["exe"]));
        match program.rsplit('/').next() {
            Some(program) if !program.is_empty() => format!("{rule} by {program}"),
            _ => rule,
        }
    }

    /// As it stands in a file.
    pub fn to_toml(&self, name: &str, reason: &str, owner: Option<&str>, expires: Option<&str>) -> String {
        let mut lines = vec!["[[exception]]".to_owned(), format!("name = {}", quoted(name))];
        lines.push(format!("rule = {}", quoted(&self.rule)));
        lines.push(format!("reason = {}", quoted(reason)));
        lines.extend(owner.map(|owner| format!("owner = {}", quoted(owner))));
        lines.extend(expires.map(|expires| format!("expires = {expires}")));
        for (field, value) in &self.conditions {
            let value = match value {
                Value::String(text) => quoted(text),
                value => value.to_string(),
            };
            lines.push(format!("where.{} = {value}", key(field)));
        }
        lines.join("\n") + "\n"
    }

    /// Whether it has a finding.
    pub fn matches(&self, finding: &Value) -> bool {
        self.exception().is_for(finding["rule"].as_str().unwrap_or_default()) && self.exception().matches(finding)
    }

    fn exception(&self) -> Exception {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let condition =
            |(field, value): &(Field, Value)| Condition { field: field.clone(), any: vec![Pattern::Is(text(value))] };
        Exception {
            name: String::new(),
            rules: vec![Selector::Id(self.rule.clone())],
            reason: String::new(),
            owner: None,
            expires_ns: None,
            conditions: self.conditions.iter().map(condition).collect(),
        }
    }
}

/// The only value of a field, where there is one that can be compared.
fn value(field: &Field, finding: &Value) -> Option<Value> {
    let [value] = field.values(finding)[..] else { return None };
    let plain = match value {
        Value::String(text) => !text.is_empty() && !text.contains('\u{fffd}'),
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    };
    plain.then(|| value.clone())
}

/// A field's name as TOML's keys have it.
fn key(field: &Field) -> String {
    let is_bare = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let part = |part: &String| if is_bare(part) { part.clone() } else { quoted(part) };
    field.parts().iter().map(part).collect::<Vec<_>>().join(".")
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    // As JSON, but for one character; and for those that change the direction of text, which would deceive who reads it.
    let mut quoted = String::new();
    for letter in Value::from(text).to_string().chars() {
        match letter {
            '\u{7f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(letter)));
            }
            letter => quoted.push(letter),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::Source;

    #[test]
    fn what_it_writes_has_the_finding_and_no_other() {
        let finding = json!({"rule": "a/b", "time_ns": 5, "message": "x", "event": {"kind": "open", "seq": 4, "path": "/etc/a \"q\"\u{7f}\n"},
            "process": {"pid": 7, "exe": "/bin/a", "uid": 0, "args": ["a"], "container": {"image_repository": "nginx", "labels": {"a.b": "c"}}},
            "lineage": [{"pid": 1, "exe": "/sbin/init"}], "fields": {"odd \"name": "v"}});
        let draft = Draft::of(
            &finding,
            &["event.kind".into()],
            &["container.labels.a.b".into(), "fields.odd \"name".into(), "process.uid".into()],
        )
        .expect("it is one");
        let text = draft.to_toml("n", "why \"so\"", Some("me"), Some("2030-01-01"));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a.toml");
        fs::write(&file, &text).expect("written");
        let tuning = Source::new(&file).read().expect(&text);
        assert!(tuning.exceptions()[0].matches(&finding) && draft.matches(&finding), "{text}");
        assert_eq!(text.matches("where.").count(), 7, "{text}");
        for (place, other) in [("/process/exe", json!("/bin/b")), ("/process/uid", json!(1)), ("/rule", json!("a/c"))] {
            let mut changed = finding.clone();
            *changed.pointer_mut(place).expect("it is there") = other;
            assert!(!draft.matches(&changed), "{place}");
        }
        assert!(matches!(Draft::of(&json!({}), &[], &[]), Err(DraftError::NoFinding("rule"))));
        assert!(matches!(Draft::of(&json!({"rule": "a/b"}), &[], &[]), Err(DraftError::Empty)));
        let none = Draft::of(&finding, &[], &["event.result".into()]).expect_err("not there").to_string();
        assert!(none.contains("the finding has no event.result"), "{none}");
    }
}
