//! OpenTelemetry: logs over HTTP, in OTLP's JSON.

use std::time::SystemTime;

use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::facts::{Facts, Severity};
use super::webhook::portion;
use crate::records::http::{Http, shown};
use crate::records::open::OpenError;
use crate::records::settings::{Http as HttpSettings, Otlp as Settings};
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Where it takes logs.
const PATH: &str = "/v1/logs";
/// What is told of a finding beside its text, by the names of OpenTelemetry's conventions where they have one.
const TEXTS: [(&str, &str); 16] = [
    ("lanner.rule", "/rule"),
    ("lanner.finding.id", "/id"),
    ("lanner.finding.message", "/message"),
    ("lanner.finding.severity", "/severity"),
    ("lanner.finding.key", "/key"),
    ("lanner.pack.name", "/pack/name"),
    ("lanner.pack.version", "/pack/version"),
    ("process.executable.path", "/process/exe"),
    ("process.working_directory", "/process/cwd"),
    ("user.name", "/process/user"),
    ("container.id", "/process/container/id"),
    ("container.name", "/process/container/name"),
    ("container.image.name", "/process/container/image"),
    ("k8s.namespace.name", "/process/container/namespace"),
    ("k8s.pod.name", "/process/container/pod"),
    ("file.path", "/event/path"),
];
const NUMBERS: [(&str, &str); 3] =
    [("process.pid", "/process/pid"), ("process.parent_pid", "/process/ppid"), ("user.id", "/process/uid")];
const LISTS: [(&str, &str); 2] = [("process.command_args", "/process/args"), ("threat.technique.id", "/attack")];

pub(crate) struct Otlp {
    http: Http,
    settings: Settings,
    host: String,
    written: Written,
}

impl Otlp {
    pub(crate) fn open(
        http: &HttpSettings,
        settings: Settings,
        host: String,
        written: Written,
    ) -> Result<Self, OpenError> {
        Ok(Self { http: Http::open(http, None)?, settings, host, written })
    }

    fn body(&self, records: &[Record]) -> Value {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut resource = vec![text("service.name", "lanner"), text("host.name", &self.host)];
        let own = |name: &str| name != "service.name" && name != "host.name";
        let said = self.settings.attributes.iter().filter(|(name, _)| own(name));
        resource.extend(said.map(|(name, value)| text(name, value)));
        let logs: Vec<Value> = records.iter().map(|record| log(record, &self.written.of(record), now)).collect();
        let scope = json!({ "name": "lanner", "version": env!("CARGO_PKG_VERSION") });
        json!({ "resourceLogs": [{
            "resource": { "attributes": resource },
            "scopeLogs": [{ "scope": scope, "logRecords": logs }],
        }] })
    }
}

impl Place for Otlp {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, self.http.batch_bytes())
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let body = self.body(records).to_string().into_bytes();
        let answer = self.http.post(self.http.below(PATH), "application/json", body, HeaderMap::new())?;
        // A page of something else says that all is well, too.
        if !answer.body.is_empty()
            && !serde_json::from_slice::<Value>(&answer.body).is_ok_and(|answer| answer.is_object())
        {
            return Err(Refusal::later("it answers with something else than OTLP does: is `url` the collector's?"));
        }
        Ok(judge(&answer.body, records.len(), |why| shown(why.as_bytes(), self.http.secrets())))
    }
}

/// What is not taken is said by its number alone, and is not to be sent again.
fn judge(answer: &[u8], sent: usize, shown: impl Fn(&str) -> String) -> Answer {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let partial = &answer["partialSuccess"];
    // In JSON a number of 64 bits is a text.
    let count = &partial["rejectedLogRecords"];
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok()).unwrap_or_default();
    let rejected = usize::try_from(count).unwrap_or(usize::MAX).min(sent);
    let why = shown(partial["errorMessage"].as_str().unwrap_or_default());
    let why = format!("it does not take {rejected} of {sent}, and does not say which: {why}");
    Answer { rejected: (0..rejected).map(|at| (at, why.clone())).collect(), ..Answer::default() }
}

