//! How many findings there were when, as bars: a picture of the server's, so that it needs no script.

use jiff::Timestamp;
use lanner_finding::Severity;
use lanner_store::{Facet, Reader, Span, StoreError};
use maud::{Markup, html};

use super::text::count;
use crate::query::Query;

/// Bars at most.
const BARS: i64 = 96;
/// Units of the picture: each bar is so wide, and the highest so high.
const WIDTH: i64 = 10;
const HEIGHT: f64 = 64.0;
/// Severities, the worst at the bottom.
const SEVERITIES: [Severity; 5] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];

/// Findings of a stretch of time, by severity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bar {
    from: i64,
    counts: [u64; 5],
}

/// What is drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chart {
    bars: Vec<Bar>,
    /// How long each is, ns.
    each: i64,
}

impl Chart {
    /// Reads the counts of a range of time; nothing where there are none.
    pub(crate) fn read(
        reader: &Reader,
        range: (Option<i64>, Option<i64>),
        now: i64,
    ) -> Result<Option<Self>, StoreError> {
        let to = range
            .1
            .unwrap_or(now.saturating_add(Span::Hour.length_ns()))
            .min(now.saturating_add(Span::Day.length_ns()));
        let from = match range.0 {
            Some(from) => from,
            // From the first day on that has some.
            None => match reader.timeline(Span::Day, (Facet::All, ""), (0, to))?.first() {
                Some((first, _)) => *first,
                None => return Ok(None),
            },
        };
        let length = to.saturating_sub(from).max(1);
        let span = if length <= BARS * Span::Hour.length_ns() { Span::Hour } else { Span::Day };
        let spans = (length / span.length_ns() + 1).max(1);
        let each = (spans.saturating_add(BARS - 1) / BARS).max(1).saturating_mul(span.length_ns());
        let start = from - from.rem_euclid(each);
        let bars = usize::try_from(((to - 1 - start) / each + 1).clamp(1, BARS + 1)).unwrap_or(1);
        let mut chart = Self { bars: vec![Bar::default(); bars], each };
        for (at, bar) in (0..).zip(&mut chart.bars) {
            bar.from = start + at * each;
        }
        for (place, severity) in SEVERITIES.into_iter().enumerate() {
            for (time, findings) in reader.timeline(span, (Facet::Severity, severity.name()), (from, to))? {
                let at = usize::try_from((time - start) / each).unwrap_or_default();
                if let Some(bar) = chart.bars.get_mut(at) {
                    bar.counts[place] += findings;
                }
            }
        }
        Ok(Some(chart))
    }

    /// What is drawn of a severity: in each bar above those that are worse.
    fn path(&self, place: usize, most: u64) -> String {
        // What there is can be seen.
        let height = |count: u64| match count {
            0 => 0.0,
            count => (count as f64 / most.max(1) as f64 * HEIGHT).max(1.0),
        };
        let mut path = String::new();
        for (at, bar) in self.bars.iter().enumerate().filter(|(_, bar)| bar.counts[place] > 0) {
            let below: f64 = bar.counts[..place].iter().map(|count| height(*count)).sum();
            let (left, bottom) = (at as i64 * WIDTH + 1, (HEIGHT - below).max(1.0));
            let high = height(bar.counts[place]).min(bottom);
            path.push_str(&format!("M{left} {bottom:.1}h{}v-{high:.1}h-{}z", WIDTH - 2, WIDTH - 2));
        }
        path
    }

    /// As a picture, whose bars lead to their findings.
    pub(crate) fn markup(&self, query: &Query) -> Markup {
        let most = self.bars.iter().map(Bar::all).max().unwrap_or_default();
        let width = self.bars.len() as i64 * WIDTH;
        let hours = self.each / Span::Hour.length_ns();
        let each = match hours {
            1 => "an hour".to_owned(),
            24 => "a day".to_owned(),
            hours if hours % 24 == 0 => format!("{} days", hours / 24),
            hours => format!("{hours} hours"),
        };
        html! {
            figure.timeline {
                svg viewBox={ "0 0 " (width) " " (HEIGHT) } preserveAspectRatio="none" role="group"
                    aria-label={ "Findings by severity over time, at most " (count(most)) " in " (each) } {
                    @for (place, severity) in SEVERITIES.into_iter().enumerate() {
                        @let path = self.path(place, most);
                        @if !path.is_empty() { path class={ "bar " (severity.name()) } d=(path) {} }
                    }
                    @for (at, bar) in self.bars.iter().enumerate() {
                        @if bar.all() > 0 { (bar.link(at as i64, self.each, query)) }
                    }
                }
                figcaption {
                    span { (day(self.bars.first(), 0)) }
                    span { "a bar is " (each) ", the highest " (count(most)) }
                    span { (day(self.bars.last(), self.each)) }
                }
            }
        }
    }
}

impl Bar {
    fn all(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Leads to its findings, over all its height.
    fn link(&self, at: i64, each: i64, query: &Query) -> Markup {
        let (since, until) = (Some(self.from), Some(self.from + each));
        let zoomed = Query { time: None, since, until, after: None, ..query.clone() };
        html! {
            a href=(zoomed.path()) tabindex="-1" {
                title { (moment(self.from)) ": " (count(self.all())) }
                rect x=(at * WIDTH) width=(WIDTH) height=(HEIGHT) {}
            }
        }
    }
}

fn moment(ns: i64) -> String {
    let time = Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH).to_string();
    time.get(..16).unwrap_or(&time).replace('T', " ")
}

fn day(bar: Option<&Bar>, more: i64) -> String {
    bar.map(|bar| moment(bar.from + more)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use lanner_store::{Bounds, Record, Store};
    use serde_json::json;

    use super::*;

    #[test]
    fn findings_stand_where_they_were() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("findings.db");
        let hour = Span::Hour.length_ns();
        let now = 480_000 * hour + 5;
        let bounds = Bounds { age: Duration::from_secs(u64::MAX / 2), ..Bounds::default() };
        let mut store = Store::open(&path, bounds).expect("a store");
        let finding = |number: i64, time: i64, severity: &str| {
            let finding = json!({"id": format!("{number:032x}"), "time_ns": time, "severity": severity});
            Record::new(finding.to_string()).expect("a finding")
        };
        assert!(Chart::read(&Reader::open(&path).expect("a reader"), (None, None), now).expect("read").is_none());
        store
            .add(&[finding(1, now - 3 * hour, "high"), finding(2, now - 3 * hour, "low"), finding(3, now, "high")])
            .expect("written");
        let reader = Reader::open(&path).expect("a reader");
        for range in
            [(Some(now - 24 * hour), None), (Some(now - 24 * hour), Some(now + 1)), (None, None), (Some(0), None)]
        {
            let chart = Chart::read(&reader, range, now).expect("read").expect("some");
            assert!(chart.bars.len() as i64 <= BARS + 1, "{range:?}");
            let all: u64 = chart.bars.iter().flat_map(|bar| bar.counts).sum();
            assert_eq!(all, 3, "{range:?}");
            for bar in chart.bars.iter().filter(|bar| bar.counts.iter().any(|count| *count > 0)) {
                assert!(bar.from <= now && now - 4 * hour < bar.from + chart.each);
            }
            let text = chart.markup(&Query::default()).into_string();
            assert!(text.contains("class=\"bar high\"") && !text.contains("style="), "{text}");
        }
    }
}
