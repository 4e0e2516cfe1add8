//! The page of the host: its figures over time, where findings go, the lists, and what is not seen.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use lanner_control::status::Report;
use maud::{Markup, html};
use serde_json::json;

use super::layout::{Here, page as whole, scrolled, sentence};
use super::packs::{no_answer, troubles};
use super::text::{SHORT, bytes, count, counted, rate, shown, span, time, time_of};
use crate::caller::Caller;
use crate::desk::Desk;
use crate::samples::Sample;

/// Rows of the table of figures.
const ROWS: usize = 12;

/// Answers with the page.
pub(crate) async fn answer(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>) -> Response {
    let Some(report) = desk.inquiry.report().await else { return no_answer(&desk, &caller) };
    let content = content(&report, &desk.samples.hour());
    whole(&desk, &caller, Here::Host, "Host", &content).into_response()
}

/// The figures as columns, for the curves.
pub(crate) async fn samples(State(desk): State<Arc<Desk>>, RawQuery(query): RawQuery) -> Response {
    let samples = match query.as_deref() {
        Some("span=day") => desk.samples.day(),
        _ => desk.samples.hour(),
    };
    let column = |field: fn(&Sample) -> f64| samples.iter().map(field).collect::<Vec<f64>>();
    let columns = json!({
        "time": samples.iter().map(|sample| sample.time).collect::<Vec<_>>(),
        "events": column(|sample| sample.events),
        "filtered": column(|sample| sample.filtered),
        "lost": column(|sample| sample.lost),
        "findings": column(|sample| sample.findings),
        "processors": column(|sample| sample.processors * 100.0),
        "memory": column(|sample| sample.memory as f64 / f64::from(1 << 20)),
    });
    axum::Json(columns).into_response()
}

fn content(report: &Report, samples: &[Sample]) -> Markup {
    let last = samples.last().copied().unwrap_or_default();
    html! {
        div.heading {
            h1 { (shown(&report.about.hostname, 80)) }
            p.quiet.total { "Lanner " (shown(&report.about.version, 40)) ", kernel " (shown(&report.about.kernel, 80)) ", since " (time_of(&report.since)) }
        }
        ul.tiles {
            (tile("Events", &rate(last.events), "a second"))
            (tile("Lost", &count(report.lost), "events in all"))
            (tile("Findings", &count(report.findings), "since it began"))
            (tile("Processor", &format!("{:.1} %", last.processors * 100.0), "of one"))
            (tile("Memory", &bytes(report.memory), "in use"))
        }
        (troubles(report))
        section {
            div.title.small {
                h2 { "Over time" }
                div.buttons #spans hidden { button type="button" data-span="hour" aria-pressed="true" { "1 hour" } button type="button" data-span="day" aria-pressed="false" { "24 hours" } }
            }
            div.curves #curves hidden {
                (curve("events", "Events a second"))
                (curve("lost", "Lost events a second"))
                (curve("processors", "Processor, % of one"))
                (curve("memory", "Memory, MiB"))
            }
            details #figures open { summary { "As numbers" } (figures(samples)) }
        }
        (sinks(report))
        (kinds(report))
        (lists(report))
        (exceptions(report))
        @if !report.degraded.is_empty() {
            section.box {
                h2 { "Not seen or known" }
                ul { @for lacking in &report.degraded { li { (sentence(&lacking.what)) @if let Some(remedy) = &lacking.remedy { " " span.quiet { (sentence(remedy)) } } } } }
            }
        }
    }
}

fn tile(name: &str, figure: &str, unit: &str) -> Markup {
    html! { li { span.name { (name) } b { (figure) } span.quiet { (unit) } } }
}

fn curve(name: &str, title: &str) -> Markup {
    html! { figure { figcaption { (title) } div data-curve=(name) {} } }
}

