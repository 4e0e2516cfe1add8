//! From a condition of Falco's to one on events of a kind.

mod event_type;
mod test;

use std::collections::{HashMap, HashSet};

use lanner_abi::Kind;
use lanner_conditions::{Builder, Condition, Transform};
use lanner_document::suggestion;

use super::fields::{self, Answer, Mapped, Type};
use super::grammar::{self, Check, Operand, Operator, Problem, Transformer, Value};
use super::values::{is_nothing, unquoted};
use crate::Difference;

/// Tests of one rule at most, those of macros counted each time that they are named.
const MAX_TESTS: usize = 20_000;

/// How deep conditions may lie in one another, those of macros put in.
const MAX_DEPTH: usize = 300;

/// A file as it was asked for.
const AS_ASKED: &str = "fd.nameraw";
/// How links begin that lead elsewhere in each process.
const LINKS: [&str; 3] = ["/dev/fd/", "/proc/self/", "/proc/thread-self/"];

/// What conditions may name.
pub(super) struct Names<'n> {
    /// Macros, with those that they name put in.
    pub(super) macros: &'n HashMap<String, Result<grammar::Condition, String>>,
    pub(super) lists: &'n HashMap<String, Vec<String>>,
}

/// Makes the conditions of one rule.
pub(super) struct Lowering<'n> {
    pub(super) names: &'n Names<'n>,
    pub(super) builder: &'n mut Builder,
    pub(super) differences: Vec<Difference>,
    /// Types of events that no kind has.
    pub(super) unseen: Vec<String>,
    pub(super) tests: usize,
    /// Fields that its conditions name, with those of macros.
    pub(super) mentioned: HashSet<String>,
    /// What was refused makes sense, and is not to be had here.
    pub(super) asks_for_more: bool,
}

