//! Shells and interpreters whose commands come over the network.

use std::net::SocketAddr;

use common::peers::{Reach, reach};
use common::programs::{
    is_installed, is_interpreter, is_named, is_package_management, is_shell, is_world_writable, label,
};
use lanner_sdk::abi::stdio_flag;
use lanner_sdk::prelude::*;

use crate::Execution;

/// What gives connections to other programs as their standard input: their trade.
static INETD: TextSet = TextSet::new().equals(&[
    "git",
    "git-daemon",
    "in.tftpd",
    "inetd",
    "inetutils-inetd",
    "openbsd-inetd",
    "sshd",
    "sshd-session",
    "systemd",
    "systemd-executor",
    "tcpd",
    "tcpserver",
    "xinetd",
]);
static PYTHON: TextSet = TextSet::new().equals(&["pypy", "python"]);
static JAVASCRIPT: TextSet = TextSet::new().equals(&["bun", "deno", "node", "nodejs"]);
static LUA: TextSet = TextSet::new().equals(&["lua", "luajit", "texlua"]);
/// Parts of command lines that have a shell talk to a host by itself.
static DEV_TCP: TextSet = TextSet::new().contains(&["/dev/tcp/", "/dev/udp/"]);
/// And those that give it the connection as its input.
static AS_INPUT: TextSet = TextSet::new().contains(&["0<&", "0>&", "<&", ">& /dev/", ">&/dev/", "bash -i", "sh -i"]);

/// A language, the rule about it, its technique and its name.
type Language = (&'static str, &'static str, &'static str, fn(&Process<'_>) -> bool);

static LANGUAGES: [Language; 4] = [
    ("execution/socket-shell-python", "T1059.006", "Python", |process| is_named(process, &PYTHON)),
    ("execution/socket-shell-javascript", "T1059.007", "JavaScript", |process| is_named(process, &JAVASCRIPT)),
    ("execution/socket-shell-lua", "T1059.011", "Lua", |process| is_named(process, &LUA)),
    ("execution/socket-shell", "T1059.004", "a shell, an interpreter or a program of somebody's own", is_other),
];

/// Ports of services that scripts wait for, as they begin.
const SERVICE_PORTS: [u16; 22] = [
    22, 25, 53, 80, 443, 1433, 1521, 2181, 2379, 3000, 3306, 5000, 5432, 5672, 6379, 8000, 8080, 8443, 9000, 9092,
    9200, 27017,
];

