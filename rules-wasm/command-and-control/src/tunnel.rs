//! Ways that lead other traffic through: forwards of ssh, tools that are made for it, interfaces.

use common::command::{Command, Syntax, called, line, only_starts_another};
use common::context::{is_configuration_management, is_container_runtime, lineage};
use common::programs::{is_installed, is_package_management, label};
use lanner_sdk::prelude::*;

use crate::CommandAndControl;

/// Letters of ssh that take a value.
pub(crate) const SSH: &str = "BbcDEeFIiJLlmOoPpQRSWw";

/// Tools that lead other traffic through, by name.
static TOOLS: TextSet = TextSet::new().equals(&[
    "bore",
    "chisel",
    "cloudflared",
    "dns2tcpc",
    "dns2tcpd",
    "dnscat",
    "dnscat2",
    "dnstt-client",
    "dnstt-server",
    "earthworm",
    "expose",
    "frpc",
    "frps",
    "gost",
    "gs-netcat",
    "hans",
    "httptunnel",
    "htc",
    "hts",
    "icmptunnel",
    "inlets",
    "iodine",
    "iodined",
    "iox",
    "kcptun",
    "lcx",
    "ligolo",
    "ligolo-agent",
    "ligolo-ng",
    "ligolo-proxy",
    "localtonet",
    "lt",
    "ngrok",
    "npc",
    "nps",
    "pagekite",
    "pagekite.py",
    "playit",
    "proxytunnel",
    "ptunnel",
    "ptunnel-ng",
    "rathole",
    "reGeorgSocksProxy.py",
    "revsocks",
    "rpivot",
    "rsockstun",
    "sshuttle",
    "stowaway",
    "udp2raw",
    "udptunnel",
    "venom",
    "wstunnel",
    "zrok",
]);
/// How a tunnel is described to such a tool, whatever the tool is called.
static DESCRIPTIONS: TextSet = TextSet::new()
    .equals(&["R:socks", "--selfcert", "tunnel-relay"])
    .starts_with(&["R:socks", "R:0.0.0.0:", "R:127.0.0.1:", "--config=frpc", "socks5://:", "relay+tls://"])
    .ends_with(&["frpc.ini", "frpc.toml", "frps.ini", "frps.toml", "ngrok.yml"]);
