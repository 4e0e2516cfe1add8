//! Whom a program talks to: how far away an address is, and what hosts a command line names.

use std::net::{IpAddr, Ipv4Addr};

use lanner_sdk::prelude::*;

use crate::command::only_starts_another;
use crate::programs::is_shell;

/// How far away an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// This machine.
    Own,
    /// A network of its own: private, shared or link-local addresses.
    Near,
    /// Everything else, also what is set aside for documentation and benchmarks: nobody has business there.
    Far,
}

/// How far away an address is.
#[must_use]
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(v4) if v4.is_loopback() || v4.is_unspecified() => Reach::Own,
        IpAddr::V4(v4) if is_near(v4) => Reach::Near,
        IpAddr::V4(_) => Reach::Far,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => reach(IpAddr::V4(v4)),
            None if v6.is_loopback() || v6.is_unspecified() => Reach::Own,
            None if v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_multicast() => Reach::Near,
            None => Reach::Far,
        },
    }
}

fn is_near(v4: Ipv4Addr) -> bool {
    let [first, second, ..] = v4.octets();
    let shared = first == 100 && second & 0xc0 == 64;
    v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || shared
}

/// A host as a command line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host<'a> {
    /// The name or the address.
    pub name: Text<'a>,
    /// The port, where one is named.
    pub port: Option<u16>,
    /// What stands before `://`, in lower case as a rule.
    pub scheme: Text<'a>,
    /// What follows the host, the `/` first.
    pub path: Text<'a>,
}

impl<'a> Host<'a> {
    /// The host of a URL, or of what stands for one: `host`, `host:port`, `host/path`.
    #[must_use]
    pub fn of(url: Text<'a>) -> Option<Self> {
        let bytes = url.as_bytes();
        let (scheme, rest) = match find(bytes, b"://") {
            Some(at) => (&bytes[..at], &bytes[at + 3..]),
            None => (&b""[..], bytes),
        };
        let end = rest.iter().position(|byte| b"/?#\"' \t\n\\)>;,|`$&".contains(byte)).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let authority = authority.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
        let (name, port) = match authority.strip_prefix(b"[") {
            Some(v6) => {
                let end = v6.iter().position(|byte| *byte == b']')?;
                (&v6[..end], v6.get(end + 2..))
            }
            None => match authority.iter().position(|byte| *byte == b':') {
                Some(at) => (&authority[..at], Some(&authority[at + 1..])),
                None => (authority, None),
            },
        };
        let port = port.and_then(|port| std::str::from_utf8(port).ok()).and_then(|port| port.parse().ok());
        let known = |bytes| Text::new(bytes);
        (!name.is_empty()).then(|| Self { name: known(name), port, scheme: known(scheme), path: known(path) })
    }

    /// The address, where it is one.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.name.to_str()?.parse().ok()
    }

    /// How far away it is; nobody knows of a name.
    #[must_use]
    pub fn reach(&self) -> Option<Reach> {
        match self.address() {
            Some(address) => Some(reach(address)),
            None => (self.name == "localhost" || self.name.ends_with(".localhost")).then_some(Reach::Own),
        }
    }

    /// Whether it is this machine.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.reach() == Some(Reach::Own)
    }
}

/// The hosts that a command line names: of each URL in it, and arguments that are a name or an address as a whole. Of a
/// command line that has another in it none, as that begins itself.
#[must_use]
pub fn hosts<'a>(process: &Process<'a>) -> Vec<Host<'a>> {
    const ARGUMENTS: usize = 64;
    const BYTES: usize = 4096;
    let mut hosts = Vec::new();
    if is_shell(process) || only_starts_another(process) {
        return hosts;
    }
    for arg in process.args().skip(1).take(ARGUMENTS) {
        let bytes = arg.as_bytes();
        let bytes = &bytes[..bytes.len().min(BYTES)];
        if find(bytes, b"://").is_none() {
            if is_name(bytes) {
                hosts.extend(Host::of(Text::new(bytes)));
            }
            continue;
        }
        let mut rest = bytes;
        while let Some(at) = find(rest, b"://") {
            let begin = rest[..at].iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |last| last + 1);
            hosts.extend(Host::of(Text::new(&rest[begin..])));
            rest = &rest[at + 3..];
        }
    }
    hosts
}

/// Whether it looks like the name of a host: words joined by dots, perhaps with a user, a port or a path.
fn is_name(bytes: &[u8]) -> bool {
    let host = bytes.split(|byte| *byte == b'/').next().unwrap_or_default();
    let host = host.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    let last = host.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:=+".contains(byte);
    host.contains(&b'.')
        && !host.starts_with(b".")
        && !host.starts_with(b"-")
        && host.iter().all(plain)
        && last.len() > 1
}

/// Where a part first stands in bytes.
#[must_use]
pub fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &'static str) -> Host<'static> {
        Host::of(Text::new(url.as_bytes())).expect("a host")
    }

    #[test]
    fn the_host_of_a_url() {
        let found = host("https://me:secret@evil.example:8443/a/b?c");
        assert!(found.name == "evil.example" && found.scheme == "https" && found.path == "/a/b?c");
        assert_eq!(found.port, Some(8443));
        assert_eq!(host("http://[2001:db8::1]:80/").reach(), Some(Reach::Far));
        assert_eq!(host("localhost:8080/x").reach(), Some(Reach::Own));
        assert_eq!(host("10.1.2.3").reach(), Some(Reach::Near));
        assert_eq!(host("203.0.113.9").reach(), Some(Reach::Far));
        assert_eq!(host("example.org").reach(), None);
        assert!(Host::of(Text::new(b"/only/a/path")).is_none());
    }

    #[test]
    fn what_looks_like_a_host() {
        for name in ["evil.example", "user@host.example:/tmp", "1.2.3.4:80", "a.example/c"] {
            assert!(is_name(name.as_bytes()), "{name}");
        }
        for name in ["word", "-o", "./run", "/etc/passwd", "a b.c", "file.c."] {
            assert!(!is_name(name.as_bytes()), "{name}");
        }
    }
}
