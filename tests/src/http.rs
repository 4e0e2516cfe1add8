//! An HTTP server for tests: takes down what it is asked, strictly, and answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use flate2::read::GzDecoder;
use serde_json::Value;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::PATIENCE;

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, and what is behind `?`.
    pub path: String,
    /// The headers, names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body, as it was before it was compressed.
    pub body: Vec<u8>,
    /// Whether it was.
    pub compressed: bool,
}

impl Request {
    /// The body as JSON.
    ///
    /// # Panics
    /// It is none.
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The lines of the body, each as JSON.
    ///
    /// # Panics
    /// One is none.
    pub fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8_lossy(&self.body);
        text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    /// A header; empty where it was not sent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Further headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Of this status, with this body.
    #[expect(clippy::needless_pass_by_value, reason = "texts and JSON are written where they are given")]
    pub fn new(status: u16, body: impl ToString) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string() }
    }

    /// With a header.
    #[expect(clippy::needless_pass_by_value, reason = "likewise, and numbers")]
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// A server at an address of this machine. It ends with the process.
pub struct HttpServer {
    address: String,
    kept: Arc<(Mutex<Vec<Request>>, Condvar)>,
}

type Answer = Arc<dyn Fn(usize, &Request) -> Reply + Send + Sync>;

impl HttpServer {
    /// Starts it; each request, with its number from 0 on, is answered so.
    ///
    /// # Panics
    /// There is no address.
    pub fn start(answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen("http", None, Arc::new(answer))
    }

    /// The same with TLS.
    ///
    /// # Panics
    /// There is no address.
    pub fn start_tls(config: ServerConfig, answer: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen("https", Some(Arc::new(config)), Arc::new(answer))
    }

    fn listen(scheme: &str, tls: Option<Arc<ServerConfig>>, answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
        let port = listener.local_addr().expect("an address").port();
        let kept = Arc::<(Mutex<Vec<Request>>, Condvar)>::default();
        let its = kept.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, answer, tls) = (its.clone(), answer.clone(), tls.clone());
                thread::spawn(move || {
                    // Who goes away in the middle is nothing to complain of.
                    let _ = match tls {
                        None => talk(stream, &kept, &answer),
                        Some(config) => {
                            let connection = ServerConnection::new(config).expect("TLS");
                            talk(StreamOwned::new(connection, stream), &kept, &answer)
                        }
                    };
                });
            }
        });
        // A certificate is for a name.
        Self { address: format!("{scheme}://localhost:{port}"), kept }
    }

    /// Its address.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it was asked so, and gives all that it was asked.
    ///
    /// # Panics
    /// That does not come.
    pub fn wait(&self, what: &str, mut is: impl FnMut(&[Request]) -> bool) -> Vec<Request> {
        let kept = self.kept.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (kept, late) = self.kept.1.wait_timeout_while(kept, PATIENCE, |kept| !is(kept)).expect("the lock");
        assert!(!late.timed_out(), "{what} does not come: {kept:?}");
        kept.clone()
    }
}

fn talk(stream: impl Read + Write, kept: &(Mutex<Vec<Request>>, Condvar), answer: &Answer) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream)? {
        let number = {
            let mut kept = kept.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.push(request.clone());
            kept.len() - 1
        };
        kept.1.notify_all();
        let Reply { status, headers, body } = answer(number, &request);
        let mut text = format!("HTTP/1.1 {status} So\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
        let text = format!("{text}\r\n{body}");
        stream.get_mut().write_all(text.as_bytes())?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

/// A request; nothing where no more come.
fn read(stream: &mut BufReader<impl Read>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    assert_eq!(words.next().as_deref(), Some("HTTP/1.1"), "{line}");
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').expect("a header");
        let before = headers.insert(name.to_lowercase(), value.trim().to_owned());
        assert!(before.is_none(), "{name} comes twice");
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length"));
    assert!(!headers.contains_key("transfer-encoding"), "not all servers take chunks");
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let compressed = headers.get("content-encoding").is_some_and(|encoding| encoding == "gzip");
    if compressed {
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain)?;
        body = plain;
    }
    Ok(Some(Request { method, path, headers, body, compressed }))
}

/// Whether anybody listens at this port of this machine by now.
pub fn is_open(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}
