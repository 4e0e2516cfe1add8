//! `lanner run --sinks`: what a host finds arrives, though servers are down and the host is killed.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lanner_tests::http::{HttpServer, Reply};
use lanner_tests::{Lanner, binary, require_kernel, signal, test_pack};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

/// A server that can be down, and a host that sends it what it finds.
struct Scene {
    folder: TempDir,
    server: HttpServer,
    down: Arc<AtomicBool>,
}

impl Scene {
    fn new() -> Self {
        let down = Arc::<AtomicBool>::default();
        let its = down.clone();
        let server = HttpServer::start(move |_, _| Reply::new(if its.load(Ordering::Relaxed) { 503 } else { 200 }, ""));
        Self { folder: tempfile::tempdir().expect("a folder"), server, down }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sinks(&self) -> String {
        let (spool, archive, url) = (self.path("spool"), self.path("archive.json"), self.server.url("/"));
        let text = format!(
            "[spool]\nfolder = {spool:?}\n[[sink]]\nname = \"web\"\ntype = \"webhook\"\npolicy = \"spool\"\nurl = {url:?}\n\
             [[sink]]\nname = \"archive\"\ntype = \"file\"\npath = {archive:?}\n"
        );
        fs::write(self.path("sinks.toml"), text).expect("written");
        self.path("sinks.toml").display().to_string()
    }

    fn watch(&self, more: &[&str]) -> Lanner {
        let sinks = self.sinks();
        Lanner::watch(&[&test_pack("counter-1")], &[&["--sinks", sinks.as_str()], more].concat())
    }

    /// Opens the file that the pack counts.
    fn open(&self, times: usize) {
        for _ in 0..times {
            let marked = self.path("lanner-count-me");
            fs::OpenOptions::new().append(true).create(true).open(marked).expect("it opens");
        }
    }

    /// The ids of our findings in this JSON.
    fn ids<'a>(&self, findings: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
        let marked = self.path("lanner-count-me").display().to_string();
        let ours =
            findings.into_iter().filter(|finding| finding["message"].as_str().is_some_and(|m| m.ends_with(&marked)));
        ours.map(|finding| finding["id"].as_str().expect("an id").to_owned()).collect()
    }

    /// Those that the server took.
    fn taken(&self, from: usize) -> BTreeSet<String> {
        let requests = self.server.requests();
        let all: Vec<Value> =
            requests[from..].iter().flat_map(|r| r.json().as_array().expect("an array").clone()).collect();
        self.ids(&all)
    }

    /// Those in the file.
    fn archived(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.path("archive.json")).unwrap_or_default();
        let all: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        self.ids(&all)
    }
}

#[test]
fn what_was_found_arrives_though_the_server_is_down_and_the_host_is_killed() {
    require_kernel!();
    let scene = Scene::new();
    scene.down.store(true, Ordering::Relaxed);
    let lanner = scene.watch(&[]);
    scene.open(20);
    lanner.wait("findings in the file", || scene.archived().len() == 20);
    // The file and the spool get the same at the same time; that the spool has it is seen by what waits.
    let waiting = || {
        let status = Command::new(binary())
            .args(["status", "--output", "json"])
            .env("LANNER_CONTROL", lanner.control())
            .output();
        let status: Value = serde_json::from_slice(&status.expect("it runs").stdout).unwrap_or_default();
        let sinks = status["sinks"].as_array().cloned().unwrap_or_default();
        let web = sinks.into_iter().find(|sink| sink["name"] == "web").unwrap_or_default();
        (web["waiting"].as_u64().unwrap_or(0), web["trouble"].as_str().unwrap_or_default().to_owned())
    };
    lanner.wait("the sink in the status", || waiting().0 >= 20 && waiting().1.starts_with("it answers 503"));
    let found = scene.archived();
    lanner.wait("the spool on disk", || kept(&scene) >= 20);
    signal(lanner.pid(), Signal::KILL);
    drop(lanner);

    let before = scene.server.requests().len();
    scene.down.store(false, Ordering::Relaxed);
    let lanner = scene.watch(&[]);
    lanner.wait("what the other host found", || scene.taken(before).is_superset(&found));
    scene.open(5);
    lanner.wait("what this one finds", || {
        scene.archived().len() == 25 && scene.taken(before).is_superset(&scene.archived())
    });
    let ended = lanner.stop();
    assert!(ended.status.success(), "{}", ended.stderr);
}

