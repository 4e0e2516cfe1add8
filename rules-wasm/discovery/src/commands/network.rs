//! The network: how the machine is connected, to whom, and who else is there.

use common::command::Command;
use lanner_sdk::prelude::TextSet;

use crate::act::{Act, NOTABLE, RARE, ROUTINE, TELLING, WEAK, act};
use crate::topic::Topic::{
    Connections, ExternalAddress, InternetConnection, NetworkConfiguration, NetworkServices, RemoteSystems, Shares,
    Wireless,
};

/// Services that tell who asks them by which address he comes, or where he is.
const SERVICES: &[&str] = &[
    "api.ip.sb",
    "api.ipify.org",
    "api.my-ip.io",
    "api.myip.com",
    "api64.ipify.org",
    "bot.whatismyipaddress.com",
    "checkip.amazonaws.com",
    "cip.cc",
    "curlmyip.net",
    "eth0.me",
    "geojs.io",
    "icanhazip.com",
    "ident.me",
    "ifcfg.me",
    "ifconfig.co",
    "ifconfig.io",
    "ifconfig.me",
    "inet-ip.info",
    "ip-api.com",
    "ip.cn",
    "ip.me",
    "ipaddr.site",
    "ipapi.co",
    "ipecho.net",
    "ipinfo.io",
    "iplogger.org",
    "ipwho.is",
    "ipwhois.app",
    "ipv4bot.whatismyipaddress.com",
    "myexternalip.com",
    "myip.dnsomatic.com",
    "myip.opendns.com",
    "o-o.myaddr.l.google.com",
    "seeip.org",
    "trackip.net",
    "wgetip.com",
    "whatismyip.akamai.com",
    "whatismyip.com",
    "wtfismyip.com",
];
/// How the names of others like them begin, whatever they belong to.
const SERVICE_BEGINNINGS: &[&str] = &[
    "api.ipapi.",
    "checkip.dyndns.",
    "freegeoip.",
    "geoip.",
    "geoiplookup.",
    "ip2location.",
    "ipgeolocation.",
    "iplocation.",
];
/// Parts of what asks them: addresses on command lines.
static ADDRESS_SERVICES: TextSet =
    TextSet::new().contains(SERVICES).contains(SERVICE_BEGINNINGS).contains(&["l2.io/ip", "tnx.nl/ip"]);
/// The same, as names are looked up.
pub(crate) static SERVICE_NAMES: TextSet = TextSet::new().ends_with(SERVICES).starts_with(SERVICE_BEGINNINGS);

/// Addresses and names that are known to answer always.
static ALWAYS_THERE: TextSet = TextSet::new().equals(&[
    "1.0.0.1",
    "1.1.1.1",
    "114.114.114.114",
    "208.67.222.222",
    "223.5.5.5",
    "4.2.2.2",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "amazon.com",
    "baidu.com",
    "bing.com",
    "cloudflare.com",
    "example.com",
    "facebook.com",
    "google.com",
    "microsoft.com",
    "www.baidu.com",
    "www.bing.com",
    "www.google.com",
    "www.microsoft.com",
]);

