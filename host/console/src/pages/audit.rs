//! The page of who changed what: findings, packs, and who signed in.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lanner_store::{Audited, Place};
use maud::{Markup, html};

use super::layout::{Here, NOT_KEPT, message, notice, page as whole, scrolled, sentence};
use super::text::{SHORT, lines, shown, time};
use crate::caller::Caller;
use crate::desk::Desk;

/// Lines of a page.
const PAGE: usize = 100;

/// Answers with the page.
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(kept) = &desk.kept else {
        let content =
            html! { h1 { "Audit" } (notice(&format!("{NOT_KEPT} Who changed what stands in the log alone."))) };
        return whole(&desk, &caller, Here::Audit, "Audit", &content).into_response();
    };
    let before = query.as_deref().and_then(place);
    match kept.ask(move |store| store.audit(before, PAGE as u32 + 1)).await {
        Ok(lines) => whole(&desk, &caller, Here::Audit, "Audit", &content(&lines, before.is_some())).into_response(),
        Err(error) => {
            let page = message(&desk, &caller, "This cannot be shown", &sentence(&error.to_string()));
            (StatusCode::SERVICE_UNAVAILABLE, page).into_response()
        }
    }
}

/// `after=` with a time, whether it is of a finding, and a number.
fn place(query: &str) -> Option<Place> {
    let mut parts = query.strip_prefix("after=")?.split('-');
    let at_ns = parts.next()?.parse().ok()?;
    let is_finding = parts.next()? == "f";
    Some(Place { at_ns, is_finding, number: parts.next()?.parse().ok()? })
}

fn address(Place { at_ns, is_finding, number }: Place) -> String {
    format!("/audit?after={at_ns}-{}-{number}", if is_finding { "f" } else { "d" })
}

fn content(lines: &[Audited], later: bool) -> Markup {
    let shown_lines = &lines[..lines.len().min(PAGE)];
    let table = html! {
        table.figures.audit {
            thead { tr { th scope="col" { "Time (UTC)" } th scope="col" { "Who" } th scope="col" { "What" } th scope="col" { "Said" } } }
            tbody { @for line in shown_lines { (row(line)) } }
        }
    };
    html! {
        div.heading { h1 { "Audit" } p.quiet.total { "Who changed what: findings here and by " code { "lanner findings" } ", packs and sign-ins in this console" } }
        @if lines.is_empty() { div.empty { h2 { "Nothing was changed yet" } } } @else { (scrolled("Who changed what", &table)) }
        nav.pages aria-label="Pages of the audit log" {
            @if later { a.button href="/audit" { "Newest" } }
            @if let Some(last) = shown_lines.last().filter(|_| lines.len() > PAGE) { a.button href=(address(last.place)) rel="next" { "Older" } }
        }
    }
}

fn row(line: &Audited) -> Markup {
    html! {
        tr {
            td.when { (time(line.place.at_ns)) }
            td { (shown(&line.who, 80)) @if let Some(way) = &line.way { " " span.quiet { (shown(way, 60)) } } }
            td {
                @if line.refused { span.state.quarantined { "refused" } " " }
                (shown(&line.what, 40)) " "
                @match (line.place.is_finding, line.about.as_str()) {
                    (true, id) => a href={ "/findings/" (shown(id, 32)) } { code { (shown(id, 12)) } },
                    (false, "") => {}
                    (false, about) => b { (shown(about, 80)) },
                }
            }
            td { @if let Some(text) = &line.text { (lines(text, SHORT)) } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_on_where_the_one_before_ended() {
        for place in [Place { at_ns: 7, is_finding: true, number: 3 }, Place { at_ns: 1, is_finding: false, number: 9 }]
        {
            let address = address(place);
            assert_eq!(super::place(address.split_once('?').expect("a query").1), Some(place));
        }
        for wrong in ["", "after=", "after=x-f-1", "after=1-f", "before=1-f-1"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }
}
