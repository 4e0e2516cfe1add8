//! A finding as it is stored: its JSON, and what of it is looked for.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use crate::Facet;

/// Bytes of a value that is filtered by; what is longer is cut.
const MAX_VALUE: usize = 512;
/// Bytes of a finding's text that are looked through.
const MAX_TEXT: usize = 16 << 10;
/// Labels of a host that are counted.
const MAX_LABELS: usize = 64;
/// Techniques of a rule that are counted.
const MAX_TECHNIQUES: usize = 16;

/// A finding as it is stored.
#[derive(Clone, Debug)]
pub struct Record {
    pub(crate) id: [u8; 16],
    pub(crate) time_ns: i64,
    pub(crate) json: String,
    pub(crate) facets: Vec<(Facet, String)>,
    pub(crate) text: String,
}

/// It is no finding.
#[derive(Debug, thiserror::Error)]
#[error("this is no finding of Lanner's: {0}")]
pub struct Unreadable(&'static str);

impl Record {
    /// Of a finding as its JSON.
    ///
    /// # Errors
    /// It has no id, or no time.
    pub fn new(json: String) -> Result<Self, Unreadable> {
        let finding: Value = serde_json::from_str(&json).map_err(|_| Unreadable("it is not JSON"))?;
        let id = finding["id"].as_str().and_then(id).ok_or(Unreadable("it has no id of 32 hexadecimal digits"))?;
        let time_ns = finding["time_ns"].as_u64().ok_or(Unreadable("it has no `time_ns`"))?;
        let facets = facets(&finding);
        Ok(Self { id, time_ns: i64::try_from(time_ns).unwrap_or(i64::MAX), facets, text: text(&finding), json })
    }

    /// What of it waits in memory, bytes.
    pub(crate) fn size(&self) -> usize {
        let facets: usize = self.facets.iter().map(|(_, value)| value.len() + size_of::<(Facet, String)>()).sum();
        size_of::<Self>() + self.json.len() + self.text.len() + facets
    }
}

/// An id of its 32 digits.
pub(crate) fn id(digits: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(digits, 16).ok();
    number.filter(|_| digits.len() == 32 && !digits.starts_with('+')).map(u128::to_be_bytes)
}

fn facets(finding: &Value) -> Vec<(Facet, String)> {
    let process = &finding["process"];
    let container = &process["container"];
    let mut facets = vec![(Facet::All, String::new())];
    let mut add = |facet, value: &Value| {
        if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
            facets.push((facet, cut(text, MAX_VALUE).to_owned()));
        }
    };
    add(Facet::Severity, &finding["severity"]);
    add(Facet::Rule, &finding["rule"]);
    add(Facet::Pack, &finding["pack"]["name"]);
    add(Facet::Host, &finding["host"]);
    add(Facet::Program, &process["exe"]);
    add(Facet::Process, &process["id"]);
    add(Facet::Container, &container["id"]);
    add(Facet::Image, &container["image"]);
    add(Facet::Namespace, &container["namespace"]);
    for technique in finding["attack"].as_array().into_iter().flatten().take(MAX_TECHNIQUES) {
        add(Facet::Technique, technique);
    }
    for (name, value) in finding["labels"].as_object().into_iter().flatten().take(MAX_LABELS) {
        let value = value.as_str().filter(|value| !value.is_empty());
        add(Facet::Label, &value.map_or(Value::Null, |value| format!("{name}={value}").into()));
    }
    match (&process["user"], &process["uid"]) {
        (user @ Value::String(_), _) => add(Facet::User, user),
        (_, Value::Number(uid)) => add(Facet::User, &uid.to_string().into()),
        _ => {}
    }
    facets.sort_unstable();
    facets.dedup();
    facets
}

/// All texts of a finding that somebody may look for, each once: most of what ancestors have is what the process has. Not
/// ids and times, which nobody remembers.
fn text(finding: &Value) -> String {
    let mut texts = Texts::default();
    for field in ["message", "summary", "rule", "host", "key", "attack", "fields", "event", "process", "lineage"] {
        texts.add(&finding[field]);
    }
    cut(&texts.text, MAX_TEXT).to_owned()
}

