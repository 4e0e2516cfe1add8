//! When findings are sent: by the time at which they happened.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use serde_json::Value;

use super::choose::Chooser;
use super::settings::{MaintenanceSettings, ScheduleSettings};

/// Days as they are written.
const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Hours of days.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    days: Vec<Weekday>,
    from: Time,
    /// The end of the day where there is none.
    until: Option<Time>,
    zone: TimeZone,
}

impl Schedule {
    pub(super) fn new(settings: &ScheduleSettings) -> Result<Self, String> {
        let day = |name: &String| {
            let day = DAYS.iter().find(|(known, _)| known == name).map(|(_, day)| *day);
            day.ok_or_else(|| {
                format!("schedule.days: there is no day {name:?}; there are mon, tue, wed, thu, fri, sat and sun")
            })
        };
        let time = |key: &str, text: &Option<String>| {
            let time = text.as_ref().map(|text| text.parse::<Time>().map_err(|_| text)).transpose();
            time.map_err(|text| format!("schedule.{key}: {text:?} is no time of day; 08:30 is one"))
        };
        let days = settings.days.iter().map(day).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            days: if days.is_empty() { DAYS.map(|(_, day)| day).to_vec() } else { days },
            from: time("from", &settings.from)?.unwrap_or_default(),
            until: time("until", &settings.until)?,
            zone: match settings.zone.as_deref() {
                None | Some("utc") => TimeZone::UTC,
                Some("local") => TimeZone::system(),
                Some(other) => return Err(format!("schedule.zone: {other:?} is neither utc nor local")),
            },
        })
    }

    /// Whether it is now, at this time, ns since 1970.
    pub(super) fn holds(&self, time_ns: u64) -> bool {
        let time = Timestamp::from_nanosecond(i128::from(time_ns)).unwrap_or_default().to_zoned(self.zone.clone());
        let (day, of_day) = (time.weekday(), time.time());
        let is_on = |day: &Weekday| self.days.contains(day);
        match self.until {
            None => is_on(&day) && self.from <= of_day,
            Some(until) if self.from < until => is_on(&day) && self.from <= of_day && of_day < until,
            // Over midnight: the hours behind it are of the day before.
            Some(until) => (is_on(&day) && self.from <= of_day) || (is_on(&day.previous()) && of_day < until),
        }
    }
}

/// A time at which something is worked on.
#[derive(Clone, Debug)]
pub(super) struct Maintenance {
    from_ns: u64,
    until_ns: u64,
    of: Option<Chooser>,
}

impl Maintenance {
    pub(super) fn new(settings: &MaintenanceSettings) -> Result<Self, String> {
        let (from_ns, until_ns) = (moment("from", &settings.from)?, moment("until", &settings.until)?);
        if from_ns >= until_ns {
            return Err(format!("maintenance: it ends ({}) before it begins ({})", settings.until, settings.from));
        }
        if settings.reason.trim().is_empty() {
            return Err("maintenance: the reason is empty: who misses a finding wants to know why".to_owned());
        }
        let of = settings.only.as_ref().map(Chooser::new).transpose();
        Ok(Self { from_ns, until_ns, of: of.map_err(|problem| format!("maintenance.only.{problem}"))? })
    }

    /// Whether a finding of this time is not sent because of it.
    pub(super) fn silences(&self, finding: &Value, time_ns: u64) -> bool {
        (self.from_ns..self.until_ns).contains(&time_ns)
            && self.of.as_ref().is_none_or(|chooser| chooser.chooses(finding))
    }
}

/// A day, or a day and a time, in UTC where no zone is said; ns since 1970.
fn moment(key: &str, text: &str) -> Result<u64, String> {
    let wrong = || format!("maintenance.{key}: {text:?} is no day and time; 2026-12-01T22:00:00Z is one");
    let civil = |civil: DateTime| civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let time = text.parse::<Timestamp>().ok();
    let time =
        time.or_else(|| text.parse::<Date>().ok().filter(|_| text.len() <= 10).and_then(|day| civil(day.into())));
    let time = time.or_else(|| text.parse::<DateTime>().ok().and_then(civil)).ok_or_else(wrong)?;
    u64::try_from(time.as_nanosecond()).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ns(time: &str) -> u64 {
        moment("x", time).expect("a time")
    }

    fn schedule(text: &str) -> Result<Schedule, String> {
        Schedule::new(&toml::from_str(text).expect("settings"))
    }

    #[test]
    fn hours_are_those_of_their_day() {
        // 1 December 2026 is a Tuesday.
        let office = schedule("days = ['mon', 'tue']\nfrom = '08:00'\nuntil = '18:00'").expect("a schedule");
        let night = schedule("days = ['tue']\nfrom = '22:00'\nuntil = '06:00'").expect("a schedule");
        let evening = schedule("from = '20:00'").expect("a schedule");
        for (time, expected) in [
            ("2026-12-01T08:00:00", [true, false, false]),
            ("2026-12-01T07:59:59.999999999", [false, false, false]),
            ("2026-12-01T18:00:00", [false, false, false]),
            ("2026-12-01T22:30:00Z", [false, true, true]),
            ("2026-12-02T05:59:00Z", [false, true, false]),
            ("2026-12-02T06:00:00Z", [false, false, false]),
            ("2026-12-02T09:00:00+01:00", [false, false, false]),
            ("2026-12-03T05:00:00Z", [false, false, false]),
            ("2026-11-30T09:00:00Z", [true, false, false]),
        ] {
            assert_eq!([&office, &night, &evening].map(|schedule| schedule.holds(ns(time))), expected, "{time}");
        }
        assert!(schedule("").expect("always").holds(0));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("days = ['monday']", "schedule.days: there is no day \"monday\""),
            ("from = '25:00'", "schedule.from: \"25:00\" is no time of day"),
            ("zone = 'mars'", "schedule.zone: \"mars\" is neither utc nor local"),
        ] {
            assert!(schedule(text).expect_err(text).contains(why), "{text}");
        }
        let of = |from: &str, until: &str, reason: &str| {
            let text = format!("from = {from}\nuntil = {until}\nreason = '{reason}'");
            Maintenance::new(&toml::from_str(&text).expect("settings")).map(drop)
        };
        assert_eq!(of("2026-12-01", "2026-12-02T00:00:00Z", "kernel"), Ok(()));
        assert_eq!(of("'2026-12-01T10:00:00+02:00'", "2026-12-01T08:00:01", "kernel"), Ok(()));
        assert!(of("2026-12-02", "2026-12-01", "x").expect_err("wrong").contains("before it begins"));
        assert!(of("'soon'", "2026-12-01", "x").expect_err("wrong").contains("\"soon\" is no day and time"));
        assert!(of("2026-12-01", "2026-12-02", " ").expect_err("wrong").contains("the reason is empty"));
    }
}
