//! The page of all packs.

use maud::{Markup, html};

use super::super::description::SEVERITIES;
use super::super::search::Query;
use super::layout::{copied, day, page as whole, severity, signed, technique};
use super::view::{FoundView, PackView, Site};

/// ATT&CK ids of a pack that are shown in the list.
const TECHNIQUES: usize = 6;
/// How much of a summary is shown in the list, in characters.
const SUMMARY: usize = 400;
/// How much of a pack's words the filter within the page knows, in characters.
const WORDS: usize = 4000;

pub(super) fn page(site: &Site, query: &Query, found: &FoundView) -> Markup {
    let content = html! {
        div.head {
            h1 { "Rule packs" }
            p.quiet { (count(found)) }
        }
        (form(query))
        @if found.building {
            p.notice role="status" { "The registry has just started and is still reading what it has: packs may be missing here for a moment." }
        }
        @if !found.complete {
            p.notice role="status" { "There are more packs than this registry can list. Those that are left out can be pulled as ever." }
        }
        @if found.packs.is_empty() {
            @if query.is_open() && query.last.is_none() { (first(site)) } @else { (nothing()) }
        } @else {
            ul.packs { @for pack in &found.packs { (row(pack)) } }
            p.empty #none-here hidden { "No pack of this page has these words. Press Enter to search all of them." }
            @if let Some(next) = &found.next { nav.pages { a.button href={ "/?" (next) } rel="next" { "More packs" } } }
        }
    };
    whole(site, "Rule packs · Lanner Registry", &content)
}

fn count(found: &FoundView) -> String {
    match (found.packs.len(), &found.next) {
        (count, Some(_)) => format!("{count} on this page, and more"),
        (1, None) => "1 pack".to_owned(),
        (count, None) => format!("{count} packs"),
    }
}

fn form(query: &Query) -> Markup {
    let field = |label: &str, name: &str, value: &str, example: &str| {
        html! { label { span { (label) } input name=(name) value=(value) placeholder=(example) maxlength="200" autocapitalize="off" spellcheck="false"; } }
    };
    let narrowed =
        [&query.name, &query.rule, &query.attack, &query.event, &query.severity].iter().any(|v| !v.is_empty());
    html! {
        form.search method="get" action="/" role="search" {
            div.line {
                input type="search" name="q" value=(query.q) data-filter placeholder="Search packs, rules, techniques …" aria-label="Search packs" maxlength="200" autocapitalize="off" spellcheck="false";
                button.primary type="submit" { "Search" }
            }
            details open[narrowed] {
                summary { "Filters" }
                div.fields {
                    (field("ATT&CK", "attack", &query.attack, "T1003"))
                    (field("Event", "event", &query.event, "exec"))
                    label {
                        span { "Severity" }
                        select name="severity" {
                            option value="" { "any" }
                            @for known in SEVERITIES.iter().rev() { option value=(known) selected[query.severity == **known] { (known) } }
                        }
                    }
                    (field("Rule", "rule", &query.rule, "shadow-read"))
                    (field("Pack", "name", &query.name, "starter"))
                }
                @if narrowed { p.clear { a href="/" { "Clear all" } } }
            }
        }
    }
}

fn row(pack: &PackView) -> Markup {
    let newest = pack.newest();
    let rules = newest.rules();
    let words: String = newest.listed.version.words.chars().take(WORDS).collect();
    let mut techniques: Vec<&str> = rules.iter().flat_map(|rule| &rule.attack).map(String::as_str).collect();
    techniques.sort_unstable();
    techniques.dedup();
    html! {
        li data-row data-words=(words) {
            div.title {
                h2 { a href={ "/packs/" (pack.repository) } { (pack.name()) } }
                span.version { (newest.label()) }
                (signed(newest))
            }
            code.repository { (pack.repository) }
            @if !newest.summary().is_empty() { p.summary { (newest.summary().chars().take(SUMMARY).collect::<String>()) } }
            @if newest.description().is_none() { p.summary.quiet { "This pack does not say what is in it." } }
            div.facts {
                @if !rules.is_empty() {
                    span.severities {
                        @for known in SEVERITIES.iter().rev() {
                            @let count = rules.iter().filter(|rule| rule.severity == **known).count();
                            @if count > 0 { span.counted { b { (count) } (severity(known)) } }
                        }
                    }
                }
                @if !techniques.is_empty() {
                    span.techniques {
                        @for id in techniques.iter().take(TECHNIQUES) { (technique(id)) }
                        @if techniques.len() > TECHNIQUES { span.quiet { "+" (techniques.len() - TECHNIQUES) } }
                    }
                }
                @if let Some(time) = newest.listed.version.created { span.when { (day(Some(time))) } }
            }
        }
    }
}

fn nothing() -> Markup {
    html! {
        div.empty {
            h2 { "No pack is like this" }
            p { "Try fewer words or filters. Only packs that you may pull are shown." }
            p { a href="/" { "All packs" } }
        }
    }
}

/// How the first pack gets here.
fn first(site: &Site) -> Markup {
    let target = format!("oci://{}/team/my-pack:1.0.0", site.host);
    html! {
        div.empty.first {
            h2 { "No packs yet" }
            p { "Push a component that you have built:" }
            (copied(&format!("lanner pack login {}", site.host)))
            (copied(&format!("lanner pack push my-pack.wasm {target}")))
            p.quiet { "If others have pushed packs already, sign in to see those that you may pull." }
        }
    }
}
