//! What of a finding is shown where it is not shown whole.

use lanner_spool::Record;
use serde_json::Value;

/// A finding's JSON, taken apart.
pub(super) struct Facts(Value);

impl Facts {
    pub(super) fn of(record: &Record) -> Self {
        // What was damaged on disk is known by its length; were it no JSON all the same, it has nothing to show.
        Self(serde_json::from_slice(&record.bytes).unwrap_or_default())
    }

    /// A text of it, by where it stands (RFC 6901); nothing where it has none.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn severity(&self) -> Severity {
        match self.text("/severity") {
            "info" => Severity::Info,
            "low" => Severity::Low,
            "high" => Severity::High,
            "critical" => Severity::Critical,
            _ => Severity::Medium,
        }
    }

    /// When it happened, ns since 1970 (UTC).
    pub(super) fn time_ns(&self) -> u64 {
        self.0.get("time_ns").and_then(Value::as_u64).unwrap_or_default()
    }

    /// What people look at first, besides the message: names and values.
    pub(super) fn first(&self) -> Vec<(&'static str, String)> {
        let pid = self.0.pointer("/process/pid").and_then(Value::as_u64);
        let process = match (self.text("/process/exe"), pid) {
            ("", _) => String::new(),
            (exe, Some(pid)) => format!("{exe} ({pid})"),
            (exe, None) => exe.to_owned(),
        };
        let techniques = self.0.get("attack").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let all = [
            ("Rule", self.text("/rule").to_owned()),
            ("Host", self.text("/host").to_owned()),
            ("Process", process),
            ("User", self.text("/process/user").to_owned()),
            ("Container", self.text("/process/container/id").chars().take(12).collect()),
            ("Pod", self.text("/process/container/pod").to_owned()),
            ("ATT&CK", techniques.collect::<Vec<_>>().join(", ")),
            ("Time", self.text("/time").to_owned()),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// All of it.
    pub(super) fn whole(self) -> Value {
        self.0
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

/// At most so many letters.
pub(super) fn cut(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}
