//! Connections by programs that have no business there, to ports that nobody serves, and sockets that speak no protocol of
//! every day.

use std::net::SocketAddr;

use common::command::Command;
use common::context::is_build;
use common::peers::{Reach, reach};
use common::programs::{is_installed, is_interpreter, is_named, is_shell, is_system, is_world_writable, label};
use lanner_sdk::abi::process_flag;
use lanner_sdk::prelude::*;

use crate::CommandAndControl;
use crate::relay::RELAYS;

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
/// Ports that remote shells and backdoors have by default, or that their makers like.
const BACKDOOR_PORTS: [u16; 16] =
    [1337, 1338, 3131, 4321, 4443, 4444, 4445, 5554, 6666, 6969, 12345, 12346, 13337, 31337, 54321, 55555];
/// Ports of IRC, by which botnets are still steered.
const IRC_PORTS: [u16; 12] = [6660, 6661, 6662, 6663, 6664, 6665, 6667, 6668, 6669, 6679, 6697, 7000];
static IRC_CLIENTS: TextSet = TextSet::new().equals(&[
    "hexchat",
    "inspircd",
    "irssi",
    "konversation",
    "ngircd",
    "pidgin",
    "quasselcore",
    "thunderbird",
    "weechat",
    "weechat-headless",
    "znc",
]);
/// Ports of services that firewalls let through, and one that is everybody's: ssh is led past them so.
const LET_THROUGH: [u16; 8] = [53, 80, 88, 443, 4444, 8000, 8080, 8443];
/// Where some that offer ssh have it a second time, for those behind such a firewall.
const SECOND_SSH: u16 = 443;
/// Ports that scripts wait for until their service is there.
const SERVICE_PORTS: [u16; 22] = [
    22, 25, 53, 80, 443, 1433, 1521, 2181, 2379, 3000, 3306, 5000, 5432, 5672, 6379, 8000, 8080, 8443, 9000, 9092,
    9200, 27017,
];
/// Programs that make packets of their own, or ask the kernel's packet filter through such a socket.
static RAW: TextSet = TextSet::new()
    .equals(&[
        "arping",
        "bird",
        "charon",
        "cilium-agent",
        "conntrack",
        "dhclient",
        "dhcpcd",
        "dnsmasq",
        "dockerd",
        "ebtables",
        "fping",
        "hping3",
        "ipset",
        "keepalived",
        "kube-proxy",
        "libvirtd",
        "mtr",
        "mtr-packet",
        "NetworkManager",
        "nmap",
        "nping",
        "ospfd",
        "ping",
        "ping4",
        "ping6",
        "radvd",
        "rdisc",
        "systemd",
        "systemd-networkd",
        "tcpdump",
        "tracepath",
        "traceroute",
        "traceroute.db",
        "zebra",
    ])
    .starts_with(&["ip6tables", "iptables", "xtables-"]);
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const SOCK_DGRAM: u32 = 2;
const SOCK_RAW: u32 = 3;
const ICMP: [u32; 2] = [1, 58];
const DNS: u16 = 53;
const LDAP_AND_RMI: [u16; 6] = [389, 636, 1099, 1389, 1098, 9999];

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    let trusted = r
        .list("trusted-networks")
        .summary("Networks to which any program of this machine may connect, at any port")
        .networks([] as [&str; 0]);
    let ports = r
        .list("backdoor-ports")
        .summary("Ports that remote shells and backdoors use by default")
        .numbers(BACKDOOR_PORTS.map(|port| port.to_string()));
    r.rule("command-and-control/unusual-egress")
        .summary("A program that has no business on the network connected to an address of it")
        .severity(High)
        .attack("T1071")
        .attack("T1095")
        .property("maturity", "stable")
        .property("misses", "curl, wget and interpreters, which are made for it, and programs in home directories")
        .property("cost", "asked for every connection over the internet protocols")
        .only(connect::family().one_of([AF_INET, AF_INET6]).and(!connect::address().listed(trusted)))
        .on_connect(|_, e, out| {
            // A datagram socket is connected to ask the kernel for a route, and to ask a name server; neither says much.
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            let process = e.process();
            let is_relay = RELAYS.matches(Command::of(&process).name());
            if peer.port() == 0 || (e.is_udp() && peer.port() == DNS && !is_relay) {
                return;
            }
            let Some((what, severity)) = unusual(&process, reach(peer.ip()), peer.port(), is_relay) else { return };
            // Nobody is there, on this machine itself: a look at what runs here, or a script that waits for it.
            let in_vain = e.failed() && !e.is_in_progress() && reach(peer.ip()) == Reach::Own;
            let severity = if in_vain { Low } else { severity };
            let did = if e.failed() && !e.is_in_progress() { "tried to connect to" } else { "connected to" };
            out.finding(format!("{}, {what}, {did} {peer}", label(&process)))
                .field("peer", peer)
                .key(format!("{} {peer}", process.exe()))
                .severity(severity);
        });

    r.rule("command-and-control/backdoor-port")
        .summary("A connection went to a port that remote shells and backdoors use by default")
        .severity(Medium)
        .attack("T1571")
        .attack("T1095")
        .property("maturity", "incubating")
        .property("misses", "any other port")
        .only(connect::port().listed(ports).and(!connect::address().listed(trusted)))
        .on_connect(|_, e, out| {
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            let process = e.process();
            let is_plain = is_shell(&process) || RELAYS.matches(Command::of(&process).name());
            let severity = match reach(peer.ip()) {
                // The kernel is asked for a route by a socket that sends nothing.
                _ if e.is_udp() && is_system(&process) && !is_plain => Low,
                Reach::Far => Medium,
                Reach::Near if is_plain || is_interpreter(&process) || is_loose(&process) => Medium,
                Reach::Own if is_plain && !is_build(&process) => Medium,
                _ => Low,
            };
            out.finding(format!("{} connected to {peer}", label(&process)))
                .field("peer", peer)
                .key(format!("{} {peer}", process.exe()))
                .severity(severity);
        });

    r.rule("command-and-control/ssh-odd-port")
        .summary("ssh connected to a port of another service, as one does to get past a firewall")
        .severity(Medium)
        .attack("T1571")
        .attack("T1572")
        .attack("T1021.004")
        .property("maturity", "incubating")
        .property("misses", "ssh at ports that are nobody's, where many have it, and ssh through a proxy")
        .only(connect::port().one_of(LET_THROUGH))
        .only(process::exe().ends_with(["/dbclient", "/ssh"]))
        .on_connect(|_, e, out| {
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            // By UDP names are asked for.
            if e.is_udp() {
                return;
            }
            let process = e.process();
            let is_usual = reach(peer.ip()) != Reach::Far || peer.port() == SECOND_SSH;
            out.finding(format!("{} connected to {peer}", label(&process)))
                .field("peer", peer)
                .key(format!("{} {peer}", process.exe()))
                .severity(if is_usual { Low } else { Medium });
        });

    r.rule("command-and-control/irc")
        .summary("A program that is no IRC client connected to a port of IRC")
        .severity(Medium)
        .attack("T1071")
        .property("maturity", "incubating")
        .property("misses", "IRC on another port")
        .only(connect::port().one_of(IRC_PORTS))
        .on_connect(|_, e, out| {
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            let process = e.process();
            if is_installed(&process, &IRC_CLIENTS) || e.is_udp() {
                return;
            }
            let is_plain =
                is_shell(&process) || is_interpreter(&process) || RELAYS.matches(Command::of(&process).name());
            let is_own = reach(peer.ip()) == Reach::Own && !is_plain && !is_loose(&process);
            // The last of the ports has other services too.
            let severity = if is_own || (peer.port() == 7000 && !is_loose(&process)) { Low } else { Medium };
            out.finding(format!("{} connected to {peer}", label(&process))).field("peer", peer).severity(severity);
        });

    r.rule("initial-access/java-asks-directory")
        .summary("A Java program asked a directory or an object registry far away, as it does when a request talks it into it")
        .severity(Medium)
        .attack("T1190")
        .attack("T1210")
        .property("maturity", "incubating")
        .property("misses", "a directory on another port, and one in the own network")
        .only(connect::port().one_of(LDAP_AND_RMI).and(process::exe().ends_with(["/java"])))
        .on_connect(|_, e, out| {
            let Some(peer) = e.address().zip(e.port()).map(SocketAddr::from) else { return };
            let severity = match reach(peer.ip()) {
                Reach::Far => Medium,
                Reach::Near | Reach::Own => Low,
            };
            out.finding(format!("{} connected to {peer}", label(&e.process()))).field("peer", peer).severity(severity);
        });

    add_sockets(r);
}

