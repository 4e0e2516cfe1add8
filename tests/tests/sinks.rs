//! Sinks over a network, at servers that look at what they are sent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use lanner_engine::{Description, Rule, Severity};
use lanner_finding::Finding;
use lanner_finding::Labels;
use lanner_sink::settings::Sinks;
use lanner_sink::{Records, Sink, SinkStanding, try_once};
use lanner_tests::PATIENCE;
use lanner_tests::http::{HttpServer, Reply};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

const TIME_NS: u64 = 1_795_485_296_123_456_789;

fn finding(message: &str) -> Finding {
    let rule = Rule { id: "a/rule".into(), summary: "It is bad".into(), severity: Severity::High, ..Rule::default() };
    let pack =
        Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
    Finding::new(Arc::new(pack), 0, message.to_owned(), TIME_NS).expect("it has the rule")
}

/// A folder with secrets, and sinks as a file would say them.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A file that nobody else reads.
    fn secret(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        format!("{{ file = {path:?} }}")
    }

    /// One sink of this type, called `it`.
    fn sinks(&self, kind: &str, more: &str) -> Sinks {
        let spool = self.path("spool");
        let text = format!("[spool]\nfolder = {spool:?}\n[[sink]]\nname = \"it\"\ntype = \"{kind}\"\n{more}");
        toml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn start(&self, kind: &str, more: &str) -> Running {
        let (records, fan) = Records::start(&self.sinks(kind, more), "here", &Labels::default()).expect("they start");
        Running { records, fan }
    }
}

struct Running {
    records: Records,
    fan: Box<dyn Sink>,
}

impl Running {
    /// Brings findings with these messages at once.
    fn bring(&mut self, messages: &[&str]) {
        messages.iter().for_each(|message| self.fan.write(&finding(message)));
        self.fan.flush().expect("it never fails");
    }

    /// Waits until all is sent, and gives how it stands then.
    fn finish(self) -> SinkStanding {
        let standings = self.records.standings();
        // One that has its trouble for now is not waited for at the end: what is in the spool stays there.
        let end = Instant::now() + PATIENCE;
        while standings.sinks()[0].waiting > 0 {
            assert!(Instant::now() < end, "it is not sent: {:?}", standings.sinks());
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(self.fan);
        self.records.finish(PATIENCE);
        standings.sinks().remove(0)
    }
}

/// The messages of findings.
fn messages(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|finding| finding["message"].as_str().expect("a text")).collect()
}

#[test]
fn a_webhook_gets_arrays_lines_or_one_by_one() {
    for (body, content) in
        [("array", "application/json"), ("lines", "application/x-ndjson"), ("single", "application/json")]
    {
        let scene = Scene::new();
        let server = HttpServer::start(|_, _| Reply::new(204, ""));
        let token = scene.secret("token", "s3cret\n");
        let more = format!(
            "url = {:?}\nbody = \"{body}\"\nbearer = {token}\nheaders = {{ X-Team = \"red\" }}\ngzip = true\npolicy = \"spool\"",
            server.url("/in?a=b")
        );
        let mut running = scene.start("webhook", &more);
        running.bring(&["first", "second"]);
        let standing = running.finish();
        assert_eq!((standing.written, standing.retried, standing.waiting), (2, 0, 0), "{standing:?}");
        let mut all = Vec::new();
        for request in server.requests() {
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/in?a=b"));
            assert_eq!(request.header("content-type"), content);
            assert_eq!(request.header("authorization"), "Bearer s3cret");
            assert_eq!((request.header("x-team"), request.compressed), ("red", true));
            match body {
                "array" => all.extend(request.json().as_array().expect("an array").clone()),
                "lines" => all.extend(request.lines()),
                _ => all.push(request.json()),
            }
        }
        assert_eq!(messages(&all), ["first", "second"]);
        assert_eq!(all[0]["host"], "here");
        assert_eq!(all[0]["id"].as_str().map(str::len), Some(32));
    }
}

#[test]
fn a_signature_is_over_time_and_body() {
    let scene = Scene::new();
    let server = HttpServer::start(|_, _| Reply::new(200, "ok"));
    let key = scene.secret("key", "k3y");
    let more = format!("url = {:?}\ngzip = true\nsignature = {{ secret = {key} }}", server.url("/"));
    let mut running = scene.start("webhook", &more);
    running.bring(&["signed"]);
    running.finish();
    let request = &server.requests()[0];
    let (time, sum) = request.header("lanner-signature").split_once(",v1=").expect("both");
    let time = time.strip_prefix("t=").expect("a time");
    let mut signed = format!("{time}.").into_bytes();
    signed.extend(&request.body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"k3y");
    hmac::verify(&key, &signed, &hex::decode(sum).expect("hexadecimal")).expect("it is right");
}

