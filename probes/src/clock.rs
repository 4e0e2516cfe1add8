//! From the kernel's clock to the wall's.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Readings of which the closest counts: an interrupt between the two clocks would shift every time by its length.
const READINGS: usize = 3;

/// What the wall clock shows at boot: CLOCK_REALTIME less CLOCK_BOOTTIME, ns since 1970 (UTC). Changes where the wall
/// clock is set or slewed.
pub fn boot_time_ns() -> u64 {
    (0..READINGS)
        .map(|_| {
            let before = ns(clock_gettime(ClockId::Boottime));
            let wall = ns(clock_gettime(ClockId::Realtime));
            let after = ns(clock_gettime(ClockId::Boottime));
            (after.saturating_sub(before), wall.saturating_sub(before / 2 + after / 2))
        })
        .min()
        .map_or(0, |(_, boot)| boot)
}

/// Now, ns since boot: the clock that the kernel side stamps records with.
pub(crate) fn boot_ns() -> u64 {
    ns(clock_gettime(ClockId::Boottime))
}

fn ns(time: Timespec) -> u64 {
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn boot_and_time_since_make_now() {
        let since = boot_ns();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
        assert!(now.abs_diff(boot_time_ns() + since) < 1_000_000_000);
    }
}
