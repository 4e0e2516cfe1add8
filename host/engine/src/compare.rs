//! What two versions of a pack find in the same events: the one that runs, and a candidate in its shadow.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use lanner_contract::{Fact, Finding, Rule};

use super::instance::Gave;
use super::kept::size;

/// Bytes of findings of one side that may wait for the other's; the oldest are not compared beyond that.
const WAITING: usize = 8 << 20;
/// Differences that are kept to be looked at, the latest.
const LATEST: usize = 64;
/// Bytes of a message in them.
const MESSAGE: usize = 512;
/// Likewise of a field's name.
const PART: usize = 64;

/// Whose findings they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Of the version that runs: they are raised.
    Running,
    /// Of the candidate: they are only compared.
    Candidate,
}

/// How often the two agreed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Findings that both raised, alike.
    pub same: u64,
    /// Findings that both raised of the same event, with another message, severity or facts.
    pub changed: u64,
    /// Findings of the running version alone.
    pub only_running: u64,
    /// Findings of the candidate alone.
    pub only_candidate: u64,
}

/// A finding in which they differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// The time of the newest event of the batch, ns since 1970 (UTC).
    pub time_ns: u64,
    /// The rule's id.
    pub rule: String,
    /// The sequence number of the newest event behind it; nothing for what was raised as time passed.
    pub event: Option<u64>,
    /// What the running version said; nothing where it did not raise it.
    pub running: Option<String>,
    /// What the candidate said; likewise.
    pub candidate: Option<String>,
    /// Where both raised it: what is another, in a word each; of fields their names.
    pub differs: Vec<String>,
}

/// What was compared so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Of all rules.
    pub all: Counts,
    /// By the rule's id; rules that raised nothing are left out.
    pub by_rule: BTreeMap<String, Counts>,
    /// The latest differences, the newest last.
    pub latest: VecDeque<Difference>,
    /// Findings that were too many to be compared.
    pub left_out: u64,
}

/// What a finding is about: when, of which rule, of which event. Findings of both sides about the same are compared.
type About = (u64, String, Option<u64>);

/// Compares them. The two may run on different threads, and at a different pace.
#[derive(Debug, Default)]
pub(crate) struct Comparison(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    compared: Compared,
    /// What waits for the other side.
    waiting: [BTreeMap<About, VecDeque<Finding>>; 2],
    /// Bytes in that.
    bytes: [usize; 2],
    /// How far each side came, ns: what the other raised before is known by then.
    reached: [u64; 2],
}

impl Comparison {
    /// What was compared so far. Findings for which the other side has not come far enough yet are not in it.
    pub(crate) fn compared(&self) -> Compared {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).compared.clone()
    }

    /// Takes what one side gave on a batch or tick. Findings of the candidate stay here.
    pub(crate) fn take(&self, side: Side, rules: &[Rule], gave: &mut Gave, now: u64) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let findings = match side {
            Side::Running => gave.findings.clone(),
            Side::Candidate => {
                (gave.dropped, gave.is_shadow) = (0, true);
                std::mem::take(&mut gave.findings)
            }
        };
        for finding in findings {
            // What it does not have is a mistake of its own, which is said otherwise.
            let Some(rule) = rules.get(finding.rule as usize) else { continue };
            inner.add(side, (now, rule.id.clone(), finding.events.last().copied()), finding);
        }
        inner.reached[side as usize] = now;
        inner.settle();
    }
}

