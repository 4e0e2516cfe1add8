//! What is said to a server of Redis, and how much of its answers is listened to (RESP, redis.io/docs/latest/develop/reference/protocol-spec).

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_rustls::rustls::ClientConfig;

use crate::records::stream::{self, TlsStream};

/// Bytes of an answer: to what is asked here they are an id or a sentence.
const MAX_ANSWER: usize = 4096;

/// Where a server is.
pub(super) enum To {
    Unix(PathBuf),
    Tcp(String, u16),
    Tls(String, u16, Arc<ClientConfig>),
}

/// A connection.
pub(super) struct Wire {
    stream: Stream,
    /// What was read, and not taken yet.
    read: Vec<u8>,
    /// Until when what is under way has to be done.
    end: Instant,
}

enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
}

/// Adds a command to what is sent.
pub(super) fn command(out: &mut Vec<u8>, parts: &[&[u8]]) {
    out.extend_from_slice(format!("*{}\r\n", parts.len()).as_bytes());
    for part in parts {
        out.extend_from_slice(format!("${}\r\n", part.len()).as_bytes());
        out.extend_from_slice(part);
        out.extend_from_slice(b"\r\n");
    }
}

impl Wire {
    pub(super) fn connect(to: &To, timeout: Duration) -> io::Result<Self> {
        let stream = match to {
            To::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
            To::Tcp(host, port) => Stream::Tcp(stream::tcp(host, *port, timeout)?),
            To::Tls(host, port, config) => Stream::Tls(Box::new(stream::tls(host, *port, timeout, config)?)),
        };
        Ok(Self { stream, read: Vec::new(), end: Instant::now() })
    }

    /// Sends these commands, and gives what is answered to each: nothing where it is done, else what the server says. All of
    /// it has so much time.
    pub(super) fn ask(&mut self, commands: &[u8], count: usize, timeout: Duration) -> io::Result<Vec<Option<String>>> {
        self.end = Instant::now() + timeout;
        self.write(commands)?;
        (0..count).map(|_| self.answer()).collect()
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let left = self.left()?;
            self.stream.socket_timeouts(left)?;
            match self.stream.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => bytes = &bytes[written..],
                Err(error) => in_time(error)?,
            }
        }
        self.stream.flush()
    }

    fn answer(&mut self) -> io::Result<Option<String>> {
        let line = self.line()?;
        let text = || String::from_utf8_lossy(line.get(1..).unwrap_or_default()).into_owned();
        match line.first() {
            Some(b'+' | b':') => Ok(None),
            Some(b'-') => Ok(Some(text())),
            Some(b'$') => {
                let length: i64 = text().parse().map_err(|_| other())?;
                let Ok(length) = usize::try_from(length) else { return Ok(None) };
                if length > MAX_ANSWER {
                    return Err(other());
                }
                while self.read.len() < length + 2 {
                    self.fill()?;
                }
                self.read.drain(..length + 2);
                Ok(None)
            }
            _ => Err(other()),
        }
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.read.windows(2).position(|two| two == b"\r\n") {
                let line = self.read[..end].to_vec();
                self.read.drain(..end + 2);
                return Ok(line);
            }
            if self.read.len() > MAX_ANSWER {
                return Err(other());
            }
            self.fill()?;
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let left = self.left()?;
        self.stream.socket_timeouts(left)?;
        let mut some = [0; MAX_ANSWER];
        match self.stream.read(&mut some) {
            Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                self.read.extend_from_slice(&some[..read]);
                Ok(())
            }
            Err(error) => in_time(error),
        }
    }

    /// How much time there is.
    fn left(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        match left.is_zero() {
            true => Err(io::Error::new(ErrorKind::TimedOut, "it does not answer in time")),
            false => Ok(left),
        }
    }
}

/// What is over by itself: whoever goes on looks how much time there is.
fn in_time(error: io::Error) -> io::Result<()> {
    match error.kind() {
        ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(()),
        _ => Err(error),
    }
}

fn other() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it answers with something else than Redis does: is `url` its address?")
}

impl Stream {
    fn socket_timeouts(&self, time: Duration) -> io::Result<()> {
        let time = Some(time);
        match self {
            Self::Unix(stream) => stream.set_read_timeout(time).and_then(|()| stream.set_write_timeout(time)),
            Self::Tcp(stream) => stream.set_read_timeout(time).and_then(|()| stream.set_write_timeout(time)),
            Self::Tls(stream) => stream.sock.set_read_timeout(time).and_then(|()| stream.sock.set_write_timeout(time)),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.flush(),
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    const HOURS: Duration = Duration::from_secs(36_000);

    /// Asks a server that answers so; how many bytes it could send.
    fn asked(
        answers: &'static [u8],
        again: usize,
        count: usize,
        timeout: Duration,
    ) -> (io::Result<Vec<Option<String>>>, usize) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let sent = (0..again).take_while(|_| client.write_all(answers).is_ok()).count();
            // Until it is let go.
            let _ = client.read_to_end(&mut Vec::new());
            sent * answers.len()
        });
        let mut wire = Wire::connect(&To::Tcp("127.0.0.1".to_owned(), port), timeout).expect("it is there");
        let answered = wire.ask(b"*1\r\n$4\r\nPING\r\n", count, timeout);
        drop(wire);
        (answered, server.join().expect("it ends"))
    }

    #[test]
    fn a_command_is_its_parts_with_their_lengths() {
        let mut out = Vec::new();
        command(&mut out, &[b"SET", b"", b"\r\n\0"]);
        assert_eq!(out, b"*3\r\n$3\r\nSET\r\n$0\r\n\r\n$3\r\n\r\n\0\r\n");
    }

    #[test]
    fn each_answer_is_that_of_its_command() {
        let (answered, _) = asked(b"+OK\r\n$3\r\n1-0\r\n:7\r\n-OOM no\r\n$-1\r\n", 1, 5, HOURS);
        assert_eq!(answered.expect("answers"), [None, None, None, Some("OOM no".to_owned()), None]);
    }

    #[test]
    fn what_is_no_answer_or_has_no_end_is_left_off() {
        for answers in
            [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"$9000000000\r\n", b"$x\r\n", b"*3\r\n", b"xxxxxxxxxxxxxxxx"]
        {
            let (answered, sent) = asked(answers, 4 << 20, 1, HOURS);
            let error = answered.expect_err("it is none").to_string();
            assert!(error.contains("something else than Redis"), "{error}");
            assert!(sent < 64 << 20, "{sent}");
        }
        let (answered, _) = asked(b"+O", 1, 1, Duration::from_millis(50));
        assert_eq!(answered.expect_err("it is late").to_string(), "it does not answer in time");
    }
}
