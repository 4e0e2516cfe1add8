//! The server is killed at any moment, again and again: what it acknowledged is there, and what it did not finish can
//! be gone on with.

mod support;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode};
use rustix::process::Signal;
use serde_json::json;
use support::{HANG, Server, command};

/// How often it is killed, and how many clients push meanwhile.
const ROUNDS: u64 = 25;
const CLIENTS: u64 = 4;
/// It is killed when it has acknowledged less than this since its start, each time another number.
const MOST: u64 = 40;
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(bytes: &[u8]) -> String {
    lanner_registry::oci::Digest::of(lanner_registry::oci::Algorithm::Sha256, bytes).to_string()
}

/// What the server said that it has.
#[derive(Default)]
struct Acknowledged {
    /// Path of a blob or a manifest → its bytes, until they were compared once.
    content: HashMap<String, Option<Vec<u8>>>,
    /// Path of a tag → all that it was told to stand for.
    tags: HashMap<String, Vec<String>>,
    /// Uploads under way → how many bytes of what.
    uploads: HashMap<String, (usize, Vec<u8>)>,
}

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(len)
    .collect()
}

struct Pusher {
    client: Client,
    url: String,
    known: Arc<Mutex<Acknowledged>>,
}

/// The server is gone, which is what this is about; anything else that it says is a failure.
struct Gone;

impl Pusher {
    async fn send(&self, method: Method, path: &str, kind: &str, body: Vec<u8>, expected: u16) -> Result<String, Gone> {
        let request =
            self.client.request(method, format!("{}{path}", self.url)).header("content-type", kind).body(body);
        let answer = request.send().await.map_err(|_| Gone)?;
        let status = answer.status();
        let location = answer.headers().get("location").map(|value| value.to_str().unwrap().to_owned());
        let text = answer.text().await.map_err(|_| Gone)?;
        assert_eq!(status, StatusCode::from_u16(expected).unwrap(), "{path}: {text}");
        Ok(location.unwrap_or_default())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Acknowledged> {
        self.known.lock().unwrap()
    }

    /// In chunks, so that there is always something under way.
    async fn blob(&self, name: &str, bytes: Vec<u8>) -> Result<String, Gone> {
        let digest = digest(&bytes);
        let upload = self.send(Method::POST, &format!("/v2/{name}/blobs/uploads/"), "", Vec::new(), 202).await?;
        let mut sent = 0;
        for chunk in bytes.chunks(400_000) {
            self.known().uploads.insert(upload.clone(), (sent, bytes.clone()));
            self.send(Method::PATCH, &upload, "", chunk.to_vec(), 202).await?;
            sent += chunk.len();
        }
        // Whether it is finished is not known until it says so.
        self.known().uploads.remove(&upload);
        self.send(Method::PUT, &format!("{upload}?digest={digest}"), "", Vec::new(), 201).await?;
        self.known().content.insert(format!("/v2/{name}/blobs/{digest}"), Some(bytes));
        Ok(digest)
    }

    async fn push(&self, seed: u64) -> Result<(), Gone> {
        let name = format!("r{}", seed % 3);
        let config = self.blob(&name, noise(seed % 2, 10)).await?;
        let len = if seed.is_multiple_of(4) { 3_000_000 } else { 2_000 };
        let layer = self.blob(&name, noise(seed, len)).await?;
        let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "config": { "mediaType": "x/y", "digest": config, "size": 10 },
            "layers": [{ "mediaType": "x/y", "digest": layer, "size": len }] });
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let digest = digest(&bytes);
        let tag = format!("/v2/{name}/manifests/t{}", seed % 5);
        self.known().tags.entry(tag.clone()).or_default().push(digest.clone());
        self.send(Method::PUT, &tag, MANIFEST, bytes.clone(), 201).await?;
        self.known().content.insert(format!("/v2/{name}/manifests/{digest}"), Some(bytes));
        Ok(())
    }
}

async fn check(server: &Server, client: &Client, known: &mut Acknowledged) {
    for (path, bytes) in &mut known.content {
        let method = if bytes.is_some() { Method::GET } else { Method::HEAD };
        let answer = client.request(method, server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path} was acknowledged and is gone");
        if let Some(bytes) = bytes.take() {
            assert_eq!(answer.bytes().await.unwrap(), bytes, "{path}");
        }
    }
    for (path, digests) in &known.tags {
        let answer = client.head(server.url(path)).send().await.unwrap();
        // One that was never acknowledged may not be there.
        if answer.status() == 200 {
            let digest = answer.headers()["docker-content-digest"].to_str().unwrap();
            assert!(digests.iter().any(|one| one == digest), "{path} stands for {digest}");
        } else {
            let manifest = path.rsplit_once('/').unwrap().0;
            let told = digests.iter().any(|digest| known.content.contains_key(&format!("{manifest}/{digest}")));
            assert!(!told, "{path} was acknowledged and is gone");
        }
    }
    for (upload, (sent, bytes)) in known.uploads.drain() {
        let answer = client.get(server.url(&upload)).send().await.unwrap();
        assert_eq!(answer.status(), 204, "{upload} is gone");
        let range = answer.headers()["range"].to_str().unwrap();
        let last: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
        let there = if last == 0 { 0 } else { last + 1 };
        assert!(there >= sent, "{upload}: {sent} bytes were acknowledged, {there} are there");
        let rest = bytes[there..].to_vec();
        let digest = digest(&bytes);
        let put = client.put(server.url(&format!("{upload}?digest={digest}"))).body(rest).send().await.unwrap();
        assert_eq!(put.status(), 201, "{upload}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost() {
    let known = Arc::new(Mutex::new(Acknowledged::default()));
    let client = Client::new();
    let mut server = Server::start("[collect]\nevery = \"0s\"\n");
    let folder = server.folder();
    for round in 0..ROUNDS {
        let pushers: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let pusher = Pusher { client: client.clone(), url: server.url(""), known: known.clone() };
                tokio::spawn(async move {
                    let mut n = 0;
                    while pusher.push(((round * CLIENTS) + number) * 1000 + n).await.is_ok() {
                        n += 1;
                    }
                })
            })
            .collect();
        let (began, before) = (Instant::now(), known.lock().unwrap().content.len() as u64);
        while (known.lock().unwrap().content.len() as u64) < before + round * 17 % MOST {
            assert!(began.elapsed() < HANG, "nothing is acknowledged: {}", server.log());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // Whatever the others are just doing.
        tokio::time::sleep(Duration::from_millis(round % 8)).await;
        server.signal(Signal::KILL);
        server.wait();
        for pusher in pushers {
            pusher.await.unwrap();
        }
        server = Server::start_in(folder.clone(), "[collect]\nevery = \"0s\"\n");
        let mut told = std::mem::take(&mut *known.lock().unwrap());
        check(&server, &client, &mut told).await;
        *known.lock().unwrap() = told;
    }
    assert!(known.lock().unwrap().content.len() > 100, "hardly anything was pushed");
    server.stop();
    let verified = command().args(["verify", "--storage"]).arg(server.storage()).output().unwrap();
    let text = String::from_utf8_lossy(&verified.stdout).into_owned() + &String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{text}");
}
