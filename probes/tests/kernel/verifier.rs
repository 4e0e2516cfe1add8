//! What the probes cost to load, and that loading and attaching do what they say.

use lanner_abi::Kind;
use lanner_probes::{ProbeConfig, Probes};

use crate::watch::{Watch, probes};

/// Instructions that the verifier may walk; it gives up at a million, and older kernels walk more than newer ones. A
/// change that multiplies one of these is to be understood before the bound is raised.
const BOUNDS: [(&str, u32); 2] = [("exec_done", 60_000), ("fork_done", 6_000)];

/// For those that have no bound of their own.
const DEFAULT_BOUND: u32 = 80_000;

#[test]
fn verification_is_bounded() {
    let Some(watch) = Watch::over(&Probes::kinds()) else { return };
    let mut over = false;
    for program in watch.probes.programs() {
        let bound = BOUNDS.iter().find(|(name, _)| *name == program.name).map_or(DEFAULT_BOUND, |(_, bound)| *bound);
        eprintln!("{:18} {:28} {:?} of {bound}", program.name, program.hook, program.verified_insns);
        over |= program.verified_insns.is_some_and(|walked| walked > bound);
    }
    assert!(!over, "a program is above its bound");
}

#[test]
fn attaching_and_detaching_may_be_repeated() {
    let Some(mut probes) = probes(&ProbeConfig::default()) else { return };
    assert_eq!(probes.attached(), []);
    for _ in 0..2 {
        for kind in Probes::kinds() {
            probes.attach(kind).unwrap();
            probes.attach(kind).unwrap();
        }
        assert_eq!(probes.attached(), Probes::kinds());
        probes.detach(Kind::Open).unwrap();
        probes.detach(Kind::Open).unwrap();
        assert!(!probes.attached().contains(&Kind::Open));
    }
}

#[test]
fn there_is_one_reader() {
    let Some(mut probes) = probes(&ProbeConfig::default()) else { return };
    probes.reader().unwrap();
    assert!(probes.reader().is_err());
}

/// Connects so often, from this process.
fn connect(times: usize) {
    (0..times).for_each(|_| drop(std::net::TcpStream::connect(("127.0.0.1", 1))));
}

/// The connects that this process is told of having made, after a marked one that all of them come before.
fn reported(watch: &mut Watch, marker: &std::net::TcpListener) -> usize {
    let marked = marker.local_addr().unwrap();
    drop(std::net::TcpStream::connect(marked).unwrap());
    watch.connects_before(marked)
}

#[test]
fn what_is_detached_is_silent() {
    let Some(mut watch) = Watch::over(&[]) else { return };
    let marker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    connect(10);
    watch.probes.attach(Kind::Connect).unwrap();
    assert_eq!(reported(&mut watch, &marker), 0, "before it was attached");
    connect(10);
    assert_eq!(reported(&mut watch, &marker), 10, "while it is");
    watch.probes.detach(Kind::Connect).unwrap();
    connect(10);
    watch.probes.attach(Kind::Connect).unwrap();
    assert_eq!(reported(&mut watch, &marker), 0, "after it was detached");
    watch.end();
}

/// Says where to connect to.
const MARK: &str = "LANNER_TEST_MARK";

#[test]
#[ignore = "another test runs it, as a process of its own"]
fn a_marked_connect() {
    if let Ok(marked) = std::env::var(MARK) {
        drop(std::net::TcpStream::connect(marked).unwrap());
    }
}

#[test]
fn this_process_can_be_silent() {
    let ignored = ProbeConfig { ignore_pid: Some(std::process::id()), ..ProbeConfig::default() };
    let Some(mut watch) = Watch::with(&ignored, &[Kind::Connect]) else { return };
    connect(10);
    // Another process's connect comes after them.
    let marker = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let marked = marker.local_addr().unwrap();
    // This program again, as a guest of the kernel matrix has no other that connects.
    let mut another = std::process::Command::new(std::env::current_exe().unwrap());
    another.args(["--exact", "verifier::a_marked_connect", "--ignored"]).env(MARK, marked.to_string());
    assert!(another.stdout(std::process::Stdio::null()).status().unwrap().success());
    assert_eq!(watch.connects_before(marked), 0);
    watch.end();
}

#[test]
fn what_does_not_fit_is_counted() {
    let config = ProbeConfig { ring_bytes: 4096, ignore_pid: None };
    let Some(mut probes) = probes(&config) else { return };
    probes.attach(Kind::Connect).unwrap();
    connect(100);
    let counts = probes.counts().unwrap();
    let counts = counts.iter().find(|counts| counts.kind == Kind::Connect).unwrap();
    assert!(counts.lost > 50 && counts.ok > 5 && counts.ok + counts.lost >= 100, "{counts:?}");
}
