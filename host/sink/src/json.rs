//! Findings as JSON, one object a line.

use lanner_finding::object::Object;
use lanner_finding::{Finding, Labels};

use super::lines::Format;

/// Findings as JSON lines.
pub struct Json {
    host: String,
    labels: Labels,
}

impl Json {
    /// Findings of the machine `host`.
    pub fn new(host: String) -> Self {
        Self { host, labels: Labels::default() }
    }

    /// With labels of that machine.
    #[must_use]
    pub fn labelled(self, labels: &Labels) -> Self {
        Self { labels: labels.clone(), ..self }
    }
}

impl Format for Json {
    fn append(&self, finding: &Finding, out: &mut Vec<u8>) {
        let labels = self.labels.now();
        let written = serde_json::to_writer(&mut *out, &Object::new(finding, &self.host).labelled(&labels));
        debug_assert!(written.is_ok(), "nothing in it has keys that are no text: {written:?}");
        out.push(b'\n');
    }
}
