//! A report as OpenMetrics text.

use std::fmt::Error;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode as encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::status::{List, Pack, Report, Rule, Sink};

/// A second, ns.
const SECOND: f64 = 1e9;
/// How a pack may stand: a series each.
const STATES: [&str; 3] = ["running", "resting", "quarantined"];

/// The whole page.
pub(super) fn encode(report: Arc<Report>) -> Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures { report, open_files: open_files() }));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

/// What is shown.
#[derive(Debug)]
struct Figures {
    report: Arc<Report>,
    open_files: Option<u64>,
}

impl Collector for Figures {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> Result<(), Error> {
        let mut families = Families(encoder);
        self.of_host(&mut families)?;
        self.of_process(&mut families)?;
        self.of_findings(&mut families)?;
        self.of_packs(&mut families)?;
        self.of_lists(&mut families)?;
        self.of_rules(&mut families)
    }
}

impl Figures {
    fn of_host(&self, families: &mut Families<'_>) -> Result<(), Error> {
        let report = &*self.report;
        let none: [Label<'_>; 0] = [];
        families.gauges(
            "lanner_build_info",
            "The version of Lanner",
            [([("version", &*report.about.version)], 1_u64)],
        )?;
        // Without labels there would be a series that says nothing.
        let labels: Vec<Label<'_>> = report.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        if !labels.is_empty() {
            let mut family =
                families.0.encode_descriptor("lanner_labels_info", "Labels of the host", None, MetricType::Gauge)?;
            family.encode_family(&labels)?.encode_gauge(&1_u64)?;
        }
        let events = report.kinds.iter().map(|kind| ([("kind", &*kind.kind)], kind.events));
        families.counters("lanner_events", "Events that were judged, or are being judged", events)?;
        let lost = report.kinds.iter().map(|kind| ([("kind", &*kind.kind)], kind.lost));
        families.counters("lanner_events_lost", "Events that were lost between kernel and host", lost)?;
        let help = "Events that no pack can want, and that the kernel side did not send";
        let filtered = report.kinds.iter().map(|kind| ([("kind", &*kind.kind)], kind.filtered));
        families.counters("lanner_events_filtered", help, filtered)?;
        let help = "What is not seen or known on this machine";
        families.gauges("lanner_degraded", help, [(none, report.degraded.len() as u64)])?;
        let help = "Rules that are missing or refused, registries that are down";
        families.gauges("lanner_troubles", help, [(none, report.troubles.len() as u64)])
    }

