//! The page of packs: what runs, what it costs, what runs in the shadow, and which version is to run.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lanner_control::status::{Agreement, Pack, Report, Shadow};
use lanner_store::Facet;
use maud::{Markup, html};

use super::layout::{Here, filtered, form_field, message, page as whole, scrolled, sentence};
use super::text::{SHORT, bytes, count, counted, shown, span, time_of};
use crate::actions::Turn;
use crate::caller::Caller;
use crate::desk::Desk;

/// Said where the host does not answer.
pub(super) const NO_ANSWER: &str = "The host does not answer at the moment: try again.";

/// Answers with the page.
pub(crate) async fn answer(State(desk): State<Arc<Desk>>, Extension(caller): Extension<Caller>) -> Response {
    let Some(report) = desk.inquiry.report().await else { return no_answer(&desk, &caller) };
    let content = html! {
        div.heading { h1 { "Packs" } p.quiet.total { (counted(report.packs.len(), "pack")) } }
        (troubles(&report))
        @for pack in &report.packs { (section(&caller, pack)) }
        @if report.packs.is_empty() { div.empty { h2 { "No pack runs" } p { "Start the host with --rules, or set rules." } } }
    };
    whole(&desk, &caller, Here::Packs, "Packs", &content).into_response()
}

pub(super) fn no_answer(desk: &Desk, caller: &Caller) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, message(desk, caller, "No answer", NO_ANSWER)).into_response()
}

/// What is wrong, where something is.
pub(super) fn troubles(report: &Report) -> Markup {
    html! {
        @if !report.troubles.is_empty() {
            section.box.troubles {
                h2 { "Troubles" }
                ul { @for trouble in &report.troubles { li { (sentence(trouble)) } } }
            }
        }
    }
}

fn section(caller: &Caller, pack: &Pack) -> Markup {
    let missed = pack.missed + pack.dropped;
    html! {
        section.box.pack id={ "pack-" (slug(&pack.name)) } {
            div.title.small {
                h2 { (shown(&pack.name, 80)) }
                span.version { (shown(&pack.version, 40)) }
                span class={ "state " (state(&pack.state)) } { (shown(&pack.state, 20)) }
                div.buttons {
                    @if pack.state != "running" { (turn(caller, pack, Turn::Release, "Release")) }
                    @if pack.before.is_some() { (turn(caller, pack, Turn::RollBack, "Roll back")) }
                }
            }
            dl.figures {
                div { dt { "From" } dd.long { code { (shown(&pack.from, SHORT)) } } }
                @if let Some(loaded) = &pack.loaded { div { dt { "Loaded (UTC)" } dd { (time_of(loaded)) } } }
                @if let Some(before) = &pack.before { div { dt { "Before" } dd { (shown(before, 40)) } } }
                div { dt { "Events" } dd { (count(pack.events)) } }
                div { dt { "Findings" } dd { a href=(filtered(Facet::Pack, &pack.name)) { (count(pack.findings)) } } }
                div { dt { "Cost of an event" } dd { (span(pack.median_ns)) span.quiet { " median, " (span(pack.p99_ns)) " p99" } } }
                div { dt { "Processor time" } dd { (span(pack.processor_ns)) } }
                div { dt { "Memory" } dd { (bytes(pack.memory)) } }
                @if pack.failures > 0 { div { dt { "Failed calls" } dd.bad { (count(pack.failures)) } } }
                @if missed > 0 { div { dt { "Events not judged" } dd.bad { (count(missed)) } } }
                @if pack.waiting > 0 { div { dt { "Waiting" } dd { (bytes(pack.waiting)) } } }
            }
            @if let Some(candidate) = &pack.shadow { (shadow(caller, pack, candidate)) }
            (rules(pack))
        }
    }
}

/// A link to the page that asks once more; nothing for those that only look.
fn turn(caller: &Caller, pack: &Pack, turn: Turn, name: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("pack", &pack.name)
        .append_pair("turn", turn.word())
        .finish();
    html! { @if caller.operates() { a.button href={ "/packs/confirm?" (query) } { (name) } } }
}

fn rules(pack: &Pack) -> Markup {
    let most = pack.rules.iter().filter_map(|rule| rule.cost_ns).max().unwrap_or_default().max(1);
    let mut rules: Vec<_> = pack.rules.iter().collect();
    rules.sort_by_key(|rule| (std::cmp::Reverse(rule.cost_ns), std::cmp::Reverse(rule.findings)));
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "Rule" } th.number scope="col" { "Findings" } th.number scope="col" { "Cost of an event" } th scope="col" { span.unseen { "Beside others" } } } }
            tbody {
                @for rule in rules {
                    tr {
                        td { code { (shown(&rule.id, 100)) } @if rule.left_out { " " span.state.resting title="It needs what this host does not have" { "left out" } } }
                        td.number { @if rule.findings > 0 { a href=(filtered(Facet::Rule, &rule.id)) { (count(rule.findings)) } } @else { span.quiet { "0" } } }
                        td.number { @match rule.cost_ns { Some(cost) => (span(cost)), None => span.quiet { "not measured" } } }
                        td.meter { @if let Some(cost) = rule.cost_ns { meter min="0" max=(most) value=(cost) aria-label={ "Cost of " (shown(&rule.id, 100)) } { } } }
                    }
                }
            }
        }
    };
    html! {
        details open[pack.rules.len() <= 12] {
            summary { (counted(pack.rules.len(), "rule")) span.quiet { ", most expensive first" } }
            (scrolled(&format!("Rules of {}", shown(&pack.name, 80)), &table))
        }
    }
}