/// The newest figures; all of them are in the curves.
fn figures(samples: &[Sample]) -> Markup {
    let step = samples.len().div_ceil(ROWS).max(1);
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "Time (UTC)" } th.number scope="col" { "Events/s" } th.number scope="col" { "Filtered/s" } th.number scope="col" { "Lost/s" } th.number scope="col" { "Findings/s" } th.number scope="col" { "Processor" } th.number scope="col" { "Memory" } } }
            tbody {
                @for sample in samples.iter().rev().step_by(step) {
                    tr {
                        td { (time(i64::try_from(sample.time).unwrap_or_default() * 1_000_000_000)) }
                        @for number in [sample.events, sample.filtered, sample.lost, sample.findings] { td.number { (rate(number)) } }
                        td.number { (format!("{:.1} %", sample.processors * 100.0)) }
                        td.number { (bytes(sample.memory)) }
                    }
                }
            }
        }
    };
    html! { @if samples.is_empty() { p.quiet { "The first figures come within some seconds." } } @else { (scrolled("Figures over time", &table)) } }
}

fn sinks(report: &Report) -> Markup {
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "Sink" } th scope="col" { "State" } th.number scope="col" { "Written" } th.number scope="col" { "Waiting" } th.number scope="col" { "Left out" } th.number scope="col" { "Rejected" } } }
            tbody {
                @for sink in &report.sinks {
                    tr {
                        td { (shown(&sink.name, 120)) }
                        td {
                            @match (&sink.trouble, sink.failed) {
                                (_, true) => span.state.quarantined { "failed" },
                                (Some(_), _) => span.state.resting { "in trouble" },
                                (None, _) => span.state.running { "OK" },
                            }
                            @if let Some(trouble) = &sink.trouble { p { (shown(trouble, SHORT)) } }
                        }
                        @for number in [sink.written, sink.waiting, sink.left_out, sink.rejected] { td.number { (count(number)) } }
                    }
                }
            }
        }
    };
    html! { section { h2 { "Where findings go" } (scrolled("Sinks", &table)) } }
}

fn kinds(report: &Report) -> Markup {
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "Kind" } th.number scope="col" { "Events" } th.number scope="col" { "Filtered out" } th.number scope="col" { "Lost" } } }
            tbody { @for kind in &report.kinds { tr { td { code { (shown(&kind.kind, 40)) } } @for number in [kind.events, kind.filtered, kind.lost] { td.number { (count(number)) } } } } }
        }
    };
    html! { @if !report.kinds.is_empty() { section { h2 { "Events by kind" } (scrolled("Events by kind", &table)) } } }
}

fn lists(report: &Report) -> Markup {
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "List" } th scope="col" { "Pack" } th.number scope="col" { "Entries" } th.number scope="col" { "Memory" } th scope="col" { "From" } } }
            tbody {
                @for list in &report.lists {
                    tr {
                        td { (shown(&list.list, 80)) " " span.quiet { (shown(&list.holds, 20)) } @if let Some(trouble) = &list.trouble { p.bad { (shown(trouble, SHORT)) } } }
                        td { (shown(&list.pack, 80)) }
                        td.number { (count(list.entries)) }
                        td.number { (bytes(list.bytes)) }
                        td { @for from in &list.from { code { (shown(from, 120)) } " " } @if list.from.is_empty() { span.quiet { "the pack" } } }
                    }
                }
            }
        }
    };
    html! { @if !report.lists.is_empty() { section { h2 { "Lists" } details open[report.lists.len() <= 12] { summary { (counted(report.lists.len(), "list")) } (scrolled("Lists", &table)) } } } }
}

fn exceptions(report: &Report) -> Markup {
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "Exception" } th scope="col" { "Rules" } th scope="col" { "Reason" } th scope="col" { "Until" } th.number scope="col" { "Excepted" } } }
            tbody {
                @for exception in &report.exceptions {
                    tr {
                        td { (shown(&exception.name, 120)) @if let Some(owner) = &exception.owner { p.quiet { (shown(owner, 60)) } } }
                        td { code { (shown(&exception.rules, 200)) } }
                        td { (shown(&exception.reason, SHORT)) }
                        td { @match &exception.expires { Some(expires) => (time_of(expires)), None => span.quiet { "no end" } } }
                        td.number { (count(exception.findings)) }
                    }
                }
            }
        }
    };
    html! {
        @if !report.exceptions.is_empty() {
            section { h2 { "Exceptions " span.quiet { (count(report.excepted)) " findings excepted" } } (scrolled("Exceptions", &table)) }
        }
        @if report.pause_longest_ns > 0 { p.quiet { "While packs were changed, events waited for " (span(report.pause_longest_ns)) " at most." } }
    }
}
