//! Connections that come again and again: by the clock, or to one place after another.

use std::net::SocketAddr;
use std::time::Duration;

use common::command::Command;
use common::context::{is_ci, is_configuration_management};
use common::peers::{Reach, reach};
use common::programs::{is_interpreter, is_shell, is_system, label};
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::relay::RELAYS;
use crate::{CommandAndControl, SCRIPTABLE};

const PEERS: usize = 2048;
const KEEP: Duration = Duration::from_secs(2 * 60 * 60);
const SECOND: u64 = 1_000_000_000;
/// The shortest rhythm that is one: what comes faster is a client at work.
const SHORTEST: u64 = SECOND / 2;
/// Calls in one rhythm that are a beacon, and as many where the peer is this machine: services are waited for.
const CALLS: u32 = 5;
const OWN_CALLS: u32 = 8;
/// Peers that were tried in vain, one after another.
const TRIED: usize = 3;
const TRIALS: usize = 512;
const TRIAL: Duration = Duration::from_secs(5 * 60);
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const EINPROGRESS: i64 = -115;
/// By which programs in scripts keep in touch.
static CALLERS: TextSet = TextSet::new()
    .starts_with(&[
        "/usr/bin/curl",
        "/usr/bin/wget",
        "/usr/local/bin/curl",
        "/bin/wget",
        "/usr/bin/openssl",
        "/usr/bin/nc",
    ])
    .file_name(&["nc.openbsd", "nc.traditional", "ncat", "socat", "telnet"]);

/// Who was called when.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rhythm {
    /// By the one who calls, or who starts the callers, and whom.
    calls: Recent<(u64, String), Calls>,
    /// Peers that were tried in vain, by who started the trials.
    trials: Recent<u64, Trials>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Calls {
    first: u64,
    last: u64,
    /// The time between two of them, and how many came after about that.
    between: u64,
    count: u32,
    is_told: bool,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Trials {
    peers: Vec<SocketAddr>,
    is_told: bool,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { calls: Recent::new(PEERS, KEEP), trials: Recent::new(TRIALS, TRIAL) }
    }
}

impl Rhythm {
    pub(crate) fn with_limits(self) -> Self {
        Self { calls: self.calls.with_limits(PEERS, KEEP), trials: self.trials.with_limits(TRIALS, TRIAL) }
    }

    /// Counts a call; gives the time between them, once they have a rhythm.
    fn count(&mut self, now: u64, caller: u64, peer: String, enough: u32) -> Option<u64> {
        let key = (caller, peer);
        let Some(calls) = self.calls.get_mut(now, &key) else {
            let calls = Calls { first: now, last: now, between: 0, count: 1, is_told: false };
            self.calls.insert(now, key, calls);
            return None;
        };
        let between = now.saturating_sub(calls.last);
        if between < SHORTEST {
            // Several connections of one call.
            return None;
        }
        calls.last = now;
        // A quarter more or less: sleep(1) is late, and what answers takes its time.
        let is_regular = calls.between == 0 || between.abs_diff(calls.between) * 4 <= calls.between.max(2 * SECOND);
        if calls.between == 0 || !is_regular {
            calls.between = between;
            calls.count = 2;
        } else {
            calls.count += 1;
        }
        (calls.count >= enough && !std::mem::replace(&mut calls.is_told, true)).then_some(calls.between)
    }
}

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/beacon")
        .summary("A script or a program that nobody installed calls the same peer by the clock")
        .severity(Medium)
        .attack("T1071.001")
        .attack("T1071")
        .attack("T1029")
        .property("maturity", "incubating")
        .property("misses", "calls at random times, fewer than five, and connections that stay")
        .only(connect::family().one_of([AF_INET, AF_INET6]))
        .only(process::exe().matches(&CALLERS).or(process::exe().matches(&SCRIPTABLE)))
        .on_connect(|pack, e, out| {
            // Whoever waits for a service of this machine is refused until it is there: what is under way is not known yet.
            let peer = e.address().zip(e.port()).map(SocketAddr::from);
            if let Some(peer) =
                peer.filter(|peer| reach(peer.ip()) != Reach::Own || !(e.failed() || e.is_in_progress()))
            {
                called(pack, e.time(), &e.process(), peer, out);
            }
        })
        .unfiltered()
        .only(connect_end::family().one_of([AF_INET, AF_INET6]).and(event::result().succeeded()))
        .only(process::exe().matches(&CALLERS).or(process::exe().matches(&SCRIPTABLE)))
        .on_connect_end(|pack, e, out| {
            let peer = e.address().zip(e.port()).map(SocketAddr::from);
            if let Some(peer) = peer.filter(|peer| reach(peer.ip()) == Reach::Own) {
                called(pack, e.time(), &e.process(), peer, out);
            }
        });

    r.rule("command-and-control/fallback-peers")
        .summary(
            "A script tried one peer after another, each in vain: malware that looks for a server that is still up",
        )
        .severity(Medium)
        .attack("T1008")
        .attack("T1071.001")
        .property("maturity", "sandbox")
        .property("misses", "peers that answer, and names that are not found")
        .only(connect::family().one_of([AF_INET, AF_INET6]).and(event::result().failed()))
        .only(process::exe().matches(&CALLERS).or(process::exe().matches(&SCRIPTABLE)))
        .on_connect(|pack, e, out| failed(pack, e.time(), &e.process(), e.address().zip(e.port()), e.result(), out))
        .unfiltered()
        .only(connect_end::family().one_of([AF_INET, AF_INET6]).and(event::result().failed()))
        .only(process::exe().matches(&CALLERS).or(process::exe().matches(&SCRIPTABLE)))
        .on_connect_end(|pack, e, out| {
            failed(pack, e.time(), &e.process(), e.address().zip(e.port()), e.result(), out);
        });
}

