//! Why a finding was raised all the same: which exceptions nearly had it.

use serde_json::Value;

use crate::exception::shown;
use crate::tuning::Tuning;

/// How an exception stands to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It excepts it.
    Excepts,
    /// It would, and has expired.
    Expired,
    /// Some of its conditions do not hold.
    Misses,
}

/// An exception that is for the finding's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What it is called.
    pub name: String,
    /// Why it is there.
    pub reason: String,
    /// How it stands.
    pub standing: Standing,
    /// Its conditions that hold, as sentences.
    pub holds: Vec<String>,
    /// Those that do not, with what the finding has.
    pub fails: Vec<String>,
}

impl Tuning {
    /// How each exception that is for its rule stands to a finding, the nearest first.
    pub fn explain(&self, finding: &Value) -> Vec<Explained> {
        let rule = finding["rule"].as_str().unwrap_or_default();
        let time_ns = finding["time_ns"].as_u64().unwrap_or_default();
        let mut explained = Vec::new();
        for exception in self.exceptions.iter().filter(|exception| exception.is_for(rule)) {
            let (mut holds, mut fails) = (Vec::new(), Vec::new());
            for condition in &exception.conditions {
                match condition.holds(finding) {
                    true => holds.push(condition.to_string()),
                    false => {
                        let has = shown(&condition.field, finding);
                        fails.push(format!("{condition}: it is {has}"));
                    }
                }
            }
            let standing = match (fails.is_empty(), exception.has_expired(time_ns)) {
                (true, false) => Standing::Excepts,
                (true, true) => Standing::Expired,
                (false, _) => Standing::Misses,
            };
            let (name, reason) = (exception.name.clone(), exception.reason.clone());
            explained.push(Explained { name, reason, standing, holds, fails });
        }
        explained.sort_by_key(|each| (each.fails.len(), std::cmp::Reverse(each.holds.len())));
        explained
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::tuning::tests::tuning;

    #[test]
    fn the_nearest_comes_first_and_says_what_it_misses() {
        let tuning = tuning(
            r#"
            [[exception]]
            name = "far"
            rule = "a/b"
            reason = "x"
            where.process.exe = "/bin/b"
            where.process.uid = 1
            [[exception]]
            name = "near"
            rule = "a/b"
            reason = "x"
            where.process.exe = "/bin/a"
            where.event.path = ["/etc/x", { prefix = "/opt/" }]
            [[exception]]
            name = "old"
            rule = "a/*"
            reason = "x"
            expires = 2020-01-01
            where.process.exe = "/bin/a"
            [[exception]]
            name = "other"
            rule = "b/b"
            reason = "x"
            where.process.exe = "/bin/a"
            "#,
        );
        let finding = json!({"rule": "a/b", "time_ns": 1_700_000_000_000_000_000_u64,
            "process": {"exe": "/bin/a", "uid": 0}, "event": {"path": "/etc/y"}});
        let explained = tuning.explain(&finding);
        let names: Vec<_> = explained.iter().map(|each| each.name.as_str()).collect();
        assert_eq!(names, ["old", "near", "far"]);
        assert_eq!(explained[0].standing, Standing::Expired);
        assert_eq!(explained[1].holds, [r#"process.exe is "/bin/a""#]);
        assert_eq!(explained[1].fails, [r#"event.path is "/etc/x" or prefix "/opt/": it is "/etc/y""#]);
        assert_eq!(explained[2].fails.len(), 2);
        assert!(explained[2].fails[1].ends_with("it is 0"), "{explained:?}");
    }
}
