//! Sets of networks.

use std::net::IpAddr;
use std::sync::OnceLock;

use lanner_contract::sieve::Ranges;

use super::network;
use super::text_set::BadPattern;

/// Networks, IPv4 and IPv6, in the notation of CIDR. Whether an address is in one of them is a binary search.
///
/// ```
/// # use lanner_sdk::prelude::*;
/// static OWN: Networks = Networks::new(&["10.0.0.0/8", "192.168.0.0/16", "fd00::/8"]);
///
/// assert!(OWN.contains([192, 168, 1, 7].into()));
/// assert!(!OWN.contains([1, 1, 1, 1].into()));
/// ```
///
/// What is no network does not compile:
///
/// ```compile_fail,E0080
/// # use lanner_sdk::prelude::*;
/// static OWN: Networks = Networks::new(&["10.0.0.0/33"]);
/// ```
///
/// IPv4 addresses are a part of the IPv6 ones, `::ffff:0:0/96`, as they are in events: `::/0` has all of both.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    written: &'static [&'static str],
    /// Those that were told at run time.
    told: Vec<([u8; 16], u8)>,
    prepared: OnceLock<Ranges<u128>>,
}

impl Networks {
    /// These, such as `10.0.0.0/8` and `fd00::/8`. An address alone is a network too: `192.0.2.7/32`.
    ///
    /// # Panics
    /// One is no network. In a `static` it does not compile then.
    #[must_use]
    pub const fn new(networks: &'static [&'static str]) -> Self {
        let mut at = 0;
        while at < networks.len() {
            assert!(network::parse(networks[at]).is_some(), "networks are written like 10.0.0.0/8 or fd00::/8");
            at += 1;
        }
        Self { written: networks, told: Vec::new(), prepared: OnceLock::new() }
    }

    /// The same with these, which are known at run time only, such as those of a setting.
    ///
    /// # Errors
    /// One is no network.
    pub fn with(mut self, networks: impl IntoIterator<Item: AsRef<str>>) -> Result<Self, BadPattern> {
        self.prepared = OnceLock::new();
        for network in networks {
            let network = network.as_ref();
            let wrong = || BadPattern::new(network, "network", "networks are written like 10.0.0.0/8 or fd00::/8");
            self.told.push(network::parse(network).ok_or_else(wrong)?);
        }
        Ok(self)
    }

    /// Whether one of them has the address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = match address {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        self.prepared.get_or_init(|| Ranges::of_networks(self.all())).contains(address.to_bits())
    }

    /// Each as its address and how many of its 128 bits count.
    pub(crate) fn all(&self) -> impl Iterator<Item = ([u8; 16], u8)> {
        self.written.iter().filter_map(|written| network::parse(written)).chain(self.told.iter().copied())
    }
}
