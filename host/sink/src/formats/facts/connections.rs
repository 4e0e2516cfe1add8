//! Connections that events are about, and what is open.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

use super::{at, kind, path, string};

/// Of flags of an open: O_DIRECTORY.
const DIRECTORY: u64 = 0o200_000;

/// The descriptor that an open gave.
pub(in super::super) fn opened(finding: &Value) -> Option<Value> {
    let fd = at(finding, "/event/result").filter(|_| kind(finding) == "open")?.as_i64()?;
    (fd >= 0).then(|| fd.into())
}

/// As Falco calls what the descriptor is.
pub(in super::super) fn descriptor(finding: &Value) -> Option<Value> {
    Some(match kind(finding) {
        "open" if at(finding, "/event/flags").and_then(Value::as_u64).unwrap_or_default() & DIRECTORY != 0 => {
            "directory".into()
        }
        "open" => "file".into(),
        _ => family(finding)?,
    })
}

/// What Falco calls a descriptor: a file's path, or a connection as far as it is known.
pub(in super::super) fn descriptor_name(finding: &Value) -> Option<Value> {
    if matches!(kind(finding), "open" | "mmap" | "module_load" | "kexec") {
        return path(finding);
    }
    let written = |(address, port): Side| match port {
        Some(port) => SocketAddr::new(address, port).to_string(),
        None => address.to_string(),
    };
    let sides: Vec<String> = [source(finding), destination(finding)].into_iter().flatten().map(written).collect();
    if sides.is_empty() { unix_path(finding) } else { Some(sides.join("->").into()) }
}

/// An address, and its port where it is known.
type Side = (IpAddr, Option<u16>);

fn side(finding: &Value, address: &str, port: &str) -> Option<Side> {
    let text = finding["event"][address].as_str()?;
    let port = || finding["event"][port].as_u64().and_then(|port| u16::try_from(port).ok());
    let side = text.parse::<SocketAddr>().map(|socket| (socket.ip(), Some(socket.port())));
    side.or_else(|_| text.parse::<IpAddr>().map(|address| (address, port()))).ok()
}

/// Where a connection comes from, as far as the event tells.
fn source(finding: &Value) -> Option<Side> {
    (kind(finding) == "accept").then(|| side(finding, "address", "port")).flatten()
}

/// Where it goes to. Others come to what a program binds to.
fn destination(finding: &Value) -> Option<Side> {
    match kind(finding) {
        "connect" | "connect_end" | "send" | "dup" | "bind" | "listen" => side(finding, "address", "port"),
        "accept" => side(finding, "local_address", "local_port"),
        "dns" => side(finding, "server", ""),
        "exec" => side(finding, "stdin_peer", ""),
        _ => None,
    }
}

fn ip(side: Option<Side>) -> Option<Value> {
    side.map(|(address, _)| address.to_string().into())
}

fn port(side: Option<Side>) -> Option<Value> {
    side.and_then(|(_, port)| port).map(Value::from)
}

/// The address on one side of the connection.
pub(in super::super) fn source_ip(finding: &Value) -> Option<Value> {
    ip(source(finding))
}

/// Its port.
pub(in super::super) fn source_port(finding: &Value) -> Option<Value> {
    port(source(finding))
}

/// The address on the other side.
pub(in super::super) fn destination_ip(finding: &Value) -> Option<Value> {
    ip(destination(finding))
}

/// Its port.
pub(in super::super) fn destination_port(finding: &Value) -> Option<Value> {
    port(destination(finding))
}

/// The addresses on both sides.
pub(in super::super) fn addresses(finding: &Value) -> Option<Value> {
    let both: Vec<Value> = [source_ip(finding), destination_ip(finding)].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.into())
}

/// The address on this machine.
fn is_inbound(finding: &Value) -> bool {
    matches!(kind(finding), "accept" | "bind" | "listen")
}

/// The local address, as Falco has it.
pub(in super::super) fn local_ip(finding: &Value) -> Option<Value> {
    is_inbound(finding).then(|| destination_ip(finding)).flatten()
}

