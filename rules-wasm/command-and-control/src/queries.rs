//! Data in the names that a name server is asked for, and names that a program has made up. Both are seen by how the names
//! look and how many there are, so this remembers.

use std::collections::BTreeSet;
use std::time::Duration;

use common::command::{Command, called, line};
use common::peers::hosts;
use common::programs::label;
use lanner_sdk::prelude::*;
use lanner_sdk::state::Recent;
use serde::{Deserialize, Serialize};

use crate::CommandAndControl;

/// Domains that are counted.
const DOMAINS: usize = 1024;
/// Sessions whose made-up names are counted.
const SESSIONS: usize = 512;
const KEEP: Duration = Duration::from_secs(60);
/// Names with data in them, of one domain in a minute, that are a tunnel.
const TUNNEL: usize = 5;
/// Domains that look made up, in a minute, that are an algorithm's.
const MADE_UP: usize = 8;
/// A label of so many bytes is data by itself.
const LONG_LABEL: usize = 50;
/// And so is a name.
const LONG_NAME: usize = 120;
/// What one domain or session may have counted.
const MOST: usize = 64;
const TYPES_FOR_DATA: [u16; 4] = [10, 16, 65399, 65305];
const NO_SUCH_NAME: u16 = 3;

/// Domains below which long names are ordinary.
static ORDINARY: TextSet = TextSet::new()
    .ends_with(&[
        ".akadns.net",
        ".akamai.net",
        ".akamaiedge.net",
        ".amazonaws.com",
        ".arpa",
        ".azure.com",
        ".azurewebsites.net",
        ".cloudapp.net",
        ".cloudfront.net",
        ".edgekey.net",
        ".fastly.net",
        ".googleusercontent.com",
        ".internal",
        ".local",
        ".mcafee.com",
        ".sophosxl.net",
        ".spamhaus.org",
        ".windows.net",
        ".svc",
    ])
    .contains(&[".svc.", "_domainkey.", "_acme-challenge."]);
/// Second parts of domains that are registered below three.
static REGISTRIES: TextSet = TextSet::new().equals(&["ac", "co", "com", "edu", "gov", "net", "org", "or", "ne"]);
/// Tools that are told the name that they ask for.
static ASKERS: TextSet = TextSet::new().equals(&[
    "curl",
    "delv",
    "dig",
    "drill",
    "getent",
    "host",
    "kdig",
    "nslookup",
    "ping",
    "ping6",
    "resolvectl",
    "wget",
]);

/// What was asked for lately.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Queries {
    /// Names with data in them, as numbers, by their domain.
    tunnels: Recent<Vec<u8>, Seen>,
    /// Domains that look made up, by the session that asked for them.
    made_up: Recent<u64, Seen>,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Seen {
    names: BTreeSet<u64>,
    is_told: bool,
}

impl Default for Queries {
    fn default() -> Self {
        Self { tunnels: Recent::new(DOMAINS, KEEP), made_up: Recent::new(SESSIONS, KEEP) }
    }
}

impl Queries {
    pub(crate) fn with_limits(self) -> Self {
        Self { tunnels: self.tunnels.with_limits(DOMAINS, KEEP), made_up: self.made_up.with_limits(SESSIONS, KEEP) }
    }

    /// Counts a name with data in it; gives how many there are of its domain, once they are a tunnel.
    fn count(&mut self, now: u64, name: &[u8], is_for_data: bool) -> Option<usize> {
        let domain = registered(name);
        let is_long = name.len() >= LONG_NAME || labels(name).any(|label| label.len() >= LONG_LABEL);
        if domain.len() == name.len() || ORDINARY.matches(name) || !(is_long || carries_data(name, domain)) {
            return None;
        }
        let seen = entry(&mut self.tunnels, now, &domain.to_vec());
        if seen.names.len() < MOST {
            seen.names.insert(number(name));
        }
        let is_tunnel = seen.names.len() >= TUNNEL || is_long || (is_for_data && seen.names.len() >= 2);
        (is_tunnel && !std::mem::replace(&mut seen.is_told, true)).then_some(seen.names.len())
    }

    /// Counts a domain that looks made up; gives how many there are, once they are an algorithm's.
    fn count_made_up(&mut self, now: u64, session: u64, name: &[u8]) -> Option<usize> {
        let domain = registered(name);
        if ORDINARY.matches(name) || !looks_made_up(labels(domain).next().unwrap_or_default()) {
            return None;
        }
        let seen = entry(&mut self.made_up, now, &session);
        if seen.names.len() < MOST {
            seen.names.insert(number(domain));
        }
        (seen.names.len() >= MADE_UP && !std::mem::replace(&mut seen.is_told, true)).then_some(seen.names.len())
    }
}

