//! Choosing findings for others than exceptions: by the same fields, and compared in the same ways.

use serde_json::Value;

use crate::document::flatten;
use crate::exception::{Condition, Selector};
use crate::field::Field;
use crate::pattern::Pattern;

/// Parts of a choice: rules, forms, fields, conditions.
const MAX_PARTS: usize = 1024;

/// Rules by their ids.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Selector>);

impl Rules {
    /// Of these ids and globs over ids.
    ///
    /// # Errors
    /// One of them is neither.
    pub fn new(names: &[String]) -> Result<Self, String> {
        bounded(names.len())?;
        let rules = names.iter().map(|name| Selector::new(name).map_err(|problem| format!("{name:?}: {problem}")));
        Ok(Self(rules.collect::<Result<_, _>>()?))
    }

    /// Whether this rule is one of them.
    pub fn select(&self, rule: &str) -> bool {
        self.0.iter().any(|selector| selector.selects(rule))
    }
}

/// Forms of texts (`*` and `?` stand for anything but `/`, `**` for anything), one of which one of some fields has to have.
#[derive(Clone, Debug)]
pub struct Globs {
    fields: Vec<Field>,
    any: Vec<Pattern>,
}

impl Globs {
    /// Of the fields of these names.
    ///
    /// # Errors
    /// A field is not known, or a form is none.
    pub fn new(fields: &[&str], globs: &[String]) -> Result<Self, String> {
        bounded(globs.len())?;
        let fields = fields.iter().map(|name| Field::new(name)).collect::<Result<_, _>>()?;
        let any = globs.iter().map(|glob| Pattern::of("glob", &toml::Value::String(glob.clone())));
        Ok(Self { fields, any: any.collect::<Result<_, _>>()? })
    }

    /// Whether a finding has it.
    pub fn hold(&self, finding: &Value) -> bool {
        let values = self.fields.iter().flat_map(|field| field.values(finding));
        values.into_iter().any(|value| self.match_value(value))
    }

    /// Whether a value is of one of the forms.
    pub fn match_value(&self, value: &Value) -> bool {
        self.any.iter().any(|glob| glob.matches(value))
    }
}

/// Conditions as exceptions have them below `where`, all of which have to hold.
#[derive(Clone, Debug, Default)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// From tables in tables: `process.exe = "/usr/bin/tar"`, `event.path.prefix = "/etc/"`.
    ///
    /// # Errors
    /// A field or a way to compare is not known, or nothing is compared.
    pub fn read(table: &toml::Table) -> Result<Self, String> {
        let mut conditions = Vec::new();
        flatten(table, "", &mut conditions)?;
        bounded(conditions.len())?;
        match conditions.is_empty() {
            true => Err("it has no condition".to_owned()),
            false => Ok(Self(conditions)),
        }
    }

    /// Whether all hold for a finding.
    pub fn hold(&self, finding: &Value) -> bool {
        self.0.iter().all(|condition| condition.holds(finding))
    }
}

fn bounded(count: usize) -> Result<(), String> {
    if count > MAX_PARTS { Err(format!("it has {count} parts, and {MAX_PARTS} at most")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn findings_are_chosen_as_by_exceptions() {
        let finding =
            json!({"rule": "a/b", "process": {"exe": "/bin/a", "container": {"id": "8f14", "name": "web-1"}}});
        let rules = |names: &[&str]| Rules::new(&strings(names)).expect("rules").select("a/b");
        assert_eq!([rules(&["a/*"]), rules(&["x", "a/b"]), rules(&["*"]), rules(&["b/*"])], [true, true, true, false]);
        let globs = |globs: &[&str]| {
            let globs = Globs::new(&["container.id", "container.name"], &strings(globs)).expect("globs");
            globs.hold(&finding)
        };
        assert_eq!([globs(&["web-*"]), globs(&["no", "8f14"]), globs(&["web"])], [true, true, false]);
        let table = |text: &str| toml::from_str(text).expect("TOML");
        assert!(Conditions::read(&table("process.exe.prefix = \"/bin/\"")).expect("conditions").hold(&finding));
        assert!(!Conditions::read(&table("process.exe = \"/bin/b\"")).expect("conditions").hold(&finding));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert!(Rules::new(&strings(&[""])).expect_err("none").contains("a rule has an id"));
        assert!(Globs::new(&["proces.exe"], &[]).expect_err("none").contains("is \"process.exe\" meant?"));
        assert!(Globs::new(&["process.exe"], &strings(&["["])).expect_err("none").contains("error parsing glob"));
        assert!(Conditions::read(&toml::Table::new()).expect_err("none").contains("no condition"));
        assert!(Rules::new(&vec!["a".into(); 2000]).expect_err("none").contains("1024 at most"));
    }
}
