//! Packs of imported rules, judged as a host would have them judge, and why there is none.

use lanner_abi::Frame;
use lanner_conditions::Evaluator;
use lanner_contract::{Checked, Finding, Sieve};
use lanner_import::{ImportError, Pack};
use lanner_sdk::testing::{TestEvent, frame};

/// A pack that judges as in a host: only what its filters let through, or all of it.
pub(crate) struct Judge {
    pub(crate) evaluator: Evaluator,
    pub(crate) checked: Checked,
}

impl Judge {
    pub(crate) fn of(pack: &Pack) -> Self {
        let checked = pack.description.clone().check().expect("a description");
        assert!(checked.left_out.is_empty(), "{:?}", checked.left_out);
        Self { evaluator: Evaluator::decode(&pack.rules).expect("rules"), checked }
    }

    /// What is found; filters have to let through what it is found in.
    pub(crate) fn judge(&mut self, events: &[TestEvent]) -> Vec<Finding> {
        let bytes = frame(events.iter().cloned());
        let frame = Frame::parse(&bytes).expect("a frame");
        let mut found = Vec::new();
        self.evaluator.judge(&frame, &mut |finding| found.push(finding));
        let sieve = Sieve::new(&self.checked.wanted);
        for (place, event) in frame.events().enumerate() {
            let is_found = found.iter().any(|finding| finding.events.contains(&event.seq()));
            assert!(!is_found || sieve.wants(&event), "the filters do not let through {:?}", events[place]);
        }
        found
    }
}

/// Why the first rule is refused, or all of it; nothing where it is imported.
pub(crate) fn refusal(imported: Result<Pack, ImportError>) -> String {
    match imported {
        Err(ImportError::None(report)) => {
            report.rules.first().and_then(|rule| rule.refused.clone()).unwrap_or_default()
        }
        Err(error) => error.to_string(),
        Ok(_) => String::new(),
    }
}
