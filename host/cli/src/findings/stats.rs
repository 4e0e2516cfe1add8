//! `lanner findings stats`: how many there are of what.

use std::fmt::Write as _;

use lanner_abi::Text;
use lanner_finding::time::rfc3339;
use lanner_store::{Facet, Reader, Span};
use serde_json::json;

use super::asked::{nanoseconds, since_1970, time};
use super::{Failure, Format, print};
use crate::pack::table;

/// Characters of the longest bar.
const BAR: u64 = 40;
/// Hours are shown for no longer than this, days beyond, ns.
const HOURS: i64 = 49 * 3_600_000_000_000;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// By what: severity, rule, pack, technique, host, program, user, container, image, namespace or label
    #[arg(long, value_name = "WHAT", default_value = "rule")]
    by: Facet,
    /// From the hour of then on: how long ago, a date, or a time
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<i64>,
    /// Before then
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<i64>,
    /// How many values at most
    #[arg(long, value_name = "COUNT", default_value = "20", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Show how many there were in each hour, or in each day where that is more than two days
    #[arg(long)]
    timeline: bool,
    /// For people, or JSON, one object a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

pub(super) fn run(store: &Reader, arguments: &Arguments) -> Result<(), Failure> {
    let now = nanoseconds(since_1970());
    // What happened a moment ago on another clock counts too.
    let range = (arguments.since.unwrap_or(0), arguments.until.unwrap_or(now.saturating_add(HOURS)));
    if arguments.timeline {
        return timeline(store, arguments, range);
    }
    let counts = store.top(arguments.by, range, arguments.limit)?;
    let all = store.top(Facet::All, range, 1)?.first().map_or(0, |all| all.findings);
    let text = match arguments.output {
        Format::Json => lines(counts.iter().map(|count| json!({"value": count.value, "findings": count.findings}))),
        Format::Text => {
            let share = |findings: u64| format!("{:.1} %", findings as f64 * 100.0 / all.max(1) as f64);
            let row = |count: &lanner_store::Count| {
                let value = Text::from(count.value.as_str()).to_string();
                vec![count.findings.to_string(), share(count.findings), value]
            };
            let rows: Vec<Vec<String>> = counts.iter().map(row).collect();
            let heading = arguments.by.name().to_uppercase();
            format!("{}\n{all} findings in all", table(&["FINDINGS", "SHARE", &heading], &rows))
        }
    };
    print("counts", &text)
}

fn timeline(store: &Reader, arguments: &Arguments, range: (i64, i64)) -> Result<(), Failure> {
    let first = arguments.since.is_none().then(|| store.timeline(Span::Day, (Facet::All, ""), range)).transpose()?;
    let first = first.and_then(|days| days.first().map(|(start, _)| *start)).unwrap_or(range.0);
    let end = arguments.until.unwrap_or_else(|| nanoseconds(since_1970()));
    let span = if end.saturating_sub(first) <= HOURS { Span::Hour } else { Span::Day };
    let counts = store.timeline(span, (Facet::All, ""), range)?;
    let most = counts.iter().map(|(_, findings)| *findings).max().unwrap_or(1).max(1);
    let begins = |start: i64| {
        let time = rfc3339(u64::try_from(start).unwrap_or_default());
        let shown = if span == Span::Hour { 16 } else { 10 };
        time.get(..shown).unwrap_or(&time).replace('T', " ")
    };
    let text = match arguments.output {
        Format::Json => lines(counts.iter().map(|(start, findings)| {
            let start_time = rfc3339(u64::try_from(*start).unwrap_or_default());
            json!({"start": start_time, "seconds": span.length_ns() / 1_000_000_000, "findings": findings})
        })),
        Format::Text => {
            let mut text = String::new();
            for (start, findings) in &counts {
                let bar = "█".repeat(usize::try_from((findings * BAR).div_ceil(most)).unwrap_or_default());
                let _ = writeln!(text, "{}  {findings:>8}  {bar}", begins(*start));
            }
            text
        }
    };
    print("counts", &text)
}

fn lines(objects: impl Iterator<Item = serde_json::Value>) -> String {
    objects.map(|object| object.to_string() + "\n").collect()
}
