//! The end: nothing that is under way is lost, and nothing makes it take for ever: a server waits for longer than
//! [`HANG`] where a test does not say something else, so that it ends in time for a reason.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::{HANG, Server, digest, run};

/// An upload that has begun: where to write the rest, and what comes of it.
fn begin_upload(
    server: &Server,
    content: &[u8],
) -> (tokio::io::DuplexStream, tokio::task::JoinHandle<reqwest::Result<reqwest::Response>>) {
    let (sender, body) = tokio::io::duplex(64);
    let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(body));
    let url = server.url(&format!("/v2/a/blobs/uploads/?digest={}", digest(content)));
    (sender, tokio::spawn(reqwest::Client::new().post(url).body(body).send()))
}

async fn refuses_connections(server: &Server) {
    let began = Instant::now();
    while TcpStream::connect(server.address).await.is_ok() {
        assert!(began.elapsed() < HANG, "it goes on to accept");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn an_upload_under_way_ends_well() {
    let mut server = Server::start("");
    let (mut sender, pushing) = begin_upload(&server, b"first half, second half");
    sender.write_all(b"first half, ").await.unwrap();
    server.metric_becomes("lanner_registry_uploads_in_progress", 1).await;
    // Who only keeps a connection open does not hold the end up.
    let _idle = TcpStream::connect(server.address).await.unwrap();
    server.metric_becomes("lanner_registry_connections", 2).await;

    server.signal(Signal::TERM);
    refuses_connections(&server).await;
    let ready = reqwest::get(server.admin_url("/readyz")).await.unwrap();
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.text().await.unwrap(), "the server is stopping\n");
    server.metric_becomes("lanner_registry_connections", 1).await;
    for byte in b"second half" {
        sender.write_all(&[*byte]).await.unwrap();
    }
    drop(sender);
    assert_eq!(pushing.await.unwrap().unwrap().status(), 201);
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    assert!(server.log().ends_with("stopped\n"), "{}", server.log());
    let (said, code) = run("verify", &server.storage());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("1 blobs (23 bytes)"), "{said}");
}

#[tokio::test]
async fn one_that_takes_too_long_is_cut() {
    let mut server = Server::start("[limits]\nshutdown_time = '1s'\n");
    let (mut sender, pushing) = begin_upload(&server, b"never whole");
    sender.write_all(b"never").await.unwrap();
    server.metric_becomes("lanner_registry_uploads_in_progress", 1).await;
    let asked = Instant::now();
    assert_eq!(server.stop().code(), Some(0), "{}", server.log());
    assert!(asked.elapsed() >= Duration::from_secs(1), "{:?}", asked.elapsed());
    assert!(pushing.await.unwrap().is_err());
    assert!(server.log().contains("1 connections are cut: they did not end within 1s"), "{}", server.log());
    let (said, code) = run("verify", &server.storage());
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("0 blobs"), "{said}");
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let mut server = Server::start("");
    let (mut sender, pushing) = begin_upload(&server, b"never whole");
    sender.write_all(b"never").await.unwrap();
    server.metric_becomes("lanner_registry_uploads_in_progress", 1).await;
    server.signal(Signal::TERM);
    refuses_connections(&server).await;
    server.signal(Signal::INT);
    assert_eq!(server.wait().code(), Some(1), "{}", server.log());
    assert!(server.log().contains("ended at once, as a second signal came"), "{}", server.log());
    assert!(pushing.await.unwrap().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_ends_too() {
    let mut server = Server::start("");
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    assert_eq!(client.get(server.url("/v2/")).send().await.unwrap().status(), 200);
    // The connection is still open.
    assert_eq!(server.stop().code(), Some(0), "{}", server.log());
}

#[tokio::test]
async fn a_client_of_http_2_that_does_not_listen() {
    let mut server = Server::start("[limits]\nheader_time = '1s'\n");
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let began = Instant::now();
    // The server gives up on a client that takes a second to begin: on a machine that stalls it is tried again.
    while !client.get(server.url("/v2/")).send().await.is_ok_and(|answer| answer.status() == 200) {
        assert!(began.elapsed() < HANG, "{}", server.log());
    }
    server.metric_becomes("lanner_registry_connections", 1).await;
    // All of this test is one thread, and that waits: the client hears nothing of the end.
    assert_eq!(server.stop().code(), Some(0), "{}", server.log());
}
