//! Pulling, pushing and deleting manifests.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::blobs::matches_etag;
use super::target::TAG_RULE;
use super::{Answer, CONTENT_DIGEST, Call, OCI_SUBJECT, OCI_TAG, alone, header, taken, unsupported, warn_if_stale};
use crate::access::{Action, Wanted};
use crate::oci::{Algorithm, Code, Digest, Manifest, OciError, Reference, RepositoryName, Tag};
use crate::registry::{Held, Pushing};
use crate::store::{OpenedManifest, Stored, TagChange};

/// How long a manifest is that is held in memory while it is sent, in bytes; longer ones are read piece by piece.
const HELD: usize = 64 << 10;
/// How many tags one push may set.
const MOST_TAGS: usize = 100;

pub(super) async fn answer(
    call: &Call,
    name: &RepositoryName,
    reference: &Reference,
    body: &mut Option<Body>,
) -> Answer {
    match call.method {
        Method::GET | Method::HEAD => pull(call, name, reference).await,
        Method::PUT => push(call, name, reference, body).await,
        Method::DELETE => delete(call, name, reference).await,
        _ => Err(unsupported(&call.method)),
    }
}

fn unknown(reference: &Reference) -> OciError {
    let detail = serde_json::json!({ "reference": reference.to_string() });
    OciError::new(Code::ManifestUnknown, format!("this repository has no manifest {reference}")).with_detail(detail)
}

async fn pull(call: &Call, name: &RepositoryName, reference: &Reference) -> Answer {
    let (store, packs) = (&call.registry.store, &call.registry.packs);
    let mirror = call.registry.mirror.of(name);
    if mirror.is_none() && !packs.may_be_held_back(name) {
        let found = store.open_manifest(name, reference).await?.ok_or_else(|| unknown(reference))?;
        return Ok(respond(call, reference, found));
    }
    let (stored, stale) = match mirror {
        Some(mirror) => {
            let pulled = mirror.manifest(name, reference).await?.ok_or_else(|| unknown(reference))?;
            packs.fetched(store, name, reference, &pulled.content).await;
            (pulled.content, pulled.stale)
        }
        None => (store.manifest(name, reference).await?.ok_or_else(|| unknown(reference))?, false),
    };
    let may_push = || call.registry.access.authorize(&call.caller, Wanted::Repository(name, Action::Push)).is_ok();
    let mut released = packs.release(store, name, &stored, &may_push).await;
    if let (Err(_), Some(mirror)) = (&released, mirror) {
        // Its signatures are at the other registry until somebody asks for them.
        mirror.fetch_signatures(name, &stored.digest, crate::packs::is_signature).await;
        released = packs.release(store, name, &stored, &may_push).await;
    }
    released?;
    // All of it was read to look at it. It is read again as it is sent, so that slow clients do not hold it in memory.
    let digest = Reference::Digest(stored.digest.clone());
    let opened = match stored.bytes.len() > HELD {
        true => store.open_manifest(name, &digest).await?,
        false => None,
    };
    let mut response = respond(call, reference, opened.unwrap_or_else(|| stored.into()));
    warn_if_stale(&mut response, stale);
    Ok(response)
}

fn respond(call: &Call, reference: &Reference, found: OpenedManifest) -> Response {
    let etag = format!("\"{}\"", found.digest);
    let mut response = Response::builder()
        .header(CONTENT_TYPE, header(&found.media_type))
        .header(CONTENT_DIGEST, header(&found.digest))
        .header(ETAG, &etag);
    if matches!(reference, Reference::Tag(_)) {
        response = response.header(CACHE_CONTROL, "no-cache");
    }
    if matches_etag(&call.headers, &etag) {
        return response.status(StatusCode::NOT_MODIFIED).body(Body::empty()).expect("the headers are well-formed");
    }
    response = response.header(CONTENT_LENGTH, found.size);
    response.body(Body::from_stream(found.content)).expect("the headers are well-formed")
}

