//! Which types of events a condition names.

use lanner_abi::Kind;
use lanner_conditions::{Builder, Compare, Condition, Field, Get, How, Op, Owner};

use super::Lowering;
use crate::falco::events::{self, Is};
use crate::falco::grammar::{Check, Operator, Problem};

impl Lowering<'_> {
    pub(super) fn event_type(&mut self, check: &Check, kind: Kind, negated: bool) -> Result<Condition, Problem> {
        let refuse = |what: String| Err(Problem { at: check.at, what });
        let Some(called) = events::of(kind) else { return Ok(Condition::Always(false)) };
        if check.operator == Operator::Exists {
            return Ok(Condition::Always(true));
        }
        let Some(values) = self.values(check) else {
            return refuse("a type of event is compared with names, and not with a field".to_owned());
        };
        let types: Vec<&str> = values.iter().map(|value| value.text.as_str()).collect();
        let (types, is_not): (Vec<&str>, bool) = match check.operator {
            Operator::Equal | Operator::Equals | Operator::In | Operator::Intersects => (types, false),
            Operator::NotEqual => (types, true),
            Operator::Contains | Operator::StartsWith | Operator::EndsWith => {
                let how = match check.operator {
                    Operator::StartsWith => How::StartsWith,
                    Operator::EndsWith => How::EndsWith,
                    _ => How::Contains,
                };
                let all = called.main.iter().chain(called.also).copied();
                (
                    all.filter(|name| types.iter().any(|part| how.holds(name.as_bytes(), part.as_bytes()))).collect(),
                    false,
                )
            }
            other => return refuse(format!("types of events are not compared by `{}`", other.name())),
        };
        for name in &types {
            if !events::is_name(name) {
                return refuse(format!("{name:?} is no type of event, such as execve or openat"));
            }
            if !events::is_told(name) && !self.unseen.iter().any(|known| known == name) {
                self.unseen.push((*name).to_owned());
            }
        }
        let is = self.exact_type(kind, &types).unwrap_or_else(|| match called.is(&types) {
            Is::All => Condition::Always(true),
            Is::None => Condition::Always(false),
            // The rule rather sees too much than too little.
            Is::Some => {
                let named: Vec<&str> =
                    called.main.iter().chain(called.also).copied().filter(|name| types.contains(name)).collect();
                let others: Vec<&str> = called.main.iter().copied().filter(|name| !types.contains(name)).collect();
                if !others.is_empty() {
                    self.differs(
                        format!(
                            "{} and {} are told as one kind ({}), so that the rule sees all of them",
                            named.join(", "),
                            others.join(", "),
                            kind.name()
                        ),
                        true,
                    );
                }
                Condition::Always(negated == is_not)
            }
        });
        if let (Some(lacks), Condition::Always(true), false) = (&called.lacks, &is, is_not) {
            let meant = lacks.unless.is_some_and(|field| self.mentioned.contains(field));
            if !meant {
                self.differs(format!("of {} {}", called.main.join(", "), lacks.what), true);
            }
        }
        Ok(if is_not { Condition::not(is) } else { is })
    }

    /// Types that something in the event tells apart.
    fn exact_type(&mut self, kind: Kind, types: &[&str]) -> Option<Condition> {
        let test = |builder: &mut Builder, name: &str, yes| {
            let info = kind.record().fields.iter().find(|field| field.name == name)?;
            Some(builder.test(Field::raw(Owner::Payload, info), Op::Is(yes)))
        };
        let has = |name: &str| types.contains(&name);
        match kind {
            Kind::ProcessMemory => match (has("process_vm_readv"), has("process_vm_writev")) {
                (true, false) => test(self.builder, "written", false),
                (false, true) => test(self.builder, "written", true),
                _ => None,
            },
            Kind::Unlink => match (has("rmdir"), has("unlink"), has("unlinkat")) {
                (true, false, false) => test(self.builder, "directory", true),
                (false, true, _) => test(self.builder, "directory", false),
                _ => None,
            },
            // setuid and its like change users; what only changes groups or capabilities is none of them.
            Kind::Credentials
                if types.iter().all(|name| name.contains("uid")) && types.iter().any(|name| events::is_told(name)) =>
            {
                Some(self.changes(&[("uid", "uid"), ("euid", "euid"), ("suid", "suid")], types))
            }
            Kind::Credentials
                if types.iter().all(|name| name.contains("gid")) && types.iter().any(|name| events::is_told(name)) =>
            {
                Some(self.changes(&[("gid", "gid"), ("egid", "egid"), ("sgid", "sgid")], types))
            }
            _ => None,
        }
    }

    /// One of these is another than it was, or was to be.
    fn changes(&mut self, ids: &[(&str, &str)], types: &[&str]) -> Condition {
        self.differs(
            format!(
                "which call changes users or groups is not told: {} stands for all of its family, where one of the ids changes or \
                 the call fails",
                types.join(", ")
            ),
            true,
        );
        let mut any = Vec::new();
        for (now, before) in ids {
            let of = |record: &'static lanner_abi::RecordInfo, name: &str| {
                record.fields.iter().find(|field| field.name == name)
            };
            if let (Some(now), Some(before)) = (of(Kind::Credentials.record(), now), of(&lanner_abi::PROCESS, before)) {
                let before = self.builder.field(Field::raw(Owner::Process, before));
                let now = Field::raw(Owner::Payload, now);
                let known = self.builder.test(now.clone(), Op::Known);
                let same = self.builder.test(now, Op::Field(Compare::Equal, before));
                any.push(Condition::all([known, Condition::not(same)]));
            }
        }
        let flags = lanner_abi::field::event::FLAGS;
        let failed = Field::get(Owner::Event, Get::Bit(lanner_conditions::place(flags), 2));
        any.push(self.builder.test(failed, Op::Is(true)));
        Condition::any(any)
    }
}