fn add_sockets(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/odd-listener")
        .summary("A program waits for connections that was put there by hand: a relay, or one from where everybody may write")
        .severity(Medium)
        .attack("T1571")
        .attack("T1095")
        .property("maturity", "incubating")
        .property("misses", "interpreters that listen, and programs in home directories")
        .only(
            process::exe()
                .starts_with(["/tmp/", "/var/tmp/", "/dev/shm/", "memfd:"])
                .or(process::exe().matches(&RELAYS))
                .or(process::flags().any(process_flag::EXE_MEMFD | process_flag::EXE_DELETED)),
        )
        .only(listen::family().one_of([AF_INET, AF_INET6]))
        .on_listen(|_, e, out| {
            let process = e.process();
            let Some(port) = e.port().filter(|_| !e.failed()) else { return };
            let is_relay = RELAYS.matches(Command::of(&process).name());
            if !is_relay && !is_loose(&process) {
                return;
            }
            // What was just compiled is tried out, on this machine alone.
            let is_own = e.address().is_some_and(|address| address.is_loopback());
            let is_trial = is_build(&process) || is_own;
            let finding = out.finding(format!("{} waits for connections at port {port}", label(&process)));
            if is_trial && !process.is_memfd() {
                finding.severity(Low);
            }
        });

    r.rule("command-and-control/raw-icmp")
        .summary("A program that does not ping speaks ICMP: a way past firewalls that look at TCP and UDP")
        .severity(Medium)
        .attack("T1095")
        .attack("T1572")
        .property("maturity", "incubating")
        .property("misses", "ping(8) that is told what to send: another rule sees its pattern")
        .only(socket::family().one_of([AF_INET, AF_INET6]))
        .only(socket::protocol().one_of(ICMP))
        .on_socket(|_, e, out| {
            let process = e.process();
            let is_raw = matches!(e.socket_type(), SOCK_RAW | SOCK_DGRAM);
            let tool = Command::of(&process).name();
            if !is_raw || is_installed(&process, &RAW) || (is_system(&process) && RAW.matches(tool)) {
                return;
            }
            // In a user namespace of its own anybody may, and it leads nowhere.
            let finding = out.finding(format!("{} made a socket for ICMP", label(&process)));
            let finding = finding.field("protocol", e.protocol()).key(process.exe().to_string());
            let is_plain = is_interpreter(&process) || !is_system(&process);
            if e.failed() || !is_plain {
                finding.severity(Low);
            }
        });
}

