//! From searches and conditions of a rule to a condition on the events of a record.

mod test;

use std::collections::BTreeMap;

use lanner_conditions::{Builder, Condition, Field, Get, Op, Owner};
use lanner_document::{Key, Node, Place, Problem, Value, nearest};

use super::audit::Watch;
use super::condition::{Expression, Quantity, is_meant};
use super::fields::{self, Answer, Type};
use super::logsource::{Audit, Record, What};
use super::modifiers::{Placeholders, Want, Wanted, wanted};
use super::value::{Pattern, Piece};
use crate::Difference;

/// Tests of one rule, over all of its records.
const MAX_TESTS: usize = 50_000;
/// Ways in which several of some searches may hold.
const MAX_WAYS: usize = 500;
/// Lists and maps in one another.
const MAX_DEPTH: usize = 16;

/// A rule on its way.
pub(super) struct Lowering<'a> {
    pub(super) builder: &'a mut Builder,
    pub(super) searches: &'a [(Key, Node)],
    pub(super) watches: &'a [Watch],
    pub(super) placeholders: Placeholders<'a>,
    pub(super) differences: Vec<Difference>,
    /// What a record is asked to be called, and whether one is.
    pub(super) names: BTreeMap<(String, String), bool>,
    pub(super) tests: usize,
    /// Whether what was refused makes sense, and asks for what there is not.
    pub(super) asks_for_more: bool,
}

/// Fields that say which record it is.
const WHICH: [&str; 5] = ["type", "SYSCALL", "syscall", "nametype", "objtype"];

impl Lowering<'_> {
    /// What an expression says of a record.
    pub(super) fn expression(&mut self, of: &Expression, at: Place, record: &Record) -> Result<Condition, Problem> {
        Ok(match of {
            Expression::And(all) => every(all.iter().map(|one| self.expression(one, at, record)))?,
            Expression::Or(any) => {
                Condition::any(any.iter().map(|one| self.expression(one, at, record)).collect::<Result<Vec<_>, _>>()?)
            }
            Expression::Not(one) => Condition::not(self.expression(one, at, record)?),
            Expression::Named(name) => match self.searches.iter().find(|(key, _)| key.name == *name) {
                Some((_, node)) => self.search(node, record, 0)?,
                None => {
                    let known = self.searches.iter().map(|(key, _)| key.name.as_str());
                    let near = nearest(name, known).map_or(String::new(), |near| format!("; did you mean {near:?}?"));
                    return Err(Problem::at(at, format!("there is no search {name:?}{near}")));
                }
            },
            Expression::Of(quantity, form) => {
                let meant = self.searches.iter().filter(|(key, _)| is_meant(&key.name, form));
                let meant: Vec<&Node> = meant.map(|(_, node)| node).collect();
                if meant.is_empty() {
                    return Err(Problem::at(at, format!("there is no search of the form {form:?}")));
                }
                let Quantity::AtLeast(number) = quantity else {
                    return every(meant.into_iter().map(|node| self.search(node, record, 0)));
                };
                let all = meant.into_iter().map(|node| self.search(node, record, 0)).collect::<Result<Vec<_>, _>>()?;
                if *number > all.len() {
                    let what = format!("{number} of {form:?} cannot hold, as there are {}", all.len());
                    return Err(Problem::at(at, what));
                }
                let ways = ways(&all, *number);
                Condition::any(ways.ok_or_else(|| {
                    Problem::at(at, format!("{number} of {form:?} can hold in more than {MAX_WAYS} ways"))
                })?)
            }
        })
    }

    fn search(&mut self, node: &Node, record: &Record, depth: usize) -> Result<Condition, Problem> {
        if depth > MAX_DEPTH {
            return Err(node.problem(format!("it lies deeper than {MAX_DEPTH} lists and maps in one another")));
        }
        match &node.value {
            Value::Map(items, _) => {
                if items.is_empty() {
                    return Err(node.problem("a search says what there has to be, and this one says nothing"));
                }
                let which = |(key, _): &&(Key, Node)| WHICH.contains(&key.name.split('|').next().unwrap_or_default());
                let items = items.iter().filter(which).chain(items.iter().filter(|item| !which(item)));
                every(items.map(|(key, value)| self.item(key, value, record)))
            }
            Value::List(items, _) if items.is_empty() => {
                Err(node.problem("a search says what there has to be, and this one says nothing"))
            }
            Value::List(items, _) => {
                match items.iter().all(|item| !matches!(item.value, Value::Map(..) | Value::List(..))) {
                    true => self.keywords(&[], node, record, node.at),
                    false => {
                        let any = items.iter().map(|item| self.search(item, record, depth + 1));
                        Ok(Condition::any(any.collect::<Result<Vec<_>, _>>()?))
                    }
                }
            }
            _ => self.keywords(&[], node, record, node.at),
        }
    }

    fn item(&mut self, key: &Key, value: &Node, record: &Record) -> Result<Condition, Problem> {
        let problem = |what: String| Problem::at(key.at, what);
        let mut parts = key.name.split('|');
        let name = parts.next().unwrap_or_default();
        let modifiers: Vec<&str> = parts.collect();
        if name.is_empty() {
            return self.keywords(&modifiers, value, record, key.at);
        }
        let Wanted { values, all, none } = wanted(&modifiers, value, self.placeholders).map_err(problem)?;
        self.tests += values.iter().map(Vec::len).sum::<usize>().max(1);
        if self.tests > MAX_TESTS {
            return Err(problem(format!("the rule has more than {MAX_TESTS} tests, over all events that it is about")));
        }
        let answer = fields::answer(record, name);
        match answer {
            Answer::Unseen(_) if is_call(record) && is_never(&values) => return Ok(Condition::Always(false)),
            Answer::Unseen(why) => {
                self.asks_for_more = true;
                return Err(problem(format!("{name} is not told: {why}")));
            }
            Answer::Unknown => {
                let known = fields::names(record);
                let near = nearest(name, known.iter().copied());
                let beside = near.map_or_else(
                    || format!("; there are {}", known.join(", ")),
                    |near| format!("; did you mean {near:?}?"),
                );
                return Err(problem(format!("there is no field {name:?}{beside}")));
            }
            _ => {}
        }
        let is = if all {
            let mut every = Vec::new();
            for group in &values {
                let group: Vec<&Want> = group.iter().collect();
                every.push(self.any(&group, name, &answer, record).map_err(problem)?);
            }
            Condition::all(every)
        } else {
            let flat: Vec<&Want> = values.iter().flatten().collect();
            self.any(&flat, name, &answer, record).map_err(problem)?
        };
        Ok(match (none, answer) {
            (false, _) => is,
            // Of another record nothing is said.
            (true, Answer::Absent) => Condition::Always(false),
            (true, _) => Condition::not(is),
        })
    }

    fn keywords(&mut self, modifiers: &[&str], node: &Node, record: &Record, at: Place) -> Result<Condition, Problem> {
        let problem = |what: String| Problem::at(at, what);
        let Wanted { values, all, none } = wanted(modifiers, node, self.placeholders).map_err(problem)?;
        let searched = fields::searched(record);
        self.tests += values.len().max(1) * searched.len().max(1);
        if self.tests > MAX_TESTS {
            return Err(problem(format!("the rule has more than {MAX_TESTS} tests, over all events that it is about")));
        }
        if searched.is_empty() {
            return Ok(Condition::Always(false));
        }
        let answer = Answer::Field(Field::get(Owner::Event, Get::Each(searched)), Type::Text);
        let part = |want: &Want| {
            let (mut pattern, cased) = match want {
                Want::Text(pattern, cased) => (pattern.clone(), *cased),
                Want::Number(number) => (Pattern::plain(number.to_string()), false),
                Want::Bool(yes) => (Pattern::plain(yes.to_string()), false),
                Want::Regex(_) => return Ok(want.clone()),
                _ => return Err("keywords are texts that an event has somewhere in it".to_owned()),
            };
            pattern.any_before();
            pattern.any_behind();
            Ok(Want::Text(pattern, cased))
        };
        let mut every = Vec::new();
        for group in &values {
            let group = group.iter().map(part).collect::<Result<Vec<_>, String>>().map_err(problem)?;
            let group: Vec<&Want> = group.iter().collect();
            every.push(self.any(&group, "", &answer, record).map_err(problem)?);
        }
        let is = if all { Condition::all(every) } else { Condition::any(every) };
        Ok(if none { Condition::not(is) } else { is })
    }

    /// What has to be so for there to be such a record.
    pub(super) fn given(&mut self, record: &Record) -> Vec<Condition> {
        let one = |(field, op): &(Field, Op)| self.builder.test(field.clone(), op.clone());
        let mut one = one;
        record.given.iter().map(|any| Condition::any(any.iter().map(&mut one).collect::<Vec<_>>())).collect()
    }
}

