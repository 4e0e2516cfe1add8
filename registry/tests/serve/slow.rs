//! Clients that keep the server waiting are cut; those that are only slow are not. How time is counted is tested beside
//! the code, with a clock that stands; here is that it is counted at all. A machine may stall for longer than the times
//! that are set here: that cuts nobody who must not be cut, or it is tried again.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::support::{HANG, Server, digest, push_blob};

/// The times that are set here.
const SECOND: Duration = Duration::from_secs(1);

/// Everything that comes until the server ends the connection, one way or the other.
async fn read_to_the_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset is an end too.
    let _ = timeout(HANG, stream.read_to_end(&mut all)).await.expect("the server ends it");
    all
}

async fn rejected(server: &Server, reason: &str, count: u64) {
    server.metric_becomes(&format!("lanner_registry_rejected_total{{reason=\"{reason}\"}}"), count).await;
}

#[tokio::test]
async fn a_head_that_does_not_come() {
    let server = Server::start("[limits]\nheader_time = '1s'\n");
    // Nothing at all; a part of what begins HTTP/2; a head byte by byte for ever.
    for (count, first) in ["", "PRI * HT", "GET /v2/ HTTP/1.1\r\nHost: x\r\n"].into_iter().enumerate() {
        // The server counts from when it has the connection, which may be before this process knows of it.
        let began = Instant::now();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        // It may be cut already.
        let _ = stream.write_all(first.as_bytes()).await;
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
            () = sleep(HANG) => panic!("{first:?} is not cut"),
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
    let server = Server::start("[limits]\nidle_time = '1s'\n");
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

/// A form that trickles is cut, though the client is never silent and needs no login to begin.
#[tokio::test]
async fn a_form_that_trickles() {
    let server = Server::start("[limits]\nbody_time = '1s'\n");
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n").await.unwrap();
    let (mut reader, mut writer) = stream.split();
    let drip = async {
        while writer.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    tokio::select! {
        _ = reader.read_to_end(&mut answer) => {}
        () = drip => {}
        () = sleep(HANG) => panic!("it is not cut"),
    }
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408 "), "{}", String::from_utf8_lossy(&answer));
    rejected(&server, "slow_body", 1).await;
}

/// One client does not take the connections of all.
#[tokio::test]
async fn no_more_connections_of_one_client_than_allowed() {
    let server = Server::start("[limits]\nconnections_per_address = 2\n");
    let mut first = TcpStream::connect(server.address).await.unwrap();
    let _second = TcpStream::connect(server.address).await.unwrap();
    server.metric_becomes("lanner_registry_connections", 2).await;
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert!(read_to_the_end(&mut third).await.is_empty());
    rejected(&server, "connections", 1).await;
    first.shutdown().await.unwrap();
    read_to_the_end(&mut first).await;
    server.metric_becomes("lanner_registry_connections", 1).await;
    assert_eq!(reqwest::get(server.url("/v2/")).await.unwrap().status(), 200);
}

/// What a server says that has read a head and wants the body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The time for a head is over when that has come.
#[tokio::test]
async fn a_body_that_is_slow_but_comes() {
    let server = Server::start("[limits]\nheader_time = '1s'\n");
    let path = format!("/v2/a/blobs/uploads/?digest={}", digest(b"0123456789"));
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
    );
    let first = Instant::now();
    // Until the head came in time.
    let mut stream = loop {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let _ = stream.write_all(head.as_bytes()).await;
        let mut said = [0; CONTINUE.len()];
        let read = timeout(HANG, stream.read_exact(&mut said)).await.expect("an answer, or an end");
        if read.is_ok() && said == CONTINUE {
            break stream;
        }
        assert!(first.elapsed() < HANG, "no head comes in time");
    };
    for byte in b"0123456789" {
        // Much longer in all than a head may take.
        sleep(SECOND * 3 / 10).await;
        stream.write_all(&[*byte]).await.unwrap();
    }
    let answer = String::from_utf8(read_to_the_end(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
}

/// More than all buffers between a server and a client hold.
fn large() -> Vec<u8> {
    vec![9; 48 << 20]
}

/// A server that does not wait long for who takes nothing, with a blob that was pushed while it did.
async fn with_large_blob() -> (Server, String) {
    let mut server = Server::start("");
    let blob = push_blob(&reqwest::Client::new(), &server, "a", &large()).await;
    assert!(server.stop().success(), "{}", server.log());
    (Server::start_in(server.folder(), "[limits]\nidle_time = '1s'\n"), blob)
}

#[tokio::test]
async fn who_takes_nothing_of_what_it_asked_for() {
    let (server, blob) = with_large_blob().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!("GET /v2/a/blobs/{blob} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    rejected(&server, "slow_reader", 1).await;
    let got = read_to_the_end(&mut stream).await;
    assert!(got.starts_with(b"HTTP/1.1 200"));
    assert!(got.len() < large().len(), "all {} bytes came", got.len());
}

/// There the connection goes on (pings are answered, other requests are), and one stream stands still.
#[tokio::test]
async fn who_takes_nothing_over_http_2() {
    let (server, blob) = with_large_blob().await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let url = server.url(&format!("/v2/a/blobs/{blob}"));
    let first = Instant::now();
    let (began, mut standing) = loop {
        let began = Instant::now();
        // A connection is closed that asks for nothing for a second.
        match client.get(&url).send().await {
            Ok(standing) => break (began, standing),
            Err(error) => assert!(began.elapsed() >= SECOND && first.elapsed() < HANG, "{error}"),
        }
    };
    while server.metric(r#"lanner_registry_rejected_total{reason="slow_reader"}"#).await == 0 {
        assert!(first.elapsed() < HANG, "it is not cut");
        // This one may be cut together with the other.
        let _ = client.get(server.url("/v2/")).send().await;
        sleep(Duration::from_millis(100)).await;
    }
    assert!(began.elapsed() >= SECOND, "{:?}", began.elapsed());
    rejected(&server, "slow_reader", 1).await;
    let mut got = 0;
    while let Ok(Some(bytes)) = standing.chunk().await {
        got += bytes.len();
    }
    assert!(got < large().len(), "all {got} bytes came");
}

/// After how much a slow reader pauses, in bytes, and for how long. HTTP/2 holds back no more than that.
const STEP: usize = 2 << 20;
const PAUSE: Duration = Duration::from_millis(100);
/// Who takes each step in less has taken something of what the server has sent lately, whenever the server looks.
const BRISK: Duration = Duration::from_millis(250);

/// Takes all of a blob, which lasts much longer than a client may be silent. Not, if it was cut after the machine had
/// stalled.
async fn is_taken_slowly(client: &reqwest::Client, url: &str) -> bool {
    let began = Instant::now();
    let mut pulled = match client.get(url).send().await {
        Ok(pulled) => pulled,
        Err(error) => {
            assert!(began.elapsed() >= SECOND, "{error}");
            return false;
        }
    };
    let (mut step, mut got, mut stalled) = (Instant::now(), 0, false);
    loop {
        let piece = pulled.chunk().await;
        stalled |= step.elapsed() >= BRISK;
        match piece {
            Ok(Some(bytes)) => {
                let steps = got / STEP;
                got += bytes.len();
                if got / STEP > steps {
                    sleep(PAUSE).await;
                    stalled |= step.elapsed() >= BRISK;
                    step = Instant::now();
                }
            }
            Ok(None) => break,
            Err(error) => {
                assert!(stalled, "cut after {got} bytes, though it was never silent: {error}");
                return false;
            }
        }
    }
    assert_eq!(got, large().len());
    assert!(began.elapsed() > SECOND * 2, "that was not slow");
    true
}

#[tokio::test]
async fn who_reads_slowly_gets_everything() {
    let (server, blob) = with_large_blob().await;
    let url = server.url(&format!("/v2/a/blobs/{blob}"));
    let mut tried_again = 0;
    for client in [
        reqwest::Client::builder().http1_only().build().unwrap(),
        reqwest::Client::builder().http2_prior_knowledge().build().unwrap(),
    ] {
        let began = Instant::now();
        while !is_taken_slowly(&client, &url).await {
            tried_again += 1;
            assert!(began.elapsed() < HANG, "this machine stalls all the time");
        }
    }
    server.metric_is(r#"lanner_registry_rejected_total{reason="slow_reader"}"#, |count| count <= tried_again).await;
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
    let server = Server::start("[limits]\nconnections_per_address = 20000\n");
    let mut opened = 0;
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
        // They have longer than that for their heads: nobody waits for them.
        let answer = timeout(HANG, reqwest::get(server.url("/v2/"))).await.expect("an answer").unwrap();
        assert_eq!(answer.status(), 200);
        server.metric_is("lanner_registry_connections", |open| open >= at_once as u64).await;
        opened += streams.len();
    }
    server.metric_becomes("lanner_registry_connections", 0).await;
    let memory = server.most_memory();
    assert!(memory < 400 << 20, "{memory} bytes");
}

/// More than `limits.connections` wait, and are served when there is room.
#[tokio::test]
async fn no_more_connections_than_allowed() {
    let server = Server::start("[limits]\nconnections = 4\n");
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(TcpStream::connect(server.address).await.unwrap());
    }
    server.metric_becomes("lanner_registry_connections", 4).await;
    let waiting = tokio::spawn(reqwest::get(server.url("/v2/")));
    // Others are answered again and again meanwhile.
    for _ in 0..200 {
        let mut answer = Vec::new();
        streams[0].write_all(b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        while !answer.ends_with(b"\r\n\r\n{}") {
            assert_ne!(timeout(HANG, streams[0].read_buf(&mut answer)).await.expect("an answer").unwrap(), 0);
        }
        assert!(!waiting.is_finished(), "a fifth is served");
    }
    assert_eq!(server.metric("lanner_registry_connections").await, 4);
    streams.pop();
    let answer = timeout(HANG, waiting).await.expect("an answer").unwrap().unwrap();
    assert_eq!(answer.status(), 200);
}

/// Those who say nothing make room after their time, not before.
#[tokio::test]
async fn who_says_nothing_makes_room() {
    let server = Server::start("[limits]\nconnections = 1\nheader_time = '1s'\n");
    let began = Instant::now();
    let _silent = TcpStream::connect(server.address).await.unwrap();
    let served = async || timeout(HANG, reqwest::get(server.url("/v2/"))).await.expect("an answer");
    // The one who asks has no more time for it than the other.
    while !served().await.is_ok_and(|answer| answer.status() == 200) {
        assert!(began.elapsed() < HANG, "nobody is served");
    }
    assert!(began.elapsed() >= SECOND, "{:?}", began.elapsed());
}
