//! How a running host is seen and steered from outside.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use lanner_tests::{Lanner, PATIENCE, binary, require_kernel, run, signal, test_pack};
use rustix::process::Signal;
use serde_json::Value;

/// Somebody who is not root.
const NOBODY: &str = "65534";

/// Does a verb that asks the host at this socket.
fn ask(verb: &str, socket: &Path, more: &[&str]) -> lanner_tests::Ended {
    let mut arguments = vec![verb, "--control", socket.to_str().expect("UTF-8")];
    arguments.extend(more);
    run(arguments)
}

/// How a host stands, as JSON.
fn status(lanner: &Lanner) -> Value {
    let ended = ask("status", &lanner.control(), &["--output", "json"]);
    assert!(ended.status.success(), "{}", ended.stderr);
    serde_json::from_str(&ended.stdout.concat()).expect("an object")
}

/// A connection on which this was asked, and the lines that are answered.
fn asked(socket: &Path, ask: &str) -> impl Iterator<Item = Value> + use<> {
    let mut stream = UnixStream::connect(socket).expect("the host listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    writeln!(stream, "{{\"protocol\":1,\"ask\":\"{ask}\"}}").expect("it takes a request");
    BufReader::new(stream).lines().map(|line| serde_json::from_str(&line.expect("a line")).expect("an object"))
}

/// Opens a file that the counter reports.
fn open_marked(folder: &Path) {
    let marked = folder.join("lanner-count-me");
    fs::write(&marked, "").expect("a marked file");
    drop(fs::File::open(&marked));
}

#[test]
fn a_status_names_the_packs_and_what_they_did() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    open_marked(folder.path());
    lanner.wait_for_finding("the opened file", |finding| finding["rule"] == "test/count");
    // Figures are read while batches are judged, and may be of a moment before.
    lanner.wait("counts in the status", || status(&lanner)["packs"][0]["findings"].as_u64() >= Some(1));
    let status = status(&lanner);
    assert_eq!((&status["type"], &status["protocol"]), (&"status".into(), &1.into()));
    assert_eq!(status["pid"], lanner.pid());
    let pack = &status["packs"][0];
    assert_eq!(
        (&pack["name"], &pack["version"], &pack["state"]),
        (&"counter".into(), &"1.0.0".into(), &"running".into())
    );
    assert!(pack["from"].as_str().is_some_and(|from| from.ends_with("counter-1.wasm")), "{pack}");
    assert!(pack["events"].as_u64() >= Some(1) && pack["processor_ns"].as_u64() >= Some(1), "{pack}");
    assert!(pack["rules"][0]["findings"].as_u64() >= Some(1), "{pack}");
    let opens = status["kinds"].as_array().expect("kinds").iter().find(|kind| kind["kind"] == "open");
    assert!(opens.expect("files were opened")["events"].as_u64() >= Some(1), "{status}");
    assert_eq!(status["sinks"][0]["name"], "stdout");
    // The same for people.
    let text = ask("status", &lanner.control(), &[]);
    let text = text.stdout.join("\n");
    for part in [format!("pid {}", lanner.pid()), "counter 1.0.0".to_owned(), "test/count".to_owned()] {
        assert!(text.contains(&part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 100 || line.contains("/")), "{text}");
}

#[test]
fn findings_are_followed_in_the_very_form_of_the_output() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let mut lines = asked(&lanner.control(), "tail");
    assert_eq!(lines.next().expect("an answer")["type"], "tailing");
    open_marked(folder.path());
    let marked = folder.path().display().to_string();
    let is_ours = |finding: &Value| finding["message"].as_str().is_some_and(|message| message.contains(&marked));
    let followed = lines.find(is_ours).expect("it comes");
    assert_eq!(followed, lanner.wait_for_finding("the same on stdout", is_ours));
    assert!(lanner.stop().status.success());
    assert_eq!(lines.last().expect("it ends")["type"], "ending");
}

#[test]
fn a_reload_may_be_asked_for() {
    require_kernel!();
    let rules = tempfile::tempdir().expect("a folder");
    let pack = rules.path().join("counter.wasm");
    fs::copy(test_pack("counter-1"), &pack).expect("a pack");
    let lanner = Lanner::watch(&[rules.path()], &["--no-reload"]);
    fs::copy(test_pack("counter-2"), rules.path().join("aside")).expect("a pack");
    fs::rename(rules.path().join("aside"), &pack).expect("in place");
    assert_eq!(asked(&lanner.control(), "reload").next().expect("an answer")["type"], "reloading");
    lanner.wait_for_stderr("pack counter 2.0.0 with 1 rules: reloaded");
    lanner.wait("the new version in the status", || status(&lanner)["packs"][0]["version"] == "2.0.0");
}

#[test]
fn a_second_host_says_that_one_runs_already() {
    require_kernel!();
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let pack = test_pack("counter-1");
    let rules = ["--rules", pack.to_str().expect("UTF-8"), "--for", "1s"];
    let second = ask("run", &lanner.control(), &rules);
    assert_eq!(second.status.code(), Some(1), "{}", second.stderr);
    let says = format!("a host runs already (pid {}, since ", lanner.pid());
    assert!(second.stderr.contains(&says) && second.stderr.lines().count() == 1, "{}", second.stderr);
    let beside = ask("run", &lanner.control(), &[&rules[..], &["--no-control"]].concat());
    assert!(beside.status.success(), "{}", beside.stderr);
    // That others came and went has not taken its socket.
    assert_eq!(status(&lanner)["pid"], lanner.pid());
}

#[test]
fn where_no_host_runs_that_is_said_and_what_one_left_behind_is_replaced() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("lanner.sock");
    let shown = socket.to_str().expect("UTF-8");
    for left_behind in [false, true] {
        if left_behind {
            drop(UnixListener::bind(&socket).expect("a socket"));
        }
        let ended = ask("status", &socket, &[]);
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("no host runs here: nobody listens at {shown}")), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
    let killed = Lanner::watch(&[&test_pack("counter-1")], &["--control", shown]);
    drop(killed);
    assert!(socket.exists(), "it had no time to remove it");
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &["--control", shown]);
    let answered = asked(&socket, "status").next().expect("an answer");
    assert_eq!(answered["pid"], lanner.pid());
    assert!(lanner.stop().status.success());
    assert!(!socket.exists());
}