/// What makes tunnels because it is its work.
static VPN: TextSet = TextSet::new().equals(&[
    "NetworkManager",
    "charon",
    "charon-systemd",
    "boringtun",
    "boringtun-cli",
    "cloud-hypervisor",
    "dnsmasq",
    "firecracker",
    "kvm",
    "libvirtd",
    "nm-openvpn-service",
    "ocserv",
    "openconnect",
    "openvpn",
    "passt",
    "pasta",
    "pasta.avx2",
    "passt.avx2",
    "pppd",
    "qemu-bridge-helper",
    "slirp4netns",
    "systemd-networkd",
    "tailscaled",
    "tinc",
    "tincd",
    "vpnc",
    "warp-svc",
    "wireguard-go",
    "zerotier-one",
]);
static FORWARD_OPTIONS: [&[u8]; 3] = [b"remoteforward", b"dynamicforward", b"tunnel="];
const LINK_TYPES: [&str; 13] = [
    "gre",
    "gretap",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ipip",
    "sit",
    "vxlan",
    "wireguard",
    "geneve",
    "vti",
    "fou",
    "l2tp",
];

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/ssh-tunnel")
        .summary("ssh was started as a tunnel: it leads connections in from outside, or acts as a proxy")
        .severity(Medium)
        .attack("T1572")
        .attack("T1090.001")
        .attack("T1021.004")
        .property("maturity", "stable")
        .property("misses", "forwards that stand in ssh's own configuration, or are asked for while it runs")
        .only(called(&["ssh", "autossh", "dbclient", "plink", "slogin"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !Command::of(&image).name().one_of(&["ssh", "autossh", "dbclient", "plink", "slogin"]) {
                return;
            }
            let call = Command::of(&image).options(&Syntax::new(SSH, &[]));
            let option = |option: Text<'_>| {
                let option = option.as_bytes().to_ascii_lowercase();
                FORWARD_OPTIONS.iter().any(|forward| option.starts_with(forward)) && !option.ends_with(b"=no")
            };
            let is_tunnel = call.has(&["R", "D", "w"]) || call.values(&["o"]).any(option);
            let is_local = call.has(&["L"]) || call.values(&["o"]).any(|option| option.starts_with("LocalForward"));
            if is_tunnel || is_local {
                let finding = out.finding(format!("{} makes a tunnel", line(&image)));
                // A forward of one port to this machine is what people reach a database by.
                if !is_tunnel {
                    finding.severity(Low);
                }
            }
        });

    r.rule("command-and-control/tunnel-tool")
        .summary("A tool was started that leads other traffic through a connection of its own")
        .severity(Medium)
        .attack("T1572")
        .attack("T1090")
        .property("maturity", "stable")
        .property("misses", "a tool that was renamed and is set up by a file")
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let argument = |at: usize| args.get(at).copied().unwrap_or_default();
            // Chisel, cloudflared and ngrok, whatever they are called.
            let is_chisel = argument(0).one_of(&["client", "server"])
                && args.iter().any(|arg| arg.one_of(&["--reverse", "--socks5"]) || arg.starts_with("R:"));
            let is_cloudflared = argument(0) == "tunnel"
                && args.iter().any(|arg| arg.one_of(&["run", "--url", "--token"]) || arg.starts_with("--url="));
            let is_ngrok = argument(0).one_of(&["http", "tcp", "tls"])
                && args.iter().any(|arg| arg.starts_with("--authtoken") || arg.starts_with("--domain"));
            let is_described = args.iter().any(|arg| DESCRIPTIONS.matches(*arg));
            // `lt` is a tool for text as well; the one for tunnels is told a port.
            let is_named = TOOLS.matches(name) && (name != "lt" || args.iter().any(|arg| arg.starts_with("--port")));
            let only_asks =
                args.len() == 1 && argument(0).one_of(&["--version", "--help", "-v", "-h", "version", "-V"]);
            if (is_named || is_chisel || is_cloudflared || is_ngrok || is_described)
                && !only_asks
                && !only_starts_another(&image)
            {
                out.finding(format!("{} makes a tunnel", line(&image)));
            }
        });

    r.rule("command-and-control/tunnel-device")
        .summary("A program that is no known VPN made a network interface of its own")
        .severity(Medium)
        .attack("T1572")
        .property("maturity", "incubating")
        .property("misses", "tunnels that need no interface")
        .only(open::file().equals(["/dev/net/tun", "/dev/net/tap"]))
        .on_open(|_, e, out| {
            let process = e.process();
            let is_expected = is_installed(&process, &VPN)
                || process.name().starts_with("qemu-system-")
                || is_container_runtime(&process);
            if e.failed() || !e.is_write() || is_expected {
                return;
            }
            out.finding(format!("{} opened {}", label(&process), e.path()));
        });

    r.rule("command-and-control/tunnel-interface")
        .summary("An interface was made that wraps traffic into other traffic")
        .severity(Medium)
        .attack("T1572")
        .property("maturity", "incubating")
        .property("misses", "interfaces that are made over netlink without ip(8)")
        .only(called(&["ip"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            if name != "ip" || is_networking(&image) {
                return;
            }
            let mut words = args.iter().filter(|arg| !arg.starts_with("-"));
            let object = words.next().copied().unwrap_or_default();
            let verb = words.next().copied().unwrap_or_default();
            let is_add = verb.one_of(&["a", "ad", "add"]);
            let is_tunnel = object.starts_with("tun") || object == "l2tp";
            let is_link = object.starts_with("l") && "link".starts_with(object.to_str().unwrap_or("?"));
            let is_typed =
                words.clone().zip(words.skip(1)).any(|(word, next)| *word == "type" && next.one_of(&LINK_TYPES));
            if is_add && (is_tunnel || (is_link && is_typed)) {
                out.finding(format!("{} made a tunnel", line(&image)));
            }
        });
}

/// What sets up networks: containers, network managers, VPNs, configuration management, packages.
pub(crate) fn is_networking(process: &Process<'_>) -> bool {
    static NETWORKING: TextSet = TextSet::new()
        .equals(&[
            "NetworkManager",
            "calico-node",
            "cilium-agent",
            "dockerd",
            "fail2ban-server",
            "firewall-cmd",
            "firewalld",
            "flanneld",
            "ifup",
            "ifupdown",
            "k3s",
            "keepalived",
            "kube-proxy",
            "libvirtd",
            "netavark",
            "netfilter-persistent",
            "nm-dispatcher",
            "openvpn",
            "shorewall",
            "systemd-networkd",
            "ufw",
            "ufw-init",
            "virtnetworkd",
            "wg-quick",
        ])
        .starts_with(&["cni-"]);
    is_configuration_management(process)
        || is_package_management(process)
        || lineage(process).any(|each| is_installed(&each, &NETWORKING) || is_container_runtime(&each))
}
