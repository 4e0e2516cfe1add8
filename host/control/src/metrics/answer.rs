//! What is answered to a request.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::text;
use crate::host::Inquiry;

/// As OpenMetrics 1.0 has it.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// What is said where the pipeline does not answer.
const HANGS: &str = "events are not judged, or not in time\n";

pub(super) async fn answer(request: &Request<Incoming>, inquiry: &Inquiry) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return response(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "there is nothing here but to GET\n".into());
    }
    match request.uri().path() {
        "/metrics" => match inquiry.report().await {
            Some(report) => match text::encode(report) {
                Ok(text) => response(StatusCode::OK, OPEN_METRICS, text),
                Err(error) => {
                    response(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, format!("they cannot be written: {error}\n"))
                }
            },
            None => unavailable(HANGS),
        },
        "/healthz" => match inquiry.is_well().await {
            true => response(StatusCode::OK, PLAIN, "well\n".into()),
            false => unavailable(HANGS),
        },
        "/readyz" => match inquiry.report().await {
            None => unavailable(HANGS),
            Some(report) if report.packs.iter().any(|pack| pack.state == "running") => {
                response(StatusCode::OK, PLAIN, "watching\n".into())
            }
            Some(_) => unavailable("no pack runs\n"),
        },
        _ => response(StatusCode::NOT_FOUND, PLAIN, "here are /metrics, /healthz and /readyz\n".into()),
    }
}

fn unavailable(why: &str) -> Response<Full<Bytes>> {
    response(StatusCode::SERVICE_UNAVAILABLE, PLAIN, why.to_owned())
}

fn response(status: StatusCode, kind: HeaderValue, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