/// Texts, a line each.
#[derive(Default)]
struct Texts<'a> {
    text: String,
    seen: HashSet<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    fn add(&mut self, value: &'a Value) {
        if self.text.len() >= MAX_TEXT {
            return;
        }
        match value {
            Value::String(text) => self.add_line(text.into()),
            // Arguments are looked for as they follow each other.
            Value::Array(values) if values.iter().all(Value::is_string) => {
                let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
                self.add_line(texts.join(" ").into());
            }
            Value::Array(values) => values.iter().for_each(|value| self.add(value)),
            Value::Object(values) => values.values().for_each(|value| self.add(value)),
            _ => {}
        }
    }

    fn add_line(&mut self, line: Cow<'a, str>) {
        if !is_number_or_time(&line) && !self.seen.contains(&line) {
            self.text.push_str(&line);
            self.text.push('\n');
            self.seen.insert(line);
        }
    }
}

/// Whether it is an id or a time: nothing but digits, and what stands between them.
fn is_number_or_time(text: &str) -> bool {
    let id = text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    id || (text.ends_with('Z') && text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T'))
}

/// The beginning of a text, at most so many bytes.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_looked_for_is_taken_from_where_it_stands() {
        let finding = json!({
            "id": "000102030405060708090a0b0c0d0e0f", "time_ns": 17, "host": "web-1", "severity": "high",
            "rule": "a/rule", "pack": {"name": "a", "version": "1.0.0"}, "attack": ["T1059", "T1059", "T1105"],
            "labels": {"environment": "prod", "none": ""},
            "message": "curl reads /etc/shadow",
            "process": {"id": "00000000000000aa", "exe": "/usr/bin/curl", "uid": 0, "start": "2026-01-01T00:00:00.5Z",
                "container": {"id": "abc", "image": "nginx:1", "namespace": "prod"}},
        });
        let record = Record::new(finding.to_string()).expect("it is a finding");
        assert_eq!((record.id[15], record.time_ns), (15, 17));
        let facets: Vec<String> = record.facets.iter().map(|(facet, value)| format!("{facet}={value}")).collect();
        let expected = [
            "all=",
            "severity=high",
            "rule=a/rule",
            "pack=a",
            "technique=T1059",
            "technique=T1105",
            "host=web-1",
            "program=/usr/bin/curl",
            "user=0",
            "container=abc",
            "image=nginx:1",
            "namespace=prod",
            "process=00000000000000aa",
            "label=environment=prod",
        ];
        assert_eq!(facets, expected);
        assert!(record.text.contains("/etc/shadow") && !record.text.contains("2026") && !record.text.contains("00aa"));
    }

    #[test]
    fn a_text_is_looked_through_once_and_arguments_as_they_follow_each_other() {
        let shell = json!({"exe": "/usr/bin/bash", "args": ["bash", "-c", "id"]});
        let finding = json!({
            "id": "000102030405060708090a0b0c0d0e0f", "time_ns": 17, "message": "bash",
            "process": {"exe": "/usr/bin/curl", "args": ["curl", "-o", "/tmp/x"]}, "lineage": [shell, shell],
        });
        let record = Record::new(finding.to_string()).expect("it is a finding");
        let lines: Vec<&str> = record.text.lines().collect();
        assert_eq!(lines, ["bash", "/usr/bin/curl", "curl -o /tmp/x", "/usr/bin/bash", "bash -c id"]);
    }

    #[test]
    fn what_is_no_finding_is_refused() {
        for text in ["", "7", "{}", r#"{"id":"+0102030405060708090a0b0c0d0e0f1","time_ns":1}"#] {
            assert!(Record::new(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_cut_within_a_letter(text in ".*", bytes in 0_usize..64) {
            let kept = cut(&text, bytes);
            let next = text[kept.len()..].chars().next().map_or(usize::MAX, char::len_utf8);
            prop_assert!(text.starts_with(kept) && kept.len() <= bytes && kept.len().saturating_add(next) > bytes);
        }
    }
}
