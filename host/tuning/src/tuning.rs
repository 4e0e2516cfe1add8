//! All that is said, and what it says of a finding.

use std::collections::HashMap;
use std::path::PathBuf;

use lanner_finding::Severity;
use serde_json::Value;

use crate::exception::{Exception, Selector};

/// All that is said of rules from outside the packs.
#[derive(Debug, Default)]
pub struct Tuning {
    /// The file or folder that it is from.
    pub from: PathBuf,
    /// The files that say it.
    pub files: Vec<PathBuf>,
    pub(crate) rules: Vec<RuleTuning>,
    pub(crate) exceptions: Vec<Exception>,
    /// By the id of a rule the exceptions that name it; and those that name rules by a glob.
    by_id: HashMap<String, Vec<usize>>,
    by_glob: Vec<usize>,
}

/// What is said of some rules.
#[derive(Clone, Debug)]
pub(crate) struct RuleTuning {
    pub(crate) rules: Vec<Selector>,
    pub(crate) enabled: Option<bool>,
    pub(crate) severity: Option<Severity>,
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// It is raised, with this severity where another was given.
    Raised(Option<Severity>),
    /// Its rule is off.
    Off,
    /// The exception of this index has it.
    Excepted(usize),
}

impl Tuning {
    /// Makes ready to judge.
    pub(crate) fn index(&mut self) {
        (self.by_id, self.by_glob) = Default::default();
        for (number, exception) in self.exceptions.iter().enumerate() {
            for selector in &exception.rules {
                match selector {
                    Selector::Id(id) => self.by_id.entry(id.clone()).or_default().push(number),
                    Selector::Glob(_) => self.by_glob.push(number),
                }
            }
        }
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.exceptions.is_empty()
    }

    /// All exceptions.
    pub fn exceptions(&self) -> &[Exception] {
        &self.exceptions
    }

    /// What is said of a rule: whether it is on, and the severity of its findings where another is given. Of several that
    /// say it, the last holds.
    pub fn of_rule(&self, rule: &str) -> (bool, Option<Severity>) {
        let (mut enabled, mut severity) = (true, None);
        for tuning in &self.rules {
            if tuning.rules.iter().any(|selector| selector.selects(rule)) {
                enabled = tuning.enabled.unwrap_or(enabled);
                severity = tuning.severity.or(severity);
            }
        }
        (enabled, severity)
    }

    /// What becomes of a finding of this rule, raised at this time; its JSON is made where it is needed.
    pub fn judge(&self, rule: &str, time_ns: u64, json: impl FnOnce() -> Value) -> Judged {
        let (enabled, severity) = self.of_rule(rule);
        if !enabled {
            return Judged::Off;
        }
        let named = self.by_id.get(rule).into_iter().flatten();
        let globbed = self.by_glob.iter().filter(|number| self.exceptions[**number].is_for(rule));
        let mut candidates: Vec<usize> = named.chain(globbed).copied().collect();
        candidates.retain(|number| !self.exceptions[*number].has_expired(time_ns));
        if candidates.is_empty() {
            return Judged::Raised(severity);
        }
        // The first that is written has it.
        candidates.sort_unstable();
        let json = json();
        match candidates.into_iter().find(|number| self.exceptions[*number].matches(&json)) {
            Some(number) => Judged::Excepted(number),
            None => Judged::Raised(severity),
        }
    }

    /// What may be meant otherwise, in sentences: an exception that anybody can come under, one that has expired, one of a
    /// rule that is off, and, where rules are given, what is said of rules that are not there.
    pub fn doubts(&self, now_ns: u64, rules: Option<&[String]>) -> Vec<String> {
        let mut doubts = Vec::new();
        for exception in &self.exceptions {
            let name = &exception.name;
            if exception.has_expired(now_ns) {
                doubts.push(format!("exception {name} has expired: it excepts nothing any more"));
            }
            if exception.is_open_to_all() {
                doubts.push(format!(
                    "exception {name} goes only by what whoever runs a program chooses (arguments, names, messages): \
                     anybody can come under it; name process.exe, a container or a path as well"
                ));
            }
        }
        let selectors = self.rules.iter().flat_map(|tuning| &tuning.rules);
        let selectors = selectors.chain(self.exceptions.iter().flat_map(|exception| &exception.rules));
        for selector in selectors {
            if rules.is_some_and(|rules| !rules.iter().any(|rule| selector.selects(rule))) {
                doubts.push(format!("no rule that is loaded is called {:?}", selector.text()));
            }
        }
        doubts.sort();
        doubts.dedup();
        doubts
    }
}

