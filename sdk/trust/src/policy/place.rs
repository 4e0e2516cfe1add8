//! Registries and repositories, and which of them a prefix covers.

/// `host[:port]` and the components of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    text: String,
}

impl Prefix {
    /// From the policy file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err("it has a scheme; leave it out".into());
        }
        let text = text.strip_suffix('/').unwrap_or(text);
        normal(text).map(|text| Self { text })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether all of another prefix lies in it, and more besides.
    pub(crate) fn contains(&self, other: &Self) -> bool {
        other.text.strip_prefix(&self.text).is_some_and(|rest| rest.starts_with('/'))
    }

    /// Whether a repository lies in it: only whole components count.
    pub(crate) fn covers(&self, repository: &Repository) -> bool {
        match repository.0.strip_prefix(&self.text) {
            Some(rest) => rest.is_empty() || rest.starts_with('/'),
            None => false,
        }
    }
}

/// The full name of a repository in normal form.
pub(crate) struct Repository(String);

impl Repository {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err("it has a scheme".into());
        }
        if !text.contains('/') {
            return Err("it has no name after the registry".into());
        }
        normal(text).map(Self)
    }
}

/// The host in lower case; everything checked, so that no two ways to write a place differ in what covers them.
fn normal(text: &str) -> Result<String, String> {
    let mut parts = text.split('/');
    let authority = parts.next().unwrap_or_default().to_ascii_lowercase();
    authority_fits(&authority)?;
    let mut normal = authority;
    for part in parts {
        component_fits(part)?;
        normal.push('/');
        normal.push_str(part);
    }
    Ok(normal)
}

fn authority_fits(authority: &str) -> Result<(), String> {
    let port = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("its address has no closing ]")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("[{}] is not an IPv6 address", host.escape_default()));
            }
            port
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(at);
            let label = |label: &str| {
                !label.is_empty()
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            };
            if !host.split('.').all(label) {
                return Err(format!("\"{}\" is not the name of a host", host.escape_default()));
            }
            port
        }
    };
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok(()),
        Some(digits)
            if !digits.starts_with('0')
                && digits.bytes().all(|b| b.is_ascii_digit())
                && digits.parse::<u16>().is_ok() =>
        {
            Ok(())
        }
        _ => Err(format!("\"{}\" is not a port", port.trim_start_matches(':').escape_default())),
    }
}

/// A component as the distribution specification has it: words of `a-z0-9`, between them `.`, `_`, `__` or any `-`.
fn component_fits(part: &str) -> Result<(), String> {
    let wrong = || Err(format!("\"{}\" is not a component of a name", part.escape_default()));
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    if !(bytes.first().copied().is_some_and(word) && bytes.last().copied().is_some_and(word)) {
        return wrong();
    }
    for separator in part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        let fits = matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-');
        if !fits {
            return wrong();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(prefix: &str, repository: &str) -> bool {
        Prefix::parse(prefix).unwrap().covers(&Repository::parse(repository).unwrap())
    }

    #[test]
    fn whole_components_are_compared() {
        assert!(covers("a.example/te", "a.example/te"));
        assert!(covers("a.example/te/", "a.example/te/am"));
        assert!(covers("a.example", "a.example/team"));
        assert!(!covers("a.example/te", "a.example/team"));
        assert!(!covers("a.example/te", "a.example/te-am"));
        assert!(!covers("a.example/te/am", "a.example/te"));
        assert!(!covers("a.example", "a.example.evil.example/team"));
        assert!(!covers("a.example", "a.example:5000/team"));
        assert!(!covers("a.example:5000", "a.example:50000/team"));
        assert!(!covers("a.example:5000", "a.example/team"));
        assert!(!covers("example", "a.example/team"));
    }

    #[test]
    fn only_the_host_may_be_written_in_capitals() {
        assert!(covers("A.Example/team", "a.eXample/team"));
        assert!(covers("[2001:DB8::1]:5000", "[2001:db8::1]:5000/team"));
        assert!(Prefix::parse("a.example/Team").is_err());
        assert!(Repository::parse("a.example/Team").is_err());
    }

    #[test]
    fn no_other_way_to_write_a_name_is_taken() {
        for wrong in [
            "",
            "/",
            "/team",
            "a.example//team",
            "a.example/../team",
            "a.example/./team",
            "a.example/team//",
            "a.example/te am",
            "a.example/team:1",
            "a.example/team@sha256",
            "a.example/%74eam",
            "a.example/t\u{e9}am",
            "a.example/-team",
            "a.example/team-",
            "a.example/te..am",
            "a.example/te___am",
            "a.example/te._am",
            "a.example./team",
            ".a.example/team",
            "a..example/team",
            "-a.example/team",
            "a_b.example/team",
            "user@a.example/team",
            "a.example:/team",
            "a.example:0/team",
            "a.example:05000/team",
            "a.example:65536/team",
            "a.example:5000:5000/team",
            "a.example:+80/team",
            "[::1/team",
            "[a.example]/team",
            "[::1]x/team",
            "oci://a.example/team",
            "*.example/team",
            "a.example/*",
            "a.ex\nample/team",
        ] {
            assert!(Prefix::parse(wrong).is_err(), "{wrong}");
            assert!(Repository::parse(wrong).is_err(), "{wrong}");
        }
        for right in ["localhost/a", "127.0.0.1:5000/dev", "[::1]:5000/a", "a.example/a/b.c/d__e/f---g/h_i/0"] {
            assert!(Prefix::parse(right).is_ok(), "{right}");
            assert!(Repository::parse(right).is_ok(), "{right}");
        }
        assert!(Repository::parse("a.example").is_err());
        assert!(Repository::parse("a.example/team/").is_err());
    }
}
