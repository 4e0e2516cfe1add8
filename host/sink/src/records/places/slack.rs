//! A channel of Slack, by an incoming webhook.

use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::facts::{Facts, Severity, cut};
use crate::records::http::Http;
use crate::records::open::OpenError;
use crate::records::settings::Http as HttpSettings;
use crate::records::{Answer, Place, Refusal};

/// Findings of one message: Slack takes one message a second, and shows some twenty attachments.
const FINDINGS: usize = 10;
/// Letters of a text that Slack shows.
const TEXT: usize = 2900;

pub(crate) struct Slack(Http);

impl Slack {
    pub(crate) fn open(http: &HttpSettings) -> Result<Self, OpenError> {
        Http::open(http, None).map(Self)
    }
}

impl Place for Slack {
    fn portion(&self, records: &[Record]) -> usize {
        records.len().min(FINDINGS)
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let url = self.0.url().clone();
        self.0.post(url, "application/json", message(records).to_string().into_bytes(), HeaderMap::new())?;
        Ok(Answer::default())
    }
}

fn message(records: &[Record]) -> Value {
    let attachments: Vec<Value> = records.iter().map(|record| attachment(&Facts::of(record))).collect();
    let first = records.first().map(Facts::of).map(|facts| facts.text("/message").to_owned()).unwrap_or_default();
    let text = match records.len() {
        1 => first,
        count => format!("{count} findings: {first} …"),
    };
    json!({ "text": escaped(&cut(&text, TEXT)), "attachments": attachments })
}

fn attachment(facts: &Facts) -> Value {
    let colour = match facts.severity() {
        Severity::Critical => "#8b0000",
        Severity::High => "#d9302c",
        Severity::Medium => "#e8912d",
        Severity::Low => "#2eb67d",
        Severity::Info => "#888888",
    };
    let title = format!("{}: {}", facts.text("/severity"), facts.text("/message"));
    let field = |(name, value): (&str, String)| json!({ "title": name, "value": escaped(&cut(&value, TEXT)), "short": value.len() < 40 });
    let fields: Vec<Value> = facts.first().into_iter().map(field).collect();
    // Without `mrkdwn_in` nothing in it is taken for formatting.
    json!({
        "color": colour,
        "title": escaped(&cut(&title, TEXT)),
        "text": escaped(&cut(facts.text("/summary"), TEXT)),
        "fallback": escaped(&cut(&title, TEXT)),
        "fields": fields,
        "footer": format!("Lanner, finding {}", facts.text("/id")),
        "mrkdwn_in": [],
    })
}

/// What an attacker names a file is to be shown, and neither to call people (`<!channel>`) nor to be a link.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::tests::record;

    #[test]
    fn a_message_shows_findings_and_nothing_in_them_is_obeyed() {
        let one =
            record(1, &json!({"severity": "high", "message": "read <!channel> & more", "rule": "a/b", "id": "77"}));
        let message = message(&[one.clone(), one]);
        assert_eq!(message["text"], "2 findings: read &lt;!channel&gt; &amp; more …");
        let attachment = &message["attachments"][1];
        assert_eq!(attachment["title"], "high: read &lt;!channel&gt; &amp; more");
        assert_eq!(attachment["fields"], json!([{"title": "Rule", "value": "a/b", "short": true}]));
        assert_eq!(attachment["footer"], "Lanner, finding 77");
    }
}