pub(crate) fn act_of(command: &Command<'_>) -> Option<Act> {
    match command.name().as_bytes() {
        b"ip" => ip(command),
        b"ifconfig" if command.word(1).is_empty() => act(NetworkConfiguration, "ifconfig", ROUTINE),
        b"hostname" if command.has('I', "") || command.has('i', "") || command.has('A', "") => {
            act(NetworkConfiguration, "hostname -I", WEAK)
        }
        b"route" if command.word(0).is_empty() || command.has('n', "") => act(NetworkConfiguration, "route", ROUTINE),
        b"arp" if !command.has('s', "") && !command.has('d', "") => act(RemoteSystems, "arp", NOTABLE),
        b"netstat" => netstat(command),
        b"ss" => ss(command),
        b"lsof" if command.args().iter().any(|arg| arg.starts_with("-") && arg.contains("i")) => {
            // `-i :80` asks for one port, as scripts do.
            let one = command.args().iter().any(|arg| arg.contains(":"));
            act(Connections, "lsof -i", if one { WEAK } else { NOTABLE })
        }
        b"conntrack" if command.has('L', "") => act(Connections, "conntrack", RARE),
        b"fuser" if command.mentions("/tcp") => act(Connections, "fuser", WEAK),
        b"nmcli" => nmcli(command),
        b"resolvectl" | b"systemd-resolve" if matches!(command.word(0), b"" | b"status" | b"dns") => {
            act(NetworkConfiguration, "resolvectl", ROUTINE)
        }
        b"networkctl" if matches!(command.word(0), b"" | b"status" | b"list") => {
            act(NetworkConfiguration, "networkctl", ROUTINE)
        }
        b"ethtool" | b"mii-tool" | b"brctl" | b"bridge" if !command.has('s', "") => {
            act(NetworkConfiguration, "ethtool", ROUTINE)
        }
        b"iwconfig" | b"iwgetid" | b"wpa_cli" | b"airodump-ng" => act(Wireless, "iwconfig", TELLING),
        b"iwlist" | b"iw" if command.words().any(|word| word == "scan" || word == "scanning" || word == "dev") => {
            act(Wireless, "iw scan", TELLING)
        }
        b"traceroute" | b"tracepath" | b"mtr" | b"tcptraceroute" => act(InternetConnection, "traceroute", NOTABLE),
        b"ping" | b"ping6" if command.words().any(|word| ALWAYS_THERE.matches(word)) => {
            act(InternetConnection, "ping", NOTABLE)
        }
        b"speedtest" | b"speedtest-cli" => act(InternetConnection, "speedtest", NOTABLE),
        b"dig" | b"host" | b"nslookup" => names(command),
        b"curl" | b"wget" | b"wget2" | b"http" => request(command),
        b"dnsenum" | b"dnsrecon" | b"fierce" | b"sublist3r" | b"amass" | b"subfinder" => {
            act(RemoteSystems, "a tool for names", TELLING)
        }
        b"arp-scan" | b"arping" | b"netdiscover" | b"nbtscan" | b"fping" | b"hping3" | b"avahi-browse" => {
            // Of arping and fping one target is a test.
            let test = matches!(command.name().as_bytes(), b"arping" | b"fping") && !command.has('g', "");
            act(RemoteSystems, "a scanner of networks", if test { ROUTINE } else { TELLING })
        }
        b"nmap" if command.says(&["-sn", "-sP", "-sL"]) => act(RemoteSystems, "nmap -sn", TELLING),
        b"nmap" | b"masscan" | b"zmap" | b"rustscan" | b"naabu" | b"unicornscan" | b"zgrab" | b"zgrab2" | b"fscan"
        | b"pnscan" | b"knocker" | b"nikto" | b"nuclei" | b"gobuster" | b"ffuf" | b"dirb" | b"feroxbuster"
        | b"scanrand" => {
            let asks = !command.says(&["--version", "-V", "--help", "-h"]);
            asks.then_some(Act { topic: NetworkServices, name: "a port scanner", weight: TELLING })
        }
        b"nc" | b"ncat" | b"netcat" if command.has('z', "") => netcat(command),
        b"showmount" => act(Shares, "showmount", TELLING),
        b"smbclient" if command.has('L', "") || command.says(&["--list"]) => act(Shares, "smbclient -L", TELLING),
        b"smbmap" | b"smbtree" | b"enum4linux" | b"enum4linux-ng" | b"crackmapexec" | b"cme" | b"nxc" | b"netexec"
        | b"findsmb" => act(Shares, "a tool for shares", TELLING),
        b"smbstatus" | b"exportfs" if command.args().is_empty() || command.has('v', "") || command.has('s', "") => {
            act(Shares, "smbstatus", NOTABLE)
        }
        b"rpcinfo" => act(NetworkServices, "rpcinfo", NOTABLE),
        b"snmpwalk" | b"onesixtyone" | b"snmp-check" => act(RemoteSystems, "snmpwalk", RARE),
        _ => None,
    }
}

