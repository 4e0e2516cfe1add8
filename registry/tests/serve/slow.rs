//! Clients that keep the server waiting are cut; those that are only slow are not.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{PATIENCE, Server, digest, push_blob};

const HASTY: &str = "[limits]\nheader_time = '1s'\nidle_time = '1s'\n";
const SECOND: Duration = Duration::from_secs(1);

/// Everything that comes until the server ends the connection, one way or the other.
async fn read_to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("the server ends it");
    all
}

async fn rejected(server: &Server, reason: &str, count: u64) {
    server.metric_becomes(&format!("lanner_registry_rejected_total{{reason=\"{reason}\"}}"), count).await;
}

#[tokio::test]
async fn a_head_that_does_not_come() {
    let server = Server::start(HASTY);
    // Nothing at all; a part of what begins HTTP/2; a head byte by byte for ever.
    for (count, first) in ["", "PRI * HT", "GET /v2/ HTTP/1.1\r\nHost: x\r\n"].into_iter().enumerate() {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let began = Instant::now();
        stream.write_all(first.as_bytes()).await.unwrap();
        let (mut reader, mut writer) = stream.split();
        let drip = async {
            while !first.is_empty() && !first.starts_with("PRI") && writer.write_all(b"a").await.is_ok() {
                sleep(Duration::from_millis(100)).await;
            }
            std::future::pending::<()>().await;
        };
        let mut answer = Vec::new();
        tokio::select! {
            _ = reader.read_to_end(&mut answer) => {}
            () = drip => {}
            () = sleep(PATIENCE) => panic!("{first:?} is not cut"),
        }
        assert!(began.elapsed() >= SECOND, "{first:?} is cut after {:?}", began.elapsed());
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{first:?}");
        rejected(&server, "slow_header", count as u64 + 1).await;
    }
    // Nor does a handshake of TLS without TLS hold anything.
    server.metric_becomes("lanner_registry_connections", 0).await;
}

#[tokio::test]
async fn a_body_that_stops() {
    let server = Server::start(HASTY);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let path = format!("/v2/a/blobs/uploads/?digest={}", digest(b"0123456789"));
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n01234");
    let began = Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = String::from_utf8(read_to_the_end(&mut stream).await).unwrap();
    assert!(began.elapsed() >= SECOND);
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("the client sent nothing for 1s"), "{answer}");
    rejected(&server, "slow_body", 1).await;
    let blob = reqwest::get(server.url(&format!("/v2/a/blobs/{}", digest(b"0123456789")))).await.unwrap();
    assert_eq!(blob.status(), 404);
}

