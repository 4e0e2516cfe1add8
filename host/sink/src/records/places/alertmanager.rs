//! Prometheus' Alertmanager, by its API v2.

use std::time::Duration;

use jiff::Timestamp;
use lanner_finding::time;
use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};

use super::facts::Facts;
use super::webhook::portion;
use crate::records::http::Http;
use crate::records::open::OpenError;
use crate::records::settings::{Alertmanager as Settings, Http as HttpSettings};
use crate::records::{Answer, Place, Refusal};

/// Where it takes alerts.
const PATH: &str = "/api/v2/alerts";

pub(crate) struct Alertmanager {
    http: Http,
    settings: Settings,
}

impl Alertmanager {
    pub(crate) fn open(http: &HttpSettings, settings: Settings) -> Result<Self, OpenError> {
        let is_name = |name: &String| {
            let mut letters = name.chars();
            let first = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
            first && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        };
        match settings.labels.keys().find(|name| !is_name(name)) {
            Some(name) => Err(OpenError::Wrong(format!("{name:?} is no name of a label: letters, digits and `_`"))),
            None => Ok(Self { http: Http::open(http, None)?, settings }),
        }
    }
}

impl Place for Alertmanager {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, self.http.batch_bytes())
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let now = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default();
        let alerts: Vec<Value> = records.iter().map(|record| alert(record, &self.settings, now)).collect();
        let body = Value::from(alerts).to_string().into_bytes();
        self.http.post(self.http.below(PATH), "application/json", body, HeaderMap::new())?;
        Ok(Answer::default())
    }
}

/// Two with the same labels are one alert there.
fn alert(record: &Record, settings: &Settings, now_ns: u64) -> Value {
    let facts = Facts::of(record);
    let mut labels: Map<String, Value> =
        settings.labels.iter().map(|(name, value)| (name.clone(), value.clone().into())).collect();
    let its = [
        ("alertname", facts.text("/rule")),
        ("severity", facts.text("/severity")),
        ("host", facts.text("/host")),
        ("pack", facts.text("/pack/name")),
        ("key", facts.text("/key")),
        ("exe", facts.text("/process/exe")),
        ("container", facts.text("/process/container/id")),
        ("namespace", facts.text("/process/container/namespace")),
        ("pod", facts.text("/process/container/pod")),
    ];
    // An empty label is as none.
    labels.extend(
        its.into_iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.into(), value.into())),
    );
    let mut alert = json!({
        "labels": labels,
        "annotations": {
            "summary": facts.text("/message"),
            "description": facts.text("/summary"),
            "finding": hex::encode(record.id),
        },
        "startsAt": facts.text("/time"),
    });
    if let Some(after) = settings.resolve_after {
        // What comes late is an alert still.
        alert["endsAt"] = time::rfc3339(facts.time_ns().max(now_ns).saturating_add(nanoseconds(after))).into();
    }
    alert
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
