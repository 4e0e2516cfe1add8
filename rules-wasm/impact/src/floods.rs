//! Too much of it: processes, connections, packets.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use common::command::{Command, called, line};
use common::context::{is_build, is_ci};
use common::peers::{Reach, find, reach};
use common::programs::label;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::{Impact, LIKELY};

const SECOND: u64 = 1_000_000_000;
/// Generations of one program in five seconds, none of which began another: each starts the next, as in a fork bomb.
const GENERATIONS: usize = 8;
const YOUNG: u64 = 5 * SECOND;
/// Copies of itself that a session has, none of which began another program or ended.
const COPIES: i64 = 250;
const SESSIONS: usize = 256;
const KEEP: Duration = Duration::from_secs(10);
/// Connections, or packets, of one process to one peer in five seconds.
const CONNECTIONS: u32 = 300;
const PACKETS: u32 = 1500;
const PEERS: usize = 512;
const WINDOW: Duration = Duration::from_secs(5);
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Tools that make load on purpose.
const TOOLS: [&str; 16] = [
    "hping3",
    "hping",
    "slowloris",
    "slowloris.py",
    "slowhttptest",
    "goldeneye.py",
    "thc-ssl-dos",
    "mz",
    "t50",
    "hulk.py",
    "ab",
    "wrk",
    "siege",
    "ping",
    "mhddos",
    "nping",
];

/// Who makes how much.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Floods {
    /// Living copies, by the session.
    copies: Recent<u32, Copies>,
    connections: Recent<(u64, IpAddr), u32>,
    packets: Recent<(u64, IpAddr), u32>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Copies {
    count: i64,
    is_told: bool,
}

impl Default for Floods {
    fn default() -> Self {
        Self {
            copies: Recent::new(SESSIONS, KEEP),
            connections: Recent::new(PEERS, WINDOW),
            packets: Recent::new(PEERS, WINDOW),
        }
    }
}

impl Floods {
    pub(crate) fn with_limits(self) -> Self {
        Self {
            copies: self.copies.with_limits(SESSIONS, KEEP),
            connections: self.connections.with_limits(PEERS, WINDOW),
            packets: self.packets.with_limits(PEERS, WINDOW),
        }
    }
}

