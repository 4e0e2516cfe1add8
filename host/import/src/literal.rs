//! Numbers and networks as rules write them.

use std::net::IpAddr;

/// A number, of base 10 or with `0x` of 16, that a field can hold.
pub(crate) fn number(text: &str) -> Option<i128> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(Into::into),
        None => text.parse::<i128>().ok().filter(|number| (i64::MIN.into()..=u64::MAX.into()).contains(number)),
    }
}

/// A network, or an address alone: its bytes as IPv6 has them, and how many bits of them count.
pub(crate) fn network(text: &str) -> Option<([u8; 16], u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    match address.parse().ok()? {
        IpAddr::V4(address) => {
            let bits = bits.unwrap_or(32);
            (bits <= 32).then(|| (address.to_ipv6_mapped().octets(), 96 + bits))
        }
        IpAddr::V6(address) => {
            let bits = bits.unwrap_or(128);
            (bits <= 128).then(|| (address.octets(), bits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_fields_can_hold() {
        assert_eq!(number("0x1F"), Some(31));
        assert_eq!(number("-1"), Some(-1));
        assert_eq!(number(&u64::MAX.to_string()), Some(u64::MAX.into()));
        for other in ["", "0x", "1.5", "18446744073709551616", "-9223372036854775809"] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn networks_of_both_kinds() {
        assert_eq!(network("10.0.0.0/8").map(|(_, bits)| bits), Some(104));
        assert_eq!(network("10.0.0.1").map(|(_, bits)| bits), Some(128));
        assert_eq!(network("fd00::/8").map(|(_, bits)| bits), Some(8));
        for other in ["10.0.0.0/33", "::/129", "10.0.0.0/", "host/8"] {
            assert_eq!(network(other), None, "{other}");
        }
    }
}
