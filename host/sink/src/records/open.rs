//! Opens the place of a sink.

use std::io;
use std::path::PathBuf;

use super::Place;
use super::http::HttpError;
use super::places::{
    Alertmanager, Elasticsearch, Exec, Loki, Otlp, PagerDuty, Redis, Rotated, S3, Slack, Splunk, Syslog, Teams, Webhook,
};
use super::settings::{SinkSettings, To};
use super::written::Written;

use lanner_trust::SecretError;

/// A sink cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A secret cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// How a server is to be asked makes no sense.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// A file cannot be read or written.
    #[error("{} cannot be used: {_1}", _0.display())]
    File(PathBuf, io::Error),
    /// A file holds no PEM of what it is to hold.
    #[error("{} cannot be used: {_1}", _0.display())]
    Pem(PathBuf, String),
    /// TLS cannot be used so.
    #[error("TLS cannot be used: {0}")]
    Tls(String),
    /// There is no such format.
    #[error("there is no format {0:?}: there are json, falco, ecs, ocsf and cef")]
    Format(String),
    /// Something else of what is said of it is wrong.
    #[error("{0}")]
    Wrong(String),
}

/// Opens what these settings say, for findings of the machine `host`.
pub(super) fn open(sink: &SinkSettings, host: &str) -> Result<Box<dyn Place>, OpenError> {
    let written = Written::named(&sink.format).ok_or_else(|| OpenError::Format(sink.format.clone()))?;
    if !written.is_json() && sink.to.takes_json_alone() {
        return Err(OpenError::Wrong(format!(
            "it takes nothing but JSON, and `{}` is none: there are json, falco, ecs and ocsf; for text, a webhook has \
             `body = \"lines\"`",
            sink.format
        )));
    }
    Ok(match &sink.to {
        To::File(settings) => Box::new(Rotated::open(settings.clone(), written)?),
        To::Webhook(http, settings) => Box::new(Webhook::open(http, settings.clone(), written)?),
        To::Slack(http, _) => Box::new(Slack::open(http)?),
        To::Teams(http, _) => Box::new(Teams::open(http)?),
        To::PagerDuty(http, settings) => Box::new(PagerDuty::open(http, settings.clone())?),
        To::Alertmanager(http, settings) => Box::new(Alertmanager::open(http, settings.clone())?),
        To::Loki(http, settings) => Box::new(Loki::open(http, settings.clone(), host.to_owned(), written)?),
        To::Otlp(http, settings) => Box::new(Otlp::open(http, settings.clone(), host.to_owned(), written)?),
        To::Redis(settings) => Box::new(Redis::open(settings.clone(), written)?),
        To::S3(settings) => Box::new(S3::open(settings.clone(), host.to_owned(), written)?),
        To::Elasticsearch(http, settings) => Box::new(Elasticsearch::open(http, settings.clone(), written)?),
        To::Splunk(http, settings) => Box::new(Splunk::open(http, settings.clone(), written)?),
        To::Syslog(settings) => Box::new(Syslog::open(settings.clone(), host, written)?),
        To::Exec(settings) => Box::new(Exec::open(settings.clone(), written)?),
    })
}
