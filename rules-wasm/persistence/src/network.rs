//! Ways back in by the network: who listens to all packets, doors that open to a knock, remote access of other programs.

use common::command::Command;
use common::context::is_in_container;
use common::programs::{is_interpreter, is_package_management, is_shell, is_system, is_world_writable, label, starter};
use lanner_sdk::prelude::*;

use crate::Persistence;
use crate::who::report_exec;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const AF_PACKET: u16 = 17;
const SOCK_RAW: u32 = 3;
/// The same with SOCK_NONBLOCK, SOCK_CLOEXEC or both.
const RAW: [u32; 4] = [3, 0o4003, 0o2_000_003, 0o2_004_003];
/// Of a socket's type: what does not say its type (SOCK_NONBLOCK, SOCK_CLOEXEC).
const TYPE: u32 = 0xf;
const IPPROTO_ICMP: u32 = 1;
const IPPROTO_ICMPV6: u32 = 58;

/// What gives a shell or a desktop to whoever comes over the network.
static REMOTE_ACCESS: TextSet = TextSet::new().file_name(&[
    "anydesk",
    "dropbear",
    "dwagent",
    "gotty",
    "gs-netcat",
    "in.rlogind",
    "in.rshd",
    "in.telnetd",
    "meshagent",
    "novnc_proxy",
    "rustdesk",
    "shellinaboxd",
    "sshx",
    "teamviewerd",
    "telnetd",
    "tigervncserver",
    "tmate",
    "ttyd",
    "tty-share",
    "upterm",
    "vncserver",
    "wetty",
    "x11vnc",
    "xrdp",
]);
/// What opens a door to who knocks.
static KNOCKING: TextSet = TextSet::new().file_name(&["fwknop", "fwknopd", "knock", "knockd"]);
static INIT: TextSet =
    TextSet::new().equals(&["init", "openrc-run", "runit", "runsv", "s6-supervise", "systemd", "systemd-executor"]);

pub(crate) fn add(r: &mut Rules<Persistence>) {
    r.rule("persistence/packet-socket")
        .summary("A program that was not installed, or an interpreter, listens to all packets: it can wait for a sign and open a door")
        .severity(High)
        .attack("T1205.002")
        .attack("T1040")
        .property("maturity", "stable")
        .property("misses", "installed programs that are made to do it; waiting for a sign on an ordinary port")
        .only(socket::family().equals(AF_PACKET))
        .on_socket(|_, e, out| {
            let process = e.process();
            if is_stranger(&process) && !is_package_management(&process) {
                let verb = if e.failed() { "tried to open" } else { "opened" };
                let finding = out.finding(format!("{} {verb} a socket for packets", label(&process)));
                if e.failed() {
                    finding.severity(Low);
                }
            }
        });

    r.rule("persistence/raw-socket")
        .summary("A program that was not installed, or an interpreter, takes packets before any port does")
        .severity(Medium)
        .attack("T1205")
        .attack("T1095")
        .attack("T1040")
        .property("maturity", "incubating")
        .property("misses", "installed programs that are made to do it; sockets for ICMP are another rule's")
        .only(socket::family().one_of([AF_INET, AF_INET6]))
        .only(!socket::protocol().one_of([0, IPPROTO_ICMP, IPPROTO_ICMPV6]))
        .only(socket::socket_type().one_of(RAW))
        .on_socket(|_, e, out| {
            let process = e.process();
            if e.socket_type() & TYPE != SOCK_RAW || !is_stranger(&process) || is_package_management(&process) {
                return;
            }
            let verb = if e.failed() { "tried to open" } else { "opened" };
            let finding =
                out.finding(format!("{} {verb} a raw socket", label(&process))).field("protocol", e.protocol());
            if e.failed() {
                finding.severity(Low);
            }
        });

    r.rule("persistence/port-knocking")
        .summary("A door was set up that opens to a knock, or somebody knocked")
        .severity(Medium)
        .attack("T1205.001")
        .attack("T1205")
        .property("maturity", "incubating")
        .property("misses", "doors of nftables that are given in a file, and programs that wait by themselves")
        .only(exec::image::exe().ends_with([
            "/fwknop",
            "/fwknopd",
            "/ip6tables",
            "/iptables",
            "/knock",
            "/knockd",
            "/xtables-legacy-multi",
            "/xtables-nft-multi",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if KNOCKING.matches(image.name()) {
                report_exec(e, Medium, "knocks, or waits for it", out);
                return;
            }
            let words: Vec<_> = image.args().skip(1).collect();
            let has = |texts: &[&str]| words.iter().any(|word| word.one_of(texts));
            // Who came by lately may pass; limits of rates say `--update` and have no use for `--rcheck`.
            let adds = has(&["-A", "-I", "--append", "--insert"]);
            let opens = has(&["recent"]) && has(&["--rcheck", "--remove"]) && !has(&["DROP", "REJECT"]);
            let by_sign = has(&["string", "u32", "bpf"]) && has(&["ACCEPT", "REDIRECT", "NFQUEUE"]);
            if adds && (opens || by_sign) {
                report_exec(e, Medium, "made a door that opens to a sign", out);
            }
        });

    r.rule("persistence/remote-access")
        .summary("A program was started by hand that gives a shell or a desktop to who comes over the network")
        .severity(Medium)
        .attack("T1133")
        .attack("T1219")
        .property("maturity", "incubating")
        .property("misses", "such programs under other names, and as services that are set up for it")
        .only(
            exec::image::exe()
                .matches(&REMOTE_ACCESS)
                .or(exec::image::argv().contains(["vncserver\0", "wetty\0", "busybox\0telnetd"]))
                .or(exec::image::exe().ends_with(["/busybox"])),
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let named = REMOTE_ACCESS.matches(Command::of(&image).name()) || REMOTE_ACCESS.matches(image.script());
            let asks = image.args().skip(1).any(|word| word.one_of(&["--help", "--version", "-V", "-h"]));
            let by_init = image.parent().is_some_and(|parent| common::programs::is_installed(&parent, &INIT));
            if named && !asks && !by_init && !is_in_container(&image) {
                let by_server = starter(&image).is_some_and(|by| is_world_writable(by.exe()));
                report_exec(e, if by_server { High } else { Medium }, "lets others in", out);
            }
        });
}

/// Whether nobody installed it as a program for this.
fn is_stranger(process: &Process<'_>) -> bool {
    is_interpreter(process) && process.script().is_empty()
        || is_interpreter(process) && !is_installed_script(process)
        || is_shell(process)
        || process.is_memfd()
        || is_world_writable(process.exe())
        || !is_system(process) && !process.exe().starts_with("/opt/") && !is_in_container(process)
}

fn is_installed_script(process: &Process<'_>) -> bool {
    let script = process.script();
    let given = process.args().skip(1).find(|word| !word.starts_with("-")).unwrap_or_default();
    common::programs::is_in_system(script) || common::programs::is_in_system(given)
}
