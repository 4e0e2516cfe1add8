//! A report, for people.

use std::cmp::Reverse;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;

use super::{Exception, List, Pack, Rates, Report, Rule, Shortcoming, Sink};
pub(crate) use crate::doctor::one_line;

/// Columns of the name of a pack, and of a rule.
const NAME: usize = 24;
/// How many kinds stand in a line.
const KINDS: usize = 3;

const GOOD: Style = AnsiColor::Green.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const HEAD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

impl Report {
    /// All of it, in a hundred columns where names are not longer than they should be. Ends with a new line. Colours are
    /// ANSI sequences.
    pub fn render(&self, rates: &Rates, colour: bool) -> String {
        let mut page = Page { text: String::new(), colour };
        self.head(rates, &mut page);
        self.kinds_in_lines(&mut page);
        self.packs.iter().for_each(|pack| pack.render(rates, self.time_ns, &mut page));
        if self.packs.is_empty() {
            page.line(BAD, "packs", "none: nothing is judged, as no rules are loaded");
        }
        self.lists.iter().filter(|list| list.is_given()).for_each(|list| list.render(&mut page));
        self.sinks.iter().for_each(|sink| sink.render(&mut page));
        for Shortcoming { what, remedy } in &self.degraded {
            page.line(DOUBTFUL, "degraded", &one_line(what));
            page.line(DIM, "", &format!("remedy: {}", remedy.as_deref().map_or("none".into(), one_line)));
        }
        self.troubles.iter().for_each(|trouble| page.line(BAD, "wrong", &one_line(trouble)));
        page.text
    }

    fn head(&self, rates: &Rates, page: &mut Page) {
        let about = &self.about;
        let age = span(self.time_ns.saturating_sub(about.since_ns));
        let (version, hostname, kernel) =
            (one_line(&about.version), one_line(&about.hostname), one_line(&about.kernel));
        page.line(
            GOOD,
            "running",
            &format!("lanner {version}, pid {}, for {age}, since {}", about.pid, second(about.since_ns)),
        );
        page.line(HEAD, "machine", &format!("{hostname}, kernel {kernel}"));
        if !self.labels.is_empty() {
            let labels = self.labels.iter().map(|(name, value)| one_line(&format!("{name}={value}")));
            page.line(HEAD, "labels", &labels.collect::<Vec<_>>().join(", "));
        }
        page.line(HEAD, "host", &format!("{} of a processor, {}", share(rates.processors), bytes(self.memory)));
        let of = |total: u64, rate: f64, what: &str| format!("{} {what} ({}/s)", count(total), per_second(rate));
        let taken = of(self.events, rates.events, "taken");
        let filtered = of(self.filtered, rates.filtered, "filtered out");
        page.line(HEAD, "events", &format!("{taken}, {filtered}"));
        let style = if self.lost > 0 { BAD } else { HEAD };
        page.line(style, "lost", &of(self.lost, rates.lost, "events"));
        page.line(HEAD, "findings", &format!("{}{}", of(self.findings, rates.findings, "raised"), self.tuned()));
        for exception in self.exceptions.iter().filter(|exception| exception.findings > 0) {
            let Exception { name, findings, rules, .. } = exception;
            page.line(
                DIM,
                "",
                &format!("{:>12}  excepted by {} ({})", count(*findings), one_line(name), one_line(rules)),
            );
        }
    }

    /// What the tuning made of others, where it did.
    fn tuned(&self) -> String {
        let excepted = (self.excepted > 0).then(|| format!(", {} excepted", count(self.excepted)));
        let off = (self.switched_off > 0).then(|| format!(", {} of rules that are off", count(self.switched_off)));
        excepted.into_iter().chain(off).collect()
    }

    fn kinds_in_lines(&self, page: &mut Page) {
        for (number, kinds) in self.kinds.chunks(KINDS).enumerate() {
            let kind = |kind: &super::Kind| {
                let lost = if kind.lost > 0 { format!(", {} lost", count(kind.lost)) } else { String::new() };
                format!("{:28}", format!("{} {}{lost}", kind.kind, count(kind.events)))
            };
            let kinds: Vec<String> = kinds.iter().map(kind).collect();
            page.line(HEAD, if number == 0 { "kinds" } else { "" }, kinds.join(" ").trim_end());
        }
    }
}

impl List {
    /// Whether somebody says what it has, beside the pack.
    fn is_given(&self) -> bool {
        !self.from.is_empty() || self.trouble.is_some()
    }

    fn render(&self, page: &mut Page) {
        let (pack, list) = (one_line(&self.pack), one_line(&self.list));
        let refused = if self.refused > 0 { format!(", refused {} times", count(self.refused)) } else { String::new() };
        let has = format!("{} entries, {}{refused}", count(self.entries), bytes(self.bytes));
        page.line(HEAD, "list", &format!("{:NAME$} {has}", format!("{pack}/{list}")));
        self.from.iter().for_each(|from| page.line(DIM, "", &format!("from {}", one_line(from))));
        self.trouble.iter().for_each(|trouble| page.line(BAD, "", &one_line(trouble)));
    }
}