pub(crate) fn add(r: &mut Rules<Execution>) {
    r.rule("execution/reverse-shell")
        .summary("A shell takes its commands from a network connection")
        .severity(Critical)
        .attack("T1059.004")
        .attack("T1059")
        .property("maturity", "stable")
        .property(
            "misses",
            "commands that another program takes and hands over; encrypted channels between it and the shell",
        )
        .on_exec(|_, e, out| {
            let image = e.image();
            let commanded = is_shell(&image) || (is_interpreter(&image) && image.args().len_at_most_one());
            if !(e.stdin_is_socket() && commanded) {
                return;
            }
            let has_task = !is_bare(&image) && image.name() != "busybox";
            let parent = image.parent();
            let is_task_of_shell = parent.is_some_and(|parent| is_shell(&parent)) && has_task;
            if is_task_of_shell && !image.args().any(|word| word == "-i") {
                // What such a shell runs in turn has the connection, too.
                return;
            }
            let by_inetd = parent.is_some_and(|parent| is_installed(&parent, &INETD));
            let from = image.parent().map(|parent| format!(", started by {},", label(&parent))).unwrap_or_default();
            let shell = image.exe();
            let finding = match e.stdin_peer() {
                Some((address, port)) => {
                    let peer = SocketAddr::new(address, port);
                    out.finding(format!("{shell}{from} is controlled from {peer}")).field("peer", peer)
                }
                None => out.finding(format!("{shell}{from} is controlled over a socket")),
            };
            if by_inetd && has_task {
                finding.severity(Medium);
            }
        });

    for (id, technique, name, is_language) in LANGUAGES {
        r.rule(id)
            .summary(format!(
                "{name} put a network connection in the place of its standard input, as a shell over the network does"
            ))
            .severity(Critical)
            .attack(technique)
            .attack("T1095")
            .property("maturity", "stable")
            .property("misses", "what copies between a connection and a pipe instead")
            .only(dup::family().one_of([2_u16, 10]))
            .only(event::result().succeeded())
            .on_dup(move |_, e, out| {
                let process = e.process();
                // Output alone goes to a log server, too.
                if e.result() != 0 || !is_language(&process) {
                    return;
                }
                let peer = e
                    .address()
                    .zip(e.port())
                    .map(|(address, port)| format!(" from {}", SocketAddr::new(address, port)));
                let peer = peer.unwrap_or_default();
                out.finding(format!("{} takes its input{peer} over a connection", label(&process)));
            });
    }

    r.rule("execution/shell-connects")
        .summary("A shell opened a connection by itself, with /dev/tcp and no other program")
        .severity(High)
        .attack("T1059.004")
        .attack("T1095")
        .attack("T1071")
        .property("maturity", "stable")
        .property("misses", "other programs that connect on the shell's behalf")
        .only(process::exe().ends_with(["/bash", "/ksh", "/ksh93", "/rbash", "/zsh"]))
        .only(connect::family().one_of([2_u16, 10]))
        .on_connect(|_, e, out| {
            let (Some(address), Some(port)) = (e.address(), e.port()) else { return };
            // Bash looks names up by itself.
            if port == 53 || port == 0 || is_package_management(&e.process()) {
                return;
            }
            let peer = SocketAddr::new(address, port);
            let in_vain = e.failed() && !e.is_in_progress();
            let did = if in_vain { "tried to connect to" } else { "connected to" };
            let severity = match reach(address) {
                Reach::Far => High,
                // Scripts wait so for a server that is about to start.
                Reach::Own => Low,
                Reach::Near if SERVICE_PORTS.contains(&port) => Low,
                Reach::Near => Medium,
            };
            out.finding(format!("{} {did} {peer}", label(&e.process())))
                .fact("peer", peer.to_string())
                .key(peer.to_string())
                .severity(severity);
        });

    r.rule("execution/dev-tcp-shell")
        .summary("A shell was told to open a connection by itself, and to take its input from there")
        .severity(Critical)
        .attack("T1059.004")
        .attack("T1095")
        .property("maturity", "stable")
        .property(
            "misses",
            "what stands in a script and not on a command line; the rule about the connection sees that",
        )
        .only(exec::image::argv().matches(&DEV_TCP))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !is_shell(&image) {
                return;
            }
            let commands = image.args().skip(1).find(|word| DEV_TCP.matches(*word));
            if let Some(commands) = commands {
                let finding = out.finding(format!("{} was told: {commands}", label(&image)));
                if !AS_INPUT.matches(commands) {
                    finding.severity(Low);
                }
            }
        });

    r.rule("execution/shell-fed-by-program")
        .summary("A program with a connection of its own started a shell and feeds it commands")
        .severity(Medium)
        .attack("T1059.004")
        .attack("T1059.006")
        .attack("T1059.007")
        .property("maturity", "incubating")
        .property("misses", "one shell for each command, with the command on its command line")
        .only(
            process::exe()
                .contains(["/bun", "/deno", "/java", "/lua", "/node", "/perl", "/php", "/python", "/ruby", "/tclsh"]),
        )
        .only(connect::family().one_of([2_u16, 10]))
        .on_connect(|pack, e, _| {
            if let Some((address, port)) = e.address().zip(e.port()).filter(|(_, port)| *port != 53) {
                pack.state.connected.insert(e.time(), e.process().id(), SocketAddr::new(address, port).to_string());
            }
        })
        .unfiltered()
        .on_exec(|pack, e, out| {
            let image = e.image();
            let fed = stdio_flag::STDIN_PIPE | stdio_flag::STDIN_UNIX;
            if e.stdio() & fed == 0 || !is_shell(&image) || !is_bare(&image) || is_package_management(&image) {
                return;
            }
            let Some(parent) = image.parent() else { return };
            let interactive = image.args().skip(1).any(|word| word == "-i");
            let peer = pack.state.connected.get(e.time(), &parent.id());
            if is_interpreter(&parent) || parent.name().one_of(&["java", "deno", "bun"]) {
                let peer_text = peer.map(|peer| format!(", which is connected to {peer},")).unwrap_or_default();
                let severity = match peer {
                    Some(_) => High,
                    None if crate::places::is_expected(&image) => Low,
                    None => Medium,
                };
                out.finding(format!("{}{peer_text} feeds commands to {}", label(&parent), image.exe()))
                    .severity(severity);
            } else if interactive && image.tty().is_none() {
                out.finding(format!("{} waits for commands, with a pipe where a terminal would be", label(&image)));
            }
        });
}

trait AtMostOne {
    /// Whether there is nothing but the name.
    fn len_at_most_one(self) -> bool;
}

impl<'a, I: Iterator<Item = Text<'a>>> AtMostOne for I {
    fn len_at_most_one(mut self) -> bool {
        self.next();
        self.next().is_none()
    }
}

/// Whether a shell has neither a script nor a command: it takes its commands from its input.
pub(crate) fn is_bare(shell: &Process<'_>) -> bool {
    let options_only =
        shell.args().skip(1).all(|word| word.starts_with("-") && word != "-c" && !is_cluster_with(word, b'c'));
    // `busybox sh` has its own name first.
    let is_applet = shell.name() == "busybox"
        && shell.args().nth(1).is_some_and(|word| word.ends_with("sh"))
        && shell.args().nth(2).is_none();
    (options_only || is_applet) && shell.script().is_empty()
}

fn is_cluster_with(word: Text<'_>, letter: u8) -> bool {
    let bytes = word.as_bytes();
    bytes.first() == Some(&b'-') && bytes.get(1) != Some(&b'-') && bytes.contains(&letter)
}

fn is_other(process: &Process<'_>) -> bool {
    let has_rule = LANGUAGES[..3].iter().any(|(_, _, _, is_language)| is_language(process));
    let is_own = !common::programs::is_system(process) || process.is_memfd() || is_world_writable(process.exe());
    let has_trade = is_installed(process, &INETD) || process.exe().starts_with("/opt/") && !is_interpreter(process);
    !has_rule && !has_trade && (is_shell(process) || is_interpreter(process) || is_named_tool(process) || is_own)
}

fn is_named_tool(process: &Process<'_>) -> bool {
    process.name().one_of(&[
        "awk",
        "gawk",
        "nc",
        "nc.openbsd",
        "nc.traditional",
        "ncat",
        "socat",
        "busybox",
        "openssl",
        "telnet",
    ])
}
