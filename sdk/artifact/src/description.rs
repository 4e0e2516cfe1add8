//! What a pack says of itself, as an annotation carries it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::DESCRIPTION_ANNOTATION;

/// The version of this form.
const SCHEMA: u32 = 1;

/// What a pack says of itself. It is a copy for who does not run the pack: the component has the last word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The version of this form; a newer one may add fields.
    pub schema: u32,
    /// The pack's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub summary: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The kinds of events that it wants, by name, sorted.
    pub events: Vec<String>,
}

/// One of its rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: String,
    /// What a finding of it means.
    pub summary: String,
    /// How bad a finding is: `info`, `low`, `medium`, `high` or `critical`.
    pub severity: String,
    /// ATT&CK technique ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attack: Vec<String>,
}

/// The annotation is there and cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// Not JSON of this form.
    #[error("the annotation {DESCRIPTION_ANNOTATION} cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Of a form that is not known.
    #[error("the annotation {DESCRIPTION_ANNOTATION} has the form {0}; this program knows {SCHEMA}")]
    Schema(u32),
}

impl Description {
    /// In the present form.
    pub fn new(name: String, version: String, summary: String, rules: Vec<Rule>, mut events: Vec<String>) -> Self {
        events.sort_unstable();
        events.dedup();
        Self { schema: SCHEMA, name, version, summary, rules, events }
    }

    /// What the annotations of a manifest say; `None` if they say nothing.
    ///
    /// # Errors
    /// They say something that cannot be read.
    pub fn of(annotations: &BTreeMap<String, String>) -> Result<Option<Self>, DescriptionError> {
        let Some(text) = annotations.get(DESCRIPTION_ANNOTATION) else { return Ok(None) };
        let description: Self = serde_json::from_str(text)?;
        match description.schema {
            SCHEMA => Ok(Some(description)),
            other => Err(DescriptionError::Schema(other)),
        }
    }

    /// As the annotation has it: the same bytes for the same description.
    pub fn to_annotation(&self) -> String {
        serde_json::to_string(self).expect("strings and numbers can be written")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let rule =
            Rule { id: "a/b".into(), summary: "s".into(), severity: "high".into(), attack: vec!["T1003.008".into()] };
        let events = vec!["open".into(), "exec".into(), "open".into()];
        let description = Description::new("n".into(), "1.0.0".into(), "what".into(), vec![rule], events);
        assert_eq!(description.events, ["exec", "open"]);
        let annotations = BTreeMap::from([(DESCRIPTION_ANNOTATION.to_owned(), description.to_annotation())]);
        assert_eq!(Description::of(&annotations).unwrap(), Some(description));
        assert_eq!(Description::of(&BTreeMap::new()).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        for text in ["", "{}", "[]", r#"{"schema":2,"name":"","version":"","summary":"","rules":[],"events":[]}"#] {
            let annotations = BTreeMap::from([(DESCRIPTION_ANNOTATION.to_owned(), text.to_owned())]);
            assert!(Description::of(&annotations).is_err(), "{text}");
        }
    }
}