#[tokio::test]
async fn a_body_that_is_slow_but_comes() {
    let server = Server::start(HASTY);
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let path = format!("/v2/a/blobs/uploads/?digest={}", digest(b"0123456789"));
    let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    for byte in b"0123456789" {
        // Much longer in all than a silence may be.
        sleep(Duration::from_millis(300)).await;
        stream.write_all(&[*byte]).await.unwrap();
    }
    let answer = String::from_utf8(read_to_the_end(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

/// More than all buffers between a server and a client hold.
fn large() -> Vec<u8> {
    vec![9; 48 << 20]
}

#[tokio::test]
async fn who_takes_nothing_of_what_it_asked_for() {
    let server = Server::start(HASTY);
    let large = large();
    let blob = push_blob(&reqwest::Client::new(), &server, "a", &large).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /v2/a/blobs/{blob} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    rejected(&server, "slow_reader", 1).await;
    let got = read_to_the_end(&mut stream).await;
    assert!(got.starts_with(b"HTTP/1.1 200"));
    assert!(got.len() < large.len(), "all {} bytes came", got.len());
}

/// There the connection goes on (pings are answered, other requests are), and one stream stands still.
#[tokio::test]
async fn who_takes_nothing_over_http_2() {
    let server = Server::start(HASTY);
    let large = large();
    let blob = push_blob(&reqwest::Client::new(), &server, "a", &large).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let mut standing = client.get(server.url(&format!("/v2/a/blobs/{blob}"))).send().await.unwrap();
    let began = Instant::now();
    let mut cut = false;
    while !cut && began.elapsed() < PATIENCE {
        sleep(Duration::from_millis(100)).await;
        cut = server.metric(r#"lanner_registry_rejected_total{reason="slow_reader"}"#).await == 1;
        if !cut {
            client.get(server.url("/v2/")).send().await.unwrap();
        }
    }
    assert!(cut && began.elapsed() >= SECOND, "{:?}", began.elapsed());
    let mut got = 0;
    while let Ok(Some(bytes)) = standing.chunk().await {
        got += bytes.len();
    }
    assert!(got < large.len(), "all {got} bytes came");
}

#[tokio::test]
async fn who_reads_slowly_gets_everything() {
    let server = Server::start(HASTY);
    let large = large();
    let blob = push_blob(&reqwest::Client::new(), &server, "a", &large).await;
    for client in [
        reqwest::Client::builder().http1_only().build().unwrap(),
        reqwest::Client::builder().http2_prior_knowledge().build().unwrap(),
    ] {
        let mut pulled = client.get(server.url(&format!("/v2/a/blobs/{blob}"))).send().await.unwrap();
        let (began, mut got, mut paused) = (Instant::now(), 0, 0);
        while let Some(bytes) = pulled.chunk().await.unwrap() {
            got += bytes.len();
            // A pause every 4 MiB, for 3 s in all.
            if got >> 22 > paused {
                paused = got >> 22;
                sleep(Duration::from_millis(250)).await;
            }
        }
        assert_eq!(got, large.len());
        assert!(began.elapsed() > SECOND * 2);
    }
    rejected(&server, "slow_reader", 0).await;
}

/// What a process may open besides connections.
const OTHER: u64 = 2_000;

#[tokio::test]
async fn ten_thousand_half_open_connections() {
    const COUNT: usize = 10_000;
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let most = limit.maximum.unwrap_or(u64::MAX).saturating_sub(OTHER);
    // As many at once as this machine allows, and so often that it is as many in all.
    let at_once = usize::try_from(most).unwrap().min(COUNT);
    assert!(at_once > 100, "a process may open too few files here: {limit:?}");
    let server = Server::start("[limits]\nheader_time = '120s'\n");
    let (mut opened, mut most_open) = (0, 0);
    while opened < COUNT {
        let mut streams = Vec::with_capacity(at_once);
        for at in 0..at_once {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            // Some say nothing, some begin a request.
            if at % 2 == 0 {
                stream.write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
            }
            streams.push(stream);
        }
        let began = Instant::now();
        let answer = timeout(PATIENCE, reqwest::get(server.url("/v2/"))).await.expect("an answer").unwrap();
        assert_eq!(answer.status(), 200);
        assert!(began.elapsed() < Duration::from_secs(5), "an answer takes {:?}", began.elapsed());
        most_open = most_open.max(server.metric("lanner_registry_connections").await);
        opened += streams.len();
    }
    assert!(most_open >= at_once as u64, "only {most_open} of {at_once} were open at once");
    server.metric_becomes("lanner_registry_connections", 0).await;
    let memory = server.most_memory();
    assert!(memory < 400 << 20, "{memory} bytes");
}

/// More than `limits.connections` wait, and are served when there is room.
#[tokio::test]
async fn no_more_connections_than_allowed() {
    let server = Server::start("[limits]\nconnections = 4\nheader_time = '2s'\n");
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(TcpStream::connect(server.address).await.unwrap());
    }
    server.metric_becomes("lanner_registry_connections", 4).await;
    let began = Instant::now();
    let answer = reqwest::get(server.url("/v2/")).await.unwrap();
    assert_eq!(answer.status(), 200);
    // Those who say nothing make room after their time, not before.
    assert!(began.elapsed() >= SECOND, "{:?}", began.elapsed());
}
