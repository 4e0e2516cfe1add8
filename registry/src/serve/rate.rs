//! How many requests a client may make: a bucket of `burst` requests that fills at `requests_per_second`.
//!
//! A bucket is kept as the one moment at which it will be full again, so that a client costs a few bytes; one whose
//! bucket is full needs none, and is forgotten.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use lanner_access::Client;
use tokio::time::Instant;

/// How many clients are remembered at most.
const REMEMBERED: usize = 65_536;

/// The buckets of all clients.
pub struct Rates {
    /// How long it takes to win a request back.
    each: Duration,
    /// How long an empty bucket takes to fill.
    all: Duration,
    full_at: Mutex<HashMap<Client, Instant>>,
}

impl Rates {
    /// So many requests a second, and so many at once after a rest. Zero counts as one.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { each, all: each * burst.max(1), full_at: Mutex::default() }
    }

    /// Takes a request out of a client's bucket.
    ///
    /// # Errors
    /// It is empty; how long it takes until there is one.
    pub fn take(&self, client: Client) -> Result<(), Duration> {
        let now = Instant::now();
        let mut buckets = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&client) {
            buckets.retain(|_, full_at| *full_at > now);
            if buckets.len() >= REMEMBERED {
                // As many clients as that at the same time are an attack. Any half of them gets a full bucket again.
                let mut keep = false;
                buckets.retain(|_, _| {
                    keep = !keep;
                    keep
                });
            }
        }
        let full_at = buckets.entry(client).or_insert(now);
        let after = (*full_at).max(now) + self.each;
        match after.duration_since(now).checked_sub(self.all) {
            Some(missing) if !missing.is_zero() => Err(missing),
            _ => {
                *full_at = after;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn client(text: &str) -> Client {
        Client::at(text.parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_the_rate() {
        let rates = Rates::new(10, 3);
        for _ in 0..3 {
            rates.take(client("192.0.2.1")).unwrap();
        }
        assert_eq!(rates.take(client("192.0.2.1")), Err(Duration::from_millis(100)));
        // A refusal costs nothing, and another client has its own.
        assert_eq!(rates.take(client("192.0.2.1")), Err(Duration::from_millis(100)));
        rates.take(client("192.0.2.2")).unwrap();
        tokio::time::advance(Duration::from_millis(100)).await;
        rates.take(client("192.0.2.1")).unwrap();
        assert!(rates.take(client("192.0.2.1")).is_err());
        tokio::time::advance(Duration::from_secs(60)).await;
        for _ in 0..3 {
            rates.take(client("192.0.2.1")).unwrap();
        }
        assert!(rates.take(client("192.0.2.1")).is_err());
    }

    #[test]
    fn who_is_one_client() {
        assert_eq!(client("2001:db8:1:2:3::4"), client("2001:db8:1:2:ffff::1"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let rates = Rates::new(1, 1);
        for bits in 0..3 * u32::try_from(REMEMBERED).unwrap() {
            let _ = rates.take(Client::at(IpAddr::from(bits.to_be_bytes())));
        }
        assert!(rates.full_at.lock().unwrap().len() <= REMEMBERED);
    }
}
