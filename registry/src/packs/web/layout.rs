//! What all pages have in common.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::description::SEVERITIES;
use super::view::{Site, VersionView};
use super::{SCRIPT, STYLE_PATH};

/// A small mark, so that browsers do not ask for one.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='3.5' fill='%230d5c63'/%3E%3Cpath d='M3 4l5 3.2L13 4l-3.4 8L8 9.6 6.4 12z' fill='%23fff'/%3E%3C/svg%3E";

/// A whole page.
pub(super) fn page(site: &Site, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href=(*STYLE_PATH);
            }
            body {
                header.top {
                    div.bar {
                        a.brand href="/" { (mark()) span { "Lanner" } span.kind { "Registry" } }
                        code.host { (site.host) }
                        div.user {
                            @match site.user() {
                                Some(name) => { span { "Signed in as " b { (name) } } " " a href="/logout" { "Sign out" } }
                                None if site.has_users => { a href="/login" { "Sign in" } }
                                None => {}
                            }
                        }
                    }
                }
                main { (content) }
                footer { p { "Rule packs are OCI artifacts. The same search for programs: " a href="/api/v1/packs" { code { "/api/v1/packs" } } } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
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

/// A page that says one thing.
pub(super) fn message(site: &Site, title: &str, text: &str) -> Markup {
    let content = html! {
        div.empty {
            h1 { (title) }
            p { (text) }
            p { a href="/" { "All packs" } }
        }
    };
    page(site, &format!("{title} · Lanner Registry"), &content)
}

/// A text to be copied, on a line of its own.
pub(super) fn copied(text: &str) -> Markup {
    html! {
        div.copied {
            code { (text) }
            button type="button" hidden data-copy=(text) aria-label={ "Copy " (text) } { "Copy" }
        }
    }
}

/// How bad a finding is.
pub(super) fn severity(severity: &str) -> Markup {
    // Only known words become a part of the class.
    let class = SEVERITIES.iter().find(|known| **known == severity).copied().unwrap_or("unknown");
    html! { span class={ "severity " (class) } { (severity) } }
}

/// An ATT&CK id, leading to all packs that have it.
pub(super) fn technique(id: &str) -> Markup {
    html! { a.technique href={ "/?" (query("attack", id)) } { (id) } }
}

/// A kind of events, leading to all packs that want it.
pub(super) fn event(kind: &str) -> Markup {
    html! { a.event href={ "/?" (query("event", kind)) } { (kind) } }
}

fn query(key: &str, value: &str) -> String {
    form_urlencoded::Serializer::new(String::new()).append_pair(key, value).finish()
}

/// What is known of the signatures of a version.
pub(super) fn signed(version: &VersionView) -> Markup {
    let count = version.listed.signatures.len();
    let signatures = if count == 1 { "1 signature".to_owned() } else { format!("{count} signatures") };
    html! {
        @match (version.verified, count) {
            (Some(true), _) => span.signed.good title="Signed by a key that this registry asks for" { "Verified" }
            (Some(false), _) => span.signed.bad title="Not signed by a key that this registry asks for: not handed out" { "Held back" }
            (None, 0) => span.signed.none { "Unsigned" }
            (None, _) => span.signed title="This registry asks for no signature here; check it when you pull" { (signatures) }
        }
    }
}

/// The day, for the eye, and the moment, for who wants it.
pub(super) fn day(time: Option<jiff::Timestamp>) -> Markup {
    html! {
        @match time {
            Some(time) => time datetime=(time) title=(time) { (time.to_string().chars().take(10).collect::<String>()) }
            None => span.quiet { "–" }
        }
    }
}

/// Bytes, as people say them.
pub(super) fn size(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let bytes = bytes as f64;
    match bytes {
        _ if bytes < KIB => format!("{bytes} B"),
        _ if bytes < KIB * KIB => format!("{:.0} KiB", bytes / KIB),
        _ => format!("{:.1} MiB", bytes / KIB / KIB),
    }
}
