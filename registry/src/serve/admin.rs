//! What the administrator is answered: numbers, health, and a collection when asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio_util::sync::CancellationToken;

use super::collect::Collector;
use crate::metrics::metrics;
use crate::registry::Registry;

/// How long the storage may take to show that it works.
const PROBE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(super) struct Admin {
    pub(super) registry: Arc<Registry>,
    pub(super) collector: Collector,
    pub(super) stop: CancellationToken,
}

pub(super) fn routes(admin: Admin) -> Router {
    Router::new()
        .route("/metrics", get(numbers))
        .route("/readyz", get(ready))
        .route("/collect", post(collect))
        .with_state(admin)
        .merge(alive())
}

/// Whether the process answers at all.
pub(super) fn alive() -> Router {
    Router::new().route("/healthz", get(|| async { "alive\n" }))
}

async fn numbers(State(admin): State<Admin>) -> impl IntoResponse {
    for (prefix, counters) in admin.registry.mirror.counters() {
        metrics().mirror(prefix, &counters.read());
    }
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(CONTENT_TYPE, format)], metrics().encode())
}

/// Whether requests should be sent here: not while it stops, nor while the storage fails.
async fn ready(State(admin): State<Admin>) -> Response {
    let refused = |reason: String| (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response();
    if admin.stop.is_cancelled() {
        return refused("the server is stopping".into());
    }
    let error = match tokio::time::timeout(PROBE, admin.registry.store.probe()).await {
        Ok(Ok(())) => return "ready\n".into_response(),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("the storage does not answer within {}", humantime::format_duration(PROBE)),
    };
    metrics().storage_errors.inc();
    tracing::error!("not ready: {error}");
    refused(error)
}

async fn collect(State(admin): State<Admin>) -> Response {
    match admin.collector.now().await {
        Ok(collected) => Json(collected).into_response(),
        Err(error) => {
            let error = serde_json::json!({ "error": error.to_string() });
            (StatusCode::INTERNAL_SERVER_ERROR, Json(error)).into_response()
        }
    }
}
