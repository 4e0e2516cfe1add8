//! What a list has, in the form in which it is looked up.

use lanner_abi::Value;
use lanner_contract::ListType;
use lanner_contract::list::Entry;
use lanner_contract::sieve::Ranges;

use crate::layers::{Domains, Paths};
use crate::networks::{Coming, Networks};
use crate::texts::Texts;

/// Entries of one source of a list at most.
pub const MAX_ENTRIES: usize = 4 << 20;

/// Entries that are looked up. They never change: a list that does is read anew as a whole.
#[derive(Debug)]
pub struct Members {
    holds: ListType,
    of: Of,
}

#[derive(Debug)]
enum Of {
    Texts(Texts),
    Paths(Paths),
    Domains(Domains),
    Networks(Networks),
    Numbers(Ranges<i64>),
    /// Of a type that this version does not know.
    Nothing,
}

/// Entries, as they are read.
pub struct Builder {
    holds: ListType,
    count: usize,
    of: Making,
}

enum Making {
    Texts(Texts),
    Paths(Paths),
    Domains(Domains),
    Networks(Coming),
    Numbers(Vec<(i64, i64)>),
    Nothing,
}

impl Builder {
    /// Of entries of this type.
    #[must_use]
    pub fn new(holds: &ListType) -> Self {
        let of = match holds {
            ListType::Text => Making::Texts(Texts::default()),
            ListType::Path | ListType::Image => Making::Paths(Paths::default()),
            ListType::Domain => Making::Domains(Domains::default()),
            ListType::Cidr => Making::Networks(Coming::default()),
            ListType::Number => Making::Numbers(Vec::new()),
            ListType::Unknown(_) => Making::Nothing,
        };
        Self { holds: holds.clone(), count: 0, of }
    }

    /// Adds an entry, as it is written.
    ///
    /// # Errors
    /// It is none of this type, or there are too many: a sentence about it.
    pub fn add(&mut self, written: &str) -> Result<(), String> {
        let entry = self.holds.read(written).map_err(|what| format!("{:?} {what}", cut(written)))?;
        self.count += 1;
        let full = || format!("there are too many entries, or too much in them: {MAX_ENTRIES} may be");
        if self.count > MAX_ENTRIES {
            return Err(full());
        }
        let fits = match (&mut self.of, entry) {
            (Making::Texts(texts), Entry::Whole(text)) => texts.add(text.as_bytes()),
            (Making::Paths(paths), Entry::Whole(text) | Entry::Below(text)) => paths.add(text.as_bytes()),
            (Making::Domains(domains), Entry::Domain(domain)) => domains.add(domain.as_bytes()),
            (Making::Networks(networks), Entry::Network(network, bits)) => {
                networks.add(network, bits);
                true
            }
            (Making::Numbers(numbers), Entry::Numbers(from, to)) => {
                numbers.push((from, to));
                true
            }
            // What is read of a type is an entry of it.
            _ => false,
        };
        if fits { Ok(()) } else { Err(full()) }
    }

    /// No more of them come.
    #[must_use]
    pub fn end(self) -> Members {
        let of = match self.of {
            Making::Texts(mut texts) => {
                texts.end();
                Of::Texts(texts)
            }
            Making::Paths(mut paths) => {
                paths.end();
                Of::Paths(paths)
            }
            Making::Domains(mut domains) => {
                domains.end();
                Of::Domains(domains)
            }
            Making::Networks(coming) => Of::Networks(Networks::new(coming)),
            Making::Numbers(numbers) => Of::Numbers(Ranges::new(numbers)),
            Making::Nothing => Of::Nothing,
        };
        Members { holds: self.holds, of }
    }
}

/// As much of an entry as a sentence takes.
fn cut(written: &str) -> String {
    const SHOWN: usize = 80;
    match written.len() > SHOWN {
        true => format!("{}…", &written[..written.floor_char_boundary(SHOWN)]),
        false => written.to_owned(),
    }
}

impl Members {
    /// What it holds.
    #[must_use]
    pub fn holds(&self) -> &ListType {
        &self.holds
    }