/// Its port.
pub(in super::super) fn local_port(finding: &Value) -> Option<Value> {
    is_inbound(finding).then(|| destination_port(finding)).flatten()
}

/// The peer's address.
pub(in super::super) fn remote_ip(finding: &Value) -> Option<Value> {
    if is_inbound(finding) { source_ip(finding) } else { destination_ip(finding) }
}

/// Its port.
pub(in super::super) fn remote_port(finding: &Value) -> Option<Value> {
    if is_inbound(finding) { source_port(finding) } else { destination_port(finding) }
}

/// Path of a unix socket.
pub(in super::super) fn unix_path(finding: &Value) -> Option<Value> {
    let is_so = matches!(kind(finding), "connect" | "bind" | "listen" | "accept" | "send");
    is_so.then(|| string(finding, "/event/path")).flatten().map(Value::from)
}

/// `ipv4` or `ipv6`, or `unix`.
pub(in super::super) fn family(finding: &Value) -> Option<Value> {
    let family = match source(finding).or_else(|| destination(finding)) {
        Some((IpAddr::V4(_), _)) => "ipv4",
        Some((IpAddr::V6(_), _)) => "ipv6",
        None => {
            unix_path(finding)?;
            "unix"
        }
    };
    Some(family.into())
}

/// The family where it is of the internet.
pub(in super::super) fn network(finding: &Value) -> Option<Value> {
    family(finding).filter(|family| family != "unix")
}

fn protocol_number(finding: &Value) -> Option<u64> {
    let is_so = matches!(kind(finding), "connect" | "connect_end" | "bind" | "send");
    at(finding, "/event/protocol").filter(|_| is_so)?.as_u64()
}

/// The protocol of IP, by its name (IANA).
pub(in super::super) fn transport(finding: &Value) -> Option<Value> {
    let name = match protocol_number(finding)? {
        1 => "icmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        58 => "ipv6-icmp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    };
    Some(name.into())
}

/// By its number.
pub(in super::super) fn protocol(finding: &Value) -> Option<Value> {
    protocol_number(finding).map(Value::from)
}

/// `ingress` or `egress`, where somebody connects.
pub(in super::super) fn direction(finding: &Value) -> Option<Value> {
    match kind(finding) {
        "accept" => Some("ingress".into()),
        "connect" | "connect_end" | "send" | "dns" => Some("egress".into()),
        _ => None,
    }
}

/// What was asked for of a name of DNS.
pub(in super::super) fn dns_type(finding: &Value) -> Option<Value> {
    let number = at(finding, "/event/record_type").filter(|_| kind(finding) == "dns")?.as_u64()?;
    Some(match number {
        1 => "A".into(),
        2 => "NS".into(),
        5 => "CNAME".into(),
        6 => "SOA".into(),
        12 => "PTR".into(),
        15 => "MX".into(),
        16 => "TXT".into(),
        28 => "AAAA".into(),
        33 => "SRV".into(),
        64 => "SVCB".into(),
        65 => "HTTPS".into(),
        255 => "ANY".into(),
        // RFC 3597.
        number => format!("TYPE{number}").into(),
    })
}

/// A name that DNS was asked for.
pub(in super::super) fn dns_name(finding: &Value) -> Option<Value> {
    (kind(finding) == "dns").then(|| string(finding, "/event/name")).flatten().map(Value::from)
}

/// The address that DNS answers.
pub(in super::super) fn dns_answer(finding: &Value) -> Option<Value> {
    let answer = finding["event"]["answer"].as_str().filter(|_| kind(finding) == "dns")?;
    Some(answer.parse::<IpAddr>().ok()?.to_string().into())
}

/// The process that is done something to, by its pid.
pub(in super::super) fn target_pid(finding: &Value) -> Option<Value> {
    let is_so = matches!(kind(finding), "ptrace" | "signal" | "process_memory");
    let target = || at(finding, "/event/target_pid").or_else(|| at(finding, "/event/target"));
    is_so.then(target).flatten().filter(|pid| pid.is_u64()).cloned()
}
