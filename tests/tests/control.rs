//! How a running host is seen and steered from outside.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use lanner_tests::{Lanner, PATIENCE, alone, binary, copy_program, put, require_kernel, run, signal, test_pack};
use rustix::process::Signal;
use serde_json::{Value, json};

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
    asked_with(socket, &json!({ "protocol": 1, "ask": ask }))
}

/// The same with more in the request.
fn asked_with(socket: &Path, request: &Value) -> impl Iterator<Item = Value> + use<> {
    let mut stream = UnixStream::connect(socket).expect("the host listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
    writeln!(stream, "{request}").expect("it takes a request");
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
fn what_a_rule_costs_is_told() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let address = free_address();
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &["--metrics", &address]);
    lanner.wait("the cost of the rule", || {
        // It is measured on events that the pack is given.
        open_marked(folder.path());
        status(&lanner)["packs"][0]["rules"][0]["cost_ns"].is_u64()
    });
    let metric = "\nlanner_rule_event_processor_seconds{pack=\"counter\",rule=\"test/count\"} ";
    let metrics = get(&address, "/metrics");
    let cost = metrics.split(metric).nth(1).and_then(|rest| rest.lines().next()?.parse::<f64>().ok());
    assert!(cost.is_some_and(|cost| (0.0..1.0).contains(&cost)), "{metrics}");
    let text = ask("status", &lanner.control(), &[]).stdout.join("\n");
    let line = text.lines().find(|line| line.ends_with("  test/count")).expect("its rule");
    assert!(line.contains("s  test/count"), "ns, µs or ms: {line}");
}

#[test]
fn a_pack_that_rests_is_let_go_on() {
    require_kernel!();
    let _alone = alone("misbehaving");
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[&test_pack("misbehaving"), &test_pack("counter-1")], &["--pack-deadline", "1s"]);
    let misbehave = |how: &str| fs::write(folder.path().join(format!("lanner-misbehave-{how}")), "").expect("a file");
    misbehave("loop");
    lanner.wait_for_stderr("pack misbehaving ran longer than 1s in one call and was stopped");
    let release = |pack: &str| run(["release", pack, "--control", lanner.control().to_str().expect("UTF-8")]);
    let ended = release("misbehaving");
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stdout, ["pack misbehaving goes on"]);
    lanner.wait_for_stderr("pack misbehaving is let go on, as uid 0 (pid ");
    misbehave("not");
    lanner.wait_for_finding("what comes after", |finding| finding["message"] == "about to: lanner-misbehave-not");
    lanner.wait_for_stderr("pack misbehaving runs again");
    let runs = |pack: &Value| pack["name"] == "misbehaving" && pack["state"] == "running";
    lanner.wait("a pack that runs", || status(&lanner)["packs"].as_array().is_some_and(|packs| packs.iter().any(runs)));

    let ended = release("misbehaved");
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    let says = "the host says: there is no pack \"misbehaved\"; those that run are counter, misbehaving";
    assert!(ended.stderr.contains(says) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    let answered = asked_with(&lanner.control(), &json!({ "protocol": 1, "ask": "release", "pack": "counter" })).next();
    assert_eq!(answered.expect("an answer"), json!({ "type": "released", "pack": "counter" }));
}

/// Listens to events of a host, as JSON.
fn listen(lanner: &Lanner, more: &[&str]) -> Lanner {
    let control = lanner.control();
    let arguments = ["events", "--output", "json", "--control", control.to_str().expect("UTF-8")];
    let listening = Lanner::start(arguments.iter().chain(more));
    listening.wait_for_stderr("listening to events");
    listening
}

/// The event of a file that was opened, where it came.
fn opened(events: &Lanner, path: &Path) -> Option<Value> {
    let is_it = |event: &Value| event["open"]["path"] == path.to_str().expect("UTF-8");
    events.findings().into_iter().find(is_it)
}

