//! Events as people write them, in a few words or as a host prints them, made to what a host judges.

mod container;
mod of_finding;
mod payload;
mod process;
mod words;

use std::sync::Arc;
use std::time::Duration;

use lanner_abi::{Kind, event_flag, field};
use lanner_enrich::{Event, Keys, Process};

pub use of_finding::of_finding;
pub(crate) use process::FIELDS_OF_PROCESSES;
pub(crate) use words::is_of_open;
pub use words::{errno_names, open_words};

use crate::document::{Key, Node, Problem, Value, suggestion};
use process::Processes;

/// When the first event happens, where nothing else is said: any time will do, but not 0. ns since 1970.
pub(crate) const BEGINNING: u64 = 1_700_000_000_000_000_000;
/// Between two events, where nothing is said, ns.
const STEP: u64 = 1_000_000;
/// Events that one entry can stand for.
const MAX_TIMES: i128 = 1_000_000;

/// What an event says beside what its kind has of its own.
pub(crate) const COMMON: [&str; 13] =
    ["process", "result", "after", "times", "flags", "image", "tid", "kind", "time", "seq", "type", "lineage", "note"];

/// Where events happen: who is who, and what time it is.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    processes: Processes,
    /// When the last event happened, ns since 1970; nothing before the first.
    now: Option<u64>,
    /// The number of the last event.
    seq: u64,
}

impl Scene {
    /// What time it is, ns since 1970.
    pub fn now(&self) -> u64 {
        self.now.unwrap_or(BEGINNING)
    }

    /// Time goes by.
    pub fn wait(&mut self, time: Duration) -> u64 {
        let now = self.now().saturating_add(ns(time));
        self.now = Some(now);
        now
    }

    /// Defines processes by name: a map.
    ///
    /// # Errors
    /// It is none, or says of one what cannot be said.
    pub fn define(&mut self, node: &Node) -> Result<(), Problem> {
        for (key, process) in node.map("processes")? {
            self.processes.define(&key.name, process, self.now())?;
        }
        Ok(())
    }

    /// The id of the process that is called so, where one is.
    pub fn id_of(&self, name: &str) -> Option<u64> {
        self.processes.id_of(name)
    }

    /// An event that comes from elsewhere, such as a capture, is the next one here.
    pub fn adopt(&mut self, event: Event) -> Event {
        self.seq += 1;
        self.now = Some(event.time_ns);
        Event { seq: self.seq, ..event }
    }

    /// The events that an entry stands for: a map, such as `open: {path: /etc/shadow}` with `process` and `result` beside it, or
    /// one as `lanner events --output json` prints it.
    ///
    /// # Errors
    /// It says what cannot be said of such an event, or is none at all.
    pub fn events(&mut self, node: &Node) -> Result<Vec<Event>, Problem> {
        let (kind, payload) = kind(node)?;
        for (key, _) in node.map("an event")? {
            if key.name != kind.name() && !COMMON.contains(&key.name.as_str()) {
                let known = COMMON.into_iter().chain([kind.name()]);
                return Err(key.unknown(&format!("part of an event of the kind {}", kind.name()), known));
            }
        }
        let times = match node.get("times") {
            None => 1,
            Some(Node { value: Value::Integer(times @ 1..=MAX_TIMES), .. }) => *times as usize,
            Some(other) => return Err(other.unexpected("times", &format!("a whole number from 1 to {MAX_TIMES}"))),
        };
        let mut events = Vec::with_capacity(times.min(4096));
        for _ in 0..times {
            self.tell_time(node)?;
            events.push(self.event(kind, node, payload)?);
        }
        Ok(events)
    }

    fn tell_time(&mut self, node: &Node) -> Result<(), Problem> {
        let step = node.get("after").map(|after| duration("after", after)).transpose()?;
        self.now = Some(match (node.get("time"), step, self.now) {
            (Some(time), None, _) => self::time("time", time)?,
            (Some(time), Some(_), _) => return Err(time.problem("`time` and `after` both say when it happens")),
            (None, Some(step), now) => now.unwrap_or(BEGINNING).saturating_add(ns(step)),
            (None, None, Some(now)) => now.saturating_add(STEP),
            (None, None, None) => BEGINNING,
        });
        Ok(())
    }

    fn event(&mut self, kind: Kind, node: &Node, payload: Option<&Node>) -> Result<Event, Problem> {
        let info = kind.info();
        let now = self.now();
        let result = result(kind, node)?;
        let mut flags = match node.get("flags") {
            None => 0,
            Some(flags) => event_flags(flags)?,
        };
        if result.is_some_and(|result| result < 0 && !info.fine.contains(&result)) {
            flags |= event_flag::FAILED;
        }
        if let Some(image) = node.get("image").filter(|_| !info.has_image) {
            return Err(
                image.problem(format!("with an event of the kind {} no image begins; say `process`", kind.name()))
            );
        }
        let image = match payload.filter(|_| info.has_image).and_then(|payload| payload.get(image_field(kind))) {
            Some(image) if node.get("image").is_none() => Some(image),
            _ => node.get("image"),
        };
        let process = match (node.get("process"), info.has_process) {
            (Some(process), false) => {
                return Err(process.problem(format!("an event of the kind {} is nobody's doing", kind.name())));
            }
            (None, false) => None,
            (Some(process), true) => Some(self.processes.who(process, node.get("lineage"), now)?),
            (None, true) => Some(match image {
                Some(image) => self.processes.before(image, now)?,
                None => self.processes.nobody(now),
            }),
        };
        let begins = match (info.has_image, &process) {
            (true, Some(process)) => Some(self.processes.begins(image, process, now)?),
            _ => None,
        };
        let mut event = Event {
            seq: 0,
            time_ns: now,
            kind,
            flags,
            result,
            tid: tid(node, process.as_ref())?,
            process,
            payload: payload::with_defaults(kind),
            named: Vec::new(),
            keys: Keys::default(),
        };
        payload::fill(&mut event, payload, begins, &mut self.processes, now)?;
        self.seq += 1;
        event.seq = self.seq;
        Ok(event)
    }
}