pub(crate) fn add(r: &mut Rules<CommandAndControl>) {
    r.rule("command-and-control/dns-tunnel")
        .summary("Names were asked for that carry data: a tunnel through name servers")
        .severity(Medium)
        .attack("T1071.004")
        .attack("T1572")
        .attack("T1048.003")
        .property("maturity", "incubating")
        .property(
            "misses",
            "few and short names, names below the domains of large clouds, and what is asked over HTTPS",
        )
        .property("cost", "asked for every question to a name server")
        .only(dns::response().is(false))
        .on_dns(|pack, e, out| {
            let is_for_data = e.record_type().is_some_and(|asked| TYPES_FOR_DATA.contains(&asked));
            let name = e.name().as_bytes().to_vec();
            if let Some(count) = pack.queries.count(e.time(), &name, is_for_data) {
                tell(&label(&e.process()), &name, count, out);
            }
        })
        .unfiltered()
        .only(called(&[
            "curl",
            "delv",
            "dig",
            "drill",
            "getent",
            "host",
            "kdig",
            "nslookup",
            "ping",
            "ping6",
            "resolvectl",
            "wget",
        ]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            if !ASKERS.matches(Command::of(&image).name()) {
                return;
            }
            let is_for_data =
                image.args().any(|arg| arg.one_of(&["TXT", "txt", "NULL", "null", "-type=txt", "-q=txt"]));
            for host in hosts(&image).iter().take(4) {
                if host.address().is_some() {
                    continue;
                }
                if let Some(count) = pack.queries.count(e.time(), host.name.as_bytes(), is_for_data) {
                    tell(&line(&image), host.name.as_bytes(), count, out);
                }
            }
        });

    r.rule("command-and-control/encoded-host")
        .summary("A program was sent to a host whose name is encoded data")
        .severity(Medium)
        .attack("T1132.001")
        .attack("T1071.001")
        .attack("T1048.003")
        .property("maturity", "incubating")
        .property("misses", "encodings that look like words")
        .only(called(&[
            "curl",
            "delv",
            "dig",
            "drill",
            "getent",
            "host",
            "kdig",
            "nslookup",
            "ping",
            "ping6",
            "resolvectl",
            "wget",
        ]))
        .on_exec(|_, e, out| {
            let image = e.image();
            if !ASKERS.matches(Command::of(&image).name()) {
                return;
            }
            let all = hosts(&image);
            let Some(host) =
                all.iter().find(|host| is_encoded(labels(host.name.as_bytes()).next().unwrap_or_default()))
            else {
                return;
            };
            out.finding(format!("{} goes to {}", line(&image), host.name)).field("name", host.name);
        });

    r.rule("command-and-control/made-up-names")
        .summary("Many domains were asked for that look made up, as malware does that tries names until one is there")
        .severity(Medium)
        .attack("T1568.002")
        .attack("T1071.004")
        .property("maturity", "incubating")
        .property("misses", "algorithms that put words together, and few names")
        .only(dns::response().is(false).or(dns::code().equals(NO_SUCH_NAME)))
        .on_dns(|pack, e, out| {
            let name = e.name().as_bytes().to_vec();
            let session = session(&e.process());
            if let Some(count) = pack.queries.count_made_up(e.time(), session, &name) {
                made_up(&label(&e.process()), count, &name, out);
            }
        })
        .unfiltered()
        .only(called(&[
            "curl",
            "delv",
            "dig",
            "drill",
            "getent",
            "host",
            "kdig",
            "nslookup",
            "ping",
            "ping6",
            "resolvectl",
            "wget",
        ]))
        .on_exec(|pack, e, out| {
            let image = e.image();
            if !ASKERS.matches(Command::of(&image).name()) {
                return;
            }
            for host in hosts(&image).iter().take(4).filter(|host| host.address().is_none()) {
                let name = host.name.as_bytes();
                if let Some(count) = pack.queries.count_made_up(e.time(), session(&image), name) {
                    made_up(&line(&image), count, name, out);
                }
            }
        });
}

fn tell(who: &str, name: &[u8], count: usize, out: &mut Out<'_>) {
    let domain = Text::new(registered(name)).to_string();
    out.finding(format!("{who} asks for names below {domain} that carry data"))
        .field("name", Text::new(name))
        .fact("names", count as u64)
        .key(domain);
}

fn made_up(who: &str, count: usize, name: &[u8], out: &mut Out<'_>) {
    out.finding(format!("{who} asked for the last of {count} domains that look made up"))
        .field("name", Text::new(name))
        .fact("names", count as u64);
}

/// What the questions of a loop in a script have in common: their session, or who started them.
fn session(process: &Process<'_>) -> u64 {
    process
        .sid()
        .map(u64::from)
        .filter(|sid| *sid != 0)
        .unwrap_or_else(|| process.parent().map_or(0, |parent| parent.id()))
}

