//! A channel of Microsoft Teams, by a workflow's webhook that takes Adaptive Cards.

use lanner_spool::Record;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::facts::{Facts, Severity, cut};
use crate::records::http::Http;
use crate::records::open::OpenError;
use crate::records::settings::Http as HttpSettings;
use crate::records::{Answer, Place, Refusal};

/// Findings of one card: Teams takes 28 KB.
const FINDINGS: usize = 5;
/// Letters of a text.
const TEXT: usize = 500;

pub(crate) struct Teams(Http);

impl Teams {
    pub(crate) fn open(http: &HttpSettings) -> Result<Self, OpenError> {
        Http::open(http, None).map(Self)
    }
}

impl Place for Teams {
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
    let body: Vec<Value> = records.iter().flat_map(|record| blocks(&Facts::of(record))).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    });
    json!({
        "type": "message",
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card }],
    })
}

fn blocks(facts: &Facts) -> [Value; 2] {
    let colour = match facts.severity() {
        Severity::Critical | Severity::High => "attention",
        Severity::Medium => "warning",
        Severity::Low => "good",
        Severity::Info => "default",
    };
    // A rich text is shown as it is: in a text block, what an attacker names a file could be formatting and links.
    let title = format!("{}: {}", facts.text("/severity"), facts.text("/message"));
    let run = json!({ "type": "TextRun", "text": cut(&title, TEXT), "weight": "bolder", "color": colour });
    let lines: Vec<Value> = facts
        .first()
        .into_iter()
        .flat_map(|(name, value)| {
            let name = json!({ "type": "TextRun", "text": format!("{name}: "), "weight": "bolder" });
            [name, json!({ "type": "TextRun", "text": format!("{}\n", cut(&value, TEXT)) })]
        })
        .collect();
    [
        json!({ "type": "RichTextBlock", "separator": true, "inlines": [run] }),
        json!({ "type": "RichTextBlock", "inlines": lines }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::tests::record;

    #[test]
    fn a_card_shows_findings_as_they_are() {
        let one = record(1, &json!({"severity": "critical", "message": "[click](http://x)", "rule": "a/b"}));
        let message = message(&[one]);
        let body = &message["attachments"][0]["content"]["body"];
        assert_eq!(body[0]["inlines"][0]["text"], "critical: [click](http://x)");
        assert_eq!(body[0]["inlines"][0]["color"], "attention");
        assert_eq!(body[1]["inlines"][1]["text"], "a/b\n");
        assert!(body.as_array().expect("blocks").iter().all(|block| block["type"] == "RichTextBlock"));
    }
}
