//! No more than so many findings in a time; that there were more is said by one that stands for them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::settings::RateSettings;
use super::span::{Span, size, summary};

/// Rules that are counted at a time, and bytes of what is kept of them.
const MAX_RULES: usize = 4096;
const MAX_BYTES: usize = 16 << 20;

/// What was sent of late.
#[derive(Debug)]
pub(super) struct Rate {
    most: u32,
    per: Duration,
    /// The time as people say it.
    said: String,
    all_rules: bool,
    /// By rule.
    counted: BTreeMap<String, Counted>,
    bytes: usize,
}

#[derive(Debug)]
struct Counted {
    /// The time of the first, ns since 1970, and when the clock begins anew.
    began_ns: u64,
    ends: Instant,
    sent: u32,
    /// Of those that were not sent.
    span: Span,
    last: Option<Value>,
    bytes: usize,
}

impl Rate {
    pub(super) fn new(settings: &RateSettings) -> Result<Self, String> {
        if settings.most == 0 || settings.per.is_zero() {
            return Err("rate: nothing would be sent; most = 60, per = \"1m\" is a rate".to_owned());
        }
        let said = humantime::format_duration(settings.per).to_string();
        let (most, per, all_rules) = (settings.most, settings.per, settings.all_rules);
        Ok(Self { most, per, said, all_rules, counted: BTreeMap::new(), bytes: 0 })
    }

    /// The time for which it counts.
    pub(super) fn per(&self) -> Duration {
        self.per
    }

    /// Whether a finding goes; what was not sent in the time before goes to `out` as one.
    pub(super) fn lets(&mut self, finding: &Value, time_ns: u64, now: Instant, out: &mut Vec<Value>) -> bool {
        let rule = match finding["rule"].as_str() {
            Some(rule) if !self.all_rules => rule.to_owned(),
            _ => String::new(),
        };
        let per_ns = u64::try_from(self.per.as_nanos()).unwrap_or(u64::MAX);
        if let Some(counted) = self.counted.get(&rule)
            && (time_ns.saturating_sub(counted.began_ns) >= per_ns || now >= counted.ends)
        {
            self.end(&rule, out);
        }
        if let Some(counted) = self.counted.get_mut(&rule) {
            if counted.sent < self.most {
                counted.sent += 1;
                return true;
            }
            counted.span.add(finding, time_ns);
            let kept = kept(finding);
            let bytes = rule.len() + size(&kept);
            // Where there is no room for it, the one before stands for it.
            if counted.last.is_none() || self.bytes - counted.bytes + bytes <= MAX_BYTES {
                self.bytes = self.bytes - counted.bytes + bytes;
                (counted.bytes, counted.last) = (bytes, Some(kept));
            }
            return false;
        }
        // Where there is no room to count, nothing is kept back.
        if let Some(ends) = now.checked_add(self.per).filter(|_| self.counted.len() < MAX_RULES) {
            let bytes = rule.len();
            self.bytes += bytes;
            let counted = Counted { began_ns: time_ns, ends, sent: 1, span: Span::default(), last: None, bytes };
            self.counted.insert(rule, counted);
        }
        true
    }

    /// Ends what the clock has ended, or all; gives when the next is to end.
    pub(super) fn end_due(&mut self, now: Option<Instant>, out: &mut Vec<Value>) -> Option<Instant> {
        let is_due = |counted: &&Counted| now.is_none_or(|now| now >= counted.ends);
        let due: Vec<String> =
            self.counted.iter().filter(|(_, counted)| is_due(counted)).map(|(rule, _)| rule.clone()).collect();
        due.iter().for_each(|rule| self.end(rule, out));
        self.counted.values().map(|counted| counted.ends).min()
    }

    fn end(&mut self, rule: &str, out: &mut Vec<Value>) {
        let Some(counted) = self.counted.remove(rule) else { return };
        self.bytes -= counted.bytes;
        out.extend(counted.last.map(|last| summary(&last, &counted.span, self.all_rules, &self.said)));
    }
}

/// Of a finding what a summary says.
fn kept(finding: &Value) -> Value {
    const KEPT: [&str; 9] = ["schema", "id", "host", "labels", "rule", "summary", "attack", "pack", "self_test"];
    KEPT.iter().map(|name| ((*name).to_owned(), finding[*name].clone())).collect::<serde_json::Map<_, _>>().into()
}