impl Inner {
    fn add(&mut self, side: Side, about: About, finding: Finding) {
        let (own, other) = (side as usize, 1 - side as usize);
        // Those that are alike belong together, in whatever order they were raised; what is left over is known later.
        if let Some(waiting) = self.waiting[other].get_mut(&about)
            && let Some(at) = waiting.iter().position(|counterpart| differs(counterpart, &finding).is_empty())
            && let Some(counterpart) = waiting.remove(at)
        {
            if waiting.is_empty() {
                self.waiting[other].remove(&about);
            }
            self.bytes[other] -= size(&counterpart);
            self.note(about, Some(finding), Some(counterpart));
            return;
        }
        self.bytes[own] += size(&finding);
        self.waiting[own].entry(about).or_default().push_back(finding);
        while self.bytes[own] > WAITING
            && let Some((_, oldest)) = self.waiting[own].pop_first()
        {
            self.bytes[own] -= oldest.iter().map(size).sum::<usize>();
            self.compared.left_out += oldest.len() as u64;
        }
    }

    /// What both have passed by is all there: what one side raised and the other did not, and what both raised otherwise.
    fn settle(&mut self) {
        let [running, candidate] = self.reached;
        let reached = running.min(candidate);
        for own in [Side::Running, Side::Candidate] {
            while let Some(entry) = self.waiting[own as usize].first_entry().filter(|entry| entry.key().0 < reached) {
                let about = entry.key().clone();
                let [mut running, mut candidate] = [Side::Running, Side::Candidate].map(|side| {
                    let findings = self.waiting[side as usize].remove(&about).unwrap_or_default();
                    self.bytes[side as usize] -= findings.iter().map(size).sum::<usize>();
                    findings
                });
                while !running.is_empty() || !candidate.is_empty() {
                    self.note(about.clone(), running.pop_front(), candidate.pop_front());
                }
            }
        }
    }

    fn note(&mut self, (time_ns, rule, event): About, running: Option<Finding>, candidate: Option<Finding>) {
        let of_rule = self.compared.by_rule.entry(rule.clone()).or_default();
        let differs = running.as_ref().zip(candidate.as_ref()).map(|(running, candidate)| differs(running, candidate));
        let alike = differs.as_ref().is_some_and(Vec::is_empty);
        for counts in [&mut self.compared.all, of_rule] {
            *match (&running, &candidate) {
                (Some(_), Some(_)) if alike => &mut counts.same,
                (Some(_), Some(_)) => &mut counts.changed,
                (_, None) => &mut counts.only_running,
                (None, _) => &mut counts.only_candidate,
            } += 1;
        }
        if alike {
            return;
        }
        if self.compared.latest.len() >= LATEST {
            self.compared.latest.pop_front();
        }
        let message = |finding: Option<Finding>| {
            finding.map(|mut finding| {
                finding.message.truncate(finding.message.floor_char_boundary(MESSAGE));
                finding.message
            })
        };
        let (running, candidate) = (message(running), message(candidate));
        let differs = differs.unwrap_or_default();
        self.compared.latest.push_back(Difference { time_ns, rule, event, running, candidate, differs });
    }
}

