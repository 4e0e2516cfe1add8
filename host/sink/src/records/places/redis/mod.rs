//! A stream of Redis, Valkey, or what speaks like them.

mod wire;

use std::sync::Arc;

use lanner_spool::Record;
use lanner_trust::SecretText;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::facts::Facts;
use super::webhook::portion;
use crate::records::http::shown;
use crate::records::open::OpenError;
use crate::records::settings::Redis as Settings;
use crate::records::tls;
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};
use wire::{To, Wire, command};

/// The port, where nothing is said.
const PORT: u16 = 6379;
/// Bytes that are sent at once.
const BATCH_BYTES: usize = 4 << 20;

pub(crate) struct Redis {
    settings: Settings,
    written: Written,
    open: Option<Wire>,
}

/// Where a server is, and who asks.
struct Server {
    to: To,
    user: Option<String>,
    password: Option<SecretText>,
    database: u32,
}

impl Redis {
    pub(crate) fn open(settings: Settings, written: Written) -> Result<Self, OpenError> {
        Server::of(&settings)?;
        if settings.stream.is_empty() || settings.max_entries == Some(0) {
            return Err(OpenError::Wrong("`stream` is empty, or `max_entries` is 0: nothing would be kept".to_owned()));
        }
        Ok(Self { settings, written, open: None })
    }

    fn connect(&self) -> Result<Wire, String> {
        // Read anew, as a secret may be another by now.
        let Server { to, user, password, database } = Server::of(&self.settings).map_err(|error| error.to_string())?;
        let timeout = self.settings.timeout;
        let mut wire = Wire::connect(&to, timeout).map_err(|error| format!("it cannot be reached: {error}"))?;
        let (mut commands, mut count) = (Vec::new(), 0);
        if let Some(password) = &password {
            let user = user.as_deref().map(str::as_bytes);
            let parts: Vec<&[u8]> =
                [&b"AUTH"[..]].into_iter().chain(user).chain([password.reveal().as_bytes()]).collect();
            command(&mut commands, &parts);
            count += 1;
        }
        if database != 0 {
            command(&mut commands, &[b"SELECT", database.to_string().as_bytes()]);
            count += 1;
        }
        let answers = wire.ask(&commands, count, timeout).map_err(|error| error.to_string())?;
        match answers.into_iter().flatten().next() {
            Some(why) => Err(shown(why.as_bytes(), password.as_slice())),
            None => Ok(wire),
        }
    }

    fn add(&mut self, records: &[Record]) -> Result<Answer, String> {
        let mut wire = match self.open.take() {
            Some(wire) => wire,
            None => self.connect()?,
        };
        let most = self.settings.max_entries.map(|most| most.to_string());
        let mut commands = Vec::new();
        for record in records {
            let (facts, finding) = (Facts::of(record), self.written.of(record));
            let id = hex::encode(record.id);
            let mut parts: Vec<&[u8]> = vec![b"XADD", self.settings.stream.as_bytes()];
            if let Some(most) = &most {
                parts.extend([&b"MAXLEN"[..], b"~", most.as_bytes()]);
            }
            parts.extend([&b"*"[..], b"id", id.as_bytes(), b"severity", facts.text("/severity").as_bytes()]);
            parts.extend([&b"rule"[..], facts.text("/rule").as_bytes(), b"finding", &finding]);
            command(&mut commands, &parts);
        }
        let answers = wire.ask(&commands, records.len(), self.settings.timeout).map_err(|error| error.to_string())?;
        // One with which something went wrong is not used again: answers may still come.
        self.open = Some(wire);
        let mut answer = Answer::default();
        for (place, why) in answers.into_iter().enumerate() {
            if let Some(why) = why {
                answer.later.push(place);
                answer.why.get_or_insert_with(|| shown(why.as_bytes(), &[]));
            }
        }
        Ok(answer)
    }
}

impl Place for Redis {
    fn portion(&self, records: &[Record]) -> usize {
        portion(records, BATCH_BYTES)
    }

    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        self.add(records).map_err(|why| Refusal::Later(why, None))
    }

    fn reopen(&mut self) {
        self.open = None;
    }
}

impl Server {
    fn of(settings: &Settings) -> Result<Self, OpenError> {
        let wrong =
            || OpenError::Wrong("`url` is no address that begins with redis://, rediss:// or unix://".to_owned());
        let text = settings.url.read()?;
        let url = Url::parse(text.reveal().trim()).map_err(|_| wrong())?;
        if url.password().is_some() && settings.url.is_plain() {
            let why = "a password itself does not stand in `url`: say where it lies, `password = { file = \"…\" }`";
            return Err(OpenError::Wrong(why.to_owned()));
        }
        let host = url.host_str().map(|host| host.trim_matches(['[', ']']).to_owned()).filter(|host| !host.is_empty());
        let port = url.port().unwrap_or(PORT);
        let of_path = |path: &str| match path.trim_matches('/') {
            "" => Ok(0),
            number => number.parse().map_err(|_| wrong()),
        };
        // Also where there is no TLS half of what it takes is a mistake.
        let config = tls::config(&settings.tls)?;
        let (to, database) = match (url.scheme(), host) {
            ("unix", None) if url.path().len() > 1 => (To::Unix(url.path().into()), 0),
            ("redis", Some(host)) => (To::Tcp(host, port), of_path(url.path())?),
            ("rediss", Some(host)) => (To::Tls(host, port, Arc::new(config)), of_path(url.path())?),
            _ => return Err(wrong()),
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = settings.user.clone().or_else(|| Some(url.username()).filter(|user| !user.is_empty()).map(decoded));
        let password = match &settings.password {
            Some(password) => Some(password.read()?),
            None => url.password().map(|password| decoded(password).as_str().into()),
        };
        Ok(Self { to, user, password, database })
    }
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
        for url in ["redis://localhost:6379/2", "rediss://localhost", "redis://[::1]", "unix:///run/redis.sock"] {
            open(&format!("url = \"{url}\"")).unwrap_or_else(|error| panic!("{url}: {error}"));
        }
        let refused = |text: &str| open(text).err().unwrap_or_else(|| panic!("{text} is refused"));
        for url in ["http://localhost", "redis://", "redis://x/y", "unix://x/y", "localhost:6379", ""] {
            assert!(refused(&format!("url = \"{url}\"")).contains("begins with redis://"), "{url}");
        }
        let secret = refused("url = \"redis://:s3cret@localhost\"");
        assert!(secret.contains("password = { file") && !secret.contains("s3cret"), "{secret}");
        assert!(refused("url = \"redis://x\"\nmax_entries = 0").contains("nothing would be kept"));
        let mut settings: Settings = toml::from_str("url = \"rediss://x\"").expect("settings");
        settings.tls.client_key = Some("/k".into());
        let error = Redis::open(settings, Written::default()).err().expect("half of it is refused");
        assert!(error.to_string().contains("go together"), "{error}");
    }
}
