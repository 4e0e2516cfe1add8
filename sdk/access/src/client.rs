//! Who is counted.

use std::net::{IpAddr, Ipv6Addr};

/// Who is counted: an address, or a network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Client(IpAddr);

impl Client {
    /// By address. One network of IPv6 is one client, as everybody has billions of addresses in theirs.
    pub fn at(address: IpAddr) -> Self {
        /// What is left of a network of 64 bits.
        const NETWORK: u128 = !0 << 64;
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
            address => address,
        })
    }
}
