//! Grafana Loki.

use std::collections::BTreeMap;

use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::facts::Facts;
use super::webhook::portion;
use crate::records::http::Http;
use crate::records::open::OpenError;
use crate::records::settings::{Http as HttpSettings, Loki as Settings};
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Where it takes lines.
const PATH: &str = "/loki/api/v1/push";

pub(crate) struct Loki {
    http: Http,
    settings: Settings,
    host: String,
    written: Written,
}

impl Loki {
    pub(crate) fn open(
        http: &HttpSettings,
        settings: Settings,
        host: String,
        written: Written,
    ) -> Result<Self, OpenError> {
        Ok(Self { http: Http::open(http, None)?, settings, host, written })
    }

    /// Few streams: what is another with each finding stands in the line.
    fn body(&self, records: &[Record]) -> Value {
        let mut streams = BTreeMap::<String, Vec<Value>>::new();
        for record in records {
            let facts = Facts::of(record);
            let line = self.written.of(record);
            let value = json!([facts.time_ns().to_string(), String::from_utf8_lossy(&line)]);
            streams.entry(facts.text("/severity").to_owned()).or_default().push(value);
        }
        let stream = |(severity, values): (String, Vec<Value>)| {
            let mut labels: BTreeMap<&str, &str> =
                self.settings.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            labels.entry("job").or_insert("lanner");
            labels.entry("host").or_insert(&self.host);
            labels.insert("severity", &severity);
            json!({ "stream": labels, "values": values })
        };
        json!({ "streams": streams.into_iter().map(stream).collect::<Vec<_>>() })
    }
}

impl Place for Loki {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, self.http.batch_bytes())
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let body = self.body(records).to_string().into_bytes();
        self.http.post(self.http.below(PATH), "application/json", body, HeaderMap::new())?;
        Ok(Answer::default())
    }
}