#[test]
fn a_server_that_is_busy_is_asked_again_and_what_it_never_takes_is_left() {
    let scene = Scene::new();
    let server = HttpServer::start(|number, request| {
        let text = String::from_utf8_lossy(&request.body);
        match number {
            0 => Reply::new(503, "later").with("retry-after", "0"),
            1 => Reply::new(429, "").with("retry-after", "1"),
            2 => Reply::new(302, "").with("location", "http://elsewhere.example/"),
            _ if text.contains("poison") => Reply::new(422, "no"),
            _ => Reply::new(200, ""),
        }
    });
    let more = format!("url = {:?}\npolicy = \"spool\"", server.url("/"));
    let mut running = scene.start("webhook", &more);
    running.bring(&["a", "b", "poison", "c"]);
    let standing = running.finish();
    assert_eq!((standing.written, standing.rejected, standing.left_out), (3, 1, 0), "{standing:?}");
    assert!(standing.retried >= 3, "{standing:?}");
    let taken =
        server.requests().into_iter().skip(3).filter(|request| !request.body.windows(6).any(|part| part == b"poison"));
    let taken: Vec<Value> = taken.flat_map(|request| request.json().as_array().expect("an array").clone()).collect();
    assert_eq!(messages(&taken), ["a", "b", "c"]);
}

#[test]
fn a_token_that_is_replaced_is_read_anew() {
    let scene = Scene::new();
    let token = scene.secret("token", "old");
    let path = scene.path("token");
    let server = HttpServer::start(move |_, request| match request.header("authorization") {
        "Bearer new" => Reply::new(200, ""),
        _ => {
            fs::write(&path, "new").expect("written");
            Reply::new(401, "who?")
        }
    });
    let mut running = scene.start("webhook", &format!("url = {:?}\nbearer = {token}", server.url("/")));
    running.bring(&["a"]);
    let standing = running.finish();
    assert_eq!((standing.written, standing.rejected), (1, 0), "{standing:?}");
}

/// An authority, a server's certificate and a client's.
struct Certificates {
    authority: String,
    server: (String, String),
    client: (String, String),
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("signed");
        let signed = |name: &str| {
            let key = KeyPair::generate().expect("a key");
            let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
            (params.signed_by(&key, &authority).expect("signed").pem(), key.serialize_pem())
        };
        let (server, client) = (signed("localhost"), signed("lanner"));
        Self { authority: authority.pem(), server, client }
    }

    /// A server that talks only to those whom the authority knows.
    fn config(&self) -> ServerConfig {
        let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).expect("a certificate");
        let mut roots = RootCertStore::empty();
        roots.add(certificate(&self.authority)).expect("an authority");
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        let key = PrivateKeyDer::from_pem_slice(self.server.1.as_bytes()).expect("a key");
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
        let config = config.with_client_cert_verifier(clients.expect("clients"));
        config.with_single_cert(vec![certificate(&self.server.0)], key).expect("a server")
    }

    /// The files, and what of the settings names them.
    fn write(&self, folder: &Path) -> (String, String) {
        let file = |name: &str, content: &str| {
            let path = folder.join(name);
            fs::write(&path, content).expect("written");
            path
        };
        let trusts = format!("certificates = {:?}\n", file("authority.pem", &self.authority));
        let (certificate, key) = (file("client.pem", &self.client.0), file("client.key", &self.client.1));
        (trusts, format!("client_certificate = {certificate:?}\nclient_key = {key:?}\n"))
    }
}

