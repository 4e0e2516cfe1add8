//! Splunk, by its HTTP Event Collector.

use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::facts::Facts;
use super::webhook::portion;
use crate::records::http::{Http, Who};
use crate::records::open::OpenError;
use crate::records::settings::{Http as HttpSettings, Splunk as Settings};
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Where it takes events.
const PATH: &str = "/services/collector/event";

pub(crate) struct Splunk {
    http: Http,
    index: Option<String>,
    source_type: String,
    written: Written,
}

impl Splunk {
    pub(crate) fn open(http: &HttpSettings, settings: Settings, written: Written) -> Result<Self, OpenError> {
        let Settings { token, index, source_type } = settings;
        let http = Http::open(http, Some(Who { scheme: "Splunk", secret: token }))?;
        Ok(Self { http, index, source_type, written })
    }

    /// Events one after the other, as it takes them.
    fn body(&self, records: &[Record]) -> Vec<u8> {
        let event = |record: &Record| {
            let facts = Facts::of(record);
            let line = self.written.of(record);
            let event =
                serde_json::from_slice::<Value>(&line).unwrap_or_else(|_| String::from_utf8_lossy(&line).into());
            let mut event = json!({
                "time": seconds(facts.time_ns()),
                "host": facts.text("/host"),
                "source": "lanner",
                "sourcetype": self.source_type,
                "event": event,
            });
            if let Some(index) = &self.index {
                event["index"] = Value::from(index.as_str());
            }
            event.to_string()
        };
        records.iter().map(event).collect::<Vec<_>>().join("\n").into_bytes()
    }
}

/// Seconds since 1970, with the milliseconds that Splunk keeps; as text, so that none are lost on the way.
fn seconds(ns: u64) -> String {
    format!("{}.{:03}", ns / 1_000_000_000, ns / 1_000_000 % 1000)
}

impl Place for Splunk {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, self.http.batch_bytes())
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let body = self.body(records);
        self.http.post(self.http.below(PATH), "application/json", body, HeaderMap::new())?;
        Ok(Answer::default())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_seconds_with_milliseconds() {
        assert_eq!(super::seconds(1_795_485_296_003_456_789), "1795485296.003");
    }
}