/// Findings on disk, of anybody: another process may look, too.
fn kept(scene: &Scene) -> i64 {
    let count = || -> rusqlite::Result<i64> {
        let connection = rusqlite::Connection::open(scene.path("spool").join(lanner_spool::FILE))?;
        connection.query_row("SELECT COUNT(*) FROM records", [], |row| row.get(0))
    };
    count().unwrap_or(0)
}

#[test]
fn a_reader_of_stdout_that_goes_ends_nothing_where_other_sinks_are() {
    require_kernel!();
    let scene = Scene::new();
    let mut head =
        Command::new("head").args(["-n", "1"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("head");
    let stdin = head.stdin.take().expect("a pipe");
    let control = scene.path("lanner.sock");
    let mut host = Command::new(binary())
        .args(["run", "--output", "json", "--buffer", lanner_tests::BUFFER, "--sinks", &scene.sinks(), "--rules"])
        .arg(test_pack("counter-1"))
        .env("LANNER_CONTROL", &control)
        .stdin(Stdio::null())
        .stdout(stdin)
        .stderr(fs::File::create(scene.path("stderr")).expect("a file"))
        .spawn()
        .expect("it starts");
    let stderr = || fs::read_to_string(scene.path("stderr")).unwrap_or_default();
    let end = std::time::Instant::now() + lanner_tests::PATIENCE;
    let mut wait = |what: &str, is: &dyn Fn() -> bool| {
        while !is() {
            assert!(host.try_wait().expect("its state").is_none(), "it ended before {what}: {}", stderr());
            assert!(std::time::Instant::now() < end, "{what} does not come: {}", stderr());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    };
    wait("it watches", &|| stderr().contains("watching kernel"));
    scene.open(1);
    wait("the first finding", &|| scene.archived().len() == 1);
    head.wait().expect("it has its line");
    // The next one does not go to stdout any more.
    scene.open(1);
    wait("that it is said", &|| stderr().contains("stdout takes no findings any more"));
    scene.open(3);
    wait("the rest", &|| scene.archived().len() == 5 && scene.taken(0).len() == 5);
    rustix::process::kill_process(rustix::process::Pid::from_child(&host), Signal::TERM).expect("it is told");
    assert!(host.wait().expect("it ends").success(), "{}", stderr());
}

#[test]
fn a_sink_is_tried_with_a_finding_that_says_so() {
    let scene = Scene::new();
    let sinks = scene.sinks();
    let test = |more: &[&str]| {
        let output = Command::new(binary()).args(["sink", "test", &sinks]).args(more).output().expect("it runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(test(&[]), (Some(0), "web: took it\narchive: took it\n".into(), String::new()));
    let finding = &scene.server.requests()[0].json()[0];
    assert_eq!((&finding["rule"], &finding["severity"]), (&"lanner/sink-test".into(), &"info".into()));
    scene.down.store(true, Ordering::Relaxed);
    let (code, out, error) = test(&["web"]);
    assert_eq!((code, out.as_str()), (Some(1), "web: it answers 503 Service Unavailable\n"));
    assert!(error.contains("1 of 1 sinks did not take the finding"), "{error}");
    let (code, _, error) = test(&["none"]);
    assert!(code == Some(1) && error.contains("has no sink none; it has web, archive"), "{error}");
}

#[test]
fn a_file_of_sinks_that_says_something_else_than_at_the_start_is_said() {
    require_kernel!();
    let scene = Scene::new();
    let lanner = scene.watch(&[]);
    let troubles = || {
        let mut status = Command::new(binary());
        status.args(["status", "--output", "json"]).env("LANNER_CONTROL", lanner.control());
        let status: Value = serde_json::from_slice(&status.output().expect("it runs").stdout).unwrap_or_default();
        status["troubles"].as_array().cloned().unwrap_or_default()
    };
    let is_said = |what: &str| troubles().iter().any(|said| said.as_str().is_some_and(|said| said.contains(what)));
    let path = scene.path("sinks.toml");
    let started = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, format!("{started}# a word\n")).expect("written");
    lanner.wait("that it is another", || is_said("are others than at the start, which needs a restart"));
    fs::write(&path, "[[sink]]\nname = \"x\"").expect("written");
    lanner.wait("that it is wrong", || is_said("the host would not start with them: "));
    fs::write(&path, started).expect("written");
    lanner.wait("that it is as it was", || troubles().is_empty());
    assert!(lanner.stop().status.success());
}
