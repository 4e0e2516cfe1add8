//! What findings can be narrowed by, each with how many there are.

use lanner_finding::Severity;
use lanner_store::{Count, Facet, Reader, StoreError};
use maud::{Markup, html};

use super::layout::severity;
use super::text::{SHORT, count, shown};
use crate::query::{FACETS, Query, STATES, TIMES};

/// Values of each that are shown.
const SHOWN: u32 = 8;
/// From when on findings may be, where no time is said: all of them.
const EVER: i64 = i64::MAX / 2;

/// What each facet has most of, in a range of time.
pub(crate) struct Facets {
    counts: Vec<(Facet, Vec<Count>)>,
    /// Findings of the range.
    pub(crate) all: u64,
}

impl Facets {
    pub(crate) fn read(reader: &Reader, range: (Option<i64>, Option<i64>)) -> Result<Self, StoreError> {
        let range = (range.0.unwrap_or(0), range.1.unwrap_or(EVER));
        let mut tops = reader.tops(range, SHOWN)?;
        let all = tops.get(&Facet::All).and_then(|all| all.first()).map_or(0, |all| all.findings);
        let rank = |count: &Count| Severity::ALL.into_iter().position(|known| known.name() == count.value);
        if let Some(severities) = tops.get_mut(&Facet::Severity) {
            severities.sort_by_key(|count| std::cmp::Reverse(rank(count)));
        }
        let counts = FACETS.into_iter().map(|facet| (facet, tops.remove(&facet).unwrap_or_default())).collect();
        Ok(Self { counts, all })
    }

    /// As a column beside the findings; what is chosen is marked, and leads to the same without it.
    pub(crate) fn markup(&self, query: &Query) -> Markup {
        html! {
            @for (facet, counts) in &self.counts {
                @let chosen: Vec<&str> = query.values.iter().filter(|(known, _)| known == facet).map(|(_, value)| value.as_str()).collect();
                @let others = chosen.iter().filter(|value| counts.iter().all(|count| count.value != **value));
                @if !counts.is_empty() || !chosen.is_empty() {
                    section.facet {
                        h3 { (title(*facet)) }
                        ul {
                            @for value in others { li { (choice(*facet, value, None, query)) } }
                            @for known in counts { li { (choice(*facet, &known.value, Some(known.findings), query)) } }
                        }
                    }
                }
            }
        }
    }
}

fn choice(facet: Facet, value: &str, findings: Option<u64>, query: &Query) -> Markup {
    let chosen = query.has(facet, value);
    html! {
        a.choice.chosen[chosen] href=(query.toggled(facet, value).path()) title=(shown(value, SHORT)) aria-current=[chosen.then_some("true")] {
            span.value {
                @match facet {
                    Facet::Severity => (severity(value)),
                    Facet::Technique => { (shown(value, 20)) " " span.quiet { (lanner_attack::name(value).unwrap_or_default()) } },
                    Facet::Container => (shown(value, 12)),
                    _ => (shown(value, 80)),
                }
            }
            @if let Some(findings) = findings { span.number { (count(findings)) } }
        }
    }
}

/// What a facet is called for people.
pub(crate) fn title(facet: Facet) -> &'static str {
    match facet {
        Facet::All => "All",
        Facet::Severity => "Severity",
        Facet::Rule => "Rule",
        Facet::Pack => "Pack",
        Facet::Technique => "ATT&CK technique",
        Facet::Host => "Host",
        Facet::Program => "Program",
        Facet::User => "User",
        Facet::Container => "Container",
        Facet::Image => "Image",
        Facet::Namespace => "Namespace",
        Facet::Process => "Process",
        Facet::Label => "Label",
    }
}

/// The form: words, time and state. What was chosen of facets goes along.
pub(crate) fn form(query: &Query) -> Markup {
    html! {
        form.search method="get" action="/" role="search" {
            input #words type="search" name="q" value=(query.words) placeholder="Words in findings …" aria-label="Words in findings" maxlength="500" autocapitalize="off" spellcheck="false";
            select name="time" aria-label="Time" {
                option value="" { "all times" }
                @for (time, words, _) in TIMES { option value=(time) selected[query.time == Some(time)] { (words) } }
            }
            select name="state" aria-label="State" {
                option value="" { "any state" }
                @for state in STATES { option value=(state) selected[query.states.iter().any(|known| known.name() == state)] { (state) } }
            }
            @for (facet, value) in &query.values { input type="hidden" name=(facet.name()) value=(value); }
            button.primary type="submit" { "Filter" }
        }
    }
}

/// What is asked for, each with a way to ask without it.
pub(crate) fn chosen(query: &Query) -> Markup {
    let from_here = Query { after: None, ..query.clone() };
    html! {
        @if query.count() > 0 {
            ul.chosen-values aria-label="Filters" {
                @for (facet, value) in &query.values {
                    li { a href=(query.toggled(*facet, value).path()) { span.quiet { (title(*facet)) } " " b { (shown(value, 60)) } " " (remove()) } }
                }
                @if !query.words.is_empty() {
                    li { a href=(Query { words: String::new(), ..from_here.clone() }.path()) { span.quiet { "Words" } " " b { (shown(&query.words, 60)) } " " (remove()) } }
                }
                @for state in &query.states {
                    li { a href=(Query { states: Vec::new(), ..from_here.clone() }.path()) { span.quiet { "State" } " " b { (state.name()) } " " (remove()) } }
                }
                @if let Some((_, words, _)) = TIMES.into_iter().find(|(time, ..)| Some(*time) == query.time) {
                    li { a href=(Query { time: None, ..from_here.clone() }.path()) { span.quiet { "Time" } " " b { (words) } " " (remove()) } }
                }
                @if query.since.is_some() || query.until.is_some() {
                    li { a href=(Query { since: None, until: None, ..from_here.clone() }.path()) {
                        span.quiet { "From" } " " b { (moment(query.since)) } " " span.quiet { "to" } " " b { (moment(query.until)) } " " (remove())
                    } }
                }
                li { a.clear href="/" { "Clear all" } }
            }
        }
    }
}

fn moment(time: Option<i64>) -> String {
    time.map_or_else(
        || "…".to_owned(),
        |time| crate::query::rfc3339(time).replace('T', " ").trim_end_matches(":00Z").to_owned(),
    )
}

fn remove() -> Markup {
    html! { span.remove aria-hidden="true" { "×" } span.unseen { " (remove)" } }
}