async fn push(call: &Call, name: &RepositoryName, reference: &Reference, body: &mut Option<Body>) -> Answer {
    let registry = call.registry.clone();
    let media_type = media_type(&call.headers);
    let mut tags: Vec<Tag> = Vec::new();
    for tag in call.query.all("tag") {
        tags.push(tag.parse().map_err(|()| OciError::new(Code::TagInvalid, TAG_RULE))?);
    }
    if tags.len() > MOST_TAGS {
        let reason = format!("at most {MOST_TAGS} tags can be set at once");
        return Err(OciError::new(Code::TagInvalid, reason).with_status(StatusCode::URI_TOO_LONG));
    }
    let (bytes, _held) = whole(taken(body), registry.limits.manifest_bytes, &call.registry.pushing).await?;
    let digest = match reference {
        Reference::Digest(wanted) => {
            let actual = Digest::of(wanted.algorithm(), &bytes);
            if actual != *wanted {
                let reason = format!("the manifest has the digest {actual}, not {wanted}");
                return Err(OciError::new(Code::DigestInvalid, reason));
            }
            actual
        }
        Reference::Tag(_) => Digest::of(Algorithm::default(), &bytes),
    };
    let shown = tags.clone();
    if let Reference::Tag(tag) = reference {
        tags.push(tag.clone());
    }
    let (manifest, media_type) = Manifest::parse_new(&bytes, &media_type)?;
    registry.packs.check(&registry.store, name, &manifest).await?;
    let stored = Stored { digest, media_type, bytes };
    let immutable = |tag: &Tag| registry.immutable.covers(name, tag);
    let changes: Vec<TagChange> = tags.into_iter().map(|tag| TagChange { immutable: immutable(&tag), tag }).collect();
    let asked = name.clone();
    let (stored, manifest) = alone(async move {
        registry.store.put_manifest(&asked, &stored, &manifest, &changes, registry.whole).await?;
        registry.packs.pushed(&registry.store, &asked, &stored.digest, &manifest, &changes).await;
        Ok((stored, manifest))
    })
    .await?;
    let mut headers = HeaderMap::new();
    headers.insert(LOCATION, header(format_args!("/v2/{name}/manifests/{}", stored.digest)));
    headers.insert(CONTENT_DIGEST, header(&stored.digest));
    headers.insert(CONTENT_LENGTH, header(0));
    if let Some(subject) = &manifest.subject {
        headers.insert(OCI_SUBJECT, header(&subject.digest));
    }
    for tag in shown {
        headers.append(OCI_TAG, header(tag));
    }
    Ok((StatusCode::CREATED, headers, Body::empty()).into_response())
}

async fn delete(call: &Call, name: &RepositoryName, reference: &Reference) -> Answer {
    if let Reference::Tag(tag) = reference
        && call.registry.immutable.covers(name, tag)
    {
        return Err(immutable(tag));
    }
    let (registry, asked, wanted) = (call.registry.clone(), name.clone(), reference.clone());
    let is_there = alone(async move {
        let (name, reference) = (&asked, &wanted);
        let is_immutable = |tag: &Tag| registry.immutable.covers(name, tag);
        let is_there = match reference {
            Reference::Tag(tag) => registry.store.delete_tag(name, tag).await?,
            Reference::Digest(digest) => registry.store.delete_manifest(name, digest, is_immutable).await?,
        };
        registry.packs.deleted(&registry.store, name, reference).await;
        Ok(is_there)
    })
    .await?;
    match is_there {
        true => Ok((StatusCode::ACCEPTED, [(CONTENT_LENGTH, header(0))]).into_response()),
        false => Err(unknown(reference)),
    }
}

fn immutable(tag: &Tag) -> OciError {
    OciError::new(Code::Denied, format!("the tag {tag} is immutable")).with_status(StatusCode::CONFLICT)
}

/// Without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_owned()
}

/// The whole body, if it is not too long, and the room that it takes.
async fn whole(body: Body, limit: u64, room: &Pushing) -> Result<(Bytes, Option<Held<'_>>), OciError> {
    let mut stream = body.into_data_stream();
    let (mut bytes, mut held, mut parts): (_, Option<Held<'_>>, _) = (BytesMut::new(), None, 0);
    while let Some(piece) = stream.next().await {
        let piece =
            piece.map_err(|error| OciError::new(Code::ManifestInvalid, format!("the request ended early: {error}")))?;
        if (bytes.len() + piece.len()) as u64 > limit {
            super::drain(stream).await;
            let reason = format!("the manifest is longer than {limit} bytes");
            return Err(OciError::new(Code::SizeInvalid, reason).with_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        while parts * Pushing::PART < bytes.len() + piece.len() {
            let Some(part) = room.part() else {
                super::drain(stream).await;
                return Err(OciError::new(Code::Unavailable, "too many manifests are being pushed; try again")
                    .with_header(RETRY_AFTER, HeaderValue::from_static("1")));
            };
            parts += 1;
            match &mut held {
                Some(held) => held.merge(part),
                None => held = Some(part),
            }
        }
        bytes.extend_from_slice(&piece);
    }
    Ok((bytes.freeze(), held))
}
