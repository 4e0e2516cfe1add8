//! Processes: who is who among those that are told of, and what follows from what is said of each.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lanner_abi::{FieldInfo, OwnedRecord, PROCESS, Reads, Value as Field, field};
use lanner_enrich::{MAX_LINEAGE, Process};

use super::{BEGINNING, container, payload, time};
use crate::document::{Node, Place, Problem, Value, suggestion};

/// Pids and ids begin here.
const FIRST: u32 = 1000;
/// What lies on ext4 (statfs(2)).
const EXT4: u32 = 0xef53;
/// A program that all may run and nobody but its owner may write.
const EXE_MODE: u32 = 0o100_755;
/// Characters of the kernel's short name.
const COMM: usize = 15;
/// Processes that may be told of.
const MAX_PROCESSES: usize = 1 << 20;

/// What can be said of a process beside the fields of its record.
pub(crate) const FIELDS_OF_PROCESSES: [&str; 3] = ["as", "parent", "container"];

/// Who is who.
#[derive(Clone, Debug, Default)]
pub(super) struct Processes {
    /// Ids by name, by pid, and by where they are told of.
    names: BTreeMap<String, u64>,
    pids: HashMap<u32, u64>,
    places: HashMap<Place, u64>,
    /// What each runs now, by id.
    current: HashMap<u64, Known>,
    /// How many there were.
    count: u32,
}

#[derive(Clone, Debug)]
struct Known {
    facts: Facts,
    process: Arc<Process>,
}

/// What is known of a process, and what of it was said.
#[derive(Clone, Debug)]
struct Facts {
    record: OwnedRecord,
    said: Vec<&'static FieldInfo>,
    parent: Option<Arc<Process>>,
    container: Option<Arc<OwnedRecord>>,
}

impl Processes {
    /// The id of the process that is called so.
    pub(super) fn id_of(&self, name: &str) -> Option<u64> {
        self.names.get(name).copied()
    }

    /// A process, under a name.
    pub(super) fn define(&mut self, name: &str, node: &Node, now: u64) -> Result<(), Problem> {
        if node.get("as").is_some() {
            return Err(node.problem(format!("the process is called {name:?} already, and needs no `as`")));
        }
        let process = self.told(node, None, now, 0)?;
        self.names.insert(name.to_owned(), process.id().0);
        Ok(())
    }

    /// The process that is meant: one by its name, or told of.
    pub(super) fn who(&mut self, node: &Node, lineage: Option<&Node>, now: u64) -> Result<Arc<Process>, Problem> {
        self.meant(node, lineage, now, 0)
    }

    fn meant(&mut self, node: &Node, lineage: Option<&Node>, now: u64, depth: u16) -> Result<Arc<Process>, Problem> {
        match &node.value {
            Value::Text(name) => Ok(self.by_name(name, node)?.process.clone()),
            Value::Map(..) => self.told(node, lineage, now, depth),
            _ => Err(node.unexpected("process", "a map such as {exe: /usr/bin/cat, uid: 0}, or the name of a process")),
        }
    }

