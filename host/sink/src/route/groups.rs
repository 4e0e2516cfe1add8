//! Findings that are alike, as one: of a rule, on a subject, within a time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lanner_tuning::Field;
use serde_json::Value;

use super::settings::GroupSettings;
use super::span::{Span, of_several, size};

/// Groups at a time, and bytes of findings in them. What does not fit goes on its way alone.
const MAX_GROUPS: usize = 4096;
const MAX_BYTES: usize = 16 << 20;
/// What tells the subject where neither the rule gives a key nor the settings say it.
const SUBJECT: [&str; 3] = ["process.exe", "process.uid", "container.id"];

/// Those that are open.
#[derive(Debug)]
pub(super) struct Groups {
    window: Duration,
    by: Vec<Field>,
    /// Whether nothing was said of what tells the subject.
    by_key: bool,
    send_first: bool,
    open: BTreeMap<String, Group>,
    /// Bytes in them.
    bytes: usize,
}

#[derive(Debug)]
struct Group {
    /// The time of the first, ns since 1970, and when the clock closes it.
    began_ns: u64,
    ends: Instant,
    /// Of those that wait.
    span: Span,
    /// The newest that waits.
    last: Option<Value>,
    bytes: usize,
}

/// What becomes of a finding.
pub(super) enum Grouped {
    /// It goes on now.
    Goes,
    /// It waits for the others.
    Waits,
    /// There is no room for it to wait.
    NoRoom,
}

impl Groups {
    pub(super) fn new(settings: &GroupSettings) -> Result<Self, String> {
        if settings.window.is_zero() {
            return Err("group.window: it takes no time; 5m is one".to_owned());
        }
        let names: Vec<&str> = match &settings.by[..] {
            [] => SUBJECT.to_vec(),
            by => by.iter().map(String::as_str).collect(),
        };
        let by = names.into_iter().map(Field::new).collect::<Result<_, _>>();
        Ok(Self {
            window: settings.window,
            by: by.map_err(|problem| format!("group.by: {problem}"))?,
            by_key: settings.by.is_empty(),
            send_first: settings.send_first,
            open: BTreeMap::new(),
            bytes: 0,
        })
    }

    /// The time that a group is open.
    pub(super) fn window(&self) -> Duration {
        self.window
    }

    /// Puts a finding where it belongs; a group that it ends goes to `out`.
    pub(super) fn add(&mut self, finding: &Value, time_ns: u64, now: Instant, out: &mut Vec<Value>) -> Grouped {
        let subject = self.subject(finding);
        let window_ns = u64::try_from(self.window.as_nanos()).unwrap_or(u64::MAX);
        if let Some(group) = self.open.get(&subject)
            && (time_ns.saturating_sub(group.began_ns) >= window_ns || now >= group.ends)
        {
            self.close(&subject, out);
        }
        let room = MAX_BYTES.saturating_sub(self.bytes);
        if let Some(group) = self.open.get_mut(&subject) {
            let bytes = subject.len() + size(finding);
            if bytes > room.saturating_add(group.bytes) {
                return Grouped::NoRoom;
            }
            self.bytes = self.bytes - group.bytes + bytes;
            group.bytes = bytes;
            group.span.add(finding, time_ns);
            group.last = Some(finding.clone());
            return Grouped::Waits;
        }
        let last = (!self.send_first).then(|| finding.clone());
        let bytes = subject.len() + last.as_ref().map_or(0, size);
        let Some(ends) = now.checked_add(self.window).filter(|_| self.open.len() < MAX_GROUPS && bytes <= room) else {
            return Grouped::NoRoom;
        };
        let mut span = Span::default();
        let waits = last.is_some();
        if waits {
            span.add(finding, time_ns);
        }
        self.bytes += bytes;
        self.open.insert(subject, Group { began_ns: time_ns, ends, span, last, bytes });
        if waits { Grouped::Waits } else { Grouped::Goes }
    }

    /// Closes what the clock has ended, or all; gives when the next is to end.
    pub(super) fn close_due(&mut self, now: Option<Instant>, out: &mut Vec<Value>) -> Option<Instant> {
        let is_due = |group: &&Group| now.is_none_or(|now| now >= group.ends);
        let due: Vec<String> =
            self.open.iter().filter(|(_, group)| is_due(group)).map(|(subject, _)| subject.clone()).collect();
        due.iter().for_each(|subject| self.close(subject, out));
        self.open.values().map(|group| group.ends).min()
    }

    fn close(&mut self, subject: &str, out: &mut Vec<Value>) {
        let Some(group) = self.open.remove(subject) else { return };
        self.bytes -= group.bytes;
        out.extend(group.last.map(|last| of_several(last, &group.span)));
    }

    /// The rule and what tells its subject: texts that no two different ones share.
    fn subject(&self, finding: &Value) -> String {
        let mut parts = vec![&finding["rule"]];
        match &finding["key"] {
            key if self.by_key && !key.is_null() => parts.push(key),
            _ => {
                for field in &self.by {
                    // A field has several values where it is one of several.
                    parts.push(&Value::Null);
                    parts.extend(field.values(finding));
                }
            }
        }
        serde_json::to_string(&parts).unwrap_or_default()
    }
}