/// The entry of a key, new where there is none.
fn entry<'m, K: Ord + Clone>(map: &'m mut Recent<K, Seen>, now: u64, key: &K) -> &'m mut Seen {
    if map.get(now, key).is_none() {
        map.insert(now, key.clone(), Seen::default());
    }
    map.get_mut(now, key).expect("it was just put in")
}

fn labels(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    name.split(|byte| *byte == b'.')
}

/// The part of a name that somebody has registered: its last two labels, or three where the last two are a registry.
fn registered(name: &[u8]) -> &[u8] {
    let dots: Vec<usize> = name.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at).collect();
    let count = dots.len();
    let Some(&last) = count.checked_sub(1).and_then(|at| dots.get(at)) else { return name };
    let Some(&second) = count.checked_sub(2).and_then(|at| dots.get(at)) else { return name };
    let below_registry = REGISTRIES.matches(&name[second + 1..last]) && name.len() - last <= 3;
    let begin = if below_registry {
        count.checked_sub(3).and_then(|at| dots.get(at)).map_or(0, |at| at + 1)
    } else {
        second + 1
    };
    &name[begin..]
}

/// Whether what stands before the domain is no name that a person gave.
fn carries_data(name: &[u8], domain: &[u8]) -> bool {
    const LABEL: usize = 16;
    let before = &name[..name.len() - domain.len()];
    labels(before).any(|label| label.len() >= LABEL && (is_hexadecimal(label) || is_encoded(label) || is_mixed(label)))
}

fn is_hexadecimal(label: &[u8]) -> bool {
    label.iter().all(u8::is_ascii_hexdigit) && label.iter().any(u8::is_ascii_digit)
}

/// Whether a label is base64: names have no padding, and no capitals beside digits.
fn is_encoded(label: &[u8]) -> bool {
    const LABEL: usize = 12;
    let has = |is: fn(&u8) -> bool| label.iter().filter(|byte| is(byte)).count();
    let has_padding = label.len() >= 8 && (label.ends_with(b"=") || label.contains(&b'+'));
    let is_mixed = label.len() >= LABEL
        && has(u8::is_ascii_uppercase) >= 3
        && has(u8::is_ascii_lowercase) >= 3
        && label.iter().all(u8::is_ascii_alphanumeric);
    has_padding || (is_mixed && (has(u8::is_ascii_digit) >= 1 || has(u8::is_ascii_uppercase) >= 5))
}

/// Whether letters and digits alternate as in base32 and nowhere else.
fn is_mixed(label: &[u8]) -> bool {
    const LABEL: usize = 20;
    let changes = label.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    label.len() >= LABEL && label.iter().all(u8::is_ascii_alphanumeric) && changes * 4 >= label.len()
}

/// Whether a registered label looks like no word: long runs without a vowel, or digits among the letters.
fn looks_made_up(label: &[u8]) -> bool {
    const LABEL: usize = 8;
    const RUN: usize = 5;
    if label.len() < LABEL || !label.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let is_vowel = |byte: &u8| b"aeiouyAEIOUY".contains(byte);
    let runs = label.split(|byte| is_vowel(byte) || byte.is_ascii_digit());
    let longest = runs.map(<[u8]>::len).max().unwrap_or_default();
    let changes = label.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    let vowels = label.iter().filter(|byte| is_vowel(byte)).count();
    longest >= RUN || changes >= 3 || vowels * 5 <= label.len()
}

/// A number for a name, whatever its length (FNV-1a).
fn number(name: &[u8]) -> u64 {
    name.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_part() {
        assert_eq!(registered(b"a.b.example.org"), b"example.org");
        assert_eq!(registered(b"a.example.co.uk"), b"example.co.uk");
        assert_eq!(registered(b"example.org"), b"example.org");
        assert_eq!(registered(b"localhost"), b"localhost");
    }

    #[test]
    fn what_carries_data() {
        for label in ["726f6f743a783a303a303a", "MTExLTExLTExMTE=", "cm9vdDp4OjA6MDpyb290Oi9yb290"] {
            assert!(carries_data(format!("{label}.evil.example").as_bytes(), b"evil.example"), "{label}");
        }
        for label in ["www", "static-assets-production", "api", "kubernetes-dashboard", "ip-10-0-0-1"] {
            assert!(!carries_data(format!("{label}.example.org").as_bytes(), b"example.org"), "{label}");
        }
    }

    #[test]
    fn what_looks_made_up() {
        for label in ["xjqkvtrwbz", "a8d3k1m9z2", "qwhzzrtpkl", "k3jh4g5k2j"] {
            assert!(looks_made_up(label.as_bytes()), "{label}");
        }
        for label in ["wikipedia", "githubusercontent", "debian", "pythonhosted", "launchpad", "kubernetes"] {
            assert!(!looks_made_up(label.as_bytes()), "{label}");
        }
    }
}
