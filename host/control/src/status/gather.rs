//! From what the parts of a host say to a report.

use std::time::{Duration, SystemTime};

use lanner_engine::{Figures, KindStatus, PackStatus, RuleFigures, Status};
use lanner_sink::{SinkStanding, time};
use rustix::time::{ClockId, clock_gettime};

use super::{Kind, Pack, Report, Rule, Shortcoming, Sink};
use crate::host::Host;
use crate::socket::PROTOCOL;

impl Report {
    /// What a host says of itself, with what its pipeline has answered.
    pub(crate) fn gather(host: &dyn Host, status: &Status) -> Self {
        let about = host.about();
        let time_ns = now_ns();
        Self {
            protocol: PROTOCOL,
            since: time::rfc3339(about.since_ns),
            about,
            time: time::rfc3339(time_ns),
            time_ns,
            processor_ns: processor_ns(),
            memory: memory(),
            events: status.events,
            filtered: status.filtered,
            lost: status.lost,
            kinds: status.kinds.iter().map(Kind::from).collect(),
            findings: host.findings(),
            packs: status.packs.iter().map(Pack::from).collect(),
            sinks: host.sinks().into_iter().map(Sink::from).collect(),
            degraded: status.degraded.iter().cloned().map(|(what, remedy)| Shortcoming { what, remedy }).collect(),
            troubles: host.troubles(),
        }
    }
}

impl From<&KindStatus> for Kind {
    fn from(KindStatus { kind, events, lost, filtered }: &KindStatus) -> Self {
        Self { kind: kind.name().to_owned(), events: *events, filtered: *filtered, lost: *lost }
    }
}

impl From<&PackStatus> for Pack {
    fn from(PackStatus { path, description, figures, waiting, by_rule, before }: &PackStatus) -> Self {
        let Figures { state, calls, events, findings, failures, missed, dropped, processor_ns, memory, .. } = *figures;
        let left_out = |rule: usize| description.left_out.iter().any(|left_out| left_out.rule as usize == rule);
        let rule = |(index, rule): (usize, &lanner_engine::Rule)| {
            let RuleFigures { findings, cost_ns } = by_rule.get(index).copied().unwrap_or_default();
            Rule { id: rule.id.clone(), findings, cost_ns, left_out: left_out(index) }
        };
        let loaded_ns = u64::try_from(figures.loaded_ns).ok().filter(|ns| *ns > 0);
        Self {
            name: description.name.clone(),
            version: description.version.clone(),
            before: before.clone(),
            from: path.display().to_string(),
            state: state.name().to_owned(),
            loaded: loaded_ns.map(time::rfc3339),
            loaded_ns,
            calls,
            events,
            findings,
            failures,
            missed,
            dropped,
            waiting: *waiting,
            processor_ns,
            median_ns: figures.median_ns,
            p99_ns: figures.p99_ns,
            memory,
            rules: description.rules.iter().enumerate().map(rule).collect(),
        }
    }
}

impl From<SinkStanding> for Sink {
    fn from(SinkStanding { name, written, waiting, left_out, trouble, failed }: SinkStanding) -> Self {
        Self { name, written, waiting: waiting as u64, left_out, trouble, failed }
    }
}

/// Now, ns since 1970 (UTC).
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Processor time that this process took, ns.
fn processor_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let time = Duration::try_from(time).unwrap_or_default();
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Memory of this process that is in use, bytes (proc_pid_statm(5)); 0 where that is not known.
fn memory() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
