//! By which names it may be asked for. A page of somebody else's whose name leads to this machine (DNS rebinding) asks by
//! that name; an address cannot be made to lead elsewhere.

use std::net::IpAddr;

/// The names.
#[derive(Clone, Debug)]
pub(crate) struct Names(Vec<String>);

impl Names {
    /// These, and `localhost`.
    pub(crate) fn new(names: &[String]) -> Self {
        let plain = |name: &String| plain(name);
        Self(names.iter().map(plain).chain(["localhost".to_owned()]).collect())
    }

    /// Whether it can be one.
    pub(crate) fn is_name(name: &str) -> bool {
        let in_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        !name.is_empty() && name.len() <= 253 && name.bytes().all(in_name)
    }

    /// Whether this `Host` may be asked for.
    pub(crate) fn allow(&self, host: &str) -> bool {
        let name = without_port(host);
        let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        address.parse::<IpAddr>().is_ok() || self.0.contains(&plain(name))
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_refused() {
        let names = Names::new(&["Console.example".to_owned()]);
        for host in
            ["localhost", "LOCALHOST:8790", "127.0.0.1:1", "[::1]:8790", "[::1]", "192.0.2.7", "console.example.:443"]
        {
            assert!(names.allow(host), "{host}");
        }
        for host in [
            "",
            "attacker.example",
            "127.0.0.1.attacker.example:8790",
            "localhost.attacker.example",
            "a@localhost",
            "[::1",
            ":1",
        ] {
            assert!(!names.allow(host), "{host}");
        }
    }
}
