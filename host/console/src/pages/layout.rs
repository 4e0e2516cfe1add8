//! What all pages have in common.

use lanner_finding::Severity;
use maud::{DOCTYPE, Markup, html};

use super::text::shown;
use crate::assets::{CURVES, SCRIPT, STYLE, UPLOT, UPLOT_STYLE};
use crate::caller::Caller;
use crate::desk::Desk;
use crate::guard::FORM_FIELD;
use crate::query::Query;

/// Said where findings are asked for and none are kept.
pub(crate) const NOT_KEPT: &str = "This host does not keep findings: start it with --keep, or set keep.file.";

/// A small mark, so that browsers do not ask for one.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3.5' fill='%230d5c63'/%3E%3Cpath d='M3 4l5 3.2L13 4l-3.4 8L8 9.6 6.4 12z' fill='%23fff'/%3E%3C/svg%3E";

/// Where one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Here {
    Findings,
    Packs,
    Coverage,
    Host,
    Audit,
    Elsewhere,
}

const PLACES: [(Here, &str, &str, &str); 5] = [
    (Here::Findings, "/", "Findings", "f"),
    (Here::Packs, "/packs", "Packs", "p"),
    (Here::Coverage, "/coverage", "Coverage", "c"),
    (Here::Host, "/host", "Host", "h"),
    (Here::Audit, "/audit", "Audit", "a"),
];

/// A whole page.
pub(crate) fn page(desk: &Desk, caller: &Caller, here: Here, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (shown(&desk.host, 60)) " · Lanner" }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href=(STYLE.path);
                @if here == Here::Host { link rel="stylesheet" href=(UPLOT_STYLE.path); }
                script src=(SCRIPT.path) defer {}
                @if here == Here::Host {
                    script src=(UPLOT.path) defer {}
                    script src=(CURVES.path) defer {}
                }
            }
            body {
                a.skip href="#content" { "Skip to content" }
                (top(desk, caller, here))
                main #content tabindex="-1" { (content) }
                dialog #keys aria-labelledby="keys-title" { (keys()) }
            }
        }
    }
}

fn top(desk: &Desk, caller: &Caller, here: Here) -> Markup {
    html! {
        header.top {
            a.brand href="/" aria-label="Lanner: findings" { (mark()) span { "Lanner" } }
            @if caller.role != crate::caller::Role::Nothing {
                nav aria-label="Pages" {
                    @for (place, path, name, key) in PLACES {
                        a href=(path) data-go=(key) aria-current=[(place == here).then_some("page")] { (name) }
                    }
                }
            }
            span.host title="This host" { (shown(&desk.host, 60)) }
            div.who {
                @match &caller.name {
                    Some(name) => {
                        span { b { (shown(name, 40)) } " " span.quiet { @if caller.operates() { "operates" } @else { "views" } } }
                        form method="post" action="/logout" { (form_field(caller)) button.plain type="submit" { "Sign out" } }
                    }
                    None if caller.operates() => span.quiet title="console.anybody_operates is set" { "no sign-in: anyone can make changes" },
                    None if !desk.access.has_users() => span.quiet title="Nobody can sign in: console.users is not set" { "view only" },
                    None => {}
                }
            }
        }
    }
}

/// What keys do.
fn keys() -> Markup {
    let keys = [
        ("/", "Look for words"),
        ("j  k", "Next and previous row"),
        ("Enter", "Open the row"),
        ("x", "Choose the row"),
        ("l", "Pause and go on with live findings"),
        ("g then f p c h a", "Go to findings, packs, coverage, host, audit"),
        ("?", "This list"),
        ("Esc", "Close it"),
    ];
    html! {
        h2 #keys-title { "Keys" }
        dl.keys { @for (key, what) in keys { dt { kbd { (key) } } dd { (what) } } }
        form method="dialog" { button { "Close" } }
    }
}

fn mark() -> Markup {
    html! {
        svg viewBox="0 0 16 16" width="22" height="22" aria-hidden="true" {
            rect.ground width="16" height="16" rx="3.5" {}
            path.wings d="M3 4l5 3.2L13 4l-3.4 8L8 9.6 6.4 12z" {}
        }
    }
}

/// What each form has to have.
pub(crate) fn form_field(caller: &Caller) -> Markup {
    html! { input type="hidden" name=(FORM_FIELD) value=(caller.form); }
}

/// A page that says one thing.
pub(crate) fn message(desk: &Desk, caller: &Caller, title: &str, text: &str) -> Markup {
    let content = html! {
        div.empty { h1 { (title) } p { (text) } p { a href="/" { "All findings" } } }
    };
    page(desk, caller, Here::Elsewhere, title, &content)
}

/// Something that one has to know, above the rest of a page.
pub(crate) fn notice(text: &str) -> Markup {
    html! { p.notice role="status" { (text) } }
}

/// A reason as a sentence for the page.
pub(crate) fn sentence(reason: &str) -> String {
    let mut letters = shown(reason, 1000).chars().collect::<Vec<_>>().into_iter();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let rest: String = letters.collect();
    let end = if rest.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{rest}{end}")
}

/// How bad a finding is: in a word, with a colour.
pub(crate) fn severity(name: &str) -> Markup {
    // Only known words become a part of the class.
    let class = Severity::ALL.into_iter().map(Severity::name).find(|known| *known == name).unwrap_or("unknown");
    html! { span class={ "severity " (class) } { (shown(name, 20)) } }
}

/// A technique of ATT&CK by its id, leading to the findings that have it.
pub(crate) fn technique(id: &str) -> Markup {
    let title = lanner_attack::name(id).unwrap_or("not of ATT&CK");
    html! { a.technique href=(filtered(lanner_store::Facet::Technique, id)) title=(title) { (shown(id, 20)) } }
}

/// The findings that have this value.
pub(crate) fn filtered(facet: lanner_store::Facet, value: &str) -> String {
    Query::default().toggled(facet, value).path()
}

/// A text to be copied.
pub(crate) fn copied(text: &str) -> Markup {
    html! {
        div.copied {
            pre tabindex="0" role="region" aria-label="To copy" { code { (text) } }
            button type="button" hidden data-copy=(text) { "Copy" }
        }
    }
}

/// A table that may be wider than the page.
pub(crate) fn scrolled(name: &str, table: &Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(name) { (table) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_escaped() {
        let hostile = "\"><script>alert(1)</script>\u{202e}";
        for markup in [severity(hostile), technique(hostile), notice(hostile), copied(hostile)] {
            let text = markup.into_string();
            assert!(!text.contains("<script"), "{text}");
        }
        assert!(
            severity("high").into_string().contains("severity high")
                && severity(hostile).into_string().contains("severity unknown")
        );
        assert_eq!(sentence("there is none"), "There is none.");
    }
}
