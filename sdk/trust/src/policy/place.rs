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
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("its address has no closing ]")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("[{}] is not an IPv6 address", host.escape_default()));
            }
            (host, port)
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
            (host, port)
        }
    };
    let _ = host;
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
