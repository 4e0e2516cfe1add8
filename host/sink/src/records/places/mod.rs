//! The places that findings go to: one file a type.

mod alertmanager;
mod elasticsearch;
mod exec;
mod facts;
mod loki;
mod otlp;
mod pagerduty;
mod redis;
mod rotated;
mod s3;
mod slack;
mod splunk;
mod syslog;
mod teams;
mod webhook;

pub(super) use alertmanager::Alertmanager;
pub(super) use elasticsearch::Elasticsearch;
pub(super) use exec::Exec;
pub(super) use loki::Loki;
pub(super) use otlp::Otlp;
pub(super) use pagerduty::PagerDuty;
pub(super) use redis::Redis;
pub(super) use rotated::Rotated;
pub(super) use s3::S3;
pub(super) use slack::Slack;
pub(super) use splunk::Splunk;
pub(super) use syslog::Syslog;
pub(super) use teams::Teams;
pub(super) use webhook::Webhook;

use lanner_finding::Finding;
use lanner_spool::Record;

use super::settings::SinkSettings;
use super::{Answer, entry, open};

/// Sends this finding of the machine `host` to a sink, once.
///
/// # Errors
/// The sink cannot be opened, or does not take it: a sentence.
pub fn try_once(sink: &SinkSettings, finding: &Finding, host: &str) -> Result<(), String> {
    let mut place = open::open(sink, host).map_err(|error| error.to_string())?;
    let entry = entry(finding, host, &lanner_finding::Labels::default());
    let record = Record { seq: 1, time_ns: finding.time_ns, id: entry.id, bytes: entry.bytes };
    let Answer { rejected, later, why } = place.send(&[record]).map_err(|refusal| refusal.why().to_owned())?;
    match rejected.into_iter().next() {
        Some((_, why)) => Err(why),
        None if later.is_empty() => place.end(),
        None => Err(why.unwrap_or_else(|| "it takes it later, perhaps".to_owned())),
    }
}
