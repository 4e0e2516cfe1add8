//! A tiny internet, in the network namespace of a scene: all addresses lead here, and some are answered.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// Who answers: a public address that is nobody's any more (once of 6to4's relays), and the metadata service of clouds.
const SERVER: &str = "192.88.99.7";
const METADATA: &str = "169.254.169.254";
/// Of the scene's network: what asks and is answered.
const RESOLVER: &str = "10.20.0.1";
const HTTP: [u16; 3] = [80, 8000, 8080];
const SHELLS: [u16; 3] = [4444, 1337, 9999];
/// Mail, secure shells, chat, miners, onion routers and whoever else says a line and listens.
const OTHERS: [u16; 12] = [21, 22, 25, 443, 1080, 3333, 6667, 8443, 9001, 9050, 14444, 31337];
/// A connection that says nothing for so long is closed.
const SILENCE: Duration = Duration::from_secs(20);

/// Answers until it is killed. Says `online` when it does.
pub(super) fn serve() -> Result<()> {
    let listen = |address: &str, port: u16| {
        TcpListener::bind((address, port)).with_context(|| format!("{address}:{port} cannot be listened at"))
    };
    for port in HTTP {
        spawn(listen(SERVER, port)?, answer_http);
    }
    for (address, port) in [(METADATA, 80), ("10.96.0.1", 80), (RESOLVER, 80)] {
        spawn(listen(address, port)?, answer_http);
    }
    for port in SHELLS {
        spawn(listen(SERVER, port)?, command);
    }
    for port in OTHERS {
        spawn(listen(SERVER, port)?, greet);
    }
    for address in [SERVER, RESOLVER] {
        let socket = UdpSocket::bind((address, 53)).with_context(|| format!("{address}:53"))?;
        thread::spawn(move || resolve(&socket));
    }
    println!("online");
    loop {
        thread::park();
    }
}

fn spawn(listener: TcpListener, answer: fn(TcpStream) -> std::io::Result<()>) {
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            // Whoever hangs up has what he wanted.
            thread::spawn(move || stream.set_read_timeout(Some(SILENCE)).and_then(|()| answer(stream)));
        }
    });
}

/// Reads a request, and its body where it has one, and gives what its path says.
fn answer_http(mut stream: TcpStream) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        let count = stream.read(&mut buffer)?;
        request.extend_from_slice(&buffer[..count]);
        if let Some(at) = request.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if count == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&request[..end]).into_owned();
    let mut rest = length(&head).saturating_sub(request.len() - end - 4);
    if head.to_ascii_lowercase().contains("expect: 100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    while rest > 0 {
        match stream.read(&mut buffer)? {
            0 => break,
            count => rest = rest.saturating_sub(count),
        }
    }
    let body = content(head.split_whitespace().nth(1).unwrap_or("/"));
    let begin = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(begin.as_bytes())?;
    stream.write_all(&body)
}

fn length(head: &str) -> usize {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let length = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.and_then(|(_, value)| value.trim().parse().ok()).unwrap_or_default()
}

/// What is to be had under a path: programs and scripts that do nothing, credentials of nobody, and lines of text.
fn content(path: &str) -> Vec<u8> {
    let path = path.split('?').next().unwrap_or(path);
    match path.rsplit(['/', '.']).next().unwrap_or_default() {
        "sh" => b"#!/bin/sh\nid >/dev/null\nexit 0\n".to_vec(),
        "py" => b"import os\nos.getpid()\n".to_vec(),
        "elf" => std::fs::read("/bin/true").unwrap_or_default(),
        "b64" => b"IyEvYmluL3NoCmlkID4vZGV2L251bGwK\n".to_vec(),
        _ if path.contains("security-credentials") => {
            b"{\"AccessKeyId\":\"ASIAEXAMPLE\",\"SecretAccessKey\":\"example\",\"Token\":\"example\"}\n".to_vec()
        }
        _ => b"ok\n".to_vec(),
    }
}

/// Whoever connects is given commands, as a reverse shell is.
fn command(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"id\nuname -a\nexit\n")?;
    drain(stream)
}

fn greet(mut stream: TcpStream) -> std::io::Result<()> {
    stream.write_all(b"220 ready\r\n")?;
    drain(stream)
}

fn drain(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer)? > 0 {}
    Ok(())
}

/// Each name has the same address.
fn resolve(socket: &UdpSocket) {
    let mut buffer = [0; 1500];
    while let Ok((count, from)) = socket.recv_from(&mut buffer) {
        if let Some(answer) = answer_dns(&buffer[..count]) {
            // Who asked may be gone.
            let _: std::io::Result<usize> = socket.send_to(&answer, from);
        }
    }
}

/// The answer to a query: the server's address to a question for one, nothing to others.
fn answer_dns(query: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 12;
    let end = HEADER + query.get(HEADER..)?.iter().position(|byte| *byte == 0)? + 5;
    let question = query.get(HEADER..end)?;
    let asks_for_address = question.get(question.len() - 4..question.len() - 2)? == [0, 1];
    let mut answer = query.get(..2)?.to_vec();
    answer.extend([0x81, 0x80, 0, 1, 0, u8::from(asks_for_address), 0, 0, 0, 0]);
    answer.extend(question);
    if asks_for_address {
        // The name of the question, an address, of the internet, for a minute, of four bytes.
        answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(SERVER.parse::<std::net::Ipv4Addr>().ok()?.octets());
    }
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_addresses() {
        let query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x02bc\0\0\x01\0\x01";
        let answer = answer_dns(query).unwrap();
        assert!(answer.starts_with(b"\x12\x34\x81\x80") && answer.ends_with(&[192, 88, 99, 7]));
        assert_eq!(answer_dns(b"\x12\x34"), None);
        let text = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x01a\x02bc\0\0\x10\0\x01";
        assert_eq!(answer_dns(text).unwrap().len(), text.len());
    }

    #[test]
    fn a_body_has_a_length() {
        assert_eq!(length("POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 12"), 12);
        assert_eq!(length("GET / HTTP/1.1"), 0);
    }
}
