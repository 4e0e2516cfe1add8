//! Lists: values that packs go by and that the people who run the host replace and extend.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::cbor::{self, Malformed, Reader, Writer, Written as _};

/// Bytes of an entry at most; no path is longer.
pub const MAX_ENTRY: usize = 4096;
/// Characters of a domain, and of one of its labels (RFC 1035, 2.3.4).
const MAX_DOMAIN: usize = 253;
const MAX_LABEL: usize = 63;
/// IPv4 addresses lie in `::ffff:0:0/96`.
const MAPPED: u8 = 96;

/// A list that a pack goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// Its name. Packs that give lists the same name share what is said of that name.
    pub name: String,
    /// What it is for, in one line.
    pub summary: String,
    /// What it holds.
    pub holds: ListType,
    /// Its entries, where nobody replaces them: as they would stand in a file.
    pub entries: Vec<String>,
}

/// What a list holds, and so what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListType {
    /// Texts: it has what is equal to one.
    #[default]
    Text,
    /// Paths: it has those that stand in it, and all that lies below one that ends with `/`.
    Path,
    /// Images by their repositories (`registry.example/library/nginx`): likewise.
    Image,
    /// Domains: it has those, and all below them.
    Domain,
    /// Networks and addresses: it has the addresses in them.
    Cidr,
    /// Numbers, and ranges of them.
    Number,
    /// Something that this version does not know, by its name: it has nothing.
    Unknown(String),
}

/// An entry, as it is compared. This is what is meant by "a list has a value"; a host that has many entries finds the same
/// by other ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'t> {
    /// What is equal to this.
    Whole(&'t str),
    /// What begins with this, which ends with `/`, and goes on.
    Below(&'t str),
    /// This domain, in lower case, and those below it.
    Domain(String),
    /// The addresses of which so many bits of 128 are these.
    Network([u8; 16], u8),
    /// The numbers from the first to the second, both included.
    Numbers(i64, i64),
}

impl ListType {
    /// All that this version knows.
    pub const ALL: [Self; 6] = [Self::Text, Self::Path, Self::Image, Self::Domain, Self::Cidr, Self::Number];

    /// The name that it travels by.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Text => "text",
            Self::Path => "path",
            Self::Image => "image",
            Self::Domain => "domain",
            Self::Cidr => "cidr",
            Self::Number => "number",
            Self::Unknown(name) => name,
        }
    }

    /// The one of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|known| known.name() == name).unwrap_or_else(|| Self::Unknown(name.to_owned()))
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// It is none of this type: the rest of a sentence about it, with what to write instead.
    pub fn read<'t>(&self, written: &'t str) -> Result<Entry<'t>, String> {
        if written.is_empty() {
            return Err("is empty".to_string());
        }
        if written.len() > MAX_ENTRY {
            return Err(format!("has {} bytes; {MAX_ENTRY} are allowed", written.len()));
        }
        match self {
            Self::Text => Ok(Entry::Whole(written)),
            Self::Path if !written.starts_with('/') => Err("is no path: one begins with /".to_string()),
            Self::Image if written.starts_with('/') || written.contains(char::is_whitespace) => {
                Err("is no image such as registry.example/library/nginx, or images.example/team/ for all below".to_string())
            }
            Self::Image
                if written.contains('@') || written.rsplit('/').next().is_some_and(|last| last.contains(':')) =>
            {
                Err("has a tag or a digest: an image is listed by its repository, such as registry.example/library/nginx"
                    .to_string())
            }
            Self::Path | Self::Image if written.ends_with('/') => Ok(Entry::Below(written)),
            Self::Path | Self::Image => Ok(Entry::Whole(written)),
            Self::Domain => domain(written).map(Entry::Domain),
            Self::Cidr => network(written)
                .map(|(address, bits)| Entry::Network(address, bits))
                .ok_or_else(|| "is no address or network such as 192.0.2.7, 10.0.0.0/8 or fd00::/8".to_string()),
            Self::Number => numbers(written)
                .map(|(from, to)| Entry::Numbers(from, to))
                .ok_or_else(|| "is no whole number such as 443, or range such as 8000-8100".to_string()),
            Self::Unknown(name) => {
                Err(format!("stands in a list of the type {name:?}, which this version does not know"))
            }
        }
    }
}