/// What `ip` is asked for; not what it changes.
fn ip(command: &Command<'_>) -> Option<Act> {
    let changes = command.words().any(|word| {
        word.one_of(&[
            "add", "del", "delete", "set", "change", "replace", "flush", "up", "down", "get", "exec", "append",
        ])
    });
    if changes {
        return None;
    }
    match command.word(0) {
        [b'a', ..] => act(NetworkConfiguration, "ip address", ROUTINE),
        [b'r', b'o', ..] | b"r" => act(NetworkConfiguration, "ip route", ROUTINE),
        [b'l', ..] => act(NetworkConfiguration, "ip link", WEAK),
        [b'n', b'e', b'i', ..] | b"n" | b"ne" => act(RemoteSystems, "ip neighbour", NOTABLE),
        [b'r', b'u', ..] => act(NetworkConfiguration, "ip rule", NOTABLE),
        _ => None,
    }
}

fn netstat(command: &Command<'_>) -> Option<Act> {
    if command.has('r', "") || command.has('i', "") {
        return act(NetworkConfiguration, "netstat -r", ROUTINE);
    }
    let listening = command.has('l', "") && !command.has('a', "");
    act(Connections, "netstat", if listening { ROUTINE } else { NOTABLE })
}

/// Whether something listens is what scripts ask before they start it.
fn ss(command: &Command<'_>) -> Option<Act> {
    if command.has('s', "") || !command.word(0).is_empty() {
        return act(Connections, "ss", WEAK);
    }
    let listening = command.has('l', "") && !command.has('a', "");
    match (listening, command.has('p', "") || command.has('u', "")) {
        (true, false) => act(Connections, "ss", WEAK),
        (true, true) => act(Connections, "ss", ROUTINE),
        (false, _) => act(Connections, "ss", NOTABLE),
    }
}

fn nmcli(command: &Command<'_>) -> Option<Act> {
    if command.words().any(|word| word == "wifi")
        || command.says(&["--show-secrets"])
        || command.mentions("wireless-security")
    {
        return act(Wireless, "nmcli wifi", TELLING);
    }
    let changes =
        command.words().any(|word| word.one_of(&["add", "delete", "modify", "up", "down", "reload", "on", "off"]));
    if changes { None } else { act(NetworkConfiguration, "nmcli", NOTABLE) }
}

fn names(command: &Command<'_>) -> Option<Act> {
    let lower = |text: &[u8]| text.to_ascii_lowercase();
    if command.args().iter().any(|arg| lower(arg.as_bytes()) == b"axfr")
        || (command.name() == "host" && command.has('l', ""))
    {
        return act(RemoteSystems, "a transfer of a zone", TELLING);
    }
    if command.args().iter().any(|arg| ADDRESS_SERVICES.matches(*arg)) {
        return act(ExternalAddress, "its own address", TELLING);
    }
    if command.mentions("_ldap._tcp") || command.mentions("_kerberos._") {
        return act(RemoteSystems, "controllers of a domain", TELLING);
    }
    if command.words().any(|word| ALWAYS_THERE.matches(word)) {
        return act(InternetConnection, "a name", ROUTINE);
    }
    None
}

fn request(command: &Command<'_>) -> Option<Act> {
    if command.words().any(|word| ADDRESS_SERVICES.matches(word)) {
        return act(ExternalAddress, "its own address", TELLING);
    }
    let known = |word: &[u8]| {
        let rest = word.strip_prefix(b"https://").or_else(|| word.strip_prefix(b"http://")).unwrap_or(word);
        ALWAYS_THERE.matches(rest.strip_suffix(b"/").unwrap_or(rest))
    };
    if command.words().any(|word| known(word.as_bytes())) {
        return act(InternetConnection, "a request", NOTABLE);
    }
    None
}

/// Whether one port answers is what scripts wait for; several are a scan.
fn netcat(command: &Command<'_>) -> Option<Act> {
    let is_range = |word: &[u8]| {
        let numbers = word.split(|byte| *byte == b'-').collect::<Vec<_>>();
        numbers.len() == 2 && numbers.iter().all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    if command.words().any(|word| ALWAYS_THERE.matches(word)) {
        return act(InternetConnection, "nc", NOTABLE);
    }
    let ports = command.words().filter(|word| word.as_bytes().iter().all(u8::is_ascii_digit)).count();
    if command.words().any(|word| is_range(word.as_bytes())) || ports > 3 {
        return act(NetworkServices, "nc -z", TELLING);
    }
    act(NetworkServices, "nc -z", WEAK)
}
