//! Requests that two readers may read differently: none is ever taken for two.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{HANG, Server};

/// What a smuggler wants to be read as a request of its own.
const SMUGGLED: &str = "GET /v2/smuggled/tags/list HTTP/1.1\r\nHost: x\r\n\r\n";

/// How long a server waits here for the rest of what never comes.
const CUT: Duration = Duration::from_secs(2);

/// Sends bytes as they are; what comes back until the server closes.
fn exchange(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    // Whatever was refused before all of it was sent was answered.
    let _ = stream.write_all(request);
    rest_of(stream, request)
}

/// What comes back until the server closes.
fn rest_of(mut stream: TcpStream, request: &[u8]) -> String {
    stream.set_read_timeout(Some(HANG)).unwrap();
    let mut answer = Vec::new();
    // A reset is an end too.
    match stream.read_to_end(&mut answer) {
        Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
            panic!("{:?} leaves the connection open", String::from_utf8_lossy(request));
        }
        _ => {}
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The same, with a server that cuts whoever is silent for [`CUT`]. If this process was silent for as long, it may have
/// been cut before the server had read anything, which proves nothing: it is sent again.
fn exchange_in_time(server: &Server, request: &[u8]) -> String {
    let first = Instant::now();
    loop {
        let began = Instant::now();
        let mut stream = TcpStream::connect(server.address).unwrap();
        let sent = stream.write_all(request);
        if sent.is_ok() && began.elapsed() < CUT {
            return rest_of(stream, request);
        }
        assert!(first.elapsed() < HANG, "this machine stalls all the time");
    }
}

#[test]
fn what_could_be_two_requests_is_at_most_one() {
    let mut server = Server::start("[limits]\nheader_time = '2s'\nidle_time = '2s'\n");
    let head = "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nHost: x\r\n";
    let length = SMUGGLED.len();
    let one_chunk = "0\r\n\r\n";
    let cases = [
        // Two ways to tell the length.
        (
            "both lengths",
            format!(
                "{head}Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n{one_chunk}{SMUGGLED}",
                one_chunk.len() + length
            ),
        ),
        (
            "both lengths, turned",
            format!("{head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n{one_chunk}{SMUGGLED}"),
        ),
        ("two lengths", format!("{head}Content-Length: 0\r\nContent-Length: {length}\r\n\r\n{SMUGGLED}")),
        ("two lengths in one", format!("{head}Content-Length: 0, {length}\r\n\r\n{SMUGGLED}")),
        ("a length with a sign", format!("{head}Content-Length: +0\r\n\r\n{SMUGGLED}")),
        ("a negative length", format!("{head}Content-Length: -1\r\n\r\n{SMUGGLED}")),
        ("a hexadecimal length", format!("{head}Content-Length: 0x0\r\n\r\n{SMUGGLED}")),
        ("no length", format!("{head}Content-Length: \r\n\r\n{SMUGGLED}")),
        // Encodings that are not what they seem.
        ("another encoding", format!("{head}Transfer-Encoding: xchunked\r\n\r\n{one_chunk}{SMUGGLED}")),
        ("chunked is not the last", format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n{one_chunk}{SMUGGLED}")),
        (
            "two encodings",
            format!("{head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n{one_chunk}{SMUGGLED}"),
        ),
        (
            "an old version",
            format!("POST /v2/a/blobs/uploads/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{one_chunk}{SMUGGLED}"),
        ),
        // Heads that are folded or broken.
        ("a folded header", format!("{head}X-A: b\r\n Content-Length: {length}\r\n\r\n{SMUGGLED}")),
        ("a folded length", format!("{head}Content-Length:\r\n {length}\r\n\r\n{SMUGGLED}")),
        ("a space before the colon", format!("{head}Content-Length : {length}\r\n\r\n{SMUGGLED}")),
        ("a space before the first header", format!("POST /v2/ HTTP/1.1\r\n Host: x\r\n\r\n{SMUGGLED}")),
        ("a CR in a value", format!("{head}X-A: b\rContent-Length: {length}\r\n\r\n{SMUGGLED}")),
        ("a NUL in a value", format!("{head}X-A: b\0\r\n\r\n{SMUGGLED}")),
        // Line ends in a path.
        ("CR LF in the path", format!("GET /v2/a\r\nX: y/tags/list HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}")),
        ("CR in the path", format!("GET /v2/a\rb/tags/list HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}")),
        ("LF in the path", format!("GET /v2/a\nb/tags/list HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}")),
        ("a space in the path", format!("GET /v2/a b/tags/list HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}")),
        // Chunks that are not.
        (
            "a chunk of endless length",
            format!("{head}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{SMUGGLED}"),
        ),
        ("a chunk of no length", format!("{head}Transfer-Encoding: chunked\r\n\r\n\r\n{SMUGGLED}")),
        (
            "a chunk that does not end",
            format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n{SMUGGLED}"),
        ),
    ];
    for (what, request) in cases {
        let answer = exchange_in_time(&server, request.as_bytes());
        let answers = answer.matches("HTTP/1.").count();
        assert!(answers <= 1, "{what}: {answers} answers\n{answer}");
        assert!(!server.log().contains("/v2/smuggled"), "{what}: the second one was read");
    }
    server.stop();
    // All of the log is known now.
    assert!(!server.log().contains("/v2/smuggled"), "a second one was read: {}", server.log());
    // Those whose meaning is not certain are refused outright.
    let mut server = Server::start("");
    for request in [
        format!("{head}Content-Length: 0\r\nContent-Length: 5\r\n\r\n"),
        format!("{head}Transfer-Encoding: chunked, identity\r\n\r\n"),
        format!("{head}X-A: b\r\n folded\r\n\r\n"),
        "GET /v2/a\r\nb HTTP/1.1\r\nHost: x\r\n\r\n".into(),
    ] {
        let answer = exchange(&server, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{request:?}: {answer}");
    }
    // And the smuggled request is one that is logged where it is sent as what it is.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream.write_all(SMUGGLED.as_bytes()).unwrap();
    // Not closed before the answer begins: the server may take that for a client that went away before it asked.
    assert_ne!(stream.read(&mut [0; 1024]).unwrap(), 0);
    drop(stream);
    server.stop();
    assert!(server.log().contains("/v2/smuggled"), "{}", server.log());
}

#[test]
fn heads_beyond_the_limit() {
    let server = Server::start("[limits]\nheader_bytes = 8192\n");
    let long = "a".repeat(100_000);
    for request in [
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /v2/ HTTP/1.1\r\n{}\r\n", "X-Many: a\r\n".repeat(1000)),
    ] {
        let answer = exchange(&server, request.as_bytes());
        // The answer may be lost, as the rest of the request comes after the end.
        let status = answer.get(..12);
        assert!(matches!(status, None | Some("HTTP/1.1 431" | "HTTP/1.1 414" | "HTTP/1.1 400")), "{answer}");
    }
    // As much as is allowed is fine.
    let short = "a".repeat(7_000);
    let request = format!("GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Long: {short}\r\nConnection: close\r\n\r\n");
    let answer = exchange(&server, request.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}
