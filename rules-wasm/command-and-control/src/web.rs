//! Requests over HTTP that hide what they are.

use common::command::{Command, Options, Syntax, called, line};
use common::peers::{Host, Reach, hosts};
use lanner_sdk::prelude::*;

use crate::CommandAndControl;
use crate::proxies::{CURL, CURL_LONG};

/// Options of wget that take a value.
const WGET: &str = "oaetTwQOPUlADRXIB";
const WGET_LONG: [&str; 8] =
    ["body-data", "body-file", "header", "method", "output-document", "post-data", "post-file", "user-agent"];
/// How browsers say who they are, and others of whom curl is none.
static DISGUISES: TextSet = TextSet::new()
    .starts_with(&[
        "Mozilla/",
        "mozilla/",
        "Opera/",
        "HttpBrowser",
        "Microsoft-",
        "Microsoft ",
        "WinHTTP",
        "Windows-Update-Agent",
        "iTunes",
        "Googlebot",
        "Dalvik/",
        "Wget/",
        "curl/",
        "*<|>*",
    ])
    .contains(&["AppleWebKit", "MSIE ", "Windows NT", "${jndi:", "() {"]);
/// Where DNS is asked for over HTTPS.
static RESOLVERS: TextSet = TextSet::new().equals(&[
    "1.0.0.1",
    "1.1.1.1",
    "8.8.4.4",
    "8.8.8.8",
    "9.9.9.9",
    "cloudflare-dns.com",
    "dns.google",
    "dns.google.com",
    "dns.quad9.net",
    "doh.opendns.com",
    "mozilla.cloudflare-dns.com",
    "doh.cleanbrowsing.org",
    "dns.adguard.com",
]);
/// Ports at which the web is served.
const WEB_PORTS: [u16; 12] = [80, 443, 3000, 5000, 8000, 8008, 8080, 8081, 8088, 8443, 8888, 9000];

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/disguised-client")
        .summary("A download tool was told to say that it is a browser, or another program")
        .severity(Medium)
        .attack("T1071.001")
        .attack("T1001.003")
        .property("maturity", "stable")
        .property("misses", "libraries, which say what they like, and what a configuration file has them say")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let name = Command::of(&image).name();
            let Some(call) = client(&image) else { return };
            let header = |header: Text<'_>| {
                let bytes = header.as_bytes();
                bytes.len() > 11 && bytes[..11].eq_ignore_ascii_case(b"user-agent:")
            };
            let own = format!("{name}/");
            let is_disguise = |agent: Text<'_>| DISGUISES.matches(agent) && !agent.starts_with(&own);
            let short = if name == "curl" { "A" } else { "U" };
            let options = [short, "user-agent"];
            let agents = call.values(&options);
            let headers = call.values(&["H", "header"]).filter(|text| header(*text));
            let agents = agents.chain(headers.map(|text| Text::new(text.as_bytes()[11..].trim_ascii())));
            if let Some(agent) = agents.into_iter().find(|agent| is_disguise(*agent)) {
                out.finding(format!("{} says that it is {agent}", line(&image))).field("user agent", agent);
            }
        });

    r.rule("command-and-control/domain-fronting")
        .summary("A request was sent to one host and meant for another")
        .severity(Medium)
        .attack("T1090.004")
        .property("maturity", "incubating")
        .property("misses", "requests of other programs, and those to an address")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let Some(call) = client(&image) else { return };
            let meant = call.values(&["H", "header"]).find_map(|header| {
                let bytes = header.as_bytes();
                let is_host = bytes.len() > 5 && bytes[..5].eq_ignore_ascii_case(b"host:");
                is_host.then(|| Text::new(bytes[5..].trim_ascii())).and_then(Host::of)
            });
            let Some(meant) = meant else { return };
            // Who asks an address, or this machine, for a name tries out a virtual host.
            let all = hosts(&image);
            let asked = all.iter().find(|host| host.scheme.starts_with("http"));
            let is_other = |asked: &&Host<'_>| asked.address().is_none() && !asked.is_own() && asked.name != meant.name;
            if let Some(asked) = asked.filter(is_other) {
                out.finding(format!("{} asks {} for {}", line(&image), asked.name, meant.name));
            }
        });

    r.rule("command-and-control/dns-over-https")
        .summary("A name was asked for over HTTPS, past the name servers of this network")
        .severity(Medium)
        .attack("T1071.004")
        .attack("T1572")
        .property("maturity", "incubating")
        .property("misses", "programs that do so by themselves, such as browsers")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            let all = hosts(&image);
            let is_question = |host: &Host<'_>| {
                let asks = host.path.starts_with("/dns-query") || host.path.starts_with("/resolve?");
                let by_name = RESOLVERS.matches(host.name) && host.path.contains("name=");
                host.scheme.starts_with("http") && (asks || by_name)
            };
            let by_option = client(&image).is_some_and(|call| call.has(&["doh-url"]));
            if by_option || all.iter().any(is_question) {
                out.finding(format!("{} asks for names over HTTPS", line(&image)));
            }
        });

    r.rule("command-and-control/odd-web-port")
        .summary("A download tool went to an address, without a name, at a port where no web server is expected")
        .severity(Medium)
        .attack("T1571")
        .attack("T1071.001")
        .property("maturity", "incubating")
        .property("misses", "addresses of private networks, and any host that has a name")
        .only(called(&["curl", "wget", "wget2"]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if client(&image).is_none() {
                return;
            }
            let all = hosts(&image);
            let is_odd = |host: &&Host<'_>| {
                host.reach() == Some(Reach::Far) && host.port.is_some_and(|port| !WEB_PORTS.contains(&port))
            };
            if let Some(host) = all.iter().filter(|host| host.address().is_some()).find(is_odd) {
                let port = host.port.unwrap_or_default();
                out.finding(format!("{} goes to port {port} of {}", line(&image), host.name)).fact("port", port);
            }
        });
}

/// A download tool, as it was called.
fn client<'a>(image: &Process<'a>) -> Option<Options<'a>> {
    let command = Command::of(image);
    match command.name() {
        name if name == "curl" => Some(command.options(&Syntax::new(CURL, &CURL_LONG))),
        name if name.one_of(&["wget", "wget2"]) => Some(command.options(&Syntax::new(WGET, &WGET_LONG))),
        _ => None,
    }
}