fn log(record: &Record, written: &[u8], now: u128) -> Value {
    let facts = Facts::of(record);
    let number = match facts.severity() {
        Severity::Info => 9,
        Severity::Low => 10,
        Severity::Medium => 13,
        Severity::High => 17,
        Severity::Critical => 21,
    };
    let time_ns = facts.time_ns();
    let (severity, finding) = (facts.text("/severity").to_owned(), facts.whole());
    let mut attributes = Vec::new();
    let at = |pointer: &str| finding.pointer(pointer);
    let texts = TEXTS.iter().filter_map(|(name, pointer)| Some(text(name, at(pointer)?.as_str()?)));
    attributes.extend(texts);
    let number_of = |(name, pointer): &(&str, &str)| {
        let number = at(pointer)?.as_i64()?;
        Some(json!({ "key": name, "value": { "intValue": number.to_string() } }))
    };
    attributes.extend(NUMBERS.iter().filter_map(number_of));
    let list_of = |(name, pointer): &(&str, &str)| {
        let values = at(pointer)?.as_array()?.iter().filter_map(Value::as_str);
        let values: Vec<Value> = values.map(|value| json!({ "stringValue": value })).collect();
        Some(json!({ "key": name, "value": { "arrayValue": { "values": values } } }))
    };
    attributes.extend(LISTS.iter().filter_map(list_of));
    json!({
        "timeUnixNano": time_ns.to_string(),
        "observedTimeUnixNano": now.to_string(),
        "severityNumber": number,
        "severityText": severity,
        "eventName": "lanner.finding",
        "body": { "stringValue": String::from_utf8_lossy(written) },
        "attributes": attributes,
    })
}

fn text(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::tests::record;

    #[test]
    fn a_finding_is_a_log_record_by_the_conventions() {
        let finding = json!({
            "time_ns": 1_795_485_296_123_456_789_u64, "id": "00", "severity": "high", "rule": "a/rule", "message": "it reads",
            "attack": ["T1003.008"], "process": {"pid": 7, "exe": "/usr/bin/cat", "args": ["cat", "/etc/shadow"],
            "container": {"id": "c1", "pod": "web-0"}}, "event": {"path": "/etc/shadow"},
        });
        let log = log(&record(1, &finding), b"{}", 17);
        assert_eq!((&log["timeUnixNano"], &log["severityNumber"]), (&json!("1795485296123456789"), &json!(17)));
        let attributes: Vec<(&str, String)> = log["attributes"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|attribute| (attribute["key"].as_str().expect("a name"), attribute["value"].to_string()))
            .collect();
        for expected in [
            ("lanner.rule", r#"{"stringValue":"a/rule"}"#),
            ("process.pid", r#"{"intValue":"7"}"#),
            (
                "process.command_args",
                r#"{"arrayValue":{"values":[{"stringValue":"cat"},{"stringValue":"/etc/shadow"}]}}"#,
            ),
            ("k8s.pod.name", r#"{"stringValue":"web-0"}"#),
            ("file.path", r#"{"stringValue":"/etc/shadow"}"#),
        ] {
            assert!(
                attributes.iter().any(|(name, value)| (*name, &**value) == expected),
                "{expected:?}: {attributes:?}"
            );
        }
        assert!(!attributes.iter().any(|(name, _)| *name == "user.name"), "what is not known is not said");
    }

    #[test]
    fn what_is_taken_in_part_is_not_sent_again() {
        let shown = |why: &str| why.to_owned();
        for (answer, rejected) in [
            ("{}", 0),
            ("", 0),
            (r#"{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too long"}}"#, 2),
            (r#"{"partialSuccess":{"rejectedLogRecords":99}}"#, 5),
            (r#"{"partialSuccess":{"errorMessage":"all is well, but"}}"#, 0),
        ] {
            let judged = judge(answer.as_bytes(), 5, shown);
            assert_eq!((judged.rejected.len(), judged.later.len()), (rejected, 0), "{answer}");
        }
    }
}
