//! The program, and packs to push to it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lanner_artifact::{COMPONENT_MEDIA_TYPE, CONFIG_MEDIA_TYPE, DESCRIPTION_ANNOTATION, Description, Rule};
use lanner_registry::oci::{Algorithm, Digest, MANIFEST};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{HANG, patient};

/// How often it is looked whether something has come.
const LOOK: Duration = Duration::from_millis(20);

/// A running registry. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    folder: TempDir,
    pub(crate) client: reqwest::Client,
}

impl Server {
    /// With these lines of configuration. It has read what there is.
    pub(crate) async fn start(config: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), config).await
    }

    async fn start_in(folder: TempDir, config: &str) -> Self {
        let (file, ready) = (folder.path().join("config.toml"), folder.path().join("ready"));
        std::fs::write(&file, patient(config)).unwrap();
        let _ = std::fs::remove_file(&ready);
        let child = Command::new(env!("CARGO_BIN_EXE_lanner-registry"))
            .args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "none", "--log", "warn"])
            .args(["--config".as_ref(), file.as_os_str()])
            .args(["--storage".as_ref(), folder.path().join("storage").as_os_str()])
            .args(["--ready-file".as_ref(), ready.as_os_str()])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, url: String::new(), folder, client: reqwest::Client::new() };
        let began = Instant::now();
        while server.url.is_empty() {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                server.url = format!("http://{}", text.lines().next().unwrap().strip_prefix("http ").unwrap());
            }
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < HANG, "the registry does not start");
            tokio::time::sleep(LOOK).await;
        }
        while server.json("/api/v1/packs").await["building"] != false {
            assert!(began.elapsed() < HANG, "the index is never built");
            tokio::time::sleep(LOOK).await;
        }
        server
    }

    /// Killed, and started again on the same storage.
    pub(crate) async fn restart(self, config: &str) -> Self {
        Self::start_in(self.stop(), config).await
    }

    /// Killed; what it leaves.
    pub(crate) fn stop(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    /// The folder of its storage.
    pub(crate) fn files(&self) -> PathBuf {
        Self::storage(&self.folder)
    }

    pub(crate) fn storage(folder: &TempDir) -> PathBuf {
        folder.path().join("storage")
    }

    pub(crate) async fn blob(&self, repository: &str, bytes: &[u8]) -> Value {
        let digest = Digest::of(Algorithm::Sha256, bytes);
        let url = format!("{}/v2/{repository}/blobs/uploads/?digest={digest}", self.url);
        let response = self.client.post(url).body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(response.status(), 201);
        json!({ "mediaType": "application/octet-stream", "digest": digest.to_string(), "size": bytes.len() })
    }

    /// The status, the body, and the digest of the manifest.
    pub(crate) async fn manifest(
        &self,
        repository: &str,
        reference: Option<&str>,
        bytes: &[u8],
    ) -> (u16, String, String) {
        let digest = Digest::of(Algorithm::Sha256, bytes).to_string();
        let url = format!("{}/v2/{repository}/manifests/{}", self.url, reference.unwrap_or(&digest));
        let request = self.client.put(url).header("content-type", MANIFEST).body(bytes.to_vec());
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap(), digest)
    }

    /// Pushes a pack with the component that is shipped.
    pub(crate) async fn push(&self, repository: &str, tag: &str, description: &Description) -> String {
        let manifest = self.pack(repository, Some(&description.to_annotation()), &component()).await;
        let (status, body, digest) = self.manifest(repository, Some(tag), &manifest).await;
        assert_eq!(status, 201, "{body}");
        digest
    }

    /// Pushes the blobs of a pack; its manifest.
    pub(crate) async fn pack(&self, repository: &str, annotation: Option<&str>, component: &[u8]) -> Vec<u8> {
        let mut config = self.blob(repository, b"{}").await;
        config["mediaType"] = CONFIG_MEDIA_TYPE.into();
        let mut layer = self.blob(repository, component).await;
        layer["mediaType"] = COMPONENT_MEDIA_TYPE.into();
        let annotations = annotation.map(|text| json!({ DESCRIPTION_ANNOTATION: text })).unwrap_or(json!({}));
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer], "annotations": annotations,
        });
        manifest.to_string().into_bytes()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        let response = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    pub(crate) async fn delete(&self, path: &str) {
        assert_eq!(self.client.delete(format!("{}{path}", self.url)).send().await.unwrap().status(), 202);
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The repositories that a search finds.
    pub(crate) async fn found(&self, query: &str) -> Vec<String> {
        let answer = self.json(&format!("/api/v1/packs?{query}")).await;
        let packs = answer["packs"].as_array().unwrap();
        packs.iter().map(|pack| pack["repository"].as_str().unwrap().to_owned()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The pack that Lanner ships, as `cargo xtask packs` builds it.
pub(crate) fn component() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("target/packs/credential-access.wasm");
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!("{}: {error}; run `make test`, or `make packs` first", path.display());
    })
}

pub(crate) fn rule(id: &str, severity: &str, attack: &[&str]) -> Rule {
    let attack = attack.iter().map(|id| (*id).to_owned()).collect();
    Rule { id: id.into(), summary: format!("What {id} means"), severity: severity.into(), attack }
}

pub(crate) fn description(name: &str, version: &str, rules: Vec<Rule>, events: &[&str]) -> Description {
    let events = events.iter().map(|kind| (*kind).to_owned()).collect();
    Description::new(name.into(), version.into(), format!("All about {name}"), rules, events)
}
