//! Times as texts, as Falco writes them.

/// `2026-11-30T16:17:34.000000001+0000`, or only the time.
pub(crate) fn write_time(time: u64, with_date: bool, out: &mut Vec<u8>) {
    const SECOND: u64 = 1_000_000_000;
    let (seconds, rest) = (time / SECOND, time % SECOND);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let mut text = String::new();
    if with_date {
        let (year, month, day) = date(days);
        text.push_str(&format!("{year:04}-{month:02}-{day:02}T"));
    }
    text.push_str(&format!("{hour:02}:{minute:02}:{second:02}.{rest:09}"));
    if with_date {
        text.push_str("+0000");
    }
    out.extend_from_slice(text.as_bytes());
}

/// Year, month and day, so many days after the beginning of 1970 (Howard Hinnant, `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written() {
        let mut out = Vec::new();
        write_time(1_796_055_454_000_000_007, true, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), "2026-11-30T16:17:34.000000007+0000");
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(date(11_016), (2000, 2, 29));
    }
}
