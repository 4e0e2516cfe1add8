//! Judges events.

use lanner_abi::{Event, Frame, Kind, Text, Value as Raw, field};
use lanner_contract::{Fact, Finding};

use crate::correlate::{self, Counted, Counting, State};
use crate::field::{Seen, Value};
use crate::memory::Memory;
use crate::rules::{Arm, Condition, FieldId, Part, Rules, TestId};
use crate::test::Prepared;

/// What a field without a value is shown as.
const NOTHING: &str = "<NA>";
/// Conditions in one another at most, so that the stack holds.
const MAX_DEPTH: usize = 512;

/// Rules, ready to judge events.
#[derive(Debug)]
pub struct Evaluator {
    rules: Rules,
    tests: Vec<Prepared>,
    /// By the kind's number, the rules that have something to say of it, and the place of that in the rule.
    by_kind: Vec<Vec<(u32, u32)>>,
    off: Vec<bool>,
    memory: Memory,
    asked: Asked,
    /// Of each rule, where it has a correlation, what is remembered for it.
    states: Vec<State>,
    /// Events that one of them may remember.
    room: usize,
}

/// What was asked of the event at hand already.
#[derive(Debug, Default)]
struct Asked {
    /// The number of the event, from 1.
    event: u64,
    /// Of each test the event that it was asked of, and its answer as the lowest bit.
    tests: Vec<u64>,
    /// Of each field that is made the event, and what was made.
    texts: Vec<(u64, Option<Vec<u8>>)>,
}

/// Bytes are no rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the rules cannot be read: {}", self.0)
    }
}

impl std::error::Error for Unreadable {}

impl Evaluator {
    /// Reads rules.
    ///
    /// # Errors
    /// They are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        Self::new(postcard::from_bytes(bytes).map_err(|error| Unreadable(error.to_string()))?)
    }

    /// Makes rules ready.
    ///
    /// # Errors
    /// One names something that is not there.
    pub fn new(rules: Rules) -> Result<Self, Unreadable> {
        let wrong = |what: &str| Err(Unreadable(what.to_owned()));
        let field = |field: FieldId| (field.0 as usize) < rules.fields.len();
        let mut tests = Vec::with_capacity(rules.tests.len());
        for test in &rules.tests {
            let prepared = Prepared::new(&test.op).map_err(Unreadable)?;
            let other = if let Prepared::Field(_, other) = &prepared { *other } else { test.field };
            if !field(test.field) || !field(other) {
                return wrong("a test is of a field that is not there");
            }
            tests.push(prepared);
        }
        let mut by_kind: Vec<Vec<(u32, u32)>> = Vec::new();
        for (rule, of) in (0..).zip(&rules.rules) {
            for (place, arm) in (0..).zip(&of.arms) {
                if !arm.condition.is_sound(rules.tests.len(), 0) {
                    return wrong("a condition has a test that is not there, or lies too deep");
                }
                let parts = arm.message.iter().filter_map(|part| match part {
                    Part::Field(field) => Some(*field),
                    Part::Text(_) => None,
                });
                if !parts.chain(arm.facts.iter().map(|(_, field)| *field)).all(field) {
                    return wrong("a message has a field that is not there");
                }
                let counts = arm.counted.iter().flat_map(|counted| counted.group.iter().chain(&counted.value));
                if !counts.copied().all(field) {
                    return wrong("a correlation has a field that is not there");
                }
                let kind = usize::from(arm.kind);
                if by_kind.len() <= kind {
                    by_kind.resize_with(kind + 1, Vec::new);
                }
                by_kind[kind].push((rule, place));
            }
        }
        let asked = Asked { event: 0, tests: vec![0; rules.tests.len()], texts: vec![(0, None); rules.fields.len()] };
        let (off, memory) = (vec![false; rules.rules.len()], Memory::new(&rules.hosts));
        let states = rules.rules.iter().map(|_| State::default()).collect();
        let room = correlate::room(rules.rules.iter().filter(|rule| rule.correlation.is_some()).count());
        Ok(Self { rules, tests, by_kind, off, memory, asked, states, room })
    }

    /// What is remembered of earlier events, for another version of the rules; nothing where that is nothing.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let all = self.rules.rules.iter().zip(&self.states);
        let all = all.filter_map(|(rule, state)| Some((rule.correlation.as_ref()?, state)));
        if all.clone().next().is_none() { Vec::new() } else { correlate::save(all) }
    }

    /// Takes over what another version remembered, for those correlations that are what they were.
    pub fn restore(&mut self, saved: &[u8]) {
        let all = self.rules.rules.iter().zip(&mut self.states);
        let all = all.filter_map(|(rule, state)| Some((rule.correlation.as_ref()?, state)));
        correlate::restore(saved, all, self.room);
    }

    /// It is this time, ns since 1970: forgets what is too long ago.
    pub fn tick(&mut self, now: u64) {
        for (rule, state) in self.rules.rules.iter().zip(&mut self.states) {
            if let Some(correlation) = &rule.correlation {
                correlation.forget(state, now);
            }
        }
    }

    /// What the pack says of itself, as it travels.
    #[must_use]
    pub fn description(&self) -> &[u8] {
        &self.rules.description
    }

    /// Keeps these rules from judging, and lets all others.
    pub fn turn_off(&mut self, off: &[u32]) {
        for (number, is_off) in (0..).zip(&mut self.off) {
            *is_off = off.contains(&number);
        }
    }

    /// Judges the events of a frame.
    pub fn judge(&mut self, frame: &Frame<'_>, raise: &mut dyn FnMut(Finding)) {
        let mut events = frame.events();
        loop {
            let mut after = events.clone();
            let Some(event) = after.next() else { return };
            let kind = event.kind_number();
            if kind == Kind::Dns.number() && !self.rules.hosts.is_empty() {
                self.answered(&event);
            }
            let Self { rules, tests, by_kind, off, memory, asked, states, room } = self;
            let arms = by_kind.get(usize::from(kind)).map_or(&[][..], Vec::as_slice);
            asked.event += 1;
            for (rule, place) in arms {
                let Some(of) = rules.rules.get(*rule as usize) else { continue };
                let Some(arm) = of.arms.get(*place as usize) else { continue };
                let is_off = off.get(*rule as usize).is_some_and(|off| *off);
                if is_off || events.passed(arm.subscription) == Some(false) {
                    continue;
                }
                let seen = Seen { event: &event, memory };
                let mut judging = Judging { rules, tests, asked: &mut *asked, seen };
                if !judging.holds(&arm.condition) {
                    continue;
                }
                let (Some(correlation), Some(counted)) = (&of.correlation, &arm.counted) else {
                    raise(judging.finding(*rule, arm));
                    continue;
                };
                let Some(state) = states.get_mut(*rule as usize) else { continue };
                let Some((key, counting)) = judging.counted(counted) else { continue };
                if let Some(events) = correlation.count(state, key, counting, *room) {
                    raise(Finding { events, ..judging.finding(*rule, arm) });
                }
            }
            events = after;
        }
    }

    fn answered(&mut self, event: &Event<'_>) {
        let Some(record) = event.payload_record() else { return };
        if let (Some(name), Some(Raw::Bytes16(address))) =
            (record.bytes(field::dns::NAME), record.value(field::dns::ANSWER))
        {
            self.memory.answered(name, address);
        }
    }
}

