//! Pushing and pulling, and the other verbs of the command.

use crate::support::{Server, command, digest, push_blob, push_manifest, run};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_is_pulled() {
    let mut server = Server::start("");
    let clients = [
        ("HTTP/1.1", reqwest::Client::builder().http1_only().build().unwrap()),
        ("HTTP/2.0", reqwest::Client::builder().http2_prior_knowledge().build().unwrap()),
    ];
    for (version, client) in clients {
        // More than one portion, and no whole number of them.
        let bytes: Vec<u8> = version.bytes().cycle().take(1_000_001).collect();
        let blob = push_blob(&client, &server, "team/pack", &bytes).await;
        push_manifest(&client, &server, "team/pack", "1", &[(blob.clone(), bytes.len() as u64)]).await;
        let pulled = client.get(server.url(&format!("/v2/team/pack/blobs/{blob}"))).send().await.unwrap();
        assert_eq!(format!("{:?}", pulled.version()), version);
        assert_eq!(pulled.content_length(), Some(bytes.len() as u64));
        assert_eq!(digest(&pulled.bytes().await.unwrap()), blob);
        let manifest = client.get(server.url("/v2/team/pack/manifests/1")).send().await.unwrap();
        assert!(manifest.text().await.unwrap().contains(&blob));
        let alive = client.get(server.url("/healthz")).send().await.unwrap();
        assert_eq!(alive.text().await.unwrap(), "alive\n");
    }
    assert_eq!(server.stop().code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn verify_tells_what_is_damaged() {
    let mut server = Server::start("");
    let client = reqwest::Client::new();
    let blob = push_blob(&client, &server, "a", b"content").await;
    push_manifest(&client, &server, "a", "1", &[(blob.clone(), 7)]).await;
    let (said, code) = run("verify", &server.storage());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is in use by another lanner-registry"), "{said}");

    server.stop();
    let (said, code) = run("verify", &server.storage());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 blobs (7 bytes), 1 manifests and 1 tags verified"), "{said}");

    let hex = blob.strip_prefix("sha256:").unwrap();
    std::fs::write(server.storage().join(format!("blobs/sha256/{}/{hex}", &hex[..2])), "CONTENT").unwrap();
    let (said, code) = run("verify", &server.storage());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{hex} is damaged: its content has the digest {}", digest(b"CONTENT"))), "{said}");
}

#[tokio::test]
async fn collect_takes_what_the_configuration_lets_it_take() {
    let config = "[collect]\nunreferenced_after = '0s'\nuploads_after = '0s'\n";
    let mut server = Server::start(config);
    let client = reqwest::Client::new();
    let kept = push_blob(&client, &server, "a", b"kept").await;
    push_manifest(&client, &server, "a", "1", &[(kept.clone(), 4)]).await;
    let taken = push_blob(&client, &server, "a", b"taken").await;
    let (said, code) = run("collect", &server.storage());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is in use by another lanner-registry") && said.contains("POST /collect"), "{said}");

    // Asked for, while it serves.
    let collected = client.post(server.admin_url("/collect")).send().await.unwrap();
    assert_eq!(collected.status(), 200);
    let collected: serde_json::Value = serde_json::from_str(&collected.text().await.unwrap()).unwrap();
    let expected = serde_json::json!({ "manifests": 0, "links": 1, "blobs": 1, "bytes": 5, "uploads": 0 });
    assert_eq!(collected, expected);
    for (blob, status) in [(&kept, 200), (&taken, 404)] {
        let pulled = client.get(server.url(&format!("/v2/a/blobs/{blob}"))).send().await.unwrap();
        assert_eq!(pulled.status(), status);
    }
    assert_eq!(server.metric(r#"lanner_registry_collected_total{kind="blob"}"#).await, 1);
    assert_eq!(server.metric("lanner_registry_collected_bytes_total").await, 5);
    assert_eq!(server.metric(r#"lanner_registry_collections_total{outcome="done"}"#).await, 1);

    // And while it does not.
    push_blob(&client, &server, "a", b"taken later").await;
    server.stop();
    let config = server.folder().path().join("config.toml");
    let output = command().args(["collect", "--storage"]).arg(server.storage()).arg("--config").arg(config).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    assert_eq!(said, "taken away: 0 manifests, 1 blobs of repositories, 1 blobs (11 bytes), 0 uploads\n");
}

#[tokio::test]
async fn collections_come_by_themselves() {
    let server = Server::start("[collect]\nevery = '200ms'\nunreferenced_after = '0s'\n");
    push_blob(&reqwest::Client::new(), &server, "a", b"taken").await;
    server.metric_becomes("lanner_registry_collected_bytes_total", 5).await;
    server.logs("collected what nothing refers to").await;
    server.logs("blobs=1 bytes=5").await;
}

#[test]
fn exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.toml");
    let check = |text: &str| {
        std::fs::write(&config, text).unwrap();
        let output = command().arg("check").arg("--config").arg(&config).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), said)
    };
    let (code, said) =
        check("http.address = '0.0.0.0:5000'\naccess.anonymous = ['pull']\nlimits.requests_per_second = 7\n");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("http://0.0.0.0:5000") && said.contains("7 requests/s"), "{said}");
    assert!(said.contains("beware: clients of other machines are answered without TLS"), "{said}");
    for (text, expected) in [
        ("limits.idle_time = '0s'", "limits.idle_time would cut every client at once"),
        ("limits.idle_time = 'soon'", "is no time"),
        ("limits.nonsense = 1", "unknown field `nonsense`"),
        ("admin.address = 'nowhere'", "is no address with a port"),
        ("limits.burst = 3", "limits.burst means nothing without limits.requests_per_second"),
        ("[http.tls]\ncertificate = '/nowhere/a.pem'\nkey = '/nowhere/b.pem'", "wrong: /nowhere/a.pem cannot be read"),
        ("http.address = '127.0.0.1:7'\nadmin.address = '127.0.0.1:7'", "wrong: admin.address and http.address"),
    ] {
        let (code, said) = check(text);
        assert_eq!(code, Some(1), "{text}: {said}");
        assert!(said.contains(expected), "{text}: {said}");
    }
    // What cannot be read is never served.
    let serve = command().arg("serve").arg("--config").arg("/nowhere/config.toml").output().unwrap();
    assert_eq!(serve.status.code(), Some(1));
    for wrong in [vec!["sevre"], vec!["serve", "--listen", "here"], vec![]] {
        assert_eq!(command().args(&wrong).output().unwrap().status.code(), Some(2), "{wrong:?}");
    }
    let version = command().arg("--version").output().unwrap();
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(version.stdout, format!("lanner-registry {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
}

#[test]
fn an_address_that_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let output = command()
        .args(["serve", "--admin-listen", "none", "--listen", &address, "--storage"])
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("http.address {address} cannot be listened on: Address already in use")), "{said}");
}

/// The example names every option with its default.
#[test]
fn the_example_is_what_is_the_default() {
    use lanner_registry::config::Config;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/config.toml");
    let config = Config::read(&path).unwrap();
    assert_eq!(format!("{config:#?}"), format!("{:#?}", Config::default()));
    // Options that have no default stand there as comments, which are good too.
    let text = std::fs::read_to_string(&path).unwrap();
    let all: String = text.lines().map(|line| format!("{}\n", line.strip_prefix("#: ").unwrap_or(line))).collect();
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("config.toml");
    std::fs::write(&whole, &all).unwrap();
    let config = Config::read(&whole).unwrap();
    assert!(config.storage.s3.is_some() && config.http.tls.is_some() && config.limits.burst.is_some());
    assert!(config.collect.untagged_after.is_some() && config.http.url.is_some());
    let shown = format!("{config:?}");
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        if let Some((name, _)) = line.trim_start_matches("#: ").split_once(" = ") {
            assert!(shown.contains(name.trim()), "{name} is not an option");
        }
    }
}

#[test]
fn the_example_for_containers_starts() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/compose.toml");
    let output = command().args(["check", "--config", example]).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(output.status.success() && said.contains("http://0.0.0.0:5000"), "{said}");
}
