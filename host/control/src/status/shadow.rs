//! What becomes of candidates that run in the shadow of others.

use std::fmt::Write as _;

use lanner_engine::{Counts, ShadowStatus};
use lanner_finding::time;

use super::text::{cost, count, one_line};
use super::{Agreement, Difference, Pack, Shadow};

/// Rules that are shown to people, those that differ most, and the latest differences.
const SHOWN: usize = 16;

impl From<&ShadowStatus> for Shadow {
    fn from(ShadowStatus { path, description, figures, compared }: &ShadowStatus) -> Self {
        let since = u64::try_from(figures.loaded_ns).ok().filter(|ns| *ns > 0);
        let difference = |difference: &lanner_engine::Difference| Difference {
            time: time::rfc3339(difference.time_ns),
            rule: difference.rule.clone(),
            event: difference.event,
            running: difference.running.clone(),
            candidate: difference.candidate.clone(),
            differs: difference.differs.clone(),
        };
        Self {
            version: description.version.clone(),
            from: path.display().to_string(),
            state: figures.state.name().to_owned(),
            since: since.map(time::rfc3339),
            events: figures.events,
            failures: figures.failures,
            missed: figures.missed + figures.dropped,
            median_ns: figures.median_ns,
            p99_ns: figures.p99_ns,
            all: compared.all.into(),
            rules: compared.by_rule.iter().map(|(rule, counts)| (rule.clone(), (*counts).into())).collect(),
            latest: compared.latest.iter().map(difference).collect(),
            left_out: compared.left_out,
        }
    }
}

impl From<Counts> for Agreement {
    fn from(Counts { same, changed, only_running, only_candidate }: Counts) -> Self {
        Self { same, changed, only_running, only_candidate }
    }
}

impl Agreement {
    /// How many findings differ.
    pub fn differing(self) -> u64 {
        self.changed + self.only_running + self.only_candidate
    }

    fn words(self) -> String {
        let Self { same, changed, only_running, only_candidate } = self;
        let parts = [(same, "the same"), (changed, "changed"), (only_running, "gone"), (only_candidate, "new")];
        let said: Vec<String> = parts.iter().map(|(number, what)| format!("{} {what}", count(*number))).collect();
        said.join(", ")
    }
}

impl Shadow {
    /// One line: how it differs from the version that runs.
    pub(super) fn line(&self) -> String {
        let trouble = if self.state == "running" { String::new() } else { format!(", {}", self.state) };
        format!("{} in its shadow{trouble}: findings {}", one_line(&self.version), self.all.words())
    }
}

impl Pack {
    /// What the candidate in its shadow does differently, for people; nothing where there is none.
    pub fn render_shadow(&self) -> Option<String> {
        let shadow = self.shadow.as_ref()?;
        let mut text = String::new();
        let mut line = |line: String| {
            // Writing to a text does not fail.
            let _ = writeln!(text, "{line}");
        };
        let (name, now, then) = (one_line(&self.name), one_line(&self.version), one_line(&shadow.version));
        line(format!("pack {name}: {then} in the shadow of {now}, {}", shadow.state));
        line(format!("  from     {}", one_line(&shadow.from)));
        if let Some(since) = &shadow.since {
            line(format!("  since    {since}"));
        }
        let (each, p99) = (cost(shadow.median_ns), cost(shadow.p99_ns));
        let (its, its_p99) = (cost(self.median_ns), cost(self.p99_ns));
        line(format!("  cost     {each} an event (p99 {p99}); {now}: {its} (p99 {its_p99})"));
        line(format!("  events   {}, {} failures, {} missed", count(shadow.events), shadow.failures, shadow.missed));
        line(format!("  findings {}", shadow.all.words()));
        if shadow.left_out > 0 {
            line(format!("           {} were too many to be compared", count(shadow.left_out)));
        }
        let mut rules: Vec<_> = shadow.rules.iter().filter(|(_, agreement)| agreement.differing() > 0).collect();
        rules.sort_by_key(|(_, agreement)| std::cmp::Reverse(agreement.differing()));
        for (rule, agreement) in rules.iter().take(SHOWN) {
            line(format!("  {}: {}", one_line(rule), agreement.words()));
        }
        let more = shadow.latest.len().saturating_sub(SHOWN);
        if !shadow.latest.is_empty() {
            line(format!(
                "  latest differences{}",
                if more > 0 { format!(" ({more} more with --output json)") } else { String::new() }
            ));
        }
        for difference in shadow.latest.iter().skip(more) {
            let Difference { time, rule, event, running, candidate, differs } = difference;
            let event = event.map_or_else(String::new, |event| format!(", event {event}"));
            let parts: Vec<_> = differs.iter().map(|part| one_line(part)).collect();
            let parts = if parts.is_empty() { String::new() } else { format!(": another {}", parts.join(", ")) };
            line(format!("    {time} {}{event}{parts}", one_line(rule)));
            for (sign, message) in [('-', running), ('+', candidate)] {
                if let Some(message) = message {
                    line(format!("      {sign} {}", one_line(message)));
                }
            }
        }
        Some(text)
    }
}