#[test]
fn both_sides_know_each_other_by_certificates() {
    let scene = Scene::new();
    let certificates = Certificates::new();
    let (trusts, known) = certificates.write(scene.0.path());
    let server = HttpServer::start_tls(certificates.config(), |_, _| Reply::new(200, ""));
    let url = format!("url = {:?}\n", server.url("/"));
    let tried =
        |more: &str| try_once(&scene.sinks("webhook", &format!("{url}{more}")).sinks[0], &finding("tls"), "here");
    tried(&format!("{trusts}{known}")).expect("both are known");
    assert_eq!(messages(server.requests()[0].json().as_array().expect("an array")), ["tls"]);
    let stranger = tried(&trusts).expect_err("it is not known");
    assert!(stranger.to_lowercase().contains("certificate"), "{stranger}");
    let distrusted = tried(&known).expect_err("nobody vouches for it");
    assert!(distrusted.to_lowercase().contains("certificate"), "{distrusted}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn slack_teams_and_pagerduty_get_what_they_ask_for() {
    let scene = Scene::new();
    let key = scene.secret("key", "r0uting");
    let server = HttpServer::start(|_, request| match request.path.as_str() {
        "/slack" => Reply::new(200, "ok"),
        "/teams" => Reply::new(202, ""),
        "/v2/enqueue" => Reply::new(202, json!({"status": "success", "message": "Event processed"})),
        _ => Reply::new(404, ""),
    });
    for (kind, path, more) in [
        ("slack", "/slack", ""),
        ("teams", "/teams", ""),
        ("pagerduty", "/v2/enqueue", &*format!("routing_key = {key}")),
    ] {
        let mut running = scene.start(kind, &format!("url = {:?}\n{more}", server.url(path)));
        running.bring(&["read /etc/shadow", "again"]);
        assert_eq!(running.finish().written, 2, "{kind}");
    }
    let of = |path: &str| -> Vec<Value> {
        server.requests().iter().filter(|request| request.path == path).map(lanner_tests::http::Request::json).collect()
    };
    let slack: Vec<Value> =
        of("/slack").iter().flat_map(|message| message["attachments"].as_array().expect("some").clone()).collect();
    assert_eq!(slack.len(), 2);
    assert_eq!((&slack[0]["title"], &slack[0]["color"]), (&json!("high: read /etc/shadow"), &json!("#d9302c")));
    let card = &of("/teams")[0]["attachments"][0];
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    assert_eq!(card["content"]["type"], "AdaptiveCard");
    let [first, second] = &of("/v2/enqueue")[..] else { panic!("one for each") };
    assert_eq!(first["routing_key"], "r0uting");
    assert_eq!(first["dedup_key"], first["payload"]["custom_details"]["id"]);
    assert_ne!(first["dedup_key"], second["dedup_key"]);
    assert_eq!(first["payload"]["severity"], "error");
}

#[test]
fn loki_elasticsearch_and_splunk_get_what_they_ask_for() {
    let scene = Scene::new();
    let (api_key, token) = (scene.secret("api", "a2V5"), scene.secret("hec", "t0ken"));
    let server = HttpServer::start(|_, request| match request.path.as_str() {
        "/loki/api/v1/push" => Reply::new(204, ""),
        "/base/_bulk" => {
            // The second is refused by the mapping, and all else is there.
            let lines = request.lines();
            let items = lines.chunks(2).map(|pair| match pair[1]["message"] == "bad" {
                true => json!({"create": {"status": 400, "error": {"type": "document_parsing_exception"}}}),
                false => json!({"create": {"status": 201}}),
            });
            let items: Vec<Value> = items.collect();
            Reply::new(200, json!({"took": 1, "errors": true, "items": items}))
        }
        "/services/collector/event" => Reply::new(200, json!({"text": "Success", "code": 0})),
        _ => Reply::new(404, ""),
    });
    let mut loki = scene.start("loki", &format!("url = {:?}\nlabels = {{ env = \"prod\" }}", server.url("")));
    loki.bring(&["good", "bad"]);
    assert_eq!(loki.finish().written, 2);
    let more = format!("url = {:?}\nindex = \"lanner\"\napi_key = {api_key}", server.url("/base/"));
    let mut elastic = scene.start("opensearch", &more);
    elastic.bring(&["good", "bad"]);
    let standing = elastic.finish();
    assert_eq!((standing.written, standing.rejected), (1, 1));
    let mut splunk = scene.start("splunk", &format!("url = {:?}\ntoken = {token}\nindex = \"main\"", server.url("")));
    splunk.bring(&["good", "bad"]);
    assert_eq!(splunk.finish().written, 2);

    let requests = server.requests();
    let [loki, elastic, splunk] = &requests[..] else { panic!("one for each: {requests:?}") };
    let stream = &loki.json()["streams"][0];
    assert_eq!(stream["stream"], json!({"env": "prod", "host": "here", "job": "lanner", "severity": "high"}));
    assert_eq!(stream["values"][0][0], TIME_NS.to_string());
    let line: Value = serde_json::from_str(stream["values"][1][1].as_str().expect("a line")).expect("JSON");
    assert_eq!(line["message"], "bad");

    assert_eq!(elastic.header("authorization"), "ApiKey a2V5");
    let lines = elastic.lines();
    assert_eq!(lines[0]["create"], json!({"_index": "lanner", "_id": lines[1]["id"]}));
    assert_eq!(lines[1]["@timestamp"], "2026-11-24T01:54:56.123456789Z");

    assert_eq!(splunk.header("authorization"), "Splunk t0ken");
    let events = splunk.lines();
    let event = &events[0];
    let meta =
        ["time", "host", "source", "sourcetype", "index"].map(|key| event[key].as_str().expect("a text").to_owned());
    assert_eq!(meta, ["1795485296.123", "here", "lanner", "lanner:finding", "main"]);
    assert_eq!(event["event"]["message"], "good");
}

#[test]
fn opentelemetry_gets_logs_and_what_it_does_not_take_is_counted() {
    let scene = Scene::new();
    let server = HttpServer::start(|number, request| match (request.path.as_str(), number) {
        ("/v1/logs", 0) => Reply::new(503, ""),
        // A page of something else.
        ("/v1/logs", 1) => Reply::new(200, "<html>sign in</html>"),
        ("/v1/logs", _) => {
            let answer = json!({"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": "one is too old"}});
            Reply::new(200, answer)
        }
        _ => Reply::new(404, ""),
    });
    let more = format!("url = {:?}\nattributes = {{ \"deployment.environment.name\" = \"prod\" }}", server.url(""));
    let mut otlp = scene.start("otlp", &more);
    otlp.bring(&["good", "bad"]);
    let standing = otlp.finish();
    assert_eq!((standing.written, standing.rejected), (1, 1), "{standing:?}");
    assert!(standing.retried >= 4, "both, twice: {standing:?}");
    let requests = server.requests();
    let last = requests.last().expect("one").json();
    assert_eq!(requests[0].json()["resourceLogs"][0]["resource"], last["resourceLogs"][0]["resource"]);
    let attribute = |name: &str, value: &str| json!({"key": name, "value": {"stringValue": value}});
    let expected = [("service.name", "lanner"), ("host.name", "here"), ("deployment.environment.name", "prod")];
    let resource = &last["resourceLogs"][0]["resource"]["attributes"];
    assert_eq!(*resource, json!(expected.map(|(name, value)| attribute(name, value))));
    let records = &last["resourceLogs"][0]["scopeLogs"][0]["logRecords"];
    assert_eq!(records.as_array().map(Vec::len), Some(2));
    assert_eq!((&records[0]["timeUnixNano"], &records[0]["severityNumber"]), (&json!(TIME_NS.to_string()), &json!(17)));
    let body: Value = serde_json::from_str(records[1]["body"]["stringValue"].as_str().expect("a text")).expect("JSON");
    assert_eq!(body["message"], "bad");
    assert!(records[1]["attributes"].as_array().expect("a list").contains(&attribute("lanner.finding.message", "bad")));
}

