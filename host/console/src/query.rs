//! Which findings a page is asked for: what stands behind `?` in its address.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lanner_finding::Severity;
use lanner_store::{Facet, Filter, State};

/// What findings can be filtered by here, in the order in which it is shown.
pub(crate) const FACETS: [Facet; 12] = [
    Facet::Severity,
    Facet::Rule,
    Facet::Technique,
    Facet::Host,
    Facet::Program,
    Facet::User,
    Facet::Container,
    Facet::Image,
    Facet::Namespace,
    Facet::Label,
    Facet::Pack,
    Facet::Process,
];
/// States, as they are called.
pub(crate) const STATES: [&str; 3] = {
    let [open, acknowledged, closed] = State::ALL;
    [open.name(), acknowledged.name(), closed.name()]
};
/// How far back, as it is asked for, and in words.
pub(crate) const TIMES: [(&str, &str, Duration); 5] = [
    ("1h", "last hour", Duration::from_secs(3600)),
    ("24h", "last 24 hours", Duration::from_secs(24 * 3600)),
    ("7d", "last 7 days", Duration::from_secs(7 * 24 * 3600)),
    ("30d", "last 30 days", Duration::from_secs(30 * 24 * 3600)),
    ("90d", "last 90 days", Duration::from_secs(90 * 24 * 3600)),
];
/// Values that one may ask for at once, of all facets together.
const MAX_VALUES: usize = 64;
/// Bytes of a value.
const MAX_VALUE: usize = 1024;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    /// These words stand in it.
    pub(crate) words: String,
    pub(crate) values: Vec<(Facet, String)>,
    pub(crate) states: Vec<State>,
    /// One of `TIMES`.
    pub(crate) time: Option<&'static str>,
    /// From this time on, and before that one; ns since 1970.
    pub(crate) since: Option<i64>,
    pub(crate) until: Option<i64>,
    /// The page goes on behind this key.
    pub(crate) after: Option<i64>,
}

impl Query {
    /// Reads it. What is not known is left out, as addresses are kept and changed by hand.
    ///
    /// # Errors
    /// A sentence: something cannot be what it is.
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, String> {
        let mut read = Self::default();
        for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            if value.len() > MAX_VALUE {
                return Err(format!("what is asked for by {name:?} is longer than {MAX_VALUE} bytes"));
            }
            match &*name {
                "q" => value.clone_into(&mut read.words),
                "state" => read.states.push(value.parse()?),
                "time" => read.time = TIMES.iter().map(|(time, ..)| *time).find(|time| *time == value),
                "since" => read.since = Some(time(value)?),
                "until" => read.until = Some(time(value)?),
                "after" => read.after = Some(value.parse().map_err(|_| "a page goes on behind a number")?),
                "severity" if !Severity::ALL.iter().any(|severity| severity.name() == value) => {
                    return Err(format!("there is no severity {value:?}"));
                }
                _ => {
                    let facet = FACETS.into_iter().find(|facet| facet.name() == name);
                    read.values.extend(facet.map(|facet| (facet, value.to_owned())));
                }
            }
        }
        read.values.dedup();
        match read.values.len() > MAX_VALUES || read.states.len() > STATES.len() {
            true => Err(format!("at most {MAX_VALUES} values can be asked for at once")),
            false => Ok(read),
        }
    }

    /// As the store is asked.
    pub(crate) fn filter(&self, now_ns: i64) -> Filter {
        let mut facets: Vec<(Facet, Vec<String>)> = Vec::new();
        for (facet, value) in &self.values {
            match facets.iter_mut().find(|(known, _)| known == facet) {
                Some((_, values)) => values.push(value.clone()),
                None => facets.push((*facet, vec![value.clone()])),
            }
        }
        let (since, until) = self.range(now_ns);
        Filter {
            since_ns: since,
            until_ns: until,
            facets,
            states: self.states.clone(),
            text: (!self.words.is_empty()).then(|| self.words.clone()),
        }
    }

    /// From when, until when, ns since 1970.
    pub(crate) fn range(&self, now_ns: i64) -> (Option<i64>, Option<i64>) {
        let back = TIMES.iter().find(|(time, ..)| Some(*time) == self.time).map(|(.., back)| nanoseconds(*back));
        (self.since.or_else(|| back.map(|back| now_ns.saturating_sub(back))), self.until)
    }

    /// How many things are asked for.
    pub(crate) fn count(&self) -> usize {
        let times = usize::from(self.time.is_some()) + usize::from(self.since.is_some() || self.until.is_some());
        self.values.len() + self.states.len() + times + usize::from(!self.words.is_empty())
    }

    pub(crate) fn has(&self, facet: Facet, value: &str) -> bool {
        self.values.iter().any(|(known, of)| *known == facet && of == value)
    }

    /// The same with a value more, or without it; from the first page on.
    pub(crate) fn toggled(&self, facet: Facet, value: &str) -> Self {
        let mut other = Self { after: None, ..self.clone() };
        match self.has(facet, value) {
            true => other.values.retain(|(known, of)| *known != facet || of != value),
            false => other.values.push((facet, value.to_owned())),
        }
        other
    }

    /// As it stands in an address, with its path.
    pub(crate) fn path(&self) -> String {
        self.at("/")
    }

    /// The same at another path.
    pub(crate) fn at(&self, path: &str) -> String {
        let query = self.text();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    fn text(&self) -> String {
        let mut text = form_urlencoded::Serializer::new(String::new());
        if !self.words.is_empty() {
            text.append_pair("q", &self.words);
        }
        for (facet, value) in &self.values {
            text.append_pair(facet.name(), value);
        }
        for state in &self.states {
            text.append_pair("state", state.name());
        }
        if let Some(time) = self.time {
            text.append_pair("time", time);
        }
        for (name, time) in [("since", self.since), ("until", self.until)] {
            if let Some(time) = time {
                text.append_pair(name, &short(time));
            }
        }
        if let Some(after) = self.after {
            text.append_pair("after", &after.to_string());
        }
        text.finish()
    }
}

