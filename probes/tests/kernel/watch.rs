//! Loading probes for a test and waiting for its events.

use std::time::{Duration, Instant};

use lanner_probes::event::{Connect, Exec, Exit, Fork, KernelEvent, Open, Payload, Peer};
use lanner_probes::{ProbeConfig, ProbeKind, Probes, Reader};

/// Only a hang reaches it, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(600);
/// Room for the events of the whole machine while a test waits for the processor.
const RING_BYTES: u32 = 64 << 20;

/// Probes that look on.
pub(crate) struct Watch {
    pub(crate) probes: Probes,
    reader: Reader,
    seen: Vec<KernelEvent>,
}

/// Whether the kernel can be used here.
pub(crate) fn probes(config: &ProbeConfig) -> Option<Probes> {
    let refused = match Probes::load(config) {
        Ok(probes) => return Some(probes),
        Err(error) => error,
    };
    assert!(std::env::var_os("LANNER_REQUIRE_KERNEL").is_none_or(|value| value != "1"), "{refused}");
    eprintln!("skipped: {refused}");
    None
}

impl Watch {
    /// `None` where the test is skipped.
    pub(crate) fn over(kinds: &[ProbeKind]) -> Option<Self> {
        Self::with(&ProbeConfig { ring_bytes: RING_BYTES, ignore_pid: None }, kinds)
    }

    /// With probes that are loaded so.
    pub(crate) fn with(config: &ProbeConfig, kinds: &[ProbeKind]) -> Option<Self> {
        let mut probes = probes(config)?;
        let reader = probes.reader().unwrap();
        for kind in kinds {
            probes.attach(*kind).unwrap_or_else(|error| panic!("{error}"));
        }
        Some(Self { probes, reader, seen: Vec::new() })
    }

    /// The first event, of those not asked for before, for which `find` gives something.
    pub(crate) fn find<T>(&mut self, what: &str, find: impl Fn(&KernelEvent) -> Option<T>) -> (KernelEvent, T) {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some((at, found)) = self.seen.iter().enumerate().find_map(|(at, event)| Some((at, find(event)?))) {
                return (self.seen.remove(at), found);
            }
            let before = self.seen.len();
            for event in &mut self.reader {
                self.seen.push(event.unwrap());
            }
            if self.seen.len() > before {
                continue;
            }
            assert!(Instant::now() < until, "no {what} within {PATIENCE:?}; lost: {:?}", self.probes.counts());
            self.reader.wait(Duration::from_millis(50)).unwrap();
        }
    }

    /// What came and was not asked for.
    pub(crate) fn seen(&self) -> &[KernelEvent] {
        &self.seen
    }

    pub(crate) fn exec(&mut self, pid: u32) -> (KernelEvent, Exec) {
        self.find("exec", |event| match &event.payload {
            Payload::Exec(exec) if event.task.pid == pid => Some((**exec).clone()),
            _ => None,
        })
    }

    pub(crate) fn fork(&mut self, child: u32) -> (KernelEvent, Fork) {
        self.find("fork", |event| match &event.payload {
            Payload::Fork(fork) if fork.child_pid == child => Some(fork.clone()),
            _ => None,
        })
    }

    pub(crate) fn exit(&mut self, pid: u32) -> (KernelEvent, Exit) {
        self.find("exit", |event| match &event.payload {
            Payload::Exit(exit) if event.task.pid == pid => Some(*exit),
            _ => None,
        })
    }

    /// An open by this thread whose path ends so.
    pub(crate) fn open(&mut self, end: &str) -> (KernelEvent, Open) {
        let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        self.find(&format!("open of …{end}"), |event| match &event.payload {
            Payload::Open(open) if event.task.tid == tid && open.path.bytes.ends_with(end.as_bytes()) => {
                Some((**open).clone())
            }
            _ => None,
        })
    }

    /// The next connect of this thread.
    pub(crate) fn connect(&mut self) -> (KernelEvent, Connect) {
        let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        self.find("connect", |event| match &event.payload {
            Payload::Connect(connect) if event.task.tid == tid => Some((**connect).clone()),
            _ => None,
        })
    }

    /// How many connects of this thread come before one to this address, of those not asked for before.
    pub(crate) fn connects_before(&mut self, address: std::net::SocketAddr) -> usize {
        let is_there =
            |peer: &Peer| matches!(peer, Peer::Inet(to) if (to.address, to.port) == (address.ip(), address.port()));
        let is_marker =
            |event: &KernelEvent| matches!(&event.payload, Payload::Connect(connect) if is_there(&connect.peer));
        self.find("marked connect", |event| is_marker(event).then_some(()));
        // The other tests of this program have threads of their own.
        let tid = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        let ours = |event: &KernelEvent| event.task.tid == tid && matches!(&event.payload, Payload::Connect(_));
        let before = self.seen.len();
        self.seen.retain(|event| !ours(event));
        before - self.seen.len()
    }

    /// Nothing of what was watched was lost.
    pub(crate) fn end(self) {
        for counts in self.probes.counts().unwrap() {
            assert_eq!(counts.lost, 0, "{counts:?}");
        }
    }
}

/// Bytes as text, to compare and to be read where they differ.
pub(crate) fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