impl Condition {
    fn is_sound(&self, tests: usize, depth: usize) -> bool {
        depth < MAX_DEPTH
            && match self {
                Self::Always(_) => true,
                Self::All(conditions) | Self::Any(conditions) => {
                    conditions.iter().all(|condition| condition.is_sound(tests, depth + 1))
                }
                Self::Not(condition) => condition.is_sound(tests, depth + 1),
                Self::Test(TestId(test)) => (*test as usize) < tests,
            }
    }
}

struct Judging<'r, 'e> {
    rules: &'r Rules,
    tests: &'r [Prepared],
    asked: &'r mut Asked,
    seen: Seen<'e>,
}

impl Judging<'_, '_> {
    fn holds(&mut self, condition: &Condition) -> bool {
        match condition {
            Condition::Always(holds) => *holds,
            Condition::All(conditions) => conditions.iter().all(|condition| self.holds(condition)),
            Condition::Any(conditions) => conditions.iter().any(|condition| self.holds(condition)),
            Condition::Not(condition) => !self.holds(condition),
            Condition::Test(test) => self.passes(*test),
        }
    }

    fn passes(&mut self, TestId(test): TestId) -> bool {
        let test = test as usize;
        let event = self.asked.event;
        if let Some(asked) = self.asked.tests.get(test).filter(|asked| **asked >> 1 == event) {
            return asked & 1 == 1;
        }
        let (Some(of), Some(prepared)) = (self.rules.tests.get(test), self.tests.get(test)) else { return false };
        let passes = self.ask(of.field, prepared);
        if let Some(asked) = self.asked.tests.get_mut(test) {
            *asked = event << 1 | u64::from(passes);
        }
        passes
    }

