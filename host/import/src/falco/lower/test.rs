//! Tests of one field, by what it is of.

use lanner_abi::Kind;
use lanner_conditions::{Compare, Condition, Field, Get, How, Op, Owner};

use super::Lowering;
use crate::falco::fields::{Mapped, Type};
use crate::falco::grammar::{self, Check, Modifier, Operand, Operator, Problem, Value};
use crate::falco::values::{hex, is_nothing};
use crate::literal::{network, number};

impl Lowering<'_> {
    pub(super) fn test(&mut self, check: &Check, mapped: &Mapped) -> Result<Condition, Problem> {
        let refuse = |what: String| Err(Problem { at: check.at, what });
        let field = || mapped.field.clone();
        if check.operator == Operator::Exists {
            return Ok(match mapped.ty {
                Type::Bool if field().get == Get::OpenAccess => Condition::Always(true),
                _ => self.builder.test(field(), Op::Known),
            });
        }
        let Some(values) = self.values(check) else { return refuse("there is nothing to compare with".to_owned()) };
        if check.modifier == Some(Modifier::All) {
            let mut all = Vec::new();
            for value in values {
                let with = Operand::Value(Value { quoted: true, ..value });
                all.push(self.test(&Check { modifier: None, with, ..check.clone() }, mapped)?);
            }
            return Ok(Condition::all(all));
        }
        if check.modifier == Some(Modifier::Any) && check.operator == Operator::NotEqual {
            let mut any = Vec::new();
            for value in values {
                let with = Operand::Value(Value { quoted: true, ..value });
                any.push(self.test(&Check { modifier: None, with, ..check.clone() }, mapped)?);
            }
            return Ok(Condition::any(any));
        }
        if let Operand::Value(value) = &check.with
            && values.len() != 1
        {
            return refuse(format!(
                "the list {} stands here, where one value is compared; use `in ({})`",
                value.text, value.text
            ));
        }
        match mapped.ty {
            Type::Text | Type::Event => self.text(check, field(), values),
            Type::Number => self.number(check, field(), &values),
            Type::Bool => self.bool(check, field(), &values),
            Type::Address => self.address(check, field(), &values),
            Type::Host => match check.operator {
                Operator::Equal | Operator::Equals | Operator::In => {
                    let hosts = values.into_iter().map(|value| value.text.to_ascii_lowercase().into_bytes()).collect();
                    Ok(self.builder.test(field(), Op::Texts { how: How::Equals, values: hosts, fold: false }))
                }
                other => refuse(format!("names of hosts are compared by `=` and `in`, and not by `{}`", other.name())),
            },
        }
    }

    fn text(&mut self, check: &Check, field: Field, values: Vec<Value>) -> Result<Condition, Problem> {
        let refuse = |what: String| Err(Problem { at: check.at, what });
        if let ("container.id", [value], Operator::Equal | Operator::Equals | Operator::In | Operator::NotEqual) =
            (check.field.name.as_str(), values.as_slice(), check.operator)
            && value.text == "host"
            && check.field.transformers.is_empty()
        {
            // No container is called so: it is in none.
            let id = Field::raw(Owner::Container, lanner_abi::field::container::ID);
            let known = self.builder.test(id, Op::Known);
            return Ok(if check.operator == Operator::NotEqual { known } else { Condition::not(known) });
        }
        let nothing = values.iter().any(is_nothing);
        let bytes = |values: &[Value]| -> Vec<Vec<u8>> {
            let mut all: Vec<Vec<u8>> = values.iter().map(|value| value.text.clone().into_bytes()).collect();
            all.sort();
            all.dedup();
            all
        };
        let all = bytes(&values);
        let texts = |how, fold| Op::Texts { how, values: all.clone(), fold };
        let of_ancestors = field.of == Owner::Ancestors;
        let op = match check.operator {
            Operator::Equal | Operator::Equals | Operator::In | Operator::Intersects => {
                let is = self.builder.test(field.clone(), texts(How::Equals, false));
                let known = self.builder.test(field, Op::Known);
                return Ok(if nothing { Condition::any([is, Condition::not(known)]) } else { is });
            }
            Operator::NotEqual if of_ancestors => Op::Differs(all),
            Operator::NotEqual => {
                let is = self.builder.test(field.clone(), texts(How::Equals, false));
                let known = self.builder.test(field, Op::Known);
                return Ok(Condition::all([known, Condition::not(is)]));
            }
            Operator::Contains => texts(How::Contains, false),
            Operator::IContains => texts(How::Contains, true),
            Operator::StartsWith => texts(How::StartsWith, false),
            Operator::EndsWith => texts(How::EndsWith, false),
            Operator::Glob => Op::Globs { globs: all, fold: false },
            Operator::IGlob => Op::Globs { globs: all, fold: true },
            Operator::PMatch => Op::Below(all),
            Operator::Regex => {
                for value in &values {
                    if let Err(error) = Op::regex(&value.text, true, false) {
                        return Err(Problem {
                            at: value.at,
                            what: format!("{:?} is no regular expression that is known here: {error}", value.text),
                        });
                    }
                }
                Op::Regexes {
                    expressions: values.into_iter().map(|value| value.text).collect(),
                    whole: true,
                    fold: false,
                }
            }
            Operator::BContains | Operator::BStartsWith => {
                let how = if check.operator == Operator::BContains { How::Contains } else { How::StartsWith };
                let mut parts = Vec::new();
                for value in &values {
                    match hex(&value.text) {
                        Some(bytes) => parts.push(bytes),
                        None => {
                            let what = format!("{:?} is not bytes in hex, such as cafebabe", value.text);
                            return Err(Problem { at: value.at, what });
                        }
                    }
                }
                Op::Texts { how, values: parts, fold: false }
            }
            other => {
                return refuse(format!("{} is a text, which is not compared by `{}`", check.field.name, other.name()));
            }
        };
        Ok(self.builder.test(field, op))
    }

    fn number(&mut self, check: &Check, field: Field, values: &[Value]) -> Result<Condition, Problem> {
        const MOST: i128 = u64::MAX as i128;
        const LEAST: i128 = i64::MIN as i128;
        let mut numbers = Vec::new();
        let mut nothing = false;
        for value in values {
            match number(&value.text) {
                Some(number) => numbers.push(number),
                None if is_nothing(value) => nothing = true,
                None => {
                    let what = format!("{} is a number, and {:?} is none", check.field.name, value.text);
                    return Err(Problem { at: value.at, what });
                }
            }
        }
        let same = |numbers: &[i128]| numbers.iter().map(|number| (*number, *number)).collect::<Vec<_>>();
        let first = numbers.first().copied().unwrap_or_default();
        let ranges = match check.operator {
            Operator::Equal | Operator::Equals | Operator::In | Operator::Intersects | Operator::NotEqual => {
                same(&numbers)
            }
            Operator::Less => vec![(LEAST, first - 1)],
            Operator::LessOrEqual => vec![(LEAST, first)],
            Operator::More => vec![(first + 1, MOST)],
            Operator::MoreOrEqual => vec![(first, MOST)],
            other => {
                let what = format!("{} is a number, which is not compared by `{}`", check.field.name, other.name());
                return Err(Problem { at: check.at, what });
            }
        };
        // Events are counted from 1.
        let is_seq = field == Field::raw(Owner::Event, lanner_abi::field::event::SEQ);
        let ranges = match is_seq {
            true => ranges.into_iter().filter(|(_, to)| *to >= 1).collect(),
            false => ranges,
        };
        let is = self.builder.test(field.clone(), Op::Numbers(ranges));
        if check.operator == Operator::NotEqual {
            let known = self.builder.test(field, Op::Known);
            return Ok(Condition::all([known, Condition::not(is)]));
        }
        let known = self.builder.test(field, Op::Known);
        Ok(if nothing { Condition::any([is, Condition::not(known)]) } else { is })
    }

    fn bool(&mut self, check: &Check, field: Field, values: &[Value]) -> Result<Condition, Problem> {
        let yes = match (values, check.operator) {
            ([value], Operator::Equal | Operator::Equals | Operator::In | Operator::NotEqual) => {
                match value.text.to_ascii_lowercase().as_str() {
                    "true" | "1" => check.operator != Operator::NotEqual,
                    "false" | "0" => check.operator == Operator::NotEqual,
                    other => {
                        let what = format!("{} is true or false, and not {other:?}", check.field.name);
                        return Err(Problem { at: value.at, what });
                    }
                }
            }
            _ => {
                let what = format!("{} is compared with true or false by `=`", check.field.name);
                return Err(Problem { at: check.at, what });
            }
        };
        if field.get != Get::OpenAccess {
            return Ok(self.builder.test(field, Op::Is(yes)));
        }
        let is = match check.field.name.as_str() {
            "evt.is_open_read" => self.builder.test(field, Op::AnyBits(1)),
            "evt.is_open_write" => self.builder.test(field, Op::AnyBits(2)),
            // It made a file that can be run.
            _ => {
                let created = Field::raw(Owner::Payload, lanner_abi::field::open::CREATED);
                let mode = Field::raw(Owner::Payload, lanner_abi::field::open::MODE);
                let created = self.builder.test(created, Op::Is(true));
                let mode = self.builder.test(mode, Op::AnyBits(0o111));
                Condition::all([created, mode])
            }
        };
        Ok(if yes { is } else { Condition::not(is) })
    }

    fn address(&mut self, check: &Check, field: Field, values: &[Value]) -> Result<Condition, Problem> {
        let mut networks = Vec::new();
        let mut nothing = false;
        for value in values {
            match network(&value.text) {
                Some(network) => networks.push(network),
                None if is_nothing(value) => nothing = true,
                None => {
                    let what = format!("{:?} is no address and no network, such as 10.0.0.0/8", value.text);
                    return Err(Problem { at: value.at, what });
                }
            }
        }
        let known = self.builder.test(field.clone(), Op::Known);
        let is = self.builder.test(field, Op::Within(networks));
        match check.operator {
            Operator::Equal | Operator::Equals | Operator::In | Operator::Intersects => {
                Ok(if nothing { Condition::any([is, Condition::not(known)]) } else { is })
            }
            Operator::NotEqual => Ok(Condition::all([known, Condition::not(is)])),
            other => {
                let what = format!("{} is an address, which is not compared by `{}`", check.field.name, other.name());
                Err(Problem { at: check.at, what })
            }
        }
    }

    pub(super) fn compare(
        &mut self,
        check: &Check,
        mapped: &Mapped,
        other: &grammar::Field,
        kind: Kind,
    ) -> Result<Condition, Problem> {
        let refuse = |what: String| Err(Problem { at: check.at, what });
        let Some(other_mapped) = self.field(other, kind)? else { return Ok(Condition::Always(false)) };
        if (mapped.ty == Type::Text) != (other_mapped.ty == Type::Text) {
            return refuse(format!("{} and {} are not of one type", check.field.name, other.name));
        }
        let is_text = mapped.ty == Type::Text;
        let is_number = mapped.ty == Type::Number;
        for (how, matters) in [mapped.differs, other_mapped.differs].into_iter().flatten() {
            self.differs(how, matters);
        }
        let (one, two) = (mapped.field.clone(), other_mapped.field);
        let (compare, swapped) = match check.operator {
            Operator::Equal | Operator::Equals | Operator::In | Operator::Intersects | Operator::NotEqual => {
                (Compare::Equal, false)
            }
            Operator::Less if is_number => (Compare::Less, false),
            Operator::LessOrEqual if is_number => (Compare::LessOrEqual, false),
            Operator::More if is_number => (Compare::Less, true),
            Operator::MoreOrEqual if is_number => (Compare::LessOrEqual, true),
            Operator::Contains if is_text => (Compare::Text(How::Contains, false), false),
            Operator::IContains if is_text => (Compare::Text(How::Contains, true), false),
            Operator::StartsWith if is_text => (Compare::Text(How::StartsWith, false), false),
            Operator::EndsWith if is_text => (Compare::Text(How::EndsWith, false), false),
            other => return refuse(format!("fields are not compared with each other by `{}` here", other.name())),
        };
        let (left, right) = if swapped { (two.clone(), one.clone()) } else { (one.clone(), two.clone()) };
        let right = self.builder.field(right);
        let holds = self.builder.test(left, Op::Field(compare, right));
        if check.operator != Operator::NotEqual {
            return Ok(holds);
        }
        let known = [one, two].map(|field| self.builder.test(field, Op::Known));
        Ok(Condition::all(known.into_iter().chain([Condition::not(holds)])))
    }
}
