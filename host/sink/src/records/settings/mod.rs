//! What is said of sinks: `[[sink]]` tables, and `[spool]`. `docs/sinks.md` documents them.

mod types;
mod units;

use std::path::{Path, PathBuf};
use std::time::Duration;

use lanner_json::nearest;
use lanner_spool::{Durability, Options};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::Table;

pub use types::{
    Alertmanager, Basic, Body, Elasticsearch, Exec, Facility, File, Http, Loki, Otlp, PagerDuty, PlainOrSecret, Redis,
    S3, Signature, Slack, Splunk, Syslog, Teams, Tls, Webhook,
};
use units::{bytes, duration, maybe_duration};

use crate::route::{RouteSettings, Routes};

/// Bytes of a file of sinks.
const MAX_BYTES: u64 = 1 << 20;
/// Sinks there may be.
const MAX_SINKS: usize = 64;
/// Findings that are sent at once, where nothing is said, and at most.
const BATCH: usize = 256;
const MAX_BATCH: usize = 4096;
/// How long findings are gathered for an object, where nothing is said.
const GATHER_OBJECT: Duration = Duration::from_secs(60);
/// Letters of a sink's name.
const MAX_NAME: usize = 64;
/// What every sink may say, whatever its type.
const COMMON: [&str; 7] = ["name", "type", "policy", "format", "batch", "gather", "route"];

/// All that is said of sinks.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sinks {
    /// Where findings wait for sinks with the policy `spool`.
    #[serde(default)]
    pub spool: SpoolSettings,
    /// The sinks.
    #[serde(default, rename = "sink")]
    pub sinks: Vec<SinkSettings>,
}

/// Of the spool.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SpoolSettings {
    /// Its folder.
    pub folder: PathBuf,
    /// Bytes of findings, at most.
    #[serde(deserialize_with = "bytes")]
    pub bytes: u64,
    /// How old a finding may become.
    #[serde(deserialize_with = "duration")]
    pub age: Duration,
    /// Whether a finding that was taken is safe from a power cut.
    pub power_safe: bool,
}

impl Default for SpoolSettings {
    fn default() -> Self {
        let Options { bytes, age, .. } = Options::default();
        Self { folder: "/var/lib/lanner/spool".into(), bytes, age, power_safe: false }
    }
}

impl SpoolSettings {
    /// As the spool takes them.
    pub fn options(&self) -> Options {
        let durability = if self.power_safe { Durability::Full } else { Durability::Normal };
        Options { bytes: self.bytes, age: self.age, durability, ..Options::default() }
    }
}

/// Of a sink.
#[derive(Clone, Debug)]
pub struct SinkSettings {
    /// What it is called.
    pub name: String,
    /// What becomes of findings that it does not take in time.
    pub policy: Policy,
    /// How they are written.
    pub format: String,
    /// Findings that are sent at once, at most.
    pub batch: usize,
    /// How long it is waited, after the first, for others to be sent with it.
    pub gather: Duration,
    /// Which findings it is sent; all of them where nothing is said.
    pub route: Option<RouteSettings>,
    /// Where to.
    pub to: To,
}

/// What becomes of findings that a sink does not take in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// They wait in memory; what comes when that is full is left out.
    Block,
    /// They wait in memory; when that is full the oldest are left out.
    #[default]
    DropOldest,
    /// They wait on disk.
    Spool,
}

/// Where findings go, by the type of the sink.
#[derive(Clone, Debug)]
pub enum To {
    /// A file that is rotated.
    File(File),
    /// Any HTTP server.
    Webhook(Http, Webhook),
    /// A channel of Slack.
    Slack(Http, Slack),
    /// A channel of Microsoft Teams.
    Teams(Http, Teams),
    /// PagerDuty, by its Events API v2.
    PagerDuty(Http, PagerDuty),
    /// Prometheus' Alertmanager.
    Alertmanager(Http, Alertmanager),
    /// Grafana Loki.
    Loki(Http, Loki),
    /// OpenTelemetry, by OTLP over HTTP.
    Otlp(Http, Otlp),
    /// A stream of Redis.
    Redis(Redis),
    /// Objects in a bucket.
    S3(S3),
    /// Elasticsearch or OpenSearch.
    Elasticsearch(Http, Elasticsearch),
    /// Splunk, by its HTTP Event Collector.
    Splunk(Http, Splunk),
    /// Syslog (RFC 5424).
    Syslog(Syslog),
    /// A program.
    Exec(Exec),
}

/// The types, as they are written.
const TYPES: [&str; 15] = [
    "alertmanager",
    "elasticsearch",
    "exec",
    "file",
    "loki",
    "opensearch",
    "otlp",
    "pagerduty",
    "redis",
    "s3",
    "slack",
    "splunk",
    "syslog",
    "teams",
    "webhook",
];

/// What is said of sinks cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read, or others may write to it.
    #[error("{} cannot be used as sinks: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// What it says is wrong.
    #[error("{}: {problem}", path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What, and where.
        problem: String,
    },
}