/// Counts one more; gives how many there are in this window.
fn count(counts: &mut Recent<(u64, IpAddr), u32>, now: u64, key: (u64, IpAddr)) -> u32 {
    if let Some(count) = counts.get_mut(now, &key) {
        *count += 1;
        return *count;
    }
    counts.insert(now, key, 1);
    1
}

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("impact/fork-bomb")
        .summary("A program starts copies of itself without end")
        .severity(High)
        .attack("T1499.001")
        .attack("T1499")
        .property("maturity", "incubating")
        .property("misses", "installed programs, but shells and interpreters")
        .property("cost", "asked for every process that a shell, an interpreter or a program in a home directory makes")
        .only(process::exe().matches(&LIKELY))
        .on_fork(|pack, e, out| {
            let process = e.process();
            // Each generation is young, runs the same as the one before, and began no program of its own.
            let exe = process.exe();
            let now = e.time();
            let same = |ancestor: &Process<'_>| {
                ancestor.exe() == exe
                    && ancestor.argv() == process.argv()
                    && now.saturating_sub(ancestor.start()) < YOUNG
            };
            let generations =
                if same(&process) { process.ancestors().take(GENERATIONS * 2).take_while(same).count() } else { 0 };
            let session = process.sid().unwrap_or_default();
            if pack.floods.copies.get(now, &session).is_none() {
                pack.floods.copies.insert(now, session, Copies::default());
            }
            let Some(copies) = pack.floods.copies.get_mut(now, &session) else { return };
            copies.count += 1;
            let is_bomb = generations >= GENERATIONS || copies.count >= COPIES;
            if is_bomb && !is_build(&process) && !std::mem::replace(&mut copies.is_told, true) {
                out.finding(format!("{} starts copies of itself without end", label(&process)))
                    .fact("generations", generations as u64)
                    .fact("copies", copies.count.unsigned_abs());
            }
        })
        // What begins a program of its own, or ends, is no copy that stays.
        .only(process::exe().matches(&LIKELY))
        .on_exec(|pack, e, _| fewer(pack, e.time(), &e.process()))
        .on_exit(|pack, e, _| fewer(pack, e.time(), &e.process()))
        .unfiltered()
        .only(exec::image::exe().ends_with(["/bash", "/sh", "/dash", "/zsh"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if let Some(text) = image.args().skip(1).take(4).find(|arg| calls_itself(arg.as_bytes())) {
                out.finding(format!("{} was given {text}", label(&image)));
            }
        });

    r.rule("impact/connection-flood")
        .summary("One program made hundreds of connections to one peer within seconds")
        .severity(Medium)
        .attack("T1499.002")
        .attack("T1498.001")
        .property("maturity", "incubating")
        .property("misses", "installed programs, and floods from many processes")
        .only(connect::family().one_of([AF_INET, AF_INET6]).and(process::exe().matches(&LIKELY)))
        .on_connect(|pack, e, out| {
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            let process = e.process();
            if peer.port() == 53 || peer.port() == 0 || e.is_udp() {
                return;
            }
            if count(&mut pack.floods.connections, e.time(), (process.id(), peer.ip())) == CONNECTIONS {
                let is_trial = is_ci(&process) || is_build(&process);
                let finding =
                    out.finding(format!("{} made {CONNECTIONS} connections to {}", label(&process), peer.ip()));
                finding.field("peer", peer).severity(if is_trial { Low } else { Medium });
            }
        });

    r.rule("impact/packet-flood")
        .summary("One program sent packets to one peer by the thousand within seconds")
        .severity(High)
        .attack("T1498.001")
        .attack("T1498")
        .attack("T1498.002")
        .property("maturity", "incubating")
        .property("misses", "installed programs, and floods over one connected socket")
        .property("cost", "asked for what interpreters and programs in home directories send without a connection")
        .only(send::family().one_of([AF_INET, AF_INET6]).and(process::exe().matches(&LIKELY)))
        .on_send(|pack, e, out| {
            let Some(peer) = e.address() else { return };
            let process = e.process();
            if count(&mut pack.floods.packets, e.time(), (process.id(), peer)) == PACKETS {
                let is_own = reach(peer) == Reach::Own;
                let finding =
                    out.finding(format!("{} sent {PACKETS} packets to {peer}", label(&process))).field("peer", peer);
                if is_own {
                    finding.severity(Medium);
                }
            }
        });

    r.rule("impact/flood-tool")
        .summary("A tool was started that makes more connections or packets than anybody can take")
        .severity(Medium)
        .attack("T1498.001")
        .attack("T1499.002")
        .property("maturity", "stable")
        .property("misses", "tools under another name")
        .only(called(&TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let cluster = |letter: u8| {
                args.iter()
                    .any(|arg| arg.starts_with("-") && !arg.starts_with("--") && arg.as_bytes().contains(&letter))
            };
            let (floods, severity) = match () {
                () if name == "ping" => (cluster(b'f') && !says(&["-Wf"]), Medium),
                () if name.starts_with("hping") => {
                    (says(&["--flood", "--faster", "-i", "--rand-source", "--spoof", "-a"]), High)
                }
                () if name == "nping" => (says(&["--rate", "--flood", "--delay"]), Medium),
                () if name.one_of(&["ab", "wrk", "siege"]) => (args.len() > 1, Low),
                () => (name.one_of(&TOOLS) && !args.is_empty(), Medium),
            };
            if floods && !args.is_empty() {
                out.finding(format!("{} floods", line(&image))).severity(severity);
            }
        });
}

fn fewer(pack: &mut Impact, now: u64, process: &Process<'_>) {
    let session = process.sid().unwrap_or_default();
    if let Some(copies) = pack.floods.copies.get_mut(now, &session) {
        copies.count = (copies.count - 1).max(0);
    }
}

/// Whether a script defines a function that calls itself twice, one in the background: `f(){ f|f& };f`.
fn calls_itself(script: &[u8]) -> bool {
    let script: Vec<u8> = script.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(4096).collect();
    let mut rest = script.as_slice();
    while let Some(at) = find(rest, b"(){") {
        let name = rest[..at]
            .rsplit(|byte| !(byte.is_ascii_alphanumeric() || b":_.".contains(byte)))
            .next()
            .unwrap_or_default();
        let body = &rest[at + 3..];
        let twice = [name, b"|", name, b"&"].concat();
        if !name.is_empty() && body.starts_with(&twice) {
            return true;
        }
        rest = body;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_that_calls_itself() {
        for bomb in [":(){ :|:& };:", "bomb() { bomb | bomb & }; bomb", "x=1; f(){ f|f & };f"] {
            assert!(calls_itself(bomb.as_bytes()), "{bomb}");
        }
        for other in ["f(){ echo f|f2 & }", "a(){ b|b& };a", "(){ }", "echo ok"] {
            assert!(!calls_itself(other.as_bytes()), "{other}");
        }
    }
}
