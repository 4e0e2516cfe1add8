//! Which findings have a capture written.

use std::str::FromStr;

use lanner_finding::{Finding, Severity};
use lanner_tuning::Rules;

/// Findings of rules, and findings that are at least so bad.
#[derive(Clone, Debug)]
pub struct Choice {
    severity: Option<Severity>,
    rules: Rules,
}

impl Choice {
    /// Whether this finding is one. Those of the host's self-test are not, nor those that are excepted.
    pub fn is_of(&self, finding: &Finding) -> bool {
        let bad = self.severity.is_some_and(|least| finding.severity >= least);
        let chosen = bad || self.rules.select(&finding.rule().id);
        chosen && !finding.is_self_test() && finding.excepted.is_none()
    }
}

/// Names of severities, rules and globs over rules, with commas between.
impl FromStr for Choice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mut severity, mut rules) = (None::<Severity>, Vec::new());
        for part in text.split(',').map(str::trim) {
            match Severity::from_name(part) {
                Some(least) => severity = Some(severity.map_or(least, |other| other.min(least))),
                // A rule's name has its theme before it.
                None if part.contains('/') || part.contains('*') => rules.push(part.to_owned()),
                None => {
                    let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
                    return Err(format!(
                        "{part:?} is neither a severity ({}) nor a rule, as `theme/rule` or `theme/*`",
                        names.join(", ")
                    ));
                }
            }
        }
        Ok(Self { severity, rules: Rules::new(&rules)? })
    }
}
