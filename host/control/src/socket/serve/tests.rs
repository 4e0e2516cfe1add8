use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream as Stream;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use lanner_abi::{Kind, OwnedRecord, field};
use lanner_engine::{Description, Figures, PackStatus, Rule, Status};
use lanner_enrich::{Enricher, Event};
use lanner_finding::Finding;
use lanner_probes::event::{RawEvent, Task};
use lanner_sink::Sink;
use lanner_source::record::{Machine, Record};

use super::*;
use crate::host::made_up::MadeUp;
use crate::socket::{Ask, Client, ClientError, MAX_REQUEST, Sought};

/// A host that is asked, on a thread of its own.
struct Scene {
    host: Arc<MadeUp>,
    path: PathBuf,
    tail: Option<Box<dyn Sink>>,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lanner.sock");
        let claim = Claim::take(&path).expect("it is free");
        let host = MadeUp::with(Status { events: 42, ..Status::default() });
        let followers = Followers::default();
        let tail = Some(followers.sink("here", &lanner_finding::Labels::default()));
        let (stop, stopped) = watch::channel(false);
        let desk = Desk { inquiry: Arc::new(Inquiry::new(host.clone())), followers, stop: stopped };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(serve(&claim, desk)).expect("it serves");
        });
        Self { host, path, tail, stop, thread: Some(thread), _folder: folder }
    }

    fn client(&self, ask: Ask) -> Client {
        let mut client = Client::connect(&self.path).expect("it listens");
        client.ask(ask).expect("it takes a request");
        client
    }

    /// Waits until so many follow the findings.
    fn find(&mut self, message: &str) {
        let rule = Rule { id: "a/rule".into(), ..Rule::default() };
        let pack = Description { name: "pack".into(), rules: vec![rule], ..Description::default() };
        let finding = Finding::new(Arc::new(pack), 0, message.to_owned(), 1).expect("it has the rule");
        self.tail.as_mut().expect("it goes on").write(&finding);
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A connection on which anything may be written.
fn raw(path: &Path) -> BufReader<Stream> {
    BufReader::new(Stream::connect(path).expect("it listens"))
}

fn next_line(stream: &mut BufReader<Stream>) -> String {
    let mut line = String::new();
    stream.read_line(&mut line).expect("an answer");
    line
}

#[test]
fn a_status_is_answered_and_asked_for_again_on_the_same_connection() {
    let scene = Scene::new();
    let mut client = scene.client(Ask::Status);
    let report = client.status().expect("a status");
    assert_eq!((report.protocol, report.events, report.findings, report.about.pid), (1, 42, 7, 4711));
    client.ask(Ask::Status).expect("it takes another");
    assert_eq!(client.status().expect("a status").troubles.len(), 1);
    let mut watching = scene.client(Ask::Watch { every_ms: 100 });
    let times = [0; 3].map(|_| watching.status().expect("a status").time_ns);
    assert!(times[0] <= times[1] && times[1] < times[2], "{times:?}");
}

#[test]
fn a_host_that_does_not_answer_is_said_to() {
    let scene = Scene::new();
    *scene.host.status.lock().expect("the status") = None;
    let refused = scene.client(Ask::Status).status().expect_err("no answer").to_string();
    assert_eq!(refused, "the host says: events are not judged, or not in time: no answer within 10s");
}

#[test]
fn a_reload_is_passed_on() {
    let scene = Scene::new();
    assert_eq!(scene.client(Ask::Reload).answer().expect("an answer"), Answer::Reloading);
    assert_eq!(scene.host.reloads.load(Ordering::SeqCst), 1);
}

/// A pack that runs, of this name.
fn running(name: &str) -> PackStatus {
    let description = Description { name: name.into(), ..Description::default() };
    PackStatus {
        path: "/rules/one.wasm".into(),
        description: Arc::new(description),
        figures: Figures::default(),
        waiting: 0,
        by_rule: Vec::new(),
        before: None,
        shadow: None,
    }
}

#[test]
fn a_pack_is_released_by_its_name_and_others_are_named() {
    let scene = Scene::new();
    let release = || Ask::Release { pack: "starter".into() };
    let refused = scene.client(release()).answer().expect_err("none runs").to_string();
    assert_eq!(refused, "the host says: there is no pack \"starter\": none runs");
    let packs = vec![running("starter"), running("other")];
    *scene.host.status.lock().expect("the status") = Some(Status { packs, ..Status::default() });
    assert_eq!(scene.client(release()).answer().expect("an answer"), Answer::Released { pack: "starter".into() });
    assert_eq!(*scene.host.released.lock().expect("the packs"), ["starter"]);
    let mut client = scene.client(Ask::Release { pack: "Starter\n".into() });
    // What was answered a moment ago is answered again.
    let refused = loop {
        let refused = client.answer().expect_err("it has another name").to_string();
        if !refused.ends_with("none runs") {
            break refused;
        }
        client.ask(Ask::Release { pack: "Starter\n".into() }).expect("it takes another");
    };
    assert_eq!(refused, "the host says: there is no pack \"Starter\\n\"; those that run are starter, other");
    *scene.host.status.lock().expect("the status") = None;
    let refused = scene.client(release()).answer().expect_err("no answer").to_string();
    assert!(refused.ends_with("no answer within 10s"), "{refused}");
}

/// Events of a process with this pid.
fn event(pid: u32, path: &str) -> Event {
    let task = Task { pid, tid: pid, start_boot_ns: 1, ..Task::default() };
    let mkdir = OwnedRecord::new(Kind::Mkdir.record()).with(field::mkdir::PATH, path);
    let event = RawEvent { task: Some(task), ..RawEvent::of_nobody(1, Kind::Mkdir, mkdir) };
    Enricher::new(&Machine::default(), None).take(Record::Event(Box::new(event))).expect("an event")
}

#[test]
fn events_are_listened_to_by_who_reads_and_others_hold_up_nobody() {
    let scene = Scene::new();
    let mut slow = scene.client(Ask::Events(Sought::default()));
    assert_eq!(slow.answer().expect("it listens"), Answer::Listening);
    let mut quick = raw(&scene.path);
    quick.get_mut().write_all(b"{\"protocol\":1,\"ask\":\"events\",\"pid\":8}\n").expect("it is taken");
    assert_eq!(next_line(&mut quick), "{\"type\":\"listening\"}\n");
    let mut tap = scene.host.tap.lock().expect("the tap").take().expect("it goes on");
    // More than its queue and all buffers in between hold.
    let text = "x".repeat(64 << 10);
    for number in 0..400 {
        tap.pass(&event(7, &text));
        tap.pass(&event(8, &number.to_string()));
        let line = next_line(&mut quick);
        let is_it =
            line.starts_with("{\"type\":\"event\",\"seq\":") && line.contains(&format!("\"path\":\"{number}\""));
        assert!(is_it, "{number}: {line}");
    }
    drop(tap);
    let (mut left_out, mut events) = (0, 0);
    loop {
        match slow.answer() {
            Ok(Answer::LeftOut { findings: 0, events }) => left_out += events,
            Ok(Answer::Event) => events += 1,
            Err(ClientError::Ended(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(left_out > 0 && events > 0 && events + left_out == 800, "{events} {left_out}");
    assert_eq!(next_line(&mut quick), "{\"type\":\"ending\"}\n");
}

#[test]
fn who_asks_for_events_that_there_are_not_may_ask_again() {
    let scene = Scene::new();
    let mut client = scene.client(Ask::Events(Sought { kinds: vec!["opne".into()], ..Sought::default() }));
    let refused = client.answer().expect_err("it is refused").to_string();
    assert!(refused.starts_with("the host says: there is no kind \"opne\" of events"), "{refused}");
    client.ask(Ask::Events(Sought { kinds: vec!["open".into()], ..Sought::default() })).expect("it takes another");
    assert_eq!(client.answer().expect("it listens"), Answer::Listening);
    // That it has gone is noticed, though no event comes.
    drop(client);
    while scene.host.tap.lock().expect("the tap").as_ref().expect("it goes on").is_open() {
        std::thread::yield_now();
    }
}

#[test]
fn what_is_no_request_gets_a_sentence_and_may_be_followed_by_one() {
    let scene = Scene::new();
    let mut stream = raw(&scene.path);
    for (request, why) in [
        ("nonsense\n", "this is no request"),
        ("\n", "this is no request"),
        ("{\"protocol\":9,\"ask\":\"status\"}\n", "version 9 of the protocol"),
        ("{\"protocol\":1,\"ask\":\"dance\"}\n", "unknown variant `dance`"),
    ] {
        stream.get_mut().write_all(request.as_bytes()).expect("it is taken");
        let line = next_line(&mut stream);
        assert!(line.starts_with("{\"type\":\"error\",\"error\":\"") && line.contains(why), "{line}");
    }
    // The last line of a client that says no more needs no end.
    stream.get_mut().write_all(b"{\"protocol\":1,\"ask\":\"status\"}").expect("it is taken");
    stream.get_mut().shutdown(std::net::Shutdown::Write).expect("it says no more");
    assert!(next_line(&mut stream).starts_with("{\"type\":\"status\",\"protocol\":1,"));
    assert_eq!(next_line(&mut stream), "");
}

#[test]
fn a_line_that_does_not_end_is_cut_off() {
    let scene = Scene::new();
    let mut stream = raw(&scene.path);
    // More than it takes: what nobody reads stays in the pipe.
    let writing = stream.get_ref().try_clone().expect("its other half");
    let writer = std::thread::spawn(move || {
        let line = vec![b'x'; 64 * MAX_REQUEST];
        let _ = (&writing).write_all(&line);
    });
    assert!(next_line(&mut stream).contains("a request may have 65536 bytes"));
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    assert!(rest.is_empty());
    writer.join().expect("it ended");
}

#[test]
fn so_many_are_served_at_a_time_and_then_the_next() {
    let scene = Scene::new();
    let mut clients: Vec<Client> = (0..MAX_CLIENTS).map(|_| scene.client(Ask::Watch { every_ms: 60_000 })).collect();
    for client in &mut clients {
        client.status().expect("a status");
    }
    let refused = scene.client(Ask::Status).status().expect_err("it is full");
    assert!(refused.to_string().contains("16 clients are served at a time"), "{refused}");
    clients.pop();
    // That it has gone may be noticed a moment later.
    while let Err(ClientError::Refused(_)) = scene.client(Ask::Status).status() {
        std::thread::yield_now();
    }
}

#[test]
fn findings_are_followed_by_who_reads_and_others_hold_up_nobody() {
    let mut scene = Scene::new();
    let mut slow = scene.client(Ask::Tail);
    let mut quick = raw(&scene.path);
    quick.get_mut().write_all(b"{\"protocol\":1,\"ask\":\"tail\"}\n").expect("it is taken");
    // Who says no more may go on reading.
    quick.get_mut().shutdown(std::net::Shutdown::Write).expect("it says no more");
    assert_eq!(slow.answer().expect("it follows"), Answer::Tailing);
    assert_eq!(next_line(&mut quick), "{\"type\":\"tailing\"}\n");
    // More than its queue and all buffers in between hold.
    let text = "x".repeat(64 << 10);
    for number in 0..200 {
        scene.find(&format!("{number} {text}"));
        let line = next_line(&mut quick);
        assert!(
            line.contains("\"type\":\"finding\"") && line.contains(&format!("\"message\":\"{number} x")),
            "{number}"
        );
    }
    let mut left_out = 0;
    let mut findings = 0;
    drop(scene.tail.take());
    loop {
        match slow.answer() {
            Ok(Answer::LeftOut { findings, .. }) => left_out += findings,
            Ok(Answer::Other) => findings += 1,
            Err(ClientError::Ended(_)) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(left_out > 0 && findings > 0 && findings + left_out == 200, "{findings} {left_out}");
    assert_eq!(next_line(&mut quick), "{\"type\":\"ending\"}\n");
}

#[test]
fn who_asks_for_more_where_an_answer_goes_on_is_told_so() {
    let scene = Scene::new();
    let mut client = scene.client(Ask::Tail);
    assert_eq!(client.answer().expect("it follows"), Answer::Tailing);
    client.ask(Ask::Status).expect("it is taken");
    let refused = client.answer().expect_err("not here").to_string();
    assert!(refused.contains("ask for more in another"), "{refused}");
}

#[test]
fn clients_are_told_when_the_host_ends() {
    let scene = Scene::new();
    let mut waiting = Client::connect(&scene.path).expect("it listens");
    let mut watching = scene.client(Ask::Watch { every_ms: 60_000 });
    watching.status().expect("a status");
    drop(scene);
    for client in [&mut waiting, &mut watching] {
        assert!(matches!(client.answer(), Err(ClientError::Ended(_))));
    }
}

#[test]
fn where_nobody_listens_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lanner.sock");
    for left_behind in [false, true] {
        if left_behind {
            drop(std::os::unix::net::UnixListener::bind(&path).expect("a socket"));
        }
        let Err(error) = Client::connect(&path) else { panic!("nobody is there") };
        assert!(error.to_string().starts_with("no host runs here: nobody listens at "), "{error}");
    }
}