    fn ask(&mut self, FieldId(place): FieldId, prepared: &Prepared) -> bool {
        let Some(field) = self.rules.fields.get(place as usize) else { return false };
        let seen = self.seen;
        if let Prepared::Field(compare, FieldId(other)) = prepared {
            let Some(other) = self.rules.fields.get(*other as usize) else { return false };
            return field.each(seen, &mut |value| other.each(seen, &mut |other| compare.holds(value, other)));
        }
        if !field.is_made() {
            return field.each(seen, &mut |value| prepared.holds(value));
        }
        let event = self.asked.event;
        let Some((made_for, made)) = self.asked.texts.get_mut(place as usize) else { return false };
        if *made_for != event {
            let mut buffer = made.take().unwrap_or_default();
            buffer.clear();
            let known = field.each(seen, &mut |value| {
                if let Value::Text(text) = value {
                    buffer.extend_from_slice(text);
                }
                true
            });
            (*made_for, *made) = (event, known.then_some(buffer));
        }
        made.as_deref().is_some_and(|text| prepared.holds(Value::Text(text)))
    }

    /// What tells the event's group, and what is remembered of the event.
    fn counted(&self, counted: &Counted) -> Option<(Vec<u8>, Counting)> {
        let mut key = Vec::new();
        for field in &counted.group {
            let before = key.len();
            self.write(*field, &mut key)?;
            // So that two values are not another two.
            key.extend(((key.len() - before) as u32).to_le_bytes());
        }
        let mut value = Vec::new();
        if let Some(field) = counted.value {
            self.write(field, &mut value)?;
        }
        let event = self.seen.event;
        let (time, seq, hash) = (event.time(), event.seq(), correlate::hash(&value));
        Some((key, Counting { time, seq, member: counted.member, hash }))
    }

    /// The first value of a field.
    fn write(&self, FieldId(field): FieldId, out: &mut Vec<u8>) -> Option<()> {
        let field = self.rules.fields.get(field as usize)?;
        let known = field.each(self.seen, &mut |value| {
            match value {
                Value::Text(text) => out.extend_from_slice(text),
                Value::Number(number) => out.extend(number.to_le_bytes()),
                Value::Bool(yes) => out.push(u8::from(yes)),
                Value::Address(address) => out.extend(address),
            }
            true
        });
        known.then_some(())
    }

    fn finding(&mut self, rule: u32, arm: &Arm) -> Finding {
        let mut message = String::new();
        for part in &arm.message {
            match part {
                Part::Text(text) => message.push_str(text),
                Part::Field(field) => self.show(*field, &mut message),
            }
        }
        let fact = |(name, field): &(String, FieldId)| Some((name.clone(), self.fact(*field)?));
        let fields = arm.facts.iter().filter_map(fact).collect();
        Finding { rule, message, events: vec![self.seen.event.seq()], fields, ..Finding::default() }
    }

    /// Several values stand with commas between them.
    fn show(&self, FieldId(field): FieldId, out: &mut String) {
        let Some(field) = self.rules.fields.get(field as usize) else { return };
        let before = out.len();
        let mut some = false;
        field.each(self.seen, &mut |value| {
            if std::mem::replace(&mut some, true) {
                out.push(',');
            }
            match value {
                Value::Text(text) => out.push_str(&Text::new(text).to_string()),
                Value::Number(number) => out.push_str(&number.to_string()),
                Value::Bool(yes) => out.push_str(if yes { "true" } else { "false" }),
                Value::Address(address) => {
                    out.push_str(&std::net::Ipv6Addr::from(address).to_canonical().to_string());
                }
            }
            // All of them, unless it becomes too long.
            out.len() - before > 4096
        });
        if !some {
            out.push_str(NOTHING);
        }
    }

    fn fact(&self, FieldId(field): FieldId) -> Option<Fact> {
        let mut facts = Vec::new();
        let field = self.rules.fields.get(field as usize)?;
        field.each(self.seen, &mut |value| {
            facts.push(match value {
                Value::Text(text) => Fact::Text(String::from_utf8_lossy(text).into_owned()),
                Value::Number(number) => Fact::Number(number),
                Value::Bool(yes) => Fact::Bool(yes),
                Value::Address(address) => Fact::Address(std::net::Ipv6Addr::from(address).to_canonical()),
            });
            facts.len() >= 64
        });
        match facts.len() {
            0 | 1 => facts.pop(),
            _ => Some(Fact::List(facts)),
        }
    }
}
