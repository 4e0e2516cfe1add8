//! The page of findings: those that are kept, as they are asked for, and new ones as they come.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lanner_store::{State as Standing, Stored, Work};
use maud::{Markup, html};
use serde_json::Value;

use super::counts::Counted;
use super::facets;
use super::layout::{Here, NOT_KEPT, form_field, message, notice, page as whole, sentence, severity, technique};
use super::text::{SHORT, count, shown, time, value};
use crate::caller::Caller;
use crate::desk::Desk;
use crate::query::{Query, now_ns};

/// Findings of a page.
const PAGE: u32 = 50;
/// Techniques of a finding that are shown in its row.
const TECHNIQUES: usize = 3;

/// What is read for it, off the threads that answer: findings may be large.
struct Read {
    rows: Vec<Markup>,
    /// Where the next page begins.
    next: Option<i64>,
    counted: Arc<Counted>,
}

/// Answers with the page.
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = match Query::parse(query.as_deref()) {
        Ok(query) => query,
        Err(reason) => {
            let page = message(&desk, &caller, "This cannot be looked for", &sentence(&reason));
            return (StatusCode::BAD_REQUEST, page).into_response();
        }
    };
    let Some(kept) = &desk.kept else {
        return whole(&desk, &caller, Here::Findings, "Findings", &content(&caller, &query, None)).into_response();
    };
    let (now, asked, chooses) = (now_ns(), query.clone(), caller.operates());
    let counted = desk.counts.get(&query);
    let read = kept.ask(move |store| {
        let page = store.page(&asked.filter(now), asked.after, PAGE)?;
        let counted = match counted {
            Some(counted) => counted,
            None => Arc::new(Counted::read(store, &asked, now)?),
        };
        let rows = page.findings.iter().map(|stored| of(stored, chooses)).collect();
        Ok(Read { rows, next: page.next, counted })
    });
    match read.await {
        Ok(read) => {
            desk.counts.put(&query, &read.counted);
            whole(&desk, &caller, Here::Findings, "Findings", &content(&caller, &query, Some(&read))).into_response()
        }
        Err(error) => {
            let page = message(&desk, &caller, "This cannot be shown", &sentence(&error.to_string()));
            (StatusCode::SERVICE_UNAVAILABLE, page).into_response()
        }
    }
}

fn content(caller: &Caller, query: &Query, read: Option<&Read>) -> Markup {
    html! {
        div.heading {
            h1 { "Findings" }
            @if let Some(read) = read { p.quiet.total { (count(read.counted.facets.all)) @if query.range(0) == (None, None) { " in all" } @else { " in this time" } } }
            @if query.after.is_none() { (live(query)) }
        }
        (facets::form(query))
        (facets::chosen(query))
        @if read.is_none() { (notice(&format!("{NOT_KEPT} What comes while this page is open is shown."))) }
        @if let Some(chart) = read.and_then(|read| read.counted.chart.as_ref()) { (chart.markup(query)) }
        div.columns {
            @if let Some(read) = read {
                details.facets #facets open {
                    summary { "Narrow down" }
                    (read.counted.facets.markup(query))
                    p.quiet { "Counts are of the whole time that is shown, whatever else is asked for." }
                }
            }
            div.list {
                @if caller.operates() && read.is_some() { (bulk(caller, query)) }
                (table(caller, read))
                @if let Some(next) = read.and_then(|read| read.next) {
                    nav.pages aria-label="Pages of findings" {
                        @if query.after.is_some() { a.button href=(Query { after: None, ..query.clone() }.path()) { "Newest" } }
                        a.button href=(Query { after: Some(next), ..query.clone() }.path()) rel="next" { "Older" }
                    }
                } @else if query.after.is_some() {
                    nav.pages aria-label="Pages of findings" { a.button href=(Query { after: None, ..query.clone() }.path()) { "Newest" } }
                }
            }
        }
    }
}

/// What says whether new ones are shown as they come. Without scripts it is not there.
fn live(query: &Query) -> Markup {
    html! {
        div.live #live hidden data-live=(query.at("/live")) {
            span #live-state role="status" { "Connecting …" }
            button type="button" #live-pause aria-pressed="false" { "Pause" }
        }
    }
}

/// What can be done with several.
fn bulk(caller: &Caller, query: &Query) -> Markup {
    html! {
        form.bulk #bulk method="post" action="/findings/change" {
            (form_field(caller))
            input type="hidden" name="back" value=(query.path());
            span.quiet #chosen-count { "Choose rows, then:" }
            input name="text" placeholder="Why (optional)" aria-label="Why" maxlength="2000";
            button type="submit" name="change" value="acknowledge" { "Acknowledge" }
            button type="submit" name="change" value="close" { "Close" }
            button type="submit" name="change" value="take" { "Assign to me" }
        }
    }
}

