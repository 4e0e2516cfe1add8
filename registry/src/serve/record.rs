//! What is told of a request when it ends: one line in the log, and the numbers.

use std::time::Instant;

use axum::http::{Method, StatusCode};
use tracing::Span;

use crate::metrics::{Answered, Route, method, metrics};

/// How much of a path is logged, in bytes. The longest that means anything is shorter.
const LONGEST_PATH: usize = 512;

/// A request under way. When it is dropped the request has ended, one way or the other.
pub(super) struct Record {
    span: Span,
    began: Instant,
    method: &'static str,
    route: Route,
    /// Whether it brings bytes of a blob.
    brings: bool,
    status: Option<StatusCode>,
    sent: u64,
    whole: bool,
}

impl Record {
    /// Of a request that has just come. The query is left out: it may hold a token.
    pub(super) fn begin(asked: &Method, path: &str, client: std::net::IpAddr) -> Self {
        let shown = &path[..path.floor_char_boundary(LONGEST_PATH)];
        // The name of the user comes when it is known.
        let span = tracing::info_span!("request", %client, user = tracing::field::Empty, method = %asked, path = shown);
        let route = Route::of(path);
        let brings = route == Route::Upload && matches!(*asked, Method::POST | Method::PUT | Method::PATCH);
        if brings {
            metrics().uploads.inc();
        }
        Self { span, began: Instant::now(), method: method(asked), route, brings, status: None, sent: 0, whole: false }
    }

    /// Where everything that is logged of the request belongs.
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Whether the body of the request is, or is a part of, a blob.
    pub(super) fn brings_a_blob(&self) -> bool {
        self.brings
    }

    pub(super) fn status(&mut self, status: StatusCode) {
        self.status = Some(status);
        // The bytes have come; the answer may take as long as it likes.
        if std::mem::take(&mut self.brings) {
            metrics().uploads.dec();
        }
    }

    pub(super) fn sent(&mut self, bytes: u64) {
        self.sent += bytes;
        metrics().sent.inc_by(bytes);
    }

    /// All was sent.
    pub(super) fn whole(&mut self) {
        self.whole = true;
    }

    /// The server cannot go on with an answer that has begun.
    pub(super) fn failed(&self, error: &axum::Error) {
        metrics().storage_errors.inc();
        self.span.in_scope(|| tracing::error!(%error, "the storage failed while content was sent"));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.brings {
            metrics().uploads.dec();
        }
        let took = self.began.elapsed();
        let status = self.status.map_or(0, |status| status.as_u16());
        metrics().answered(&Answered { method: self.method, route: self.route, status }, took);
        let (bytes, ms) = (self.sent, took.as_secs_f64() * 1e3);
        let ms = (ms * 10.0).round() / 10.0;
        self.span.in_scope(|| match (self.status, self.route) {
            (Some(_), Route::Health) => tracing::debug!(status, bytes, ms, "answered"),
            (Some(_), _) => tracing::info!(status, bytes, ms, "answered"),
            (None, _) => tracing::info!(ms, "the client went away"),
        });
    }
}