#[test]
fn only_root_is_answered() {
    require_kernel!();
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let socket = lanner.control();
    assert_eq!(fs::metadata(&socket).expect("it is there").permissions().mode() & 0o777, 0o600);
    let folder = tempfile::tempdir().expect("a folder");
    let others = folder.path().join("lanner");
    fs::copy(binary(), &others).expect("a copy, where anybody may look");
    for path in [folder.path(), &others, socket.parent().expect("a folder")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
    }
    let ask = || {
        let asked = Command::new("setpriv")
            .args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"])
            .arg(&others)
            .args(["status", "--output", "json", "--control"])
            .arg(&socket)
            .output()
            .expect("setpriv runs");
        (asked.status.code(), String::from_utf8_lossy(&asked.stderr).into_owned(), asked.stdout.len())
    };
    let (code, said, told) = ask();
    assert!(code == Some(1) && told == 0 && said.contains("may only be opened by root"), "{said}");
    // Also where somebody has opened it to all.
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o666)).expect("permissions");
    let (code, said, told) = ask();
    assert!(code == Some(1) && told == 0, "{said}");
    assert!(
        said.contains("only root, and the user who runs the host (uid 0), may ask it, and this is uid 65534"),
        "{said}"
    );
}

/// An address that is free just now.
fn free_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("an address");
    listener.local_addr().expect("it has one").to_string()
}