    /// Whether it has the value: a text's bytes, an address's 16, a number's 8 (little-endian).
    #[inline]
    #[must_use]
    pub fn has(&self, value: &[u8]) -> bool {
        match &self.of {
            Of::Texts(texts) => texts.has(value),
            Of::Paths(paths) => paths.find(value).is_some(),
            Of::Domains(domains) => domains.find(value).is_some(),
            Of::Networks(networks) => value.try_into().is_ok_and(|address| networks.has(address)),
            Of::Numbers(numbers) => value.try_into().is_ok_and(|number| numbers.contains(i64::from_le_bytes(number))),
            Of::Nothing => false,
        }
    }

    /// Whether it has the value of a field.
    #[inline]
    #[must_use]
    pub fn has_value(&self, value: Value<'_>) -> bool {
        let has_number = |number: Option<i64>| match &self.of {
            Of::Numbers(numbers) => number.is_some_and(|number| numbers.contains(number)),
            _ => false,
        };
        match (value, &self.of) {
            (Value::Text(_), Of::Networks(_) | Of::Numbers(_)) => false,
            (Value::Text(text), _) => self.has(text),
            (Value::Bytes16(address), Of::Networks(networks)) => networks.has(address),
            (Value::Unsigned(number), _) => has_number(number.try_into().ok()),
            (Value::Signed(number), _) => has_number(Some(number)),
            (Value::Bytes16(_) | Value::Bool(_), _) => false,
        }
    }

