//! Times for people and programs.

use jiff::Timestamp;
use jiff::tz::TimeZone;

fn timestamp(ns: u64) -> Timestamp {
    // u64 ns reach to the year 2554, well within what a timestamp holds.
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// UTC with nanoseconds, as in JSON.
pub fn rfc3339(ns: u64) -> String {
    format!("{:.9}", timestamp(ns))
}

/// The time of day here, with milliseconds.
pub fn of_day(ns: u64, zone: &TimeZone) -> String {
    timestamp(ns).to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn formats() {
        let ns = 1_795_485_296_123_456_789;
        assert_eq!(super::rfc3339(ns), "2026-11-24T01:54:56.123456789Z");
        assert_eq!(super::of_day(ns, &jiff::tz::TimeZone::UTC), "01:54:56.123");
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00.000000000Z");
    }
}
