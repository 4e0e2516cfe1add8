//! Pushing blobs: in one request, in two, in chunks, or not at all where another repository has it.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::target::parse_digest;
use super::{Answer, CONTENT_DIGEST, Call, OCI_CHUNK_MIN, UPLOAD_UUID, alone, header, taken, unsupported};
use crate::access::{Action, Wanted};
use crate::oci::{self, Algorithm, Code, Digest, OciError, RepositoryName};
use crate::registry::Registry;
use crate::store::{Announced, StoreError, UploadId};

/// Chunks may be as short as clients like.
const LEAST_CHUNK: u64 = 1;

pub(super) async fn begin(call: &Call, name: RepositoryName, body: &mut Option<Body>) -> Answer {
    if call.method != Method::POST {
        return Err(unsupported(&call.method));
    }
    let algorithm = match call.query.get("digest-algorithm") {
        None => Algorithm::default(),
        Some(text) => text.parse().map_err(|error: oci::DigestError| {
            OciError::new(Code::Unsupported, error.to_string()).with_status(StatusCode::BAD_REQUEST)
        })?,
    };
    if let Some(mount) = call.query.get("mount") {
        let digest = parse_digest(mount)?;
        if mount_it(call, &name, &digest).await? {
            return Ok(created(&name, &digest));
        }
        // Not there, or not for this client: it may push it.
        return Ok(accepted(&name, call.registry.store.begin_upload(&name, digest.algorithm()).await?, 0));
    }
    let Some(digest) = call.query.get("digest").map(parse_digest).transpose()? else {
        return Ok(accepted(&name, call.registry.store.begin_upload(&name, algorithm).await?, 0));
    };
    let id = call.registry.store.begin_upload(&name, digest.algorithm()).await?;
    finish(call, name, id, digest, body).await
}

/// Only what the client may pull itself is given to it.
async fn mount_it(call: &Call, name: &RepositoryName, digest: &Digest) -> Result<bool, OciError> {
    let Registry { store, access, .. } = &*call.registry;
    let allowed =
        |from: &RepositoryName| access.authorize(&call.caller, Wanted::Repository(from, Action::Pull)).is_ok();
    match call.query.get("from") {
        Some(from) => match from.parse::<RepositoryName>() {
            Ok(from) if allowed(&from) => Ok(store.mount(&from, name, digest).await?),
            _ => Ok(false),
        },
        None => {
            // Whoever has the blob and lets this client have it.
            match store.holder(name, digest, allowed).await? {
                Some(from) => Ok(store.mount(&from, name, digest).await?),
                None => Ok(false),
            }
        }
    }
}

