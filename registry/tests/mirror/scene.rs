//! A registry that can be made to misbehave, and a mirror of it.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Router, http::StatusCode};
use lanner_registry::config::{Limits, Tags};
use lanner_registry::mirror::{Counts, MirrorConfig, Mirrors};
use lanner_registry::oci::{Algorithm, Digest};
use lanner_registry::registry::{Immutable, Registry};
use lanner_registry::store::{Store, Verified};
use serde_json::{Value, json};
use tokio::sync::oneshot;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// What stands in for an answer of the registry.
type Trick = Box<dyn Fn(&Parts) -> Option<Response> + Send + Sync>;

#[derive(Default)]
struct Seen {
    /// `GET /v2/…` and the authorization, if any.
    requests: Mutex<Vec<(String, Option<String>)>>,
    trick: Mutex<Option<Trick>>,
}

/// A server that remembers what it was asked for.
pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Seen>,
    stop: Option<oneshot::Sender<()>>,
    stopped: Option<tokio::task::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

async fn watch(State(seen): State<Arc<Seen>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let authorization = parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    let line = format!("{} {}", parts.method, parts.uri);
    seen.requests.lock().unwrap().push((line, authorization));
    let tricked = seen.trick.lock().unwrap().as_ref().and_then(|trick| trick(&parts));
    match tricked {
        Some(response) => response,
        None => next.run(Request::from_parts(parts, body)).await,
    }
}

impl Server {
    /// An empty registry.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_local(folder.path()).unwrap();
        let router = lanner_registry::api::routes(Arc::new(Registry::open(store)));
        Self::serve(router, folder).await
    }

    async fn serve(router: Router, folder: tempfile::TempDir) -> Self {
        let seen = Arc::new(Seen::default());
        let router = router.layer(from_fn_with_state(seen.clone(), watch));
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopping) = oneshot::channel::<()>();
        let serve = axum::serve(listener, router).with_graceful_shutdown(async { drop(stopping.await) });
        let stopped = tokio::spawn(async { serve.await.unwrap() });
        Self { url, seen, stop: Some(stop), stopped: Some(stopped), _folder: folder }
    }

    /// Answers so from now on, where the trick answers at all.
    pub(crate) fn trick(&self, trick: impl Fn(&Parts) -> Option<Response> + Send + Sync + 'static) {
        *self.seen.trick.lock().unwrap() = Some(Box::new(trick));
    }

    pub(crate) fn always(&self, status: StatusCode) {
        self.trick(move |_| Some(status.into_response()));
    }

    pub(crate) fn honest(&self) {
        *self.seen.trick.lock().unwrap() = None;
    }

    /// Cannot be reached from now on.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        self.stopped.take().unwrap().await.unwrap();
    }

    /// How many requests began so.
    pub(crate) fn count(&self, begin: &str) -> usize {
        self.seen.requests.lock().unwrap().iter().filter(|(line, _)| line.starts_with(begin)).count()
    }

    /// The authorizations of requests that began so.
    pub(crate) fn authorizations(&self, begin: &str) -> Vec<Option<String>> {
        let requests = self.seen.requests.lock().unwrap();
        requests.iter().filter(|(line, _)| line.starts_with(begin)).map(|(_, sent)| sent.clone()).collect()
    }

    pub(crate) fn forget(&self) {
        self.seen.requests.lock().unwrap().clear();
    }

    pub(crate) async fn push_blob(&self, name: &str, bytes: impl Into<Vec<u8>>) -> String {
        push_blob(&self.url, name, bytes.into()).await
    }

    pub(crate) async fn push(&self, name: &str, reference: &str, manifest: &Value) -> String {
        push(&self.url, name, reference, manifest).await
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Digest::of(Algorithm::Sha256, bytes).to_string()
}

pub(crate) async fn push_blob(url: &str, name: &str, bytes: Vec<u8>) -> String {
    let digest = sha256(&bytes);
    let client = reqwest::Client::new();
    let begun = client.post(format!("{url}/v2/{name}/blobs/uploads/")).send().await.unwrap();
    let location = begun.headers()["location"].to_str().unwrap();
    let mut to = reqwest::Url::parse(url).unwrap().join(location).unwrap();
    to.query_pairs_mut().append_pair("digest", &digest);
    let done = client.put(to).body(bytes).send().await.unwrap();
    assert_eq!(done.status(), 201);
    digest
}

