//! The search, as programs ask it.

use serde_json::json;

use crate::server::{Server, description, rule};

#[tokio::test]
async fn packs_are_found_by_what_they_say() {
    let server = Server::start("").await;
    let rules = || vec![rule("credential-access/shadow-read", "high", &["T1003.008"]), rule("x/y", "low", &["T1059"])];
    server.push("lanner/starter", "1.0.0", &description("starter", "1.0.0", rules(), &["open", "exec"])).await;
    let miner = description("miner", "0.1.0", vec![rule("impact/mining", "medium", &["T1496"])], &["connect"]);
    server.push("team/miner", "0.1.0", &miner).await;
    // Not a pack.
    let config = server.blob("plain/image", b"{}").await;
    let image = json!({ "schemaVersion": 2, "config": config, "layers": [] }).to_string();
    assert_eq!(server.manifest("plain/image", Some("1"), image.as_bytes()).await.0, 201);

    let (starter, miner) = (vec!["lanner/starter".to_owned()], vec!["team/miner".to_owned()]);
    assert_eq!(server.found("").await, [starter.clone(), miner.clone()].concat());
    for (query, found) in [
        ("q=SHADOW+starter", &starter),
        ("q=team/", &miner),
        ("name=start", &starter),
        ("rule=mining", &miner),
        ("attack=T1003", &starter),
        ("attack=t1003.008", &starter),
        ("event=connect", &miner),
        ("severity=high", &starter),
        ("last=lanner/starter", &miner),
        ("n=1", &starter),
    ] {
        assert_eq!(&server.found(query).await, found, "{query}");
    }
    for query in ["q=shadow+mining", "attack=T100", "attack=T1003.001", "event=conn", "severity=low&attack=T1003"] {
        assert!(server.found(query).await.is_empty(), "{query}");
    }
    let (status, body) = server.get("/api/v1/packs?severity=dreadful").await;
    assert!(status == 400 && body.contains("critical"), "{status} {body}");
}

#[tokio::test]
async fn an_answer_says_all() {
    let server = Server::start("[http]\nurl = \"https://packs.example.org/\"\n").await;
    let rules = vec![rule("a/b", "high", &["T1003.008"])];
    let first = server.push("team/a", "1.9.0", &description("first", "1.9.0", rules.clone(), &["open"])).await;
    let second = server.push("team/a", "1.10.0", &description("second", "1.10.0", rules.clone(), &["open"])).await;
    let answer = server.json("/api/v1/packs/team/a").await;
    assert_eq!(answer["name"], "second");
    assert_eq!(answer["versions_total"], 2);
    let latest = &answer["latest"];
    assert_eq!(latest["digest"], second);
    assert_eq!(latest["tags"], json!(["1.10.0"]));
    assert_eq!(latest["summary"], "All about second");
    assert_eq!(latest["events"], json!(["open"]));
    assert_eq!(latest["rules"], json!(rules));
    assert_eq!((&latest["signatures"], &latest["verified"]), (&json!(0), &json!(null)));
    assert_eq!(latest["pull"], "lanner pack pull oci://packs.example.org/team/a:1.10.0");
    assert_eq!(latest["pinned"], format!("oci://packs.example.org/team/a@{second}"));
    assert_eq!(latest["size"], crate::server::component().len());
    assert_eq!(answer["versions"][1]["digest"], first);
    for path in ["/api/v1/packs/team/none", "/api/v1/packs/..%2Fetc"] {
        let (status, _) = server.get(path).await;
        assert!(status == 404 || status == 400, "{path} {status}");
    }
}

#[tokio::test]
async fn pages_follow_each_other() {
    let server = Server::start("").await;
    for name in ["a", "b", "c"] {
        server.push(&format!("many/{name}"), "1", &description(name, "1.0.0", Vec::new(), &["exec"])).await;
    }
    let mut next = Some("/api/v1/packs?q=many&n=1".to_owned());
    let mut found = Vec::new();
    while let Some(path) = next {
        let answer = server.json(&path).await;
        found.push(answer["packs"][0]["repository"].as_str().unwrap().to_owned());
        next = answer["next"].as_str().map(ToOwned::to_owned);
    }
    assert_eq!(found, ["many/a", "many/b", "many/c"]);
}
