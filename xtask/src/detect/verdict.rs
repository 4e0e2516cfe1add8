//! What became of a case, by what was found of it.

use serde_json::Value;

use super::case::Case;

/// A finding, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rule: String,
    pub(super) severity: String,
    pub(super) techniques: Vec<String>,
    pub(super) message: String,
}

impl Found {
    pub(super) fn of(finding: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let techniques = finding["attack"].as_array().into_iter().flatten().map(text).collect();
        Self {
            rule: text(&finding["rule"]),
            severity: text(&finding["severity"]),
            techniques,
            message: text(&finding["message"]),
        }
    }

    /// Whether somebody would look at it: at medium or above.
    pub(super) fn is_alarm(&self) -> bool {
        matches!(&*self.severity, "medium" | "high" | "critical")
    }

    /// Whether it names one of these techniques.
    fn names(&self, techniques: &[String]) -> bool {
        self.techniques.iter().any(|technique| techniques.contains(technique))
    }

    /// Whether it names a technique that one of these is part of, or that is part of one of these.
    fn is_related_to(&self, techniques: &[String]) -> bool {
        let main = |technique: &str| technique.split('.').next().unwrap_or_default().to_owned();
        self.techniques.iter().any(|technique| techniques.iter().any(|wanted| main(technique) == main(wanted)))
    }
}

/// How an attack ended, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// A finding at medium or above names its technique.
    Detected,
    /// One names the technique that it is part of, or a part of it.
    Related,
    /// There are findings at medium or above, of other techniques.
    OtherTechnique,
    /// There are only findings below medium.
    Low,
    /// There is nothing.
    Silent,
}

impl Verdict {
    pub(super) fn of(case: &Case, found: &[Found]) -> Self {
        let mut alarms = found.iter().filter(|found| found.is_alarm());
        if alarms.clone().any(|found| found.names(&case.techniques)) {
            Self::Detected
        } else if alarms.clone().any(|found| found.is_related_to(&case.techniques)) {
            Self::Related
        } else if alarms.next().is_some() {
            Self::OtherTechnique
        } else if found.is_empty() {
            Self::Silent
        } else {
            Self::Low
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Detected => "detected",
            Self::Related => "related technique",
            Self::OtherTechnique => "technique wrong",
            Self::Low => "low only",
            Self::Silent => "silent",
        }
    }
}

/// Findings that say the same of several processes, once.
pub(super) fn distinct(found: &[Found]) -> Vec<&Found> {
    let mut distinct: Vec<&Found> = Vec::new();
    for found in found {
        if !distinct.iter().any(|other| other.rule == found.rule && other.severity == found.severity) {
            distinct.push(found);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::super::case::Place;
    use super::*;

    #[test]
    fn what_counts_is_an_alarm_with_the_technique() {
        let case = Case {
            name: "attack/impact/x".to_owned(),
            script: "x.sh".into(),
            title: String::new(),
            techniques: vec!["T1003.008".to_owned()],
            needs: Vec::new(),
            unprivileged: false,
            place: Place::Host,
            short: false,
            terminal: false,
            writes: Vec::new(),
            disk: false,
            misses: None,
        };
        let found = |severity: &str, technique: &str| Found {
            rule: "a/b".to_owned(),
            severity: severity.to_owned(),
            techniques: vec![technique.to_owned()],
            message: String::new(),
        };
        let verdict = |found: &[Found]| Verdict::of(&case, found);
        assert_eq!(verdict(&[]), Verdict::Silent);
        assert_eq!(verdict(&[found("low", "T1003.008")]), Verdict::Low);
        assert_eq!(verdict(&[found("low", "T1003.008"), found("high", "T1059")]), Verdict::OtherTechnique);
        assert_eq!(verdict(&[found("medium", "T1003")]), Verdict::Related);
        assert_eq!(verdict(&[found("medium", "T1003.001")]), Verdict::Related);
        assert_eq!(verdict(&[found("high", "T1059"), found("critical", "T1003.008")]), Verdict::Detected);
    }
}
