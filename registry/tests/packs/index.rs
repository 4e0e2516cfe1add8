//! The index keeps up with what is pushed and taken away, and is built again at a start.

use serde_json::{Value, json};

use crate::server::{Server, description, rule};

fn tags(answer: &Value) -> Vec<(String, Vec<String>)> {
    let texts = |value: &Value| value.as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect();
    let versions = answer["versions"].as_array().unwrap().iter();
    versions.map(|version| (version["version"].as_str().unwrap().to_owned(), texts(&version["tags"]))).collect()
}

fn one(version: &str, tags: &[&str]) -> (String, Vec<String>) {
    (version.to_owned(), tags.iter().map(|tag| (*tag).to_owned()).collect())
}

#[tokio::test]
async fn what_changes_is_noticed() {
    let server = Server::start("").await;
    let said = |version: &str| description("a", version, vec![rule("a/b", "low", &[])], &["exec"]);
    let path = "/api/v1/packs/team/a";
    let old = server.push("team/a", "stable", &said("1.0.0")).await;
    server.push("team/a", "edge", &said("2.0.0")).await;
    assert_eq!(tags(&server.json(path).await), [one("2.0.0", &["edge"]), one("1.0.0", &["stable"])]);
    // A tag is moved.
    server.push("team/a", "stable", &said("2.0.0")).await;
    assert_eq!(tags(&server.json(path).await), [one("2.0.0", &["edge", "stable"]), one("1.0.0", &[])]);
    // And to what is no pack.
    let config = server.blob("team/a", b"{}").await;
    let image = json!({ "schemaVersion": 2, "config": config, "layers": [] }).to_string();
    assert_eq!(server.manifest("team/a", Some("edge"), image.as_bytes()).await.0, 201);
    assert_eq!(tags(&server.json(path).await), [one("2.0.0", &["stable"]), one("1.0.0", &[])]);
    // Tags and manifests are taken away.
    server.delete("/v2/team/a/manifests/stable").await;
    assert_eq!(tags(&server.json(path).await), [one("2.0.0", &[]), one("1.0.0", &[])]);
    server.delete(&format!("/v2/team/a/manifests/{old}")).await;
    assert_eq!(tags(&server.json(path).await), [one("2.0.0", &[])]);
    let answer = server.json(path).await;
    server.delete(&format!("/v2/team/a/manifests/{}", answer["latest"]["digest"].as_str().unwrap())).await;
    assert_eq!(server.get(path).await.0, 404);
    assert!(server.found("").await.is_empty());
}

#[tokio::test]
async fn many_at_once() {
    let server = Server::start("").await;
    let said = |version: usize| description("a", &format!("{version}.0.0"), Vec::new(), &["exec"]);
    // All move the same tag.
    let all: Vec<_> = (0..12).map(said).collect();
    let pushes = all.iter().map(|said| server.push("team/a", "latest", said));
    futures_util::future::join_all(pushes).await;
    let answer = server.json("/api/v1/packs/team/a").await;
    let listed: Vec<_> = tags(&answer).into_iter().filter(|(_, tags)| !tags.is_empty()).collect();
    assert_eq!((listed.len(), &answer["versions_total"]), (1, &json!(12)));
    let (_, manifest) = server.get("/v2/team/a/manifests/latest").await;
    assert!(manifest.contains(&listed[0].0), "{manifest} {listed:?}");
}

#[tokio::test]
async fn it_is_built_again() {
    let server = Server::start("").await;
    let said = description("a", "1.0.0", vec![rule("a/b", "low", &[])], &["exec"]);
    for repository in ["a", "deep/er/a", "team/a"] {
        server.push(repository, "1", &said).await;
    }
    let before = server.json("/api/v1/packs?q=team/").await["packs"].clone();
    let server = server.restart("").await;
    assert_eq!(server.found("").await, ["a", "deep/er/a", "team/a"]);
    let mut after = server.json("/api/v1/packs?q=team/").await["packs"].clone();
    // Only the port is another.
    for field in ["pull", "pinned"] {
        after[0]["latest"][field] = before[0]["latest"][field].clone();
    }
    assert_eq!(after, before);
}
