//! Objects in a bucket: S3, and what speaks like it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lanner_spool::Record;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Certificate, ClientOptions, ObjectStoreExt as _, PutPayload, RetryConfig};
use tokio::runtime::Runtime;

use crate::records::bounded::Bounded;
use crate::records::http::{MAX_ANSWER, compressed};
use crate::records::open::OpenError;
use crate::records::settings::S3 as Settings;
use crate::records::written::Written;
use crate::records::{Answer, Place, Refusal};

/// Where objects lie: a folder a host and a day of UTC, and the time of the first finding.
const DAY: &str = "%Y/%m/%d";
const TIME: &str = "%H%M%S.%3f";

pub(crate) struct S3 {
    runtime: Runtime,
    bucket: Arc<AmazonS3>,
    settings: Settings,
    host: String,
    written: Written,
}

impl S3 {
    pub(crate) fn open(settings: Settings, host: String, written: Written) -> Result<Self, OpenError> {
        let bucket = Arc::new(bucket(&settings)?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| OpenError::Wrong(format!("it cannot be prepared: {error}")))?;
        Ok(Self { runtime, bucket, settings, host, written })
    }

    /// The object for these. The same findings have the same one: what is sent again is there once.
    fn name(&self, records: &[Record]) -> Option<Path> {
        let (first, last) = (records.first()?, records.last()?);
        let at = Timestamp::from_nanosecond(i128::from(first.time_ns)).unwrap_or(Timestamp::UNIX_EPOCH);
        let Settings { prefix, gzip, .. } = &self.settings;
        let (day, time) = (at.strftime(DAY), at.strftime(TIME));
        let end = match (self.written.is_json(), gzip) {
            (true, true) => "ndjson.gz",
            (true, false) => "ndjson",
            (false, true) => "log.gz",
            (false, false) => "log",
        };
        let (from, to) = (hex::encode(&first.id[..4]), hex::encode(&last.id[..4]));
        let host: String = self.host.chars().map(|letter| if letter == '/' { '_' } else { letter }).collect();
        Some(Path::from(format!("{prefix}/{host}/{day}/{time}-{}-{from}-{to}.{end}", records.len())))
    }
}

impl Place for S3 {
    fn send(&mut self, records: &[Record]) -> Result<Answer, Refusal> {
        let Some(name) = self.name(records) else { return Ok(Answer::default()) };
        let mut body = Vec::new();
        for record in records {
            body.extend_from_slice(&self.written.of(record));
            body.push(b'\n');
        }
        if self.settings.gzip {
            body = compressed(&body).map_err(Refusal::later)?;
        }
        let put = self.bucket.put(&name, PutPayload::from(body));
        match self.runtime.block_on(put) {
            Ok(_) => Ok(Answer::default()),
            Err(error) => {
                // Another secret may be there by now.
                if let Ok(bucket) = bucket(&self.settings) {
                    self.bucket = Arc::new(bucket);
                }
                Err(Refusal::later(why(&error)))
            }
        }
    }
}

