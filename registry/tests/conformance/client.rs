//! A registry of its own for a test, and requests to it.

use std::sync::Arc;

use bytes::Bytes;
use lanner_registry::oci::{Algorithm, Digest};
use lanner_registry::registry::Registry as Parts;
use lanner_registry::store::Store;
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

pub(crate) struct Registry {
    url: String,
    client: reqwest::Client,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// An error as the specification writes it.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        let json = self.json();
        assert_eq!(json["errors"][0]["code"], code, "{json}");
        assert!(json["errors"][0]["message"].as_str().is_some_and(|message| !message.is_empty()), "{json}");
        self
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

pub(crate) fn digest(algorithm: Algorithm, bytes: &[u8]) -> String {
    Digest::of(algorithm, bytes).to_string()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    digest(Algorithm::Sha256, bytes)
}

impl Registry {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Parts)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open_local(folder.path()).expect("a storage");
        let mut parts = Parts::open(store);
        change(&mut parts);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = lanner_registry::api::routes(Arc::new(parts));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, client: reqwest::Client::new(), _folder: folder }
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: reqwest::Body,
    ) -> Answer {
        let url = if path.starts_with('/') { format!("{}{path}", self.url) } else { path.to_owned() };
        let mut request = self.client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, body: response.bytes().await.expect("a body") }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "".into()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.send(Method::HEAD, path, &[], "".into()).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, &[], "".into()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], "".into()).await
    }

    pub(crate) async fn put(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.send(Method::PUT, path, &[("content-type", "application/octet-stream")], body.into()).await
    }

    /// A chunk, with the range that it says it is.
    pub(crate) async fn chunk(&self, method: Method, path: &str, start: usize, bytes: &[u8]) -> Answer {
        let range = format!("{start}-{}", start + bytes.len() - 1);
        let headers = [("content-type", "application/octet-stream"), ("content-range", range.as_str())];
        self.send(method, path, &headers, bytes.to_vec().into()).await
    }

    /// Begins an upload; where it is.
    pub(crate) async fn begin(&self, name: &str) -> String {
        let answer = self.post(&format!("/v2/{name}/blobs/uploads/")).await.is(202);
        assert_eq!(answer.header("range"), "0-0");
        let location = answer.header("location").to_owned();
        assert!(location.starts_with(&format!("/v2/{name}/blobs/uploads/")), "{location}");
        location
    }

    /// Pushes a blob; its digest.
    pub(crate) async fn blob(&self, name: &str, bytes: &[u8]) -> String {
        let digest = sha256(bytes);
        self.put(&format!("{}?digest={digest}", self.begin(name).await), bytes.to_vec()).await.is(201);
        digest
    }

    /// Pushes a manifest without a length, as Go's clients do.
    pub(crate) async fn manifest(&self, name: &str, reference: &str, manifest: &Value) -> Answer {
        let bytes = serde_json::to_vec(manifest).expect("JSON");
        let media_type = manifest["mediaType"].as_str().unwrap_or(lanner_registry::oci::MANIFEST).to_owned();
        self.manifest_bytes(name, reference, bytes, &media_type).await
    }

    pub(crate) async fn manifest_bytes(&self, name: &str, reference: &str, bytes: Vec<u8>, media_type: &str) -> Answer {
        let path = format!("/v2/{name}/manifests/{reference}");
        self.send(Method::PUT, &path, &[("content-type", media_type)], without_length(&bytes)).await
    }
}

pub(crate) fn without_length(bytes: &[u8]) -> reqwest::Body {
    let pieces: Vec<_> =
        bytes.chunks(1000).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
    reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))
}

/// Bytes that differ from test to test and compress badly.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(len).collect()
}
