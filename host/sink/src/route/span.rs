//! Several findings in the place of which one goes.

use lanner_finding::{Severity, time};
use serde_json::{Value, json};

use super::choose::severity_of;

/// How many, from when to when, and how bad the worst is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) count: u64,
    first_ns: u64,
    last_ns: u64,
    worst: Severity,
}

impl Span {
    /// Adds one, which may stand for several itself.
    pub(super) fn add(&mut self, finding: &Value, time_ns: u64) {
        let count = finding["count"].as_u64().unwrap_or(1).max(1);
        let first_ns = ns(&finding["first_time"]).unwrap_or(time_ns).min(time_ns);
        let severity = severity_of(finding);
        match self.count {
            0 => (self.first_ns, self.last_ns, self.worst) = (first_ns, time_ns, severity),
            _ => {
                self.first_ns = self.first_ns.min(first_ns);
                self.last_ns = self.last_ns.max(time_ns);
                self.worst = self.worst.max(severity);
            }
        }
        self.count = self.count.saturating_add(count);
    }
}

fn ns(time: &Value) -> Option<u64> {
    let time: jiff::Timestamp = time.as_str()?.parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok()
}

/// A finding in the place of all of a span; as it is, where it is the only one.
pub(super) fn of_several(mut finding: Value, span: &Span) -> Value {
    if span.count > 1
        && let Some(object) = finding.as_object_mut()
    {
        object.insert("count".to_owned(), span.count.into());
        object.insert("first_time".to_owned(), time::rfc3339(span.first_ns).into());
        object.insert("last_time".to_owned(), time::rfc3339(span.last_ns).into());
        object.insert("severity".to_owned(), span.worst.name().into());
    }
    finding
}

/// What says that findings were not sent, of which this is the last.
pub(super) fn summary(last: &Value, span: &Span, all_rules: bool, per: &str) -> Value {
    let count = span.count;
    let what = match (all_rules, last["rule"].as_str()) {
        (false, Some(rule)) => format!("{count} more of rule {rule}"),
        _ if count == 1 => "1 more finding".to_owned(),
        _ => format!("{count} more findings"),
    };
    let verb = if count == 1 { "was" } else { "were" };
    let of = |name: &str| last[name].clone();
    let mut summary = json!({
        "schema": of("schema"), "type": "summary",
        // Of one that is sent by nothing else.
        "id": of("id"),
        "time": time::rfc3339(span.last_ns), "time_ns": span.last_ns, "host": of("host"), "rule": of("rule"),
        "summary": of("summary"), "severity": span.worst.name(), "attack": of("attack"),
        "message": format!("{what} within {per} {verb} not sent"), "pack": of("pack"),
        "lineage": [], "events": [], "fields": {}, "self_test": last["self_test"] == true,
        "count": count, "first_time": time::rfc3339(span.first_ns), "last_time": time::rfc3339(span.last_ns),
    });
    if !last["labels"].is_null()
        && let Some(object) = summary.as_object_mut()
    {
        object.insert("labels".to_owned(), of("labels"));
    }
    summary
}

/// Bytes that a value takes, about.
pub(super) fn size(value: &Value) -> usize {
    /// Of a value, beside its texts.
    const OWN: usize = 64;
    OWN + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(object) => object.iter().map(|(name, value)| name.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
