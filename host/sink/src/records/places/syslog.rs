//! Syslog: messages of RFC 5424 over a unix socket, UDP (RFC 5426), TCP (RFC 6587, octet counting) or TLS (RFC 5425).

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _, UdpSocket};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lanner_spool::Record;
use reqwest::Url;
use rustix::io::Errno;
use tokio_rustls::rustls::ClientConfig;

use super::facts::{Facts, Severity};
use crate::records::open::OpenError;
use crate::records::settings::Syslog as Settings;
use crate::records::stream::{self, TlsStream};
use crate::records::tls;
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Letters of a host's name, and of an application's (RFC 5424, 6).
const HOST: usize = 255;
const APP_NAME: usize = 48;

pub(crate) struct Syslog {
    to: To,
    settings: Settings,
    host: String,
    written: Written,
    open: Option<Open>,
}

/// Where to.
enum To {
    Unix(PathBuf),
    Udp(String, u16),
    Tcp(String, u16),
    Tls(String, u16, Arc<ClientConfig>),
}

/// An open socket.
enum Open {
    Unix(UnixDatagram),
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
}

impl Syslog {
    pub(crate) fn open(settings: Settings, host: &str, written: Written) -> Result<Self, OpenError> {
        let to = To::of(&settings)?;
        if settings.app_name.is_empty() || header(&settings.app_name, APP_NAME) != settings.app_name {
            return Err(OpenError::Wrong(format!("`app_name` is 1 to {APP_NAME} letters, without spaces")));
        }
        Ok(Self { to, settings, host: header(host, HOST), written, open: None })
    }

    fn message(&self, record: &Record) -> Vec<u8> {
        let facts = Facts::of(record);
        let severity = match facts.severity() {
            Severity::Critical => 2,
            Severity::High => 3,
            Severity::Medium => 4,
            Severity::Low => 5,
            Severity::Info => 6,
        };
        let priority = self.settings.facility as u8 * 8 + severity;
        let time = Timestamp::from_nanosecond(i128::from(facts.time_ns())).unwrap_or(Timestamp::UNIX_EPOCH);
        let (host, name, pid) = (&self.host, &self.settings.app_name, std::process::id());
        // A second has six digits there, and no more.
        let mut message = format!("<{priority}>1 {time:.6} {host} {name} {pid} finding - ").into_bytes();
        message.extend_from_slice(&self.written.of(record));
        message
    }

    fn write(&mut self, messages: &[Vec<u8>]) -> io::Result<Answer> {
        if self.open.as_mut().is_some_and(Open::is_closed) {
            self.open = None;
        }
        if self.open.is_none() {
            self.open = Some(self.to.connect(self.settings.timeout)?);
        }
        let mut answer = Answer::default();
        match &mut self.open {
            Some(Open::Unix(socket)) => datagrams(messages, &mut answer, |message| socket.send(message))?,
            Some(Open::Udp(socket)) => datagrams(messages, &mut answer, |message| socket.send(message))?,
            Some(Open::Tcp(stream)) => stream.write_all(&framed(messages))?,
            Some(Open::Tls(stream)) => {
                stream.write_all(&framed(messages))?;
                stream.flush()?;
            }
            None => {}
        }
        Ok(answer)
    }
}

impl Place for Syslog {
    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let messages: Vec<Vec<u8>> = records.iter().map(|record| self.message(record)).collect();
        self.write(&messages).map_err(|error| {
            // What was cut in the middle begins anew.
            self.open = None;
            Refusal::later(format!("{}: {error}", self.settings.url))
        })
    }

    fn reopen(&mut self) {
        self.open = None;
    }
}