#[test]
fn what_a_sink_has_wrong_is_said_before_it_starts() {
    let scene = Scene::new();
    let open = scene.secret("open", "x");
    fs::set_permissions(scene.path("open"), fs::Permissions::from_mode(0o644)).expect("set");
    let cases = [
        (
            "webhook",
            "url = \"ftp://host/\"".to_owned(),
            "sink it: `url` is no address that begins with https:// or http://",
        ),
        ("webhook", format!("url = \"http://localhost/\"\nbearer = {open}"), "may be read by others"),
        ("webhook", "url = \"http://localhost/\"\nheaders = { \"a b\" = \"c\" }".to_owned(), "\"a b\" is no header"),
        ("webhook", "url = \"http://localhost/\"\nformat = \"xml\"".to_owned(), "there is no format \"xml\""),
        ("webhook", "url = \"http://localhost/\"\nclient_key = \"/k\"".to_owned(), "go together"),
        ("file", "path = \"/no/such/folder/file\"".to_owned(), "/no/such/folder/file cannot be used"),
    ];
    for (kind, more, expected) in cases {
        let error = Records::start(&scene.sinks(kind, &more), "here", &Labels::default())
            .err()
            .expect("it is refused")
            .to_string();
        assert!(error.contains(expected), "{error}");
    }
}