/// A time as it stands in addresses and forms, ns since 1970: in UTC, where nothing else is said.
fn time(text: &str) -> Result<i64, String> {
    use jiff::civil::{Date, DateTime};
    let utc = jiff::tz::TimeZone::UTC;
    let timestamp = text
        .parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>().and_then(|time| Ok(time.to_zoned(utc.clone())?.timestamp())))
        .or_else(|_| text.parse::<Date>().and_then(|date| Ok(date.to_zoned(utc)?.timestamp())));
    let timestamp =
        timestamp.map_err(|_| format!("{text:?} is no time: write it as 2026-11-30 or 2026-11-30T08:00 (UTC)"))?;
    Ok(i64::try_from(timestamp.as_nanosecond().max(0)).unwrap_or(i64::MAX))
}

/// A time as it stands in addresses: a day where it begins one.
fn short(ns: i64) -> String {
    let time = rfc3339(ns);
    time.strip_suffix("T00:00:00Z").map(str::to_owned).unwrap_or(time)
}

/// A time as text.
pub(crate) fn rfc3339(ns: i64) -> String {
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

/// Now, ns since 1970.
pub(crate) fn now_ns() -> i64 {
    nanoseconds(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
}

fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for_is_read() {
        let query = Query::parse(Some(
            "q=curl+%2Fetc&severity=high&severity=critical&rule=a%2Fb&state=open&time=24h&since=2026-11-30&after=7&else=1&host=",
        ))
        .expect("a query");
        assert_eq!((query.words.as_str(), query.values.len(), query.count()), ("curl /etc", 3, 7));
        assert_eq!(Query::parse(Some(&query.text())), Ok(query.clone()));
        let filter = query.filter(0);
        assert_eq!(filter.facets[0], (Facet::Severity, vec!["high".to_owned(), "critical".to_owned()]));
        assert_eq!((filter.since_ns, filter.until_ns), (Some(1_795_996_800_000_000_000), None));
        assert!(!query.toggled(Facet::Rule, "a/b").has(Facet::Rule, "a/b"));
        assert!(query.toggled(Facet::Rule, "c/d").has(Facet::Rule, "c/d"));
        assert_eq!(Query::parse(Some("after=7")).expect("a query").count(), 0);
        let hour = Query::parse(Some("time=1h")).expect("a query");
        assert_eq!(hour.range(7_200_000_000_000), (Some(3_600_000_000_000), None));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let many: String = (0..65).map(|number| format!("rule={number}&")).collect();
        for query in
            ["severity=bad", "state=gone", "since=yesterday", "after=x", &many, &format!("q={}", "x".repeat(2000))]
        {
            assert!(Query::parse(Some(query)).is_err(), "{query}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_asked_is_asked_again_alike(query in "[a-z=&%+0-9/ \\u{e9}]{0,80}", words in "\\PC{0,30}") {
            let mut text = form_urlencoded::Serializer::new(query);
            text.append_pair("q", &words);
            if let Ok(query) = Query::parse(Some(&text.finish())) {
                prop_assert_eq!(Query::parse(Some(&query.text())), Ok(query));
            }
        }
    }
}