    fn by_name(&self, name: &str, node: &Node) -> Result<&Known, Problem> {
        let id = self.names.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.names.keys().map(String::as_str).collect();
            let near = match known.is_empty() {
                true => "; `as: NAME` in a process before, or in `processes`, gives one a name".to_owned(),
                false => suggestion(name, &known),
            };
            node.problem(format!("no process is called {name:?} here{near}"))
        })?;
        self.current.get(id).ok_or_else(|| node.problem(format!("nothing is known of the process {name:?}")))
    }

    /// A process of which nothing is said.
    pub(super) fn nobody(&mut self, now: u64) -> Arc<Process> {
        let facts = self.fresh(now);
        self.keep(facts)
    }

    /// A child of a process, that has just begun.
    pub(super) fn child(&mut self, parent: &Arc<Process>, now: u64) -> Arc<Process> {
        let id = parent.id().0;
        let fresh = self.fresh(now);
        let mut facts = self.current.get(&id).map_or_else(|| fresh.clone(), |known| known.facts.clone());
        for at in [field::process::ID, field::process::IMAGE, field::process::PID, field::process::NS_PID] {
            set(&mut facts.record, at, fresh.record.get().value(at));
        }
        for at in [field::process::START, field::process::IMAGE_START] {
            set(&mut facts.record, at, Some(now.into()));
        }
        facts.parent = Some(parent.clone());
        self.keep(facts)
    }

    /// Who begins an image, of whom nothing else is said: who it is already, or a child of its parent.
    pub(super) fn before(&mut self, image: &Node, now: u64) -> Result<Arc<Process>, Problem> {
        let (facts, parent) = match &image.value {
            Value::Text(name) => {
                let known = self.by_name(name, image)?;
                (known.facts.clone(), known.facts.parent.clone())
            }
            _ => {
                if let Some(id) = self.identity(image)?
                    && let Some(known) = self.current.get(&id)
                {
                    return Ok(known.process.clone());
                }
                let parent = image.get("parent").map(|parent| self.meant(parent, None, now, 1)).transpose()?;
                let mut facts = self.fresh(now);
                self.name_it(&mut facts, image)?;
                (facts, parent)
            }
        };
        let of_parent = parent.as_ref().and_then(|parent| self.current.get(&parent.id().0));
        let mut before = match of_parent.map(|known| known.facts.clone()) {
            Some(of_parent) => of_parent,
            None => self.fresh(now),
        };
        for at in [field::process::ID, field::process::PID, field::process::NS_PID, field::process::START] {
            set(&mut before.record, at, facts.record.get().value(at));
        }
        let image_id = number(&facts.record, field::process::IMAGE).wrapping_sub(1);
        set(&mut before.record, field::process::IMAGE, Some(image_id.into()));
        before.parent = parent;
        let is_new = !matches!(image.value, Value::Text(_));
        let process = Arc::new(before.process());
        if is_new {
            self.current.insert(process.id().0, Known { facts: before, process: process.clone() });
        }
        Ok(process)
    }

    /// The image that begins when a process runs another program.
    pub(super) fn begins(
        &mut self,
        image: Option<&Node>,
        before: &Arc<Process>,
        now: u64,
    ) -> Result<Arc<Process>, Problem> {
        if let Some(Node { value: Value::Text(name), .. }) = image {
            return Ok(self.by_name(name, image.unwrap_or(&NOTHING))?.process.clone());
        }
        let fresh = self.fresh(now);
        let mut facts = self.current.get(&before.id().0).map_or(fresh, |known| known.facts.clone());
        let image_id = number(&facts.record, field::process::IMAGE).wrapping_add(1);
        set(&mut facts.record, field::process::IMAGE, Some(image_id.into()));
        set(&mut facts.record, field::process::IMAGE_START, Some(now.into()));
        // What an exec changes is said anew, or follows.
        let of_image = [
            field::process::COMM,
            field::process::ARGV,
            field::process::SCRIPT,
            field::process::ENVIRONMENT,
            field::process::FLAGS,
        ];
        of_image.into_iter().for_each(|at| set(&mut facts.record, at, None));
        facts.said.retain(|said| !of_image.contains(said));
        if let Some(image) = image {
            // Whoever is called by it later is meant as what begins here.
            self.name_it(&mut facts, image)?;
            // Who the parent is was seen to when it was looked who begins it.
            self.tell(&mut facts, image, None, now, 0, before.parent.is_some())?;
        }
        Ok(self.keep(facts))
    }

    /// The process that a map tells of.
    fn told(&mut self, node: &Node, lineage: Option<&Node>, now: u64, depth: u16) -> Result<Arc<Process>, Problem> {
        if depth > MAX_LINEAGE {
            return Err(node.problem(format!("a process has more than {MAX_LINEAGE} ancestors")));
        }
        let known = self.identity(node)?.and_then(|id| self.current.get(&id)).cloned();
        let mut facts = match &known {
            Some(known) => known.facts.clone(),
            None => self.fresh(now),
        };
        self.name_it(&mut facts, node)?;
        self.tell(&mut facts, node, lineage, now, depth, false)?;
        if let Some(known) = known {
            let same_exe =
                known.facts.record.get().value(field::process::EXE) == facts.record.get().value(field::process::EXE);
            // It runs something else than before: an exec that nobody told of.
            if !same_exe && node.get(field::process::IMAGE.name).is_none() {
                let image = number(&facts.record, field::process::IMAGE).wrapping_add(1);
                set(&mut facts.record, field::process::IMAGE, Some(image.into()));
            }
            // The same is the same one, so that it is told once.
            let process = facts.process();
            if process == *known.process {
                return Ok(known.process);
            }
        }
        Ok(self.keep(facts))
    }

    /// Which process a map tells of, where it was told of before.
    fn identity(&self, node: &Node) -> Result<Option<u64>, Problem> {
        if let Some(name) = node.get("as") {
            return Ok(self.names.get(name.text("as")?).copied());
        }
        if let Some(id) = node.get(field::process::ID.name) {
            return hexadecimal(field::process::ID.name, id).map(Some);
        }
        if let Some(Node { value: Value::Integer(pid), .. }) = node.get(field::process::PID.name) {
            return Ok(u32::try_from(*pid).ok().and_then(|pid| self.pids.get(&pid)).copied());
        }
        Ok(self.places.get(&node.at).copied())
    }

    /// Has it be known by what its map calls it, and by where that stands.
    fn name_it(&mut self, facts: &mut Facts, node: &Node) -> Result<(), Problem> {
        if let Some(id) = node.get(field::process::ID.name) {
            let id = hexadecimal(field::process::ID.name, id)?;
            set(&mut facts.record, field::process::ID, Some(id.into()));
        }
        let id = number(&facts.record, field::process::ID);
        if let Some(name) = node.get("as") {
            self.names.insert(name.text("as")?.to_owned(), id);
        }
        self.places.insert(node.at, id);
        Ok(())
    }

    /// Adds what a map says. `has_parent`: who the parent is, is known already.
    fn tell(
        &mut self,
        facts: &mut Facts,
        node: &Node,
        lineage: Option<&Node>,
        now: u64,
        depth: u16,
        has_parent: bool,
    ) -> Result<(), Problem> {
        for (key, value) in node.map("process")? {
            match key.name.as_str() {
                "as" => drop(value.text("as")?),
                "parent" if has_parent => {}
                "parent" => {
                    facts.parent = match value.value {
                        Value::Null => None,
                        _ => Some(self.meant(value, None, now, depth + 1)?),
                    };
                }
                "container" => {
                    facts.container = match value.value {
                        Value::Null => None,
                        _ => Some(Arc::new(container::container(value)?)),
                    };
                }
                name => {
                    let field = PROCESS.field(name).filter(|field| field.reads != Reads::Row);
                    let Some(field) = field else {
                        let known =
                            FIELDS_OF_PROCESSES.into_iter().chain(PROCESS.fields.iter().map(|field| field.name));
                        return Err(key.unknown("field of a process", known));
                    };
                    facts.say(field, value)?;
                }
            }
        }
        if let Some(lineage) = lineage.filter(|_| node.get("parent").is_none()) {
            let mut parent = None;
            let ancestors = lineage.list("lineage")?;
            for ancestor in ancestors.iter().take(usize::from(MAX_LINEAGE)).rev() {
                parent = Some(self.ancestor(ancestor, parent, now)?);
            }
            facts.parent = parent.or(facts.parent.take());
        }
        Ok(())
    }

    /// One of whom a line of ancestors tells a few things: what was told of it before counts, where it runs the same.
    fn ancestor(&mut self, node: &Node, parent: Option<Arc<Process>>, now: u64) -> Result<Arc<Process>, Problem> {
        let known = self.identity(node)?.and_then(|id| self.current.get(&id));
        let exe = node.get(field::process::EXE.name).map(|exe| exe.text("exe")).transpose()?;
        if let Some(known) = known.filter(|known| exe.is_none_or(|exe| known.process.exe() == exe.as_bytes())) {
            return Ok(known.process.clone());
        }
        let mut facts = self.fresh(now);
        self.name_it(&mut facts, node)?;
        self.tell(&mut facts, node, None, now, 0, false)?;
        facts.parent = parent;
        Ok(self.keep(facts))
    }

    /// A process of which nothing is known but that it is root's.
    fn fresh(&mut self, now: u64) -> Facts {
        let number = FIRST.wrapping_add(self.count);
        self.count = self.count.wrapping_add(1);
        let mut record = OwnedRecord::new(&PROCESS)
            .with(field::process::ID, u64::from(number))
            .with(field::process::IMAGE, u64::from(number) << 32)
            .with(field::process::PID, number)
            .with(field::process::NS_PID, number)
            .with(field::process::START, now.min(BEGINNING))
            .with(field::process::IMAGE_START, now.min(BEGINNING))
            .with(field::process::EXE_MODE, EXE_MODE)
            .with(field::process::EXE_FS, EXT4)
            .with(field::process::CWD, "/")
            .with(field::process::COMM, "");
        for at in [field::process::UID, field::process::GID] {
            record = record.with(at, 0_u32);
        }
        Facts { record, said: Vec::new(), parent: None, container: None }
    }

    /// Has it be what is known of its process from here on.
    fn keep(&mut self, facts: Facts) -> Arc<Process> {
        let process = Arc::new(facts.process());
        let id = process.id().0;
        if self.current.len() < MAX_PROCESSES || self.current.contains_key(&id) {
            self.pids.insert(process.pid(), id);
            self.current.insert(id, Known { facts, process: process.clone() });
        }
        process
    }
}

