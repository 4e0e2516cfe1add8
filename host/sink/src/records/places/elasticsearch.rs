//! Elasticsearch and OpenSearch, by their bulk API: each finding is a document with the finding's id, so that one that comes
//! twice is there once.

use lanner_spool::Record;
use lanner_trust::SecretText;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::webhook::portion;
use crate::records::http::{Http, Who, shown};
use crate::records::open::OpenError;
use crate::records::settings::{Elasticsearch as Settings, Http as HttpSettings};
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Where it takes documents.
const PATH: &str = "/_bulk";
/// It is there already.
const CONFLICT: u16 = 409;
/// It has too much to do.
const BUSY: u16 = 429;

pub(crate) struct Elasticsearch {
    http: Http,
    index: String,
    written: Written,
}

/// What became of all.
#[derive(Deserialize)]
struct Reply {
    errors: bool,
    items: Vec<Item>,
}

/// What became of one.
#[derive(Deserialize)]
struct Item {
    create: Created,
}

#[derive(Deserialize)]
struct Created {
    status: u16,
    #[serde(default)]
    error: Value,
}

impl Elasticsearch {
    pub(crate) fn open(http: &HttpSettings, settings: Settings, written: Written) -> Result<Self, OpenError> {
        let who = settings.api_key.map(|secret| Who { scheme: "ApiKey", secret });
        Ok(Self { http: Http::open(http, who)?, index: settings.index, written })
    }

    /// A line that says what to do, and the document, for each.
    fn body(&self, records: &[Record]) -> Vec<u8> {
        let mut body = Vec::new();
        for record in records {
            // A data stream takes nothing but `create`.
            let action = json!({ "create": { "_index": self.index, "_id": hex::encode(record.id) } });
            body.extend(action.to_string().into_bytes());
            body.push(b'\n');
            body.extend(document(&self.written.of(record)));
            body.push(b'\n');
        }
        body
    }
}

/// A data stream needs `@timestamp`.
fn document(line: &[u8]) -> Vec<u8> {
    match serde_json::from_slice::<Value>(line) {
        Ok(Value::Object(mut object)) => {
            if !object.contains_key("@timestamp") {
                let time = object.get("time").cloned().unwrap_or_default();
                object.insert("@timestamp".to_owned(), time);
            }
            Value::Object(object).to_string().into_bytes()
        }
        _ => line.to_vec(),
    }
}

impl Place for Elasticsearch {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, self.http.batch_bytes())
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let body = self.body(records);
        let answer = self.http.post(self.http.below(PATH), "application/x-ndjson", body, HeaderMap::new())?;
        judge(&answer.body, records.len(), self.http.secrets())
    }
}

/// What became of each, by the answer to all.
fn judge(body: &[u8], count: usize, secrets: &[SecretText]) -> Result<Answer, Refusal> {
    let reply: Reply = serde_json::from_slice(body).map_err(|error| {
        Refusal::later(format!("it does not answer as a bulk API does ({error}): {}", shown(body, secrets)))
    })?;
    if reply.items.len() != count {
        let items = reply.items.len();
        return Err(Refusal::later(format!("it was sent {count} findings, and says of {items} what became of them")));
    }
    let mut answer = Answer::default();
    for (place, Item { create }) in reply.items.iter().enumerate().filter(|_| reply.errors) {
        let Created { status, error } = create;
        let why = || format!("{status}: {}", shown(error.to_string().as_bytes(), secrets));
        match *status {
            200..=299 | CONFLICT => {}
            401 | 403 | 404 | BUSY | 500.. => {
                answer.later.push(place);
                answer.why.get_or_insert_with(why);
            }
            _ => answer.rejected.push((place, why())),
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_document_is_looked_at_by_itself() {
        let error = json!({"type": "document_parsing_exception", "reason": "failed to parse field [time]"});
        let body = json!({"took": 3, "errors": true, "items": [
            {"create": {"_id": "1", "status": 201}},
            {"create": {"_id": "2", "status": 400, "error": error}},
            {"create": {"_id": "3", "status": 429, "error": {"type": "es_rejected_execution_exception"}}},
            {"create": {"_id": "4", "status": 409, "error": {"type": "version_conflict_engine_exception"}}},
            {"create": {"_id": "5", "status": 503, "error": null}},
        ]});
        let answer = judge(body.to_string().as_bytes(), 5, &[]).expect("an answer");
        assert_eq!(answer.later, [2, 4]);
        assert_eq!(answer.why.as_deref(), Some("429: {\"type\":\"es_rejected_execution_exception\"}"));
        let [(1, why)] = &answer.rejected[..] else { panic!("one: {:?}", answer.rejected) };
        assert!(why.starts_with("400: {") && why.contains("failed to parse field [time]"), "{why}");
        for wrong in ["", "{}", "{\"errors\":false,\"items\":[]}", "<html>"] {
            assert!(matches!(judge(wrong.as_bytes(), 5, &[]), Err(Refusal::Later(..))), "{wrong}");
        }
    }

    #[test]
    fn a_document_has_the_time_that_data_streams_ask_for() {
        let text = |line: &[u8]| String::from_utf8(document(line)).expect("text");
        assert_eq!(text(b"{\"time\":\"t\"}"), "{\"time\":\"t\",\"@timestamp\":\"t\"}");
        assert_eq!(text(b"{\"@timestamp\":\"u\"}"), "{\"@timestamp\":\"u\"}");
        assert_eq!(text(b"no JSON"), "no JSON");
    }
}
