//! Tests of what a field holds, by what it is of.

use std::collections::BTreeMap;

use lanner_conditions::{Compare, Condition, Constant, Field, Get, How, Op, Owner, Transform};

use super::{Lowering, WHICH};
use crate::Difference;
use crate::falco::EVENTS;
use crate::literal::{network, number};
use crate::sigma::audit::{is_known, recorded};
use crate::sigma::fields::{self, Answer, Type};
use crate::sigma::logsource::Record;
use crate::sigma::modifiers::{Part, Want};
use crate::sigma::value::{Pattern, Piece};

impl Lowering<'_> {
    /// Whether a field is as one of these says.
    pub(super) fn any(
        &mut self,
        wants: &[&Want],
        name: &str,
        answer: &Answer,
        record: &Record,
    ) -> Result<Condition, String> {
        match answer {
            Answer::Field(field, ty) => self.of_field(wants, field, *ty, name, record),
            Answer::Names(names) => self.of_names(wants, name, names, record),
            Answer::Key => self.of_key(wants, record),
            // It is not there.
            _ => Ok(Condition::Always(wants.iter().any(|want| matches!(want, Want::Null | Want::Exists(false))))),
        }
    }

    /// Which record it is, is known beforehand.
    fn of_names(
        &mut self,
        wants: &[&Want],
        name: &str,
        names: &[&'static str],
        record: &Record,
    ) -> Result<Condition, String> {
        let mut met: Vec<&str> = Vec::new();
        for want in wants {
            let mut some = false;
            for of in names {
                let constant = Field::get(Owner::Event, Get::Constant(Constant::text(of)));
                if self.of_field(&[want], &constant, Type::Text, name, record)? == Condition::Always(true) {
                    met.push(of);
                    some = true;
                }
            }
            let shown = match want {
                Want::Text(pattern, _) => pattern.shown(),
                Want::Number(number) => number.to_string(),
                Want::Regex(expression) => expression.clone(),
                _ => continue,
            };
            *self.names.entry((name.to_owned(), shown)).or_default() |= some;
        }
        let called = EVENTS.iter().find(|called| called.kind == record.kind && WHICH[1..3].contains(&name));
        if let Some(called) = called
            && !met.is_empty()
        {
            let others: Vec<&str> = called.main.iter().filter(|main| !met.contains(main)).copied().collect();
            if !others.is_empty() {
                met.sort_unstable();
                met.dedup();
                self.differs(
                    true,
                    format!(
                        "{} is not told apart from {}: they are one kind of event",
                        met.join(", "),
                        others.join(", ")
                    ),
                );
            }
            if let Some(lacks) = &called.lacks {
                self.differs(true, format!("{}: {}", called.shown, lacks.what));
            }
        }
        Ok(Condition::Always(!met.is_empty()))
    }

    /// What auditd's rules record under a key.
    fn of_key(&mut self, wants: &[&Want], record: &Record) -> Result<Condition, String> {
        let mut any = Vec::new();
        for want in wants {
            let Want::Text(pattern, _) = want else { return Err("a key is a text".to_owned()) };
            let Some(key) = pattern.text() else { return Err("a key is compared as a whole".to_owned()) };
            let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(key);
            if !is_known(self.watches, is) {
                self.asks_for_more = true;
                return Err(format!(
                    "what auditd records under the key {:?} is said by rules of its own; put them into the `definition` of the log source",
                    pattern.shown()
                ));
            }
            any.push(recorded(self.watches, record.kind, is, self.builder).inspect_err(|_| self.asks_for_more = true)?);
        }
        Ok(Condition::any(any))
    }

    fn differs(&mut self, matters: bool, what: String) {
        let difference = Difference { matters, what };
        if !self.differences.contains(&difference) {
            self.differences.push(difference);
        }
    }

    fn of_field(
        &mut self,
        wants: &[&Want],
        field: &Field,
        ty: Type,
        name: &str,
        record: &Record,
    ) -> Result<Condition, String> {
        let mut any = Vec::new();
        // Texts that are compared in the same way are compared together.
        let mut texts: BTreeMap<(How, bool), Vec<Vec<u8>>> = BTreeMap::new();
        let mut globs: BTreeMap<bool, Vec<Vec<u8>>> = BTreeMap::new();
        let (mut numbers, mut networks, mut expressions) = (Vec::new(), Vec::new(), Vec::new());
        let as_text = || if ty == Type::Text { field.clone() } else { field.clone().then(Transform::Text) };
        for want in wants {
            match want {
                Want::Exists(true) => any.push(self.builder.test(field.clone(), Op::Known)),
                Want::Null | Want::Exists(false) => {
                    any.push(Condition::not(self.builder.test(field.clone(), Op::Known)));
                }
                Want::Between(from, to) if ty == Type::Number => numbers.push((*from, *to)),
                Want::Between(..) => {
                    return Err("it is no number, and only numbers are more or less than others".to_owned());
                }
                Want::Number(number) if ty == Type::Number => numbers.push((*number, *number)),
                Want::Bool(yes) if ty == Type::Bool => any.push(self.builder.test(field.clone(), Op::Is(*yes))),
                Want::Number(number) => {
                    texts.entry((How::Equals, true)).or_default().push(number.to_string().into_bytes());
                }
                Want::Bool(yes) => texts.entry((How::Equals, true)).or_default().push(yes.to_string().into_bytes()),
                Want::Network(text) if ty == Type::Address => {
                    networks.push(network(text).ok_or_else(|| format!("{text:?} is no network, such as 10.0.0.0/8"))?);
                }
                Want::Network(_) => return Err("it is no address, and only addresses lie in networks".to_owned()),
                Want::Regex(expression) => {
                    Op::regex(expression, false, false).map_err(|error| {
                        format!("{expression:?} is no regular expression that is known here: {error}")
                    })?;
                    expressions.push(expression.clone());
                }
                Want::Field(other, part, cased) => {
                    any.push(self.compared(field, ty, other, *part, *cased, record)?);
                }
                Want::Text(pattern, cased) => {
                    if !cased && pattern.0.iter().any(has_other_case) {
                        self.differs(true, "letters beyond A to Z are compared with regard to case".to_owned());
                    }
                    match (ty, pattern.text().map(String::from_utf8_lossy)) {
                        (_, None) if pattern.0 == [Piece::Any] => {
                            any.push(self.builder.test(field.clone(), Op::Known));
                        }
                        (Type::Number, Some(text)) => match number(text.trim()) {
                            Some(number) => numbers.push((number, number)),
                            None if matches!(name, "uid" | "euid" | "suid" | "gid" | "egid" | "sgid" | "auid")
                                && text == "root" =>
                            {
                                numbers.push((0, 0));
                            }
                            None => return Err(format!("{name} is a number, and {text:?} is none")),
                        },
                        (Type::Address, Some(text)) => {
                            networks.push(
                                network(&text)
                                    .filter(|_| !text.contains('/'))
                                    .ok_or_else(|| format!("{text:?} is no address"))?,
                            );
                        }
                        _ => match shape(pattern) {
                            Some((how, text)) => texts.entry((how, !cased)).or_default().push(text),
                            None if ty == Type::Host => {
                                return Err("names of hosts are compared as a whole, or by how they begin, end, or what is in them".to_owned());
                            }
                            None => globs.entry(!cased).or_default().push(pattern.glob()),
                        },
                    }
                }
            }
        }
        if ty == Type::Host {
            let what = "names of hosts are known from answers of DNS that came by while the pack ran";
            self.differs(false, what.to_owned());
            if !expressions.is_empty() {
                return Err(
                    "names of hosts are compared as a whole, or by how they begin, end, or what is in them".to_owned()
                );
            }
        }
        let field_of_texts = if ty == Type::Host { field.clone() } else { as_text() };
        for ((how, fold), values) in texts {
            // Names of hosts are remembered in small letters.
            let (values, fold) = match ty {
                Type::Host => (values.iter().map(|value| value.to_ascii_lowercase()).collect(), false),
                _ => (sorted(values), fold),
            };
            any.push(self.builder.test(field_of_texts.clone(), Op::Texts { how, values, fold }));
        }
        for (fold, globs) in globs {
            any.push(self.builder.test(as_text(), Op::Globs { globs: sorted(globs), fold }));
        }
        if !expressions.is_empty() {
            any.push(self.builder.test(as_text(), Op::Regexes { expressions, whole: false, fold: false }));
        }
        if !numbers.is_empty() {
            any.push(self.builder.test(field.clone(), Op::Numbers(numbers)));
        }
        if !networks.is_empty() {
            any.push(self.builder.test(field.clone(), Op::Within(networks)));
        }
        Ok(Condition::any(any))
    }

    fn compared(
        &mut self,
        field: &Field,
        ty: Type,
        other: &str,
        part: Part,
        cased: bool,
        record: &Record,
    ) -> Result<Condition, String> {
        let (other_field, other_ty) = match fields::answer(record, other) {
            Answer::Field(field, ty) => (field, ty),
            Answer::Absent => return Ok(Condition::Always(false)),
            Answer::Unseen(why) => {
                self.asks_for_more = true;
                return Err(format!("{other} is not told: {why}"));
            }
            Answer::Names(_) | Answer::Key => return Err(format!("{other} is not compared with another field")),
            Answer::Unknown => return Err(format!("there is no field {other:?}")),
        };
        if ty == Type::Host || other_ty == Type::Host {
            return Err("names of hosts are not compared with another field".to_owned());
        }
        let as_text = |field: Field, ty| if ty == Type::Text { field } else { field.then(Transform::Text) };
        if ty == other_ty && ty != Type::Text && part == Part::All {
            let other = self.builder.field(other_field);
            return Ok(self.builder.test(field.clone(), Op::Field(Compare::Equal, other)));
        }
        let how = match part {
            Part::All => How::Equals,
            Part::Begin => How::StartsWith,
            Part::End => How::EndsWith,
            Part::Somewhere => How::Contains,
        };
        let other = self.builder.field(as_text(other_field, other_ty));
        Ok(self.builder.test(as_text(field.clone(), ty), Op::Field(Compare::Text(how, !cased), other)))
    }
}

fn sorted(mut values: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    values.sort();
    values.dedup();
    values
}

fn has_other_case(piece: &Piece) -> bool {
    let Piece::Text(text) = piece else { return false };
    String::from_utf8_lossy(text).chars().any(|c| !c.is_ascii() && (c.is_lowercase() || c.is_uppercase()))
}

/// A text that is compared as a whole, by its begin, its end or what is in it; nothing where it has other wildcards.
fn shape(Pattern(pieces): &Pattern) -> Option<(How, Vec<u8>)> {
    Some(match pieces.as_slice() {
        [] => (How::Equals, Vec::new()),
        [Piece::Text(text)] => (How::Equals, text.clone()),
        [Piece::Text(text), Piece::Any] => (How::StartsWith, text.clone()),
        [Piece::Any, Piece::Text(text)] => (How::EndsWith, text.clone()),
        [Piece::Any, Piece::Text(text), Piece::Any] => (How::Contains, text.clone()),
        _ => return None,
    })
}
