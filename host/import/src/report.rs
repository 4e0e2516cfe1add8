//! What became of the rules of somebody else: which were imported, which with a difference, which were refused, and why.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

/// Of all rules of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What the rules are: `falco` or `sigma`.
    pub source: &'static str,
    /// One by one, in their order.
    pub rules: Vec<Imported>,
    /// What is wrong and belongs to no rule.
    pub wrong: Vec<String>,
    /// What there is to know of all of it.
    pub notes: Vec<String>,
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its name there.
    pub name: String,
    /// Its id here.
    pub id: String,
    /// Where it stands.
    pub place: String,
    /// Whether it is on, and so in the pack.
    pub enabled: bool,
    /// How it is another than it was.
    pub differences: Vec<Difference>,
    /// Why it was refused.
    pub refused: Option<String>,
    /// It was, as it makes no sense, and not as it asks for what there is not.
    pub is_wrong: bool,
}

/// How a rule is another than it was.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Whether it finds more or less than it did.
    pub matters: bool,
    /// A sentence.
    pub what: String,
}

/// How many rules there are of what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// As they are.
    pub same: usize,
    /// With a difference that does not matter to what is found.
    pub near: usize,
    /// With one that does.
    pub differing: usize,
    /// Not at all.
    pub refused: usize,
    /// Of the imported ones those that are off.
    pub off: usize,
}

impl Imported {
    /// Whether something is found that was not, or is not that was.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.differences.iter().any(|difference| difference.matters)
    }
}

impl Report {
    /// How many there are of each.
    #[must_use]
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for rule in &self.rules {
            match (&rule.refused, rule.differences.is_empty()) {
                (Some(_), _) => count.refused += 1,
                (None, true) => count.same += 1,
                (None, false) if rule.differs() => count.differing += 1,
                (None, false) => count.near += 1,
            }
            count.off += usize::from(rule.refused.is_none() && !rule.enabled);
        }
        count
    }

    /// What makes no sense, rather than to ask for what there is not.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        let of_rules = self.rules.iter().filter(|rule| rule.is_wrong).filter_map(|rule| rule.refused.as_deref());
        self.wrong.iter().map(String::as_str).chain(of_rules)
    }

    /// Whether all of it was imported, and finds what it did.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        let Count { differing, refused, .. } = self.count();
        differing + refused + self.wrong.len() == 0
    }

    /// For people; with `all`, those too that were imported as they are.
    #[must_use]
    pub fn text(&self, all: bool) -> String {
        let mut text = String::new();
        let mut line = |indent: usize, what: &str| {
            let _ = writeln!(text, "{:indent$}{what}", "");
        };
        for wrong in &self.wrong {
            line(0, &format!("wrong      {wrong}"));
        }
        for rule in &self.rules {
            let off = if rule.enabled { "" } else { " (off)" };
            match (&rule.refused, rule.differences.is_empty()) {
                (Some(why), _) => {
                    line(0, &format!("refused    {}{off}  {}", rule.name, rule.place));
                    line(11, why);
                }
                (None, true) if all => line(0, &format!("imported   {}{off}  as {}", rule.name, rule.id)),
                (None, true) => {}
                (None, false) if rule.differs() || all => {
                    line(0, &format!("imported   {}{off}  as {}, with a difference", rule.name, rule.id));
                    for Difference { matters, what } in &rule.differences {
                        line(11, &format!("{}{what}", if *matters { "" } else { "(what is found stays) " }));
                    }
                }
                (None, false) => {}
            }
        }
        for note in &self.notes {
            line(0, &format!("note       {note}"));
        }
        text.push_str(&self.summary());
        text
    }

    /// In one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let Count { same, near, differing, refused, off } = self.count();
        let mut text = format!("{} rules: {} imported", self.rules.len(), same + near + differing);
        if near > 0 {
            let _ = write!(text, ", {near} of them with a difference that does not change what is found");
        }
        if differing > 0 {
            let _ = write!(text, ", {differing} with one that does");
        }
        if off > 0 {
            let _ = write!(text, "; {off} of them are off and not in the pack");
        }
        if refused > 0 {
            let _ = write!(text, "; {refused} refused");
        }
        if !self.wrong.is_empty() {
            let _ = write!(text, "; {} wrong", self.wrong.len());
        }
        text
    }

    /// For programs: one object.
    #[must_use]
    pub fn json(&self) -> Json {
        let rule = |rule: &Imported| {
            let difference = |difference: &Difference| json!({"matters": difference.matters, "what": difference.what});
            let outcome = match (&rule.refused, rule.differences.is_empty()) {
                (Some(_), _) => "refused",
                (None, true) => "imported",
                (None, false) => "different",
            };
            json!({
                "name": rule.name,
                "id": rule.id,
                "place": rule.place,
                "outcome": outcome,
                "enabled": rule.enabled,
                "differences": rule.differences.iter().map(difference).collect::<Vec<_>>(),
                "refused": rule.refused,
                "wrong": rule.is_wrong,
            })
        };
        let Count { same, near, differing, refused, off } = self.count();
        json!({
            "source": self.source,
            "rules": self.rules.iter().map(rule).collect::<Vec<_>>(),
            "wrong": self.wrong,
            "notes": self.notes,
            "count": {"same": same, "near": near, "differing": differing, "refused": refused, "off": off},
        })
    }
}
