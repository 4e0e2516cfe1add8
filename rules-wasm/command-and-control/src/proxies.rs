//! Proxies: traffic that goes through somebody else, and this machine as a proxy for others.

use common::command::{Command, Syntax, called, line};
use common::peers::{Host, Reach, hosts, reach};
use common::programs::{is_installed, label};
use lanner_sdk::prelude::*;

use crate::CommandAndControl;
use crate::tunnel::is_networking;

/// Options of curl that take a value.
pub(crate) const CURL: &str = "AbcCdDeEFHKmoPQrtTuUwxXyYz";
/// The same by their long names.
pub(crate) const CURL_LONG: [&str; 46] = [
    "cacert",
    "cert",
    "config",
    "connect-timeout",
    "connect-to",
    "cookie",
    "cookie-jar",
    "data",
    "data-ascii",
    "data-binary",
    "data-raw",
    "data-urlencode",
    "dns-servers",
    "doh-url",
    "form",
    "form-string",
    "header",
    "interface",
    "json",
    "key",
    "limit-rate",
    "mail-from",
    "mail-rcpt",
    "max-redirs",
    "max-time",
    "noproxy",
    "output",
    "output-dir",
    "preproxy",
    "proxy",
    "proxy-header",
    "proxy-user",
    "range",
    "referer",
    "request",
    "resolve",
    "retry",
    "socks4",
    "socks4a",
    "socks5",
    "socks5-hostname",
    "unix-socket",
    "upload-file",
    "url",
    "user",
    "user-agent",
];
const SOCKS: [&str; 4] = ["socks4", "socks4a", "socks5", "socks5-hostname"];
/// Libraries that lead a program's connections elsewhere.
static LIBRARIES: TextSet = TextSet::new().contains(&["proxychains", "torsocks", "tsocks"]);
/// Tools that start a program with such a library, and proxies.
static TOOLS: TextSet = TextSet::new().equals(&[
    "3proxy",
    "dante-server",
    "danted",
    "graftcp",
    "hev-socks5-server",
    "microsocks",
    "proxychains",
    "proxychains3",
    "proxychains4",
    "redsocks",
    "shadowsocks",
    "sockd",
    "srelay",
    "ss-local",
    "ss-redir",
    "ss-server",
    "sslocal",
    "tinyproxy",
    "tun2socks",
    "v2ray",
    "xray",
    "sing-box",
    "privoxy",
]);
static TOR_TOOLS: TextSet = TextSet::new().equals(&[
    "arti",
    "lyrebird",
    "obfs4proxy",
    "onionshare-cli",
    "snowflake-client",
    "tor",
    "torify",
    "torsocks",
]);
/// Its own.
static TOR: TextSet = TextSet::new().equals(&["arti", "tor", "onionshare-cli", "torsocks"]);
const TOR_PORTS: [u16; 5] = [9050, 9051, 9150, 9151, 9052];
const PROXY_VARIABLES: [&str; 6] = ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/tor")
        .summary("Something goes through Tor, or makes this machine part of it")
        .severity(Medium)
        .attack("T1090.003")
        .property("maturity", "stable")
        .property("misses", "a Tor that was renamed and listens at another port")
        .only(connect::port().one_of(TOR_PORTS))
        .on_connect(|_, e, out| {
            let Some(address) = e.address().filter(|address| reach(*address) == Reach::Own) else { return };
            if e.is_udp() || is_installed(&e.process(), &TOR) {
                return;
            }
            let port = e.port().unwrap_or_default();
            out.finding(format!("{} asked the proxy of Tor at {address}:{port}", label(&e.process())));
        })
        .unfiltered()
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_service = name.one_of(&["systemctl", "service"])
                && args.iter().any(|arg| arg.one_of(&["tor", "tor.service", "tor@default"]))
                && args.iter().any(|arg| arg.one_of(&["start", "restart", "enable"]));
            let is_onion = || hosts(&image).iter().any(|host| host.name.ends_with(".onion"));
            let only_asks = args.len() == 1 && args[0].one_of(&["--version", "--help", "--verify-config"]);
            if (TOR_TOOLS.matches(name) && !only_asks) || is_service || is_onion() {
                out.finding(format!("{} goes through Tor", line(&image)));
            }
        })
        .only(dns::response().is(false).and(dns::name().ends_with([".onion"])))
        .on_dns(|_, e, out| {
            out.finding(format!("{} asked for {}", label(&e.process()), e.name()));
        });

    r.rule("command-and-control/proxy-tool")
        .summary("A proxy was started by hand, or a program whose connections are led through one")
        .severity(Medium)
        .attack("T1090")
        .attack("T1090.002")
        .property("maturity", "stable")
        .property("misses", "a proxy that was renamed, and programs that have one built in")
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            if TOOLS.matches(name) {
                out.finding(format!("{} is a proxy, or leads through one", line(&image)));
            } else if name == "curl" {
                let call = Command::of(&image).options(&Syntax::new(CURL, &CURL_LONG));
                let proxy = call.value(&["x", "proxy", "preproxy"]);
                let is_socks = call.has(&SOCKS) || proxy.is_some_and(|proxy| proxy.starts_with("socks"));
                let is_address = proxy.and_then(Host::of).is_some_and(|host| host.reach() == Some(Reach::Far));
                if is_socks || proxy.is_some() {
                    let finding = out.finding(format!("{} goes through a proxy", line(&image)));
                    // Many networks have one, with a name.
                    finding.severity(if is_socks || is_address { Medium } else { Low });
                }
            } else if name.starts_with("socat") {
                let addresses: Vec<Vec<u8>> =
                    image.args().skip(1).map(|arg| arg.as_bytes().to_ascii_lowercase()).collect();
                let internet = |address: &Vec<u8>| {
                    [&b"tcp"[..], b"udp", b"openssl", b"ssl", b"sctp"].iter().any(|kind| address.starts_with(kind))
                };
                let listens = |address: &Vec<u8>| {
                    let kind = address.split(|byte| *byte == b':').next().unwrap_or_default();
                    kind.ends_with(b"-listen") || kind.ends_with(b"-l")
                };
                let listens_at = addresses.iter().any(|address| internet(address) && listens(address));
                if listens_at && addresses.iter().any(|address| internet(address) && !listens(address)) {
                    out.finding(format!("{} relays connections", line(&image)));
                }
            }
        })
        .only(exec::image::environment().contains(["LD_PRELOAD="]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if image.envs("LD_PRELOAD").any(|library| LIBRARIES.matches(library)) {
                out.finding(format!("{} was started with its connections led elsewhere", line(&image)));
            }
        });

    r.rule("command-and-control/proxy-environment")
        .summary("A program was told by its environment, newly, to go through a proxy on this machine or a SOCKS proxy")
        .severity(Medium)
        .attack("T1090.001")
        .property("maturity", "incubating")
        .property("misses", "a proxy on another machine, as many networks have one")
        .only(exec::image::environment().contains(PROXY_VARIABLES.map(|name| format!("{name}="))))
        .on_exec(|_, e, out| {
            let image = e.image();
            let parent = image.parent();
            for name in PROXY_VARIABLES {
                let proxy = image.env(name);
                let inherited = parent.is_some_and(|parent| parent.env(name) == proxy)
                    || image.ancestors().take(4).any(|ancestor| ancestor.env(name) == proxy);
                if !proxy.is_known() || inherited {
                    continue;
                }
                let is_socks = proxy.starts_with("socks");
                if is_socks || Host::of(proxy).is_some_and(|host| host.is_own()) {
                    out.finding(format!("{} was started with {name}={proxy}", label(&image))).key(proxy.to_string());
                    return;
                }
            }
        });

    r.rule("command-and-control/traffic-redirection")
        .summary(
            "The packet filter was told to lead connections elsewhere: this machine relays, or answers for another",
        )
        .severity(Medium)
        .attack("T1090.001")
        .attack("T1565.002")
        .attack("T1557")
        .property("maturity", "incubating")
        .property("misses", "rules that are loaded from a file, or over netlink without the tools")
        .only(called(&[
            "iptables",
            "ip6tables",
            "iptables-legacy",
            "iptables-nft",
            "xtables-nft-multi",
            "xtables-legacy-multi",
            "nft",
            "firewall-cmd",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_iptables =
                name.starts_with("iptables") || name.starts_with("ip6tables") || name.starts_with("xtables");
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let adds = says(&["-A", "-I", "-R", "--append", "--insert", "--replace"]);
            let redirects = says(&["DNAT", "REDIRECT", "TPROXY"]) && says(&["-j", "--jump"]) && adds;
            let is_nft = name == "nft" && args.iter().any(|arg| arg.contains("redirect to") || arg.contains("dnat "))
                || name == "nft" && says(&["redirect", "dnat", "tproxy"]) && says(&["add", "insert"]);
            let is_firewalld = name == "firewall-cmd" && args.iter().any(|arg| arg.starts_with("--add-forward-port"));
            if ((is_iptables && redirects) || is_nft || is_firewalld) && !is_networking(&image) {
                out.finding(format!("{} leads connections elsewhere", line(&image)));
            }
        });
}
