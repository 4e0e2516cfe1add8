//! What a client of a registry does, with as little of its own as can be.

use sha2::{Digest as _, Sha256};
use ureq::http::Response;
use ureq::{Agent, Body, SendBody};

use super::server::Server;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(super) struct Client {
    agent: Agent,
    url: String,
}

pub(super) fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn check(what: &str, response: Result<Response<Body>, ureq::Error>, status: u16) -> Response<Body> {
    let response = response.unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(response.status().as_u16(), status, "{what}");
    response
}

impl Client {
    pub(super) fn new(server: &Server) -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { agent, url: server.url() }
    }

    pub(super) fn push_blob(&mut self, name: &str, digest: &str, bytes: &[u8]) {
        let path = format!("{}/v2/{name}/blobs/uploads/", self.url);
        let begun = check("begin", self.agent.post(path).send_empty(), 202);
        let location = begun.headers().get("location").and_then(|value| value.to_str().ok()).expect("a location");
        let location = if location.starts_with('/') { format!("{}{location}", self.url) } else { location.to_owned() };
        let joint = if location.contains('?') { '&' } else { '?' };
        let put = self.agent.put(format!("{location}{joint}digest={digest}"));
        let sent = put.header("content-type", "application/octet-stream").send(bytes);
        check("push", sent, 201);
    }

    pub(super) fn push_pack(&mut self, name: &str, tag: &str, component: &[u8]) {
        let config = format!(r#"{{"tag":"{tag}"}}"#);
        let (layer, of_config) = (digest(component), digest(config.as_bytes()));
        self.push_blob(name, &of_config, config.as_bytes());
        self.push_blob(name, &layer, component);
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": of_config, "size": config.len() },
            "layers": [{ "mediaType": "application/wasm", "digest": layer, "size": component.len() }],
        });
        let put = self.agent.put(format!("{}/v2/{name}/manifests/{tag}", self.url));
        check(
            "manifest",
            put.header("content-type", MANIFEST)
                .send(SendBody::from_owned_reader(std::io::Cursor::new(manifest.to_string().into_bytes()))),
            201,
        );
    }

    pub(super) fn pull_pack(&mut self, name: &str, tag: &str) {
        let get = self.agent.get(format!("{}/v2/{name}/manifests/{tag}", self.url)).header("accept", MANIFEST);
        let mut answer = check("manifest", get.call(), 200);
        let text = answer.body_mut().read_to_string().expect("a manifest");
        let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for descriptor in [&manifest["config"], &manifest["layers"][0]] {
            let size = self.pull(name, "blobs", descriptor["digest"].as_str().expect("a digest"));
            assert_eq!(Some(size), descriptor["size"].as_u64());
        }
    }

    /// How many bytes came.
    pub(super) fn pull(&mut self, name: &str, kind: &str, reference: &str) -> u64 {
        let mut answer =
            check("pull", self.agent.get(format!("{}/v2/{name}/{kind}/{reference}", self.url)).call(), 200);
        std::io::copy(&mut answer.body_mut().as_reader(), &mut std::io::sink()).expect("content")
    }
}
