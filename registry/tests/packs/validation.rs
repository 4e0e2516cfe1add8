//! Packs that are not taken.

use lanner_artifact::COMPONENT_MEDIA_TYPE;
use serde_json::{Value, json};

use crate::server::{Server, component, description, rule};

const CONFIG: &str = "[packs]\nvalidate = true\ncomponent_bytes = 1000000\n";

fn refused((status, body, _): (u16, String, String), culprit: &str) {
    assert_eq!(status, 400, "{body}");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["errors"][0]["code"], "MANIFEST_INVALID", "{body}");
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains(culprit), "{message}");
}

#[tokio::test]
async fn components_that_are_none() {
    let server = Server::start(CONFIG).await;
    let wasi = r#"(component (import "wasi:cli/environment@0.2.0" (instance)))"#;
    for (bytes, culprit) in [
        (b"not wasm".to_vec(), "is not a valid component"),
        (wat::parse_str("(module)").unwrap(), "is a core WebAssembly module"),
        (wat::parse_str("(component)").unwrap(), "exports no lanner:pack/rules@2.0.0"),
        (wat::parse_str(wasi).unwrap(), "exports no lanner:pack/rules@2.0.0"),
        (vec![0; 1_000_001], "at most 1000000 are allowed"),
    ] {
        let manifest = server.pack("team/a", None, &bytes).await;
        refused(server.manifest("team/a", Some("1"), &manifest).await, culprit);
    }
    // Nothing of it was kept.
    assert_eq!(server.get("/v2/team/a/manifests/1").await.0, 404);
    assert!(server.found("").await.is_empty());
    // The one that is one, twice; and without a description.
    let good = server.pack("team/a", None, &component()).await;
    for tag in ["1", "2"] {
        assert_eq!(server.manifest("team/a", Some(tag), &good).await.0, 201);
    }
}

#[tokio::test]
async fn manifests_that_are_wrong() {
    let server = Server::start(CONFIG).await;
    let good: Value = serde_json::from_slice(&server.pack("team/a", None, &component()).await).unwrap();
    let push = async |change: &dyn Fn(&mut Value)| {
        let mut manifest = good.clone();
        change(&mut manifest);
        server.manifest("team/a", Some("1"), manifest.to_string().as_bytes()).await
    };
    let missing = push(&|manifest| manifest["layers"][0]["digest"] = format!("sha256:{}", "0".repeat(64)).into()).await;
    refused(missing, "is not in this repository; push it before the manifest");
    let shorter = push(&|manifest| manifest["layers"][0]["size"] = 5.into()).await;
    refused(shorter, "not 5 as the manifest says");
    let layer = good["layers"][0].clone();
    let two = push(&|manifest| manifest["layers"].as_array_mut().unwrap().push(layer.clone())).await;
    refused(two, &format!("one layer of {COMPONENT_MEDIA_TYPE}, and this one has 2"));
    let said = |annotation: String| {
        move |manifest: &mut Value| manifest["annotations"] = json!({ "dev.lanner.pack.description": annotation })
    };
    refused(push(&said("{".into())).await, "cannot be read");
    let twice = description("a", "1.0.0", vec![rule("a/b", "low", &[]), rule("a/b", "low", &[])], &[]);
    refused(push(&said(twice.to_annotation())).await, "has the rule a/b twice");
    let severity = description("a", "1.0.0", vec![rule("a/b", "dreadful", &[])], &[]);
    refused(push(&said(severity.to_annotation())).await, "\"dreadful\"");
    let attack = description("a", "1.0.0", vec![rule("a/b", "low", &["T12"])], &[]);
    refused(push(&said(attack.to_annotation())).await, "\"T12\"");
}

#[tokio::test]
async fn without_being_told_to_nobody_looks() {
    let server = Server::start("").await;
    let manifest = server.pack("team/a", Some("{"), b"not wasm").await;
    assert_eq!(server.manifest("team/a", Some("1"), &manifest).await.0, 201);
    // It is listed, as one that says nothing.
    let answer = server.json("/api/v1/packs/team/a").await;
    assert_eq!((&answer["name"], &answer["latest"]["rules"]), (&json!("a"), &json!([])));
}
