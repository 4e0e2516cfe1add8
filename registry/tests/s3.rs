//! Content in a bucket, behind a server that speaks S3: moto, from PyPI.

mod support;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use reqwest::{Client, Method};
use serde_json::json;
use support::{Said, Server, command};
use tempfile::TempDir;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

struct Bucket {
    process: Child,
    said: Said,
    url: String,
}

impl Bucket {
    async fn start(name: &str) -> Self {
        let mut moto = Command::new("moto_server");
        // It says which port it took.
        moto.args(["-H", "127.0.0.1", "-p", "0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = moto.spawn().unwrap_or_else(|error| {
            panic!(
                "moto_server: {error}; `xtask/setup.sh test` installs it into target/python, `make test` finds it there"
            )
        });
        let said = Said::by(&mut process);
        let mut bucket = Self { process, said, url: String::new() };
        const RUNNING: &str = " * Running on ";
        let url = |said: &str| said.lines().find_map(|line| Some(line.split_once(RUNNING)?.1.trim().to_owned()));
        bucket.url = bucket.said.wait_for(RUNNING, url).await;
        let made = Client::new().put(format!("{}/{name}", bucket.url)).send().await.unwrap();
        assert_eq!(made.status(), 200);
        bucket
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn with_credentials() -> Command {
    let mut command = command();
    command.env("AWS_ACCESS_KEY_ID", "key").env("AWS_SECRET_ACCESS_KEY", "secret");
    // A busy machine may need more than the usual half a minute for what a bucket does.
    command.env("AWS_TIMEOUT", "1h").env("AWS_CONNECT_TIMEOUT", "1h");
    command
}

fn digest(bytes: &[u8]) -> String {
    lanner_registry::oci::Digest::of(lanner_registry::oci::Algorithm::Sha256, bytes).to_string()
}

async fn send(method: Method, url: String, kind: &str, range: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
    let mut request = Client::new().request(method, url).header("content-type", kind).body(body);
    if !range.is_empty() {
        request = request.header("range", range);
    }
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

async fn push_blob(server: &Server, bytes: &[u8]) -> String {
    let digest = digest(bytes);
    let url = server.url(&format!("/v2/a/b/blobs/uploads/?digest={digest}"));
    let (status, body) = send(Method::POST, url, "", "", bytes.to_vec()).await;
    assert_eq!(status, 201, "{}", String::from_utf8_lossy(&body));
    digest
}

async fn get(server: &Server, path: &str, range: &str) -> (u16, Vec<u8>) {
    send(Method::GET, server.url(path), "", range, Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_in_a_bucket() {
    let bucket = Bucket::start("packs").await;
    let config = format!(
        "[storage.s3]\nbucket = 'packs'\nregion = 'eu-central-1'\nendpoint = '{}'\nprefix = 'some/where'\nallow_http = true\n\
         [collect]\nevery = '0s'\nunreferenced_after = '0s'\nuntagged_after = '0s'\n",
        bucket.url
    );
    let folder = Arc::new(TempDir::new().unwrap());
    let mut server = Server::start_as(with_credentials(), folder.clone(), &config, &[]);

    // Sent in several parts, and in one.
    let large: Vec<u8> = (0..20u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let layer = push_blob(&server, &large).await;
    let config_blob = push_blob(&server, b"{}").await;
    let orphan = push_blob(&server, b"nobody needs it").await;
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST,
        "config": { "mediaType": "x/y", "digest": config_blob, "size": 2 },
        "layers": [{ "mediaType": "x/y", "digest": layer, "size": large.len() }] });
    let bytes = manifest.to_string().into_bytes();
    let subject = digest(&bytes);
    let mut referrer = manifest.clone();
    referrer["layers"] = json!([]);
    referrer["artifactType"] = "a/signature".into();
    referrer["subject"] = json!({ "mediaType": MANIFEST, "digest": subject, "size": bytes.len() });
    let referrer = referrer.to_string().into_bytes();
    for (reference, body) in [("v1".to_owned(), &bytes), ("v2".to_owned(), &bytes), (digest(&referrer), &referrer)] {
        let url = server.url(&format!("/v2/a/b/manifests/{reference}"));
        assert_eq!(send(Method::PUT, url, MANIFEST, "", body.clone()).await.0, 201);
    }

    // A restart leaves nothing to the folder but uploads.
    assert!(server.stop().success());
    let mut server = Server::start_as(with_credentials(), folder.clone(), &config, &[]);
    let blob = format!("/v2/a/b/blobs/{layer}");
    assert!(get(&server, &blob, "").await == (200, large.clone()));
    assert!(get(&server, &blob, "bytes=9000000-9000999").await == (206, large[9_000_000..9_001_000].to_vec()));
    assert_eq!(get(&server, "/v2/a/b/manifests/v1", "").await, (200, bytes.clone()));
    let listed = |body: Vec<u8>| serde_json::from_slice::<serde_json::Value>(&body).unwrap();
    assert_eq!(listed(get(&server, "/v2/a/b/tags/list", "").await.1)["tags"], json!(["v1", "v2"]));
    let referrers = listed(get(&server, &format!("/v2/a/b/referrers/{subject}"), "").await.1);
    assert_eq!(referrers["manifests"][0]["digest"], digest(&referrer));
    assert_eq!(listed(get(&server, "/v2/_catalog", "").await.1)["repositories"], json!(["a/b"]));

    let (status, collected) = send(Method::POST, server.admin_url("/collect"), "", "", Vec::new()).await;
    assert_eq!(status, 200);
    let collected = listed(collected);
    assert_eq!((&collected["blobs"], &collected["manifests"]), (&json!(1), &json!(0)), "{collected}");
    assert_eq!(get(&server, &format!("/v2/a/b/blobs/{orphan}"), "").await.0, 404);
    let gone = server.url("/v2/a/b/manifests/v2");
    assert_eq!(send(Method::DELETE, gone, "", "", Vec::new()).await.0, 202);
    assert_eq!(get(&server, "/v2/a/b/manifests/v2", "").await.0, 404);

    assert!(server.stop().success());
    let file = folder.path().join("config.toml");
    let verified =
        with_credentials().args(["verify", "--config"]).arg(file).arg("--storage").arg(server.storage()).output();
    let verified = verified.unwrap();
    let said = String::from_utf8_lossy(&verified.stdout).into_owned() + &String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{said}");
    assert!(said.contains("2 blobs") && said.contains("2 manifests"), "{said}");
}
