//! Findings on their way from the packs to the sinks.

use std::collections::{HashMap, HashSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lanner_finding::object::Object;
use lanner_finding::{Finding, Labels};

use crate::explain::Explained;
use crate::tuning::{Judged, Tuning};

/// Says of findings what the tuning says. Cheap to clone; all clones see the same tuning.
#[derive(Clone)]
pub struct Tuner {
    host: Arc<str>,
    labels: Labels,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    tuning: Arc<Tuning>,
    /// By the exception's name: it may be in another place after a reload.
    excepted: HashMap<String, u64>,
    off: u64,
    /// Exceptions of which was said that they have expired.
    expired: HashSet<String>,
}

/// What became of findings so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Of each exception.
    pub exceptions: Vec<ExceptionCount>,
    /// Findings that fell under some exception, also of those that are there no more.
    pub excepted: u64,
    /// Findings of rules that are off.
    pub off: u64,
}

/// How often an exception was used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionCount {
    /// What it is called.
    pub name: String,
    /// The rules that it is for, as they are written.
    pub rules: String,
    /// Why it is there.
    pub reason: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// From when on it does not hold any more, ns since 1970 (UTC).
    pub expires_ns: Option<u64>,
    /// Findings that fell under it.
    pub findings: u64,
}

impl Tuner {
    /// Of findings on the machine `host`.
    pub fn new(tuning: Tuning, host: &str) -> Self {
        let state = State { tuning: Arc::new(tuning), ..State::default() };
        Self { host: host.into(), labels: Labels::default(), state: Arc::new(Mutex::new(state)) }
    }

    /// With labels of that machine.
    #[must_use]
    pub fn labelled(self, labels: &Labels) -> Self {
        Self { labels: labels.clone(), ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this holds.
    pub fn replace(&self, tuning: Tuning) {
        let mut state = self.state();
        state.tuning = Arc::new(tuning);
        state.expired.clear();
    }

    /// What became of findings so far.
    pub fn report(&self) -> Report {
        let state = self.state();
        let exceptions = state.tuning.exceptions().iter().map(|exception| ExceptionCount {
            name: exception.name.clone(),
            rules: exception.selects(),
            reason: exception.reason.clone(),
            owner: exception.owner.clone(),
            expires_ns: exception.expires_ns,
            findings: state.excepted.get(&exception.name).copied().unwrap_or_default(),
        });
        Report { exceptions: exceptions.collect(), excepted: state.excepted.values().sum(), off: state.off }
    }

    /// How each exception that is for its rule stands to a finding, the nearest first.
    pub fn explain(&self, finding: &serde_json::Value) -> Vec<Explained> {
        let tuning = self.state().tuning.clone();
        tuning.explain(finding)
    }

    /// Findings as they are to go on. Those that are excepted go to `aside`, where there is one.
    pub fn tune<I>(self, findings: I, aside: Option<Sender<Finding>>) -> impl Iterator<Item = Vec<Finding>> + Send
    where
        I: Iterator<Item = Vec<Finding>> + Send,
    {
        findings.map(move |group| group.into_iter().filter_map(|finding| self.judge(finding, aside.as_ref())).collect())
    }

    fn judge(&self, mut finding: Finding, aside: Option<&Sender<Finding>>) -> Option<Finding> {
        // The host's test of itself is nobody's noise.
        let tuning = self.state().tuning.clone();
        if tuning.is_empty() || finding.is_self_test() {
            return Some(finding);
        }
        let rule = finding.rule().id.clone();
        let labels = self.labels.now();
        let object = || Object::new(&finding, &self.host).labelled(&labels);
        let json = || serde_json::to_value(object()).unwrap_or_default();
        match tuning.judge(&rule, finding.time_ns, json) {
            Judged::Raised(severity) => {
                finding.severity = severity.unwrap_or(finding.severity);
                self.say_expired(&tuning, &rule, finding.time_ns);
                Some(finding)
            }
            Judged::Off => {
                self.state().off += 1;
                None
            }
            Judged::Excepted(number) => {
                let name = &tuning.exceptions()[number].name;
                *self.state().excepted.entry(name.clone()).or_default() += 1;
                if let Some(aside) = aside {
                    finding.excepted = Some(name.as_str().into());
                    // Whoever writes them may have failed; what is raised does not depend on it.
                    let _ = aside.send(finding);
                }
                None
            }
        }
    }

    /// Says once of each exception that is for this rule that it holds no more.
    fn say_expired(&self, tuning: &Tuning, rule: &str, time_ns: u64) {
        for exception in tuning.exceptions() {
            if exception.has_expired(time_ns)
                && exception.is_for(rule)
                && self.state().expired.insert(exception.name.clone())
            {
                let owner = exception.owner.as_deref().map(|owner| format!(" ({owner} answers for it)"));
                tracing::warn!(
                    "exception {}{} has expired: what it excepted is raised again",
                    exception.name,
                    owner.unwrap_or_default()
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use lanner_finding::Severity;

    use super::*;
    use crate::tuning::tests::tuning;

    fn finding(rule: &str, message: &str) -> Finding {
        let rule = lanner_engine::Rule { id: rule.into(), severity: Severity::High, ..lanner_engine::Rule::default() };
        let pack = lanner_engine::Description { rules: vec![rule], ..lanner_engine::Description::default() };
        Finding::new(pack.into(), 0, message.into(), 1000).expect("it has the rule")
    }

    #[test]
    fn what_is_excepted_goes_aside_and_is_counted() {
        let tuner = Tuner::new(
            tuning(
                "[[rule]]\nid = \"a/off\"\nenabled = false\n[[rule]]\nid = \"a/mild\"\nseverity = \"low\"\n\
                 [[exception]]\nname = \"x\"\nrule = \"a/*\"\nreason = \"r\"\nwhere.message = \"known\"\n",
            ),
            "here",
        );
        let groups = vec![
            vec![finding("a/b", "known"), finding("a/b", "new"), finding("a/off", "new"), finding("a/mild", "new")],
            vec![],
            vec![finding("b/b", "known")],
        ];
        let (aside, excepted) = channel();
        let raised: Vec<Vec<(String, Severity)>> = tuner
            .clone()
            .tune(groups.into_iter(), Some(aside))
            .map(|group| group.into_iter().map(|f| (f.rule().id.clone(), f.severity)).collect())
            .collect();
        let expected = |found: &[(&str, Severity)]| {
            found.iter().map(|(rule, severity)| ((*rule).to_owned(), *severity)).collect::<Vec<_>>()
        };
        assert_eq!(
            raised,
            [
                expected(&[("a/b", Severity::High), ("a/mild", Severity::Low)]),
                expected(&[]),
                expected(&[("b/b", Severity::High)])
            ]
        );
        let excepted: Vec<_> = excepted.iter().collect();
        assert_eq!(excepted.len(), 1);
        assert_eq!(excepted[0].excepted.as_deref(), Some("x"));
        let report = tuner.report();
        assert_eq!((report.excepted, report.off, report.exceptions[0].findings), (1, 1, 1));
        // What holds is replaced while findings come; what was counted stays.
        tuner.replace(Tuning::default());
        assert_eq!(tuner.clone().tune(vec![vec![finding("a/off", "known")]].into_iter(), None).flatten().count(), 1);
        assert_eq!(tuner.report(), Report { excepted: 1, off: 1, ..Report::default() });
    }
}
