//! What each type of sink is told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use super::units::{bytes, duration, maybe_bytes, maybe_duration};
use lanner_trust::{Secret, SecretError, SecretText};

/// How long an answer may take, where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes that are sent at once, where nothing is said.
const BATCH_BYTES: u64 = 1 << 20;
/// Rotated files that are kept, where nothing is said.
const KEEP: u32 = 5;

/// Takes a path that is not absolute from this folder.
fn place(folder: &Path, path: &mut PathBuf) {
    // What is absolute stays.
    *path = folder.join(&*path);
}

fn place_secret(folder: &Path, secret: &mut Secret) {
    if let Secret::File(path) = secret {
        place(folder, path);
    }
}

/// A text that may be a secret.
#[derive(Clone, Debug)]
pub enum PlainOrSecret {
    /// It stands here.
    Plain(String),
    /// It stands elsewhere.
    Secret(Secret),
}

impl<'de> Deserialize<'de> for PlainOrSecret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::String(text) => Ok(Self::Plain(text)),
            other => {
                Secret::deserialize(other).map(Self::Secret).map_err(|error| serde::de::Error::custom(error.message()))
            }
        }
    }
}

impl PlainOrSecret {
    /// Whether it stands here, where anybody may read it.
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Reads it.
    ///
    /// # Errors
    /// It is a secret that cannot be had.
    pub fn read(&self) -> Result<SecretText, SecretError> {
        match self {
            Self::Plain(text) => Ok(text.as_str().into()),
            Self::Secret(secret) => secret.read(),
        }
    }
}

/// Whom a client trusts over TLS, and by what it is known.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Certificates (PEM) that are trusted besides those that the machine trusts.
    pub certificates: Option<PathBuf>,
    /// The certificate (PEM) by which the server knows who asks, and its key.
    pub client_certificate: Option<PathBuf>,
    /// Likewise.
    pub client_key: Option<PathBuf>,
}

impl Tls {
    /// What can be said of it, beside what the type of the sink has.
    pub const KEYS: [&str; 3] = ["certificates", "client_certificate", "client_key"];

    fn place(&mut self, folder: &Path) {
        let Self { certificates, client_certificate, client_key } = self;
        [certificates, client_certificate, client_key].into_iter().flatten().for_each(|path| place(folder, path));
    }
}

/// How a server is asked, over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Its address.
    pub url: PlainOrSecret,
    /// Further headers of each request.
    #[serde(default)]
    pub headers: BTreeMap<String, PlainOrSecret>,
    /// Who asks, by a token (`Authorization: Bearer`).
    #[serde(default)]
    pub bearer: Option<Secret>,
    /// Who asks, by name and password.
    #[serde(default)]
    pub basic: Option<Basic>,
    /// How long an answer may take.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Whether what is sent is compressed.
    #[serde(default)]
    pub gzip: bool,
    /// Bytes that are sent at once, before they are compressed; one finding may be more.
    #[serde(default = "batch_bytes", deserialize_with = "bytes")]
    pub batch_bytes: u64,
    /// Whom it trusts, and by what it is known.
    #[serde(skip)]
    pub tls: Tls,
}

/// A name and a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret,
}

impl Http {
    fn place(&mut self, folder: &Path) {
        let Self { url, headers, bearer, basic, tls, .. } = self;
        for text in headers.values_mut().chain([url]) {
            if let PlainOrSecret::Secret(secret) = text {
                place_secret(folder, secret);
            }
        }
        let secrets = bearer.iter_mut().chain(basic.iter_mut().map(|basic| &mut basic.password));
        secrets.for_each(|secret| place_secret(folder, secret));
        tls.place(folder);
    }

    /// What can be said of it, beside what its type has.
    pub const KEYS: [&str; 7] = ["url", "headers", "bearer", "basic", "timeout", "gzip", "batch_bytes"];
}

fn timeout() -> Duration {
    TIMEOUT
}

fn batch_bytes() -> u64 {
    BATCH_BYTES
}

/// A file that is rotated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// It is rotated when it is longer than that.
    #[serde(default, deserialize_with = "maybe_bytes")]
    pub rotate_bytes: Option<u64>,
    /// It is rotated when it is older than that.
    #[serde(default, deserialize_with = "maybe_duration")]
    pub rotate_every: Option<Duration>,
    /// Rotated files that are kept.
    #[serde(default = "keep")]
    pub keep: u32,
    /// Whether rotated files are compressed.
    #[serde(default)]
    pub gzip: bool,
}

fn keep() -> u32 {
    KEEP
}

/// Any HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// How several findings are one request.
    #[serde(default)]
    pub body: Body,
    /// How requests are signed.
    #[serde(default)]
    pub signature: Option<Signature>,
}

/// How several findings are one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// A JSON array.
    #[default]
    Array,
    /// A line each.
    Lines,
    /// They are not: each is a request of its own.
    Single,
}

/// How requests are signed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// The key.
    pub secret: Secret,
    /// The header that has it.
    #[serde(default = "signature_header")]
    pub header: String,
}

fn signature_header() -> String {
    "Lanner-Signature".to_owned()
}

/// A channel of Slack.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slack {}

/// A channel of Microsoft Teams.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Teams {}

/// PagerDuty, by its Events API v2.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PagerDuty {
    /// The integration key of the service.
    pub routing_key: Secret,
}

impl PagerDuty {
    /// Where its events go, unless it is said otherwise.
    pub const URL: &str = "https://events.pagerduty.com/v2/enqueue";
}

