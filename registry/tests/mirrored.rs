//! One of our registries as the mirror of another one, both the real program.

mod support;

use lanner_artifact::{COMPONENT_MEDIA_TYPE, CONFIG_MEDIA_TYPE, DESCRIPTION_ANNOTATION, Description};
use reqwest::Client;
use serde_json::{Value, json};
use support::Server;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn digest(bytes: &[u8]) -> String {
    lanner_registry::oci::Digest::of(lanner_registry::oci::Algorithm::Sha256, bytes).to_string()
}

async fn push_blob(client: &Client, server: &Server, bytes: &'static [u8]) -> String {
    let digest = digest(bytes);
    let url = server.url(&format!("/v2/team/pack/blobs/uploads/?digest={digest}"));
    assert_eq!(client.post(url).body(bytes).send().await.unwrap().status(), 201);
    digest
}

#[tokio::test]
async fn a_pack_through_a_mirror() {
    let (client, mut upstream) = (Client::new(), Server::start(""));
    let (config, layer) =
        (push_blob(&client, &upstream, b"{}").await, push_blob(&client, &upstream, b"component").await);
    let said = Description::new("far".into(), "1.2.3".into(), "From elsewhere".into(), Vec::new(), vec!["exec".into()]);
    let manifest = json!({ "schemaVersion": 2, "mediaType": MANIFEST, "annotations": { DESCRIPTION_ANNOTATION: said.to_annotation() },
        "config": { "mediaType": CONFIG_MEDIA_TYPE, "digest": config, "size": 2 },
        "layers": [{ "mediaType": COMPONENT_MEDIA_TYPE, "digest": layer, "size": 9 }] });
    let put = client.put(upstream.url("/v2/team/pack/manifests/1")).header("content-type", MANIFEST);
    assert_eq!(put.body(manifest.to_string()).send().await.unwrap().status(), 201);

    let mirror = Server::start(&format!(
        "[[mirror]]\nprefix = 'far'\nurl = '{}'\nrefresh = '2h'\ntimeout = '2h'\n",
        upstream.url("")
    ));
    let get = async |path: &str| client.get(mirror.url(path)).send().await.unwrap();
    let pulled = get("/v2/far/team/pack/manifests/1").await;
    assert_eq!(pulled.status(), 200);
    assert_eq!(pulled.text().await.unwrap(), manifest.to_string());
    assert_eq!(get(&format!("/v2/far/team/pack/blobs/{layer}")).await.bytes().await.unwrap(), b"component".as_ref());

    // It is listed as what it is, and counted.
    let packs: Value = serde_json::from_slice(&get("/api/v1/packs").await.bytes().await.unwrap()).unwrap();
    assert_eq!(
        (&packs["packs"][0]["repository"], &packs["packs"][0]["name"]),
        (&json!("far/team/pack"), &json!("far"))
    );
    assert_eq!(packs["packs"][0]["latest"]["tags"], json!(["1"]));

    // The other one is gone: what is here stays.
    upstream.stop();
    assert_eq!(get("/v2/far/team/pack/manifests/1").await.status(), 200);
    assert_eq!(get(&format!("/v2/far/team/pack/blobs/{layer}")).await.status(), 200);
    assert_eq!(get("/v2/far/team/pack/manifests/2").await.status(), 502);
    let numbers = client.get(mirror.admin_url("/metrics")).send().await.unwrap().text().await.unwrap();
    let count = |what: &str| {
        let line = numbers.lines().find(|line| line.starts_with("lanner_registry_mirror_total") && line.contains(what));
        line.and_then(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
            .unwrap_or_else(|| panic!("{what}: {numbers}"))
    };
    let counted = ["hits", "misses", "errors", "bytes"].map(|what| count(&format!("what=\"{what}\"")));
    assert_eq!(counted, [2, 3, 1, 9 + manifest.to_string().len() as u64]);
}
