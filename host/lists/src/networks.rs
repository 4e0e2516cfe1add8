//! Networks, as ranges of addresses in order, none in another.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Subnets, Ipv6Subnets};
use lanner_contract::sieve::Ranges;

/// Networks.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    v4: Ranges4,
    /// All that do not lie in IPv4's part as a whole.
    v6: Ranges<u128>,
    v6_count: usize,
}

/// Networks, as they come.
#[derive(Debug, Default)]
pub(crate) struct Coming {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

/// Where IPv4 addresses lie.
const MAPPED: u128 = 0xffff << 32;

impl Coming {
    /// Adds one, of so many bits.
    pub(crate) fn add(&mut self, network: [u8; 16], bits: u8) {
        let others = u128::MAX.checked_shr(bits.into()).unwrap_or(0);
        let network = u128::from_be_bytes(network);
        let (from, to) = (network & !others, network | others);
        match (v4(from), v4(to)) {
            (Some(from), Some(to)) => self.v4.push((from, to)),
            _ => self.v6.push((from, to)),
        }
    }
}

/// The IPv4 address that an address stands for.
#[inline]
fn v4(address: u128) -> Option<u32> {
    u32::try_from(address ^ MAPPED).ok()
}

impl Networks {
    pub(crate) fn new(coming: Coming) -> Self {
        let v6_count = coming.v6.len();
        Self { v4: Ranges4::new(coming.v4), v6: Ranges::new(coming.v6), v6_count }
    }

    #[inline]
    pub(crate) fn has(&self, address: [u8; 16]) -> bool {
        let address = u128::from_be_bytes(address);
        v4(address).is_some_and(|address| self.v4.range_of(address).is_some()) || self.v6.contains(address)
    }

    pub(crate) fn len(&self) -> usize {
        self.v4.ranges.len() + self.v6.len()
    }

    pub(crate) fn size(&self) -> usize {
        size_of_val(self.v4.ranges.as_slice()) + size_of_val(self.v4.first.as_slice()) + 32 * self.v6_count
    }

    /// All, as they are written.
    pub(crate) fn written(&self) -> impl Iterator<Item = String> {
        let v4 = self.v4.ranges.iter().flat_map(|(from, to)| {
            Ipv4Subnets::new(Ipv4Addr::from_bits(*from), Ipv4Addr::from_bits(*to), 0).map(|network| network.to_string())
        });
        let v6 = self.v6.iter().flat_map(|(from, to)| {
            Ipv6Subnets::new(Ipv6Addr::from_bits(from), Ipv6Addr::from_bits(to), 0).map(|network| network.to_string())
        });
        v4.chain(v6)
    }
}

/// Ranges of IPv4 addresses, found by their first half: in a list of a million that leaves some sixteen to be looked at.
#[derive(Debug, Default)]
struct Ranges4 {
    ranges: Vec<(u32, u32)>,
    /// For each first half the first range that ends in it or later. None where there are few.
    first: Vec<u32>,
}

/// So few are looked at as they are.
const FEW: usize = 512;
/// How many bits the first half has.
const HALF: u32 = 16;

impl Ranges4 {
    fn new(mut coming: Vec<(u32, u32)>) -> Self {
        coming.sort_unstable();
        coming.dedup_by(|(from, to), (_, last)| {
            let joins = u64::from(*from) <= u64::from(*last) + 1;
            if joins {
                *last = (*last).max(*to);
            }
            joins
        });
        coming.shrink_to_fit();
        let mut first = Vec::new();
        if coming.len() > FEW {
            let ends_before = |half: u32| coming.partition_point(|(_, to)| to >> HALF < half) as u32;
            first = (0..=1_u32 << HALF).map(ends_before).collect();
        }
        Self { ranges: coming, first }
    }

    #[inline]
    fn range_of(&self, address: u32) -> Option<(u32, u32)> {
        let half = (address >> HALF) as usize;
        // What ends in this half, and the one after: it may begin in this half and end in a later one.
        let near = match (self.first.get(half), self.first.get(half + 1)) {
            (Some(from), Some(to)) => {
                self.ranges.get(*from as usize..(*to as usize + 1).min(self.ranges.len())).unwrap_or_default()
            }
            _ => &self.ranges,
        };
        let ended = near.partition_point(|(_, to)| *to < address);
        near.get(ended).copied().filter(|(from, _)| *from <= address)
    }
}