/// How a candidate differs from the version that runs.
fn shadow(caller: &Caller, pack: &Pack, candidate: &Shadow) -> Markup {
    let latest = html! {
        table.figures {
            thead { tr { th scope="col" { "Time (UTC)" } th scope="col" { "Rule" } th scope="col" { (shown(&pack.version, 40)) " found" } th scope="col" { (shown(&candidate.version, 40)) " found" } } }
            tbody {
                @for difference in candidate.latest.iter().rev() {
                    tr {
                        td { (time_of(&difference.time)) }
                        td { code { (shown(&difference.rule, 100)) } }
                        @for side in [&difference.running, &difference.candidate] {
                            td { @match side { Some(message) => (shown(message, SHORT)), None => span.quiet { "nothing" } } }
                        }
                    }
                }
            }
        }
    };
    html! {
        div.shadow {
            div.title.small {
                h3 { "In the shadow: " (shown(&candidate.version, 40)) }
                span class={ "state " (state(&candidate.state)) } { (shown(&candidate.state, 20)) }
                div.buttons { (turn(caller, pack, Turn::Promote, "Promote")) (turn(caller, pack, Turn::Unshadow, "End it")) }
            }
            p.quiet { "It judges the same events, and what it finds is compared and not raised. " (count(candidate.events)) " events so far, " (span(candidate.median_ns)) " median, " (span(candidate.p99_ns)) " p99"
                @if candidate.failures > 0 { ", " b { (count(candidate.failures)) " calls failed" } }
                @if candidate.missed > 0 { ", " b { (count(candidate.missed)) " events not judged" } }
                "." }
            (agreement(&candidate.all, &candidate.rules))
            @if !candidate.latest.is_empty() {
                details { summary { "Latest differences" } (scrolled("Latest differences", &latest)) }
            }
        }
    }
}

fn agreement(all: &Agreement, rules: &BTreeMap<String, Agreement>) -> Markup {
    let line = |name: &Markup, of: &Agreement| {
        html! { tr { td { (name) } @for number in [of.same, of.changed, of.only_running, of.only_candidate] { td.number { (count(number)) } } } }
    };
    let table = html! {
        table.figures {
            thead { tr { th scope="col" { "Findings" } th.number scope="col" { "Same" } th.number scope="col" { "Changed" } th.number scope="col" { "Only running" } th.number scope="col" { "Only candidate" } } }
            tbody {
                (line(&html! { b { "All" } }, all))
                @for (rule, of) in rules { (line(&html! { code { (shown(rule, 100)) } }, of)) }
            }
        }
    };
    scrolled("How the two differ", &table)
}

/// Asks once more.
pub(crate) async fn confirm(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let value = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes()).find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let Some(report) = desk.inquiry.report().await else { return no_answer(&desk, &caller) };
    let name = value("pack").unwrap_or_default();
    let asked = value("turn").as_deref().and_then(Turn::of);
    let (Some(pack), Some(turn)) = (report.packs.iter().find(|pack| pack.name == name), asked) else {
        let page =
            message(&desk, &caller, "Nothing to do", "There is no such pack any more, or nothing of that kind to do.");
        return (StatusCode::NOT_FOUND, page).into_response();
    };
    let candidate = pack.shadow.as_ref().map(|shadow| shown(&shadow.version, 40)).unwrap_or_default();
    let (runs, before) = (shown(&pack.version, 40), shown(pack.before.as_deref().unwrap_or_default(), 40));
    let (title, what) = match turn {
        Turn::Promote => (
            "Promote",
            format!("{candidate} takes the place of {runs}, and its state. {runs} can be had back by rolling back."),
        ),
        Turn::Unshadow => ("End the shadow", format!("{candidate} ends, with what was compared. {runs} goes on.")),
        Turn::RollBack => {
            ("Roll back", format!("{before} takes the place of {runs} again, with the state that it had."))
        }
        Turn::Release => {
            ("Release", format!("{runs} goes on with the events from now on. It is {} now.", shown(&pack.state, 20)))
        }
    };
    let content = html! {
        div.confirm.box {
            h1 { (title) ": " (shown(&pack.name, 80)) }
            p { (what) }
            form method="post" action="/packs/change" {
                (form_field(&caller))
                input type="hidden" name="pack" value=(pack.name);
                input type="hidden" name="turn" value=(turn.word());
                div.buttons { button.primary type="submit" { (title) } a.button href="/packs" data-up { "Cancel" } }
            }
        }
    };
    whole(&desk, &caller, Here::Packs, title, &content).into_response()
}

/// A state as a class: only known words.
fn state(state: &str) -> &'static str {
    ["running", "resting", "quarantined"].into_iter().find(|known| *known == state).unwrap_or_default()
}

fn slug(name: &str) -> String {
    name.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect()
}
