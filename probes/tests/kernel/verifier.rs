//! What the probes cost to load, and that loading and attaching do what they say.

use lanner_probes::{ProbeConfig, ProbeKind, Probes};

use crate::watch::{Watch, probes};

/// Instructions that the verifier may walk; it gives up at a million, and older kernels walk more than newer ones. A
/// change that multiplies one of these is to be understood before the bound is raised.
const BOUNDS: [(&str, u32); 8] = [
    ("exec_done", 30_000),
    ("fork_done", 2_000),
    ("exit_begun", 2_000),
    ("open_returned", 25_000),
    ("openat_returned", 25_000),
    ("openat2_returned", 25_000),
    ("creat_returned", 25_000),
    ("connect_returned", 4_000),
];

#[test]
fn verification_is_bounded() {
    let Some(watch) = Watch::over(&ProbeKind::ALL) else { return };
    let mut over = false;
    for program in watch.probes.programs() {
        let (_, bound) = BOUNDS.iter().find(|(name, _)| *name == program.name).expect("a bound for each program");
        eprintln!("{:18} {:28} {:?} of {bound}", program.name, program.hook, program.verified_insns);
        over |= program.verified_insns.is_some_and(|walked| walked > *bound);
    }
    assert!(!over, "a program is above its bound");
}

#[test]
fn attaching_and_detaching_may_be_repeated() {
    let Some(mut probes) = probes(&ProbeConfig::default()) else { return };
    assert_eq!(probes.attached(), []);
    for _ in 0..2 {
        for kind in ProbeKind::ALL {
            probes.attach(kind).unwrap();
            probes.attach(kind).unwrap();
        }
        assert_eq!(probes.attached(), ProbeKind::ALL);
        probes.detach(ProbeKind::Open).unwrap();
        probes.detach(ProbeKind::Open).unwrap();
        assert!(!probes.attached().contains(&ProbeKind::Open));
    }
}

#[test]
fn there_is_one_reader() {
    let Some(mut probes) = probes(&ProbeConfig::default()) else { return };
    probes.reader().unwrap();
    assert!(probes.reader().is_err());
}

#[test]
fn what_is_detached_is_silent_and_this_process_can_be() {
    let Some(mut probes) = probes(&ProbeConfig { ring_bytes: 1, ..ProbeConfig::default() }) else { return };
    let opens = |probes: &Probes| {
        let counts = probes.counts().unwrap();
        counts.iter().find(|counts| counts.kind == ProbeKind::Connect).unwrap().ok
    };
    let connect = || drop(std::net::TcpStream::connect(("127.0.0.1", 1)));
    connect();
    assert_eq!(opens(&probes), 0);
    // Other processes may connect meanwhile, this one a thousand times.
    probes.attach(ProbeKind::Connect).unwrap();
    (0..1000).for_each(|_| connect());
    assert!(opens(&probes) < 1000);
}

#[test]
fn what_does_not_fit_is_counted() {
    let config = ProbeConfig { ring_bytes: 4096, ignore_pid: None };
    let Some(mut probes) = probes(&config) else { return };
    probes.attach(ProbeKind::Connect).unwrap();
    (0..100).for_each(|_| drop(std::net::TcpStream::connect(("127.0.0.1", 1))));
    let counts = probes.counts().unwrap();
    let counts = counts.iter().find(|counts| counts.kind == ProbeKind::Connect).unwrap();
    assert!(counts.lost > 50 && counts.ok > 5 && counts.ok + counts.lost >= 100, "{counts:?}");
}
