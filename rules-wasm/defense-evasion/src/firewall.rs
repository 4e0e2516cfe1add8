//! Packet filters that are emptied, opened or stopped.

use common::changes::on_change;
use common::command::{Command, called};
use common::context::{is_configuration_management, is_container_runtime, is_in_own_user_namespace, lineage};
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::DefenseEvasion;
use crate::service::{SERVICE_TOOLS, stopped};

static SERVICES: TextSet = TextSet::new().equals(&[
    "firewalld",
    "ip6tables",
    "iptables",
    "netfilter-persistent",
    "nftables",
    "shorewall",
    "ufw",
]);
const TABLE_TOOLS: [&str; 8] = [
    "arptables",
    "ebtables",
    "ip6tables",
    "ip6tables-legacy",
    "ip6tables-nft",
    "iptables",
    "iptables-legacy",
    "iptables-nft",
];
const OTHER_TOOLS: [&str; 7] =
    ["firewall-cmd", "firewall-offline-cmd", "ip6tables-restore", "ipset", "iptables-restore", "nft", "ufw"];
static TABLES: TextSet = TextSet::new().equals(&TABLE_TOOLS);
/// What keeps rules of packets by itself: for containers, networks, and against those who guess passwords.
static KEEPERS: TextSet = TextSet::new().equals(&[
    "NetworkManager",
    "cilium-agent",
    "cni",
    "crowdsec-firewall-bouncer",
    "dockerd",
    "fail2ban-server",
    "firewalld",
    "flanneld",
    "kube-proxy",
    "libvirtd",
    "lxd",
    "netavark",
    "netfilter-persistent",
    "shorewall",
    "sshguard",
    "tailscaled",
    "ufw",
    "ufw-init",
    "virtnetworkd",
    "wg-quick",
]);
static SETTINGS: TextSet = TextSet::new()
    .equals(&[
        "/etc/default/ufw",
        "/etc/hosts.allow",
        "/etc/hosts.deny",
        "/etc/nftables.conf",
        "/etc/sysconfig/ip6tables",
        "/etc/sysconfig/iptables",
        "/etc/sysconfig/nftables.conf",
    ])
    .starts_with(&["/etc/firewalld/", "/etc/iptables/", "/etc/nftables/", "/etc/ufw/", "/lib/ufw/", "/usr/lib/ufw/"]);

pub(crate) fn add(r: &mut Rules<DefenseEvasion>) {
    r.rule("defense-evasion/firewall-off")
        .summary("The packet filter was emptied, opened or stopped")
        .severity(Medium)
        .attack("T1562.004")
        .property("maturity", "stable")
        .property(
            "misses",
            "Rules that are given to the kernel by a program's own code, and files of rules that are loaded",
        )
        .only(called(&TABLE_TOOLS).or(called(&SERVICE_TOOLS)).or(called(&OTHER_TOOLS)))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let stops = || stopped(&image, &command).iter().any(|name| SERVICES.matches(name.as_str()));
            let severity = match command.name().to_str().unwrap_or_default() {
                _ if command.is(&TABLES) => tables(&command),
                "nft" => nft(&command),
                "ufw" => ufw(&command),
                "firewall-cmd" | "firewall-offline-cmd" => firewalld(&command),
                "ipset" if command.says(&["flush", "destroy", "-F", "-X"]) => Some(Medium),
                "iptables-restore" | "ip6tables-restore" => Some(Low),
                _ => stops().then_some(High),
            };
            if let Some(severity) = severity.filter(|_| !is_routine(&image)) {
                let severity = if is_configuration_management(&image) { Low } else { severity };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
            }
        });

    r.rule("defense-evasion/network-bridged")
        .summary("The machine was made a router that hides who is behind it: two networks are one then")
        .severity(Medium)
        .attack("T1599.001")
        .attack("T1599")
        .property("maturity", "incubating")
        .property("misses", "Rules that are loaded from a file, and bridges below IP")
        .only(called(&TABLE_TOOLS).or(called(&["nft"])))
        .on_exec(|_, e, out| {
            let image = e.image();
            let command = Command::of(&image);
            let says = |words: &[&str]| command.args().iter().any(|arg| arg.one_of(words));
            let by_tables = command.is(&TABLES)
                && says(&["-A", "-I", "--append", "--insert"])
                && says(&["POSTROUTING"])
                && says(&["MASQUERADE", "SNAT"]);
            let by_nft = command.name() == "nft"
                && command.args().iter().any(|arg| arg.contains("masquerade") || arg.contains("snat"))
                && command.args().iter().any(|arg| arg.contains("add") || arg.contains("insert"));
            if (by_tables || by_nft) && !is_routine(&image) && !is_in_own_user_namespace(&image) {
                let severity = if is_configuration_management(&image) { Low } else { Medium };
                out.finding(format!("{} ran {}", label(&e.process()), image.command_line())).severity(severity);
            }
        });

    let rule = r
        .rule("defense-evasion/firewall-settings-write")
        .summary("The rules or settings of the packet filter were changed, as they are loaded at the next start")
        .severity(Medium)
        .attack("T1562.004")
        .property("maturity", "incubating")
        .property("misses", "Files that are included from elsewhere");
    on_change(rule, &SETTINGS, |_, change, out| {
        let process = &change.process;
        if is_routine(process) || is_configuration_management(process) {
            return;
        }
        if let Some(verb) = change.verb() {
            let finding = out.finding(format!("{} {verb}: {}", label(process), change.path)).fact("path", change.path);
            if let Some(severity) = change.outcome.severity() {
                finding.severity(severity);
            }
        }
    });
}