/// Whether a program lies where everybody may write, or nowhere.
fn is_loose(process: &Process<'_>) -> bool {
    process.is_memfd() || process.is_deleted() || is_world_writable(process.exe())
}

static OF_ITS_OWN: TextSet = TextSet::new().equals(&["bash", "ksh", "rbash", "zsh"]);

/// What is unusual about it, and how much so.
fn unusual(process: &Process<'_>, reach: Reach, port: u16, is_relay: bool) -> Option<(&'static str, Severity)> {
    let is_far = reach == Reach::Far;
    if process.is_memfd() || process.is_deleted() {
        return Some(("which leaves no file behind", if is_far { Critical } else { High }));
    }
    if is_world_writable(process.exe()) {
        // What is built and tried out in a temporary folder talks to its neighbours.
        let severity = match reach {
            Reach::Far if is_build(process) => Low,
            Reach::Far => High,
            Reach::Near | Reach::Own => Low,
        };
        return Some(("which lies where everybody may write", severity));
    }
    // Of those that can connect by themselves execution/shell-connects tells.
    if is_shell(process) && !is_relay && !is_named(process, &OF_ITS_OWN) {
        let severity = match reach {
            Reach::Far => High,
            // Scripts wait for a service by this.
            Reach::Near | Reach::Own if SERVICE_PORTS.contains(&port) => Low,
            Reach::Near | Reach::Own => Medium,
        };
        return Some(("a shell", severity));
    }
    if is_named(process, &TEXT_TOOLS) && !is_relay {
        return Some(("a tool for files", if is_far { High } else { Medium }));
    }
    if is_far && is_named(process, &STORES) {
        return Some(("a data store", High));
    }
    if is_relay {
        let severity = match reach {
            Reach::Far => Medium,
            Reach::Near | Reach::Own if port == DNS => Medium,
            Reach::Near | Reach::Own => Low,
        };
        return Some(("a relay", severity));
    }
    None
}
