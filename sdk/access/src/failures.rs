//! Failed logins: counted, and slowed where there are many.
//!
//! Refused are only guesses at one user from one address: refusing by address alone would lock out all who share it (a
//! proxy, a NAT) for what one of them does, and by user alone anybody could lock out anybody else. An address that
//! tries many names is suspect: its logins are still answered, but all suspects have to share one turn (`logins`).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Client;
use crate::forgetful::Forgetful;

/// How many passwords of a user an address may have wrong without waiting: people mistype.
const FREE: u32 = 5;
/// With how many users' passwords wrong an address is not suspect: a whole company may stand behind it.
const UNSUSPECTED: u32 = 50;
/// How long the longest wait is.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// How long after the last failure all are forgotten.
const REMEMBERED_FOR: Duration = Duration::from_secs(900);
/// How many addresses and users are remembered at most.
const REMEMBERED: usize = 16_384;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Address(Client),
    /// A user by hash: names come from strangers, and may be as long as a header.
    User(Client, u64),
}

#[derive(Clone, Copy)]
struct Count {
    /// Of a user, how many logins; of an address, of how many users.
    failures: u32,
    /// When the next try is allowed.
    next: Instant,
}

pub(crate) struct Failures {
    counts: Mutex<Forgetful<Who, Count>>,
    hasher: RandomState,
}

impl Failures {
    pub(crate) fn new() -> Self {
        let counts = Mutex::new(Forgetful::new(REMEMBERED, REMEMBERED_FOR));
        Self { counts, hasher: RandomState::new() }
    }

    /// The address and the user at it.
    fn both(&self, address: IpAddr, user: &str) -> (Who, Who) {
        let address = Client::at(address);
        (Who::Address(address), Who::User(address, self.hasher.hash_one(user)))
    }

    fn counts(&self) -> MutexGuard<'_, Forgetful<Who, Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an address may try to log in as a user.
    ///
    /// # Errors
    /// Not yet; how long to wait.
    pub(crate) fn check(&self, address: IpAddr, user: &str, now: Instant) -> Result<(), Duration> {
        let (_, user) = self.both(address, user);
        let wait = self.counts().get(&user, now).map(|count| count.next.saturating_duration_since(now));
        wait.filter(|wait| !wait.is_zero()).map_or(Ok(()), Err)
    }

    /// Whether the passwords of many users were wrong that this address tried.
    pub(crate) fn is_suspect(&self, address: IpAddr, now: Instant) -> bool {
        let address = Who::Address(Client::at(address));
        self.counts().get(&address, now).is_some_and(|count| count.failures > UNSUSPECTED)
    }

    /// A login failed.
    pub(crate) fn count(&self, address: IpAddr, user: &str, now: Instant) {
        let (address, user) = self.both(address, user);
        let mut counts = self.counts();
        let before = |counts: &Forgetful<Who, Count>, who| counts.get(who, now).map_or(0, |count| count.failures);
        let failures = before(&counts, &user).saturating_add(1);
        let wait = match failures.checked_sub(FREE) {
            None | Some(0) => Duration::ZERO,
            Some(more) => Duration::from_secs(1 << (more - 1).min(16)).min(LONGEST_WAIT),
        };
        counts.put(user, Count { failures, next: now + wait }, now);
        // Somebody's old password that is tried again and again is one, not many.
        let users = before(&counts, &address).saturating_add(u32::from(failures == 1));
        counts.put(address, Count { failures: users, next: now }, now);
    }

    /// A login succeeded. What the address did wrong with other names stays: it may know one password only.
    pub(crate) fn forget(&self, address: IpAddr, user: &str) {
        let (_, user) = self.both(address, user);
        self.counts().remove(&user);
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
        for _ in 0..FREE {
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
        // One user's old password, however often.
        for _ in 0..=10 * UNSUSPECTED {
            failures.count(address, "old", now);
        }
        assert!(!failures.is_suspect(address, now));
        for n in 1..=UNSUSPECTED {
            assert!(!failures.is_suspect(address, now), "{n}");
            failures.count(address, &n.to_string(), now);
        }
        assert!(failures.is_suspect(address, now));
        assert!(failures.is_suspect("::ffff:192.0.2.1".parse().unwrap(), now));
        assert_eq!(failures.check(address, "another", now), Ok(()), "nobody else is locked out");
        failures.forget(address, "another");
        assert!(failures.is_suspect(address, now), "it may know one password only");
        assert!(!failures.is_suspect("192.0.2.2".parse().unwrap(), now));
        assert!(!failures.is_suspect(address, now + REMEMBERED_FOR));
    }
}
