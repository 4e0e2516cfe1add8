//! Lists: tags, referrers, repositories.

use axum::http::header::{CONTENT_TYPE, HeaderMap, LINK};
use axum::http::{HeaderValue, Method};
use axum::response::IntoResponse as _;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use serde_json::json;

use super::{Answer, Call, OCI_FILTERS, header, unsupported, warn_if_stale};
use crate::mirror::Pulled;
use crate::oci::{Code, Descriptor, Digest, INDEX, OciError, RepositoryName};
use crate::store::StoreError;

/// How long an answer may be, in bytes of descriptors: what clients must take as a manifest is 4 MiB.
const REFERRERS_PAGE: usize = 3 << 20;

/// A page of a sorted list, and whether there is more: `n` entries after `last`.
fn page<'a, T: AsRef<str>>(call: &Call, all: &'a [T]) -> Result<(&'a [T], bool), OciError> {
    let n = match call.query.get("n") {
        None => usize::MAX,
        Some(text) => text.parse().map_err(|_| {
            OciError::new(Code::Unsupported, "n must be a number").with_status(axum::http::StatusCode::BAD_REQUEST)
        })?,
    };
    let from = call.query.get("last").map_or(0, |last| all.partition_point(|entry| entry.as_ref() <= last));
    let rest = &all[from..];
    Ok((&rest[..n.min(rest.len())], n < rest.len() && n > 0))
}

fn next(path: &str, query: &[(&str, &str)]) -> HeaderValue {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    header(format_args!("<{path}?{query}>; rel=\"next\""))
}

pub(super) async fn tags(call: &Call, name: &RepositoryName) -> Answer {
    read_only(call)?;
    let unknown = || OciError::new(Code::NameUnknown, format!("there is no repository {name}"));
    let pulled = match call.registry.mirror.of(name) {
        Some(mirror) => mirror.tags(name).await?.ok_or_else(unknown)?,
        None => Pulled { content: call.registry.store.tags(name).await?, stale: false },
    };
    if pulled.content.is_empty() && call.registry.mirror.of(name).is_none() && !call.registry.store.knows(name).await? {
        return Err(unknown());
    }
    let tags: Vec<String> = pulled.content.iter().map(ToString::to_string).collect();
    let (page, more) = page(call, &tags)?;
    let mut headers = HeaderMap::new();
    if let (true, Some(last), Some(n)) = (more, page.last(), call.query.get("n")) {
        headers.insert(LINK, next(&format!("/v2/{name}/tags/list"), &[("n", n), ("last", last)]));
    }
    let mut response = (headers, axum::Json(json!({ "name": name.as_str(), "tags": page }))).into_response();
    warn_if_stale(&mut response, pulled.stale);
    Ok(response)
}

pub(super) async fn catalog(call: &Call) -> Answer {
    read_only(call)?;
    let all = call.registry.store.repositories().await?;
    let visible = all.iter().filter(|name| call.registry.access.may_see(&call.caller, name));
    let all: Vec<String> = visible.map(ToString::to_string).collect();
    let (page, more) = page(call, &all)?;
    let mut headers = HeaderMap::new();
    if let (true, Some(last), Some(n)) = (more, page.last(), call.query.get("n")) {
        headers.insert(LINK, next("/v2/_catalog", &[("n", n), ("last", last)]));
    }
    Ok((headers, axum::Json(json!({ "repositories": page }))).into_response())
}

pub(super) async fn referrers(call: &Call, name: &RepositoryName, subject: &Digest) -> Answer {
    read_only(call)?;
    let last = call.query.get("last").and_then(|last| last.parse::<Digest>().ok());
    let (all, stale) = match call.registry.mirror.of(name) {
        Some(mirror) => {
            let Pulled { content, stale } = mirror.referrers(name, subject).await?;
            let after = content.into_iter().filter(|found| last.as_ref().is_none_or(|last| found.digest > *last));
            (futures_util::stream::iter(after.map(Ok).collect::<Vec<_>>()).boxed(), stale)
        }
        None => (call.registry.store.referrers_after(name, subject, last.as_ref()).await?.boxed(), false),
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(INDEX));
    let kinds: Vec<&str> = call.query.all("artifactType").filter(|kind| !kind.is_empty()).collect();
    if !kinds.is_empty() {
        headers.insert(OCI_FILTERS, HeaderValue::from_static("artifactType"));
    }
    let is_wanted = |kind: Option<&str>| kinds.is_empty() || kind.is_some_and(|kind| kinds.contains(&kind));
    let wanted = all.try_filter(|found| std::future::ready(is_wanted(found.artifact_type.as_deref())));
    let (found, more) = fitting(wanted).await?;
    if let (true, Some(last)) = (more, found.last()) {
        let last = last.digest.to_string();
        let mut query: Vec<(&str, &str)> = kinds.iter().map(|kind| ("artifactType", *kind)).collect();
        query.push(("last", &last));
        headers.insert(LINK, next(&format!("/v2/{name}/referrers/{subject}"), &query));
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": found });
    let mut response = (headers, serde_json::to_vec(&index).expect("descriptors can be written")).into_response();
    warn_if_stale(&mut response, stale);
    Ok(response)
}

/// As many as fit into one answer, at least one, and whether there are more.
async fn fitting(
    descriptors: impl Stream<Item = Result<Descriptor, StoreError>>,
) -> Result<(Vec<Descriptor>, bool), StoreError> {
    let mut descriptors = std::pin::pin!(descriptors);
    let (mut found, mut size) = (Vec::new(), 0);
    while let Some(descriptor) = descriptors.try_next().await? {
        size += serde_json::to_vec(&descriptor).map_or(0, |bytes| bytes.len() + 1);
        if size > REFERRERS_PAGE && !found.is_empty() {
            return Ok((found, true));
        }
        found.push(descriptor);
    }
    Ok((found, false))
}

fn read_only(call: &Call) -> Result<(), OciError> {
    match call.method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(unsupported(&call.method)),
    }
}