/// What of them is another, in a word each; the rule may have another place in the other version.
fn differs(one: &Finding, other: &Finding) -> Vec<String> {
    let Finding { rule: _, message, severity, events, process, key, fields } = one;
    let parts = [
        ("message", *message != other.message),
        ("severity", *severity != other.severity),
        ("events", *events != other.events),
        ("process", *process != other.process),
        ("key", *key != other.key),
    ];
    let mut differs: Vec<String> = parts.into_iter().filter(|(_, is)| *is).map(|(part, _)| part.to_owned()).collect();
    let lacks = |these: &[(String, Fact)], others: &[(String, Fact)]| -> Vec<String> {
        these.iter().filter(|field| !others.contains(field)).map(|(name, _)| name.clone()).collect()
    };
    for name in [lacks(fields, &other.fields), lacks(&other.fields, fields)].concat() {
        if !differs.contains(&name) {
            differs.push(name);
        }
    }
    // Or the same in another order.
    if differs.is_empty() && *fields != other.fields {
        differs.push("fields".to_owned());
    }
    for part in &mut differs {
        part.truncate(part.floor_char_boundary(PART));
    }
    differs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(ids: &[&str]) -> Vec<Rule> {
        ids.iter().map(|id| Rule { id: (*id).to_owned(), ..Rule::default() }).collect()
    }

    fn raised(findings: &[(u32, &str, u64)]) -> Gave {
        let finding = |(rule, message, event): &(u32, &str, u64)| Finding {
            rule: *rule,
            message: (*message).to_owned(),
            events: vec![*event],
            ..Finding::default()
        };
        Gave { findings: findings.iter().map(finding).collect(), ..Gave::default() }
    }

    #[test]
    fn findings_of_the_same_event_are_compared_whoever_comes_first() {
        let (comparison, old, new) = (Comparison::default(), rules(&["a/one", "a/two"]), rules(&["a/two", "a/one"]));
        let mut gave = raised(&[(0, "x", 1), (1, "y", 2)]);
        comparison.take(Side::Running, &old, &mut gave, 10);
        assert_eq!(gave.findings.len(), 2, "what runs raises its findings");
        let mut gave = raised(&[(1, "x", 1), (0, "z", 2), (0, "w", 3)]);
        comparison.take(Side::Candidate, &new, &mut gave, 10);
        assert!(gave.findings.is_empty() && gave.is_shadow);
        // Nobody knows yet whether the other one raises it.
        assert_eq!(comparison.compared().all, Counts { same: 1, ..Counts::default() });
        comparison.take(Side::Running, &old, &mut Gave::default(), 11);
        comparison.take(Side::Candidate, &new, &mut Gave::default(), 11);
        let compared = comparison.compared();
        assert_eq!(compared.all, Counts { same: 1, changed: 1, only_running: 0, only_candidate: 1 });
        assert_eq!(compared.by_rule["a/one"], Counts { same: 1, ..Counts::default() });
        let said = |running: Option<&str>, candidate: &str, event| Difference {
            time_ns: 10,
            rule: "a/two".to_owned(),
            event: Some(event),
            running: running.map(str::to_owned),
            candidate: Some(candidate.to_owned()),
            differs: running.map(|_| "message".to_owned()).into_iter().collect(),
        };
        assert_eq!(compared.latest, [said(Some("y"), "z", 2), said(None, "w", 3)]);
    }

    #[test]
    fn findings_of_one_event_belong_together_whatever_their_order() {
        let (comparison, rules) = (Comparison::default(), rules(&["a/one"]));
        comparison.take(Side::Running, &rules, &mut raised(&[(0, "a", 1), (0, "b", 1), (0, "c", 1)]), 10);
        comparison.take(Side::Candidate, &rules, &mut raised(&[(0, "c", 1), (0, "x", 1), (0, "a", 1)]), 10);
        for side in [Side::Running, Side::Candidate] {
            comparison.take(side, &rules, &mut Gave::default(), 11);
        }
        assert_eq!(comparison.compared().all, Counts { same: 2, changed: 1, ..Counts::default() });
    }

    #[test]
    fn what_waits_and_what_is_kept_is_bounded() {
        let (comparison, rules) = (Comparison::default(), rules(&["a/one"]));
        let message = "é".repeat(8 << 10);
        let count = (WAITING / message.len()) as u64 + 10;
        for event in 0..count {
            comparison.take(Side::Running, &rules, &mut raised(&[(0, &message, event)]), event);
        }
        assert!(comparison.0.lock().expect("it is free").bytes[0] <= WAITING);
        let left_out = comparison.compared().left_out;
        assert!(left_out >= 10);
        comparison.take(Side::Candidate, &rules, &mut Gave::default(), u64::MAX);
        comparison.take(Side::Running, &rules, &mut Gave::default(), u64::MAX);
        assert_eq!(comparison.0.lock().expect("it is free").bytes, [0; 2]);
        let compared = comparison.compared();
        assert_eq!(compared.all.only_running, count - left_out);
        assert_eq!(compared.latest.len(), LATEST);
        assert!(
            compared.latest.iter().all(|difference| difference.running.as_ref().is_some_and(|m| m.len() <= MESSAGE))
        );
    }
}