pub(crate) async fn push(url: &str, name: &str, reference: &str, manifest: &Value) -> String {
    let bytes = serde_json::to_vec(manifest).unwrap();
    let digest = sha256(&bytes);
    let reference = if reference.is_empty() { &digest } else { reference };
    let put = reqwest::Client::new().put(format!("{url}/v2/{name}/manifests/{reference}"));
    let done = put.header("content-type", manifest["mediaType"].as_str().unwrap()).body(bytes).send().await.unwrap();
    assert_eq!(done.status(), 201);
    digest
}

/// A manifest with one layer, and what makes it one of its own.
pub(crate) fn image(layer: &[u8], note: &str) -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": sha256(b"{}"), "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": sha256(layer), "size": layer.len() }],
        "annotations": { "note": note },
    })
}

/// A mirror in front of a server.
pub(crate) struct Mirror {
    pub(crate) url: String,
    store: Store,
    mirrors: Mirrors,
    _folder: tempfile::TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// An error where the connection broke.
    pub(crate) body: Result<Vec<u8>, String>,
}

impl Answer {
    #[track_caller]
    pub(crate) fn body(&self) -> &[u8] {
        self.body.as_ref().expect("a whole body")
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.body()).expect("JSON")
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}", self.body.map(|body| String::from_utf8_lossy(&body).into_owned()));
        self
    }

    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str, sentence: &str) -> Self {
        let answer = self.is(status);
        let error = &answer.json()["errors"][0];
        assert_eq!(error["code"], code, "{error}");
        assert!(error["message"].as_str().unwrap().contains(sentence), "{error}");
        answer
    }

    pub(crate) fn is_stale(&self) -> bool {
        self.headers.get("warning").is_some_and(|value| value == "110 - \"Response is Stale\"")
    }
}

/// The mirror `up`, that asks anew each time, and waits for longer than anything here takes.
pub(crate) fn config(url: &str) -> MirrorConfig {
    toml::from_str(&format!("prefix = 'up'\nurl = '{url}'\nrefresh = '0s'\ntimeout = '2h'")).unwrap()
}

impl Mirror {
    pub(crate) async fn of(server: &Server) -> Self {
        Self::start(&[config(&server.url)], Limits::default(), Tags::default()).await
    }

    pub(crate) async fn start(configs: &[MirrorConfig], limits: Limits, tags: Tags) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), configs, limits, tags).await
    }

    /// In a folder where something may be kept already.
    pub(crate) async fn start_in(
        folder: tempfile::TempDir,
        configs: &[MirrorConfig],
        limits: Limits,
        tags: Tags,
    ) -> Self {
        let store = Store::open_local(folder.path()).unwrap();
        let immutable = Immutable::new(tags);
        let mirrors = Mirrors::new(configs, &store, &limits, &immutable).unwrap();
        let mut parts = Registry::open(store.clone());
        (parts.mirror, parts.immutable, parts.limits) = (mirrors.clone(), immutable, limits);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = lanner_registry::api::routes(Arc::new(parts));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, store, mirrors, _folder: folder }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = reqwest::Client::new().request(method.parse().unwrap(), format!("{}/v2/{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map(Into::into).map_err(|error| error.to_string());
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[]).await
    }

    /// Keeps a manifest as if it had been pulled through before.
    pub(crate) async fn keep(&self, name: &str, tag: &str, manifest: &Value) {
        use lanner_registry::oci::Manifest;
        use lanner_registry::store::{Stored, TagChange};
        let bytes = bytes::Bytes::from(serde_json::to_vec(manifest).unwrap());
        let (manifest, media_type) = Manifest::parse(&bytes, "").unwrap();
        let stored = Stored { digest: Digest::of(Algorithm::Sha256, &bytes), media_type, bytes };
        let tags = [TagChange { tag: tag.parse().unwrap(), immutable: false }];
        self.store.put_manifest(&name.parse().unwrap(), &stored, &manifest, &tags, false).await.unwrap();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.mirrors.counters().next().expect("a mirror").1.read()
    }

    /// Everything in the storage is what it should be; how much there is.
    pub(crate) async fn verified(&self) -> Verified {
        let verified = self.store.verify().await.unwrap();
        assert!(verified.problems.is_empty(), "{:?}", verified.problems);
        verified
    }
}

/// A body that comes when the test says so.
pub(crate) fn slowly() -> (tokio::sync::mpsc::UnboundedSender<Vec<u8>>, Mutex<Option<Body>>) {
    let (sender, mut pieces) = tokio::sync::mpsc::unbounded_channel::<Vec<u8>>();
    let stream = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx).map(|piece| piece.map(Ok::<_, String>)));
    (sender, Mutex::new(Some(Body::from_stream(stream))))
}