    fn of_process(&self, families: &mut Families<'_>) -> Result<(), Error> {
        let report = &*self.report;
        let none: [Label<'_>; 0] = [];
        let seconds = report.processor_ns as f64 / SECOND;
        families.counters("process_cpu_seconds", "Processor time of the host", [(none, seconds)])?;
        let help = "Memory of the host that is in use";
        families.gauges("process_resident_memory_bytes", help, [(none, report.memory)])?;
        let began = report.about.since_ns as f64 / SECOND;
        families.gauges("process_start_time_seconds", "When the host began, since 1970 (UTC)", [(none, began)])?;
        let open_files = self.open_files.map(|open_files| (none, open_files));
        families.gauges("process_open_fds", "Files that the host has open", open_files)
    }

    fn of_findings(&self, families: &mut Families<'_>) -> Result<(), Error> {
        let report = &*self.report;
        let none: [Label<'_>; 0] = [];
        families.counters("lanner_findings", "Findings", [(none, report.findings)])?;
        let excepted = report.exceptions.iter().map(|each| ([("exception", &*each.name)], each.findings));
        families.counters("lanner_findings_excepted", "Findings that fell under an exception", excepted)?;
        let help = "Findings of rules that the tuning has switched off";
        families.counters("lanner_findings_switched_off", help, [(none, report.switched_off)])?;
        let sinks = |of: fn(&Sink) -> u64| report.sinks.iter().map(move |sink| ([("sink", &*sink.name)], of(sink)));
        let help = "Findings that a sink has written";
        families.counters("lanner_findings_written", help, sinks(|sink| sink.written))?;
        let help = "Findings that a sink did not take in time";
        families.counters("lanner_findings_left_out", help, sinks(|sink| sink.left_out))?;
        let help = "Findings that a sink was sent again";
        families.counters("lanner_findings_retried", help, sinks(|sink| sink.retried))?;
        let help = "Findings that a sink will never take";
        families.counters("lanner_findings_rejected", help, sinks(|sink| sink.rejected))?;
        let help = "Findings that a sink's route kept back or made one with others";
        families.counters("lanner_findings_kept_back", help, sinks(|sink| sink.kept_back))?;
        families.gauges("lanner_findings_waiting", "Findings that wait for a sink", sinks(|sink| sink.waiting))?;
        let help = "Bytes of findings that wait for a sink";
        families.gauges("lanner_findings_waiting_bytes", help, sinks(|sink| sink.waiting_bytes))?;
        let help = "How long the oldest finding has waited for a sink";
        let oldest =
            report.sinks.iter().map(|sink| ([("sink", &*sink.name)], sink.oldest_ns.unwrap_or(0) as f64 / SECOND));
        families.gauges("lanner_findings_oldest_seconds", help, oldest)?;
        let help = "1 where a sink takes findings, 0 where it does not for now";
        let takes = |sink: &Sink| u64::from(!sink.failed && sink.trouble.is_none());
        families.gauges("lanner_sink_up", help, sinks(takes))
    }

    fn of_packs(&self, families: &mut Families<'_>) -> Result<(), Error> {
        let packs = &self.report.packs;
        let info = packs
            .iter()
            .map(|pack| ([("pack", &*pack.name), ("version", &*pack.version), ("from", &*pack.from)], 1_u64));
        families.gauges("lanner_pack_info", "A pack that is loaded", info)?;
        let states = packs.iter().flat_map(|pack| {
            STATES.map(|state| ([("pack", &*pack.name), ("state", state)], u64::from(pack.state == state)))
        });
        families.gauges("lanner_pack_state", "1 for the state that a pack is in", states)?;
        let each = |of: fn(&Pack) -> u64| packs.iter().map(move |pack| ([("pack", &*pack.name)], of(pack)));
        families.counters("lanner_pack_events", "Events that a pack judged", each(|pack| pack.events))?;
        families.counters("lanner_pack_calls", "Calls into a pack with events", each(|pack| pack.calls))?;
        families.counters("lanner_pack_findings", "Findings of a pack", each(|pack| pack.findings))?;
        let processor = packs.iter().map(|pack| ([("pack", &*pack.name)], pack.processor_ns as f64 / SECOND));
        families.counters("lanner_pack_processor_seconds", "Processor time of a pack", processor)?;
        families.counters("lanner_pack_failures", "Calls into a pack that failed", each(|pack| pack.failures))?;
        let help = "Events that passed a pack by while it rested";
        families.counters("lanner_pack_missed_events", help, each(|pack| pack.missed))?;
        let help = "Events that a pack was not given, as too many waited for it";
        families.counters("lanner_pack_dropped_events", help, each(|pack| pack.dropped))?;
        families.gauges("lanner_pack_memory_bytes", "Linear memory of a pack", each(|pack| pack.memory))?;
        families.gauges("lanner_pack_waiting_bytes", "Events that wait for a pack", each(|pack| pack.waiting))?;
        let costs = packs.iter().flat_map(|pack| {
            [("0.5", pack.median_ns), ("0.99", pack.p99_ns)]
                .map(|(part, ns)| ([("pack", &*pack.name), ("quantile", part)], ns as f64 / SECOND))
        });
        families.gauges("lanner_pack_event_processor_seconds", "Processor time that an event costs a pack", costs)
    }

    fn of_lists(&self, families: &mut Families<'_>) -> Result<(), Error> {
        let lists = &self.report.lists;
        let each = |of: fn(&List) -> u64| {
            lists.iter().map(move |list| ([("pack", &*list.pack), ("list", &*list.list)], of(list)))
        };
        families.gauges("lanner_list_entries", "Entries of a list that a pack goes by", each(|list| list.entries))?;
        let help = "Memory that the entries of a list take";
        families.gauges("lanner_list_memory_bytes", help, each(|list| list.bytes))?;
        let help = "Times that a list was to be read anew and could not be used";
        families.counters("lanner_list_refused", help, each(|list| list.refused))
    }

    fn of_rules(&self, families: &mut Families<'_>) -> Result<(), Error> {
        let packs = &self.report.packs;
        let count = |pack: &Pack, left_out| pack.rules.iter().filter(|rule| rule.left_out == left_out).count() as u64;
        let run = packs.iter().map(|pack| ([("pack", &*pack.name)], count(pack, false)));
        families.gauges("lanner_pack_rules", "Rules of a pack that run", run)?;
        let help = "Rules of a pack that need what this host does not have";
        let left_out = packs.iter().map(|pack| ([("pack", &*pack.name)], count(pack, true)));
        families.gauges("lanner_pack_rules_left_out", help, left_out)?;
        let findings = packs.iter().flat_map(|pack| {
            let of = move |rule: &Rule| rule.findings;
            pack.rules.iter().map(move |rule| ([("pack", &*pack.name), ("rule", &*rule.id)], of(rule)))
        });
        families.counters("lanner_rule_findings", "Findings of a rule", findings)?;
        let rules = packs.iter().flat_map(|pack| pack.rules.iter().map(move |rule| (pack, rule)));
        let costs = rules.filter_map(|(pack, rule)| {
            Some(([("pack", &*pack.name), ("rule", &*rule.id)], rule.cost_ns? as f64 / SECOND))
        });
        let help = "Processor time that an event which its pack is given costs more because of a rule";
        families.gauges("lanner_rule_event_processor_seconds", help, costs)
    }
}

/// A label and its value.
type Label<'a> = (&'a str, &'a str);

/// Writes families, each with all of its series.
struct Families<'a>(DescriptorEncoder<'a>);

impl Families<'_> {
    fn counters<'l, V: EncodeCounterValue, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = ([Label<'l>; N], V)>,
    ) -> Result<(), Error> {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        series.into_iter().try_for_each(|(labels, value)| {
            family.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&value, None)
        })
    }

    fn gauges<'l, V: EncodeGaugeValue, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = ([Label<'l>; N], V)>,
    ) -> Result<(), Error> {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        series.into_iter().try_for_each(|(labels, value)| family.encode_family(&labels)?.encode_gauge(&value))
    }
}

