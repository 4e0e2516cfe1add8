//! The page of one finding: all that is known of it, why it was raised, what people made of it, and how it is excepted.

use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lanner_captures::Folder;
use lanner_store::{Facet, Filter, State as Standing, StoreError, Work};
use lanner_tuning::{Draft, Explained, Standing as Excepts};
use maud::{Markup, html};
use serde_json::Value;

use super::findings::{id, of, standing};
use super::layout::{
    Here, NOT_KEPT, copied, filtered, form_field, message, page as whole, scrolled, sentence, severity, technique,
};
use super::process::tree;
use super::text::{LONG, SHORT, lines, shown, time, time_of, value};
use crate::caller::Caller;
use crate::desk::Desk;
use crate::kept::NotRead;

/// Other findings of the process that are shown.
const OTHERS: u32 = 20;
/// Fields of an object that are shown.
const FIELDS: usize = 200;

/// Answers with the page.
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    Path(wanted): Path<String>,
) -> Response {
    let Some(kept) = &desk.kept else {
        return (StatusCode::NOT_FOUND, message(&desk, &caller, "No findings are kept", NOT_KEPT)).into_response();
    };
    let captures = desk.captures.clone();
    let read = kept.ask(move |store| {
        let stored = store.find(&wanted)?;
        let finding: Value = serde_json::from_str(&stored.json).unwrap_or_default();
        let others = match finding["process"]["id"].as_str() {
            None => Vec::new(),
            Some(process) => {
                let facets = vec![(Facet::Process, vec![process.to_owned()])];
                let page = store.page(&Filter { facets, ..Filter::default() }, None, OTHERS + 1)?;
                page.findings.iter().filter(|other| other.key != stored.key).map(|other| of(other, false)).collect()
            }
        };
        // Where the folder cannot be read, there is none to be shown.
        let around = |folder: Folder| folder.around(finding["time_ns"].as_u64()?).ok().flatten();
        let capture = captures.and_then(around).map(|found| found.path);
        Ok((stored, finding, others, capture))
    });
    match read.await {
        Ok((stored, finding, others, capture)) => {
            let explained = desk.inquiry.host().explain(&finding);
            let title = shown(finding["message"].as_str().unwrap_or("Finding"), 60);
            let others = (&*others, capture.as_deref());
            let content = content(&caller, &stored.work, &finding, others, &explained);
            whole(&desk, &caller, Here::Findings, &title, &content).into_response()
        }
        Err(NotRead::Store(StoreError::Unknown(reason))) => {
            (StatusCode::NOT_FOUND, message(&desk, &caller, "No such finding", &sentence(&reason))).into_response()
        }
        Err(error) => {
            let page = message(&desk, &caller, "This cannot be shown", &sentence(&error.to_string()));
            (StatusCode::SERVICE_UNAVAILABLE, page).into_response()
        }
    }
}

fn content(
    caller: &Caller,
    work: &Work,
    finding: &Value,
    (others, capture): (&[Markup], Option<&FilePath>),
    explained: &[Explained],
) -> Markup {
    html! {
        nav.crumbs aria-label="Where this is" { a href="/" data-up { "Findings" } span aria-hidden="true" { "/" } code { (id(finding)) } }
        div.title {
            (severity(finding["severity"].as_str().unwrap_or_default()))
            h1 { (value(&finding["message"], LONG)) }
        }
        p.lead { (value(&finding["summary"], 2000)) (standing(work)) }
        div.columns.wide-left {
            div.list {
                (tree(finding))
                div.boxes {
                    (object("Event", &finding["event"]))
                    (object("Fields", &finding["fields"]))
                    (object("Container", &finding["process"]["container"]))
                }
                (why(finding, explained))
                (around(finding, capture))
                (exception(finding))
                (same_process(finding, others))
            }
            aside {
                (dealings(caller, work, finding))
                (facts(finding))
            }
        }
    }
}

/// What it is, and where.
fn facts(finding: &Value) -> Markup {
    let rule = finding["rule"].as_str().unwrap_or_default();
    let host = finding["host"].as_str().unwrap_or_default();
    html! {
        section.box {
            h2 { "About" }
            dl.facts {
                dt { "Time (UTC)" } dd { (time_of(finding["time"].as_str().unwrap_or_default())) }
                dt { "Rule" } dd { a href=(filtered(Facet::Rule, rule)) { code { (shown(rule, SHORT)) } } }
                dt { "Pack" } dd { (value(&finding["pack"]["name"], 80)) " " span.quiet { (value(&finding["pack"]["version"], 40)) } }
                dt { "ATT&CK" }
                dd.techniques {
                    @for id in finding["attack"].as_array().into_iter().flatten().take(16).filter_map(Value::as_str) {
                        span { (technique(id)) " " (lanner_attack::name(id).unwrap_or_default()) }
                    }
                    @if finding["attack"].as_array().is_none_or(Vec::is_empty) { span.quiet { "none" } }
                }
                dt { "Host" } dd { a href=(filtered(Facet::Host, host)) { (shown(host, SHORT)) } }
                @for (name, label) in finding["labels"].as_object().into_iter().flatten().take(FIELDS) {
                    dt { (shown(name, 80)) }
                    dd { a href=(filtered(Facet::Label, &format!("{name}={}", label.as_str().unwrap_or_default()))) { (value(label, SHORT)) } }
                }
                @if finding["key"].is_string() { dt { "Key" } dd { code { (value(&finding["key"], SHORT)) } } }
                dt { "Id" } dd { code.id { (id(finding)) } }
            }
        }
    }
}

