//! The one configuration file, in TOML. Everything has a default; `lanner-registry serve` needs no file at all.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("configuration {path} cannot be read: {error}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is not as it has to be.
    #[error("configuration {path}: {reason}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Why, with the place.
        reason: String,
    },
}

/// All of it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where content is kept.
    pub storage: Storage,
    /// Where clients are answered.
    pub http: Http,
    /// Where metrics and health are told, and a collection asked for.
    pub admin: Admin,
    /// Who may do what.
    pub access: crate::access::AccessConfig,
    /// What a request may cost.
    pub limits: Limits,
    /// Which tags may be moved.
    pub tags: Tags,
    /// What is asked of manifests.
    pub manifests: Manifests,
    /// What is known of rule packs.
    pub packs: crate::packs::PacksConfig,
    /// Other registries to pull through.
    #[serde(rename = "mirror")]
    pub mirrors: Vec<crate::mirror::MirrorConfig>,
    /// What is collected, and when.
    pub collect: Collect,
    /// How much may be kept, in all and below prefixes.
    #[serde(rename = "quota")]
    pub quotas: Vec<crate::store::Quota>,
    /// Whether nothing may be changed.
    pub read_only: bool,
}

/// Where content is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Storage {
    /// The folder of the local files: all content, or with a bucket only uploads under way.
    pub path: PathBuf,
    /// A bucket for the content.
    pub s3: Option<S3>,
}

impl Default for Storage {
    fn default() -> Self {
        Self { path: "/var/lib/lanner-registry".into(), s3: None }
    }
}

/// A bucket that speaks S3. Credentials come from the environment (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, …), as
/// every client of S3 reads them, or from the machine's role.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// Its name.
    pub bucket: String,
    /// Where it is.
    #[serde(default)]
    pub region: Option<String>,
    /// Who serves it, if not Amazon.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// What the names of all objects begin with.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Whether to speak without TLS.
    #[serde(default)]
    pub allow_http: bool,
}

/// Where clients are answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port.
    pub address: SocketAddr,
    /// Where clients reach it, if not there: `https://registry.example.org`.
    pub url: Option<String>,
    /// With it, only TLS is spoken.
    pub tls: Option<Tls>,
    /// Proxies in front, as addresses or networks: what these say of their clients in `X-Forwarded-For` or `Forwarded`
    /// is believed, for limits and logs.
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for Http {
    fn default() -> Self {
        Self { address: ([127, 0, 0, 1], 5000).into(), url: None, tls: None, trusted_proxies: Vec::new() }
    }
}

/// A certificate and its key, read again when they change.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The chain, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM.
    pub key: PathBuf,
}

/// Where the administrator is answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Address and port, or `none`; keep it from clients.
    #[serde(with = "address_or_none")]
    pub address: Option<SocketAddr>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { address: Some(([127, 0, 0, 1], 5001).into()) }
    }
}

/// What a request, a connection and a client may cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long a manifest may be, in bytes. The specification asks for at least 4 MiB.
    pub manifest_bytes: u64,
    /// How long a blob may be, in bytes.
    pub blob_bytes: u64,
    /// How many connections are open at the same time; more wait.
    pub connections: usize,
    /// How many of them one client has open (an address, or a network /64 of IPv6); more are closed at once. Proxies
    /// that are trusted may have any number.
    pub connections_per_address: usize,
    /// How many requests may be under way on one connection of HTTP/2.
    pub http2_streams: u32,
    /// How long the head of a request may be, in bytes.
    pub header_bytes: usize,
    /// How long a client may take for the head of a request. What comes before it counts: the handshake of TLS, and the
    /// rest after the request before.
    #[serde(with = "duration")]
    pub header_time: Duration,
    /// How long a client may be silent within a request, and not take what it is sent.
    #[serde(with = "duration")]
    pub idle_time: Duration,
    /// How long a client may take for the body of a request that brings no blob, in all.
    #[serde(with = "duration")]
    pub body_time: Duration,
    /// How much of a blob must come each second, in bytes, as a mean over `idle_time`; zero for no such limit.
    pub blob_bytes_per_second: u64,
    /// How many requests a client (an address, or a network /64 of IPv6) may make each second; all without.
    pub requests_per_second: Option<u32>,
    /// How many it may make at once after a rest; as many as in a second without.
    pub burst: Option<u32>,
    /// How long requests under way may take when the server is told to stop.
    #[serde(with = "duration")]
    pub shutdown_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            manifest_bytes: 8 << 20,
            blob_bytes: 16 << 30,
            connections: 20_000,
            // A whole company behind one address, each with a client that pulls layers in parallel.
            connections_per_address: 2_000,
            http2_streams: 128,
            header_bytes: 32 << 10,
            header_time: Duration::from_secs(15),
            idle_time: Duration::from_secs(60),
            body_time: Duration::from_secs(60),
            blob_bytes_per_second: 1024,
            requests_per_second: None,
            burst: None,
            shutdown_time: Duration::from_secs(30),
        }
    }
}