const NOTHING: Node = Node { at: Place { line: 0, column: 0 }, span: 0..0, value: Value::Null };

impl Facts {
    /// Adds what is said of a field.
    fn say(&mut self, at: &'static FieldInfo, node: &Node) -> Result<(), Problem> {
        const IDS: [&FieldInfo; 2] = [field::process::ID, field::process::IMAGE];
        const TIMES: [&FieldInfo; 4] =
            [field::process::START, field::process::IMAGE_START, field::process::EXE_MTIME, field::process::EXE_CTIME];
        const ENTRIES: [&FieldInfo; 2] = [field::process::ARGV, field::process::ENVIRONMENT];
        self.said.push(at);
        match &node.value {
            Value::Null => set(&mut self.record, at, None),
            _ if IDS.contains(&at) => {
                let id = hexadecimal(at.name, node)?;
                set(&mut self.record, at, Some(id.into()));
            }
            _ if TIMES.contains(&at) => {
                let time = time(at.name, node)?;
                set(&mut self.record, at, Some(time.into()));
            }
            Value::List(items, _) if ENTRIES.contains(&at) => {
                let mut all = Vec::new();
                for item in items {
                    all.extend_from_slice(item.text(at.name)?.as_bytes());
                    all.push(0);
                }
                set(&mut self.record, at, Some(Field::Text(&all)));
            }
            _ if *at == *field::process::ARGV => {
                return Err(node.unexpected("argv", "a list of texts, the program's name first"));
            }
            _ => {
                let json = payload::one(&PROCESS, at, node)?;
                let object = [(at.name.to_owned(), json)].into_iter().collect();
                let told = lanner_json::read(&PROCESS, &object).map_err(|error| node.problem(error.to_string()))?;
                set(&mut self.record, at, told.get().value(at));
            }
        }
        Ok(())
    }