pub(super) async fn go_on(call: &Call, name: RepositoryName, id: UploadId, body: &mut Option<Body>) -> Answer {
    let store = &call.registry.store;
    match call.method {
        Method::GET | Method::HEAD => {
            let length = store.upload(&name, id).await?.length;
            let mut response = accepted(&name, id, length);
            *response.status_mut() = StatusCode::NO_CONTENT;
            // RFC 9110, section 8.6: not with this status.
            response.headers_mut().remove(CONTENT_LENGTH);
            Ok(response)
        }
        Method::PATCH => {
            let said = announced(call)?;
            let (store, body, asked) = (store.clone(), taken(body).into_data_stream(), (name.clone(), id));
            // On its own: a client that goes away must not end a write half-way.
            let outcome = alone(async move {
                let mut body = body;
                let outcome = store.append(&asked.0, asked.1, said, &mut body).await;
                drain_if_refused(outcome, body).await
            })
            .await;
            match outcome {
                Ok(progress) => Ok(accepted(&name, id, progress.length)),
                Err(error) => Err(with_progress(&call.registry, &name, id, error).await),
            }
        }
        Method::PUT => {
            let digest = call.query.get("digest");
            let digest = digest
                .ok_or_else(|| OciError::new(Code::DigestInvalid, "the digest of the blob is missing: ?digest="))?;
            let digest = parse_digest(digest)?;
            finish(call, name, id, digest, body).await
        }
        Method::DELETE => {
            store.cancel_upload(&name, id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(unsupported(&call.method)),
    }
}

async fn finish(call: &Call, name: RepositoryName, id: UploadId, digest: Digest, body: &mut Option<Body>) -> Answer {
    let said = announced(call)?;
    let registry = &call.registry;
    let (store, body) = (registry.store.clone(), taken(body).into_data_stream());
    let (asked, wanted) = (name.clone(), digest.clone());
    let outcome = alone(async move {
        let mut body = body;
        let outcome = store.finish_upload(&asked, id, &wanted, said, &mut body).await;
        drain_if_refused(outcome, body).await
    })
    .await;
    match outcome {
        Ok(()) => Ok(created(&name, &digest)),
        Err(error) => Err(with_progress(registry, &name, id, error).await),
    }
}

/// Reads what is still to come where it was not read to its end.
async fn drain_if_refused<T>(
    outcome: Result<T, StoreError>,
    body: axum::body::BodyDataStream,
) -> Result<T, StoreError> {
    if matches!(outcome, Err(StoreError::OutOfOrder { .. } | StoreError::NoUpload | StoreError::TooLong { .. })) {
        super::drain(body).await;
    }
    outcome
}

/// What the request says of its body.
fn announced(call: &Call) -> Result<Announced, OciError> {
    let limit = call.registry.limits.blob_bytes;
    let length = number(&call.headers, &CONTENT_LENGTH);
    let mut said = Announced { start: None, length, limit };
    if let Some(value) = call.headers.get(CONTENT_RANGE) {
        let range = value.to_str().ok().and_then(oci::content_range);
        let range = range.ok_or_else(|| {
            OciError::new(Code::BlobUploadInvalid, "Content-Range is written START-END, both included")
                .with_status(StatusCode::RANGE_NOT_SATISFIABLE)
        })?;
        let long = range.end - range.start;
        if length.is_some_and(|length| length != long) {
            let reason = "Content-Range and Content-Length disagree";
            return Err(OciError::new(Code::SizeInvalid, reason));
        }
        (said.start, said.length) = (Some(range.start), Some(long));
    }
    // Refused before it is sent, where it can be.
    match said.length {
        Some(length) if length > limit => Err(StoreError::TooLong { limit }.into()),
        _ => Ok(said),
    }
}

fn number(headers: &HeaderMap, name: &axum::http::HeaderName) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

/// A refusal of a chunk says where the upload is.
async fn with_progress(registry: &Registry, name: &RepositoryName, id: UploadId, error: StoreError) -> OciError {
    let refusal = OciError::from(error);
    match registry.store.upload(name, id).await {
        Ok(progress) => refusal
            .with_header(LOCATION, location(name, id))
            .with_header(RANGE, range(progress.length))
            .with_header(UPLOAD_UUID, header(id)),
        Err(_) => refusal,
    }
}

fn location(name: &RepositoryName, id: UploadId) -> HeaderValue {
    header(format_args!("/v2/{name}/blobs/uploads/{id}"))
}

/// What is there, as the specification writes it: the last byte is included, and nothing at all is `0-0` too.
fn range(length: u64) -> HeaderValue {
    header(format_args!("0-{}", length.saturating_sub(1)))
}

fn accepted(name: &RepositoryName, id: UploadId, length: u64) -> Response {
    let headers = [
        (LOCATION, location(name, id)),
        (RANGE, range(length)),
        (UPLOAD_UUID, header(id)),
        (OCI_CHUNK_MIN, header(LEAST_CHUNK)),
        (CONTENT_LENGTH, header(0)),
    ];
    (StatusCode::ACCEPTED, headers, Body::empty()).into_response()
}

fn created(name: &RepositoryName, digest: &Digest) -> Response {
    let headers = [
        (LOCATION, header(format_args!("/v2/{name}/blobs/{digest}"))),
        (CONTENT_DIGEST, header(digest)),
        (CONTENT_LENGTH, header(0)),
    ];
    (StatusCode::CREATED, headers, Body::empty()).into_response()
}