impl Sinks {
    /// Reads a file of them.
    ///
    /// # Errors
    /// It cannot be read, may be written by others, or says what is wrong.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let bytes = lanner_trust::read_guarded(path, MAX_BYTES);
        let bytes = bytes.map_err(|error| SettingsError::Read { path: path.to_owned(), error })?;
        let wrong = |problem: String| SettingsError::Wrong { path: path.to_owned(), problem };
        let text = std::str::from_utf8(&bytes).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
        let mut sinks: Self = toml::from_str(text).map_err(|error| wrong(problem(text, &error)))?;
        sinks.check().map_err(wrong)?;
        sinks.place(path.parent().unwrap_or(Path::new("")));
        Ok(sinks)
    }

    /// Takes paths that are not absolute from the file's own folder, wherever the host is started.
    fn place(&mut self, folder: &Path) {
        self.spool.folder = folder.join(&self.spool.folder);
        self.sinks.iter_mut().for_each(|sink| sink.to.place(folder));
    }

    /// What is wrong with them as a whole.
    ///
    /// # Errors
    /// There are too many, or two of one name.
    pub fn check(&self) -> Result<(), String> {
        if self.sinks.len() > MAX_SINKS {
            return Err(format!("there are {} sinks, and {MAX_SINKS} at most", self.sinks.len()));
        }
        let twice =
            |(place, sink): (usize, &SinkSettings)| self.sinks[..place].iter().any(|other| other.name == sink.name);
        match self.sinks.iter().enumerate().find(|each| twice(*each)) {
            Some((_, sink)) => Err(format!("two sinks are called {}: give each a name of its own", sink.name)),
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for SinkSettings {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::of(Table::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What is wrong, and where. Not the line itself: a secret may stand in it.
fn problem(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().trim_end();
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else { return message.to_owned() };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {message}")
}

/// What every sink may say.
#[derive(Deserialize)]
struct Common {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    policy: Policy,
    #[serde(default = "json")]
    format: String,
    #[serde(default = "batch")]
    batch: usize,
    #[serde(default, deserialize_with = "maybe_duration")]
    gather: Option<Duration>,
    #[serde(default)]
    route: Option<RouteSettings>,
}

fn json() -> String {
    "json".to_owned()
}

fn batch() -> usize {
    BATCH
}

impl SinkSettings {
    fn of(mut table: Table) -> Result<Self, String> {
        let named = table.get("name").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let of_sink = |error: String| format!("sink {named:?}: {}", error.trim_end());
        let common = take(&mut table, &COMMON);
        let common: Common = common.try_into().map_err(|error: toml::de::Error| of_sink(error.message().to_owned()))?;
        let Common { name, kind, policy, format, batch, gather, route } = common;
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(is_plain) {
            return Err(of_sink(format!("a name has letters, digits, `-`, `_` and `.`, {MAX_NAME} at most")));
        }
        if batch == 0 || batch > MAX_BATCH {
            return Err(of_sink(format!("`batch` is {batch}: 1 to {MAX_BATCH} findings are sent at once")));
        }
        if let Some(route) = &route {
            // That it makes sense is known where it is read.
            Routes::new(route).map_err(|error| of_sink(error.to_string()))?;
        }
        let to = To::of(&kind, table).map_err(of_sink)?;
        let gather = gather.unwrap_or(to.usual_gather());
        Ok(Self { name, policy, format, batch, gather, route, to })
    }
}

impl To {
    /// Whether what is sent there has to be JSON.
    pub(crate) fn takes_json_alone(&self) -> bool {
        match self {
            Self::Webhook(_, webhook) => webhook.body != Body::Lines,
            Self::Elasticsearch(..) => true,
            _ => false,
        }
    }

    /// An object a finding would be many.
    fn usual_gather(&self) -> Duration {
        match self {
            Self::S3(_) => GATHER_OBJECT,
            _ => Duration::ZERO,
        }
    }

    fn of(kind: &str, mut table: Table) -> Result<Self, String> {
        Ok(match kind {
            "file" => Self::File(typed(table)?),
            "syslog" => {
                let tls = tls(&mut table)?;
                Self::Syslog(Syslog { tls, ..typed(table)? })
            }
            "exec" => Self::Exec(typed(table)?),
            "webhook" => Self::Webhook(http(&mut table, None)?, typed(table)?),
            "slack" => Self::Slack(http(&mut table, None)?, typed(table)?),
            "teams" => Self::Teams(http(&mut table, None)?, typed(table)?),
            "pagerduty" => Self::PagerDuty(http(&mut table, Some(PagerDuty::URL))?, typed(table)?),
            "alertmanager" => Self::Alertmanager(http(&mut table, None)?, typed(table)?),
            "loki" => Self::Loki(http(&mut table, None)?, typed(table)?),
            "otlp" => Self::Otlp(http(&mut table, None)?, typed(table)?),
            "redis" => {
                let tls = tls(&mut table)?;
                Self::Redis(Redis { tls, ..typed(table)? })
            }
            "s3" => Self::S3(typed(table)?),
            "elasticsearch" | "opensearch" => Self::Elasticsearch(http(&mut table, None)?, typed(table)?),
            "splunk" => Self::Splunk(http(&mut table, None)?, typed(table)?),
            _ => {
                let meant = nearest(kind, TYPES).map_or(String::new(), |meant| format!(", is {meant} meant?"));
                return Err(format!("there is no type {kind:?}{meant}; there are {}", TYPES.join(", ")));
            }
        })
    }
}

/// What is said of how a server is asked; the rest stays.
fn http(table: &mut Table, usual: Option<&str>) -> Result<Http, String> {
    let mut its = take(table, &Http::KEYS);
    if let Some(usual) = usual {
        its.entry("url").or_insert_with(|| usual.into());
    }
    let tls = tls(table)?;
    Ok(Http { tls, ..typed(its)? })
}

/// What is said of TLS; the rest stays.
fn tls(table: &mut Table) -> Result<Tls, String> {
    typed(take(table, &Tls::KEYS))
}

fn typed<T: for<'de> Deserialize<'de>>(table: Table) -> Result<T, String> {
    table.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// Those of these names, out of a table.
fn take(table: &mut Table, names: &[&str]) -> Table {
    names.iter().filter_map(|name| table.remove_entry(*name)).collect()
}

#[cfg(test)]
mod tests;