fn bucket(settings: &Settings) -> Result<AmazonS3, OpenError> {
    let wrong = |error: object_store::Error| OpenError::Wrong(why(&error));
    let mut client = ClientOptions::new().with_timeout(settings.timeout).with_allow_http(settings.allow_http);
    if let Some(path) = &settings.certificates {
        let pem = fs::read(path).map_err(|error| OpenError::File(path.clone(), error))?;
        let certificates = Certificate::from_pem_bundle(&pem);
        for certificate in certificates.map_err(|error| OpenError::Pem(path.clone(), error.to_string()))? {
            client = client.with_root_certificate(certificate);
        }
    }
    // What is not taken is tried again by who sends it.
    let retry = RetryConfig { max_retries: 0, retry_timeout: Duration::ZERO, ..RetryConfig::default() };
    let builder = match (&settings.access_key, &settings.secret_key) {
        // As the environment has it, or the machine's role.
        (None, None) => AmazonS3Builder::from_env(),
        (Some(key), Some(secret)) => {
            let secret = secret.read()?;
            AmazonS3Builder::new().with_access_key_id(key).with_secret_access_key(secret.reveal())
        }
        _ => return Err(OpenError::Wrong("`access_key` and `secret_key` go together".to_owned())),
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    if !(3..=63).contains(&settings.bucket.len()) || !settings.bucket.bytes().all(plain) {
        let why = "`bucket` is no name of a bucket: it has 3 to 63 small letters, digits, `.` and `-`";
        return Err(OpenError::Wrong(why.to_owned()));
    }
    if let Some(endpoint) = &settings.endpoint {
        let url = reqwest::Url::parse(endpoint).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        match url.filter(reqwest::Url::has_host) {
            None => {
                let why = "`endpoint` is no address that begins with https:// or http://";
                return Err(OpenError::Wrong(why.to_owned()));
            }
            Some(url) if !url.username().is_empty() || url.password().is_some() => {
                let why = "`endpoint` has a user or a password: say who asks with `access_key` and `secret_key`";
                return Err(OpenError::Wrong(why.to_owned()));
            }
            Some(url) if url.scheme() == "http" && !settings.allow_http => {
                let why = "`endpoint` begins with http://, which is without TLS: that needs `allow_http = true`";
                return Err(OpenError::Wrong(why.to_owned()));
            }
            Some(_) => {}
        }
    }
    let mut builder = builder
        .with_bucket_name(&settings.bucket)
        .with_client_options(client)
        .with_retry(retry)
        .with_http_connector(Bounded { most: MAX_ANSWER });
    if let Some(region) = &settings.region {
        builder = builder.with_region(region);
    }
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder.build().map_err(wrong)
}

/// The last of the causes: those before it repeat it, and name the address.
fn why(error: &object_store::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let text: String = last.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().filter(|letter| !letter.is_control()).take(SHOWN).collect()
}

/// Letters of what a server says that are shown.
const SHOWN: usize = 300;

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, Write as _};

    use super::*;

    fn place(more: &str) -> Result<S3, OpenError> {
        let settings = toml::from_str(&format!("bucket = \"findings\"\nregion = \"eu-central-1\"\n{more}"));
        S3::open(settings.expect("settings"), "web/1".to_owned(), Written::default())
    }

    #[test]
    fn the_same_findings_are_the_same_object() {
        let place = place("").expect("it opens");
        let record = |number: u8| Record {
            seq: 1,
            time_ns: 1_795_485_296_123_456_789,
            id: [number; 16],
            bytes: (*b"{}").into(),
        };
        let name = place.name(&[record(1), record(2)]).expect("a name");
        assert_eq!(name.as_ref(), "lanner/web_1/2026/11/24/015456.123-2-01010101-02020202.ndjson.gz");
        assert_ne!(place.name(&[record(1), record(3)]).expect("a name"), name);
        assert_eq!(place.name(&[]), None);
    }

    #[test]
    fn what_is_no_address_and_no_bucket_is_refused() {
        for endpoint in ["minio:9000", "localhost:9000", "notaurl", "http://", "//x", "http://a b", "ftp://x"] {
            let error = place(&format!("endpoint = \"{endpoint}\"\nallow_http = true")).err().expect("it is refused");
            assert!(error.to_string().contains("`endpoint` is no address"), "{endpoint}: {error}");
        }
        let error = place("endpoint = \"https://u:p@x\"").err().expect("it is refused").to_string();
        assert!(error.contains("has a user or a password") && !error.contains("u:p"), "{error}");
        let error = place("endpoint = \"http://x\"").err().expect("it is refused").to_string();
        assert!(error.contains("allow_http"), "{error}");
        for bucket in ["", "b c", "ab", "UPPER"] {
            let settings = toml::from_str(&format!("bucket = \"{bucket}\"\nregion = \"x\"")).expect("settings");
            let error = S3::open(settings, "h".to_owned(), Written::default()).err().expect("it is refused");
            assert!(error.to_string().contains("no name of a bucket"), "{bucket}: {error}");
        }
    }

    #[test]
    fn an_answer_without_an_end_is_left_off() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("an address");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let (mut client, _) = listener.accept().expect("a client");
            let mut sent = 0;
            // What answers before it was asked is no server.
            let mut asked = std::io::BufReader::new(client.try_clone().expect("a second one"));
            let mut line = String::new();
            while asked.read_line(&mut line).expect("a request") > 2 {
                line.clear();
            }
            client.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").expect("it reads");
            // Until the client has enough.
            while client.write_all(&[b'x'; 1 << 16]).is_ok() {
                sent += 1 << 16;
            }
            sent
        });
        let secret = tempfile::NamedTempFile::new().expect("a file");
        fs::write(secret.path(), "secret").expect("written");
        let more = format!(
            "endpoint = \"http://127.0.0.1:{port}\"\nallow_http = true\ntimeout = \"1h\"\naccess_key = \"k\"\n\
             secret_key = {{ file = {:?} }}",
            secret.path()
        );
        let record = Record { seq: 1, time_ns: 0, id: [0; 16], bytes: (*b"{}").into() };
        let refusal = place(&more).expect("it opens").send(&[record]).expect_err("it is refused");
        assert!(matches!(&refusal, Refusal::Later(why, _) if why.contains("length limit")), "{refusal:?}");
        let sent = server.join().expect("it ends");
        assert!(sent < 64 << 20, "{sent} bytes were taken");
    }

    #[test]
    fn half_of_a_login_is_refused() {
        let error = place("access_key = \"a\"").err().expect("it is refused");
        assert_eq!(error.to_string(), "`access_key` and `secret_key` go together");
    }
}