/// `3 exceptions, 1 rule is off, 2 have another severity`.
impl std::fmt::Display for Tuning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        write!(f, "{}", plural(self.exceptions.len(), "exception"))?;
        let off = self.rules.iter().filter(|tuning| tuning.enabled == Some(false)).count();
        if off > 0 {
            write!(f, ", {} for rules that are off", plural(off, "entry").replace("entrys", "entries"))?;
        }
        let severities = self.rules.iter().filter(|tuning| tuning.severity.is_some()).count();
        if severities > 0 {
            write!(f, ", {} for another severity", plural(severities, "entry").replace("entrys", "entries"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;
    use crate::Source;

    /// As it stands in a file.
    pub(crate) fn tuning(text: &str) -> Tuning {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("site.toml");
        fs::write(&file, text).expect("written");
        Source::new(&file).read().expect("it is right")
    }

    #[test]
    fn findings_are_judged_by_all_that_is_said() {
        let tuning = tuning(
            r#"
            [[rule]]
            id = "discovery/*"
            severity = "info"
            [[rule]]
            id = "discovery/noise"
            enabled = false
            [[exception]]
            name = "first"
            rule = ["a/b", "a/c"]
            reason = "x"
            expires = 1970-01-02
            where.process.exe = "/bin/a"
            where.event.path.prefix = "/etc/"
            [[exception]]
            name = "second"
            rule = "a/*"
            reason = "x"
            where.process.exe = "/bin/a"
            where.event.path = "/etc/shadow"
            [[exception]]
            name = "third"
            rule = "*"
            reason = "x"
            where.parent.exe = "/sbin/init"
            "#,
        );
        const DAY: u64 = 86_400_000_000_000;
        let json = |exe: &str, path: &str| json!({"process": {"exe": exe}, "event": {"path": path}});
        for (rule, time, finding, expected) in [
            ("a/b", 0, json("/bin/a", "/etc/shadow"), Judged::Excepted(0)),
            ("a/b", DAY, json("/bin/a", "/etc/shadow"), Judged::Excepted(1)),
            ("a/b", DAY, json("/bin/a", "/etc/x"), Judged::Raised(None)),
            ("a/d", 0, json("/bin/a", "/etc/x"), Judged::Raised(None)),
            ("a/d", 0, json("/bin/a", "/etc/shadow"), Judged::Excepted(1)),
            ("a/b", 0, json("/bin/b", "/etc/shadow"), Judged::Raised(None)),
            ("b/b", 0, json!({"lineage": [{"exe": "/sbin/init"}]}), Judged::Excepted(2)),
            ("b/b", 0, json!({"lineage": [{"exe": "/bin/sh"}, {"exe": "/sbin/init"}]}), Judged::Raised(None)),
            ("discovery/x", 0, json!({}), Judged::Raised(Some(Severity::Info))),
            ("discovery/noise", 0, json!({}), Judged::Off),
        ] {
            assert_eq!(tuning.judge(rule, time, || finding.clone()), expected, "{rule} {finding}");
        }
        assert_eq!(tuning.to_string(), "3 exceptions, 1 entry for rules that are off, 1 entry for another severity");
    }

    #[test]
    fn what_may_be_meant_otherwise_is_said() {
        let tuning = tuning(
            r#"
            [[exception]]
            name = "open"
            rule = "a/b"
            reason = "x"
            expires = 2020-01-01
            where.process.args.contains = "--backup"
            where.fields.peer = "x"
            [[exception]]
            name = "fine"
            rule = "a/*"
            reason = "x"
            where.process.args.contains = "--backup"
            where.process.exe = "/bin/a"
            "#,
        );
        let doubts = tuning.doubts(u64::MAX, Some(&["a/c".to_owned()]));
        assert_eq!(doubts.len(), 3, "{doubts:?}");
        assert!(doubts[0].starts_with("exception open goes only by what"), "{doubts:?}");
        assert!(doubts[1].starts_with("exception open has expired"), "{doubts:?}");
        assert_eq!(doubts[2], "no rule that is loaded is called \"a/b\"");
        assert_eq!(tuning.doubts(0, None).len(), 1);
    }
}
