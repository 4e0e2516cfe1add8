//! The HTTP interface of the OCI distribution specification, version 1.1 and what its main branch adds.

mod blobs;
mod listing;
mod manifests;
mod refusal;
mod target;
mod uploads;

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HeaderName, HeaderValue, WARNING};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use futures_util::TryStreamExt as _;

use crate::access::{Action, Caller, Wanted};
use crate::oci::{Code, OciError, RepositoryName};
use crate::registry::Registry;
use crate::store::StoreError;
use target::Target;

/// What every client looks for to know that this is a registry.
const API_VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("docker-distribution-api-version"), HeaderValue::from_static("registry/2.0"));
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
const OCI_FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");
const OCI_CHUNK_MIN: HeaderName = HeaderName::from_static("oci-chunk-min-length");
const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// Answers everything below `/v2/`.
pub fn routes(registry: Arc<Registry>) -> Router {
    Router::new()
        .route("/v2", any(answer))
        .route("/v2/", any(answer))
        .route("/v2/{*rest}", any(answer))
        .with_state(registry)
}

type Answer = Result<Response, OciError>;

/// A request, but for its body.
struct Call {
    registry: Arc<Registry>,
    method: Method,
    query: Query,
    headers: axum::http::HeaderMap,
    caller: Caller,
}

/// What stands after the `?`, the same name possibly more than once.
struct Query(Vec<(String, String)>);

impl Query {
    fn parse(text: Option<&str>) -> Self {
        Self(form_urlencoded::parse(text.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

async fn answer(State(registry): State<Arc<Registry>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let head = parts.method == Method::HEAD;
    let mut body = Some(body);
    let mut response = match dispatch(registry, parts, &mut body).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    if let Some(unread) = body.take() {
        drain(unread.into_data_stream()).await;
    }
    let (name, value) = API_VERSION;
    response.headers_mut().insert(name, value);
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}

async fn dispatch(registry: Arc<Registry>, parts: Parts, body: &mut Option<Body>) -> Answer {
    let caller = registry.access.identify(&parts).await?;
    let target = Target::parse(parts.uri.path(), &parts.method)?;
    let query = Query::parse(parts.uri.query());
    let call = Call { registry, method: parts.method, query, headers: parts.headers, caller };
    let action = match call.method {
        Method::GET | Method::HEAD => Action::Pull,
        Method::DELETE => Action::Delete,
        _ => Action::Push,
    };
    // Giving up one's own upload is a part of pushing, and so is asking how far it is.
    let action = if matches!(target, Target::Uploads(_) | Target::Upload(..)) { Action::Push } else { action };
    let from = call.query.get("from").filter(|_| call.method == Method::POST && call.query.get("mount").is_some());
    let from = from.and_then(|from| from.parse::<RepositoryName>().ok());
    let wanted = match target.repository() {
        Some(name) if let (Target::Uploads(_), Some(from)) = (&target, &from) => Wanted::Mount { to: name, from },
        Some(name) => Wanted::Repository(name, action),
        None if matches!(target, Target::Catalog) => Wanted::Catalog,
        None => Wanted::Base,
    };
    tracing::Span::current().record("user", tracing::field::display(call.caller.identity()));
    call.registry.access.authorize(&call.caller, wanted)?;
    if call.registry.read_only && action != Action::Pull {
        return Err(
            OciError::new(Code::Denied, "this registry is read-only").with_status(StatusCode::METHOD_NOT_ALLOWED)
        );
    }
    if action != Action::Pull
        && let Some(name) = target.repository()
    {
        call.registry.mirror.refuse_change(name)?;
    }
    match target {
        Target::Base => base(&call),
        Target::Catalog => listing::catalog(&call).await,
        Target::Blob(name, digest) => blobs::answer(&call, &name, &digest).await,
        Target::Uploads(name) => uploads::begin(&call, name, body).await,
        Target::Upload(name, id) => uploads::go_on(&call, name, id, body).await,
        Target::Manifest(name, reference) => manifests::answer(&call, &name, &reference, body).await,
        Target::Tags(name) => listing::tags(&call, &name).await,
        Target::Referrers(name, digest) => listing::referrers(&call, &name, &digest).await,
    }
}

/// The body, once it is sure to be read: who refuses before leaves it to be drained.
fn taken(body: &mut Option<Body>) -> Body {
    body.take().unwrap_or_default()
}

/// Reads what a client sends after it was refused: closing the connection at once would often lose it the answer.
async fn drain(body: impl futures_util::TryStream<Ok = bytes::Bytes> + Unpin) {
    /// Beyond, the connection is closed.
    const MOST: usize = 4 << 20;
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
    let read = async {
        let mut body = body;
        let mut count = 0;
        while let Ok(Some(bytes)) = body.try_next().await {
            count += bytes.len();
            if count > MOST {
                break;
            }
        }
    };
    // Whether it was read to its end makes no difference.
    let _ = tokio::time::timeout(PATIENCE, read).await;
}

/// Goes on to the end even if nobody waits for it any more: a client that goes away must not leave a change half made,
/// nor let others in while it is being made.
async fn alone<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Request("the server is stopping".into())),
        },
    }
}

fn base(call: &Call) -> Answer {
    match call.method {
        Method::GET | Method::HEAD => Ok(axum::Json(HashMap::<(), ()>::new()).into_response()),
        _ => Err(unsupported(&call.method)),
    }
}

fn unsupported(method: &Method) -> OciError {
    OciError::new(Code::Unsupported, format!("{method} is not supported here"))
}

/// Says that another registry could not be asked whether there is something newer (RFC 7234, section 5.5.1).
fn warn_if_stale(response: &mut Response, stale: bool) {
    if stale {
        response.headers_mut().insert(WARNING, HeaderValue::from_static("110 - \"Response is Stale\""));
    }
}

/// A header's value made of what was checked to be ASCII.
fn header(text: impl std::fmt::Display) -> HeaderValue {
    HeaderValue::try_from(text.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}