fn is_routine(process: &Process<'_>) -> bool {
    let keeps = |each: Process<'_>| is_container_runtime(&each) || is_installed(&each, &KEEPERS);
    // ufw and firewalld themselves are told by somebody: only what they start is theirs.
    lineage(process).skip(1).any(keeps) || is_package_management(process)
}

/// iptables and its like: emptied, opened by default, a rule taken out, or one put in that lets something in. Who sets up a
/// filter lets in what belongs to connections and to the machine itself, and adds at the end which services it has; who wants
/// to get past it puts himself before all others.
fn tables(command: &Command<'_>) -> Option<Severity> {
    let letter = |letter: char, long: &str| {
        // `-j ACCEPT` and the like are words of their own: what changes the table is a letter alone, or with what follows.
        let short = format!("-{letter}");
        command.args().iter().any(|arg| *arg == short.as_str()) || command.has('\0', long)
    };
    let says = |word: &str| command.args().iter().any(|arg| *arg == word);
    if letter('F', "flush")
        || letter('X', "delete-chain")
        || (letter('P', "policy") && says("ACCEPT"))
        || letter('D', "delete")
    {
        return Some(Medium);
    }
    let adds = letter('A', "append") || letter('I', "insert");
    let enters = says("INPUT") || says("FORWARD") || says("OUTPUT");
    if !(adds && enters && says("ACCEPT")) || says("lo") {
        return None;
    }
    let follows = |arg: &Text<'_>| {
        let states = arg.as_bytes().split(|byte| *byte == b',').all(|it| it == b"ESTABLISHED" || it == b"RELATED");
        states && !arg.is_empty()
    };
    let is_narrow = command.args().iter().any(|arg| {
        arg.one_of(&[
            "-s",
            "--source",
            "-d",
            "--destination",
            "--dport",
            "--dports",
            "--sport",
            "-i",
            "-o",
            "--in-interface",
        ])
    });
    match () {
        () if command.args().iter().any(follows) => None,
        () if letter('A', "append") && is_narrow => Some(Low),
        () => Some(Medium),
    }
}

fn nft(command: &Command<'_>) -> Option<Severity> {
    // What is to be done may be one argument or many.
    let words: Vec<Vec<u8>> = command
        .args()
        .iter()
        .flat_map(|arg| arg.as_bytes().split(|byte| matches!(byte, b' ' | b';')).map(<[u8]>::to_vec))
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.iter().find(|word| !word.starts_with(b"-"))?;
    match first.as_slice() {
        b"flush" | b"delete" | b"destroy" => Some(Medium),
        b"add" | b"insert" if words.last().is_some_and(|word| word == b"accept") => Some(Medium),
        _ => None,
    }
}

fn ufw(command: &Command<'_>) -> Option<Severity> {
    let mut words = command.words();
    match words.next()?.to_str()? {
        "disable" | "reset" => Some(High),
        "delete" | "allow" | "route" | "insert" | "prepend" => Some(Medium),
        "logging" if words.next()? == "off" => Some(Medium),
        "default" if words.next()? == "allow" => Some(Medium),
        _ => None,
    }
}

fn firewalld(command: &Command<'_>) -> Option<Severity> {
    let opens = ["--add-", "--panic-off", "--remove-", "--set-default-zone=trusted", "--set-target=ACCEPT"];
    let opened = command.args().iter().any(|arg| opens.iter().any(|option| arg.starts_with(option)));
    opened.then_some(Medium)
}
