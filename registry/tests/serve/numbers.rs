//! What is counted, logged and refused by numbers.

use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::support::{HANG, Server, digest, push_blob};

#[tokio::test]
async fn requests_are_counted_one_by_one() {
    let server = Server::start("");
    let client = reqwest::Client::new();
    let content = b"0123456789";
    let blob = push_blob(&client, &server, "a", content).await;
    let mut sent = 0;
    let absent = format!("/v2/a/blobs/{}", digest(b"absent"));
    for path in [format!("/v2/a/blobs/{blob}"), format!("/v2/a/blobs/{blob}"), absent, "/v2/".into(), "/x".into()] {
        sent += client.get(server.url(&path)).send().await.unwrap().bytes().await.unwrap().len() as u64;
    }
    client.head(server.url(&format!("/v2/a/blobs/{blob}"))).send().await.unwrap();
    for (labels, count) in [
        (r#"method="POST",route="upload",status="202""#, 1),
        (r#"method="PUT",route="upload",status="201""#, 1),
        (r#"method="GET",route="blob",status="200""#, 2),
        (r#"method="GET",route="blob",status="404""#, 1),
        (r#"method="HEAD",route="blob",status="200""#, 1),
        (r#"method="GET",route="base",status="200""#, 1),
        (r#"method="GET",route="other",status="404""#, 1),
    ] {
        server.metric_becomes(&format!("lanner_registry_requests_total{{{labels}}}"), count).await;
    }
    let blobs = r#"lanner_registry_request_duration_seconds_count{route="blob"}"#;
    server.metric_becomes(blobs, 4).await;
    assert_eq!(server.metric("lanner_registry_received_bytes_total").await, content.len() as u64);
    assert_eq!(server.metric("lanner_registry_sent_bytes_total").await, sent);
    assert_eq!(server.metric("lanner_registry_uploads_in_progress").await, 0);
    assert_eq!(server.metric(r#"lanner_registry_build_info{version="0.1.0"}"#).await, 1);
    drop(client);
    server.metric_becomes("lanner_registry_connections", 0).await;
}

#[tokio::test]
async fn an_upload_is_in_progress_while_it_is() {
    let server = Server::start("");
    let (mut sender, body) = tokio::io::duplex(64);
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(body));
    let url = server.url(&format!("/v2/a/blobs/uploads/?digest={}", digest(b"half whole")));
    let pushing = tokio::spawn(reqwest::Client::new().post(url).body(body).send());
    tokio::io::AsyncWriteExt::write_all(&mut sender, b"half").await.unwrap();
    server.metric_becomes("lanner_registry_uploads_in_progress", 1).await;
    tokio::io::AsyncWriteExt::write_all(&mut sender, b" whole").await.unwrap();
    drop(sender);
    assert_eq!(pushing.await.unwrap().unwrap().status(), 201);
    server.metric_becomes("lanner_registry_uploads_in_progress", 0).await;
}

#[tokio::test]
async fn the_log_tells_what_was_answered_and_no_secret() {
    let folder = std::sync::Arc::new(tempfile::tempdir().unwrap());
    let mut server = Server::start_with(folder, "", &["--log-format", "json"]);
    let request = reqwest::Client::new().get(server.url("/v2/?account=me&token=QUERYSECRET"));
    request.basic_auth("me", Some("PASSWORDSECRET")).send().await.unwrap();
    server.metric_becomes(r#"lanner_registry_requests_total{method="GET",route="base",status="200"}"#, 1).await;
    server.stop();
    let log = server.log();
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["status"], 200);
    assert_eq!(line["bytes"], 2);
    assert!(line["ms"].is_number());
    assert_eq!(line["span"]["method"], "GET");
    assert_eq!(line["span"]["path"], "/v2/");
    assert_eq!(line["span"]["client"], "127.0.0.1");
    assert!(line["span"]["user"].is_string(), "{line}");
    // `me:PASSWORDSECRET` in base64.
    for secret in ["QUERYSECRET", "PASSWORDSECRET", "bWU6UEFTU1dPUkRTRUNSRVQ"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn readiness_is_that_of_the_storage() {
    let server = Server::start("");
    // What it says of the storage. A disk that is busy for some seconds counts as one that fails: it is asked again.
    let ready = async || {
        let began = Instant::now();
        loop {
            let answer = reqwest::get(server.admin_url("/readyz")).await.unwrap();
            let (status, said) = (answer.status(), answer.text().await.unwrap());
            if !said.contains("does not answer within") {
                return (status, said);
            }
            assert!(began.elapsed() < HANG, "{said}");
        }
    };
    assert_eq!(ready().await.0, StatusCode::OK);

    // Something else stands in its place, which stops the administrator of all systems too.
    let aside = server.storage().with_extension("aside");
    std::fs::rename(server.storage(), &aside).unwrap();
    std::fs::write(server.storage(), "no folder").unwrap();
    let (status, said) = ready().await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!said.trim().is_empty());
    assert!(server.metric("lanner_registry_storage_errors_total").await >= 1);
    assert_eq!(reqwest::get(server.admin_url("/healthz")).await.unwrap().status(), 200);
    // Clients are told that it failed, not where.
    let refused = reqwest::Client::new().post(server.url("/v2/a/blobs/uploads/")).send().await.unwrap();
    assert_eq!(refused.status(), 500);
    let said = refused.text().await.unwrap();
    assert!(!said.contains(server.storage().to_str().unwrap()), "{said}");

    std::fs::remove_file(server.storage()).unwrap();
    std::fs::rename(&aside, server.storage()).unwrap();
    assert_eq!(ready().await.0, StatusCode::OK);
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let server = Server::start("[limits]\nrequests_per_second = 1\nburst = 3\n");
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let ask = async || client.get(server.url("/v2/")).send().await.unwrap();
    assert_eq!(ask().await.status(), 200);
    // Many at once, so that few are won back meanwhile: a slow machine takes long for their answers, not for asking.
    let answers = futures_util::future::join_all((0..100).map(|_| ask())).await;
    let (served, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status() == 200);
    // Those of the burst that are left after the first.
    assert!(served.len() >= 2, "{}", served.len());
    let count = refused.len();
    let refused = refused.into_iter().next().expect("somebody is refused");
    assert_eq!(refused.status(), 429);
    let after: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert_eq!(after, 1);
    assert!(refused.text().await.unwrap().contains("TOOMANYREQUESTS"));
    server.metric_becomes(r#"lanner_registry_rejected_total{reason="rate"}"#, count as u64).await;
    // The administrator is not limited: the metrics above were answered. Who waits as told is served.
    tokio::time::sleep(Duration::from_secs(after)).await;
    assert_eq!(ask().await.status(), 200);
}