/// Whether nothing but a number could be meant by what is not told, and these are texts.
fn is_never(values: &[Vec<Want>]) -> bool {
    let is_number = |text: &[u8]| text.iter().all(u8::is_ascii_hexdigit);
    values.iter().flatten().all(|want| match want {
        Want::Text(Pattern(pieces), _) => {
            pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if !is_number(text)))
        }
        _ => false,
    })
}

/// Whether it is a system call of auditd's.
pub(super) fn is_call(record: &Record) -> bool {
    record.what == What::Audit(Audit::Syscall)
}

/// All of these. Where one can never hold of such a record, what follows need not be told of it.
fn every(of: impl Iterator<Item = Result<Condition, Problem>>) -> Result<Condition, Problem> {
    let (mut all, mut wrong) = (Vec::new(), None);
    for one in of {
        match one {
            Ok(Condition::Always(false)) => return Ok(Condition::Always(false)),
            Ok(one) => all.push(one),
            Err(problem) => wrong = wrong.or(Some(problem)),
        }
    }
    wrong.map_or_else(|| Ok(Condition::all(all)), Err)
}

/// So many of these, in each way; nothing where there are too many.
fn ways(of: &[Condition], number: usize) -> Option<Vec<Condition>> {
    let mut chosen: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..number {
        let mut longer = Vec::new();
        for row in &chosen {
            let from = row.last().map_or(0, |last| last + 1);
            longer.extend((from..of.len()).map(|next| [row.as_slice(), &[next]].concat()));
            if longer.len() > MAX_WAYS {
                return None;
            }
        }
        chosen = longer;
    }
    let all =
        |row: Vec<usize>| Condition::all(row.into_iter().filter_map(|at| of.get(at).cloned()).collect::<Vec<_>>());
    Some(chosen.into_iter().map(all).collect())
}
