//! A stream of Redis, Valkey, or what speaks like them.

use std::fs;
use std::path::Path;

use lanner_spool::Record;
use redis::{Client, ClientTlsConfig, Connection, IntoConnectionInfo as _, TlsCertificates};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;

use super::facts::Facts;
use super::webhook::portion;
use crate::records::open::OpenError;
use crate::records::settings::Redis as Settings;
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Bytes that are sent at once.
const BATCH_BYTES: usize = 4 << 20;
/// Letters of what a server says that are shown.
const SHOWN: usize = 200;

pub(crate) struct Redis {
    settings: Settings,
    written: Written,
    connection: Option<Connection>,
}

impl Redis {
    pub(crate) fn open(settings: Settings, written: Written) -> Result<Self, OpenError> {
        client(&settings)?;
        Ok(Self { settings, written, connection: None })
    }

    fn connect(&self) -> Result<Connection, String> {
        // Read anew, as a secret may be another by now.
        let client = client(&self.settings).map_err(|error| error.to_string())?;
        let timeout = self.settings.timeout;
        let connection = client.get_connection_with_timeout(timeout).map_err(|error| why(&error))?;
        let set = connection.set_read_timeout(Some(timeout)).and_then(|()| connection.set_write_timeout(Some(timeout)));
        set.map_err(|error| why(&error))?;
        Ok(connection)
    }

    fn add(&mut self, records: &[Record]) -> Result<(), String> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let mut pipe = redis::pipe();
        for record in records {
            let facts = Facts::of(record);
            let entry = pipe.cmd("XADD").arg(&self.settings.stream);
            if let Some(most) = self.settings.max_entries {
                entry.arg("MAXLEN").arg("~").arg(most);
            }
            entry.arg("*").arg("id").arg(hex::encode(record.id)).arg("severity").arg(facts.text("/severity"));
            entry.arg("rule").arg(facts.text("/rule")).arg("finding").arg(&*self.written.of(record)).ignore();
        }
        pipe.exec(&mut connection).map_err(|error| why(&error))?;
        // One with which something went wrong is not used again: answers may still come.
        self.connection = Some(connection);
        Ok(())
    }
}

impl Place for Redis {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, BATCH_BYTES)
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        self.add(records).map_err(|why| Refusal::Later(why, None))?;
        Ok(Answer::default())
    }

    fn reopen(&mut self) {
        self.connection = None;
    }
}

fn client(settings: &Settings) -> Result<Client, OpenError> {
    let wrong = || OpenError::Wrong("`url` is no address that begins with redis://, rediss:// or unix://".to_owned());
    let url = settings.url.read()?;
    let mut address = url.reveal().trim().into_connection_info().map_err(|_| wrong())?;
    if address.redis_settings().password().is_some() && settings.url.is_plain() {
        let why = "a password itself does not stand in `url`: say where it lies, `password = { file = \"…\" }`";
        return Err(OpenError::Wrong(why.to_owned()));
    }
    let mut who = address.redis_settings().clone();
    if settings.stream.is_empty() || settings.max_entries == Some(0) {
        return Err(OpenError::Wrong("`stream` is empty, or `max_entries` is 0: nothing would be kept".to_owned()));
    }
    if let Some(user) = &settings.user {
        who = who.set_username(user);
    }
    if let Some(password) = &settings.password {
        who = who.set_password(password.read()?.reveal());
    }
    address = address.set_redis_settings(who);
    // What makes TLS here asks for what the process has.
    let _ = default_provider().install_default();
    let read = |path: &Path| fs::read(path).map_err(|error| OpenError::File(path.to_owned(), error));
    let client_tls = match (&settings.tls.client_certificate, &settings.tls.client_key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => {
            Some(ClientTlsConfig { client_cert: read(certificate)?, client_key: read(key)? })
        }
        _ => return Err(OpenError::Tls("`client_certificate` and `client_key` go together".to_owned())),
    };
    let root_cert = settings.tls.certificates.as_deref().map(read).transpose()?;
    let client = match (&client_tls, &root_cert) {
        (None, None) => Client::open(address),
        _ => Client::build_with_tls(address, TlsCertificates { client_tls, root_cert }),
    };
    client.map_err(|error| OpenError::Wrong(why(&error)))
}

/// What it says, on one line.
fn why(error: &redis::RedisError) -> String {
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &str) -> Result<Redis, String> {
        let settings = toml::from_str(text).expect("settings");
        Redis::open(settings, Written::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_said_of_a_server_is_looked_at_before_it_is_asked() {
        assert!(open("url = \"redis://localhost:6379/2\"").is_ok());
        assert!(open("url = \"rediss://localhost\"").is_ok());
        let refused = |text: &str| open(text).err().unwrap_or_else(|| panic!("{text} is refused"));
        assert!(refused("url = \"http://localhost\"").contains("begins with redis://"));
        let secret = refused("url = \"redis://:s3cret@localhost\"");
        assert!(secret.contains("password = { file") && !secret.contains("s3cret"), "{secret}");
        assert!(refused("url = \"redis://x\"\nmax_entries = 0").contains("nothing would be kept"));
        let mut settings: Settings = toml::from_str("url = \"rediss://x\"").expect("settings");
        settings.tls.client_key = Some("/k".into());
        let error = Redis::open(settings, Written::default()).err().expect("half of it is refused");
        assert!(error.to_string().contains("go together"), "{error}");
    }
}