impl Entry<'_> {
    /// Whether it covers a value: a text's bytes, an address's 16 bytes, a number's 8 bytes (little-endian).
    #[must_use]
    pub fn covers(&self, value: &[u8]) -> bool {
        match self {
            Self::Whole(text) => text.as_bytes() == value,
            Self::Below(folder) => value.len() > folder.len() && value.starts_with(folder.as_bytes()),
            Self::Domain(domain) => {
                let value = value.strip_suffix(b".").unwrap_or(value);
                let (above, end) = value.split_at(value.len().saturating_sub(domain.len()));
                end.eq_ignore_ascii_case(domain.as_bytes()) && above.last().is_none_or(|last| *last == b'.')
            }
            Self::Network(network, bits) => <[u8; 16]>::try_from(value).is_ok_and(|address| {
                let others = u128::MAX.checked_shr((*bits).into()).unwrap_or(0);
                (u128::from_be_bytes(address) ^ u128::from_be_bytes(*network)) & !others == 0
            }),
            Self::Numbers(from, to) => {
                <[u8; 8]>::try_from(value).is_ok_and(|number| (from..=to).contains(&&i64::from_le_bytes(number)))
            }
        }
    }
}

/// A domain in lower case, without a dot at its end.
fn domain(written: &str) -> Result<String, String> {
    let name = written.strip_suffix('.').unwrap_or(written);
    if name.starts_with("*.") || name.starts_with('.') {
        return Err("stands for those below it too: write it without what is before its name".to_string());
    }
    if !name.is_ascii() {
        return Err("has letters that names on the wire do not have: write it as xn--…".to_string());
    }
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if name.len() > MAX_DOMAIN || !name.split('.').all(is_label) {
        return Err("is no domain such as example.com".to_string());
    }
    Ok(name.to_ascii_lowercase())
}

/// A network, or an address, which is one of all its bits.
fn network(written: &str) -> Option<([u8; 16], u8)> {
    let (address, bits) = match written.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (written, None),
    };
    let (address, most, before) = match address.parse().ok()? {
        IpAddr::V4(address) => (address.to_ipv6_mapped().octets(), 32, MAPPED),
        IpAddr::V6(address) => (address.octets(), 128, 0),
    };
    let digits = |bits: &&str| bits.len() <= 3 && bits.bytes().all(|digit| digit.is_ascii_digit());
    let bits: u8 = match bits {
        Some(bits) => Some(bits).filter(digits)?.parse().ok()?,
        None => most,
    };
    (bits <= most).then_some((address, before + bits))
}

fn numbers(written: &str) -> Option<(i64, i64)> {
    if let Ok(number) = written.parse() {
        return Some((number, number));
    }
    // A minus sign at the beginning is the number's.
    let parts = (1..written.len()).filter(|at| written.as_bytes().get(*at) == Some(&b'-'));
    parts
        .filter_map(|at| {
            let (from, to) = (written.get(..at)?.trim().parse().ok()?, written.get(at + 1..)?.trim().parse().ok()?);
            (from <= to).then_some((from, to))
        })
        .next()
}

impl List {
    pub(crate) fn write(&self, writer: &mut Writer<'_>) {
        let Self { name, summary, holds, entries } = self;
        writer.map(3 + u64::from(!entries.is_empty())).written();
        for (key, text) in [("name", name.as_str()), ("summary", summary), ("type", holds.name())] {
            writer.str(key).and_then(|writer| writer.str(text)).written();
        }
        if !entries.is_empty() {
            writer.str("entries").map(drop).written();
            cbor::write_texts(writer, entries);
        }
    }

