//! Networks, as they are written: `10.0.0.0/8`, `fd00::/8`. Read at compile time where they stand in the source.

/// The upper bits of IPv4 addresses, which are written as IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2).
const MAPPED: u128 = 0xffff << 32;

/// The address and how many of its 128 bits count.
pub(crate) const fn parse(written: &str) -> Option<([u8; 16], u8)> {
    let written = written.as_bytes();
    let mut slash = 0;
    while slash < written.len() && written[slash] != b'/' {
        slash += 1;
    }
    if slash == written.len() {
        return None;
    }
    let (address, bits) = written.split_at(slash);
    let Some((bits, end)) = number(bits, 1, 10, 3) else { return None };
    if end != written.len() - slash {
        return None;
    }
    if let Some(address) = v4(address, 0) {
        return if bits <= 32 { Some(((MAPPED | address as u128).to_be_bytes(), 96 + bits as u8)) } else { None };
    }
    match v6(address) {
        Some(address) if bits <= 128 => Some((address.to_be_bytes(), bits as u8)),
        _ => None,
    }
}

/// A number of so many digits at the most, and where it ends. Decimal numbers do not begin with a 0.
const fn number(written: &[u8], from: usize, radix: u32, digits: usize) -> Option<(u32, usize)> {
    let (mut at, mut number) = (from, 0);
    while at < written.len() && at < from + digits {
        let Some(digit) = (written[at] as char).to_digit(radix) else { break };
        number = number * radix + digit;
        at += 1;
    }
    let padded = radix == 10 && at > from + 1 && written[from] == b'0';
    if at == from || padded { None } else { Some((number, at)) }
}

/// An IPv4 address that begins there and ends with the text.
const fn v4(written: &[u8], from: usize) -> Option<u32> {
    let (mut at, mut address, mut left) = (from, 0, 4);
    while left > 0 {
        let Some((byte, end)) = number(written, at, 10, 3) else { return None };
        if byte > 255 {
            return None;
        }
        address = address << 8 | byte;
        left -= 1;
        at = end;
        if left > 0 {
            if at >= written.len() || written[at] != b'.' {
                return None;
            }
            at += 1;
        }
    }
    if at == written.len() { Some(address) } else { None }
}

/// An IPv6 address (RFC 4291, 2.2).
const fn v6(written: &[u8]) -> Option<u128> {
    // Groups of 16 bits: those before `::`, and all.
    let (mut address, mut groups, mut before_gap) = (0_u128, 0, None);
    let mut at = 0;
    while at < written.len() {
        if written[at] == b':' {
            let is_gap = at + 1 < written.len() && written[at + 1] == b':';
            if is_gap {
                if before_gap.is_some() {
                    return None;
                }
                before_gap = Some(groups);
                at += 2;
                if at == written.len() {
                    break;
                }
            } else if groups == 0 {
                return None;
            } else {
                at += 1;
            }
        } else if groups > 0 {
            return None;
        }
        if groups <= 6
            && let Some(end) = v4(written, at)
        {
            address = address << 32 | end as u128;
            groups += 2;
            break;
        }
        let Some((group, end)) = number(written, at, 16, 4) else { return None };
        if groups == 8 {
            return None;
        }
        address = address << 16 | group as u128;
        groups += 1;
        at = end;
    }
    match before_gap {
        None if groups == 8 => Some(address),
        Some(before) if groups < 8 => {
            // What follows the gap stays where it is, what came before it goes up.
            let after = 16 * (groups - before);
            let low = if after == 0 { 0 } else { address & (u128::MAX >> (128 - after)) };
            let high = if before == 0 { 0 } else { (address >> after) << (128 - 16 * before) };
            Some(high | low)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proptest::prelude::*;

    use super::parse;

    /// As the standard library reads addresses.
    fn expected(written: &str) -> Option<([u8; 16], u8)> {
        let (address, bits) = written.split_once('/')?;
        let bits = Some(bits).filter(|bits| !bits.starts_with('+') && (bits.len() == 1 || !bits.starts_with('0')))?;
        let bits: u8 = bits.parse().ok()?;
        match address.parse().ok()? {
            IpAddr::V4(address) => (bits <= 32).then(|| (address.to_ipv6_mapped().octets(), 96 + bits)),
            IpAddr::V6(address) => (bits <= 128).then(|| (address.octets(), bits)),
        }
    }

    #[test]
    fn networks() {
        for written in [
            "10.0.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "fd00::/8",
            "::1/128",
            "1::/16",
            "1:2:3:4:5:6:7:8/128",
            "1:2:3:4:5:6:7::/128",
            "::2:3:4:5:6:7:8/128",
            "::ffff:10.0.0.0/104",
            "1:2:3:4:5:6:1.2.3.4/128",
            "64:ff9b::1.2.3.4/96",
        ] {
            assert!(parse(written).is_some(), "{written}");
            assert_eq!(parse(written), expected(written), "{written}");
        }
        for written in
            ["", "/", "10.0.0.0", "10.0.0/8", "10.0.0.0/33", "::/129", "10.0.0.0/08", "10.00.0.0/8", "fd00:/8"]
        {
            assert_eq!(parse(written), None, "{written}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8192))]

        #[test]
        fn is_read_as_the_standard_library_reads_it(
            written in "([0-9a-f]{0,4}:{0,2}){0,9}([0-9]{1,3}\\.){0,4}[0-9]{0,3}/[0-9]{0,3}",
        ) {
            prop_assert_eq!(parse(&written), expected(&written));
        }

        #[test]
        fn every_address_is_read(address: IpAddr, bits in 0_u8..=128) {
            let written = format!("{address}/{bits}");
            prop_assert_eq!(parse(&written), expected(&written));
        }
    }
}