/// How many files this process has open; nothing where that cannot be counted.
fn open_files() -> Option<u64> {
    // The folder that is read is one of them.
    std::fs::read_dir("/proc/self/fd").ok().map(|files| (files.count() as u64).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_page_that_scrapers_read() {
        let text = encode(Arc::new(crate::status::made_up())).expect("it is written");
        for line in [
            "lanner_labels_info{environment=\"prod\",site=\"a\\\"b\"} 1",
            "lanner_build_info{version=\"1.2.3\"} 1",
            "# TYPE lanner_events counter",
            "lanner_events_total{kind=\"open\"} 1234567",
            "lanner_events_lost_total{kind=\"exec\"} 3",
            "lanner_events_filtered_total{kind=\"open\"} 12",
            "lanner_pack_state{pack=\"starter\",state=\"running\"} 1",
            "lanner_pack_state{pack=\"starter\",state=\"resting\"} 0",
            "lanner_pack_state{pack=\"noisy\",state=\"quarantined\"} 1",
            "lanner_pack_processor_seconds_total{pack=\"starter\"} 2.5",
            "lanner_pack_event_processor_seconds{pack=\"starter\",quantile=\"0.99\"} 0.0000012",
            "lanner_rule_findings_total{pack=\"starter\",rule=\"credential-access/shadow-read\"} 4",
            "lanner_rule_event_processor_seconds{pack=\"starter\",rule=\"execution/exec-from-memory\"} 1.2e-7",
            "lanner_pack_rules_left_out{pack=\"starter\"} 1",
            "lanner_list_entries{pack=\"starter\",list=\"trusted-programs\"} 1000000",
            "lanner_list_refused_total{pack=\"starter\",list=\"trusted-programs\"} 2",
            "lanner_findings_left_out_total{sink=\"/var/log/\\\"odd\\\"\\n\"} 2",
            "lanner_findings_rejected_total{sink=\"/var/log/\\\"odd\\\"\\n\"} 1",
            "lanner_findings_retried_total{sink=\"/var/log/\\\"odd\\\"\\n\"} 7",
            "lanner_findings_waiting_bytes{sink=\"/var/log/\\\"odd\\\"\\n\"} 4096",
            "lanner_findings_oldest_seconds{sink=\"/var/log/\\\"odd\\\"\\n\"} 90.0",
            "lanner_sink_up{sink=\"/var/log/\\\"odd\\\"\\n\"} 0",
        ] {
            assert!(text.lines().any(|has| has == line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
        // What was not measured is not told as nothing.
        assert!(!text.contains("lanner_rule_event_processor_seconds{pack=\"starter\",rule=\"of/later\"}"), "{text}");
        // Each family is told once, and before its series.
        let families: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
        let mut once = families.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), families.len());
    }
}
