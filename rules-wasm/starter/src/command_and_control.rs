//! Connections to the internet by programs that have no business there.

use std::net::SocketAddr;

use lanner_sdk::prelude::*;

use crate::Starter;
use crate::programs::{is_named, is_shell, is_world_writable, label};

/// Tools that work on files and text. Some can be talked into more: awk opens connections.
static TEXT_TOOLS: TextSet = TextSet::new().equals(&[
    "awk", "base", "cat", "cp", "cut", "dd", "find", "gawk", "grep", "gzip", "less", "mawk", "more", "sed", "sort",
    "tail", "tee", "xargs",
]);
/// Databases and caches: they are connected to.
static STORES: TextSet = TextSet::new().equals(&[
    "mariadbd",
    "memcached",
    "mongod",
    "mysqld",
    "postgres",
    "redis-server",
    "valkey-server",
    "slapd",
]);
/// Tools that join a connection to whatever stands at their other end.
static RELAYS: TextSet =
    TextSet::new().equals(&["nc", "nc.openbsd", "nc.traditional", "ncat", "netcat", "socat", "telnet"]);
const DNS: u16 = 53;

pub(crate) fn add(r: &mut Rules<Starter>) {
    r.rule("command-and-control/unusual-egress")
        .summary("A program that has no business on the internet connected to a public address")
        .severity(High)
        .attack("T1071")
        .attack("T1095")
        .on_connect(|_, e, out| {
            // A datagram socket is connected to ask the kernel for a route, and to ask a name server; neither says much.
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            if !e.is_public() || peer.port() == 0 || (e.is_udp() && peer.port() == DNS) {
                return;
            }
            let process = e.process();
            let Some((what, severity)) = unusual(&process) else { return };
            let did = if e.failed() { "tried to connect to" } else { "connected to" };
            out.finding(format!("{}, {what}, {did} {peer}", label(&process))).field("peer", peer).severity(severity);
        });
}

/// What is unusual about it, and how much so.
fn unusual(process: &Process<'_>) -> Option<(&'static str, Severity)> {
    if process.is_memfd() || process.is_deleted() {
        return Some(("which leaves no file behind", Critical));
    }
    if is_world_writable(process.exe()) {
        return Some(("which lies where everybody may write", High));
    }
    if is_shell(process) {
        return Some(("a shell", High));
    }
    if is_named(process, &TEXT_TOOLS) {
        return Some(("a tool for files", High));
    }
    if is_named(process, &STORES) {
        return Some(("a data store", High));
    }
    if is_named(process, &RELAYS) {
        return Some(("a relay", Medium));
    }
    None
}
