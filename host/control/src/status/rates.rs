//! How fast things go: between two reports of the same host.

use std::collections::BTreeMap;

use super::{Pack, Report};

/// A second, ns.
const SECOND: f64 = 1e9;

/// What happened a second, between two reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Events judged.
    pub events: f64,
    /// Events that were filtered out.
    pub filtered: f64,
    /// Events lost.
    pub lost: f64,
    /// Findings.
    pub findings: f64,
    /// Processors that the host kept busy.
    pub processors: f64,
    packs: BTreeMap<String, PackRates>,
}

/// The same of a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PackRates {
    /// Events it judged.
    pub events: f64,
    /// Findings it raised.
    pub findings: f64,
    /// Its share of a processor: 1 is all of it.
    pub share: f64,
}

impl Rates {
    /// From one report to a later one. Nothing moves where they are of two hosts, or of the same time.
    pub fn between(before: &Report, now: &Report) -> Self {
        let seconds = now.time_ns.saturating_sub(before.time_ns) as f64 / SECOND;
        if seconds <= 0.0 || before.about != now.about {
            return Self::default();
        }
        let rate = |before: u64, now: u64| now.saturating_sub(before) as f64 / seconds;
        let pack = |now: &Pack| {
            // One that was loaded meanwhile began with nothing.
            let unknown = Pack::default();
            let before = before.packs.iter().find(|pack| pack.name == now.name).unwrap_or(&unknown);
            let rates = PackRates {
                events: rate(before.events, now.events),
                findings: rate(before.findings, now.findings),
                share: rate(before.processor_ns, now.processor_ns) / SECOND,
            };
            (now.name.clone(), rates)
        };
        Self {
            events: rate(before.events, now.events),
            filtered: rate(before.filtered, now.filtered),
            lost: rate(before.lost, now.lost),
            findings: rate(before.findings, now.findings),
            processors: rate(before.processor_ns, now.processor_ns) / SECOND,
            packs: now.packs.iter().map(pack).collect(),
        }
    }

    /// Of the pack of this name.
    pub fn pack(&self, name: &str) -> PackRates {
        self.packs.get(name).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_a_second_and_never_below_nothing() {
        let pack = |events, processor_ns| Pack { name: "a".into(), events, processor_ns, ..Pack::default() };
        let report = |time_ns, events, pack| Report { time_ns, events, packs: vec![pack], ..Report::default() };
        let before = report(1_000_000_000, 100, pack(10, 0));
        let now = report(3_000_000_000, 500, pack(30, 1_000_000_000));
        let rates = Rates::between(&before, &now);
        assert_eq!((rates.events, rates.pack("a").events, rates.pack("a").share), (200.0, 10.0, 0.5));
        assert_eq!(rates.pack("other"), PackRates::default());
        assert_eq!(Rates::between(&now, &now), Rates::default());
        // A pack whose version was replaced, or a clock that was set back.
        assert_eq!(Rates::between(&now, &before), Rates::default());
        let anew = report(4_000_000_000, 500, pack(5, 0));
        assert_eq!(Rates::between(&now, &anew).pack("a").events, 0.0);
    }
}
