//! The page of one pack.

use maud::{Markup, html};

use super::layout::{copied, day, event, page as whole, severity, signed, size, technique};
use super::view::{PackView, Site, VersionView};
use super::{changes, coverage};

/// The page, with the version that has this digest, or the newest; `None` if there is no such version.
pub(super) fn page(site: &Site, pack: &PackView, digest: Option<&str>) -> Option<Markup> {
    let shown = match digest {
        None => pack.newest(),
        Some(digest) => pack.versions.iter().find(|version| version.listed.version.digest.to_string() == digest)?,
    };
    let is_old = shown.listed.version.digest != pack.newest().listed.version.digest;
    let content = html! {
        nav.crumbs aria-label="Where this is" { a href="/" { "Packs" } span aria-hidden="true" { "/" } code { (pack.repository) } }
        div.title.large {
            h1 { (pack.name()) }
            span.version title=(shown.label()) { (shown.label()) }
            (signed(shown))
        }
        @if !shown.summary().is_empty() { p.lead { (shown.summary()) } }
        @if is_old { p.notice { "This is not the newest version. " a href={ "/packs/" (pack.repository) } { "Show the newest" } "." } }
        @if shown.verified == Some(false) {
            p.notice.bad { "This version is not signed by a key that this registry asks for here. Only who may push to " code { (pack.repository) } " can pull it." }
        }
        div.columns {
            div.main {
                (rules(shown))
                @if let Some(before) = pack.before(shown) { (changes::section(before, shown)) }
                (coverage::section(shown.rules()))
                (versions(pack, shown))
            }
            aside {
                (pull(shown))
                (run(site, pack, shown))
                (facts(shown))
            }
        }
    };
    Some(whole(site, &format!("{} · Lanner Registry", pack.name()), &content))
}

fn rules(shown: &VersionView) -> Markup {
    let rules = shown.rules();
    html! {
        section {
            h2 { "Rules " span.quiet { (rules.len()) } }
            @if shown.description().is_none() {
                p.quiet { "This pack does not say what is in it. Pull it and ask " code { "lanner pack inspect" } "." }
            } @else {
                div.scroll tabindex="0" role="region" aria-label="Rules" {
                    table.rules {
                        thead { tr { th scope="col" { "Severity" } th scope="col" { "Rule" } th scope="col" { "ATT&CK" } } }
                        tbody {
                            @for rule in rules {
                                tr {
                                    td { (severity(&rule.severity)) }
                                    td { code { (rule.id) } @if !rule.summary.is_empty() { p { (rule.summary) } } }
                                    td.techniques { @for id in &rule.attack { (technique(id)) " " } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn versions(pack: &PackView, shown: &VersionView) -> Markup {
    html! {
        section {
            h2 { "Versions " span.quiet { (pack.total) } }
            div.scroll tabindex="0" role="region" aria-label="Versions" {
                table.versions {
                    thead {
                        tr {
                            th scope="col" { "Version" } th scope="col" { "Digest" }
                            th scope="col" { "Size" } th scope="col" { "Made" } th scope="col" { "Signed" }
                        }
                    }
                    tbody {
                        @for version in &pack.versions {
                            @let digest = &version.listed.version.digest;
                            tr.current[*digest == shown.listed.version.digest] {
                                td.which {
                                    a href={ "/packs/" (pack.repository) "?version=" (digest) } { (version.label()) }
                                    div.tags { @for tag in &version.listed.tags { span.tag { (tag) } " " } }
                                }
                                td.digest {
                                    code title=(digest) { (version.short_digest()) }
                                    button type="button" hidden data-copy=(digest) aria-label={ "Copy " (digest) } { "Copy" }
                                }
                                td.number { (size(version.listed.version.size)) }
                                td { (day(version.listed.version.created)) }
                                td { (signed(version)) }
                            }
                        }
                    }
                }
            }
            @if pack.total > pack.versions.len() { p.quiet { "The " (pack.versions.len()) " newest are shown." } }
        }
    }
}

fn pull(shown: &VersionView) -> Markup {
    html! {
        section.box {
            h2 { "Pull" }
            (copied(&format!("lanner pack pull {}", shown.locator)))
            @if shown.locator != shown.pinned {
                h3 { "Pinned" }
                p.quiet { "A tag may be moved. A digest always names the same bytes:" }
                (copied(&format!("lanner pack pull {}", shown.pinned)))
            }
        }
    }
}

/// How it is run, and trusted.
fn run(site: &Site, pack: &PackView, shown: &VersionView) -> Markup {
    let place = format!("{}/{}", site.host, pack.repository);
    // What others say goes into a file that decides whom to trust: only what cannot be anything but a name.
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    let name =
        Some(pack.name()).filter(|name| plain(name)).map_or_else(String::new, |name| format!("pack = \"{name}\"\n"));
    let stanza = format!(
        "[[trust]]\nprefix = \"{place}\"\n{name}keys = [\"release.pub\"]  # the signer's key, had from the signer\n"
    );
    html! {
        section.box {
            h2 { "Run" }
            (copied(&format!("lanner run --rules {} --follow", shown.locator)))
            h3 { "Trust policy" }
            p.quiet { "A host loads it only by a policy (" code { "/etc/lanner/trust.toml" } "), with the key of who signed it:" }
            (copied(&stanza))
        }
    }
}

fn facts(shown: &VersionView) -> Markup {
    let version = &shown.listed.version;
    html! {
        section.box {
            h2 { "About this version" }
            dl {
                dt { "Digest" } dd { (copied(&version.digest.to_string())) }
                dt { "Tags" }
                dd.tags { @for tag in &shown.listed.tags { span.tag { (tag) } " " } @if shown.listed.tags.is_empty() { span.quiet { "none" } } }
                dt { "Component" } dd { (size(version.size)) }
                dt { "Made" } dd { (day(version.created)) }
                dt { "Events" }
                dd.events { @for kind in shown.events() { (event(kind)) " " } @if shown.events().is_empty() { span.quiet { "not said" } } }
                dt { "Signatures" }
                dd {
                    (signed(shown))
                    @if shown.verified.is_some() { " " span.quiet { (shown.listed.signatures.len()) " in all" } }
                    @for signer in &shown.signers { p.signer { "claims to be by " code { (signer) } } }
                }
            }
        }
    }
}