/// Which tags may be moved.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tags {
    /// Tags that stay what they are once pushed: `repository:tag`, where `*` stands for anything (`team/*:v*`, `*:*`).
    pub immutable: Vec<String>,
    /// Exceptions from these (`*:latest`).
    pub mutable: Vec<String>,
}

/// What is asked of manifests.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifests {
    /// Whether all that a manifest is made of must be in its repository before it is taken. The specification's own
    /// tests ask for the opposite.
    pub whole: bool,
}

/// What is collected, and when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Collect {
    /// How often; never at zero.
    #[serde(with = "duration")]
    pub every: Duration,
    /// How long a blob may wait for the manifest that refers to it.
    #[serde(with = "duration")]
    pub unreferenced_after: Duration,
    /// How long an upload may rest.
    #[serde(with = "duration")]
    pub uploads_after: Duration,
    /// How long a manifest stays since no tag, index or subject leads to it any more; for ever without.
    #[serde(with = "optional_duration")]
    pub untagged_after: Option<Duration>,
}

impl Default for Collect {
    fn default() -> Self {
        const HOUR: u64 = 3600;
        Self {
            every: Duration::from_secs(6 * HOUR),
            unreferenced_after: Duration::from_secs(24 * HOUR),
            uploads_after: Duration::from_secs(24 * HOUR),
            untagged_after: None,
        }
    }
}

impl Limits {
    /// Whether a client can be served with them; the sentence says why not.
    fn check(&self) -> Result<(), String> {
        /// Every browser and client fits in that.
        const LEAST_HEADER: usize = 4096;
        let zero = "would cut every client at once; write a time like 15s";
        match self {
            _ if self.connections == 0 => Err("limits.connections = 0 would let nobody in".into()),
            _ if self.connections_per_address == 0 => {
                Err("limits.connections_per_address = 0 would let nobody in".into())
            }
            _ if self.http2_streams == 0 => Err("limits.http2_streams = 0 would answer nobody".into()),
            _ if self.header_bytes < LEAST_HEADER => {
                Err(format!("limits.header_bytes must be at least {LEAST_HEADER}, or tokens do not fit"))
            }
            _ if self.header_time.is_zero() => Err(format!("limits.header_time {zero}")),
            _ if self.idle_time.is_zero() => Err(format!("limits.idle_time {zero}")),
            _ if self.body_time.is_zero() => Err(format!("limits.body_time {zero}")),
            _ if self.requests_per_second == Some(0) => {
                Err("limits.requests_per_second = 0 would let nobody in; leave it out for no limit".into())
            }
            _ if self.burst.is_some() && self.requests_per_second.is_none() => {
                Err("limits.burst means nothing without limits.requests_per_second".into())
            }
            _ => Ok(()),
        }
    }
}

impl Collect {
    /// What a collection keeps.
    pub fn retention(&self) -> crate::store::Retention {
        crate::store::Retention {
            unreferenced: self.unreferenced_after,
            idle_upload: self.uploads_after,
            untagged: self.untagged_after,
        }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or is not as it has to be.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.into(), error })?;
        let invalid = |reason| ConfigError::Invalid { path: path.into(), reason };
        let config: Self = toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        config.limits.check().map_err(invalid)?;
        Ok(config)
    }
}

/// Networks; one address is a network too.
fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let network = |text: &String| {
        let address = text.parse::<std::net::IpAddr>().map(IpNet::from);
        address.or_else(|_| text.parse()).map_err(|_| {
            serde::de::Error::custom(format_args!("{text:?} is no network; write it like 10.0.0.0/8 or 192.0.2.1"))
        })
    };
    Vec::<String>::deserialize(deserializer)?.iter().map(network).collect()
}

/// TOML has no word for what is not there.
mod address_or_none {
    use std::net::SocketAddr;

    use serde::Deserialize as _;
    use serde::de::{Deserializer, Error as _};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        super::address_or_none(&text).map_err(D::Error::custom)
    }
}

/// Reads an address, or that there is none.
pub(crate) fn address_or_none(text: &str) -> Result<Option<SocketAddr>, String> {
    match text {
        "none" => Ok(None),
        _ => text.parse().map(Some).map_err(|_| {
            format!("{text:?} is no address with a port; write it like 127.0.0.1:5001 or [::1]:5001, or none")
        }),
    }
}

/// Times as people write them: `15s`, `24h`.
pub(crate) mod duration {
    use std::time::Duration;

    use serde::Deserialize as _;
    use serde::de::{Deserializer, Error as _};

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        humantime::parse_duration(&text)
            .map_err(|error| D::Error::custom(format_args!("{text:?} is no time ({error}); write it like 15s or 24h")))
    }
}

mod optional_duration {
    use std::time::Duration;

    use serde::de::Deserializer;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        super::duration::deserialize(deserializer).map(Some)
    }
}
