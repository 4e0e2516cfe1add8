//! Addresses, and what rules ask of a connect.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::generated::ConnectEvent;

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
const IPPROTO_TCP: u16 = 6;
const IPPROTO_UDP: u16 = 17;

/// From the frame's form, where IPv4 is written as an IPv4-mapped IPv6 address.
pub(crate) fn address(bytes: [u8; 16]) -> IpAddr {
    Ipv6Addr::from(bytes).to_canonical()
}

/// Whether an address is one of the internet at large: not private, shared (carrier-grade NAT), loopback, link-local,
/// multicast, for documentation or benchmarks, or reserved (the special-purpose registries of IANA).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        // "This network", private, loopback.
        [0 | 10 | 127, ..] => true,
        // Shared address space (RFC 6598).
        [100, 64..=127, ..] => true,
        // Link-local.
        [169, 254, ..] => true,
        [172, 16..=31, ..] => true,
        // IETF protocol assignments, documentation.
        [192, 0, 0 | 2, _] => true,
        [192, 168, ..] => true,
        // Benchmarks.
        [198, 18 | 19, ..] => true,
        // Documentation.
        [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved, broadcast.
        [224..=255, ..] => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] => address.to_ipv4_mapped().is_some_and(is_public_v4),
        // NAT64: the IPv4 address that it stands for.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        // 6to4, likewise.
        [0x2002, high, low, ..] => is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        // IETF protocol assignments but Teredo, documentation.
        [0x2001, 1..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // All else of the internet lies in 2000::/3.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

impl ConnectEvent<'_> {
    /// Whether the peer has an internet address (IPv4 or IPv6).
    #[inline]
    #[must_use]
    pub fn is_internet(&self) -> bool {
        matches!(self.family(), AF_INET | AF_INET6)
    }

    /// Whether the peer is a unix socket.
    #[inline]
    #[must_use]
    pub fn is_unix(&self) -> bool {
        self.family() == AF_UNIX
    }

    /// Whether the peer's address is one of the internet at large: see [`is_public`].
    #[inline]
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.address().is_some_and(is_public)
    }

    /// Whether it is TCP.
    #[inline]
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        self.protocol() == Some(IPPROTO_TCP)
    }

    /// Whether it is UDP.
    #[inline]
    #[must_use]
    pub fn is_udp(&self) -> bool {
        self.protocol() == Some(IPPROTO_UDP)
    }

    /// Whether it is under way: the result of a non-blocking connect is not known yet.
    #[inline]
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        const EINPROGRESS: i64 = 115;
        self.result() == -EINPROGRESS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses() {
        let public = ["1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.0.3.1", "223.255.255.255"];
        let public6 = ["2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2001:0:1::1"];
        for text in public.iter().chain(&public6) {
            assert!(is_public(text.parse().expect("an address")), "{text}");
        }
    }

    #[test]
    fn special_addresses() {
        let v4 = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
        ];
        let v6 = [
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::1",
            "3fff:1::1",
        ];
        for text in v4.iter().chain(&v6) {
            assert!(!is_public(text.parse().expect("an address")), "{text}");
        }
    }
}
