//! Tools that join a connection to whatever stands at their other end: netcat and its family.

use std::time::Duration;

use common::command::{Command, Syntax, called, line};
use common::families;
use common::programs::{is_interpreter, is_shell};
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::{CommandAndControl, SCRIPTABLE};

/// Tools that join a connection to whatever stands at their other end.
pub(crate) static RELAYS: TextSet = TextSet::new().file_name(families::RELAYS).file_name(&["busybox", "toybox"]);
/// Addresses of socat that start a program.
static SOCAT_PROGRAMS: TextSet = TextSet::new().starts_with(&["exec:", "system:", "shell:"]);
/// Addresses of socat that lead to another machine.
static SOCAT_NETWORK: TextSet = TextSet::new()
    .starts_with(&["openssl", "sctp", "socks", "ssl", "tcp", "udp", "vsock", "proxy:", "dccp", "ip:", "ip4:", "ip6:"]);
/// The programs of a pipeline begin at the same time.
const PIPELINE: Duration = Duration::from_secs(10);
const HALVES: usize = 512;
const TELNET: u16 = 23;

/// Relays and shells whose other half has not begun yet, by the process that started them.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Relays {
    relays: Recent<u64, Half>,
    shells: Recent<u64, Half>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Half {
    seq: u64,
    command: String,
}

impl Default for Relays {
    fn default() -> Self {
        Self { relays: Recent::new(HALVES, PIPELINE), shells: Recent::new(HALVES, PIPELINE) }
    }
}

