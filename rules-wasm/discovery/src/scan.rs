//! What only many events show: scans of ports, sweeps of networks, going through all processes.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use common::command::Command;
use common::programs::{is_installed, label};
use lanner_sdk::abi::is_public;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::who::{Circumstance, actor, circumstance, circumstance_of, scanner};

/// How long what is done belongs together.
const TOGETHER: Duration = Duration::from_secs(60);
/// Sessions and targets that are remembered.
const REMEMBERED: usize = 512;
/// Ports of one address that are a scan.
const PORTS: usize = 10;
/// Addresses that are a sweep.
const ADDRESSES: usize = 12;
/// Addresses that were pinged, likewise.
const PINGED: usize = 6;
/// Processes that were read about.
const PROCESSES: usize = 12;

/// What connects to many machines, or many ports, because it is its work.
static WATCHERS: TextSet = TextSet::new().equals(&[
    "blackbox_exporter",
    "consul",
    "envoy",
    "haproxy",
    "nagios",
    "prometheus",
    "smokeping",
    "telegraf",
    "vmagent",
    "zabbix_proxy",
    "zabbix_server",
]);

/// Whom a connection is for.
pub(crate) type Peer = Option<(IpAddr, u16)>;

/// What sessions touched lately.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Scans {
    /// Ports of an address, by session.
    ports: Recent<(u64, IpAddr), Touched<u16>>,
    /// Addresses that were asked for one port, by session.
    addresses: Recent<(u64, u16), Touched<IpAddr>>,
    pinged: Recent<u64, Touched<String>>,
    processes: Recent<u64, Touched<u32>>,
}

/// Different things, until there are enough.
#[derive(Clone, Serialize, Deserialize)]
struct Touched<T: Ord> {
    things: BTreeSet<T>,
    first: u64,
    raised: bool,
}

impl Default for Scans {
    fn default() -> Self {
        Self {
            ports: Recent::new(REMEMBERED, TOGETHER),
            addresses: Recent::new(REMEMBERED, TOGETHER),
            pinged: Recent::new(REMEMBERED, TOGETHER),
            processes: Recent::new(REMEMBERED, TOGETHER),
        }
    }
}

impl Scans {
    /// With the limits of this version, whichever saved it.
    pub(crate) fn with_limits(self) -> Self {
        Self {
            ports: self.ports.with_limits(REMEMBERED, TOGETHER),
            addresses: self.addresses.with_limits(REMEMBERED, TOGETHER),
            pinged: self.pinged.with_limits(REMEMBERED, TOGETHER),
            processes: self.processes.with_limits(REMEMBERED, TOGETHER),
        }
    }
}

/// One more thing was touched: the first event, where these are enough now.
fn touch<K: Ord + Clone, T: Ord + Clone>(
    all: &mut Recent<K, Touched<T>>,
    (now, seq): (u64, u64),
    key: &K,
    thing: T,
    enough: usize,
) -> Option<u64> {
    if all.get(now, key).is_none() {
        all.insert(now, key.clone(), Touched { things: BTreeSet::new(), first: seq, raised: false });
    }
    let touched = all.get_mut(now, key)?;
    if touched.raised {
        return None;
    }
    touched.things.insert(thing);
    touched.raised = touched.things.len() >= enough;
    touched.raised.then_some(touched.first)
}

/// A port was asked that did not answer at once.
pub(crate) fn ports(scans: &mut Scans, e: &Event<'_>, peer: Peer, out: &mut Out<'_>) {
    let Some((address, port)) = peer else { return };
    let Some(process) = e.process() else { return };
    if is_installed(&process, &WATCHERS) || circumstance(&process) == Circumstance::Routine {
        return;
    }
    let session = scanner(&process);
    let at = (e.time(), e.seq());
    if let Some(first) = touch(&mut scans.ports, at, &(session.id(), address), port, PORTS) {
        out.finding(format!("{} tried {PORTS} ports of {address} within a minute", label(&process)))
            .fact("address", address)
            .because_of(first)
            .severity(Medium);
    }
}

/// The same port was asked of many machines of the own network.
pub(crate) fn addresses(scans: &mut Scans, e: &Event<'_>, peer: Peer, out: &mut Out<'_>) {
    let Some((address, port)) = peer else { return };
    let Some(process) = e.process() else { return };
    if is_public(address) || address.is_loopback() || is_installed(&process, &WATCHERS) {
        return;
    }
    if circumstance(&process) == Circumstance::Routine {
        return;
    }
    let session = scanner(&process);
    if let Some(first) = touch(&mut scans.addresses, (e.time(), e.seq()), &(session.id(), port), address, ADDRESSES) {
        out.finding(format!("{} asked {ADDRESSES} machines for port {port} within a minute", label(&process)))
            .fact("port", u64::from(port))
            .because_of(first)
            .severity(Medium);
    }
}

/// Somebody pings one machine after the other.
pub(crate) fn pings(scans: &mut Scans, e: &ExecEvent<'_>, out: &mut Out<'_>) {
    let image = e.image();
    let command = Command::of(&image);
    if !matches!(command.name().as_bytes(), b"ping" | b"ping6" | b"arping" | b"fping") {
        return;
    }
    let Some(target) = command.words().last() else { return };
    if circumstance_of(&image, true) == Circumstance::Routine {
        return;
    }
    let session = actor(&image, true);
    let at = (e.time(), e.seq());
    if let Some(first) = touch(&mut scans.pinged, at, &session.id(), target.to_string(), PINGED) {
        out.finding(format!("{} pinged {PINGED} machines within a minute, the last of them {target}", label(&session)))
            .field("last", target)
            .because_of(first)
            .severity(Medium);
    }
}

/// Somebody reads about one process after the other, by tools for files.
pub(crate) fn processes(scans: &mut Scans, e: &OpenEvent<'_>, out: &mut Out<'_>) {
    let Some(pid) = pid_of(e.path().as_bytes()) else { return };
    let process = e.process();
    if e.failed() || pid == process.pid() || process.ns_pid() == Some(pid) {
        return;
    }
    if circumstance(&process) != Circumstance::Ordinary {
        return;
    }
    let session = actor(&process, false);
    if let Some(first) = touch(&mut scans.processes, (e.time(), e.seq()), &session.id(), pid, PROCESSES) {
        out.finding(format!("{} went through what {PROCESSES} processes are, in /proc", label(&process)))
            .because_of(first)
            .severity(Medium);
    }
}

/// The process that a path in /proc is about.
fn pid_of(path: &[u8]) -> Option<u32> {
    let rest = path.strip_prefix(b"/proc/")?;
    let digits = rest.split(|byte| *byte == b'/').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