    pub(crate) fn read(decoder: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut said = Self::default();
        cbor::map(decoder, |key, decoder| {
            match key {
                "name" => said.name = cbor::text(decoder)?,
                "summary" => said.summary = cbor::text(decoder)?,
                "type" => said.holds = ListType::from_name(decoder.str()?),
                "entries" => said.entries = cbor::texts(decoder)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(holds: &ListType, entry: &str, value: &str) -> bool {
        let value = match holds {
            ListType::Cidr => match value.parse().expect("an address") {
                IpAddr::V4(address) => address.to_ipv6_mapped().octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            },
            ListType::Number => value.parse::<i64>().expect("a number").to_le_bytes().to_vec(),
            _ => value.as_bytes().to_vec(),
        };
        holds.read(entry).expect(entry).covers(&value)
    }

    #[test]
    fn entries_cover_what_their_type_says() {
        use ListType::{Cidr, Domain, Image, Number, Path, Text};
        for (holds, entry, covered, others) in [
            (Text, "a b", &["a b"][..], &["a", "a b ", "A B"][..]),
            (Path, "/usr/bin/tar", &["/usr/bin/tar"], &["/usr/bin/tar/x", "/usr/bin/tart", "/usr/bin"]),
            (Path, "/opt/", &["/opt/a", "/opt/a/b"], &["/opt", "/opt/", "/optional"]),
            (
                Image,
                "registry.example/library/nginx",
                &["registry.example/library/nginx"],
                &["registry.example/library/nginx-x"],
            ),
            (Image, "localhost:5000/team/", &["localhost:5000/team/a"], &["localhost:5000/teams/a"]),
            (Domain, "Example.COM.", &["example.com", "A.Example.com", "b.a.example.com."], &["notexample.com", "com"]),
            (Cidr, "10.1.0.0/16", &["10.1.2.3", "10.1.255.255"], &["10.2.0.0", "::a01:203"]),
            (Cidr, "2001:db8::/32", &["2001:db8::1"], &["2001:db9::"]),
            (Cidr, "192.0.2.7", &["192.0.2.7"], &["192.0.2.6"]),
            (Cidr, "::/0", &["::1", "1.2.3.4"], &[]),
            (Number, "443", &["443"], &["442", "-443"]),
            (Number, "-5--3", &["-5", "-4", "-3"], &["-6", "-2", "5"]),
            (Number, "8000-8100", &["8000", "8100"], &["7999", "8101"]),
        ] {
            for value in covered {
                assert!(has(&holds, entry, value), "{holds:?} {entry} {value}");
            }
            for value in others {
                assert!(!has(&holds, entry, value), "{holds:?} {entry} {value}");
            }
        }
    }

    #[test]
    fn what_is_no_entry_is_said() {
        use ListType::{Cidr, Domain, Image, Number, Path, Text, Unknown};
        for (holds, entry, why) in [
            (Text, "", "is empty"),
            (Path, "usr/bin/tar", "begins with /"),
            (Image, "nginx:1.27", "has a tag"),
            (Image, "images.example/a@sha256:00", "has a tag or a digest"),
            (Image, "two words", "is no image"),
            (Domain, "*.example.com", "those below it too"),
            (Domain, "bücher.example", "xn--"),
            (Domain, "a..b", "is no domain"),
            (Cidr, "10.0.0.0/33", "is no address"),
            (Cidr, "10.0.0.0/+8", "is no address"),
            (Cidr, "010.0.0.1", "is no address"),
            (Number, "9-8", "is no whole number"),
            (Number, "http", "is no whole number"),
            (Unknown("later".into()), "x", "does not know"),
        ] {
            assert!(holds.read(entry).is_err_and(|said| said.contains(why)), "{holds:?} {entry}");
        }
        assert!(Text.read(&"a".repeat(MAX_ENTRY)).is_ok() && Text.read(&"a".repeat(MAX_ENTRY + 1)).is_err());
    }
}
