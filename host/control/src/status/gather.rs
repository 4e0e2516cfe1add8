//! From what the parts of a host say to a report.

use std::time::{Duration, SystemTime};

use lanner_engine::{Figures, KindStatus, PackStatus, RuleFigures, Status};
use lanner_finding::time;
use lanner_lists::ListStatus;
use lanner_sink::SinkStanding;
use lanner_tuning::ExceptionCount;
use rustix::time::{ClockId, clock_gettime};

use super::{Exception, Kind, List, Pack, Report, Rule, Shadow, Shortcoming, Sink};
use crate::host::Host;
use crate::socket::PROTOCOL;

impl Report {
    /// What a host says of itself, with what its pipeline has answered.
    pub(crate) fn gather(host: &dyn Host, status: &Status) -> Self {
        let about = host.about();
        let tuning = host.tuning();
        let time_ns = now_ns();
        Self {
            protocol: PROTOCOL,
            since: time::rfc3339(about.since_ns),
            about,
            labels: host.labels(),
            time: time::rfc3339(time_ns),
            time_ns,
            processor_ns: processor_ns(),
            memory: memory(),
            events: status.events,
            filtered: status.filtered,
            lost: status.lost,
            kinds: status.kinds.iter().map(Kind::from).collect(),
            findings: host.findings(),
            excepted: tuning.excepted,
            switched_off: tuning.off,
            exceptions: tuning.exceptions.into_iter().map(Exception::from).collect(),
            pause_p99_ns: status.pauses.p99_ns,
            pause_longest_ns: status.pauses.longest_ns,
            lists: host.lists().iter().map(List::from).collect(),
            packs: status.packs.iter().map(Pack::from).collect(),
            sinks: host.sinks().into_iter().map(Sink::from).collect(),
            degraded: status.degraded.iter().cloned().map(|(what, remedy)| Shortcoming { what, remedy }).collect(),
            troubles: host.troubles(),
        }
    }
}

impl From<ExceptionCount> for Exception {
    fn from(ExceptionCount { name, rules, reason, owner, expires_ns, findings }: ExceptionCount) -> Self {
        Self { name, rules, reason, owner, expires: expires_ns.map(time::rfc3339), findings }
    }
}

impl From<&ListStatus> for List {
    fn from(status: &ListStatus) -> Self {
        let ListStatus { pack, list, holds, entries, bytes, from, loaded_ns, refused, trouble } = status.clone();
        let loaded = (loaded_ns > 0).then(|| time::rfc3339(loaded_ns));
        let (entries, bytes) = (entries as u64, bytes as u64);
        Self { pack, list, holds, entries, bytes, from, loaded, refused, trouble }
    }
}

impl From<&KindStatus> for Kind {
    fn from(KindStatus { kind, events, lost, filtered }: &KindStatus) -> Self {
        Self { kind: kind.name().to_owned(), events: *events, filtered: *filtered, lost: *lost }
    }
}

impl From<&PackStatus> for Pack {
    fn from(status: &PackStatus) -> Self {
        let PackStatus { path, description, figures, waiting, by_rule, before, shadow } = status;
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
            shadow: shadow.as_ref().map(Shadow::from),
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
    fn from(standing: SinkStanding) -> Self {
        let SinkStanding { name, written, waiting, left_out, retried, rejected, kept_back, waiting_bytes, .. } =
            standing;
        Self {
            name,
            written,
            waiting: waiting as u64,
            left_out,
            retried,
            rejected,
            kept_back,
            waiting_bytes,
            oldest_ns: standing.oldest_ns.map(|oldest_ns| now_ns().saturating_sub(oldest_ns)),
            trouble: standing.trouble,
            failed: standing.failed,
        }
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
