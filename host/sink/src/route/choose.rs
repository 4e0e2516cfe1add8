//! Whether a finding is one that was chosen.

use lanner_attack::is_technique;
use lanner_finding::Severity;
use lanner_tuning::{Conditions, Globs, Rules};
use serde_json::Value;

use super::settings::Choice;

/// Tells chosen findings.
#[derive(Clone, Debug)]
pub(super) struct Chooser {
    min_severity: Option<Severity>,
    rules: Option<Rules>,
    techniques: Vec<String>,
    /// By the names of labels.
    labels: Vec<(String, Globs)>,
    globs: Vec<Globs>,
    conditions: Option<Conditions>,
}

impl Chooser {
    /// By what is said; the error names the key.
    pub(super) fn new(choice: &Choice) -> Result<Self, String> {
        let min_severity = choice.min_severity.as_deref().map(severity).transpose()?;
        let rules = match &choice.rules[..] {
            [] => None,
            rules => Some(Rules::new(rules).map_err(|problem| format!("rules: {problem}"))?),
        };
        if let Some(unknown) = choice.techniques.iter().find(|id| !is_technique(id)) {
            let version = lanner_attack::VERSION;
            return Err(format!("techniques: ATT&CK {version} has no technique {unknown:?}; T1003.008 is one"));
        }
        let of = |key: &str, fields: &[&str], globs: &[String]| {
            let made = (!globs.is_empty()).then(|| Globs::new(fields, globs)).transpose();
            made.map_err(|problem| format!("{key}: {problem}"))
        };
        let globs = [
            of("containers", &["container.id", "container.name"], &choice.containers)?,
            of("images", &["container.image"], &choice.images)?,
            of("namespaces", &["container.namespace"], &choice.namespaces)?,
            of("packs", &["pack.name"], &choice.packs)?,
        ];
        let mut labels = Vec::new();
        for (name, any) in &choice.labels {
            let globs = Globs::new(&[], any.as_slice()).map_err(|problem| format!("labels.{name}: {problem}"))?;
            labels.push((name.clone(), globs));
        }
        let conditions = (!choice.conditions.is_empty()).then(|| Conditions::read(&choice.conditions)).transpose();
        Ok(Self {
            min_severity,
            rules,
            techniques: choice.techniques.clone(),
            labels,
            globs: globs.into_iter().flatten().collect(),
            conditions: conditions.map_err(|problem| format!("where: {problem}"))?,
        })
    }

    /// Whether a finding is one.
    pub(super) fn chooses(&self, finding: &Value) -> bool {
        let rule = || finding["rule"].as_str().unwrap_or_default();
        self.min_severity.is_none_or(|least| severity_of(finding) >= least)
            && self.rules.as_ref().is_none_or(|rules| rules.select(rule()))
            && (self.techniques.is_empty() || self.has_technique(finding))
            && self.labels.iter().all(|(name, globs)| globs.match_value(&finding["labels"][name.as_str()]))
            && self.globs.iter().all(|globs| globs.hold(finding))
            && self.conditions.as_ref().is_none_or(|conditions| conditions.hold(finding))
    }

    fn has_technique(&self, finding: &Value) -> bool {
        let has = finding["attack"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let is = |id: &str, wanted: &str| {
            id.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        has.into_iter().any(|id| self.techniques.iter().any(|wanted| is(id, wanted)))
    }
}

fn severity(name: &str) -> Result<Severity, String> {
    Severity::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Severity::ALL.iter().map(|severity| severity.name()).collect();
        format!("min_severity: there is no severity {name:?}; there are {}", names.join(", "))
    })
}

/// How bad it is; where it does not say so, as bad as can be: it is not to be lost for that.
pub(super) fn severity_of(finding: &Value) -> Severity {
    finding["severity"].as_str().and_then(Severity::from_name).unwrap_or(Severity::Critical)
}