#[test]
fn events_are_listened_to_in_the_very_form_of_the_recorder() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let own = std::process::id().to_string();
    let exe = std::env::current_exe().expect("a path");
    let ours = listen(&lanner, &["--kind", "open", "--pid", &own]);
    let by_exe = listen(&lanner, &["--exe", exe.to_str().expect("UTF-8"), "--kind", "exec", "--kind", "open"]);
    let of_others = listen(&lanner, &["--exe", "/nowhere/**"]);
    let recorder = Lanner::start(["record", "--output", "events", "--buffer", "128"]);
    recorder.wait_for_stderr("printing events");
    let path = folder.path().join("lanner-count-me");
    open_marked(folder.path());
    for events in [&ours, &by_exe, &recorder] {
        lanner.wait("the event", || opened(events, &path).is_some());
    }
    // Two hosts number events on their own, and read the clock on their own.
    let as_any_host = |events: &Lanner| {
        let mut event = opened(events, &path).expect("it came");
        assert!(event["seq"].as_u64().is_some_and(|seq| seq > 0), "{event}");
        (event["seq"], event["time"]) = (Value::Null, Value::Null);
        ["image", "start", "image_start"].iter().for_each(|own| event["process"][own] = Value::Null);
        event
    };
    assert_eq!(as_any_host(&ours), as_any_host(&recorder));
    assert_eq!(as_any_host(&by_exe), as_any_host(&recorder));
    // It is asked to end by whoever has seen enough.
    signal(ours.pid(), Signal::INT);
    let mut ours = ours;
    let ended = ours.end();
    assert!(ended.status.success() && ended.stderr.contains(" events, 0 left out"), "{}", ended.stderr);
    for event in ended.findings() {
        assert_eq!((&event["type"], &event["kind"]), (&"event".into(), &"open".into()));
        assert_eq!(event["process"]["pid"], std::process::id());
    }
    // Those that still listen hear of its end.
    assert!(lanner.stop().status.success());
    for mut listening in [by_exe, of_others] {
        let ended = listening.end();
        assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("has ended"), "{}", ended.stderr);
    }
}

#[test]
fn events_are_shown_to_people_in_a_line_each() {
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let control = lanner.control();
    let own = std::process::id();
    let listening = Lanner::start(["events", "--pid", &own.to_string(), "--control", control.to_str().expect("UTF-8")]);
    listening.wait_for_stderr("listening to events");
    let odd = folder.path().join("\u{1b}[2J\n");
    fs::write(&odd, "").expect("a file with an odd name");
    open_marked(folder.path());
    let path = format!(" path={} ", folder.path().join("lanner-count-me").display());
    listening.wait("the event", || listening.count(&path) > 0);
    let lines = listening.stdout();
    let line = lines.iter().find(|line| line.contains(&path)).expect("it came");
    assert!(line.contains(" open ") && line.contains(&format!("[{own}] ")), "{line}");
    assert!(lines.iter().all(|line| !line.contains('\u{1b}')), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("/\\u{1b}[2J\\n\"")), "{lines:?}");
}

#[test]
fn who_does_not_read_events_is_told_how_many_he_missed_and_holds_up_nobody() {
    const OPENED: u64 = 30_000;
    require_kernel!();
    let folder = tempfile::tempdir().expect("a folder");
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let own = std::process::id();
    let request = json!({ "protocol": 1, "ask": "events", "kinds": ["open"], "pid": own });
    let mut lines = asked_with(&lanner.control(), &request);
    assert_eq!(lines.next().expect("an answer"), json!({ "type": "listening" }));
    let path = folder.path().join("lanner-not-read");
    fs::write(&path, "").expect("a file");
    (0..OPENED).for_each(|_| drop(fs::File::open(&path)));
    open_marked(folder.path());
    lanner.wait_for_finding("what was opened last", |finding| finding["rule"] == "test/count");
    let lost = status(&lanner)["lost"].as_u64().expect("a number");
    // All that came is told of, and what comes next has a place again.
    let (mut events, mut left_out) = (0, 0);
    for line in lines {
        match line["type"].as_str() {
            Some("event") => events += 1,
            Some("left_out") => left_out += line["events"].as_u64().expect("a number"),
            _ => panic!("{line}"),
        }
        if events + left_out + lost >= OPENED {
            break;
        }
    }
    assert!(events > 0 && left_out > 0, "{events} {left_out}");
    assert!(status(&lanner)["packs"][0]["dropped"] == 0);
}

#[test]
fn events_that_there_are_not_are_wrong_usage_or_refused() {
    let ended = run(["events", "--kind", "opne"]);
    assert_eq!(ended.status.code(), Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("a similar value exists: 'open'"), "{}", ended.stderr);
    require_kernel!();
    let lanner = Lanner::watch(&[&test_pack("counter-1")], &[]);
    let ended = ask("events", &lanner.control(), &["--exe", "/usr/[a"]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("the host says: ") && ended.stderr.contains("has no ] after it"), "{}", ended.stderr);
    let request = json!({ "protocol": 1, "ask": "events", "kinds": ["opne"] });
    let answered = asked_with(&lanner.control(), &request).next().expect("an answer");
    assert!(
        answered["error"].as_str().is_some_and(|error| error.starts_with("there is no kind \"opne\"")),
        "{answered}"
    );
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
    put(&test_pack("counter-2"), &pack);
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
    // Where anybody may look.
    copy_program(binary(), &others);
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
    let command =
        format!("stty cols 100 rows 30; {} top --rules --control {}", binary().display(), lanner.control().display());
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
    lanner.wait("its rule", || said().contains("test/count"));
    let mut keys = terminal.stdin.take().expect("the keys");
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
