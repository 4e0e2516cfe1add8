//! Another registry than ours: Debian's `docker-registry`.

use std::process::{Child, Command, Stdio};

use super::scene::{Mirror, config, image, push, push_blob};
use super::support::Said;
use lanner_registry::config::{Limits, Tags};

struct Peer {
    url: String,
    process: Child,
    said: Said,
    _folder: tempfile::TempDir,
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Peer {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.yml");
        let storage = folder.path().join("storage");
        let text = format!(
            "version: 0.1\nlog: {{level: info}}\nstorage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\n\
             http: {{addr: 127.0.0.1:0}}\n",
            storage.display()
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(&file).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().expect("Debian's docker-registry: run xtask/setup.sh test");
        let said = Said::by(&mut process);
        let mut peer = Self { url: String::new(), process, said, _folder: folder };
        // It says which port it took.
        const LISTENING: &str = "listening on ";
        let port = |said: &str| {
            let (_, port) = said.split_once(LISTENING)?.1.split_once(':')?;
            port.split(|byte: char| !byte.is_ascii_digit()).next()?.parse::<u16>().ok()
        };
        peer.url = format!("http://127.0.0.1:{}", peer.said.wait_for(LISTENING, port).await);
        peer
    }
}

#[tokio::test]
async fn a_mirror_of_another_registry() {
    let peer = Peer::start().await;
    let layer: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    push_blob(&peer.url, "team/a", b"{}".to_vec()).await;
    let blob = push_blob(&peer.url, "team/a", layer.clone()).await;
    let manifest = image(&layer, "1");
    let digest = push(&peer.url, "team/a", "1", &manifest).await;
    let mirror = Mirror::start(&[config(&peer.url)], Limits::default(), Tags::default()).await;
    for _ in 0..2 {
        let answer = mirror.get("up/team/a/manifests/1").await.is(200);
        assert_eq!(answer.headers["docker-content-digest"], digest.as_str());
        assert_eq!(answer.json(), manifest);
        assert!(mirror.get(&format!("up/team/a/blobs/{blob}")).await.is(200).body() == layer);
    }
    assert_eq!(mirror.get("up/team/a/tags/list").await.is(200).json()["tags"], serde_json::json!(["1"]));
    let none = mirror.get(&format!("up/team/a/referrers/{digest}")).await.is(200);
    assert_eq!(none.json()["manifests"], serde_json::json!([]), "it knows of no referrers");
    mirror.get("up/team/b/manifests/1").await.refused(404, "MANIFEST_UNKNOWN", "no manifest");
    drop(peer);
    assert!(mirror.get("up/team/a/manifests/1").await.is(200).is_stale());
    assert_eq!(mirror.verified().await.blobs, 1);
}