/// All of an object, in lines.
fn object(title: &str, object: &Value) -> Markup {
    html! {
        @if let Some(fields) = object.as_object().filter(|fields| !fields.is_empty()) {
            section.box {
                h2 { (title) }
                dl.facts {
                    @for (name, field) in fields.iter().take(FIELDS) { dt { (shown(name, 80)) } dd { code { (value(field, LONG)) } } }
                }
            }
        }
    }
}

/// Why it was raised: what the rule means, what it saw, and how near exceptions came.
fn why(finding: &Value, explained: &[Explained]) -> Markup {
    let kind = finding["event"]["kind"].as_str();
    html! {
        section.box {
            h2 { "Why" }
            p {
                "The rule " code { (value(&finding["rule"], SHORT)) } " raised it"
                @match kind {
                    Some(kind) => { " for the " code { (shown(kind, 40)) } " event " span.quiet { "no. " (value(&finding["event"]["seq"], 20)) } }
                    None => { ", for no single event" }
                }
                ": " q { (value(&finding["summary"], 2000)) }
            }
            @if explained.is_empty() { p.quiet { "No exceptions apply to this rule." } }
            @for exception in explained.iter().take(20) {
                details.exception open[explained.len() == 1] {
                    summary {
                        "The exception " b { (shown(&exception.name, 200)) }
                        @match exception.standing {
                            Excepts::Excepts => { " has it by now" }
                            Excepts::Expired => { " would have it, and has expired" }
                            Excepts::Misses => { " does not have it" }
                        }
                    }
                    p.quiet { (shown(&exception.reason, 2000)) }
                    ul.conditions {
                        @for holds in &exception.holds { li { span.good { "holds" } " " code { (shown(holds, SHORT)) } } }
                        @for fails in &exception.fails { li { span.bad { "fails" } " " code { (shown(fails, SHORT)) } } }
                    }
                }
            }
        }
    }
}

/// The exception to be written.
fn exception(finding: &Value) -> Markup {
    let draft = Draft::of(finding, &[], &[]);
    html! {
        section.box {
            h2 { "Write an exception" }
            @match draft {
                Ok(draft) => {
                    p.quiet { "The narrowest exception that has it, for a file of the tuning (" code { "/etc/lanner/tuning/exceptions.toml" } "). Say why before you use it." }
                    (copied(&draft.to_toml(&Draft::name(finding), "why this is expected", None, None)))
                    p.quiet { "Or have it written, with what else it would silence:" }
                    (copied(&format!("lanner except {} --reason 'why this is expected'", id(finding))))
                }
                Err(error) => p.quiet { (sentence(&error.to_string())) },
            }
        }
    }
}

/// What happened before it and shortly after, where that was written down.
fn around(finding: &Value, capture: Option<&FilePath>) -> Markup {
    html! {
        @if let Some(capture) = capture {
            section.box {
                h2 { "What happened around it" }
                p.quiet { "Written down on this machine, to be judged again by the rules that are named:" }
                (copied(&format!("lanner replay --rules PACKS {}", capture.display())))
                p.quiet { "Or as a test, in the folder of the pack's own:" }
                (copied(&format!("lanner findings to-test {}", id(finding))))
            }
        }
    }
}

/// What people made of it, and what they can do.
fn dealings(caller: &Caller, work: &Work, finding: &Value) -> Markup {
    let id = id(finding);
    let start = html! {
        (form_field(caller))
        input type="hidden" name="id" value=(id);
        input type="hidden" name="back" value={ "/findings/" (id) };
    };
    html! {
        section.box #work {
            h2 { "State: " (work.state.name()) @if let Some(assignee) = &work.assignee { span.quiet { " · " (shown(assignee, 60)) } } }
            @if caller.operates() {
                form.stacked method="post" action="/findings/change" {
                    (start)
                    label { span { "Why (optional)" } input name="text" maxlength="2000"; }
                    div.buttons {
                        @if work.state == Standing::Open { button.primary type="submit" name="change" value="acknowledge" { "Acknowledge" } }
                        @if work.state != Standing::Closed { button type="submit" name="change" value="close" { "Close" } }
                        @if work.state != Standing::Open { button type="submit" name="change" value="reopen" { "Reopen" } }
                        button type="submit" name="change" value="take" { "Assign to me" }
                    }
                }
                form.stacked.inline method="post" action="/findings/change" {
                    (start)
                    label { span { "Assign to (empty: nobody)" } input name="text" maxlength="200" value=(work.assignee.as_deref().unwrap_or_default()); }
                    button type="submit" name="change" value="assign" { "Assign" }
                }
                form.stacked method="post" action="/findings/change" {
                    (start)
                    label { span { "Comment" } textarea name="text" rows="2" maxlength="20000" required {} }
                    button type="submit" name="change" value="comment" { "Comment" }
                }
            } @else {
                p.quiet { "Operators can acknowledge, assign, comment and close it." }
            }
            ol.history {
                @for entry in work.entries.iter().rev() {
                    li {
                        b { (shown(&entry.who, 60)) } " " (shown(&entry.change, 30)) " " span.quiet { (time(entry.at_ns)) }
                        @if let Some(text) = &entry.text { p { (lines(text, LONG)) } }
                    }
                }
            }
            @if work.entries.is_empty() { p.quiet { "Nobody has dealt with it yet." } }
        }
    }
}

fn same_process(finding: &Value, others: &[Markup]) -> Markup {
    let process = finding["process"]["id"].as_str().unwrap_or_default();
    let table = html! {
        table.findings aria-label="Other findings of this process" {
            tbody {
                @for other in others.iter().take(OTHERS as usize) { (other) }
            }
        }
    };
    html! {
        @if !others.is_empty() {
            section.others {
                h2 { "Other findings of this process" }
                (scrolled("Other findings of this process", &table))
                @if others.len() > OTHERS as usize { p { a href=(filtered(Facet::Process, process)) { "All of them" } } }
            }
        }
    }
}
