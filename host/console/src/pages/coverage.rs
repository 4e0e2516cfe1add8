//! The page of coverage: the matrix of ATT&CK, with the rules that run and the findings that there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use lanner_attack::{TACTICS, Tactic, Technique};
use lanner_store::Facet;
use maud::{Markup, html};

use super::layout::{Here, notice, page as whole, sentence};
use super::packs::no_answer;
use super::text::{count, counted, shown};
use crate::caller::Caller;
use crate::desk::Desk;
use crate::query::{Query, TIMES, now_ns};
use crate::rules::Rule;

/// Techniques that findings are counted by: more than there are.
const MOST: u32 = 2000;

/// What there is of a technique: rules that run, and findings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cover {
    rules: usize,
    hits: u64,
}

/// Of each technique, those that are parts of others also with the whole.
type Covers<'a> = BTreeMap<&'a str, Cover>;

/// Answers with the page.
pub(crate) async fn answer(
    State(desk): State<Arc<Desk>>,
    Extension(caller): Extension<Caller>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = Query::parse(query.as_deref()).unwrap_or_default();
    let Some(rules) = desk.rules.all(&desk.inquiry).await else { return no_answer(&desk, &caller) };
    let (from, to) = query.range(now_ns());
    let range = (from.unwrap_or(0), to.unwrap_or(i64::MAX / 2));
    let hits = match &desk.kept {
        None => Ok(Vec::new()),
        Some(kept) => kept.ask(move |store| store.top(Facet::Technique, range, MOST)).await,
    };
    let trouble = hits.as_ref().err().map(|error| sentence(&error.to_string()));
    let hits = hits.unwrap_or_default();
    let hits: Vec<(&str, u64)> = hits.iter().map(|hit| (hit.value.as_str(), hit.findings)).collect();
    let content = content(&query, &covers(&rules, &hits), trouble.as_deref(), desk.kept.is_some());
    whole(&desk, &caller, Here::Coverage, "Coverage", &content).into_response()
}

