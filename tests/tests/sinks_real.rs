//! Sinks at the servers that people run: Alertmanager, rsyslog; and syslog over TLS.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use lanner_engine::{Description, Rule, Severity};
use lanner_finding::Finding;
use lanner_finding::Labels;
use lanner_sink::settings::Sinks;
use lanner_sink::{Records, SinkStanding};
use lanner_tests::PATIENCE;
use lanner_tests::http::is_open;
use serde_json::Value;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

fn finding(message: &str) -> Finding {
    let rule = Rule { id: "a/rule".into(), summary: "It is bad".into(), severity: Severity::High, ..Rule::default() };
    let pack =
        Description { name: "pack".into(), version: "1.0.0".into(), rules: vec![rule], ..Description::default() };
    Finding::new(Arc::new(pack), 0, message.to_owned(), 1_795_485_296_123_456_789).expect("it has the rule")
}

fn sinks(kind: &str, more: &str) -> Sinks {
    let text = format!("[[sink]]\nname = \"it\"\ntype = \"{kind}\"\n{more}");
    toml::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Sends findings with these messages, and gives how the sink stands when all are sent.
fn send(sinks: &Sinks, messages: &[&str]) -> SinkStanding {
    let (records, mut fan) = Records::start(sinks, "here", &Labels::default()).expect("they start");
    messages.iter().for_each(|message| fan.write(&finding(message)));
    fan.flush().expect("it never fails");
    drop(fan);
    let standings = records.standings();
    records.finish(PATIENCE);
    standings.sinks().remove(0)
}

/// A server, killed when dropped.
struct Server(Child);

impl Server {
    /// Nothing where this machine does not have it.
    fn start(program: &str, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => Some(Self(child)),
            Err(error) => {
                println!("skipped: {program}: {error}");
                None
            }
        }
    }

    fn wait(&mut self, what: &str, mut is: impl FnMut() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is() {
            assert!(self.0.try_wait().expect("its state").is_none(), "it ended before {what}");
            assert!(Instant::now() < end, "{what} does not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody had a moment ago.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("an address").local_addr().expect("an address").port()
}

#[test]
fn alertmanager_has_alerts_of_findings() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.yml");
    fs::write(&config, "route:\n  receiver: none\nreceivers:\n  - name: none\n").expect("written");
    let port = port();
    let arguments = [
        format!("--config.file={}", config.display()),
        format!("--storage.path={}", folder.path().display()),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--cluster.listen-address=".to_owned(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(mut server) = Server::start("prometheus-alertmanager", &arguments) else { return };
    server.wait("its port", || is_open(port));
    let more = format!("url = \"http://127.0.0.1:{port}\"\nlabels = {{ env = \"prod\" }}\nresolve_after = \"1h\"");
    let standing = send(&sinks("alertmanager", &more), &["read /etc/shadow"]);
    assert_eq!((standing.written, standing.rejected), (1, 0), "{standing:?}");
    let mut alerts = Value::Null;
    server.wait("the alert", || {
        let response = ureq::get(format!("http://127.0.0.1:{port}/api/v2/alerts")).call().expect("an answer");
        let text = response.into_body().read_to_string().expect("text");
        alerts = serde_json::from_str(&text).expect("JSON");
        alerts.as_array().is_some_and(|alerts| !alerts.is_empty())
    });
    let alert = &alerts[0];
    let expected = [("alertname", "a/rule"), ("severity", "high"), ("host", "here"), ("pack", "pack"), ("env", "prod")];
    for (label, value) in expected {
        assert_eq!(alert["labels"][label], value, "{alert}");
    }
    assert_eq!(alert["annotations"]["summary"], "read /etc/shadow");
    assert_eq!(alert["status"]["state"], "active");
}

#[test]
fn a_bucket_has_objects_of_findings_that_came_together() {
    let port = port();
    let arguments = ["-H", "127.0.0.1", "-p", &port.to_string()];
    let Some(mut server) = Server::start("moto_server", &arguments) else { return };
    server.wait("its port", || is_open(port));
    let url = format!("http://127.0.0.1:{port}");
    let made = ureq::put(format!("{url}/findings")).send_empty().expect("an answer");
    assert_eq!(made.status(), 200);
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    fs::write(&secret, "secret\n").expect("written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("a mode");
    let more = |bucket: &str| {
        format!(
            "bucket = \"{bucket}\"\nregion = \"eu-central-1\"\nendpoint = \"{url}\"\nallow_http = true\n\
             access_key = \"key\"\nsecret_key = {{ file = {secret:?} }}\ntimeout = \"1h\"\ngather = \"1h\""
        )
    };
    let standing = send(&sinks("s3", &more("findings")), &["one", "two", "three"]);
    assert_eq!((standing.written, standing.rejected, standing.retried), (3, 0, 0), "{standing:?}");
    // It looks who asks, and not whether that is so.
    let who = "AWS4-HMAC-SHA256 Credential=key/20261201/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let get = |path: &str| {
        let request = ureq::get(format!("{url}/findings{path}")).header("Authorization", who);
        request.call().expect("an answer").into_body()
    };
    let listed = get("?list-type=2").read_to_string().expect("text");
    let keys: Vec<&str> = listed.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next()).collect();
    let [key] = keys[..] else { panic!("one object for all three: {listed}") };
    assert!(key.starts_with("lanner/here/") && key.ends_with(".ndjson.gz"), "{key}");
    let bytes = get(&format!("/{key}")).read_to_vec().expect("bytes");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("it is compressed");
    let messages: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a finding a line")["message"].clone())
        .collect();
    assert_eq!(messages, ["one", "two", "three"]);
    // No such bucket: it is said why, once, by who tries.
    let missing = sinks("s3", &more("other"));
    let why = lanner_sink::try_once(&missing.sinks[0], &finding("x"), "here").expect_err("it is not there");
    assert!(why.contains("NoSuchBucket") || why.contains("does not exist"), "{why}");
}

#[test]
fn a_stream_of_redis_has_entries_also_after_the_server_was_away() {
    let port = port();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().display().to_string();
    let number = port.to_string();
    let server = || {
        let arguments = [
            "--port",
            &number,
            "--bind",
            "127.0.0.1",
            "--dir",
            &place,
            "--requirepass",
            "s3cret",
            "--appendonly",
            "yes",
        ];
        let mut server = Server::start("redis-server", &arguments)?;
        server.wait("its port", || is_open(port));
        Some(server)
    };
    let Some(first) = server() else { return };
    let secret = folder.path().join("secret");
    fs::write(&secret, "s3cret").expect("written");
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("a mode");
    let more = format!(
        "url = \"redis://127.0.0.1:{port}/1\"\npassword = {{ file = {secret:?} }}\nmax_entries = 1000\ntimeout = \"1h\""
    );
    let sinks = sinks("redis", &more);
    let (records, mut fan) = Records::start(&sinks, "here", &Labels::default()).expect("they start");
    let standings = records.standings();
    let mut bring = |message: &str| {
        fan.write(&finding(message));
        fan.flush().expect("it never fails");
    };
    let wait = |what: &str, is: &dyn Fn(&SinkStanding) -> bool| {
        let end = Instant::now() + PATIENCE;
        while !is(&standings.sinks()[0]) {
            assert!(Instant::now() < end, "{what}: {:?}", standings.sinks());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    bring("one");
    wait("the first", &|sink| sink.written == 1);
    drop(first);
    bring("two");
    wait("that it is away", &|sink| sink.trouble.is_some());
    let Some(_second) = server() else { panic!("it was there before") };
    wait("the second", &|sink| sink.written == 2 && sink.trouble.is_none());
    drop(fan);
    assert_eq!(records.finish(PATIENCE), 0);
    let mut client = Command::new("redis-cli");
    client.args([
        "-p",
        &number,
        "-n",
        "1",
        "--no-auth-warning",
        "-a",
        "s3cret",
        "--json",
        "XRANGE",
        "lanner:findings",
        "-",
        "+",
    ]);
    let entries = client.output().expect("redis-cli can be run").stdout;
    let entries: Value = serde_json::from_slice(&entries).expect("JSON");
    let messages: Vec<String> = entries
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            let fields = entry[1].as_array().expect("fields");
            let names: Vec<&str> = fields.iter().step_by(2).filter_map(Value::as_str).collect();
            assert_eq!((names, fields[3].as_str()), (vec!["id", "severity", "rule", "finding"], Some("high")));
            let finding: Value = serde_json::from_str(fields[7].as_str().expect("a text")).expect("JSON");
            assert_eq!(fields[1], finding["id"]);
            finding["message"].as_str().expect("a text").to_owned()
        })
        .collect();
    assert_eq!(messages, ["one", "two"]);
}

/// The messages that rsyslog wrote, by its template: the header's fields, and the finding.
fn written(path: &Path) -> Vec<(String, Value)> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = |line: &str| {
        let (header, json) = line.split_once('\t')?;
        Some((header.to_owned(), serde_json::from_str(json).ok()?))
    };
    text.lines().filter_map(line).collect()
}

#[test]
fn rsyslog_understands_what_comes_over_udp_tcp_and_a_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let (out, socket) = (folder.path().join("out"), folder.path().join("log"));
    let (tcp, udp) = (port(), port());
    let config = folder.path().join("rsyslog.conf");
    let text = format!(
        "global(workDirectory=\"{folder}\" maxMessageSize=\"256k\")\n\
         module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"{tcp}\")\n\
         module(load=\"imudp\")\ninput(type=\"imudp\" address=\"127.0.0.1\" port=\"{udp}\")\n\
         module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
         input(type=\"imuxsock\" Socket=\"{socket}\" UseSpecialParser=\"off\" ParseHostname=\"on\" IgnoreTimestamp=\"off\")\n\
         template(name=\"t\" type=\"string\" string=\"%syslogfacility-text% %syslogseverity-text% %hostname% %app-name% %msgid% \
         %timereported:::date-rfc3339%\\t%msg%\\n\")\n\
         action(type=\"omfile\" file=\"{out}\" template=\"t\")\n",
        folder = folder.path().display(),
        socket = socket.display(),
        out = out.display(),
    );
    fs::write(&config, text).expect("written");
    let config = config.display().to_string();
    let pid = folder.path().join("pid").display().to_string();
    let Some(mut server) = Server::start("rsyslogd", &["-n", "-f", &config, "-i", &pid]) else { return };
    server.wait("its port and its socket", || is_open(tcp) && socket.exists());
    let long = "x".repeat(20_000);
    let urls =
        [format!("tcp://127.0.0.1:{tcp}"), format!("udp://127.0.0.1:{udp}"), format!("unix://{}", socket.display())];
    for (number, url) in urls.iter().enumerate() {
        let more = format!("url = {url:?}\nfacility = \"authpriv\"");
        // A line feed in a message, and one that is longer than others have it.
        let standing = send(&sinks("syslog", &more), &["one\nline", &long]);
        assert_eq!((standing.written, standing.rejected, standing.retried), (2, 0, 0), "{url}: {standing:?}");
        server.wait(&format!("what was sent over {url}"), || written(&out).len() == 2 * (number + 1));
        let all = written(&out);
        let [first, second] = &all[2 * number..] else { panic!("two: {all:?}") };
        assert_eq!(first.0, "authpriv err here lanner finding 2026-11-24T01:54:56.123456Z", "{url}");
        assert_eq!((&first.1["message"], &second.1["message"]), (&"one\nline".into(), &long.as_str().into()), "{url}");
    }
}

#[test]
fn over_udp_what_is_too_long_is_rejected_and_the_rest_goes() {
    let server = UdpSocket::bind("127.0.0.1:0").expect("an address");
    let more = format!("url = \"udp://{}\"", server.local_addr().expect("an address"));
    let standing = send(&sinks("syslog", &more), &["first", &"x".repeat(70_000), "third"]);
    assert_eq!((standing.written, standing.rejected), (2, 1), "{standing:?}");
    let mut buffer = vec![0; 65_536];
    for expected in ["first", "third"] {
        let length = server.recv(&mut buffer).expect("a message");
        let text = String::from_utf8_lossy(&buffer[..length]);
        assert!(
            text.starts_with("<131>1 2026-11-24T01:54:56.123456Z here lanner ") && text.contains(expected),
            "{text}"
        );
    }
}

#[test]
fn syslog_over_tls_is_framed_and_goes_on_when_the_server_closed_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let pem = folder.path().join("server.pem");
    fs::write(&pem, certified.cert.pem()).expect("written");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certified.signing_key.serialize_der()));
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let config =
        config.with_no_client_auth().with_single_cert(vec![certified.cert.der().clone()], key).expect("a server");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("an address");
    let port = listener.local_addr().expect("an address").port();
    // Each connection is good for one message.
    let (took, taken) = channel();
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (stream, _) = listener.accept().expect("a client");
            let connection = ServerConnection::new(config.clone()).expect("TLS");
            let mut stream = StreamOwned::new(connection, stream);
            let mut length = String::new();
            let mut byte = [0];
            loop {
                stream.read_exact(&mut byte).expect("a byte");
                if byte == *b" " {
                    break;
                }
                length.push(char::from(byte[0]));
            }
            let mut message = vec![0; length.parse().expect("a length")];
            stream.read_exact(&mut message).expect("a message");
            stream.conn.send_close_notify();
            // Who is gone already need not be told.
            let _ = stream.flush();
            drop(stream);
            took.send(String::from_utf8(message).expect("text")).expect("it is waited for");
        }
    });
    let sinks = sinks("syslog", &format!("url = \"tls://localhost:{port}\"\ncertificates = {pem:?}"));
    let (records, mut fan) = Records::start(&sinks, "here", &Labels::default()).expect("they start");
    for expected in ["first", "second"] {
        fan.write(&finding(expected));
        fan.flush().expect("it never fails");
        let message = taken.recv_timeout(PATIENCE).expect("it comes");
        let (_, json) = message.split_once(" finding - ").expect("a header");
        let finding: Value = serde_json::from_str(json).expect("JSON");
        assert_eq!(finding["message"], expected);
    }
    server.join().expect("it ends");
    drop(fan);
    let standings = records.standings();
    records.finish(PATIENCE);
    assert_eq!(standings.sinks()[0].written, 2);
}
