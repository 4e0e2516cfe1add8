//! Any HTTP server that takes JSON.

use std::time::SystemTime;

use aws_lc_rs::hmac;
use lanner_spool::Record;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::records::http::{Http, HttpError};
use crate::records::open::OpenError;
use crate::records::settings::{Body, Http as HttpSettings, Webhook as Settings};
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

pub(crate) struct Webhook {
    http: Http,
    body: Body,
    signature: Option<(HeaderName, lanner_trust::Secret)>,
    written: Written,
}

impl Webhook {
    pub(crate) fn open(http: &HttpSettings, settings: Settings, written: Written) -> Result<Self, OpenError> {
        let signature = settings.signature.map(|signature| -> Result<_, OpenError> {
            let header = HeaderName::try_from(&signature.header);
            let header = header.map_err(|_| HttpError::Header(signature.header.clone()))?;
            // That it is there is known at once.
            signature.secret.read()?;
            Ok((header, signature.secret))
        });
        Ok(Self { http: Http::open(http, None)?, body: settings.body, signature: signature.transpose()?, written })
    }

    fn body(&self, records: &[Record]) -> (&'static str, Vec<u8>) {
        let lines = records.iter().map(|record| self.written.of(record));
        match self.body {
            Body::Single => ("application/json", lines.flat_map(std::borrow::Cow::into_owned).collect()),
            Body::Lines => (
                "application/x-ndjson",
                lines.flat_map(|line| line.iter().copied().chain([b'\n']).collect::<Vec<u8>>()).collect(),
            ),
            Body::Array => {
                let lines: Vec<_> = lines.collect();
                let mut body = vec![b'['];
                body.extend(lines.join(&b','));
                body.push(b']');
                ("application/json", body)
            }
        }
    }
}

impl Place for Webhook {
    fn portion(&self, records: &[Record]) -> usize {
        if self.body == Body::Single { 1 } else { portion(records, self.http.batch_bytes()) }
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let (content, body) = self.body(records);
        let mut more = HeaderMap::new();
        if let Some((header, secret)) = &self.signature {
            let key = secret.read().map_err(Refusal::later)?;
            let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            let value = signature(key.reveal().as_bytes(), time, &body);
            more.insert(header.clone(), HeaderValue::try_from(value).map_err(Refusal::later)?);
        }
        let url = self.http.url().clone();
        self.http.post(url, content, body, more)?;
        Ok(Answer::default())
    }
}

/// How many of these have so many bytes together.
pub(super) fn portion(records: &[Record], most_bytes: usize) -> usize {
    let mut bytes = 0;
    let fits = |record: &&Record| {
        bytes += record.bytes.len() + 1;
        bytes <= most_bytes
    };
    records.iter().take_while(fits).count()
}

/// `t=<seconds since 1970>,v1=<hex of HMAC-SHA256>`, over the seconds, a full stop and the body before it is compressed: an
/// old request cannot be sent again as a new one.
fn signature(key: &[u8], time: u64, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(format!("{time}.").as_bytes());
    context.update(body);
    format!("t={time},v1={}", hex::encode(context.sign()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_signature_is_what_others_compute() {
        // printf '%s' '1700000000.[{"a":1}]' | openssl dgst -sha256 -hmac s3cret
        let ours = super::signature(b"s3cret", 1_700_000_000, b"[{\"a\":1}]");
        assert_eq!(ours, "t=1700000000,v1=716fa740652aadd0b58e3e5afeb9107ea23adfe5275da0f786ead23710e2c7f2");
    }
}
