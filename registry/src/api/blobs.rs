//! Pulling and deleting blobs.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RANGE,
};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::{Answer, CONTENT_DIGEST, Call, alone, header, unsupported};
use crate::mirror::Found;
use crate::oci::{self, Code, Digest, OciError, RepositoryName};

/// What is addressed by its digest never changes.
const FOR_EVER: &str = "max-age=31536000, immutable";

pub(super) async fn answer(call: &Call, name: &RepositoryName, digest: &Digest) -> Answer {
    match call.method {
        Method::GET | Method::HEAD => pull(call, name, digest).await,
        Method::DELETE => delete(call, name, digest).await,
        _ => Err(unsupported(&call.method)),
    }
}

fn unknown(digest: &Digest) -> OciError {
    let detail = serde_json::json!({ "digest": digest.to_string() });
    OciError::new(Code::BlobUnknown, "this repository has no such blob").with_detail(detail)
}

async fn delete(call: &Call, name: &RepositoryName, digest: &Digest) -> Answer {
    let (registry, asked, wanted) = (call.registry.clone(), name.clone(), digest.clone());
    let is_there = alone(async move {
        let is_immutable = |tag: &oci::Tag| registry.immutable.covers(&asked, tag);
        registry.store.delete_blob(&asked, &wanted, is_immutable).await
    })
    .await?;
    match is_there {
        true => Ok((StatusCode::ACCEPTED, [(CONTENT_LENGTH, header(0))]).into_response()),
        false => Err(unknown(digest)),
    }
}

async fn pull(call: &Call, name: &RepositoryName, digest: &Digest) -> Answer {
    let store = &call.registry.store;
    let found = match call.registry.mirror.of(name) {
        Some(mirror) => mirror.blob(name, digest, call.method == Method::HEAD).await?,
        None => store.blob(name, digest).await?.map(Into::into),
    };
    let found: Found = found.ok_or_else(|| unknown(digest))?;
    let etag = format!("\"{digest}\"");
    let mut response = Response::builder()
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_DIGEST, header(digest))
        .header(ETAG, &etag)
        .header(CACHE_CONTROL, FOR_EVER)
        .header(ACCEPT_RANGES, "bytes");
    if matches_etag(&call.headers, &etag) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).expect("the headers are well-formed"));
    }
    let Some(size) = found.size else {
        // Another registry sends it and does not say how long it is.
        response.headers_mut().expect("the headers are well-formed").remove(ACCEPT_RANGES);
        let body = Body::from_stream(found.open(store, digest, None).await?);
        return Ok(response.body(body).expect("the headers are well-formed"));
    };
    // RFC 9110, section 14.2: for GET only.
    let asked = call.headers.get(RANGE).filter(|_| call.method == Method::GET).and_then(|value| value.to_str().ok());
    let range = match asked.map_or(Ok(None), |asked| oci::requested(asked, size)) {
        Ok(range) => range,
        Err(error) => {
            let range = header(format_args!("bytes */{size}"));
            return Err(OciError::new(Code::RangeInvalid, error.to_string()).with_header(CONTENT_RANGE, range));
        }
    };
    let length = range.as_ref().map_or(size, |range| range.end - range.start);
    response = response.header(CONTENT_LENGTH, length);
    if let Some(range) = &range {
        response = response
            .status(StatusCode::PARTIAL_CONTENT)
            .header(CONTENT_RANGE, format!("bytes {}-{}/{size}", range.start, range.end - 1));
    }
    let body = match call.method == Method::HEAD {
        true => Body::empty(),
        false => Body::from_stream(found.open(store, digest, range).await?),
    };
    Ok(response.body(body).expect("the headers are well-formed"))
}

/// Whether the client has it already.
pub(super) fn matches_etag(headers: &axum::http::HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}
