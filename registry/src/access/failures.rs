//! Failed logins: counted, and slowed where there are many.
//!
//! By address and user, and by address alone. Not by user alone: anybody could lock out anybody else that way; guesses
//! at one user from many addresses are held back by what each of them costs.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::forgetful::Forgetful;

/// How many passwords of a user an address may have wrong without waiting: people mistype.
const FREE_BY_USER: u32 = 5;
/// How many logins an address may have wrong: a whole company may stand behind it.
const FREE_BY_ADDRESS: u32 = 50;
/// How long the longest wait is.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How long after the last failure all are forgotten.
const REMEMBERED_FOR: Duration = Duration::from_secs(900);
/// How many addresses and users are remembered at most.
const REMEMBERED: usize = 16_384;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Address(IpAddr),
    /// A user by hash: names come from strangers, and may be as long as a header.
    User(IpAddr, u64),
}

#[derive(Clone, Copy)]
struct Count {
    failures: u32,
    /// When the next try is allowed.
    next: Instant,
}

pub(super) struct Failures {
    counts: Mutex<Forgetful<Who, Count>>,
    hasher: RandomState,
}

impl Failures {
    pub(super) fn new() -> Self {
        let counts = Mutex::new(Forgetful::new(REMEMBERED, REMEMBERED_FOR));
        Self { counts, hasher: RandomState::new() }
    }

    /// One network of IPv6 is one client, as everybody has billions of addresses in theirs.
    fn both(&self, address: IpAddr, user: &str) -> [(Who, u32); 2] {
        const NETWORK: u128 = !0 << 64;
        let address = match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & NETWORK)),
            address => address,
        };
        let user = Who::User(address, self.hasher.hash_one(user));
        [(user, FREE_BY_USER), (Who::Address(address), FREE_BY_ADDRESS)]
    }

    /// Whether an address may try to log in as a user.
    ///
    /// # Errors
    /// Not yet; how long to wait.
    pub(super) fn check(&self, address: IpAddr, user: &str, now: Instant) -> Result<(), Duration> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = self.both(address, user).into_iter().filter_map(|(who, _)| counts.get(&who, now));
        let wait = waits.map(|count| count.next.saturating_duration_since(now)).max().unwrap_or_default();
        if wait.is_zero() { Ok(()) } else { Err(wait) }
    }

    /// A login failed.
    pub(super) fn count(&self, address: IpAddr, user: &str, now: Instant) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for (who, free) in self.both(address, user) {
            let failures = counts.get(&who, now).map_or(0, |count| count.failures).saturating_add(1);
            let wait = match failures.checked_sub(free) {
                None | Some(0) => Duration::ZERO,
                Some(more) => Duration::from_secs(1 << (more - 1).min(16)).min(LONGEST_WAIT),
            };
            counts.put(who, Count { failures, next: now + wait }, now);
        }
    }

    /// A login succeeded. What the address did wrong with other names stays: it may know one password only.
    pub(super) fn forget(&self, address: IpAddr, user: &str) {
        let [(user, _), _] = self.both(address, user);
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).remove(&user);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_and_slower() {
        let failures = Failures::new();
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let mut now = Instant::now();
        for _ in 0..FREE_BY_USER {
            assert_eq!(failures.check(address, "u", now), Ok(()));
            failures.count(address, "u", now);
        }
        assert_eq!(failures.check(address, "u", now), Ok(()));
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300] {
            let wait = Duration::from_secs(seconds);
            failures.count(address, "u", now);
            assert_eq!(failures.check(neighbour, "u", now), Err(wait));
            now += wait - Duration::from_millis(1);
            assert!(failures.check(address, "u", now).is_err());
            now += Duration::from_millis(1);
            assert_eq!(failures.check(address, "u", now), Ok(()));
        }
        // Others are not held up.
        failures.count(address, "u", now);
        assert_eq!(failures.check(address, "v", now), Ok(()));
        assert_eq!(failures.check("2001:db8:0:1::1".parse().unwrap(), "u", now), Ok(()));
        failures.forget(address, "u");
        assert_eq!(failures.check(address, "u", now), Ok(()));
    }

    #[test]
    fn an_address_that_tries_many_names() {
        let failures = Failures::new();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let now = Instant::now();
        for n in 0..=FREE_BY_ADDRESS {
            assert_eq!(failures.check(address, "own", now), Ok(()));
            failures.count(address, &n.to_string(), now);
            failures.forget(address, "own");
        }
        assert_eq!(failures.check(address, "another", now), Err(Duration::from_secs(1)));
        assert_eq!(failures.check("::ffff:192.0.2.1".parse().unwrap(), "x", now), Err(Duration::from_secs(1)));
        assert_eq!(failures.check(address, "another", now + REMEMBERED_FOR), Ok(()));
    }
}