/// Prometheus' Alertmanager.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alertmanager {
    /// Labels of every alert.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// An alert is resolved after this time; where nothing is said, as Alertmanager has it (`resolve_timeout`).
    #[serde(default, deserialize_with = "maybe_duration")]
    pub resolve_after: Option<Duration>,
}

/// Grafana Loki.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loki {
    /// Labels of every stream.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// OpenTelemetry, by OTLP over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Otlp {
    /// Attributes of the resource, besides `service.name` and `host.name`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
}

/// A stream of Redis.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// `redis://host:6379/0`, `rediss://…` with TLS, or `unix:///path`.
    pub url: PlainOrSecret,
    /// The stream.
    #[serde(default = "stream")]
    pub stream: String,
    /// Entries of it that are kept, about.
    #[serde(default)]
    pub max_entries: Option<u64>,
    /// Who asks.
    #[serde(default)]
    pub user: Option<String>,
    /// The password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// How long it may take to connect, and to answer.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Whom it trusts, and by what it is known.
    #[serde(skip)]
    pub tls: Tls,
}

fn stream() -> String {
    "lanner:findings".to_owned()
}

/// Objects in a bucket.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The bucket.
    pub bucket: String,
    /// How the names of objects begin.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// The region.
    #[serde(default)]
    pub region: Option<String>,
    /// Where it is asked, where that is not Amazon's.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Whether it may be asked without TLS.
    #[serde(default)]
    pub allow_http: bool,
    /// Who asks; where nothing is said, whoever the environment or the machine's role says.
    #[serde(default)]
    pub access_key: Option<String>,
    /// The secret that goes with it.
    #[serde(default)]
    pub secret_key: Option<Secret>,
    /// Whether objects are compressed.
    #[serde(default = "yes")]
    pub gzip: bool,
    /// How long an answer may take.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Certificates (PEM) that are trusted besides those that the machine trusts.
    #[serde(default)]
    pub certificates: Option<PathBuf>,
}

fn prefix() -> String {
    "lanner".to_owned()
}

fn yes() -> bool {
    true
}

/// Elasticsearch or OpenSearch.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elasticsearch {
    /// The index or data stream.
    pub index: String,
    /// Who asks, by an API key (`Authorization: ApiKey`).
    #[serde(default)]
    pub api_key: Option<Secret>,
}

/// Splunk, by its HTTP Event Collector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Splunk {
    /// The token of the collector.
    pub token: Secret,
    /// The index; where nothing is said, the token's.
    #[serde(default)]
    pub index: Option<String>,
    /// The type of the source.
    #[serde(default = "source_type")]
    pub source_type: String,
}

fn source_type() -> String {
    "lanner:finding".to_owned()
}

/// Syslog (RFC 5424).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Syslog {
    /// `unix:///dev/log`, `udp://host:514`, `tcp://host:601` or `tls://host:6514`.
    pub url: String,
    /// The facility.
    #[serde(default)]
    pub facility: Facility,
    /// What the messages say that they come from.
    #[serde(default = "app_name")]
    pub app_name: String,
    /// How long it may take to connect, and to write.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
    /// Whom it trusts, and by what it is known.
    #[serde(skip)]
    pub tls: Tls,
}

fn app_name() -> String {
    "lanner".to_owned()
}

/// A facility (RFC 5424, 6.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names are all there is to them")]
pub enum Facility {
    User = 1,
    Daemon = 3,
    Auth = 4,
    AuthPriv = 10,
    #[default]
    Local0 = 16,
    Local1,
    Local2,
    Local3,
    Local4,
    Local5,
    Local6,
    Local7,
}

/// A program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// Its path, and its arguments.
    pub command: Vec<String>,
    /// How long it may take to read a batch.
    #[serde(default = "timeout", deserialize_with = "duration")]
    pub timeout: Duration,
}

impl super::To {
    /// Takes its paths that are not absolute from this folder.
    pub(super) fn place(&mut self, folder: &Path) {
        match self {
            Self::File(file) => place(folder, &mut file.path),
            Self::Slack(http, _)
            | Self::Teams(http, _)
            | Self::Alertmanager(http, _)
            | Self::Loki(http, _)
            | Self::Otlp(http, _) => {
                http.place(folder);
            }
            Self::Webhook(http, webhook) => {
                http.place(folder);
                webhook.signature.iter_mut().for_each(|signature| place_secret(folder, &mut signature.secret));
            }
            Self::PagerDuty(http, pagerduty) => {
                http.place(folder);
                place_secret(folder, &mut pagerduty.routing_key);
            }
            Self::Elasticsearch(http, elasticsearch) => {
                http.place(folder);
                elasticsearch.api_key.iter_mut().for_each(|secret| place_secret(folder, secret));
            }
            Self::Splunk(http, splunk) => {
                http.place(folder);
                place_secret(folder, &mut splunk.token);
            }
            Self::Redis(redis) => {
                if let PlainOrSecret::Secret(secret) = &mut redis.url {
                    place_secret(folder, secret);
                }
                redis.password.iter_mut().for_each(|secret| place_secret(folder, secret));
                redis.tls.place(folder);
            }
            Self::S3(s3) => {
                s3.secret_key.iter_mut().for_each(|secret| place_secret(folder, secret));
                s3.certificates.iter_mut().for_each(|path| place(folder, path));
            }
            Self::Syslog(syslog) => syslog.tls.place(folder),
            // A command is found as a shell finds it.
            Self::Exec(_) => {}
        }
    }
}