/// What is served at a path.
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it is served");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").expect("it is taken");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn metrics_and_health_are_served_where_they_are_asked_for() {
    require_kernel!();
    let address = free_address();
    let rules = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[rules.path()], &["--wait-for-rules", "--metrics", &address]);
    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(get(&address, "/readyz").ends_with("no pack runs\n"));
    fs::copy(test_pack("counter-1"), rules.path().join("aside")).expect("a pack");
    fs::rename(rules.path().join("aside"), rules.path().join("counter.wasm")).expect("in place");
    lanner.wait("readiness", || get(&address, "/readyz").starts_with("HTTP/1.1 200 OK\r\n"));
    open_marked(rules.path());
    let found = "\nlanner_rule_findings_total{pack=\"counter\",rule=\"test/count\"} ";
    lanner.wait("the finding in the metrics", || {
        let metrics = get(&address, "/metrics");
        let count = metrics.split(found).nth(1).and_then(|rest| rest.lines().next()?.parse::<u64>().ok());
        count >= Some(1)
    });
    let answer = get(&address, "/metrics");
    let (head, metrics) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains("application/openmetrics-text"), "{head}");
    for family in ["lanner_events_total{kind=\"open\"}", "lanner_pack_state{pack=\"counter\",state=\"running\"} 1"] {
        assert!(metrics.contains(family), "{family}: {metrics}");
    }
    let second = run(["run", "--rules", rules.path().to_str().expect("UTF-8"), "--metrics", &address]);
    assert_eq!(second.status.code(), Some(1));
    assert!(second.stderr.contains(&format!("metrics cannot be served at {address}")), "{}", second.stderr);
    check_with_promtool(metrics);
}

/// Where Prometheus' own tool is there, it has nothing to say of them.
fn check_with_promtool(metrics: &str) {
    let promtool =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut promtool) = promtool else {
        println!("skipped: promtool is not installed");
        return;
    };
    promtool.stdin.take().expect("its stdin").write_all(metrics.as_bytes()).expect("it reads");
    let output = promtool.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_terminal_is_needed_to_draw_in() {
    let ended = run(["top"]);
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("stdout is none: use `lanner status`") && ended.stderr.lines().count() == 1);
}

#[test]
fn top_draws_in_a_terminal_and_leaves_it_as_it_was() {
    require_kernel!();
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("typescript");
    let command = format!("stty cols 100 rows 30; {} top --control {}", binary().display(), lanner.control().display());
    let mut terminal = Command::new("script")
        .args(["--quiet", "--flush", "--return", "--command", &command])
        .arg(&script)
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("script (of util-linux) runs");
    let said = || String::from_utf8_lossy(&fs::read(&script).unwrap_or_default()).into_owned();
    // Spaces are not drawn, but passed over.
    lanner.wait("the pack in the terminal", || said().contains("counter"));
    let mut keys = terminal.stdin.take().expect("the keys");
    keys.write_all(b"r").expect("a key");
    lanner.wait("its rule", || said().contains("test/count"));
    keys.write_all(b"q").expect("a key");
    let status = terminal.wait().expect("it ends");
    assert!(status.success(), "{}", said());
    // The other screen was entered, and left again.
    let said = said();
    assert!(said.contains("\u{1b}[?1049h") && said.contains("\u{1b}[?1049l"), "{said:?}");
    assert!(said.rfind("\u{1b}[?1049l") > said.rfind("test/count"), "{said:?}");
}

#[test]
fn systemd_is_told_how_it_stands() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("a limit");
    let lanner = Lanner::start_by(
        Path::new("env"),
        [&format!("NOTIFY_SOCKET={}", path.display()), "WATCHDOG_USEC=200000"],
        ["run".as_ref(), "--rules".as_ref(), test_pack("counter-1").as_os_str()],
    );
    let wait_for = |what: &str| {
        let mut message = [0; 4096];
        loop {
            let length =
                manager.recv(&mut message).unwrap_or_else(|error| panic!("no {what}: {error}; {}", lanner.stderr()));
            let message = String::from_utf8_lossy(&message[..length]).into_owned();
            if message.lines().any(|line| line == what) {
                return message;
            }
        }
    };
    wait_for("READY=1");
    wait_for("WATCHDOG=1");
    lanner.wait_for_stderr("watching kernel");
    signal(lanner.pid(), Signal::HUP);
    assert!(wait_for("RELOADING=1").contains("MONOTONIC_USEC="));
    wait_for("READY=1");
    signal(lanner.pid(), Signal::TERM);
    wait_for("STOPPING=1");
}
