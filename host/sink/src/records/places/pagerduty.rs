//! PagerDuty, by its Events API v2: an alert a finding, known by the finding's id.

use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::facts::{Facts, Severity, cut};
use crate::records::http::Http;
use crate::records::open::OpenError;
use crate::records::settings::{Http as HttpSettings, PagerDuty as Settings};
use crate::records::{Answer, Place, Refusal};

/// Letters of a summary.
const SUMMARY: usize = 1024;
/// Bytes of an event; what is longer goes without its details.
const EVENT: usize = 512 << 10;

pub(crate) struct PagerDuty {
    http: Http,
    settings: Settings,
}

impl PagerDuty {
    pub(crate) fn open(http: &HttpSettings, settings: Settings) -> Result<Self, OpenError> {
        let key = settings.routing_key.read()?;
        let mut http = Http::open(http, None)?;
        http.hide(key);
        Ok(Self { http, settings })
    }
}

impl Place for PagerDuty {
    fn portion(&self, records: &[Record]) -> usize {
        records.len().min(1)
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        for record in records {
            let key = self.settings.routing_key.read().map_err(Refusal::later)?;
            let url = self.http.url().clone();
            self.http.post(
                url,
                "application/json",
                event(key.reveal(), record).to_string().into_bytes(),
                HeaderMap::new(),
            )?;
        }
        Ok(Answer::default())
    }
}

fn event(key: &str, record: &Record) -> Value {
    let facts = Facts::of(record);
    let severity = match facts.severity() {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "info",
    };
    let mut payload = json!({
        "summary": cut(&format!("{} on {}", facts.text("/message"), facts.text("/host")), SUMMARY),
        "source": facts.text("/host"),
        "severity": severity,
        "timestamp": facts.text("/time"),
        "component": facts.text("/process/exe"),
        "group": facts.text("/pack/name"),
        "class": facts.text("/rule"),
    });
    if record.bytes.len() < EVENT / 2 {
        payload["custom_details"] = facts.whole();
    }
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": hex::encode(record.id),
        "client": "Lanner",
        "payload": payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::tests::record;

    #[test]
    fn an_event_is_known_by_the_findings_id() {
        let finding =
            json!({"severity": "high", "message": "m", "host": "h", "rule": "a/b", "time": "2026-11-24T01:54:56Z"});
        let event = event("key", &record(0xab, &finding));
        assert_eq!(event["dedup_key"], "000000000000000000000000000000ab");
        assert_eq!((&event["routing_key"], &event["event_action"]), (&json!("key"), &json!("trigger")));
        let payload = &event["payload"];
        assert_eq!((&payload["summary"], &payload["source"]), (&json!("m on h"), &json!("h")));
        assert_eq!((&payload["severity"], &payload["custom_details"]), (&json!("error"), &finding));
    }
}
