//! What is counted,: totals since the start, and how much there is now.
//!
//! There is one set for the process. Labels take few values: never a name, a digest or an address.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::Method;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::store::Collected;

/// Upper bounds of durations, in seconds: from an answer out of memory to a blob of some gigabytes.
const DURATIONS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];

/// The set of this process.
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);
    &METRICS
}

/// What a request is about, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum Route {
    Base,
    Catalog,
    Blob,
    Upload,
    Manifest,
    Tags,
    Referrers,
    Health,
    Other,
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Base => "base",
            Self::Catalog => "catalog",
            Self::Blob => "blob",
            Self::Upload => "upload",
            Self::Manifest => "manifest",
            Self::Tags => "tags",
            Self::Referrers => "referrers",
            Self::Health => "health",
            Self::Other => "other",
        };
        name.encode(encoder)
    }
}

impl Route {
    /// Of a path, whether there is anything at it or not.
    pub fn of(path: &str) -> Self {
        if path == "/healthz" {
            return Self::Health;
        }
        let Some(rest) = path.strip_prefix("/v2") else { return Self::Other };
        match rest {
            "" | "/" => return Self::Base,
            "/_catalog" => return Self::Catalog,
            _ if !rest.starts_with('/') => return Self::Other,
            _ => {}
        }
        let mut last = rest.rsplit('/');
        let words = [last.next(), last.next(), last.next()];
        match words.map(Option::unwrap_or_default) {
            ["uploads", "blobs", _] | [_, "uploads", "blobs"] => Self::Upload,
            [_, "blobs", _] => Self::Blob,
            [_, "manifests", _] => Self::Manifest,
            ["list", "tags", _] => Self::Tags,
            [_, "referrers", _] => Self::Referrers,
            _ => Self::Other,
        }
    }
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    /// `GET`, …, or `other`.
    pub method: &'static str,
    /// What it was about.
    pub route: Route,
    /// The status; 0 if the client went away before there was one.
    pub status: u16,
}

/// Methods that are counted by name.
pub fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Why a request or a connection was cut or refused by the server as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Too many requests of one client.
    Rate,
    /// Too many connections of one client.
    Connections,
    /// The head of a request, or the handshake before it, did not come in time.
    SlowHeader,
    /// The body of a request stopped, or came too slowly.
    SlowBody,
    /// The client does not take what it asked for.
    SlowReader,
    /// The client and the server did not agree on TLS.
    Tls,
    /// What came is no HTTP, or too long a head.
    Protocol,
    /// It did not end in the time that the shutdown leaves.
    Shutdown,
}

impl EncodeLabelValue for Reason {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Rate => "rate",
            Self::Connections => "connections",
            Self::SlowHeader => "slow_header",
            Self::SlowBody => "slow_body",
            Self::SlowReader => "slow_reader",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Shutdown => "shutdown",
        };
        name.encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectedLabels {
    reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Route,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct MirrorLabels {
    prefix: String,
    what: &'static str,
}

/// Everything that is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<RouteLabels, Histogram>,
    /// Bytes of the bodies of requests.
    pub received: Counter,
    /// Bytes of the bodies of responses.
    pub sent: Counter,
    /// Requests that bring bytes of a blob, now.
    pub uploads: Gauge,
    /// Open connections, now.
    pub connections: Gauge,
    rejected: Family<RejectedLabels, Counter>,
    /// Failures of the storage.
    pub storage_errors: Counter,
    collections: Family<OutcomeLabels, Counter>,
    collected: Family<KindLabels, Counter>,
    collected_bytes: Counter,
    certificates: Family<OutcomeLabels, Counter>,
    mirrors: Family<MirrorLabels, Counter>,
}