fn called(pack: &mut CommandAndControl, now: u64, process: &Process<'_>, peer: SocketAddr, out: &mut Out<'_>) {
    // Whose name is asked for says nothing.
    if peer.port() == 0 || peer.port() == 53 || is_expected(process) {
        return;
    }
    // What a loop starts is a new process each time; a program that calls by itself is one.
    let caller = if is_tool(process) { process.parent() } else { Some(*process) };
    let Some(caller) = caller else { return };
    let enough = if reach(peer.ip()) == Reach::Own { OWN_CALLS } else { CALLS };
    if let Some(between) = pack.rhythm.count(now, caller.id(), peer.to_string(), enough) {
        let seconds = between as f64 / SECOND as f64;
        out.finding(format!("{} calls {peer} every {seconds:.1} s", label(&caller)))
            .about(&caller)
            .field("peer", peer)
            .field("by", label(process));
    }
}

fn failed(
    pack: &mut CommandAndControl,
    now: u64,
    process: &Process<'_>,
    peer: Option<(std::net::IpAddr, u16)>,
    result: i64,
    out: &mut Out<'_>,
) {
    const MOST: usize = 16;
    let Some(peer) = peer.map(SocketAddr::from) else { return };
    let tool = Command::of(process).name();
    let is_caller = is_tool(process) || is_shell(process) || is_interpreter(process);
    // The same address over the other protocol is no other peer.
    let is_same =
        |other: &SocketAddr| other == &peer || (other.port() == peer.port() && other.is_ipv4() != peer.is_ipv4());
    if result == EINPROGRESS || peer.port() == 53 || peer.port() == 0 || !is_caller || is_expected(process) {
        return;
    }
    let caller = if is_tool(process) { process.parent() } else { Some(*process) };
    let Some(caller) = caller else { return };
    // A scan looks at many ports of one host, and is another rule's.
    let is_scan = |peers: &[SocketAddr]| {
        peers.len() > MOST / 2 || (tool.starts_with("nc") && peers.iter().all(|other| other.ip() == peer.ip()))
    };
    if pack.rhythm.trials.get(now, &caller.id()).is_none() {
        pack.rhythm.trials.insert(now, caller.id(), Trials::default());
    }
    let Some(trials) = pack.rhythm.trials.get_mut(now, &caller.id()) else { return };
    if trials.peers.iter().any(is_same) || trials.peers.len() >= MOST {
        return;
    }
    trials.peers.push(peer);
    if trials.peers.len() < TRIED || is_scan(&trials.peers) || std::mem::replace(&mut trials.is_told, true) {
        return;
    }
    let is_own = trials.peers.iter().all(|peer| reach(peer.ip()) == Reach::Own);
    let peers = trials.peers.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ");
    let finding = out.finding(format!("{} tried {peers} in vain", label(&caller))).about(&caller);
    finding.field("peers", peers).severity(if is_own { Low } else { Medium });
}

/// Whether it is a tool that a script starts anew for each call.
fn is_tool(process: &Process<'_>) -> bool {
    let tool = Command::of(process).name();
    tool.one_of(&["curl", "wget", "openssl", "nslookup", "dig"]) || RELAYS.matches(tool)
}

/// What calls by the clock because it is its work.
fn is_expected(process: &Process<'_>) -> bool {
    is_configuration_management(process) || is_ci(process) || (is_interpreter(process) && is_system_script(process))
}

/// Whether it is a script that was installed.
fn is_system_script(process: &Process<'_>) -> bool {
    is_system(process) && !process.script().is_empty() && common::programs::is_in_system(process.script())
}