impl To {
    fn of(settings: &Settings) -> Result<Self, OpenError> {
        let wrong = || {
            let text = format!(
                "{:?} is no address of a syslog: unix:///dev/log, udp://host:514, tcp://host:601 or tls://host:6514",
                settings.url
            );
            OpenError::Wrong(text)
        };
        let url = Url::parse(&settings.url).map_err(|_| wrong())?;
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty());
        let address = |port: u16| Ok((host.clone().ok_or_else(wrong)?, url.port().unwrap_or(port)));
        match url.scheme() {
            "unix" if host.is_none() && url.path().len() > 1 => Ok(Self::Unix(url.path().into())),
            "udp" => address(514).map(|(host, port)| Self::Udp(host, port)),
            "tcp" => address(601).map(|(host, port)| Self::Tcp(host, port)),
            "tls" => {
                let (host, port) = address(6514)?;
                Ok(Self::Tls(host, port, Arc::new(tls::config(&settings.tls)?)))
            }
            _ => Err(wrong()),
        }
    }

    fn connect(&self, timeout: Duration) -> io::Result<Open> {
        Ok(match self {
            Self::Unix(path) => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(path)?;
                socket.set_write_timeout(Some(timeout))?;
                Open::Unix(socket)
            }
            Self::Udp(host, port) => {
                let address = (host.as_str(), *port).to_socket_addrs()?.next().ok_or(ErrorKind::NotFound)?;
                let socket = UdpSocket::bind(if address.is_ipv6() { "[::]:0" } else { "0.0.0.0:0" })?;
                socket.connect(address)?;
                socket.set_write_timeout(Some(timeout))?;
                Open::Udp(socket)
            }
            Self::Tcp(host, port) => Open::Tcp(stream::tcp(host, *port, timeout)?),
            Self::Tls(host, port, config) => Open::Tls(Box::new(stream::tls(host, *port, timeout, config)?)),
        })
    }
}

impl Open {
    /// Whether the other side has closed it: what is written then is lost without an error.
    fn is_closed(&mut self) -> bool {
        let is_closed = |read: io::Result<usize>| match read {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        };
        let mut any = [0; 256];
        match self {
            Self::Unix(_) | Self::Udp(_) => false,
            Self::Tcp(stream) => {
                let mut look = || {
                    stream.set_nonblocking(true)?;
                    let read = stream.read(&mut any);
                    stream.set_nonblocking(false)?;
                    read
                };
                is_closed(look())
            }
            Self::Tls(stream) => {
                let mut look = || {
                    stream.sock.set_nonblocking(true)?;
                    let read = stream.read(&mut any);
                    stream.sock.set_nonblocking(false)?;
                    read
                };
                is_closed(look())
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Self::Tls(stream) = self {
            // What was sent is whole (RFC 5425, 4.4); who is gone need not be told.
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }
}

/// Sends each; what is too long for one is rejected.
fn datagrams(
    messages: &[Vec<u8>],
    answer: &mut Answer,
    mut send: impl FnMut(&[u8]) -> io::Result<usize>,
) -> io::Result<()> {
    for (place, message) in messages.iter().enumerate() {
        match send(message) {
            Ok(_) => {}
            Err(error) if Errno::from_io_error(&error) == Some(Errno::MSGSIZE) => {
                answer.rejected.push((place, format!("its {} bytes are too long for one datagram", message.len())));
            }
            // What went is not sent again for the sake of the rest.
            Err(error) if place > 0 => {
                answer.later = (place..messages.len()).collect();
                answer.why = Some(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Each with its length before it (RFC 6587, 3.4.1).
fn framed(messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
        bytes.extend_from_slice(message);
    }
    bytes
}

/// What may stand in a message's header: letters without spaces, so many at most; `-` stands for nothing.
fn header(text: &str, most: usize) -> String {
    let text: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if text.is_empty() { "-".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::records::tests::record;

    fn syslog(text: &str) -> Result<Syslog, OpenError> {
        Syslog::open(toml::from_str(text).expect("settings"), "a host", Written::default())
    }

    #[test]
    fn a_message_is_as_the_rfc_has_it() {
        let finding = json!({"severity": "high", "time_ns": 1_795_485_296_123_456_789_u64});
        let message = syslog("url = \"unix:///dev/log\"\nfacility = \"authpriv\"")
            .expect("it opens")
            .message(&record(1, &finding));
        let message = String::from_utf8(message).expect("text");
        let pid = std::process::id();
        assert_eq!(message, format!("<83>1 2026-11-24T01:54:56.123456Z ahost lanner {pid} finding - {finding}"));
        assert_eq!(framed(&[b"abc".to_vec(), b"".to_vec()]), b"3 abc0 ");
    }

    #[test]
    fn addresses_are_those_of_a_syslog() {
        for right in ["unix:///dev/log", "udp://[::1]", "tcp://host", "tls://host:1234"] {
            assert!(syslog(&format!("url = {right:?}")).is_ok(), "{right}");
        }
        for wrong in ["/dev/log", "unix://", "unix://host/x", "udp://", "http://host", "tcp://host:99999"] {
            assert!(matches!(syslog(&format!("url = {wrong:?}")), Err(OpenError::Wrong(_))), "{wrong}");
        }
    }
}