/// The field in which an event of a kind names the image that begins.
fn image_field(kind: Kind) -> &'static str {
    kind.record().rows().next().map_or("", |field| field.name)
}

/// The kind of an event, and what it says of its own.
pub(crate) fn kind<'n>(node: &'n Node) -> Result<(Kind, Option<&'n Node>), Problem> {
    let members = node.map("an event")?;
    let named = |(key, node): &'n (Key, Node)| Some((Kind::from_name(&key.name)?, key, node));
    let named: Vec<(Kind, &Key, &Node)> = members.iter().filter_map(named).collect();
    if let Some(said) = node.get("kind") {
        let name = said.text("kind")?;
        let Some(kind) = Kind::from_name(name) else {
            return Err(said.problem(format!("there is no kind of event {name:?}{}", suggestion(name, &kinds()))));
        };
        return Ok((kind, node.get(name)));
    }
    match named.as_slice() {
        [(kind, _, payload)] => Ok((*kind, Some(payload))),
        [(first, ..), (second, key, _), ..] => Err(Problem::at(
            key.at,
            format!(
                "this is an event of the kind {}, and cannot be one of the kind {} too",
                first.name(),
                second.name()
            ),
        )),
        [] => match members.iter().find(|(key, _)| !COMMON.contains(&key.name.as_str())) {
            Some((key, _)) => Err(key.unknown("kind of event", kinds())),
            None => Err(node.problem("an event says what kind it is, such as `open: {path: /etc/shadow}`")),
        },
    }
}

/// The names of all kinds.
pub(crate) fn kinds() -> Vec<&'static str> {
    Kind::ALL.iter().map(|kind| kind.name()).collect()
}

fn result(kind: Kind, node: &Node) -> Result<Option<i64>, Problem> {
    let Some(said) = node.get("result") else { return Ok(kind.info().has_result.then_some(0)) };
    if !kind.info().has_result {
        return Err(said.problem(format!("an event of the kind {} has no result", kind.name())));
    }
    match &said.value {
        Value::Null => Ok(None),
        Value::Integer(number) => i64::try_from(*number).map(Some).map_err(|_| said.problem("a result has 64 bits")),
        Value::Text(name) => match words::errno(name) {
            Some(errno) => Ok(Some(-errno)),
            None => {
                let near = suggestion(name, &errno_names().collect::<Vec<_>>());
                Err(said.problem(format!("there is no error {name:?}{near}")))
            }
        },
        _ => Err(said.unexpected("result", "a number, or the name of an error such as EACCES")),
    }
}

fn event_flags(node: &Node) -> Result<u16, Problem> {
    let mut flags = 0;
    for item in node.list("flags")? {
        let name = item.text("flags")?;
        let known = event_flag::NAMES.bits;
        let Some((_, bit)) = known.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            let near = suggestion(name, &names);
            return Err(item.problem(format!("there is no flag {name:?} of an event{near}")));
        };
        flags |= 1 << bit;
    }
    Ok(flags)
}

fn tid(node: &Node, process: Option<&Arc<Process>>) -> Result<Option<u32>, Problem> {
    match node.get("tid") {
        None => Ok(process.and_then(|process| process.record().number(field::process::PID)).map(|pid| pid as u32)),
        Some(Node { value: Value::Null, .. }) => Ok(None),
        Some(node) => match node.value {
            Value::Integer(tid) if u32::try_from(tid).is_ok() => Ok(u32::try_from(tid).ok()),
            _ => Err(node.unexpected("tid", "the number of a thread")),
        },
    }
}

/// How long, as people write it.
pub(crate) fn duration(name: &str, node: &Node) -> Result<Duration, Problem> {
    let text = match &node.value {
        Value::Text(text) => text,
        Value::Integer(0) => return Ok(Duration::ZERO),
        _ => return Err(node.unexpected(name, "a time such as 2s, 500ms or 1h30m")),
    };
    humantime::parse_duration(text).map_err(|_| node.unexpected(name, "a time such as 2s, 500ms or 1h30m"))
}

/// A time, as RFC 3339 or in ns since 1970.
pub(crate) fn time(name: &str, node: &Node) -> Result<u64, Problem> {
    let time = match &node.value {
        Value::Integer(ns) => u64::try_from(*ns).ok(),
        Value::Text(text) => {
            text.parse::<jiff::Timestamp>().ok().and_then(|time| u64::try_from(time.as_nanosecond()).ok())
        }
        _ => None,
    };
    time.ok_or_else(|| node.unexpected(name, "a time such as 2026-01-31T12:00:00Z, or ns since 1970"))
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