impl Metrics {
    fn new() -> Self {
        let mut registry = Registry::with_prefix("lanner_registry");
        let requests = Family::default();
        registry.register("requests", "Requests answered (status 0: the client went away first)", requests.clone());
        let durations = Family::new_with_constructor((|| Histogram::new(DURATIONS)) as fn() -> Histogram);
        registry.register("request_duration_seconds", "From the head to the last byte answered", durations.clone());
        let received = Counter::default();
        registry.register("received_bytes", "Bytes of the bodies of requests", received.clone());
        let sent = Counter::default();
        registry.register("sent_bytes", "Bytes of the bodies of responses", sent.clone());
        let uploads = Gauge::<i64, AtomicI64>::default();
        registry.register("uploads_in_progress", "Requests that bring bytes of a blob", uploads.clone());
        let connections = Gauge::<i64, AtomicI64>::default();
        registry.register("connections", "Open connections of clients", connections.clone());
        let rejected = Family::default();
        registry.register("rejected", "Requests and connections that were refused or cut", rejected.clone());
        let storage_errors = Counter::default();
        registry.register("storage_errors", "Failures of the storage", storage_errors.clone());
        let collections = Family::default();
        registry.register("collections", "Collections of what nothing refers to", collections.clone());
        let collected = Family::default();
        registry.register("collected", "What collections took away", collected.clone());
        let collected_bytes = Counter::default();
        registry.register("collected_bytes", "Bytes of the blobs that collections took away", collected_bytes.clone());
        let certificates = Family::default();
        registry.register("certificate_reloads", "Changes of the certificate", certificates.clone());
        let mirrors = Family::default();
        registry.register("mirror", "What mirrors did: hits, misses, joins, stale, bytes, errors", mirrors.clone());
        registry.register("build", "What is running", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        Self {
            registry,
            requests,
            durations,
            received,
            sent,
            uploads,
            connections,
            rejected,
            storage_errors,
            collections,
            collected,
            collected_bytes,
            certificates,
            mirrors,
        }
    }

    /// Counts a request.
    pub fn answered(&self, request: &Answered, took: std::time::Duration) {
        self.requests.get_or_create(request).inc();
        self.durations.get_or_create(&RouteLabels { route: request.route }).observe(took.as_secs_f64());
    }

    /// Counts what was refused or cut.
    pub fn rejected(&self, reason: Reason) {
        self.rejected.get_or_create(&RejectedLabels { reason }).inc();
    }

    /// Counts a collection; `None` is one that failed.
    pub fn collected(&self, collected: Option<&Collected>) {
        let outcome = if collected.is_some() { "done" } else { "failed" };
        self.collections.get_or_create(&OutcomeLabels { outcome }).inc();
        let Some(collected) = collected else { return };
        for (kind, count) in [
            ("manifest", collected.manifests),
            ("link", collected.links),
            ("blob", collected.blobs),
            ("upload", collected.uploads),
        ] {
            self.collected.get_or_create(&KindLabels { kind }).inc_by(count);
        }
        self.collected_bytes.inc_by(collected.bytes);
    }

    /// Counts a change of the certificate, taken or refused.
    pub fn certificate(&self, taken: bool) {
        let outcome = if taken { "taken" } else { "refused" };
        self.certificates.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Tells what a mirror has counted.
    pub fn mirror(&self, prefix: &str, counts: &crate::mirror::Counts) {
        let crate::mirror::Counts { hits, misses, joins, stale, bytes, errors } = *counts;
        let all = [
            ("hits", hits),
            ("misses", misses),
            ("joins", joins),
            ("stale", stale),
            ("bytes", bytes),
            ("errors", errors),
        ];
        for (what, count) in all {
            let labels = MirrorLabels { prefix: prefix.to_owned(), what };
            self.mirrors.get_or_create(&labels).inner().store(count, Ordering::Relaxed);
        }
    }

    /// In the text format of OpenMetrics, which Prometheus reads.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes() {
        for (path, route) in [
            ("/v2/", Route::Base),
            ("/v2", Route::Base),
            ("/v2x", Route::Other),
            ("/", Route::Other),
            ("/v2/_catalog", Route::Catalog),
            ("/v2/a/b/blobs/sha256:00", Route::Blob),
            ("/v2/a/blobs/uploads", Route::Upload),
            ("/v2/a/blobs/uploads/", Route::Upload),
            ("/v2/a/blobs/uploads/0", Route::Upload),
            ("/v2/blobs/uploads/manifests/1", Route::Manifest),
            ("/v2/a/tags/list", Route::Tags),
            ("/v2/a/referrers/sha256:00", Route::Referrers),
            ("/v2/a", Route::Other),
            ("/healthz", Route::Health),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[test]
    fn text() {
        let metrics = Metrics::new();
        let request = Answered { method: method(&Method::GET), route: Route::Blob, status: 206 };
        metrics.answered(&request, std::time::Duration::from_millis(3));
        metrics.rejected(Reason::SlowBody);
        metrics.collected(Some(&Collected { blobs: 2, bytes: 5, ..Collected::default() }));
        let text = metrics.encode();
        for line in [
            r#"lanner_registry_requests_total{method="GET",route="blob",status="206"} 1"#,
            r#"lanner_registry_request_duration_seconds_bucket{le="0.005",route="blob"} 1"#,
            r#"lanner_registry_rejected_total{reason="slow_body"} 1"#,
            r#"lanner_registry_collected_total{kind="blob"} 2"#,
            "lanner_registry_collected_bytes_total 5",
            r#"lanner_registry_collections_total{outcome="done"} 1"#,
        ] {
            assert!(text.lines().any(|got| got == line), "{line} is not in\n{text}");
        }
    }
}
