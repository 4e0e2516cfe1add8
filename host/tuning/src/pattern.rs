//! What the value of a field is compared with.

use std::net::{IpAddr, SocketAddr};

use globset::{GlobBuilder, GlobMatcher};
use ipnet::IpNet;
use serde_json::Value;

/// Bytes of a pattern.
const MAX_BYTES: usize = 1024;
/// The ways to compare, as they are written.
pub(crate) const WAYS: [&str; 5] = ["prefix", "suffix", "contains", "glob", "cidr"];

/// What a value may be.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    /// This one: a text, a number, yes or no, as they are written.
    Is(String),
    /// A text that begins so.
    Prefix(String),
    /// A text that ends so.
    Suffix(String),
    /// A text with this in it.
    Contains(String),
    /// A text of this form, as a whole.
    Glob(GlobMatcher),
    /// An address, with or without a port, of this network.
    Network(IpNet),
}

impl Pattern {
    /// The value itself, as TOML has it.
    pub(crate) fn is(value: &toml::Value) -> Result<Self, String> {
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(yes) => yes.to_string(),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => {
                return Err(format!("{value} is no text, whole number, true or false"));
            }
        };
        Ok(Self::Is(bounded(&text)?.to_owned()))
    }

    /// A way to compare, and with what.
    pub(crate) fn of(way: &str, with: &toml::Value) -> Result<Self, String> {
        let toml::Value::String(text) = with else {
            return Err(format!("{way} takes a text, and this is {with}"));
        };
        let text = bounded(text)?;
        if text.is_empty() {
            return Err(format!("{way} of nothing holds for everything"));
        }
        Ok(match way {
            "prefix" => Self::Prefix(text.to_owned()),
            "suffix" => Self::Suffix(text.to_owned()),
            "contains" => Self::Contains(text.to_owned()),
            "glob" => Self::Glob(glob(text)?),
            "cidr" => {
                let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
                Self::Network(network.map_err(|_| format!("{text:?} is no network: 10.0.0.0/8 is one"))?)
            }
            _ => return Err(format!("there is no {way:?}; there are {}", WAYS.join(", "))),
        })
    }

    /// Whether a value is as it says. A list is nothing by itself: its items are.
    pub(crate) fn matches(&self, value: &Value) -> bool {
        let Value::String(text) = value else {
            let Self::Is(expected) = self else { return false };
            let shown = value.to_string();
            return matches!(value, Value::Number(_) | Value::Bool(_)) && shown == *expected;
        };
        match self {
            Self::Is(expected) => text == expected,
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Contains(part) => text.contains(part),
            Self::Glob(glob) => glob.is_match(text),
            Self::Network(network) => address(text).is_some_and(|address| network.contains(&address)),
        }
    }
}

/// As it is written.
impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Is(text) => write!(f, "{text:?}"),
            Self::Prefix(text) => write!(f, "prefix {text:?}"),
            Self::Suffix(text) => write!(f, "suffix {text:?}"),
            Self::Contains(text) => write!(f, "contains {text:?}"),
            Self::Glob(glob) => write!(f, "glob {:?}", glob.glob().glob()),
            Self::Network(network) => write!(f, "cidr {network}"),
        }
    }
}

/// Of what findings show as an address, with a port or without.
fn address(text: &str) -> Option<IpAddr> {
    let address = text.parse::<SocketAddr>().map(|address| address.ip()).or_else(|_| text.parse()).ok()?;
    Some(address.to_canonical())
}

fn bounded(text: &str) -> Result<&str, String> {
    if text.len() > MAX_BYTES {
        return Err(format!("a value of {} bytes is too long: {MAX_BYTES} at most", text.len()));
    }
    // What is no UTF-8 in a finding is shown so, and could be anything.
    if text.contains('\u{fffd}') {
        return Err(format!("{text:?} has a U+FFFD in it, which stands for bytes that cannot be told apart"));
    }
    Ok(text)
}

/// `*` and `?` stand for anything but `/`, `**` for anything.
pub(crate) fn glob(text: &str) -> Result<GlobMatcher, String> {
    let glob = GlobBuilder::new(text).literal_separator(true).backslash_escape(true).build();
    Ok(glob.map_err(|error| error.to_string())?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pattern(way: &str, with: &str) -> Pattern {
        Pattern::of(way, &toml::Value::String(with.into())).expect("a pattern")
    }

    #[test]
    fn values_are_as_they_are_said_to_be() {
        let is = |value: toml::Value| Pattern::is(&value).expect("a pattern");
        for (pattern, value, expected) in [
            (is("/a".into()), json!("/a"), true),
            (is("/a".into()), json!("/ab"), false),
            (is(0.into()), json!(0), true),
            (is("0".into()), json!(0), true),
            (is(0.into()), json!("0"), true),
            (is(0.into()), json!(10), false),
            (is(true.into()), json!(true), true),
            (is("null".into()), json!(null), false),
            (is("[]".into()), json!([]), false),
            (pattern("prefix", "/etc/"), json!("/etc/shadow"), true),
            (pattern("prefix", "/etc/"), json!("/opt/etc/"), false),
            (pattern("suffix", ".log"), json!("/var/a.log"), true),
            (pattern("contains", "b"), json!("abc"), true),
            (pattern("contains", "1"), json!(10), false),
            (pattern("glob", "/home/*/.ssh/**"), json!("/home/me/.ssh/a/b"), true),
            (pattern("glob", "/home/*/x"), json!("/home/a/b/x"), false),
            (pattern("cidr", "10.0.0.0/8"), json!("10.1.2.3:443"), true),
            (pattern("cidr", "10.0.0.0/8"), json!("10.1.2.3"), true),
            (pattern("cidr", "10.0.0.0/8"), json!("::ffff:10.1.2.3"), true),
            (pattern("cidr", "10.0.0.0/8"), json!("11.1.2.3"), false),
            (pattern("cidr", "fd00::/8"), json!("[fd00::1]:53"), true),
            (pattern("cidr", "192.0.2.1"), json!("192.0.2.1:1"), true),
        ] {
            assert_eq!(pattern.matches(&value), expected, "{pattern} on {value}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for (way, with, why) in [
            ("prefix", toml::Value::String(String::new()), "prefix of nothing holds for everything"),
            ("prefix", toml::Value::Integer(1), "prefix takes a text"),
            ("cidr", "10.0.0.0/33".into(), "is no network"),
            ("glob", "[a".into(), "error parsing glob"),
            ("like", "a".into(), "there is no \"like\"; there are prefix, suffix, contains, glob, cidr"),
            ("suffix", "x".repeat(2000).into(), "is too long"),
            ("suffix", "a\u{fffd}".into(), "U+FFFD"),
        ] {
            let error = Pattern::of(way, &with).expect_err("refused");
            assert!(error.contains(why), "{error}");
        }
        assert!(Pattern::is(&1.5.into()).expect_err("refused").contains("1.5 is no text"));
    }
}