    /// How many entries there are, where what is double, and ranges that touch, count once.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.of {
            Of::Texts(texts) => texts.len(),
            Of::Paths(paths) => paths.texts().len(),
            Of::Domains(domains) => domains.texts().len(),
            Of::Networks(networks) => networks.len(),
            Of::Numbers(numbers) => numbers.len(),
            Of::Nothing => 0,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory that they take, bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match &self.of {
            Of::Texts(texts) => texts.size(),
            Of::Paths(paths) => paths.texts().size(),
            Of::Domains(domains) => domains.texts().size(),
            Of::Networks(networks) => networks.size(),
            Of::Numbers(numbers) => numbers.len() * size_of::<(i64, i64)>(),
            Of::Nothing => 0,
        }
    }

    /// The entries, as they are written; networks and numbers in their order.
    #[must_use]
    pub fn entries(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let texts = |texts: &'_ Texts| -> Vec<String> {
            texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
        };
        let number = |(from, to): (i64, i64)| if from == to { from.to_string() } else { format!("{from}-{to}") };
        match &self.of {
            Of::Texts(all) => Box::new(texts(all).into_iter()),
            Of::Paths(paths) => Box::new(texts(paths.texts()).into_iter()),
            Of::Domains(domains) => Box::new(texts(domains.texts()).into_iter()),
            Of::Networks(networks) => Box::new(networks.written()),
            Of::Numbers(numbers) => Box::new(numbers.iter().map(number)),
            Of::Nothing => Box::new(std::iter::empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn members(holds: &ListType, entries: &[String]) -> Members {
        let mut builder = Builder::new(holds);
        entries.iter().for_each(|entry| builder.add(entry).expect(entry));
        builder.end()
    }

    /// Entries and values of few letters, so that they often meet.
    fn parts(between: &'static str) -> impl Strategy<Value = String> {
        vec("[ab]{1,2}", 1..5).prop_map(move |parts| parts.join(between))
    }

    /// Many entries, so that they are found by their first half: what they are does not matter where few are asked for.
    fn filling() -> Vec<String> {
        (0..600).map(|number| format!("172.16.{}.{}", number / 128, number % 128 * 2)).collect()
    }

    fn of_type() -> impl Strategy<Value = (ListType, Vec<String>, Vec<Vec<u8>>)> {
        let bytes = |texts: Vec<String>| texts.into_iter().map(String::into_bytes).collect::<Vec<_>>();
        let text = (vec("[ab]{1,3}", 0..6), vec("[ab]{0,4}", 1..9))
            .prop_map(move |(entries, values)| (ListType::Text, entries, bytes(values)));
        let path =
            || (parts("/"), any::<bool>()).prop_map(|(path, end)| format!("/{path}{}", if end { "/" } else { "" }));
        let path = (vec(prop_oneof![9 => path(), 1 => Just("/".to_owned())], 0..6), vec(path(), 1..9))
            .prop_map(move |(entries, values)| (ListType::Path, entries, bytes(values)));
        let image =
            || (parts("/"), any::<bool>()).prop_map(|(path, end)| format!("{path}{}", if end { "/" } else { "" }));
        let image = (vec(image(), 0..6), vec(image(), 1..9))
            .prop_map(move |(entries, values)| (ListType::Image, entries, bytes(values)));
        let long = "([ab]{1,60}\\.){3,6}(a|b|a\\.b)";
        let name = move || prop_oneof![9 => parts("."), 1 => long, 1 => "[abA.]{0,6}"];
        let domain = (vec(parts("."), 0..6), vec(name(), 1..9))
            .prop_map(move |(entries, values)| (ListType::Domain, entries, bytes(values)));
        let address = || {
            prop_oneof![
                (0_u8..3, 0_u8..3).prop_map(|(a, b)| format!("10.{a}.{b}.1")),
                (0_u16..3, 0_u16..3).prop_map(|(a, b)| format!("2001:db8:{a}::{b}")),
                Just("::ffff:0:0".to_owned()),
            ]
        };
        let network = (address(), 0_u8..=128).prop_map(|(address, bits)| match address.contains(':') {
            true => format!("{address}/{bits}"),
            false => format!("{address}/{}", bits.min(32)),
        });
        let octets = |address: String| match address.parse().expect("an address") {
            std::net::IpAddr::V4(address) => address.to_ipv6_mapped().octets().to_vec(),
            std::net::IpAddr::V6(address) => address.octets().to_vec(),
        };
        let cidr =
            (vec(network, 0..6), any::<bool>(), vec(address(), 1..9)).prop_map(move |(mut entries, fill, values)| {
                entries.extend(fill.then(filling).into_iter().flatten());
                let near = ["172.16.1.2", "172.16.1.3", "172.17.0.0", "255.255.255.255"].map(str::to_owned);
                (ListType::Cidr, entries, values.into_iter().chain(near).map(octets).collect())
            });
        let number = (vec((-9_i64..9, 0_i64..4), 0..6), vec(-9_i64..12, 1..9)).prop_map(|(ranges, values)| {
            let entries = ranges.into_iter().map(|(from, more)| match more {
                0 => from.to_string(),
                more => format!("{from}-{}", from + more),
            });
            let values = values.into_iter().map(|value| value.to_le_bytes().to_vec());
            (ListType::Number, entries.collect(), values.collect())
        });
        prop_oneof![text, path, image, domain, cidr, number]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn what_is_found_is_what_comparing_with_each_entry_finds((holds, entries, values) in of_type()) {
            let members = members(&holds, &entries);
            let again = self::members(&holds, &members.entries().collect::<Vec<_>>());
            for value in values {
                let covers = |entry: &String| holds.read(entry).expect("an entry").covers(&value);
                let expected = entries.iter().any(covers);
                prop_assert_eq!(members.has(&value), expected, "{:?} {:?} {:?}", holds, entries, value);
                prop_assert_eq!(again.has(&value), expected, "as it is written: {:?}", again);
                let field = match holds {
                    ListType::Cidr => Value::Bytes16(value.as_slice().try_into().expect("an address")),
                    ListType::Number => Value::Signed(i64::from_le_bytes(value.as_slice().try_into().expect("a number"))),
                    _ => Value::Text(&value),
                };
                prop_assert_eq!(members.has_value(field), expected);
            }
        }
    }

    #[test]
    fn a_value_of_another_kind_is_in_no_list() {
        let numbers = members(&ListType::Number, &["1".to_owned()]);
        let address = members(&ListType::Cidr, &["::/0".to_owned()]);
        assert!(numbers.has_value(Value::Unsigned(1)) && !numbers.has_value(Value::Unsigned(u64::MAX)));
        assert!(!numbers.has_value(Value::Text(&1_i64.to_le_bytes())) && !numbers.has(b"1"));
        assert!(!address.has_value(Value::Text(&[0; 16])) && !address.has(&[0; 4]));
        assert!(!members(&ListType::Unknown("later".into()), &[]).has(b"x"));
    }

    #[test]
    fn a_million_texts_take_little_more_than_their_bytes() {
        let entries: Vec<String> = (0..100_000).map(|number| format!("/usr/lib/some/program-{number}")).collect();
        let bytes: usize = entries.iter().map(String::len).sum();
        let members = members(&ListType::Path, &entries);
        assert_eq!(members.len(), 100_000);
        assert!(members.size() < bytes + 14 * entries.len(), "{} for {bytes} bytes", members.size());
    }
}