fn covers<'a>(rules: &'a [Rule], hits: &[(&'a str, u64)]) -> Covers<'a> {
    let mut covers = Covers::new();
    for rule in rules.iter().filter(|rule| !rule.left_out) {
        // A rule about two parts of one counts once for the whole.
        let mut ids: Vec<&str> = rule.attack.iter().flat_map(|id| [id.as_str(), whole_of(id)]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().for_each(|id| covers.entry(id).or_default().rules += 1);
    }
    for (id, findings) in hits {
        covers.entry(id).or_default().hits += findings;
        if whole_of(id) != *id {
            covers.entry(whole_of(id)).or_default().hits += findings;
        }
    }
    covers
}

fn whole_of(id: &str) -> &str {
    id.split('.').next().unwrap_or(id)
}

fn content(query: &Query, covers: &Covers<'_>, trouble: Option<&str>, kept: bool) -> Markup {
    let all = || Technique::all().filter(|technique| technique.linux && !technique.is_part());
    let covered = all().filter(|technique| covers.get(technique.id).is_some_and(|cover| cover.rules > 0)).count();
    let seen = all().filter(|technique| covers.get(technique.id).is_some_and(|cover| cover.hits > 0)).count();
    html! {
        div.heading {
            h1 { "Coverage" }
            p.quiet.total { (covered) " of " (all().count()) " techniques for Linux and containers have rules here, " (seen) " have findings" }
        }
        form.search method="get" action="/coverage" {
            select name="time" aria-label="Time of findings" {
                option value="" { "findings of all times" }
                @for (time, words, _) in TIMES { option value=(time) selected[query.time == Some(time)] { "findings of the " (words) } }
            }
            button type="submit" { "Show" }
            p.legend { span.key.covered { "rules run" } span.key.hit { "findings too" } span.key.none { "neither" } }
        }
        @if let Some(trouble) = trouble { (notice(trouble)) }
        @if !kept { (notice("No findings are kept (--keep), so that only rules are shown.")) }
        div.matrix tabindex="0" role="region" aria-label={ "ATT&CK " (lanner_attack::VERSION) " by tactic" } {
            @for tactic in &TACTICS { (column(tactic, query, covers)) }
        }
        p.quiet { "MITRE ATT&CK " (lanner_attack::VERSION) ". What a rule is about is what its author says; a technique with a rule is not one that is always seen." }
    }
}

fn column(tactic: &Tactic, query: &Query, covers: &Covers<'_>) -> Markup {
    let of = |technique: &&Technique| technique.tactics.contains(&tactic.word);
    let mut techniques: Vec<&Technique> = Technique::all()
        .filter(|technique| !technique.is_part() && of(technique))
        .filter(|technique| technique.linux || covers.contains_key(technique.id))
        .collect();
    // What there is something of comes first.
    techniques.sort_by_key(|technique| {
        let cover = covers.get(technique.id).copied().unwrap_or_default();
        (std::cmp::Reverse((cover.hits > 0, cover.rules > 0)), technique.id)
    });
    if techniques.is_empty() {
        // What comes before there is a machine to watch.
        return html! {};
    }
    let covered = techniques.iter().filter(|technique| covers.get(technique.id).is_some_and(|cover| cover.rules > 0));
    html! {
        section.tactic {
            h2 { (tactic.name) " " span.quiet { (covered.count()) "/" (techniques.len()) } }
            ul { @for technique in techniques { (cell(technique, query, covers)) } }
        }
    }
}

fn cell(technique: &Technique, query: &Query, covers: &Covers<'_>) -> Markup {
    let cover = covers.get(technique.id).copied().unwrap_or_default();
    let class = match cover {
        Cover { hits: 1.., .. } => "hit",
        Cover { rules: 1.., .. } => "covered",
        _ => "none",
    };
    let parts: Vec<(&str, &Cover)> = covers
        .range(technique.id..)
        .take_while(|(id, _)| id.starts_with(technique.id))
        .filter(|(id, _)| id.contains('.'))
        .map(|(id, cover)| (*id, cover))
        .collect();
    html! {
        li class=(class) {
            div.name { span.id { (technique.id) } " " (technique.name) }
            @if cover != Cover::default() {
                div.numbers { (numbers(std::iter::once(technique.id).chain(parts.iter().map(|(id, _)| *id)), &cover, query)) }
            }
            @if !parts.is_empty() {
                details {
                    summary { (counted(parts.len(), "part")) }
                    ul {
                        @for (id, cover) in parts.iter().copied() {
                            li { span.id { (shown(id, 20)) } " " (lanner_attack::name(id).unwrap_or_default()) div.numbers { (numbers(std::iter::once(id), cover, query)) } }
                        }
                    }
                }
            }
        }
    }
}

/// Rules, and findings: those that have one of these ids, as rules say either the whole or its parts.
fn numbers<'a>(ids: impl Iterator<Item = &'a str>, cover: &Cover, query: &Query) -> Markup {
    let values = ids.map(|id| (Facet::Technique, id.to_owned())).collect();
    let link = Query { time: query.time, values, ..Query::default() }.path();
    html! {
        span { (counted(cover.rules, "rule")) }
        @if cover.hits > 0 {
            " " a href=(link) { (count(cover.hits)) @if cover.hits == 1 { " finding" } @else { " findings" } }
        }
        span.unseen { @if cover.hits == 0 { " and no findings" } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(attack: &[&str], left_out: bool) -> Rule {
        let attack = attack.iter().map(|id| (*id).to_owned()).collect();
        Rule { attack, left_out }
    }

    #[test]
    fn parts_count_for_the_whole_and_what_does_not_run_for_nothing() {
        let rules = [rule(&["T1003.007", "T1003.008"], false), rule(&["T1003"], false), rule(&["T1059"], true)];
        let covers = covers(&rules, &[("T1003.008", 3), ("T1611", 1), ("<b>", 1)]);
        assert_eq!(covers["T1003"], Cover { rules: 2, hits: 3 });
        assert_eq!(covers["T1003.008"], Cover { rules: 1, hits: 3 });
        assert_eq!(covers["T1611"], Cover { rules: 0, hits: 1 });
        assert!(!covers.contains_key("T1059"));
        let text = content(&Query::default(), &covers, None, true).into_string();
        assert!(
            text.contains("Escape to Host") && text.contains("/etc/passwd and /etc/shadow") && !text.contains("<b>")
        );
        assert!(text.contains("1 of 158 techniques"), "{}", &text[..600]);
    }
}