impl Relays {
    pub(crate) fn with_limits(self) -> Self {
        Self { relays: self.relays.with_limits(HALVES, PIPELINE), shells: self.shells.with_limits(HALVES, PIPELINE) }
    }
}

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/relay-runs-program")
        .summary("A relay was told to start a program for whoever it is connected to: a remote shell")
        .severity(High)
        .attack("T1059.004")
        .attack("T1095")
        .property("maturity", "stable")
        .property("misses", "a relay that has another name, and one that is joined to a shell by a pipe")
        .only(called(&["cryptcat", "nc", "nc.openbsd", "nc.traditional", "ncat", "netcat", "socat", "socat1"]))
        .on_exec(|_, e, out| {
            if let Some(program) = started_by_relay(&e.image()) {
                out.finding(format!("{} gives {program} to its peer", line(&e.image()))).field("program", program);
            }
        });

    r.rule("command-and-control/relay-to-shell")
        .summary("A relay and a shell were started together, the shell reading from a pipe: a remote shell")
        .severity(High)
        .attack("T1059.004")
        .attack("T1095")
        .property("maturity", "stable")
        .property("misses", "halves that are started by different processes, or more than ten seconds apart")
        .only(exec::image::exe().matches(&SCRIPTABLE).or(called(&[
            "cryptcat",
            "nc",
            "nc.openbsd",
            "nc.traditional",
            "ncat",
            "netcat",
            "openssl",
            "socat",
            "socat1",
            "telnet",
            "telnet.netkit",
        ])))
        .on_exec(|pack, e, out| {
            let image = e.image();
            let now = e.time();
            let Some(parent) = image.parent() else { return };
            if connects(&image) {
                let half = Half { seq: e.seq(), command: line(&image) };
                match pack.relays.shells.take(now, &parent.id()) {
                    Some(shell) => joined(&half.command, &shell, out),
                    None => drop(pack.relays.relays.insert(now, parent.id(), half)),
                }
            } else if is_shell(&image) && e.stdio() & stdio_flag::STDIN_PIPE != 0 && takes_commands(&image) {
                let half = Half { seq: e.seq(), command: line(&image) };
                match pack.relays.relays.take(now, &parent.id()) {
                    Some(relay) => joined(&half.command, &relay, out),
                    None => drop(pack.relays.shells.insert(now, parent.id(), half)),
                }
            }
        });

    r.rule("command-and-control/odd-port-client")
        .summary("A client for terminals or mail was pointed at a port that is not its own")
        .severity(Medium)
        .attack("T1571")
        .attack("T1095")
        .property("maturity", "stable")
        .property("misses", "netcat, whose ports are all alike: its connections are another rule's")
        .only(called(&["telnet", "telnet.netkit", "whois"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let (syntax, usual): (_, &[u16]) = match command.name() {
                name if name == "telnet" => (Syntax::new("ablnSXek", &[]), &[TELNET, 25, 80, 110, 143]),
                name if name == "whois" => (Syntax::new("hpgimrsTtvV", &["host", "port"]), &[43]),
                _ => return,
            };
            let call = command.options(&syntax);
            let operand = call.operands().get(1).copied().filter(|_| command.name() == "telnet");
            let port = call.value(&["p", "port"]).or(operand).and_then(|port| port.to_str()?.parse::<u16>().ok());
            if let Some(port) = port.filter(|port| !usual.contains(port)) {
                out.finding(format!("{} was pointed at port {port}", line(&image))).fact("port", port);
            }
        });

    r.rule("command-and-control/encrypted-relay")
        .summary("A relay that encrypts was set up by hand")
        .severity(Medium)
        .attack("T1573.002")
        .attack("T1095")
        .property("maturity", "incubating")
        .property("misses", "openssl s_client without -quiet, by which certificates are looked at")
        .only(called(&["openssl", "ncat", "socat", "socat1", "cryptcat"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let is_openssl = name == "openssl" && says(&["s_client", "s_server"]);
            let is_relay = match () {
                () if is_openssl => {
                    says(&["-quiet", "-ign_eof"]) || (says(&["s_server"]) && says(&["-nocert", "-rev"]))
                }
                () if name == "ncat" => says(&["--ssl", "--ssl-cert", "--ssl-verify"]),
                () if name.starts_with("socat") => {
                    args.iter().any(|arg| lower(arg).starts_with(b"openssl") || lower(arg).starts_with(b"ssl"))
                }
                () => name == "cryptcat",
            };
            if is_relay {
                out.finding(format!("{} encrypts what it relays", line(&image)));
            }
        });
}

fn joined(command: &str, other: &Half, out: &mut Out<'_>) {
    out.finding(format!("{command} was started together with {}", other.command)).because_of(other.seq);
}

/// The program that a relay is told to start.
fn started_by_relay<'a>(image: &Process<'a>) -> Option<Text<'a>> {
    let name = Command::of(image).name();
    if name.starts_with("socat") {
        let call = Command::of(image).options(&Syntax::new("bdghlLmtTvxW", &[]));
        let has_network = call.operands().iter().any(|address| SOCAT_NETWORK.matches(lower(address).as_slice()));
        return call
            .operands()
            .iter()
            .copied()
            .find(|address| has_network && SOCAT_PROGRAMS.matches(lower(address).as_slice()));
    }
    if !RELAYS.matches(name) || name == "telnet" {
        return None;
    }
    let call = Command::of(image)
        .options(&Syntax::new("IiMmOPpqsTVwWXxcedGgo", &["exec", "sh-exec", "lua-exec", "proxy", "proxy-type"]));
    // OpenBSD's -c speaks TLS and takes no value, what follows is a host then.
    let is_program = |value: &Text<'_>| {
        let program = value.as_bytes().split(|byte| *byte == b' ').next().unwrap_or_default();
        let file = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        value.starts_with("/") || file.ends_with(b"sh") || file == b"cmd"
    };
    let program = call.values(&["e", "exec", "sh-exec", "lua-exec"]).next();
    program.or_else(|| call.values(&["c"]).find(is_program))
}

/// Whether it is a relay that a shell can be joined to by pipes.
fn connects(image: &Process<'_>) -> bool {
    let name = Command::of(image).name();
    let is_openssl = name == "openssl" && image.args().take(4).any(|arg| arg.one_of(&["s_client", "s_server"]));
    // Whether a port is open is all that -z asks.
    let only_looks = || Command::of(image).options(&Syntax::new("IiMmOPpqsTVwWXx", &[])).has(&["z"]);
    is_openssl || (RELAYS.matches(name) && !name.one_of(&["busybox", "toybox"]) && !only_looks())
}

/// Whether a shell takes its commands from standard input.
fn takes_commands(image: &Process<'_>) -> bool {
    let mut args = image.args().skip(1);
    args.all(|arg| arg.starts_with("-") && !arg.starts_with("-c")) && !is_interpreter(image)
}

fn lower(text: &Text<'_>) -> Vec<u8> {
    text.as_bytes().to_ascii_lowercase()
}
