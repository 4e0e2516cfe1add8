//! Which findings are asked for, as said on the command line.

use std::time::{Duration, SystemTime};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use lanner_finding::Severity;
use lanner_store::{Facet, Filter, State};

/// The options.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// From then on: how long ago (24h, 7days), a date, or a time (2026-11-30T08:00)
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<i64>,
    /// Before then
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<i64>,
    /// At least this bad
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    severity: Option<Severity>,
    /// Of this rule; said again: or of that one. So it is with the others
    #[arg(long, value_name = "ID")]
    rule: Vec<String>,
    /// Of the rules of this pack
    #[arg(long, value_name = "NAME")]
    pack: Vec<String>,
    /// Of rules for this ATT&CK technique
    #[arg(long, value_name = "ID")]
    technique: Vec<String>,
    /// Of this host
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,
    /// About processes that run this program
    #[arg(long, value_name = "PATH")]
    program: Vec<String>,
    /// About processes of this user
    #[arg(long, value_name = "NAME|UID")]
    user: Vec<String>,
    /// About this container, by its whole id
    #[arg(long, value_name = "ID")]
    container: Vec<String>,
    /// About containers of this image
    #[arg(long, value_name = "IMAGE")]
    image: Vec<String>,
    /// About pods of this namespace
    #[arg(long, value_name = "NAME")]
    namespace: Vec<String>,
    /// About this process, by its id in the finding
    #[arg(long, value_name = "ID")]
    process: Vec<String>,
    /// Of hosts with this label
    #[arg(long, value_name = "NAME=VALUE")]
    label: Vec<String>,
    /// In this state: open, acknowledged or closed
    #[arg(long, value_name = "STATE")]
    state: Vec<State>,
}

impl Asked {
    /// As the store is asked.
    pub(super) fn filter(&self, text: Option<String>) -> Filter {
        let named = [
            (Facet::Rule, &self.rule),
            (Facet::Pack, &self.pack),
            (Facet::Technique, &self.technique),
            (Facet::Host, &self.host),
            (Facet::Program, &self.program),
            (Facet::User, &self.user),
            (Facet::Container, &self.container),
            (Facet::Image, &self.image),
            (Facet::Namespace, &self.namespace),
            (Facet::Process, &self.process),
            (Facet::Label, &self.label),
        ];
        let mut facets: Vec<(Facet, Vec<String>)> = named
            .into_iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(facet, values)| (facet, values.clone()))
            .collect();
        if let Some(least) = self.severity {
            let severities = Severity::ALL.into_iter().filter(|severity| *severity >= least);
            facets.push((Facet::Severity, severities.map(|severity| severity.name().to_owned()).collect()));
        }
        Filter { since_ns: self.since, until_ns: self.until, facets, states: self.state.clone(), text }
    }
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::ALL.into_iter().find(|severity| severity.name() == text).ok_or_else(|| {
        let names: Vec<&str> = Severity::ALL.into_iter().map(Severity::name).collect();
        format!("there are {}", names.join(", "))
    })
}

/// A time as people write it, ns since 1970.
pub(super) fn time(text: &str) -> Result<i64, String> {
    if let Ok(ago) = humantime::parse_duration(text) {
        return Ok(nanoseconds(since_1970().saturating_sub(ago)));
    }
    // As times are printed.
    let utc = TimeZone::UTC;
    let timestamp = text
        .parse::<Timestamp>()
        .or_else(|_| {
            text.parse::<DateTime>().and_then(|time| time.to_zoned(utc.clone())).map(|zoned| zoned.timestamp())
        })
        .or_else(|_| text.parse::<Date>().and_then(|date| date.to_zoned(utc)).map(|zoned: Zoned| zoned.timestamp()));
    let timestamp = timestamp.map_err(|_| {
        "say how long ago (90m, 24h, 7days), a date (2026-11-30), or a time (2026-11-30T08:00), in UTC".to_owned()
    })?;
    // Nothing is found before 1970.
    Ok(i64::try_from(timestamp.as_nanosecond().max(0)).unwrap_or(i64::MAX))
}

pub(super) fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

pub(super) fn nanoseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}
