//! What is printed: a table by tactic, alarms on what is benign, and each miss with the reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::case::{Case, TACTICS};
use super::verdict::{Found, Verdict, distinct};

/// What came of all cases.
#[derive(Default)]
pub(super) struct Report {
    attacks: Vec<(Case, Verdict, Vec<Found>)>,
    benign: Vec<(Case, Vec<Found>)>,
    skipped: Vec<(Case, String)>,
    /// Events that were lost: what was not found may have been among them.
    pub(super) lost: Vec<String>,
    /// What the host complained of.
    pub(super) complaints: Vec<String>,
}

impl Report {
    /// Adds a case that was not run.
    pub(super) fn skip(&mut self, case: Case, why: String) {
        self.skipped.push((case, why));
    }

    /// Adds a case, and what was found of it.
    pub(super) fn add(&mut self, case: Case, found: Vec<Found>) {
        if case.tactic().is_none() {
            self.benign.push((case, found));
            return;
        }
        let verdict = Verdict::of(&case, &found);
        self.attacks.push((case, verdict, found));
    }

    /// In the order of their names.
    pub(super) fn sort(&mut self) {
        self.attacks.sort_by(|(a, ..), (b, ..)| a.name.cmp(&b.name));
        self.benign.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        self.skipped.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    }

    /// How many of the attacks were detected, and how many there were.
    pub(super) fn detected(&self) -> (usize, usize) {
        (self.count(None, Verdict::Detected), self.attacks.len())
    }

    /// On how many benign cases there was an alarm, and how many there were.
    pub(super) fn alarmed(&self) -> (usize, usize) {
        (self.benign.iter().filter(|(_, found)| found.iter().any(Found::is_alarm)).count(), self.benign.len())
    }

    fn count(&self, tactic: Option<&str>, wanted: Verdict) -> usize {
        let of_tactic = |case: &Case| tactic.is_none() || case.tactic() == tactic;
        self.attacks.iter().filter(|(case, verdict, _)| *verdict == wanted && of_tactic(case)).count()
    }

    /// As people read it.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.misses(&mut text);
        self.alarms(&mut text);
        if !self.skipped.is_empty() {
            text += "\nskipped\n";
            for (case, why) in &self.skipped {
                text += &format!("  {}: {why}\n", case.name);
            }
        }
        self.table(&mut text);
        let lost: BTreeSet<&String> = self.lost.iter().collect();
        for lost in lost {
            text += &format!("events were lost, what was not found may have been among them: {lost}\n");
        }
        for (complaint, times) in counted(&self.complaints) {
            text += &format!("the host complained {times} times: {complaint}\n");
        }
        text
    }

    fn misses(&self, text: &mut String) {
        let missed = self.attacks.iter().filter(|(_, verdict, _)| *verdict != Verdict::Detected);
        for (index, (case, verdict, found)) in missed.enumerate() {
            if index == 0 {
                *text += "\nmisses\n";
            }
            let techniques = case.techniques.join(" ");
            let reason = case.misses.as_deref().unwrap_or("no rule");
            *text += &format!("  {} ({techniques}): {}; {reason}\n", case.name, verdict.name());
            for found in distinct(found) {
                *text += &line(found);
            }
        }
    }

    fn alarms(&self, text: &mut String) {
        let mut first = true;
        for (case, found) in &self.benign {
            let alarms: Vec<Found> = found.iter().filter(|found| found.is_alarm()).cloned().collect();
            if alarms.is_empty() {
                continue;
            }
            if std::mem::take(&mut first) {
                *text += "\nalarms on what is benign\n";
            }
            *text += &format!("  {}: {}\n", case.name, case.title);
            for found in distinct(&alarms) {
                *text += &line(found);
            }
        }
    }

    fn table(&self, text: &mut String) {
        let columns = [Verdict::Detected, Verdict::Related, Verdict::OtherTechnique, Verdict::Low, Verdict::Silent];
        let heads = ["cases", "detected", "", "related", "other", "low", "silent"];
        *text += &format!("\n{:<22}", "tactic");
        for head in heads {
            *text += &format!("{head:>10}");
        }
        *text += "\n";
        let mut row = |name: &str, tactic: Option<&str>| {
            let counts = columns.map(|verdict| self.count(tactic, verdict));
            let cases: usize = counts.iter().sum();
            if cases == 0 {
                return;
            }
            let share = format!("{:.0}%", percent(counts[0], cases));
            *text += &format!("{name:<22}{cases:>10}{:>10}{share:>10}", counts[0]);
            for count in &counts[1..] {
                *text += &format!("{count:>10}");
            }
            *text += "\n";
        };
        for tactic in TACTICS {
            row(tactic, Some(tactic));
        }
        row("all", None);
        let techniques = |detected: bool| {
            let of = self.attacks.iter().filter(|(_, verdict, _)| !detected || *verdict == Verdict::Detected);
            of.flat_map(|(case, _, _)| &case.techniques).collect::<BTreeSet<_>>().len()
        };
        *text += &format!("techniques: {} of {} in some case\n", techniques(true), techniques(false));
        let (alarmed, benign) = self.alarmed();
        *text += &format!("benign: {benign} cases, alarms on {alarmed}\n");
    }

    /// As programs read it: an object a case, and one of all.
    pub(super) fn json(&self) -> String {
        let found = |found: &[Found]| -> Vec<Value> {
            let one = |found: &Found| json!({"rule": found.rule, "severity": found.severity, "attack": found.techniques, "message": found.message});
            found.iter().map(one).collect()
        };
        let attacks = self.attacks.iter().map(|(case, verdict, all)| {
            json!({"case": case.name, "title": case.title, "techniques": case.techniques, "verdict": verdict.name(),
                "misses": case.misses, "findings": found(all)})
        });
        let benign = self.benign.iter().map(|(case, all)| {
            json!({"case": case.name, "title": case.title, "alarm": all.iter().any(Found::is_alarm), "findings": found(all)})
        });
        let skipped = self.skipped.iter().map(|(case, why)| json!({"case": case.name, "skipped": why}));
        let ((detected, attacked), (alarmed, quiet)) = (self.detected(), self.alarmed());
        let all = json!({"attacks": attacked, "detected": detected, "benign": quiet, "alarms": alarmed,
            "skipped": self.skipped.len(), "lost": self.lost, "complaints": self.complaints});
        attacks.chain(benign).chain(skipped).chain([all]).map(|line| format!("{line}\n")).collect()
    }
}

/// Each text, by its beginning, and how often it is there.
fn counted(texts: &[String]) -> BTreeMap<String, usize> {
    const BEGINNING: usize = 100;
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(text.chars().take(BEGINNING).collect()).or_default() += 1;
    }
    counts
}

fn line(found: &Found) -> String {
    let message: String = found.message.chars().take(160).flat_map(char::escape_debug).collect();
    format!("      {} {} ({}): {message}\n", found.severity, found.rule, found.techniques.join(" "))
}

/// Of all, how many of a hundred.
pub(super) fn percent(part: usize, all: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "there are some hundreds")]
    let (part, all) = (part as f64, all.max(1) as f64);
    100.0 * part / all
}