fn table(caller: &Caller, read: Option<&Read>) -> Markup {
    let chooses = caller.operates() && read.is_some();
    let rows = read.map_or(&[][..], |read| &read.rows);
    html! {
        table.findings #findings aria-label="Findings, the newest first" {
            thead {
                tr {
                    @if chooses { th scope="col" { span.unseen { "Choose" } } }
                    th scope="col" { "Severity" }
                    th scope="col" { "Time (UTC)" }
                    th scope="col" { "Finding" }
                    th scope="col" { "Program" }
                    th scope="col" { "Where" }
                }
            }
            tbody #rows { @for row in rows { (row) } }
        }
        @if rows.is_empty() {
            div.empty #none {
                h2 { @if read.is_some() { "Nothing was found" } @else { "Nothing yet" } }
                p { "No finding is like what is asked for. New ones appear here as they come." }
            }
        }
    }
}

/// A row of what is kept.
pub(super) fn of(stored: &Stored, chooses: bool) -> Markup {
    let finding: Value = serde_json::from_str(&stored.json).unwrap_or_default();
    row(&finding, Some(&stored.work), chooses)
}

/// A finding as a row of a table.
pub(crate) fn row(finding: &Value, work: Option<&Work>, chooses: bool) -> Markup {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let id = id(finding);
    let (process, container) = (&finding["process"], &finding["process"]["container"]);
    let program = text(&process["exe"]);
    let attack: Vec<&str> = finding["attack"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    html! {
        tr data-row {
            @if chooses { td.choose { input type="checkbox" name="id" value=(id) form="bulk" aria-label={ "Choose " (shown(&text(&finding["message"]), 60)) }; } }
            td.how { (severity(finding["severity"].as_str().unwrap_or_default())) }
            td.when { (time(finding["time_ns"].as_i64().unwrap_or_default())) }
            td.what {
                a.open href={ "/findings/" (id) } { (value(&finding["message"], SHORT)) }
                div.sub {
                    code { (value(&finding["rule"], 100)) }
                    @for id in attack.iter().take(TECHNIQUES) { " " (technique(id)) }
                    @if let Some(work) = work { (standing(work)) }
                }
            }
            td.program {
                @if !program.is_empty() { code title=(shown(&program, SHORT)) { (shown(program.rsplit('/').next().unwrap_or_default(), 40)) } }
                @if let Some(pid) = process["pid"].as_u64() { " " span.quiet { (pid) } }
            }
            td.where {
                span { (value(&finding["host"], 60)) }
                @if container.is_object() {
                    div.sub { (value(place(container), 60)) @if let Some(namespace) = container["namespace"].as_str() { " " span.quiet { "in " (shown(namespace, 60)) } } }
                }
            }
        }
    }
}

/// What a container is called: by its pod, its name, or its id.
fn place(container: &Value) -> &Value {
    let known = |name: &&str| container[*name].as_str().is_some_and(|text| !text.is_empty());
    ["pod", "name", "id"].into_iter().find(known).map_or(&Value::Null, |name| &container[name])
}

/// Where a finding is, where somebody has dealt with it.
pub(crate) fn standing(work: &Work) -> Markup {
    html! {
        @if work.state != Standing::Open { " " span.state { (work.state.name()) } }
        @if let Some(assignee) = &work.assignee { " " span.assignee title="Assigned to" { "→ " (shown(assignee, 40)) } }
    }
}

/// The id of a finding; nothing else gets into an address.
pub(crate) fn id(finding: &Value) -> String {
    let id = finding["id"].as_str().unwrap_or_default();
    id.chars().filter(char::is_ascii_hexdigit).take(32).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_findings_say_stays_text() {
        let hostile = "\"'><script>alert(1)</script>\u{202e}\u{7}";
        let finding = json!({
            "id": hostile, "time_ns": -7, "severity": hostile, "message": hostile.repeat(2000), "rule": hostile, "attack": [hostile, 7],
            "host": hostile, "process": {"exe": hostile, "pid": 7, "container": {"pod": hostile, "namespace": hostile}},
        });
        let work = Work { assignee: Some(hostile.to_owned()), state: Standing::Closed, ..Work::default() };
        let text = row(&finding, Some(&work), true).into_string();
        assert!(!text.contains("<script") && !text.contains("'>") && !text.contains('\u{202e}'), "{text}");
        assert!(text.len() < 8000, "{} bytes", text.len());
        // What is no finding at all is a row too.
        for finding in [Value::Null, json!([]), json!({"process": 7, "attack": {}})] {
            assert!(row(&finding, None, false).into_string().starts_with("<tr"));
        }
    }
}