impl Lowering<'_> {
    /// The condition on events of a kind. `negated` where it stands within a `not`.
    pub(super) fn lower(
        &mut self,
        condition: &grammar::Condition,
        kind: Kind,
        negated: bool,
        depth: usize,
    ) -> Result<Condition, Problem> {
        if depth > MAX_DEPTH {
            return Err(Problem {
                at: 0,
                what: format!("macros and conditions lie deeper than {MAX_DEPTH} in one another"),
            });
        }
        Ok(match condition {
            grammar::Condition::And(conditions) => {
                let mut all = Vec::new();
                for condition in conditions {
                    let lowered = self.lower(condition, kind, negated, depth + 1)?;
                    // What never holds need not be looked at further; what is wrong in it is found for another kind.
                    if lowered == Condition::Always(false) {
                        return Ok(lowered);
                    }
                    all.push(lowered);
                }
                Condition::all(all)
            }
            grammar::Condition::Or(conditions) => {
                let (mut any, before) = (Vec::new(), self.differences.len());
                let mut holds_for_sure = false;
                for condition in conditions {
                    let said = self.differences.len();
                    let lowered = self.lower(condition, kind, negated, depth + 1)?;
                    holds_for_sure |= lowered == Condition::Always(true) && said == self.differences.len();
                    any.push(lowered);
                }
                if holds_for_sure {
                    // What may be another in one part does not matter where another part holds.
                    self.differences.truncate(before);
                }
                Condition::any(any)
            }
            grammar::Condition::Not(condition) => Condition::not(self.lower(condition, kind, !negated, depth + 1)?),
            grammar::Condition::Macro(name, at) => match self.names.macros.get(name) {
                Some(Ok(condition)) => self.lower(condition, kind, negated, depth + 1).map_err(|problem| Problem {
                    at: *at,
                    what: match problem.what.strip_prefix("in the macro ") {
                        Some(_) => problem.what,
                        None => format!("in the macro {name}: {}", problem.what),
                    },
                })?,
                Some(Err(wrong)) => {
                    return Err(Problem { at: *at, what: format!("the macro {name} cannot be used: {wrong}") });
                }
                None => {
                    let known: Vec<&str> = self.names.macros.keys().map(String::as_str).collect();
                    let near = lanner_document::nearest(name, known.iter().copied());
                    let near = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                    return Err(Problem { at: *at, what: format!("there is no macro {name:?}{near}") });
                }
            },
            grammar::Condition::Check(check) => {
                self.tests += 1;
                if self.tests > MAX_TESTS {
                    return Err(Problem { at: check.at, what: format!("this rule has more than {MAX_TESTS} tests") });
                }
                self.check(check, kind, negated)?
            }
        })
    }

    fn differs(&mut self, what: impl Into<String>, matters: bool) {
        let difference = Difference { matters, what: what.into() };
        if !self.differences.contains(&difference) {
            self.differences.push(difference);
        }
    }

    /// What a field is; nothing where events of the kind do not have it.
    pub(super) fn field(&mut self, field: &grammar::Field, kind: Kind) -> Result<Option<Mapped>, Problem> {
        let refuse = |what: String| Err(Problem { at: field.at, what });
        let argument = field.argument.as_ref().map_or(String::new(), |argument| format!("[{argument}]"));
        let mut mapped = match fields::answer(kind, &field.name, field.argument.as_deref()) {
            Answer::Field(mapped) => mapped,
            Answer::Absent => return Ok(None),
            Answer::Unseen(why) => {
                self.asks_for_more = true;
                return refuse(format!("the field {}{argument} cannot be had: {why}", field.name));
            }
            Answer::Unknown => {
                let near = lanner_document::nearest(&field.name, fields::NAMES.iter().copied());
                let near = near.filter(|near| *near != field.name);
                let near = near.map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                return refuse(format!("there is no field {}{argument}{near}", field.name));
            }
        };
        for transformer in &field.transformers {
            let transform = match transformer {
                Transformer::Lower => Transform::Lower,
                Transformer::Upper => Transform::Upper,
                Transformer::Base64 => Transform::Base64,
                Transformer::Basename => Transform::FileName,
                Transformer::Length => Transform::Length,
            };
            if mapped.ty == Type::Event {
                mapped.ty = Type::Text;
            }
            if mapped.ty != Type::Text {
                return refuse(format!(
                    "the field {}{argument} is no text, of which something else could be made",
                    field.name
                ));
            }
            mapped.field = mapped.field.then(transform);
            if *transformer == Transformer::Length {
                mapped.ty = Type::Number;
            }
        }
        Ok(Some(mapped))
    }

    fn check(&mut self, check: &Check, kind: Kind, negated: bool) -> Result<Condition, Problem> {
        let mapped = match self.means_link(check, kind) {
            true => self.field(&grammar::Field { name: AS_ASKED.to_owned(), ..check.field.clone() }, kind)?,
            false => self.field(&check.field, kind)?,
        };
        let Some(mapped) = mapped else {
            // Asking for nothing is answered by it.
            let asks = self.values(check).is_some_and(|values| values.iter().any(is_nothing));
            let asks_for_nothing = asks
                && matches!(check.operator, Operator::Equal | Operator::Equals | Operator::In | Operator::Intersects);
            return Ok(Condition::Always(asks_for_nothing));
        };
        if mapped.ty == Type::Event {
            return self.event_type(check, kind, negated);
        }
        if let Operand::Field(other) = &check.with {
            return self.compare(check, &mapped, other, kind);
        }
        let condition = self.test(check, &mapped)?;
        match (mapped.differs, matches!(condition, Condition::Always(_))) {
            // Each of its containers has the address in its environment.
            (Some(_), false) if mapped.ty == Type::Host && self.means_api_server(check) => self.differs(
                "the address of a cluster's API server is known from the environment of those who connect to it, and from answers \
                 of DNS; Falco asks for it itself",
                false,
            ),
            (Some((how, matters)), false) => self.differs(how, matters),
            _ => {}
        }
        Ok(condition)
    }

    /// Whether an opened file is compared with links that lead elsewhere in each process. No path that the kernel has resolved
    /// begins so, and Falco resolves none.
    fn means_link(&self, check: &Check, kind: Kind) -> bool {
        let is_link = |value: &Value| LINKS.iter().any(|link| value.text.starts_with(link));
        kind == Kind::Open
            && check.field.name == "fd.name"
            && self.values(check).is_some_and(|values| !values.is_empty() && values.iter().all(is_link))
    }

    /// Whether a host is compared with a cluster's API server alone.
    fn means_api_server(&self, check: &Check) -> bool {
        let is_it = |value: &Value| lanner_conditions::is_kubernetes(value.text.as_bytes());
        self.values(check).is_some_and(|values| !values.is_empty() && values.iter().all(is_it))
    }

    /// The values that something is compared with, lists put in.
    fn values(&self, check: &Check) -> Option<Vec<Value>> {
        let written = match &check.with {
            Operand::Value(value) => std::slice::from_ref(value),
            Operand::List(values) => values.as_slice(),
            Operand::None | Operand::Field(_) => return None,
        };
        let mut values = Vec::new();
        for value in written {
            match self.names.lists.get(&value.text).filter(|_| !value.quoted) {
                Some(items) => values.extend(items.iter().map(|item| unquoted(item, value.at))),
                None => values.push(value.clone()),
            }
        }
        Some(values)
    }
}

impl Names<'_> {
    /// Fields that a condition names, with those of the macros in it.
    pub(super) fn fields_in(&self, condition: &grammar::Condition) -> HashSet<String> {
        let (mut fields, mut macros) = (HashSet::new(), HashSet::new());
        let mut left = vec![condition];
        while let Some(condition) = left.pop() {
            match condition {
                grammar::Condition::And(conditions) | grammar::Condition::Or(conditions) => left.extend(conditions),
                grammar::Condition::Not(condition) => left.push(condition),
                grammar::Condition::Macro(name, _) => {
                    if let (true, Some(Ok(condition))) = (macros.insert(name), self.macros.get(name)) {
                        left.push(condition);
                    }
                }
                grammar::Condition::Check(check) => {
                    fields.insert(check.field.name.clone());
                }
            }
        }
        fields
    }
}

/// What is known beside a name that is not.
pub(super) fn known_beside(name: &str, known: &[&str]) -> String {
    suggestion(name, known)
}
