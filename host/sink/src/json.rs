//! Findings as JSON, one object a line.

use lanner_finding::Finding;
use lanner_finding::object::Object;

use super::lines::Format;

/// Findings as JSON lines.
pub struct Json {
    host: String,
}

impl Json {
    /// Findings of the machine `host`.
    pub fn new(host: String) -> Self {
        Self { host }
    }
}

impl Format for Json {
    fn append(&self, finding: &Finding, out: &mut Vec<u8>) {
        let written = serde_json::to_writer(&mut *out, &Object::new(finding, &self.host));
        debug_assert!(written.is_ok(), "nothing in it has keys that are no text: {written:?}");
        out.push(b'\n');
    }
}