    /// With what follows from what was said.
    fn process(&self) -> Process {
        let mut record = self.record.clone();
        let said = |at: &FieldInfo| self.said.iter().any(|said| **said == *at);
        let mut follows = |at: &'static FieldInfo, value: Field<'_>| {
            if !said(at) {
                set(&mut record, at, Some(value));
            }
        };
        let known = self.record.get();
        let exe = known.bytes(field::process::EXE);
        let name = exe.unwrap_or_default().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        follows(field::process::COMM, Field::Text(name.get(..COMM).unwrap_or(name)));
        if exe.is_some() {
            follows(field::process::ARGV, Field::Text(&[name, b"\0"].concat()));
        }
        for (of, others) in [
            (field::process::UID, [field::process::EUID, field::process::SUID]),
            (field::process::GID, [field::process::EGID, field::process::SGID]),
        ] {
            others.into_iter().for_each(|other| follows(other, number(&self.record, of).into()));
        }
        // In a container the host's names say nothing.
        if number(&self.record, field::process::UID) == 0 && self.container.is_none() {
            follows(field::process::USER, Field::Text(b"root"));
        }
        let parent = self.parent.as_ref().map_or(0, |parent| parent.pid());
        follows(field::process::PPID, parent.into());
        follows(field::process::FLAGS, lanner_enrich::facts(known).into());
        // What they are stands beside the record.
        follows(field::process::PARENT, 0_u32.into());
        follows(field::process::CONTAINER, 0_u32.into());
        Process::told(record, self.parent.as_ref(), self.container.clone())
    }
}

fn number(record: &OwnedRecord, at: &FieldInfo) -> u64 {
    record.get().number(at).unwrap_or_default()
}

fn set(record: &mut OwnedRecord, at: &FieldInfo, value: Option<Field<'_>>) {
    let set = record.set(at, value);
    debug_assert!(set.is_ok(), "{set:?}");
}

/// An id, as hosts print it or as a number.
fn hexadecimal(name: &str, node: &Node) -> Result<u64, Problem> {
    let id = match &node.value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        Value::Text(text) => u64::from_str_radix(text, 16).ok(),
        _ => None,
    };
    id.ok_or_else(|| node.unexpected(name, "up to 16 hexadecimal digits, or a number"))
}
