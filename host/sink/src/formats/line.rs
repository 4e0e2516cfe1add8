//! Findings in a format of others, as lines of an outlet.

use lanner_finding::object::Object;
use lanner_finding::{Finding, Labels};

use super::Format;
use crate::lines;

/// Findings in a format, one a line.
pub struct Formatted {
    format: Format,
    host: String,
    labels: Labels,
}

impl Formatted {
    /// In this format, of the machine `host`.
    pub fn new(format: Format, host: String) -> Self {
        Self { format, host, labels: Labels::default() }
    }

    /// With labels of that machine.
    #[must_use]
    pub fn labelled(self, labels: &Labels) -> Self {
        Self { labels: labels.clone(), ..self }
    }
}

impl lines::Format for Formatted {
    fn append(&self, finding: &Finding, out: &mut Vec<u8>) {
        let labels = self.labels.now();
        let value = serde_json::to_value(Object::new(finding, &self.host).labelled(&labels));
        debug_assert!(value.is_ok(), "nothing in it has keys that are no text: {value:?}");
        out.extend_from_slice(&self.format.render(&value.unwrap_or_default()));
        out.push(b'\n');
    }
}