impl Pack {
    fn render(&self, rates: &Rates, now_ns: u64, page: &mut Page) {
        let its = rates.pack(&self.name);
        let name = format!("{} {}", one_line(&self.name), one_line(&self.version));
        let state = page.painted(state_style(&self.state), &self.state);
        let loaded =
            self.loaded_ns.map_or(String::new(), |ns| format!(", loaded {} ago", span(now_ns.saturating_sub(ns))));
        page.line(HEAD, "pack", &format!("{name:NAME$} {state}{loaded}"));
        page.line(DIM, "", &format!("from {}", one_line(&self.from)));
        page.line(
            DIM,
            "",
            &format!(
                "{} events ({}/s), {} findings ({}/s)",
                count(self.events),
                per_second(its.events),
                count(self.findings),
                per_second(its.findings)
            ),
        );
        page.line(
            DIM,
            "",
            &format!(
                "{} of a core, {} an event (p99 {}), {} of memory",
                share(its.share),
                cost(self.median_ns),
                cost(self.p99_ns),
                bytes(self.memory)
            ),
        );
        let troubled = self.failures + self.missed + self.dropped > 0;
        page.line(
            if troubled { BAD } else { DIM },
            "",
            &format!(
                "{} failures, {} events missed, {} dropped, {} waiting",
                count(self.failures),
                count(self.missed),
                count(self.dropped),
                bytes(self.waiting)
            ),
        );
        if let Some(shadow) = &self.shadow {
            page.line(if shadow.failures > 0 { BAD } else { HEAD }, "", &shadow.line());
        }
        self.render_rules(page);
    }

    /// Those that found something, and those that do not run: findings, what an event costs more because of it, the id.
    fn render_rules(&self, page: &mut Page) {
        let (mut told, silent): (Vec<&Rule>, Vec<&Rule>) =
            self.rules.iter().partition(|rule| rule.findings > 0 || rule.left_out);
        // The sort is stable: those that found as much stay in the pack's order.
        told.sort_by_key(|rule| Reverse(rule.findings));
        for rule in told {
            let found = if rule.left_out { "left out".to_owned() } else { count(rule.findings) };
            page.line(DIM, "", &format!("{found:>12}  {:>8}  {}", rule_cost(rule.cost_ns), one_line(&rule.id)));
        }
        if !silent.is_empty() {
            let dearest = silent.iter().filter(|rule| rule.cost_ns.is_some()).max_by_key(|rule| rule.cost_ns);
            let dearest = dearest.map_or(String::new(), |rule| {
                format!(", up to {} an event: {}", rule_cost(rule.cost_ns), one_line(&rule.id))
            });
            page.line(DIM, "", &format!("{:>12}  in {} other rules{dearest}", 0, silent.len()));
        }
    }
}

impl Sink {
    fn render(&self, page: &mut Page) {
        let why = self.trouble.as_deref().map_or(String::new(), |why| format!(": {}", one_line(why)));
        let bad = self.failed || self.left_out + self.rejected > 0 || self.trouble.is_some();
        let style = if bad { BAD } else { HEAD };
        let gone = if self.failed { ", takes nothing any more" } else { "" };
        let (written, waiting, left_out) = (count(self.written), count(self.waiting), count(self.left_out));
        let name = one_line(&self.name);
        page.line(
            style,
            "sink",
            &format!("{name}: {written} written, {waiting} waiting, {left_out} left out{gone}{why}"),
        );
        let oldest = self.oldest_ns.map(|ns| format!(", the oldest for {}", span(ns))).unwrap_or_default();
        // Of sinks of which none of this is known, it is not said.
        let more = [
            (self.waiting_bytes, format!("{} waiting{oldest}", bytes(self.waiting_bytes))),
            (self.rejected, format!("{} rejected", count(self.rejected))),
            (self.kept_back, format!("{} kept back", count(self.kept_back))),
            (self.retried, format!("{} tried again", count(self.retried))),
        ];
        let more: Vec<String> = more.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
        if !more.is_empty() {
            page.line(if self.rejected > 0 { BAD } else { DIM }, "", &more.join(", "));
        }
    }
}

/// Lines with a word in front of each.
struct Page {
    text: String,
    colour: bool,
}

impl Page {
    fn painted(&self, style: Style, text: &str) -> String {
        if self.colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn line(&mut self, style: Style, word: &str, line: &str) {
        let word = self.painted(style, &format!("{word:9}"));
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{word} {line}");
    }
}

fn state_style(state: &str) -> Style {
    match state {
        "running" => GOOD,
        "resting" => DOUBTFUL,
        _ => BAD,
    }
}

/// A time, to the second (UTC).
fn second(ns: u64) -> String {
    let time = Timestamp::from_nanosecond(i128::from(ns)).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// With thousands set apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == first {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whole, but for what is small.
pub(crate) fn per_second(rate: f64) -> String {
    match rate {
        rate if rate >= 10.0 => count(rate.round() as u64),
        rate if rate > 0.0 => format!("{rate:.1}"),
        _ => "0".to_owned(),
    }
}

/// A part, in hundredths.
pub(crate) fn share(part: f64) -> String {
    format!("{:.1}%", part * 100.0)
}

/// In the unit that fits.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}

/// A time that something took, ns.
pub(crate) fn cost(ns: u64) -> String {
    match ns {
        0 => "-".to_owned(),
        1..10_000 => format!("{ns} ns"),
        10_000..10_000_000 => format!("{:.0} µs", ns as f64 / 1e3),
        _ => format!("{:.0} ms", ns as f64 / 1e6),
    }
}

/// What an event costs more because of a rule, ns. That is nothing where its pack is not given what it looks at.
pub(crate) fn rule_cost(ns: Option<u64>) -> String {
    match ns {
        Some(0) => "0 ns".to_owned(),
        ns => cost(ns.unwrap_or(0)),
    }
}

/// How long ago something was, in its two greatest units.
pub(crate) fn span(ns: u64) -> String {
    let seconds = ns / 1_000_000_000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests;
